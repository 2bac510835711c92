"""The daily backup, made by the bot in the background. A failed one is retried, and shown until it succeeds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botapp.config.settings import Settings
from botapp.locale import _
from botapp.runtime.tasks import TaskRegistry
from botapp.services.backup import retention
from botapp.services.backup.files import DAILY, DataProblem, list_backups, list_stale_parts, open_error

log = logging.getLogger(__name__)

#: time between two polls, in seconds; the first one comes that long after the start
POLL_INTERVAL_S: Final = 60.0
#: time from a failed backup to the next attempt
RETRY: Final = timedelta(minutes=10)
#: age of an unfinished file that is deleted
_ABANDONED: Final = timedelta(hours=6)


class BackupScheduler:
    """Makes daily backups and deletes old ones."""

    def __init__(self, settings: Settings, notify: Callable[[str, str], None]) -> None:
        """`notify` sends a text to admins; its second argument is the key of the matter, for throttling."""
        self._settings = settings
        self._notify = notify
        self._error: str | None = None
        self._last_at: datetime | None = None
        self._failed_at: datetime | None = None
        self._has_polled = False

    def start(self, tasks: TaskRegistry) -> None:
        """Start polling. Call it once."""
        if self._settings.store.backup_keep_days:
            tasks.repeat(_("backup"), POLL_INTERVAL_S, self._poll)

    def health(self) -> dict[str, Any]:
        """Return the health of the daily backups; empty if none are made."""
        if not self._settings.store.backup_keep_days:
            return {}
        last_at = self._last_at.isoformat(timespec="seconds") if self._last_at is not None else None
        return {"backups": {"is_healthy": self._error is None, "last_error": self._error, "last_at": last_at}}

    async def tick(self, now: datetime) -> None:
        """Make a backup if one is due, and delete backups that are too old."""
        # a failure while the clock was ahead must not delay the next attempt by as much
        if self._failed_at is not None and abs(now - self._failed_at) < RETRY:
            return
        try:
            self._last_at = await asyncio.to_thread(run_due, self._settings, now)
        except DataProblem as error:
            self._failed_at = now
            problem = str(error)
            if problem != self._error:
                log.error(_("cannot make the daily backup: %s; retrying"), problem)
                self._notify(_("⚠️ Cannot make the daily backup: %s. Retrying.") % problem, "backup")
            self._error = problem
            return
        if self._error is not None:
            log.info(_("daily backup: works again"))
        self._error = self._failed_at = None

    async def _poll(self) -> None:
        # do not compete with the start of the bot, which members wait for
        if self._has_polled:
            await self.tick(datetime.now(UTC))
        self._has_polled = True


def run_due(settings: Settings, now: datetime) -> datetime | None:
    """Do what is due at `now`; return when the last backup was made. Blocks for a while. Raises DataProblem."""
    backups = list_backups(settings.backup_dir)
    plan = retention.plan_retention(backups, now, settings.store.backup_keep_days)
    if plan.make:
        from botapp.services.backup.backup import make_backup

        path = make_backup(settings, reason=DAILY, now=now)
        log.info(_("backup made: %s"), path)
    try:
        for old in plan.delete:
            old.path.unlink(missing_ok=True)
            log.info(_("old backup deleted: %s"), old.path)
        for directory in (settings.backup_dir, settings.state_dir):
            for part in list_stale_parts(directory, now - _ABANDONED):
                part.unlink(missing_ok=True)
    except OSError as error:
        raise open_error(settings.backup_dir, error) from error
    return now if plan.make else retention.latest_backup_time(backups, now)
