"""Daily restarts (`restart_at`): computes when the next one is due, and requests it.

A restart takes place once a day, whatever the clock does, because the day is remembered and not the hour. When summer
time skips the time of day, the restart takes place within the hour; when a time of day comes twice, the first counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from supervisor.lifecycle.events import Event, RestartRequested
from supervisor.lifecycle.model import Instant, ProgramState, Reason, State
from supervisor.locale import _

#: a life that started within this time is not restarted, in seconds
MIN_AGE_S: Final = 3600.0
#: a restart that was missed by more than this (the host was suspended) is skipped, in seconds
MAX_DELAY_S: Final = 3600.0
#: `requested_by` of these restarts
REQUESTER: Final = "schedule"

#: year, month, day
Day = tuple[int, int, int]


def day_of(wall_s: float) -> Day:
    """Return the local day of `wall_s`, seconds since 1970."""
    at = time.localtime(wall_s)
    return at.tm_year, at.tm_mon, at.tm_mday


def time_on(day: Day, restart_at: str) -> float:
    """Return the time `restart_at` ("HH:MM") on a local day, in seconds since 1970."""
    hour, minute = map(int, restart_at.split(":"))
    at_s = time.mktime((*day, hour, minute, 0, 0, 0, -1))
    # mktime(3) may return the second one of a time that comes twice
    earlier = time.localtime(at_s - 3600)
    return at_s - 3600 if (earlier.tm_hour, earlier.tm_min) == (hour, minute) else at_s


def initial_day(restart_at: str, wall_s: float) -> Day:
    """Return the day whose restart counts as done when the scheduler starts at `wall_s`."""
    today = day_of(wall_s)
    return today if wall_s >= time_on(today, restart_at) else _add_days(today, -1)


def next_day(last_day: Day, wall_s: float) -> Day:
    """Return the day of the next restart after that of `last_day`."""
    today = day_of(wall_s)
    # a clock that was set back by days must not delay the restart by days
    return max(_add_days(last_day, 1), today) if last_day <= _add_days(today, 1) else today


def _add_days(day: Day, days: int) -> Day:
    year, month, number = day
    return day_of(time.mktime((year, month, number + days, 12, 0, 0, 0, 0, -1)))


class RestartScheduler:
    """Requests the daily restarts. A timer of the event loop."""

    def __init__(
        self,
        programs: Mapping[str, ProgramState],
        post: Callable[[str, Event], None],
        log: Callable[[str, str], None],
        now: Callable[[], Instant],
    ) -> None:
        """Args: the programs, as they are at any time; `post` an event to a program; `log` a line; the time `now`."""
        self._programs = programs
        self._post = post
        self._log = log
        self._now = now
        #: by program and time of day: the day of the last restart
        self._last_days: dict[tuple[str, str], Day] = {}

    def next_deadline(self) -> float | None:
        """Return when the next restart is due; see `Timer`."""
        now = self._now()
        return min((now.mono_s + self._next_s(state, now) - now.wall_s for state in self._scheduled()), default=None)

    def run_due(self) -> None:
        """Request the restarts that are due."""
        now = self._now()
        for state in self._scheduled():
            delay_s = now.wall_s - self._next_s(state, now)
            if delay_s < 0:
                continue
            restart_at = state.settings.restart_at
            self._last_days[state.name, restart_at] = next_day(self._last_days[state.name, restart_at], now.wall_s)
            if state.state is not State.RUNNING or state.restart or delay_s > MAX_DELAY_S:
                continue
            if now.mono_s - state.life.started_s < MIN_AGE_S:
                text = _("%(program)s: skipped the restart at %(time)s; it started less than an hour ago")
                self._log("info", text % {"program": state.name, "time": restart_at})
                continue
            self._post(state.name, RestartRequested(Reason("schedule", {"time": restart_at}), REQUESTER))

    def _next_s(self, state: ProgramState, now: Instant) -> float:
        key = state.name, state.settings.restart_at
        last_day = self._last_days.setdefault(key, initial_day(key[1], now.wall_s))
        return time_on(next_day(last_day, now.wall_s), key[1])

    def _scheduled(self) -> Iterator[ProgramState]:
        return (state for state in self._programs.values() if state.settings.restart_at)
