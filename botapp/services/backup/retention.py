"""When to make the daily backup, and which backups to delete. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from botapp.services.backup.files import DAILY, MIGRATION, Backup

#: time between two daily backups
INTERVAL: Final = timedelta(days=1)
#: tolerated clock difference; a backup further in the future says nothing about the last one
_SLACK: Final = timedelta(minutes=5)
#: made and deleted automatically. Backups that a person asked for stay until a person deletes them.
_AUTOMATIC: Final = frozenset({DAILY, MIGRATION})


class RetentionPlan(Struct, frozen=True):
    """The backups to make and to delete now."""

    #: whether to make a daily backup
    make: bool
    #: backups to delete once the new one exists
    delete: tuple[Backup, ...]


def plan_retention(backups: Sequence[Backup], now: datetime, keep_days: int) -> RetentionPlan:
    """Return what to do now; nothing if `keep_days` is 0.

    A backup is deleted only if it is older than `keep_days` days and there are as many newer ones: a clock that is
    ahead for a minute must not delete them all. The newest backup of each reason is kept, whatever its age: an old
    backup is better than none. One from the future is left to a person.
    """
    if not keep_days:
        return RetentionPlan(make=False, delete=())
    newest_first = sorted(_of_the_past(backups, now), key=lambda backup: backup.at, reverse=True)
    daily = [backup.at for backup in newest_first if backup.reason == DAILY]
    automatic = [backup for backup in newest_first if backup.reason in _AUTOMATIC]
    newest = {backup.reason: backup for backup in reversed(newest_first)}
    oldest = now - timedelta(days=keep_days)
    old = tuple(
        backup for backup in automatic[keep_days:] if backup is not newest[backup.reason] and backup.at < oldest
    )
    return RetentionPlan(make=not daily or daily[0] <= now - INTERVAL, delete=old)


def latest_backup_time(backups: Sequence[Backup], now: datetime) -> datetime | None:
    """Return when the newest backup was made, for any reason; None if there is none. One from the future is unknown."""
    return max((backup.at for backup in _of_the_past(backups, now)), default=None)


def order_by_age(backups: Sequence[Backup], now: datetime) -> list[Backup]:
    """Return the backups, newest first; those from the future last, because their real age is unknown."""
    return sorted(backups, key=lambda backup: (not is_from_future(backup, now), backup.at), reverse=True)


def is_from_future(backup: Backup, now: datetime) -> bool:
    """Return whether the clock was ahead when the backup was made, or is behind now."""
    return backup.at > now + _SLACK


def _of_the_past(backups: Sequence[Backup], now: datetime) -> list[Backup]:
    return [backup for backup in backups if not is_from_future(backup, now)]
