"""What the dashboard observes becomes one record a minute."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from botapp.dashboard.figures.minutes import (
    MAX_COUNTER_GAP_S,
    MAX_SILENCE_S,
    ConnectionLost,
    Machine,
    Minute,
    Observation,
    Process,
    StateSeen,
    StatusSeen,
    TimePassed,
    Watch,
    observe,
)

#: the beginning of a minute
T0 = 60.0 * 29_000_000
M0 = 29_000_000


def program(name: str = "bot", state: str = "RUNNING", *, life: int = 1, desired: str = "up", **health: Any) -> Any:
    """Return a program of `status`."""
    unhealthy = [part for part, value in health.items() if isinstance(value, dict) and value.get("is_healthy") is False]
    return {"name": name, "state": state, "desired": desired, "life": life, "health": health, "unhealthy": unhealthy}


def status(at_s: float, *programs: Any, machine: Machine | None = None) -> StatusSeen:
    """Return a status that is seen `at_s` seconds after T0."""
    return StatusSeen(T0 + at_s, programs or (program(),), machine or Machine())


def state(at_s: float, name: str) -> StateSeen:
    """Return an event about the bot."""
    return StateSeen(T0 + at_s, "bot", name)


def cache(hits: int, misses: int = 0) -> dict[str, Any]:
    """Return the health of the cache."""
    return {"is_healthy": True, "hits": hits, "misses": misses, "evictions": 0, "entries": 5, "bytes": 100}


def records(*seen: Observation) -> list[Minute]:
    """Return the records of all minutes that are over."""
    watch, finished = Watch(), []
    for one in seen:
        watch, done = observe(watch, one)
        finished += done
    return finished


def end(minutes: int = 1) -> TimePassed:
    """Return the observation that the minutes are over."""
    return TimePassed(T0 + 60 * minutes)


def test_a_restart_counts_until_the_bot_runs_again() -> None:
    (minute,) = records(status(0), state(10, "DRAINING"), state(10.5, "STARTING"), state(11, "RUNNING"), end())
    assert (minute.minute, minute.observed_s, minute.served_s, minute.down_s) == (M0, 60, 59, 1)
    assert minute.unhealthy_s == {"bot": 1}


def test_what_members_see_of_the_message_is_limited() -> None:
    broken = program(visibility={"state": "stock_broken"}, livestock={"is_healthy": False})
    (minute,) = records(status(0), status(40, broken), end())
    assert (minute.served_s, minute.limited_s, minute.down_s) == (40, 20, 0)
    assert minute.unhealthy_s == {"livestock": 20}


def test_without_the_gateway_no_one_is_served() -> None:
    (minute,) = records(status(0, program(gateway={"is_healthy": False})), end())
    assert (minute.down_s, minute.unhealthy_s) == (60, {"gateway": 60})


def test_a_program_that_should_not_run_is_not_unhealthy() -> None:
    (minute,) = records(status(0, program(), program("relay", "STOPPED", desired="down")), end())
    assert minute.unhealthy_s == {}


def test_time_is_split_at_the_ends_of_minutes() -> None:
    first, second = records(status(50), state(110, "BACKOFF"), end(2))
    assert (first.minute, first.observed_s, first.served_s) == (M0, 10, 10)
    assert (second.minute, second.served_s, second.down_s) == (M0 + 1, 50, 10)


def test_unknown_time_is_not_counted() -> None:
    (minute,) = records(status(0), ConnectionLost(T0 + 20), status(50), end())
    assert minute.observed_s == 30
    assert records(ConnectionLost(T0), end()) == []


def test_a_suspended_machine_and_a_clock_that_is_set_leave_a_gap() -> None:
    (before,) = records(status(0), TimePassed(T0 + 30), TimePassed(T0 + 30 + MAX_SILENCE_S + 1))
    assert (before.minute, before.observed_s) == (M0, 30)
    back = records(status(0), TimePassed(T0 + 30), TimePassed(T0 - 600), TimePassed(T0 - 590), TimePassed(T0 - 540))
    assert [(one.minute, one.observed_s) for one in back] == [(M0, 30), (M0 - 10, 60)]


def test_seconds_that_a_clock_repeats_are_counted_once() -> None:
    (minute,) = records(status(0), TimePassed(T0 + 30), TimePassed(T0 + 10), end())
    assert (minute.observed_s, minute.served_s) == (60, 60)


def test_counters_are_increases() -> None:
    seen = [status(0, program(cache=cache(100))), status(30, program(cache=cache(107, 3)))]
    (minute,) = records(*seen, end())
    assert (minute.cache_hits, minute.cache_misses, minute.cache_entries) == (7, 3, 5)


def test_counters_begin_again_in_the_next_process() -> None:
    seen = [status(0, program(cache=cache(100))), status(30, program(life=2, cache=cache(4)))]
    (minute,) = records(*seen, end())
    assert minute.cache_hits == 4


def test_counters_that_were_not_observed_for_long_are_not_counted() -> None:
    late = 60 * 10
    assert late > MAX_COUNTER_GAP_S
    found = records(status(0, program(cache=cache(100))), status(late, program(cache=cache(900))), end(11))
    assert sum(one.cache_hits for one in found) == 0


def test_clicks_are_increases_by_their_duration_and_their_failure() -> None:
    def seen(at_s: float, answered: dict[str, int], failed: dict[str, int], life: int = 1) -> StatusSeen:
        return status(at_s, program(life=life, cache=cache(0), clicks={"answered_ms": answered, "failed": failed}))

    steps = [
        seen(0, {"25": 3, "50": 0}, {}),
        seen(20, {"25": 5, "50": 1}, {"late": 1}),
        seen(40, {"25": 2}, {}, life=2),
    ]
    (minute,) = records(*steps, end())
    assert (minute.answered, minute.failed) == ({"25": 4, "50": 1}, {"late": 1})


def test_gauges_are_the_highest_or_the_last() -> None:
    used = Machine({"bot": Process(10, 1.0)}, disk_free_bytes=7)
    slow = program(loop_lag_ms=8.5, gateway={"is_healthy": True, "latency_ms": 90.0})
    (minute,) = records(status(0, slow), status(30, program(loop_lag_ms=1.5), machine=used), end())
    assert (minute.loop_lag_ms, minute.latency_ms, minute.disk_free_bytes) == (8.5, 90, 7)
    assert minute.processes == {"bot": Process(10, 1.0)}


_steps = st.lists(
    st.tuples(
        st.floats(-30, 200, allow_nan=False),
        st.sampled_from(["RUNNING", "DRAINING", "FATAL", "status", "lost", "passed"]),
    ),
    max_size=30,
)


@given(_steps)
def test_the_seconds_of_a_minute_add_up(steps: list[tuple[float, str]]) -> None:
    at_s, watch = 0.0, Watch()
    for later_s, what in steps:
        at_s += later_s
        seen: Observation = state(at_s, what)
        if what == "status":
            seen = status(at_s)
        elif what == "lost":
            seen = ConnectionLost(T0 + at_s)
        elif what == "passed":
            seen = TimePassed(T0 + at_s)
        watch, finished = observe(watch, seen)
        for one in finished:
            assert 0 < one.observed_s <= 60.001
            assert abs(one.served_s + one.limited_s + one.down_s - one.observed_s) < 0.05
            assert all(seconds <= one.observed_s + 0.01 for seconds in one.unhealthy_s.values())
