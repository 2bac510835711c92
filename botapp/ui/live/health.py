"""Between live stock and live buttons: from the health of both, what members may see and do. Pure.

Each of the two reports how its operations went. What members see follows from both: stock that cannot be trusted
takes the buttons away, and buttons that do not work take the stock away. A warning is shown at once. The way back
takes one good operation of each; only where that has failed again and again in a short time, members see the warning
a little longer, so that the message does not flicker.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, Literal, TypedDict

#: how far back errors are counted, in seconds
WINDOW_S: Final = 600.0
#: errors within the window above which a new life is asked for
MAX_ERRORS: Final = 30
#: how often at most, in seconds
RESTART_INTERVAL_S: Final = 3600.0
#: warnings within the window from which on the way back is damped
FLAPPING_OUTAGES: Final = 3
#: first and longest time that a warning is shown although all is well again, in seconds
MIN_DAMPING_S: Final = 10.0
MAX_DAMPING_S: Final = 300.0
#: longest time between two tries of what is broken, in seconds
MAX_RETRY_S: Final = 30.0
#: recoveries that are remembered
MAX_RECOVERIES: Final = 5
#: how far back errors are shown, and in pieces how long, in seconds
CHART_S: Final = 3600.0
CHART_STEP_S: Final = 300.0

#: `edit`: whether Discord takes what the live message is to show
Which = Literal["livestock", "buttons", "edit"]
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


class Mode(Enum):
    """What members see."""

    NORMAL = "normal"
    #: the buttons are off, and the message says why
    STOCK_BROKEN = "stock_broken"
    #: the stock is not shown, but a notice
    BUTTONS_BROKEN = "buttons_broken"
    BOTH_BROKEN = "both_broken"


@dataclass(frozen=True)
class Visibility:
    """What the live message may show."""

    #: whether prices and stock are shown
    stock: bool
    #: whether the buttons can be clicked
    buttons: bool


@dataclass(frozen=True)
class HealthReport:
    """Somebody says how an operation went."""

    which: Which
    is_healthy: bool
    error: str | None = None


@dataclass(frozen=True)
class Recovery:
    """A warning that is over."""

    #: what it was
    mode: Mode
    began_s: float
    ended_s: float


@dataclass(frozen=True)
class LiveHealth:
    """Everything that is known between the two. Times are seconds since 1970."""

    livestock_error: str | None = None
    buttons_error: str | None = None
    #: why the message does not show what it should; then it is not known what members see
    edit_error: str | None = None
    mode: Mode = Mode.NORMAL
    #: since when members see that
    since_s: float = 0.0
    #: when a damped warning ends; None: something is broken, or nothing is
    recover_at_s: float | None = None
    #: times of errors, the oldest first
    errors_s: tuple[float, ...] = ()
    #: times at which a warning began
    outages_s: tuple[float, ...] = ()
    recoveries: tuple[Recovery, ...] = ()
    #: tries in a row that have mended nothing
    failures: int = 0

    @property
    def all_healthy(self) -> bool:
        """Whether nothing is broken; a warning may still be shown."""
        return self.parts_healthy and self.edit_error is None

    @property
    def parts_healthy(self) -> bool:
        """Whether neither live stock nor buttons are broken."""
        return self.livestock_error is None and self.buttons_error is None


def step(link: LiveHealth, event: HealthReport | None, now_s: float) -> LiveHealth:
    """Return `link` after `event`, or, with None, after the time alone has passed."""
    if event is not None:
        link = _record_report(link, event, now_s)
    if not link.parts_healthy:
        return _show_warning(link, now_s)
    if link.mode is Mode.NORMAL:
        return replace(link, failures=0) if link.all_healthy else link
    if link.recover_at_s is None:
        link = replace(link, recover_at_s=now_s + damping_s(link, now_s))
    assert link.recover_at_s is not None
    # a clock that was set back keeps nobody waiting longer than he would have waited
    if link.recover_at_s - now_s > MAX_DAMPING_S:
        link = replace(link, recover_at_s=now_s + MAX_DAMPING_S)
    return _recover(link, now_s) if now_s >= (link.recover_at_s or 0.0) else link


def decide_visibility(link: LiveHealth) -> Visibility:
    """Decide what members may see: stock and buttons are shown together, or neither can be used."""
    return Visibility(stock=link.mode is Mode.NORMAL, buttons=link.mode is Mode.NORMAL)


def can_serve(link: LiveHealth) -> bool:
    """Tell whether a click may be served now, whatever the message shows that it was made on."""
    return link.all_healthy and link.mode is Mode.NORMAL


def damping_s(link: LiveHealth, now_s: float) -> float:
    """Return how long a warning stays although all is well again: not at all, unless there were many of late."""
    falls = sum(now_s - WINDOW_S < at_s <= now_s for at_s in link.outages_s)
    return min(MAX_DAMPING_S, MIN_DAMPING_S * 2.0 ** (falls - FLAPPING_OUTAGES)) if falls >= FLAPPING_OUTAGES else 0.0


def next_check_s(link: LiveHealth, now_s: float) -> float | None:
    """Return in how many seconds to look again, by a try of what is broken or a step alone; None: no need to."""
    if not link.all_healthy:
        return retry_delay_s(link.failures)
    return max(0.0, link.recover_at_s - now_s) if link.recover_at_s is not None else None


def retry_delay_s(failures: int) -> float:
    """Return how long to wait, in seconds, before trying again after so many failures in a row."""
    return min(MAX_RETRY_S, 2.0 ** (min(failures, 6) - 1)) if failures > 0 else 0.0


def wants_restart(link: LiveHealth, last_asked_s: float | None, now_s: float) -> bool:
    """Tell whether a new life is to be asked for: too many errors of late, and not asked for of late."""
    errors = sum(now_s - WINDOW_S < at_s <= now_s for at_s in link.errors_s)
    asked_of_late = last_asked_s is not None and 0 <= now_s - last_asked_s < RESTART_INTERVAL_S
    return errors > MAX_ERRORS and not asked_of_late


def count_errors(link: LiveHealth, now_s: float) -> list[int]:
    """Return how many errors there were in each piece of the last hour, the oldest piece first."""
    pieces = [0] * int(CHART_S / CHART_STEP_S)
    for at_s in link.errors_s:
        age_s = now_s - at_s
        if 0 <= age_s < CHART_S:
            pieces[-1 - int(age_s / CHART_STEP_S)] += 1
    return pieces


def new_status() -> Status:
    """Return the status of something that has not failed yet."""
    return {"is_healthy": True, "last_error": None, "error_count": 0, "last_update": None}


def update_status(status: Status, is_healthy: bool, error: str | None, now_s: float) -> Status:
    """Return `status` after one more operation, which went well or ended with `error`."""
    return {
        "is_healthy": is_healthy,
        "last_error": None if is_healthy else error or "unknown",
        "error_count": status["error_count"] + (not is_healthy),
        "last_update": now_s,
    }


def has_changed(before: Status, after: Status) -> bool:
    """Tell whether the partner has to hear of the change."""
    return (before["is_healthy"], before["last_error"]) != (after["is_healthy"], after["last_error"])


def _record_report(link: LiveHealth, event: HealthReport, now_s: float) -> LiveHealth:
    error = None if event.is_healthy else event.error or "unknown"
    match event.which:
        case "livestock":
            link = replace(link, livestock_error=error)
        case "buttons":
            link = replace(link, buttons_error=error)
        case "edit":
            link = replace(link, edit_error=error)
    if error is None:
        return link
    # more than that is too many, however many it is
    kept = [at_s for at_s in link.errors_s if 0 <= now_s - at_s < CHART_S][-10 * MAX_ERRORS :]
    return replace(link, errors_s=(*kept, now_s), failures=link.failures + 1)


def _show_warning(link: LiveHealth, now_s: float) -> LiveHealth:
    """Show what is broken, at once."""
    broken = (link.livestock_error is not None, link.buttons_error is not None)
    mode = {
        (True, False): Mode.STOCK_BROKEN,
        (False, True): Mode.BUTTONS_BROKEN,
        (True, True): Mode.BOTH_BROKEN,
    }[broken]
    link = replace(link, recover_at_s=None)
    if link.mode is Mode.NORMAL:
        falls = [at_s for at_s in link.outages_s if 0 <= now_s - at_s < WINDOW_S]
        return replace(link, mode=mode, since_s=now_s, outages_s=(*falls, now_s))
    return replace(link, mode=mode)


def _recover(link: LiveHealth, now_s: float) -> LiveHealth:
    recovery = Recovery(link.mode, link.since_s, now_s)
    recoveries = (*link.recoveries, recovery)[-MAX_RECOVERIES:]
    return replace(link, mode=Mode.NORMAL, since_s=now_s, recover_at_s=None, recoveries=recoveries, failures=0)
