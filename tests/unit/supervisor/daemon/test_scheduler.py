"""Daily restarts, in several time zones and with clocks that change."""

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
from supervisor.daemon.scheduler import MIN_AGE_S, RestartScheduler
from supervisor.lifecycle import events as ev
from supervisor.lifecycle.model import DesiredState, Instant, LifeState, ProgramState, Reason, Restart, State

JAKARTA, BERLIN, NEW_YORK = "Asia/Jakarta", "Europe/Berlin", "America/New_York"


@pytest.fixture(autouse=True)
def _zone_of_before() -> Iterator[None]:
    yield
    timezone.use("Etc/UTC")


class Night:
    """A scheduler, a program, and a clock that the test sets."""

    def __init__(self, zone: str, begin: str, restart_at: str = "04:00", age_s: float = 1e6) -> None:
        timezone.use(zone)
        self.zone = zoneinfo.ZoneInfo(zone)
        self.wall_s = self.at(begin)
        self.mono_s = 5_000_000.0
        self.asked: list[tuple[str, str]] = []
        self.notes: list[str] = []
        settings = Program(command=("shop",), restart_at=restart_at)
        life = LifeState(started_s=self.mono_s - age_s)
        self.known = ProgramState(
            name="bot", settings=settings, state=State.RUNNING, desired=DesiredState.UP, life=life
        )
        self.programs = {"bot": self.known}
        self.scheduler = RestartScheduler(
            self.programs, self._post, lambda level, text: self.notes.append(text), lambda: self.now
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
        """Advance the clock; run the scheduler every `step_s` and at its deadlines."""
        end_s = self.mono_s + hours * 3600
        while self.mono_s < end_s:
            self.programs["bot"] = self.known
            self.scheduler.run_due()
            due = min(self.mono_s + step_s, self.scheduler.next_deadline() or end_s, end_s)
            passed_s = max(due - self.mono_s, 1.0)
            self.mono_s, self.wall_s = self.mono_s + passed_s, self.wall_s + passed_s
        self.programs["bot"] = self.known
        self.scheduler.run_due()


def test_daily_at_local_time() -> None:
    night = Night(JAKARTA, "2026-05-01T12:00")
    night.pass_time(72)
    assert night.asked == [("05-02 04:00", "schedule"), ("05-03 04:00", "schedule"), ("05-04 04:00", "schedule")]


def test_next_deadline() -> None:
    night = Night(JAKARTA, "2026-05-01T12:00")
    assert night.scheduler.next_deadline() == night.mono_s + 16 * 3600
    night.programs["bot"] = replace(night.known, settings=Program())
    assert night.scheduler.next_deadline() is None


@pytest.mark.parametrize(
    ("zone", "begin", "restart_at", "expected"),
    [
        # summer time begins: 02:30 does not exist
        (BERLIN, "2026-03-28T12:00", "02:30", ["03-29 0[13]:30", "03-30 02:30"]),
        (NEW_YORK, "2026-03-07T12:00", "02:30", ["03-08 0[13]:30", "03-09 02:30"]),
        # summer time ends: 02:30 comes twice
        (BERLIN, "2026-10-24T12:00", "02:30", ["10-25 02:30", "10-26 02:30"]),
        (NEW_YORK, "2026-10-31T12:00", "01:30", ["11-01 01:30", "11-02 01:30"]),
        (BERLIN, "2026-10-24T12:00", "03:00", ["10-25 03:00", "10-26 03:00"]),
    ],
)
def test_once_on_days_with_a_clock_change(zone: str, begin: str, restart_at: str, expected: list[str]) -> None:
    night = Night(zone, begin, restart_at)
    night.pass_time(47.5)
    assert len(night.asked) == 2, night.asked
    for (at, _by), pattern in zip(night.asked, expected, strict=True):
        assert re.fullmatch(pattern, at)


def test_first_of_a_repeated_time() -> None:
    night = Night(BERLIN, "2026-10-24T12:00", "02:30")
    night.pass_time(14.6)
    assert night.asked == [("10-25 02:30", "schedule")]


def test_young_life_is_not_restarted() -> None:
    night = Night(JAKARTA, "2026-05-01T03:30", age_s=MIN_AGE_S - 1900)
    night.pass_time(2)
    assert night.asked == []
    assert night.notes == ["bot: skipped the restart at 04:00; it started less than an hour ago"]
    night.pass_time(24)
    assert [at for at, _by in night.asked] == ["05-02 04:00"]


def test_supervisor_started_after_the_time_waits_for_the_next_day() -> None:
    night = Night(JAKARTA, "2026-05-01T04:01")
    night.pass_time(23)
    assert night.asked == []


@pytest.mark.parametrize("known", [{"state": State.STOPPED}, {"state": State.DRAINING}, {"restart": True}])
def test_program_that_does_not_run_is_not_restarted(known: dict[str, object]) -> None:
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


def test_clock_set_back_does_not_repeat_the_restart() -> None:
    night = Night(JAKARTA, "2026-05-01T03:59")
    night.pass_time(0.1)
    night.wall_s -= 3600
    night.pass_time(3)
    assert [at for at, _by in night.asked] == ["05-01 04:00"]
    night.pass_time(24)
    assert [at for at, _by in night.asked] == ["05-01 04:00", "05-02 04:00"]


def test_clock_set_forward_catches_up_within_an_hour() -> None:
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


def test_clock_corrected_by_years() -> None:
    night = Night(JAKARTA, "2031-05-01T12:00")
    night.pass_time(24)
    night.wall_s = night.at("2026-05-01T12:00")
    night.asked.clear()
    night.pass_time(24)
    assert [at for at, _by in night.asked] == ["05-02 04:00"]


@pytest.mark.parametrize("at", ["4:00", "24:00", "04:60", "04", "04:00:00", " 04:00", "٠٤:٠٠"])
def test_invalid_time_of_day_is_refused(at: str) -> None:
    assert program_problem("bot", Program(command=("shop",), restart_at=at)) is not None
    assert program_problem("bot", Program(command=("shop",), restart_at="23:59")) is None
