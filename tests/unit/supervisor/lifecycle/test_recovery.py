"""What hangs or is unwell gets a new life, not too often; and nothing starts beside what a life left behind."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from supervisor.lifecycle import effects as fx
from supervisor.lifecycle import events as ev
from supervisor.lifecycle.health import GRACE_PERIOD_S
from supervisor.lifecycle.machine import KILL_TIMEOUT_S, TRACEBACK_TIMEOUT_S, deadline
from supervisor.lifecycle.model import DesiredState, ProcessId, ProgramState, Reason, State
from supervisor.lifecycle.restart_policy import RECOVERY_WINDOW_S
from tests.unit.supervisor.lifecycle.test_machine import BROKEN, CHILD, EDITED, errors, going, running

LEFT = ProcessId(77, 5, "boot")
HUNG = Reason("hung", {"time_s": 30})
SICK = {"buttons": {"is_healthy": False}}


def _kinds(effects: list[fx.Effect]) -> list[type[fx.Effect]]:
    return [type(effect) for effect in effects]


def _unwell(known: ProgramState, now_s: float) -> tuple[ProgramState, list[fx.Effect]]:
    """Let a life be unwell for as long as it may be, until `now_s`."""
    known, _ = going(known, ev.Heartbeat(known.life.number, SICK), now_s=now_s - known.settings.unhealthy_timeout_s)
    return going(known, ev.Heartbeat(known.life.number, SICK), now_s=now_s)


def _next_life(known: ProgramState, now_s: float) -> ProgramState:
    """Go from DRAINING to the next life, ready."""
    life = known.life.number
    ended = (ev.Drained(life), ev.Exited(life, 0), ev.Flushed(life))
    born = (ev.Spawned(life + 1, CHILD), ev.Hello(life + 1), ev.Ready(life + 1))
    return going(known, *ended, *born, now_s=now_s)[0]


# --- what hangs ---


def _lost(**hello: Any) -> tuple[ProgramState, list[fx.Effect]]:
    known, _ = going(running(), ev.Hello(1, None, **hello), now_s=100)
    return going(known, ev.DeadlinePassed(), now_s=130)


def test_what_hangs_writes_down_where_before_it_is_killed() -> None:
    known, effects = _lost(writes_traceback=True)
    assert known.state is State.STOPPING
    assert effects[-1] == fx.RequestTraceback(CHILD)
    assert deadline(known) == 130 + TRACEBACK_TIMEOUT_S
    known, effects = going(known, ev.DeadlinePassed(), now_s=130 + TRACEBACK_TIMEOUT_S)
    assert known.state is State.KILLING
    assert _kinds(effects) == [fx.LogLine, fx.Kill]
    assert known.reason == HUNG
    known, effects = going(known, ev.Exited(1, None, "SIGKILL"), ev.Flushed(1), now_s=131)
    assert effects[-1] == fx.Spawn(2)
    assert known.restart is not None
    assert (known.restart.reason, known.restart.requested_by) == (HUNG, "supervisor")


def test_who_has_not_said_that_it_knows_the_signal_does_not_get_it() -> None:
    known, effects = _lost()
    assert known.state is State.KILLING
    assert fx.RequestTraceback(CHILD) not in effects


def test_what_ends_of_itself_while_it_is_asked_where_it_hangs_is_followed() -> None:
    known, _ = going(_lost(writes_traceback=True)[0], ev.Exited(1, 0), ev.Flushed(1), now_s=130.1)
    assert (known.state, known.life.number) == (State.STARTING, 2)


def test_what_hangs_again_and_again_is_given_up() -> None:
    known = running(max_recoveries_per_hour=2, max_crashes=0)
    now_s = 100.0
    for life in (1, 2, 3):
        known, _ = going(known, ev.Hello(life), now_s=now_s)
        known, _ = going(known, ev.DeadlinePassed(), now_s=now_s + 1000)
        known, effects = going(known, ev.Exited(life, None, "SIGKILL"), ev.Flushed(life), now_s=now_s + 1000)
        if life < 3:
            assert known.state is State.STARTING
            known, _ = going(known, ev.Spawned(life + 1, CHILD), ev.Ready(life + 1), now_s=now_s + 1000)
        now_s += 1000
    assert known.state is State.FATAL
    assert known.desired is DesiredState.UP
    assert known.reason == Reason("recovery_limit", {"count": 2, "reason": HUNG})
    assert errors(effects) == ["start_failed"]


# --- what is unwell ---


def test_what_is_unwell_goes_the_way_of_a_restart() -> None:
    known, effects = _unwell(running(), 5000)
    assert known.state is State.RUNNING
    assert effects[-1] == fx.RunCheck()
    assert known.restart is not None
    assert known.restart.requested_by == "supervisor"
    assert known.restart.reason == Reason("unhealthy", {"time_s": 3600, "parts": "buttons"})
    known, effects = going(known, ev.CheckFinished(1, None), now_s=5001)
    assert known.state is State.DRAINING
    assert effects == [fx.RequestDrain(1, 30, "restart")]
    known = _next_life(known, 5002)
    assert (known.state, known.life.number, known.life.health_record.unhealthy_since_s) == (State.RUNNING, 2, None)


def test_memory_above_the_limit_leads_the_same_way() -> None:
    known, effects = going(running(memory_max=1024), ev.MemorySampled(1, 1024))
    assert known.restart is None
    known, effects = going(known, ev.MemorySampled(1, 1025))
    assert effects[-1] == fx.RunCheck()
    # one that is on its way already is not asked for again
    assert going(known, ev.MemorySampled(1, 1025))[1] == []


def test_if_the_check_of_its_successor_fails_it_is_left_alone_for_a_while_and_never_given_up() -> None:
    known, now_s = running(memory_max=1024, max_recoveries_per_hour=1), 100.0
    for _ in range(5):
        known, effects = going(known, ev.MemorySampled(1, 2048), now_s=now_s)
        assert effects[-1] == fx.RunCheck()
        known, _ = going(known, ev.CheckFinished(1, BROKEN), now_s=now_s + 1)
        assert going(known, ev.MemorySampled(1, 2048), now_s=now_s + GRACE_PERIOD_S - 1)[1] == []
        now_s += GRACE_PERIOD_S
    assert (known.state, known.recoveries_s) == (State.RUNNING, ())


@pytest.mark.parametrize("check", [(), ("shop", "--check")])
def test_what_is_unwell_too_often_is_drained_and_given_up(check: tuple[str, ...]) -> None:
    known = running(memory_max=1024, max_recoveries_per_hour=2, check=check)
    for life in (1, 2):
        known, _ = going(known, ev.MemorySampled(life, 2048), ev.CheckFinished(life, None), now_s=100.0 * life)
        assert known.state is State.DRAINING
        known = _next_life(known, 100.0 * life)
    known, effects = going(known, ev.MemorySampled(3, 2048), now_s=300)
    assert known.state is State.DRAINING
    assert effects[-1] == fx.RequestDrain(3, 30, "stop")
    known, effects = going(known, ev.Drained(3), ev.Exited(3, 0), ev.Flushed(3), now_s=301)
    assert known.state is State.FATAL
    assert known.reason is not None
    assert (known.reason.code, known.reason.params["count"]) == ("recovery_limit", 2)
    # whoever starts it, starts afresh
    known, _ = going(known, ev.Start(), ev.Spawned(4, CHILD), ev.Hello(4), ev.Ready(4), now_s=302)
    assert known.state is State.RUNNING
    assert going(known, ev.MemorySampled(4, 2048), now_s=303)[0].restart is not None or not check


def test_an_operator_who_asks_meanwhile_is_heard() -> None:
    known = replace(running(memory_max=1024, max_recoveries_per_hour=1), recoveries_s=(99.0,))
    known, _ = going(known, ev.MemorySampled(1, 2048), ev.RestartRequested(EDITED, "Admin"), ev.Drained(1))
    known, effects = going(known, ev.Exited(1, 0), ev.Flushed(1))
    assert effects[-1] == fx.Spawn(2)


def test_after_an_hour_it_may_be_tried_again() -> None:
    known = replace(running(memory_max=1024, max_recoveries_per_hour=1), recoveries_s=(100.0,))
    assert going(known, ev.MemorySampled(1, 2048), now_s=100 + RECOVERY_WINDOW_S - 1)[0].state is State.DRAINING
    assert going(known, ev.MemorySampled(1, 2048), now_s=100 + RECOVERY_WINDOW_S)[1][-1] == fx.RunCheck()


def test_a_restart_that_others_ask_for_is_no_recovery() -> None:
    known, _ = going(
        running(), ev.RestartRequested(Reason("schedule", {"time": "04:00"}), "schedule"), ev.CheckFinished(1, None)
    )
    assert (known.state, known.recoveries_s) == (State.DRAINING, ())


# --- what a dead life leaves behind ---


@pytest.mark.parametrize("way", ["crash", "restart", "stop", "starting"])
def test_nothing_starts_and_no_cache_is_switched_beside_what_is_left_of_a_life(way: str) -> None:
    known = running()
    if way == "restart":
        known, _ = going(known, ev.RestartRequested(EDITED, "Admin"), ev.CheckFinished(1, None), ev.Drained(1))
    if way == "stop":
        known, _ = going(known, ev.Stop(), ev.Drained(1))
    if way == "starting":
        known = replace(known, state=State.STARTING)
    known, effects = going(known, ev.Exited(1, 3, left=LEFT))
    assert (known.state, known.child) == (State.KILLING, LEFT)
    assert fx.Kill(LEFT) in effects
    assert not {fx.Flush, fx.Spawn} & set(_kinds(effects))
    assert deadline(known) == 100 + KILL_TIMEOUT_S
    another = ProcessId(78, 6, "boot")
    known, effects = going(known, ev.Exited(1, left=another), now_s=105)
    assert (known.child, deadline(known)) == (another, 100 + KILL_TIMEOUT_S)
    assert effects == [fx.Kill(another)]
    known, effects = going(known, ev.Exited(1), now_s=106)
    assert [type(one) for one in effects] == [fx.Flush]
    assert known.last_exit is not None
    assert known.last_exit.code == 3  # how the life ended, not what it left
    known, effects = going(known, ev.Flushed(1), now_s=106)
    assert known.state is (State.STOPPED if way == "stop" else State.STARTING)


def test_if_that_cannot_be_killed_it_is_given_up_and_taken_up_again() -> None:
    known, _ = going(running(), ev.Exited(1, 3, left=LEFT), ev.DeadlinePassed(), now_s=100)
    assert (known.state, known.child) == (State.FATAL, LEFT)
    assert known.reason == Reason("unkillable", {"pid": 77, "life": 1})
    assert going(known, ev.Adopted(1))[0].child == LEFT
    insisting, effects = going(known, ev.Start())
    assert (insisting.state, effects[-1]) == (State.KILLING, fx.Kill(LEFT))
    known, effects = going(known, ev.Exited(1))
    assert _kinds(effects) == [fx.LogLine, fx.Flush]
    known, _ = going(known, ev.Flushed(1))
    assert (known.state, known.child) == (State.FATAL, None)
