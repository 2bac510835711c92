"""The hand-over: the next life is prepared beside the current one, takes over, and can be replaced by it again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from supervisor.lifecycle import effects as fx
from supervisor.lifecycle import events as ev
from supervisor.lifecycle.machine import deadline, standby_deadline
from supervisor.lifecycle.model import DesiredState, Phases, ProgramState, Reason, RestartReport, StandbyState, State
from supervisor.lifecycle.standby import PROBATION_ANSWERS, PROBATION_SILENCE_S
from supervisor.lifecycle.start_order import is_down
from tests.unit.supervisor.lifecycle.test_machine import BROKEN, CHILD, EDITED, OTHER, errors, run, starting

TICKET = {"channel": 7}


def serving(**settings: object) -> ProgramState:
    """Return a program whose life 1 can hand over."""
    return run(starting(handover=True, **settings), ev.Hello(1, role="serving"), ev.Ready(1))[0]


def preparing(**settings: object) -> ProgramState:
    program = run(serving(**settings), ev.RestartRequested(EDITED, "Admin", TICKET), now_s=101)[0]
    return run(program, ev.CheckFinished(1, None), ev.Spawned(2, OTHER), ev.Hello(2, role="prepared"), now_s=102)[0]


def quiescing(**settings: object) -> ProgramState:
    return run(preparing(**settings), ev.Prepared(2), now_s=104)[0]


def flushing(**settings: object) -> ProgramState:
    return run(quiescing(**settings), ev.Drained(1, flushed_entries=5), now_s=105)[0]


def taking_over(**settings: object) -> ProgramState:
    return run(flushing(**settings), ev.Flushed(1), now_s=105.5)[0]


def on_probation(**settings: object) -> ProgramState:
    return run(taking_over(**settings), ev.Ready(2, handed_over=3), now_s=106)[0]


def retiring(**settings: object) -> ProgramState:
    return run(on_probation(**settings), ev.Heartbeat(2, {}), ev.StandbyDeadlinePassed(), now_s=116)[0]


def reports(effects: list[fx.Effect]) -> list[RestartReport]:
    return [effect.report for effect in effects if isinstance(effect, fx.RestartFinished)]


def test_hand_over_from_the_request_to_the_end_of_the_old_life() -> None:
    program, effects = run(serving(), ev.RestartRequested(EDITED, "Admin", TICKET), now_s=101)
    assert effects == [fx.RunCheck()]
    program, effects = run(program, ev.CheckFinished(1, None), now_s=102)
    assert (program.state, program.life.number, effects) == (State.RUNNING, 1, [fx.SpawnPrepared(2)])
    program, effects = run(program, ev.Spawned(2, OTHER), ev.Hello(2, role="prepared"), now_s=103)
    assert effects == [fx.Welcome(2, None, 59.0)]
    program, effects = run(program, ev.Prepared(2), now_s=104)
    assert (program.state, effects) == (State.DRAINING, [fx.RequestDrain(1, 10.0, "handover")])
    program, effects = run(program, ev.Drained(1, flushed_entries=5), now_s=105)
    assert (program.state, program.child, effects) == (State.FLUSHING, CHILD, [fx.Flush(1, "all", 2)])
    program, effects = run(program, ev.Flushed(1), now_s=105.5)
    assert (program.state, program.life.number, program.child) == (State.STARTING, 2, OTHER)
    assert effects == [fx.Serve(2, OTHER, TICKET, 10.0)]
    program, effects = run(program, ev.Ready(2, handed_over=3), now_s=106)
    assert program.state is State.RUNNING
    [report] = reports(effects)
    assert (report.ok, report.from_life, report.to_life, report.downtime_s) == (True, 1, 2, 1.0)
    assert (report.handover, report.handed_over, report.flushed_entries) == (True, 3, 5)
    assert report.phases == Phases(check_s=1.0, prepare_s=2.0, quiesce_s=1.0, flush_s=0.5, serve_s=0.5)
    program, effects = run(program, ev.Heartbeat(2, {}), ev.StandbyDeadlinePassed(), now_s=116)
    assert effects == [fx.Retire(1, 30.0)]
    program, effects = run(program, ev.Exited(1, 0), now_s=117)
    assert (program.state, program.standby) == (State.RUNNING, None)
    assert fx.ReportRetired(2, 1) in effects


def test_a_prepared_life_counts_as_a_start_of_the_day() -> None:
    assert sum(preparing().starts.values()) == 2
    limited = replace(serving(max_starts_per_day=1), restart=None)
    assert errors(run(limited, ev.RestartRequested(EDITED, "Admin"))[1]) == ["refused"]


@pytest.mark.parametrize(
    ("settings", "hello", "request_cold"),
    [
        ({"handover": False}, "serving", False),
        ({}, None, False),
        ({}, "serving", True),
        ({"drain": False}, "serving", False),
    ],
)
def test_without_a_hand_over_the_old_life_ends_first(
    settings: dict[str, object], hello: str | None, request_cold: bool
) -> None:
    program = run(starting(**{"handover": True, **settings}), ev.Hello(1, role=hello), ev.Ready(1))[0]
    request = ev.RestartRequested(EDITED, "Admin", is_cold=request_cold)
    program, _ = run(program, request, ev.CheckFinished(1, None))
    assert program.standby is None and program.state in (State.DRAINING, State.STOPPING)
    assert program.restart is not None and program.restart.cold_reason is None


@pytest.mark.parametrize("code", [0, 1, 77, 78, None])
def test_the_old_life_goes_on_when_the_next_one_ends_before_it_is_prepared(code: int | None) -> None:
    program, effects = run(preparing(), ev.Goodbye(2, code or 1, "refused"), ev.Exited(2, code))
    assert (program.state, program.life.number, program.standby, program.restart) == (State.RUNNING, 1, None, None)
    [report] = reports(effects)
    assert report.error is not None and report.error.code == "prepare_failed"
    assert report.error.params["code"] == (1 if code is None else code)


def test_the_old_life_goes_on_when_the_next_one_is_not_prepared_in_time() -> None:
    program = preparing()
    assert standby_deadline(program) == 102 + 60
    program, effects = run(program, ev.StandbyDeadlinePassed(), now_s=162)
    assert (program.state, program.restart) == (State.RUNNING, None)
    assert fx.Terminate(OTHER) in effects and errors(effects) == ["prepare_failed"]
    assert run(program, ev.Exited(2, 0))[0].standby is None


COLD: dict[str, Callable[[ProgramState], tuple[ProgramState, list[fx.Effect]]]] = {
    "try again": lambda program: run(program, ev.Goodbye(2, 75, "no IDENTIFYs left"), ev.Exited(2, 75)),
    "no memory": lambda program: run(program, ev.CannotPrepare(2, Reason("memory_low"))),
}


@pytest.mark.parametrize("why", COLD)
def test_a_hand_over_that_is_not_possible_becomes_a_cold_restart_that_says_why(why: str) -> None:
    program, effects = COLD[why](preparing())
    assert (program.state, program.standby) == (State.DRAINING, None)
    assert fx.RequestDrain(1, 30.0, "restart") in effects
    program = run(program, ev.Drained(1), ev.Exited(1, 0), ev.Flushed(1), ev.Spawned(3, CHILD), ev.Hello(3))[0]
    [report] = reports(run(program, ev.Ready(3))[1])
    assert report.ok and not report.handover and report.cold_reason is not None and report.to_life == 3


def test_a_life_that_cannot_serve_beside_the_old_one_waits_for_its_end() -> None:
    program, effects = run(preparing(), ev.Prepared(2, needs_exclusive=True))
    assert effects == [fx.RequestDrain(1, 30.0, "restart")]
    program, effects = run(program, ev.Drained(1), ev.Exited(1, 0), ev.Flushed(1))
    assert (program.state, program.life.number, program.standby) == (State.STARTING, 2, None)
    assert effects[-2:] == [fx.Serve(2, OTHER, TICKET, 10.0), fx.ReportRetired(2, 1)]
    [report] = reports(run(program, ev.Ready(2))[1])
    assert report.ok and report.handover


@pytest.mark.parametrize("state", [preparing, quiescing, flushing])
def test_a_crash_of_the_old_life_lets_the_next_one_serve(state: Callable[[], ProgramState]) -> None:
    program, effects = run(state(), ev.Exited(1, None, "SIGKILL"), ev.Flushed(1))
    if state is flushing:
        assert program.life.number == 2
        return  # it had handed over already
    assert (program.state, program.life.number, program.standby) == (State.STARTING, 2, None)
    program, more = run(program, ev.Prepared(2))
    assert fx.Serve(2, OTHER, TICKET, 10.0) in [*effects, *more]
    assert fx.ReportRetired(2, 1) in [*effects, *more]
    program, effects = run(program, ev.Ready(2))
    assert program.state is State.RUNNING and [report.ok for report in reports(effects)] == [True]


def test_a_next_life_that_ends_while_the_old_one_finishes_all_its_work_is_reported() -> None:
    program = run(preparing(), ev.Prepared(2, needs_exclusive=True), ev.Drained(1), now_s=104)[0]
    program = run(program, ev.Goodbye(2, 75, "no disk space"), ev.Exited(2, 75), ev.Exited(1, 0), ev.Flushed(1))[0]
    program = run(program, ev.Spawned(3, CHILD), ev.Hello(3))[0]
    [report] = reports(run(program, ev.Ready(3))[1])
    assert (report.ok, report.handover, report.to_life) == (True, False, 3)
    assert report.cold_reason is not None


def test_when_restarts_for_health_do_not_help_the_life_before_does_not_serve_again() -> None:
    program = replace(on_probation(memory_max=1024, max_recoveries_per_hour=1), recoveries_s=(100.0,))
    program, effects = run(program, ev.MemorySampled(2, 2048), now_s=110)
    assert [fx.Retire(1, 30.0), fx.RequestDrain(2, 30.0, "stop")] == effects
    program = run(program, ev.Drained(2), ev.Exited(2, 0), ev.Flushed(2), now_s=111)[0]
    assert (program.state, program.reason and program.reason.code) == (State.FATAL, "recovery_limit")


def test_an_old_life_that_does_not_hand_over_is_ended_first() -> None:
    program, effects = run(quiescing(), ev.DeadlinePassed(), now_s=114)
    assert (program.state, fx.Terminate(CHILD) in effects) == (State.STOPPING, True)
    program, effects = run(program, ev.Exited(1, None, "SIGTERM"), ev.Flushed(1))
    assert (program.state, program.life.number) == (State.STARTING, 2)
    assert fx.Serve(2, OTHER, TICKET, 10.0) in effects


@pytest.mark.parametrize("state", [quiescing, flushing])
def test_the_old_life_serves_again_when_the_next_one_dies_during_the_cut(state: Callable[[], ProgramState]) -> None:
    program = run(state(), ev.Exited(2, 1), ev.Drained(1), ev.Flushed(1))[0]
    assert (program.state, program.life.number, program.child) == (State.STARTING, 1, CHILD)
    program, effects = run(program, ev.Ready(1))
    assert (program.state, errors(effects)) == (State.RUNNING, ["prepare_failed"])


def test_the_old_life_serves_again_when_the_next_one_dies_before_it_is_ready() -> None:
    program, effects = run(taking_over(), ev.Exited(2, 1), ev.Flushed(2))
    assert (program.state, program.life.number, program.child, program.standby) == (State.STARTING, 1, CHILD, None)
    assert effects[-3:] == [fx.Flush(2, "temporary", 1), fx.Serve(1, CHILD, None, 10.0), fx.ReportRetired(1, 2)]
    program, effects = run(program, ev.Ready(1))
    assert (program.state, errors(effects)) == (State.RUNNING, ["handover_failed"])
    program, effects = run(program, ev.RestartRequested(EDITED, "Admin"), ev.CheckFinished(1, None))
    assert fx.SpawnPrepared(3) in effects, "a number used twice"


@pytest.mark.parametrize("code", [1, 75, 78, None])
def test_the_old_life_serves_again_when_the_next_one_dies_on_probation(code: int | None) -> None:
    program, effects = run(on_probation(), ev.Exited(2, code), ev.Flushed(2), now_s=109)
    assert (program.state, program.life.number) == (State.STARTING, 1)
    program, effects = run(program, ev.Ready(1), now_s=109.5)
    [report] = reports(effects)
    assert (report.ok, report.from_life, report.to_life, report.reason.code) == (True, 2, 1, "crash")


def test_a_life_on_probation_that_is_silent_is_killed_and_the_old_one_serves() -> None:
    program = run(on_probation(), ev.Heartbeat(2, {}), now_s=108)[0]
    assert deadline(program) == 108 + PROBATION_SILENCE_S
    program, effects = run(program, ev.DeadlinePassed(), now_s=108 + PROBATION_SILENCE_S)
    assert program.state is State.KILLING
    program, effects = run(program, ev.Exited(2, None, "SIGKILL"), ev.Flushed(2), ev.Ready(1), now_s=115)
    assert (program.state, program.life.number) == (State.RUNNING, 1)
    assert reports(effects)[0].reason.code == "hung"


def test_a_life_that_is_silent_at_the_end_of_its_probation_has_not_proved_itself() -> None:
    program, effects = run(on_probation(), ev.Heartbeat(2, {}), now_s=113)
    program, effects = run(program, ev.StandbyDeadlinePassed(), now_s=116)
    assert effects == [] and (standby_deadline(program) or 0) > (deadline(program) or 0)


def test_enough_answers_end_the_probation() -> None:
    program, effects = run(on_probation(), ev.Heartbeat(2, {}, answered=PROBATION_ANSWERS - 1), now_s=107)
    assert effects == []
    assert run(program, ev.Heartbeat(2, {}, answered=PROBATION_ANSWERS), now_s=107)[1] == [fx.Retire(1, 30.0)]


def test_after_the_probation_a_crash_starts_the_next_life() -> None:
    program, effects = run(retiring(), ev.Exited(2, 1), ev.Flushed(2), now_s=120)
    assert (program.state, effects[-1]) == (State.STARTING, fx.Spawn(3))
    assert program.standby is not None, "it still finishes its work"


def test_a_retiring_life_that_does_not_end_is_terminated_then_killed() -> None:
    program = retiring()
    assert standby_deadline(program) == 116 + 30 + 10
    program, effects = run(program, ev.StandbyDeadlinePassed(), now_s=156)
    assert effects == [fx.Terminate(CHILD)]
    program, effects = run(program, ev.StandbyDeadlinePassed(), now_s=166)
    assert fx.Kill(CHILD, 1) in effects
    program, effects = run(program, ev.StandbyDeadlinePassed(), now_s=176)
    assert (program.state, program.standby) == (State.RUNNING, None)


def test_a_second_restart_waits_until_the_life_before_has_ended() -> None:
    program, effects = run(on_probation(), ev.RestartRequested(EDITED, "Admin"), ev.CheckFinished(2, None), now_s=107)
    assert effects[-1] == fx.Retire(1, 30.0)
    program, effects = run(program, ev.Exited(1, 0), now_s=108)
    assert effects[-1] == fx.SpawnPrepared(3)


def test_a_cold_restart_on_probation_does_not_let_the_life_before_serve() -> None:
    request = ev.RestartRequested(EDITED, "Admin", is_cold=True)
    program, effects = run(on_probation(), request, ev.CheckFinished(2, None), now_s=107)
    assert (program.state, effects[-1]) == (State.RUNNING, fx.Retire(1, 30.0))
    program, effects = run(program, ev.Exited(1, 0), now_s=108)
    assert (program.state, effects[-1]) == (State.DRAINING, fx.RequestDrain(2, 30.0, "restart"))
    _, effects = run(program, ev.Drained(2), ev.Exited(2, 0), ev.Flushed(2), now_s=109)
    assert effects[-1] == fx.Spawn(3)


@pytest.mark.parametrize("is_linked", [True, False])
def test_a_restart_on_probation_ends_the_life_before_first(is_linked: bool) -> None:
    events: list[ev.Event] = [ev.RestartRequested(EDITED, "Admin"), ev.CheckFinished(2, None)]
    program, effects = run(on_probation(), *([] if is_linked else [ev.Disconnected(2)]), *events, now_s=107)
    assert (program.state, effects[-1]) == (State.RUNNING, fx.Retire(1, 30.0))


@pytest.mark.parametrize("state", [preparing, quiescing, flushing, taking_over, on_probation, retiring])
def test_stop_ends_both_lives(state: Callable[[], ProgramState]) -> None:
    program, effects = run(state(), ev.Stop(), now_s=120)
    assert program.desired is DesiredState.DOWN and program.restart is None
    ending = {fx.Retire(1, 30.0), fx.Terminate(OTHER)}
    assert state is retiring or len(ending & {one for one in effects if isinstance(one, fx.Retire | fx.Terminate)}) >= 1
    assert program.standby is not None and program.standby.state in (StandbyState.RETIRING, StandbyState.STOPPING)
    numbers = (1, 2) if program.life.number == 1 else (2, 1)
    for number in numbers:
        program, _ = run(program, ev.Drained(number), ev.Exited(number, 0), ev.Flushed(number), now_s=121)
        program, _ = run(program, ev.Drained(number), ev.Exited(number, 0), ev.Flushed(number), now_s=121)
    assert (program.state, program.child, program.standby) == (State.STOPPED, None, None)
    assert is_down(program)


def test_a_program_with_a_second_process_is_not_down() -> None:
    program = run(retiring(), ev.Stop(), ev.Drained(2), ev.Exited(2, 0), ev.Flushed(2))[0]
    assert program.state is State.STOPPED and not is_down(program)
    assert is_down(run(program, ev.Exited(1, 0))[0])


ADOPTED: dict[Callable[[], ProgramState], StandbyState] = {
    preparing: StandbyState.PREPARING,
    on_probation: StandbyState.WAITING,
    retiring: StandbyState.RETIRING,
}


@pytest.mark.parametrize("state", ADOPTED)
def test_a_new_supervisor_adopts_both_lives_in_their_roles(state: Callable[[], ProgramState]) -> None:
    before = state()
    program, _ = run(before, ev.Adopted(before.life.number), now_s=200)
    assert program.standby is not None and program.standby.state is ADOPTED[state]
    assert (standby_deadline(program) or 0) > 200
    assert (program.life.number, program.restart) == (before.life.number, before.restart)


def test_a_new_supervisor_repeats_the_requests_that_may_be_lost() -> None:
    program = run(taking_over(), ev.Adopted(2), now_s=200)[0]
    assert fx.Serve(2, OTHER, TICKET, 10.0) in run(program, ev.Hello(2, role="prepared"), now_s=201)[1]
    program = run(quiescing(), ev.Adopted(1), now_s=200)[0]
    assert fx.RequestDrain(1, 29.0, "handover") in run(program, ev.Hello(1, role="serving"), now_s=201)[1]
    program = run(retiring(), ev.Adopted(2), now_s=200)[0]
    assert fx.Retire(1, 40.0) in run(program, ev.Hello(1, role="retiring"), now_s=200)[1]
    program, effects = run(flushing(), ev.Adopted(1), now_s=200)
    assert fx.Flush(1, "all", 2) in effects


def test_the_serving_life_learns_whether_the_one_before_still_runs() -> None:
    assert fx.Welcome(2, None, None, 1) in run(on_probation(), ev.Hello(2, role="serving"))[1]
    assert fx.Welcome(1, None) in run(preparing(), ev.Hello(1, role="serving"))[1]


def test_what_the_next_life_leaves_behind_is_killed() -> None:
    program, effects = run(preparing(), ev.Exited(2, 1, left=CHILD))
    assert fx.Kill(CHILD, 2) in effects
    assert run(program, ev.Exited(2))[0].standby is None


def test_a_next_process_that_comes_too_late_is_killed() -> None:
    program = run(serving(), ev.RestartRequested(EDITED, "Admin"), ev.CheckFinished(1, None))[0]
    program = run(program, ev.SpawnFailed(2, BROKEN))[0]
    assert (program.state, program.standby) == (State.RUNNING, None)
    assert fx.Kill(OTHER, 2) in run(program, ev.Spawned(2, OTHER))[1]
