"""When a backup is made by itself, and which of those are thrown away. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from botapp.services.backup.files import DAILY, MIGRATION, Backup

#: between two backups that are made by themselves
INTERVAL: Final = timedelta(days=1)
#: how far clocks may differ; a backup from further ahead tells nothing about when the last was made
_SLACK: Final = timedelta(minutes=5)
#: what was made by itself, and is thrown away by itself. What a person asked for stays until a person removes it.
_AUTOMATIC: Final = frozenset({DAILY, MIGRATION})


class RetentionPlan(Struct, frozen=True):
    """What is to be done now."""

    #: whether a backup is made
    make: bool
    #: these are thrown away, once the one that is made is there
    delete: tuple[Backup, ...]


def plan_retention(there: Sequence[Backup], now: datetime, keep_days: int) -> RetentionPlan:
    """Return what is to be done about the backups that are there; nothing where `keep_days` is 0.

    The newest of each reason is always kept, however old it is: better an old one than none.
    """
    if not keep_days:
        return RetentionPlan(make=False, delete=())
    newest_first = sorted(there, key=lambda one: one.at, reverse=True)
    made = [one.at for one in newest_first if one.reason == DAILY and one.at <= now + _SLACK]
    newest = {one.reason: one for one in reversed(newest_first)}
    old = tuple(
        one
        for one in newest_first
        if one.reason in _AUTOMATIC and one is not newest[one.reason] and one.at < now - timedelta(days=keep_days)
    )
    return RetentionPlan(make=not made or made[0] <= now - INTERVAL, delete=old)


def latest_backup_time(there: Sequence[Backup]) -> datetime | None:
    """Return when the newest backup was made, whoever asked for it; None: there is none."""
    return max((one.at for one in there), default=None)
