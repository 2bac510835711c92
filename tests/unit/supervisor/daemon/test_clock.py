"""The clock of the supervisor excludes the time in which the supervisor could not run."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from supervisor.daemon.clock import MAX_TURN_S, Clock
from supervisor.lifecycle import health


class World:
    """The clocks of a host."""

    def __init__(self) -> None:
        self.mono_s = 1000.0
        self.wall_s = 1e9
        self.suspended_s = 0.0
        self.clock = Clock(lambda: self.mono_s, lambda: self.wall_s, lambda: self.suspended_s)

    def passes(self, seconds: float) -> None:
        self.mono_s += seconds
        self.wall_s += seconds

    def sleep(self, timeout_s: float | None, took_s: float) -> list[str]:
        self.clock.begin_wait(timeout_s)
        self.passes(took_s)
        return self.clock.end_wait()


def test_normal_waits_are_counted() -> None:
    world = World()
    began = world.clock.now()
    assert world.sleep(10.0, 10.0) == []
    assert world.sleep(10.0, 3.0) == []
    world.passes(0.5)
    assert world.clock.now().mono_s - began.mono_s == 13.5
    assert world.clock.now().wall_s - began.wall_s == 13.5


def test_stopped_supervisor_extends_deadlines() -> None:
    world = World()
    heard_s = world.clock.now().mono_s
    warnings = world.sleep(20.0, 80.0)
    assert warnings == ["event loop: stalled for 79 s (deadlines extended)"]
    assert world.clock.now().mono_s - heard_s == MAX_TURN_S
    assert not health.is_lost(heard_s, 30.0, world.clock.now().mono_s)
    # normal waits count again
    assert world.sleep(29.0, 29.0) == []
    assert health.is_lost(heard_s, 30.0, world.clock.now().mono_s)


def test_long_turn_extends_deadlines() -> None:
    world = World()
    began_s = world.clock.now().mono_s
    world.sleep(5.0, 1.0)
    world.passes(30.0)  # a disk that does not answer
    assert world.sleep(5.0, 2.0) == ["event loop: stalled for 29 s (deadlines extended)"]
    assert world.clock.now().mono_s - began_s == 1.0 + MAX_TURN_S + 2.0


def test_system_time_changes_have_no_effect() -> None:
    world = World()
    began_s = world.clock.now().mono_s
    for step_s in (3600.0, -7200.0, 1e8):
        world.wall_s += step_s
        assert world.sleep(5.0, 1.0) == []
    assert world.clock.now().mono_s - began_s == 3.0


def test_suspended_host_is_reported() -> None:
    world = World()
    began_s = world.clock.now().mono_s
    world.suspended_s = 3600.0
    world.wall_s += 3600.0
    assert world.sleep(None, 1.0) == ["host: suspended for 3600 s (deadlines extended)"]
    assert world.sleep(None, 1.0) == []
    assert world.clock.now().mono_s - began_s == 2.0


@given(st.lists(st.tuples(st.floats(0, 60) | st.none(), st.floats(0, 1e4), st.floats(0, 1e3)), max_size=20))
def test_clock_is_monotonic_never_fast_and_reaches_deadlines(turns: list[tuple[float | None, float, float]]) -> None:
    world = World()
    for timeout_s, slept_s, worked_s in turns:
        before, mono_s = world.clock.now().mono_s, world.mono_s
        world.sleep(timeout_s, slept_s)
        awake = world.clock.now().mono_s
        assert before - 1e-6 <= awake <= before + (world.mono_s - mono_s) + 1e-6
        # a deadline comes nearer, however slow the host is
        assert timeout_s is None or awake - before >= min(slept_s, timeout_s / 2, MAX_TURN_S) - 1e-6
        world.passes(worked_s)
