"""Daily backups, made by the bot in the background. One that fails is tried again, and shown until it works."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botapp.config.settings import Settings
from botapp.locale import _
from botapp.runtime.tasks import TaskRegistry
from botapp.services.backup import retention as daily
from botapp.services.backup.files import DAILY, DataProblem, list_backups, list_stale_parts, open_error

log = logging.getLogger(__name__)

#: between two looks whether a backup is due, in seconds; the first look is one such time after the start
POLL_INTERVAL_S: Final = 60.0
#: how long after one that failed it is tried again
RETRY: Final = timedelta(minutes=10)
#: a file that was begun so long ago belongs to nobody any more
_ABANDONED: Final = timedelta(hours=6)


class BackupScheduler:
    """Makes the backups of one life, and throws old ones away."""

    def __init__(self, settings: Settings, notify: Callable[[str, str], None]) -> None:
        """`notify` tells admins something, with a key for the matter."""
        self._settings = settings
        self._notify = notify
        self._error: str | None = None
        self._last_at: datetime | None = None
        self._not_before: datetime | None = None
        self._has_polled = False

    def start(self, tasks: TaskRegistry) -> None:
        """Look from time to time whether there is something to do. To be called once."""
        if self._settings.store.backup_keep_days:
            tasks.repeat(_("backup"), POLL_INTERVAL_S, self._poll)

    def health(self) -> dict[str, Any]:
        """Return how the daily backups are; nothing where none are made."""
        if not self._settings.store.backup_keep_days:
            return {}
        last_at = self._last_at.isoformat(timespec="seconds") if self._last_at is not None else None
        return {"backups": {"is_healthy": self._error is None, "last_error": self._error, "last_at": last_at}}

    async def tick(self, now: datetime) -> None:
        """Make a backup if one is due, and throw away what is too old."""
        if self._not_before is not None and now < self._not_before:
            return
        try:
            self._last_at = await asyncio.to_thread(run_due, self._settings, now)
        except DataProblem as error:
            self._not_before = now + RETRY
            problem = str(error)
            if problem != self._error:
                log.error(_("cannot make the daily backup: %s; it is tried again"), problem)
                self._notify(_("⚠️ The daily backup cannot be made: %s. It is tried again.") % problem, "backup")
            self._error = problem
            return
        if self._error is not None:
            log.info(_("The daily backup works again"))
        self._error = self._not_before = None

    async def _poll(self) -> None:
        # members wait for the start, and nobody for a backup
        if self._has_polled:
            await self.tick(datetime.now(UTC))
        self._has_polled = True


def run_due(settings: Settings, now: datetime) -> datetime | None:
    """Do what is due at `now`; return when the last backup was made. Takes a while. Raises DataProblem."""
    there = list_backups(settings.backup_dir)
    plan = daily.plan_retention(there, now, settings.store.backup_keep_days)
    if plan.make:
        from botapp.services.backup.backup import make_backup

        path = make_backup(settings, reason=DAILY, now=now)
        log.info(_("Backup made: %s"), path)
    try:
        for old in plan.delete:
            old.path.unlink(missing_ok=True)
            log.info(_("Old backup removed: %s"), old.path)
        for directory in (settings.backup_dir, settings.state_dir):
            for part in list_stale_parts(directory, now - _ABANDONED):
                part.unlink(missing_ok=True)
    except OSError as error:
        raise open_error(settings.backup_dir, error) from error
    return now if plan.make else daily.latest_backup_time(there)
