"""Between live stock and live buttons: from the health of both, what members may see. Pure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypedDict

#: told whether the partner is healthy, and its error
Listener = Callable[[bool, str | None], Awaitable[None]]


class Status(TypedDict):
    """How live stock or live buttons are."""

    is_healthy: bool
    last_error: str | None
    #: errors since the last clean-up
    error_count: int
    #: seconds since 1970; None before the first update
    last_update: float | None


@dataclass(frozen=True)
class Shown:
    """What the live message may show."""

    #: whether prices and stock are shown
    stock: bool
    #: whether the buttons can be clicked
    buttons: bool


def new_status() -> Status:
    """Return the status of something that has not failed yet."""
    return {"is_healthy": True, "last_error": None, "error_count": 0, "last_update": None}


def updated(status: Status, is_healthy: bool, error: str | None, now_s: float) -> Status:
    """Return `status` after one more operation, which went well or ended with `error`."""
    return {
        "is_healthy": is_healthy,
        "last_error": None if is_healthy else error or "unknown",
        "error_count": status["error_count"] + (not is_healthy),
        "last_update": now_s,
    }


def changed(before: Status, after: Status) -> bool:
    """Tell whether the partner has to hear of the change."""
    return (before["is_healthy"], before["last_error"]) != (after["is_healthy"], after["last_error"])


def shown(livestock_healthy: bool, buttons_healthy: bool) -> Shown:
    """Decide what members may see: stock that cannot be trusted takes the buttons away, and the other way round."""
    both = livestock_healthy and buttons_healthy
    return Shown(stock=both, buttons=both)


def retry_delay_s(failures: int) -> float:
    """Return how long to wait, in seconds, before trying again after so many failures in a row."""
    return min(30.0, 2.0 ** (min(failures, 6) - 1)) if failures > 0 else 0.0
