"""Restarts by the clock: in every zone, on the days on which clocks are changed, and when they are set."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from supervisor.config import timezone
from supervisor.config.loading import program_problem
from supervisor.config.settings import Program
from supervisor.daemon.scheduler import YOUNG_S, RestartScheduler
from supervisor.lifecycle import events as ev
from supervisor.lifecycle.model import DesiredState, Instant, LifeState, ProgramState, Reason, Restart, State

JAKARTA, BERLIN, NEW_YORK = "Asia/Jakarta", "Europe/Berlin", "America/New_York"


@pytest.fixture(autouse=True)
def _zone_of_before() -> Iterator[None]:
    yield
    timezone.use("Etc/UTC")


class Night:
    """A timetable, a program and the hours that pass."""

    def __init__(self, zone: str, begin: str, restart_at: str = "04:00", age_s: float = 1e6) -> None:
        timezone.use(zone)
        self.zone = zoneinfo.ZoneInfo(zone)
        self.wall_s = self.at(begin)
        self.mono_s = 5_000_000.0
        self.asked: list[tuple[str, str]] = []
        self.notes: list[str] = []
        self.timetable = RestartScheduler(self._post, lambda level, text: self.notes.append(text))
        settings = Program(command=("shop",), restart_at=restart_at)
        life = LifeState(started_s=self.mono_s - age_s)
        self.known = ProgramState(
            name="bot", settings=settings, state=State.RUNNING, desired=DesiredState.UP, life=life
        )

    def at(self, text: str) -> float:
        return datetime.datetime.fromisoformat(text).replace(tzinfo=self.zone).timestamp()

    @property
    def now(self) -> Instant:
        return Instant(self.mono_s, self.wall_s)

    def _post(self, name: str, event: ev.Event) -> None:
        assert isinstance(event, ev.RestartRequested)
        local = datetime.datetime.fromtimestamp(self.wall_s, self.zone)
        self.asked.append((local.strftime("%m-%d %H:%M"), event.requested_by))
        self.known = replace(self.known, life=LifeState(started_s=self.mono_s))

    def pass_time(self, hours: float, step_s: float = 60.0) -> None:
        """Let time pass, looking every `step_s`, and always when the timetable asks for it."""
        end_s = self.mono_s + hours * 3600
        while self.mono_s < end_s:
            self.timetable.look({"bot": self.known}, self.now)
            due = min([self.mono_s + step_s, *self.timetable.due_s({"bot": self.known}, self.now), end_s])
            passed_s = max(due - self.mono_s, 1.0)
            self.mono_s, self.wall_s = self.mono_s + passed_s, self.wall_s + passed_s
        self.timetable.look({"bot": self.known}, self.now)


def test_once_a_day_at_the_time_of_the_zone() -> None:
    night = Night(JAKARTA, "2026-05-01T12:00")
    night.pass_time(72)
    assert night.asked == [("05-02 04:00", "schedule"), ("05-03 04:00", "schedule"), ("05-04 04:00", "schedule")]


def test_it_sleeps_until_then() -> None:
    night = Night(JAKARTA, "2026-05-01T12:00")
    assert night.timetable.due_s({"bot": night.known}, night.now) == [night.mono_s + 16 * 3600]
    assert night.timetable.due_s({"bot": replace(night.known, settings=Program())}, night.now) == []


@pytest.mark.parametrize(
    ("zone", "begin", "restart_at", "expected"),
    [
        # summer time begins: 02:30 is not there
        (BERLIN, "2026-03-28T12:00", "02:30", ["03-29 0[13]:30", "03-30 02:30"]),
        (NEW_YORK, "2026-03-07T12:00", "02:30", ["03-08 0[13]:30", "03-09 02:30"]),
        # summer time ends: 02:30 is there twice
        (BERLIN, "2026-10-24T12:00", "02:30", ["10-25 02:30", "10-26 02:30"]),
        (NEW_YORK, "2026-10-31T12:00", "01:30", ["11-01 01:30", "11-02 01:30"]),
        (BERLIN, "2026-10-24T12:00", "03:00", ["10-25 03:00", "10-26 03:00"]),
    ],
)
def test_once_on_days_on_which_the_clocks_are_changed(
    zone: str, begin: str, restart_at: str, expected: list[str]
) -> None:
    night = Night(zone, begin, restart_at)
    night.pass_time(47.5)
    assert len(night.asked) == 2, night.asked
    for (at, _by), pattern in zip(night.asked, expected, strict=True):
        assert re.fullmatch(pattern, at)


def test_of_a_time_that_comes_twice_the_first_counts() -> None:
    night = Night(BERLIN, "2026-10-24T12:00", "02:30")
    night.pass_time(14.6)
    assert night.asked == [("10-25 02:30", "schedule")]


def test_a_life_that_has_just_started_is_left_alone() -> None:
    night = Night(JAKARTA, "2026-05-01T03:30", age_s=YOUNG_S - 1900)
    night.pass_time(2)
    assert night.asked == []
    assert night.notes == ["bot: no restart at 04:00, it has just started"]
    night.pass_time(24)
    assert [at for at, _by in night.asked] == ["05-02 04:00"]


def test_a_supervisor_that_begins_later_in_the_day_waits_for_the_next() -> None:
    night = Night(JAKARTA, "2026-05-01T04:01")
    night.pass_time(23)
    assert night.asked == []


@pytest.mark.parametrize("known", [{"state": State.STOPPED}, {"state": State.DRAINING}, {"restart": True}])
def test_what_does_not_serve_is_not_restarted(known: dict[str, object]) -> None:
    night = Night(JAKARTA, "2026-05-01T03:30")
    if "restart" in known:
        known = {
            "restart": Restart(
                reason=Reason("text"), requested_by="", ticket=None, from_life=1, asked_at=0, phase_since_s=0
            )
        }
    night.known = replace(night.known, **known)
    night.pass_time(2)
    assert night.asked == []


def test_a_clock_that_is_set_back_does_not_bring_it_twice() -> None:
    night = Night(JAKARTA, "2026-05-01T03:59")
    night.pass_time(0.1)
    night.wall_s -= 3600
    night.pass_time(3)
    assert [at for at, _by in night.asked] == ["05-01 04:00"]
    night.pass_time(24)
    assert [at for at, _by in night.asked] == ["05-01 04:00", "05-02 04:00"]


def test_a_clock_that_is_set_on_over_it_makes_up_for_it_unless_it_is_much() -> None:
    night = Night(JAKARTA, "2026-05-01T03:30")
    night.pass_time(0.1)
    night.wall_s += 3600
    night.pass_time(0.1)
    assert len(night.asked) == 1
    night = Night(JAKARTA, "2026-05-01T03:30")
    night.pass_time(0.1)
    night.wall_s += 5 * 3600
    night.pass_time(10)
    assert night.asked == []


def test_a_clock_that_was_years_ahead_does_not_keep_it_from_coming() -> None:
    night = Night(JAKARTA, "2031-05-01T12:00")
    night.pass_time(24)
    night.wall_s = night.at("2026-05-01T12:00")
    night.asked.clear()
    night.pass_time(24)
    assert [at for at, _by in night.asked] == ["05-02 04:00"]


@pytest.mark.parametrize("at", ["4:00", "24:00", "04:60", "04", "04:00:00", " 04:00", "٠٤:٠٠"])
def test_what_is_no_time_of_day_is_refused(at: str) -> None:
    assert program_problem("bot", Program(command=("shop",), restart_at=at)) is not None
    assert program_problem("bot", Program(command=("shop",), restart_at="23:59")) is None
