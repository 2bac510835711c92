"""Restarts by the clock: when one is due (pure, but for the time zone in use), and asking for it.

A day's restart takes place once, whatever the clock does: the day is remembered, not the hour. Where the clock skips
the time of day (summer time begins), it takes place within the hour; where a time of day comes twice, the first time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from supervisor.lifecycle.events import Event, RestartRequested
from supervisor.lifecycle.model import Instant, ProgramState, Reason, State
from supervisor.locale import _

#: a life younger than that has just started, and is left alone
YOUNG_S: Final = 3600.0
#: a restart that was missed for longer than that (the machine slept) is not made up for
LATE_S: Final = 3600.0
#: who asks for these restarts
BY: Final = "schedule"

#: year, month, day
Day = tuple[int, int, int]


def day_of(wall_s: float) -> Day:
    """Return the day on which `wall_s`, seconds since 1970, is in the zone in use."""
    at = time.localtime(wall_s)
    return at.tm_year, at.tm_mon, at.tm_mday


def time_on(day: Day, restart_at: str) -> float:
    """Return when it is `restart_at` ("HH:MM") on `day`, in seconds since 1970."""
    hour, minute = map(int, restart_at.split(":"))
    at_s = time.mktime((*day, hour, minute, 0, 0, 0, -1))
    # of a time that comes twice the C library may take the second one
    earlier = time.localtime(at_s - 3600)
    return at_s - 3600 if (earlier.tm_hour, earlier.tm_min) == (hour, minute) else at_s


def last_done(restart_at: str, wall_s: float) -> Day:
    """Return the day whose restart counts as done when one begins to look at `wall_s`."""
    today = day_of(wall_s)
    return today if wall_s >= time_on(today, restart_at) else _moved(today, -1)


def next_day(done: Day, wall_s: float) -> Day:
    """Return the day whose restart is next, when that of `done` was the last one."""
    today = day_of(wall_s)
    # a clock that was set back by days does not keep it from taking place
    return max(_moved(done, 1), today) if done <= _moved(today, 1) else today


def _moved(day: Day, days: int) -> Day:
    year, month, number = day
    return day_of(time.mktime((year, month, number + days, 12, 0, 0, 0, 0, -1)))


class RestartScheduler:
    """Asks for the restarts of the day."""

    def __init__(self, post: Callable[[str, Event], None], note: Callable[[str, str], None]) -> None:
        """`post` takes a program's name and an event, `note` a level and a line for the log."""
        self._post = post
        self._note = note
        #: by program and time of day: the day whose restart was the last
        self._done: dict[tuple[str, str], Day] = {}

    def due_s(self, programs: Mapping[str, ProgramState], now: Instant) -> list[float]:
        """Return when restarts are due, in seconds of `Instant.mono_s`."""
        return [now.mono_s + self._next_s(known, now) - now.wall_s for known in _scheduled(programs)]

    def look(self, programs: Mapping[str, ProgramState], now: Instant) -> None:
        """Ask for the restarts that are due."""
        for known in _scheduled(programs):
            late_s = now.wall_s - self._next_s(known, now)
            if late_s < 0:
                continue
            restart_at = known.settings.restart_at
            self._done[known.name, restart_at] = next_day(self._done[known.name, restart_at], now.wall_s)
            if known.state is not State.RUNNING or known.restart or late_s > LATE_S:
                continue
            if now.mono_s - known.life.started_s < YOUNG_S:
                text = _("%(program)s: no restart at %(time)s, it has just started")
                self._note("info", text % {"program": known.name, "time": restart_at})
                continue
            self._post(known.name, RestartRequested(Reason("schedule", {"time": restart_at}), BY))

    def _next_s(self, known: ProgramState, now: Instant) -> float:
        key = known.name, known.settings.restart_at
        done = self._done.setdefault(key, last_done(key[1], now.wall_s))
        return time_on(next_day(done, now.wall_s), key[1])


def _scheduled(programs: Mapping[str, ProgramState]) -> list[ProgramState]:
    return [known for known in programs.values() if known.settings.restart_at]
