"""The health of live stock and live buttons, and what members may see and do because of it. Pure.

Each of the two reports the outcome of its operations. Broken stock disables the buttons, and broken buttons hide the
stock. The warning appears at once. It disappears after one successful operation of each; only after several outages in
a short time it stays a little longer, so that the message does not flicker.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, Literal, TypedDict

#: errors older than this do not count, in seconds
WINDOW_S: Final = 600.0
#: the bot asks for a restart when there are more errors within the window
MAX_ERRORS: Final = 30
#: shortest time between two such requests, in seconds
RESTART_INTERVAL_S: Final = 3600.0
#: outages within the window from which recovery is damped
FLAPPING_OUTAGES: Final = 3
#: shortest and longest time that a damped warning stays after recovery, in seconds
MIN_DAMPING_S: Final = 10.0
MAX_DAMPING_S: Final = 300.0
#: longest time between two retries, in seconds
MAX_RETRY_S: Final = 30.0
#: recoveries to remember
MAX_RECOVERIES: Final = 5
#: length of the error chart and of each of its bars, in seconds
CHART_S: Final = 3600.0
CHART_STEP_S: Final = 300.0

#: `edit`: whether Discord accepts the edits of the live message. `gateway`: whether Discord delivers clicks.
Which = Literal["livestock", "buttons", "edit", "gateway"]
#: a restart of the bot does not repair these
EXTERNAL: Final[frozenset[Which]] = frozenset({"edit", "gateway"})
#: called with the health of the partner and its error
Listener = Callable[[bool, str | None], Awaitable[None]]


class Status(TypedDict):
    """The status of live stock or live buttons."""

    is_healthy: bool
    last_error: str | None
    #: errors since the last clean-up
    error_count: int
    #: seconds since 1970; None before the first update
    last_update: float | None


class Mode(Enum):
    """What members see."""

    NORMAL = "normal"
    #: the buttons are disabled, and the message says why
    STOCK_BROKEN = "stock_broken"
    #: the message shows a notice instead of the stock
    BUTTONS_BROKEN = "buttons_broken"
    BOTH_BROKEN = "both_broken"


@dataclass(frozen=True)
class Visibility:
    """What the live message may show."""

    #: whether it shows prices and stock
    stock: bool
    #: whether the buttons are enabled
    buttons: bool


@dataclass(frozen=True)
class HealthReport:
    """The outcome of an operation."""

    which: Which
    is_healthy: bool
    error: str | None = None


@dataclass(frozen=True)
class Recovery:
    """A warning that is over."""

    #: the mode that ended
    mode: Mode
    began_s: float
    ended_s: float


@dataclass(frozen=True)
class LiveHealth:
    """The combined health of live stock and live buttons. Times are seconds since 1970."""

    livestock_error: str | None = None
    buttons_error: str | None = None
    #: why the last edit failed; then it is unknown what members see
    edit_error: str | None = None
    #: when the edits began to fail, or worked again, or the live message was shown in another channel
    edit_since_s: float = 0.0
    mode: Mode = Mode.NORMAL
    #: start of the mode
    since_s: float = 0.0
    #: end of a damped warning; None unless one is shown
    recover_at_s: float | None = None
    #: times of the errors, oldest first
    errors_s: tuple[float, ...] = ()
    #: times of those that a restart may repair
    internal_errors_s: tuple[float, ...] = ()
    #: start times of the outages
    outages_s: tuple[float, ...] = ()
    recoveries: tuple[Recovery, ...] = ()
    #: failures in a row
    failures: int = 0

    @property
    def all_healthy(self) -> bool:
        """Whether nothing is broken; a damped warning may still be shown."""
        return self.parts_healthy and self.edit_error is None

    @property
    def parts_healthy(self) -> bool:
        """Whether both live stock and buttons are healthy."""
        return self.livestock_error is None and self.buttons_error is None


def step(health: LiveHealth, event: HealthReport | None, now_s: float) -> LiveHealth:
    """Return the health after `event`, or after time has passed if it is None."""
    if event is not None:
        health = _record_report(health, event, now_s)
    if not health.parts_healthy:
        return _show_warning(health, now_s)
    if health.mode is Mode.NORMAL:
        return replace(health, failures=0) if health.all_healthy else health
    if health.recover_at_s is None:
        health = replace(health, recover_at_s=now_s + damping_s(health, now_s))
    assert health.recover_at_s is not None
    # the clock may have been set back: never wait longer than the maximum
    if health.recover_at_s - now_s > MAX_DAMPING_S:
        health = replace(health, recover_at_s=now_s + MAX_DAMPING_S)
    return _recover(health, now_s) if now_s >= (health.recover_at_s or 0.0) else health


def decide_visibility(health: LiveHealth) -> Visibility:
    """Return what members may see: either both stock and enabled buttons, or neither."""
    return Visibility(stock=health.mode is Mode.NORMAL, buttons=health.mode is Mode.NORMAL)


def seen_since_s(health: LiveHealth) -> float:
    """Return since when members have seen what they see, in seconds since 1970."""
    return health.edit_since_s if health.edit_error is not None else max(health.since_s, health.edit_since_s)


def show_elsewhere(health: LiveHealth, now_s: float) -> LiveHealth:
    """Return the health after the live message was shown in another channel, where members see it since then."""
    return replace(health, edit_since_s=now_s)


def can_serve(health: LiveHealth) -> bool:
    """Return whether clicks are served now, whatever the clicked message shows."""
    return health.all_healthy and health.mode is Mode.NORMAL


def damping_s(health: LiveHealth, now_s: float) -> float:
    """Return how long a warning stays after recovery, in seconds: 0 unless there were several recent outages."""
    outages = sum(now_s - WINDOW_S < at_s <= now_s for at_s in health.outages_s)
    return (
        min(MAX_DAMPING_S, MIN_DAMPING_S * 2.0 ** (outages - FLAPPING_OUTAGES)) if outages >= FLAPPING_OUTAGES else 0.0
    )


def next_check_s(health: LiveHealth, now_s: float) -> float | None:
    """Return in how many seconds to check again; None if that is unnecessary."""
    if not health.all_healthy:
        return retry_delay_s(health.failures)
    return max(0.0, health.recover_at_s - now_s) if health.recover_at_s is not None else None


def retry_delay_s(failures: int) -> float:
    """Return the retry delay after `failures` in a row, in seconds."""
    return min(MAX_RETRY_S, 2.0 ** (min(failures, 6) - 1)) if failures > 0 else 0.0


def wants_restart(health: LiveHealth, last_asked_s: float | None, now_s: float) -> bool:
    """Return whether to ask for a restart: too many recent errors that it may repair, and no recent request."""
    errors = sum(now_s - WINDOW_S < at_s <= now_s for at_s in health.internal_errors_s)
    asked_recently = last_asked_s is not None and 0 <= now_s - last_asked_s < RESTART_INTERVAL_S
    return errors > MAX_ERRORS and not asked_recently


def count_errors(health: LiveHealth, now_s: float) -> list[int]:
    """Return the number of errors per interval of the last hour, oldest first."""
    counts = [0] * int(CHART_S / CHART_STEP_S)
    for at_s in health.errors_s:
        age_s = now_s - at_s
        if 0 <= age_s < CHART_S:
            counts[-1 - int(age_s / CHART_STEP_S)] += 1
    return counts


def new_status() -> Status:
    """Return the initial status."""
    return {"is_healthy": True, "last_error": None, "error_count": 0, "last_update": None}


def update_status(status: Status, is_healthy: bool, error: str | None, now_s: float) -> Status:
    """Return `status` after one more operation, which succeeded or failed with `error`."""
    return {
        "is_healthy": is_healthy,
        "last_error": None if is_healthy else error or "unknown",
        "error_count": status["error_count"] + (not is_healthy),
        "last_update": now_s,
    }


def has_changed(before: Status, after: Status) -> bool:
    """Return whether health or error changed, so that the partner must be notified."""
    return (before["is_healthy"], before["last_error"]) != (after["is_healthy"], after["last_error"])


def _record_report(health: LiveHealth, event: HealthReport, now_s: float) -> LiveHealth:
    error = None if event.is_healthy else event.error or "unknown"
    match event.which:
        case "livestock":
            health = replace(health, livestock_error=error)
        case "buttons" | "gateway":
            health = replace(health, buttons_error=error)
        case "edit":
            has_turned = (error is None) != (health.edit_error is None)
            health = replace(health, edit_error=error, edit_since_s=now_s if has_turned else health.edit_since_s)
    if error is None:
        return health
    if event.which not in EXTERNAL:
        health = replace(health, internal_errors_s=_append_time(health.internal_errors_s, now_s))
    return replace(health, errors_s=_append_time(health.errors_s, now_s), failures=health.failures + 1)


def _append_time(times_s: tuple[float, ...], now_s: float) -> tuple[float, ...]:
    """Return the recent ones of `times_s`, and `now_s`. Bounded: ten times the limit says enough."""
    return (*[at_s for at_s in times_s if 0 <= now_s - at_s < CHART_S][-10 * MAX_ERRORS :], now_s)


def _show_warning(health: LiveHealth, now_s: float) -> LiveHealth:
    """Return the health with the mode that names what is broken."""
    broken = (health.livestock_error is not None, health.buttons_error is not None)
    mode = {
        (True, False): Mode.STOCK_BROKEN,
        (False, True): Mode.BUTTONS_BROKEN,
        (True, True): Mode.BOTH_BROKEN,
    }[broken]
    health = replace(health, recover_at_s=None)
    if health.mode is Mode.NORMAL:
        outages = [at_s for at_s in health.outages_s if 0 <= now_s - at_s < WINDOW_S]
        return replace(health, mode=mode, since_s=now_s, outages_s=(*outages, now_s))
    return replace(health, mode=mode)


def _recover(health: LiveHealth, now_s: float) -> LiveHealth:
    recovery = Recovery(health.mode, health.since_s, now_s)
    recoveries = (*health.recoveries, recovery)[-MAX_RECOVERIES:]
    return replace(health, mode=Mode.NORMAL, since_s=now_s, recover_at_s=None, recoveries=recoveries, failures=0)
