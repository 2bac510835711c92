"""Decides when a process is prepared: it could serve now, beside the process that serves. See `Serving`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

from botapp.locale import _

#: fewer IDENTIFYs than this are left to the processes that must start
MIN_IDENTIFIES: Final = 20
#: time for the servers of the bot to become available, in seconds; those that are not are down at Discord
SERVERS_TIMEOUT_S: Final = 5.0
#: this long before the supervisor's deadline the process gives up by itself, in seconds: then it can say why
MARGIN_S: Final = 1.0
#: after a missed event a restart does not hand over for this time, in seconds
MISS_VALID_S: Final = 7 * 24 * 3600.0


@dataclass(frozen=True)
class Progress:
    """How far a process has come."""

    #: time until the supervisor's deadline, in seconds
    left_s: float
    #: for how long its session is open, in seconds; None: it is not open yet
    open_s: float | None
    #: how many servers of the bot are not available yet
    unavailable_servers: int = 0
    #: whether the shop is loaded
    is_loaded: bool = False
    #: whether its session is as far as that of the process that serves
    is_in_step: bool = True
    #: whether its session does not get what the process that serves gets
    gets_nothing: bool = False


def is_prepared(progress: Progress) -> bool:
    """Return whether the process could serve now. Pure."""
    if progress.open_s is None or not progress.is_loaded or not progress.is_in_step:
        return False
    return not progress.unavailable_servers or progress.open_s >= SERVERS_TIMEOUT_S


def find_obstacle(progress: Progress) -> str | None:
    """Return why the process cannot become prepared; None if it may. Pure."""
    if progress.gets_nothing:
        return _("Discord does not send the events of the bot to a second session")
    if progress.left_s > MARGIN_S:
        return None
    if progress.open_s is None:
        return _("Discord has opened no session in time")
    if not progress.is_loaded:
        return _("the shop was not loaded in time")
    return _("the events of the second session came too late")


def too_few_identifies(gateway: Any) -> str | None:
    """Return why no session should be opened beside another one; None if one may be. Pure.

    Args:
        gateway: Discord's answer to GET /gateway/bot.
    """
    limit = gateway.get("session_start_limit") if isinstance(gateway, dict) else None
    left = limit.get("remaining") if isinstance(limit, dict) else None
    if not isinstance(left, int) or left >= MIN_IDENTIFIES:
        return None
    return _("Discord allows only %d more sessions today") % left


def remembered_miss(missed_at_s: float, now_s: float | None = None) -> str | None:
    """Return why an event that a session has missed speaks against a hand-over; None if that was long ago.

    Args:
        missed_at_s: when that was noticed, in seconds since 1970; 0 for never.
        now_s: the time; default: now.
    """
    age_s = (time.time() if now_s is None else now_s) - missed_at_s
    if not missed_at_s or age_s > MISS_VALID_S:
        return None
    text = _("a new session got no events at the last hand-over (%(age)d hours ago); it is tried again after 7 days")
    return text % {"age": max(0, age_s) // 3600}
