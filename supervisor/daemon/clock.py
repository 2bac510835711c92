"""The supervisor's own time: it stands still while the supervisor itself does not get to do anything.

Whoever was stopped for a minute (SIGSTOP, a frozen container, a machine without a moment for it) has not heard what was
said meanwhile, and those whom it watches may have been stopped with it. So that time counts for nobody: no life is
late, no restart too slow because of it. While the machine is suspended the system's monotonic clock stands still by
itself. A change of the date changes nothing here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from supervisor.lifecycle.model import Instant
from supervisor.locale import _

#: what a sleep may take longer than asked for, and what work may take, before the rest counts as lost
LOST_S: Final = 1.0
#: what counts of a sleep in any case, so that every deadline comes
LEAST_S: Final = 0.01


def suspended_s() -> float:
    """Return for how many seconds since boot the machine has been suspended; 0 where that cannot be known."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()


class Clock:
    """Tells the time to everybody, and is told when the loop goes to sleep and when it wakes."""

    def __init__(
        self,
        mono_s: Callable[[], float] = time.monotonic,
        wall_s: Callable[[], float] = time.time,
        suspended_s: Callable[[], float] = suspended_s,
    ) -> None:
        """Given are the clocks of the system."""
        self._mono_s = mono_s
        self._wall_s = wall_s
        self._suspended_s = suspended_s
        #: what has been lost so far
        self._lost_s = 0.0
        self._slept_through_s = suspended_s()
        self._woke_s = self._slept_s = mono_s()
        self._timeout_s: float | None = None
        self._notes: list[str] = []

    def now(self) -> Instant:
        """Return the time; while the loop works it goes on by no more than `LOST_S`."""
        return Instant(min(self._mono_s(), self._woke_s + LOST_S) - self._lost_s, self._wall_s())

    def sleeps(self, timeout_s: float | None) -> None:
        """The loop goes to sleep for at most `timeout_s` seconds; work that took too long is time lost."""
        self._slept_s, self._timeout_s = self._mono_s(), timeout_s
        self._lose(self._slept_s - self._woke_s, LOST_S)
        self._woke_s = self._slept_s

    def wakes(self) -> list[str]:
        """The loop is awake; return what is to be told about the time since it was the last time."""
        self._woke_s = self._mono_s()
        slept_s = self._woke_s - self._slept_s
        if self._timeout_s is not None and slept_s - self._timeout_s > LOST_S:
            # nobody knows when in that sleep it began: whoever was waited for gets half of the wait again
            self._lose(slept_s, min(max(self._timeout_s / 2, LEAST_S), self._timeout_s, LOST_S))
        if self._suspended_s() - self._slept_through_s > LOST_S:
            text = _("the machine was suspended for %(time_s).0f s; nobody is late because of that")
            self._notes.append(text % {"time_s": self._suspended_s() - self._slept_through_s})
        self._slept_through_s = self._suspended_s()
        notes, self._notes = self._notes, []
        return notes

    def _lose(self, took_s: float, counts_s: float) -> None:
        """Let only `counts_s` of `took_s` seconds count, if it took longer."""
        lost_s = took_s - counts_s
        if lost_s <= 0:
            return
        self._lost_s += lost_s
        text = _("the supervisor itself stood still for %(time_s).1f s; nobody is late because of that")
        self._notes.append(text % {"time_s": lost_s})
