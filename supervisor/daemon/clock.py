"""The clock of the supervisor, which excludes the time in which the supervisor itself could not run.

A supervisor that was stopped for a minute (SIGSTOP, a frozen container, an overloaded host) has not received what was
sent meanwhile, and its programs may have been stopped with it. So that minute counts for no deadline: no heartbeat is
late and no restart too slow because of it. While the host is suspended, CLOCK_MONOTONIC stands still anyway. Changes
of the system time have no effect.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from supervisor.lifecycle.model import Instant
from supervisor.locale import _, format_number

#: a turn of the event loop may take this long; the time beyond it is excluded
MAX_TURN_S: Final = 1.0
#: the part of an overlong wait that always counts, so that every deadline is reached
MIN_WAIT_S: Final = 0.01


def suspended_s() -> float:
    """Return the seconds since boot in which the host was suspended; 0 where the system does not tell."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()


class Clock:
    """The only clock of the supervisor. The event loop tells it when it waits."""

    def __init__(
        self,
        mono_s: Callable[[], float] = time.monotonic,
        wall_s: Callable[[], float] = time.time,
        suspended_s: Callable[[], float] = suspended_s,
    ) -> None:
        """The arguments are the clocks of the system, in seconds."""
        self._mono_s = mono_s
        self._wall_s = wall_s
        self._suspended_s = suspended_s
        self._excluded_s = 0.0
        self._last_suspended_s = suspended_s()
        self._wait_ended_s = self._wait_began_s = mono_s()
        self._timeout_s: float | None = None
        self._warnings: list[str] = []

    def now(self) -> Instant:
        """Return the time. During a turn of the event loop it advances by `MAX_TURN_S` at most."""
        return Instant(min(self._mono_s(), self._wait_ended_s + MAX_TURN_S) - self._excluded_s, self._wall_s())

    def now_s(self) -> float:
        """Return the time as in `Instant.mono_s`."""
        return self.now().mono_s

    def begin_wait(self, timeout_s: float | None) -> None:
        """Note that the loop waits for at most `timeout_s` seconds; exclude the overlong part of the turn before."""
        self._wait_began_s, self._timeout_s = self._mono_s(), timeout_s
        self._exclude(self._wait_began_s - self._wait_ended_s, MAX_TURN_S)
        self._wait_ended_s = self._wait_began_s

    def end_wait(self) -> list[str]:
        """Note that the loop runs again; return warnings about the time that was excluded since the last call."""
        self._wait_ended_s = self._mono_s()
        waited_s = self._wait_ended_s - self._wait_began_s
        if self._timeout_s is not None and waited_s - self._timeout_s > MAX_TURN_S:
            # it is unknown when during the wait the stall began: half of the planned wait counts
            self._exclude(waited_s, min(max(self._timeout_s / 2, MIN_WAIT_S), self._timeout_s, MAX_TURN_S))
        if self._suspended_s() - self._last_suspended_s > MAX_TURN_S:
            text = _("host: suspended for %(time_s).0f s (deadlines extended)")
            self._warnings.append(text % {"time_s": self._suspended_s() - self._last_suspended_s})
        self._last_suspended_s = self._suspended_s()
        warnings, self._warnings = self._warnings, []
        return warnings

    def _exclude(self, took_s: float, counted_s: float) -> None:
        """Exclude from the time what `took_s` exceeds `counted_s` by."""
        excluded_s = took_s - counted_s
        if excluded_s <= 0:
            return
        self._excluded_s += excluded_s
        text = _("event loop: stalled for %(time_s)s s (deadlines extended)")
        self._warnings.append(text % {"time_s": format_number(round(excluded_s, 1))})
