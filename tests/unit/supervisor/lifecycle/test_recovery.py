"""Restarts of hung and unhealthy lives, and processes that a dead life left behind."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from supervisor.lifecycle import effects as fx
from supervisor.lifecycle import events as ev
from supervisor.lifecycle.health import GRACE_PERIOD_S
from supervisor.lifecycle.machine import TRACEBACK_TIMEOUT_S, deadline
from supervisor.lifecycle.model import DesiredState, ProcessId, ProgramState, Reason, State
from supervisor.lifecycle.restart_policy import RECOVERY_WINDOW_S
from supervisor.lifecycle.restart_sequence import KILL_TIMEOUT_S
from tests.unit.supervisor.lifecycle.test_machine import BROKEN, CHILD, EDITED, errors, run, running

LEFT = ProcessId(77, 5, "boot")
HUNG = Reason("hung", {"time_s": 30})
UNHEALTHY = {"buttons": {"is_healthy": False}}


def _kinds(effects: list[fx.Effect]) -> list[type[fx.Effect]]:
    return [type(effect) for effect in effects]


def _stay_unhealthy(program: ProgramState, now_s: float) -> tuple[ProgramState, list[fx.Effect]]:
    """Report an unhealthy part for as long as is allowed, until `now_s`."""
    program, _ = run(
        program, ev.Heartbeat(program.life.number, UNHEALTHY), now_s=now_s - program.settings.unhealthy_timeout_s
    )
    return run(program, ev.Heartbeat(program.life.number, UNHEALTHY), now_s=now_s)


def _next_life(program: ProgramState, now_s: float) -> ProgramState:
    """Go from DRAINING to the next life, ready."""
    life = program.life.number
    ended = (ev.Drained(life), ev.Exited(life, 0), ev.Flushed(life))
    born = (ev.Spawned(life + 1, CHILD), ev.Hello(life + 1), ev.Ready(life + 1))
    return run(program, *ended, *born, now_s=now_s)[0]


# --- hung lives ---


def _hang(**hello: Any) -> tuple[ProgramState, list[fx.Effect]]:
    program, _ = run(running(), ev.Hello(1, None, **hello), now_s=100)
    return run(program, ev.DeadlinePassed(), now_s=130)


def test_a_hung_life_is_asked_for_a_traceback_before_it_is_killed() -> None:
    program, effects = _hang(writes_traceback=True)
    assert program.state is State.STOPPING
    assert effects[-1] == fx.RequestTraceback(CHILD)
    assert deadline(program) == 130 + TRACEBACK_TIMEOUT_S
    program, effects = run(program, ev.DeadlinePassed(), now_s=130 + TRACEBACK_TIMEOUT_S)
    assert program.state is State.KILLING
    assert _kinds(effects) == [fx.LogLine, fx.Kill]
    assert program.reason == HUNG
    program, effects = run(program, ev.Exited(1, None, "SIGKILL"), ev.Flushed(1), now_s=131)
    assert effects[-1] == fx.Spawn(2)
    assert program.restart is not None
    assert (program.restart.reason, program.restart.requested_by) == (HUNG, "supervisor")


def test_a_life_that_does_not_know_the_signal_is_killed_at_once() -> None:
    program, effects = _hang()
    assert program.state is State.KILLING
    assert fx.RequestTraceback(CHILD) not in effects


def test_a_hung_life_that_exits_during_the_traceback_is_replaced() -> None:
    program, _ = run(_hang(writes_traceback=True)[0], ev.Exited(1, 0), ev.Flushed(1), now_s=130.1)
    assert (program.state, program.life.number) == (State.STARTING, 2)


def test_repeated_hangs_are_fatal() -> None:
    program = running(max_recoveries_per_hour=2, max_crashes=0)
    now_s = 100.0
    for life in (1, 2, 3):
        program, _ = run(program, ev.Hello(life), now_s=now_s)
        program, _ = run(program, ev.DeadlinePassed(), now_s=now_s + 1000)
        program, effects = run(program, ev.Exited(life, None, "SIGKILL"), ev.Flushed(life), now_s=now_s + 1000)
        if life < 3:
            assert program.state is State.STARTING
            program, _ = run(program, ev.Spawned(life + 1, CHILD), ev.Ready(life + 1), now_s=now_s + 1000)
        now_s += 1000
    assert program.state is State.FATAL
    assert program.desired is DesiredState.UP
    assert program.reason == Reason("recovery_limit", {"count": 2, "reason": HUNG})
    assert errors(effects) == ["start_failed"]


# --- unhealthy lives ---


def test_an_unhealthy_life_is_restarted_through_every_phase() -> None:
    program, effects = _stay_unhealthy(running(), 5000)
    assert program.state is State.RUNNING
    assert effects[-1] == fx.RunCheck()
    assert program.restart is not None
    assert program.restart.requested_by == "supervisor"
    assert program.restart.reason == Reason("unhealthy", {"time_s": 3600, "parts": "buttons"})
    program, effects = run(program, ev.CheckFinished(1, None), now_s=5001)
    assert program.state is State.DRAINING
    assert effects == [fx.RequestDrain(1, 30, "restart")]
    program = _next_life(program, 5002)
    assert (program.state, program.life.number, program.life.health_record.unhealthy_since_s) == (
        State.RUNNING,
        2,
        None,
    )


def test_memory_above_the_limit_requests_one_restart() -> None:
    program, effects = run(running(memory_max=1024), ev.MemorySampled(1, 1024))
    assert program.restart is None
    program, effects = run(program, ev.MemorySampled(1, 1025))
    assert effects[-1] == fx.RunCheck()
    # a restart in progress is not requested again
    assert run(program, ev.MemorySampled(1, 1025))[1] == []


def test_after_a_failed_check_an_unhealthy_life_has_a_grace_period_and_is_never_fatal() -> None:
    program, now_s = running(memory_max=1024, max_recoveries_per_hour=1), 100.0
    for _ in range(5):
        program, effects = run(program, ev.MemorySampled(1, 2048), now_s=now_s)
        assert effects[-1] == fx.RunCheck()
        program, _ = run(program, ev.CheckFinished(1, BROKEN), now_s=now_s + 1)
        assert run(program, ev.MemorySampled(1, 2048), now_s=now_s + GRACE_PERIOD_S - 1)[1] == []
        now_s += GRACE_PERIOD_S
    assert (program.state, program.recoveries_s) == (State.RUNNING, ())


@pytest.mark.parametrize("check", [(), ("shop", "--check")])
def test_repeated_health_restarts_drain_and_are_fatal(check: tuple[str, ...]) -> None:
    program = running(memory_max=1024, max_recoveries_per_hour=2, check=check)
    for life in (1, 2):
        program, _ = run(program, ev.MemorySampled(life, 2048), ev.CheckFinished(life, None), now_s=100.0 * life)
        assert program.state is State.DRAINING
        program = _next_life(program, 100.0 * life)
    program, effects = run(program, ev.MemorySampled(3, 2048), now_s=300)
    assert program.state is State.DRAINING
    assert effects[-1] == fx.RequestDrain(3, 30, "stop")
    program, effects = run(program, ev.Drained(3), ev.Exited(3, 0), ev.Flushed(3), now_s=301)
    assert program.state is State.FATAL
    assert program.reason is not None
    assert (program.reason.code, program.reason.params["count"]) == ("recovery_limit", 2)
    # a start by the operator resets the count
    program, _ = run(program, ev.Start(), ev.Spawned(4, CHILD), ev.Hello(4), ev.Ready(4), now_s=302)
    assert program.state is State.RUNNING
    assert run(program, ev.MemorySampled(4, 2048), now_s=303)[0].restart is not None or not check


def test_a_restart_request_overrides_giving_up() -> None:
    program = replace(running(memory_max=1024, max_recoveries_per_hour=1), recoveries_s=(99.0,))
    program, _ = run(program, ev.MemorySampled(1, 2048), ev.RestartRequested(EDITED, "Admin"), ev.Drained(1))
    program, effects = run(program, ev.Exited(1, 0), ev.Flushed(1))
    assert effects[-1] == fx.Spawn(2)


def test_health_restarts_are_counted_for_an_hour() -> None:
    program = replace(running(memory_max=1024, max_recoveries_per_hour=1), recoveries_s=(100.0,))
    assert run(program, ev.MemorySampled(1, 2048), now_s=100 + RECOVERY_WINDOW_S - 1)[0].state is State.DRAINING
    assert run(program, ev.MemorySampled(1, 2048), now_s=100 + RECOVERY_WINDOW_S)[1][-1] == fx.RunCheck()


def test_a_requested_restart_is_no_recovery() -> None:
    program, _ = run(
        running(), ev.RestartRequested(Reason("schedule", {"time": "04:00"}), "schedule"), ev.CheckFinished(1, None)
    )
    assert (program.state, program.recoveries_s) == (State.DRAINING, ())


# --- processes that a dead life left behind ---


@pytest.mark.parametrize("ending", ["crash", "restart", "stop", "starting"])
def test_nothing_starts_or_is_flushed_beside_a_process_that_was_left_behind(ending: str) -> None:
    program = running()
    if ending == "restart":
        program, _ = run(program, ev.RestartRequested(EDITED, "Admin"), ev.CheckFinished(1, None), ev.Drained(1))
    if ending == "stop":
        program, _ = run(program, ev.Stop(), ev.Drained(1))
    if ending == "starting":
        program = replace(program, state=State.STARTING)
    program, effects = run(program, ev.Exited(1, 3, left=LEFT))
    assert (program.state, program.child) == (State.KILLING, LEFT)
    assert fx.Kill(LEFT, 1) in effects
    assert not {fx.Flush, fx.Spawn} & set(_kinds(effects))
    assert deadline(program) == 100 + KILL_TIMEOUT_S
    other = ProcessId(78, 6, "boot")
    program, effects = run(program, ev.Exited(1, left=other), now_s=105)
    assert (program.child, deadline(program)) == (other, 100 + KILL_TIMEOUT_S)
    assert effects == [fx.Kill(other, 1)]
    program, effects = run(program, ev.Exited(1), now_s=106)
    assert [type(one) for one in effects] == [fx.Flush]
    assert program.last_exit is not None
    assert program.last_exit.code == 3  # how the life ended, not what it left
    program, effects = run(program, ev.Flushed(1), now_s=106)
    assert program.state is (State.STOPPED if ending == "stop" else State.STARTING)


def test_an_unkillable_process_is_fatal_until_it_exits() -> None:
    program, _ = run(running(), ev.Exited(1, 3, left=LEFT), ev.DeadlinePassed(), now_s=100)
    assert (program.state, program.child) == (State.FATAL, LEFT)
    assert program.reason == Reason("unkillable", {"pid": 77, "life": 1})
    assert run(program, ev.Adopted(1))[0].child == LEFT
    restarted, effects = run(program, ev.Start())
    assert (restarted.state, effects[-1]) == (State.KILLING, fx.Kill(LEFT, 1))
    program, effects = run(program, ev.Exited(1))
    assert _kinds(effects) == [fx.LogLine, fx.Flush]
    program, _ = run(program, ev.Flushed(1))
    assert (program.state, program.child) == (State.FATAL, None)
