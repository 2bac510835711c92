"""The state machine: every event in every state, and the sequences, with a clock that the test sets."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from supervisor.config.settings import Program
from supervisor.lifecycle import effects as fx
from supervisor.lifecycle import events as ev
from supervisor.lifecycle.machine import OF_STANDBY, TABLE, deadline, step
from supervisor.lifecycle.model import (
    DesiredState,
    ExitStatus,
    Instant,
    LifeState,
    ProcessId,
    ProgramState,
    Reason,
    Restart,
    State,
    text_reason,
)
from supervisor.lifecycle.restart_policy import BACKOFF_FIRST_S, JITTER
from supervisor.lifecycle.restart_sequence import KILL_TIMEOUT_S

EDITED, BROKEN = text_reason("edited"), text_reason("SyntaxError in shop.py")
CHILD, OTHER = ProcessId(4242, 99, "boot"), ProcessId(4343, 100, "boot")
PROGRAM = Program(
    command=("shop",),
    check=("shop", "--check"),
    start_timeout_s=60,
    drain_timeout_s=30,
    stop_timeout_s=10,
    heartbeat_timeout_s=30,
    max_crashes=3,
    crash_window_s=300,
    max_starts_per_day=10,
)


def at(mono_s: float) -> Instant:
    return Instant(mono_s, 1_000_000.0 + mono_s)


def run(program: ProgramState, *events: ev.Event, now_s: float = 100.0) -> tuple[ProgramState, list[fx.Effect]]:
    """Run events at one moment; return the state after them and all effects."""
    effects: list[fx.Effect] = []
    for event in events:
        program, more = step(program, event, at(now_s))
        effects += more
    return program, effects


def errors(effects: list[fx.Effect]) -> list[str | None]:
    """Return the error codes of the restarts that are over, None for each that succeeded."""
    reports = [effect.report for effect in effects if isinstance(effect, fx.RestartFinished)]
    return [report.error.code if report.error else None for report in reports]


def stopped(**settings: object) -> ProgramState:
    return ProgramState(name="bot", settings=replace(PROGRAM, **settings))


def starting(**settings: object) -> ProgramState:
    return run(stopped(**settings), ev.Start(), ev.Spawned(1, CHILD))[0]


def running(**settings: object) -> ProgramState:
    return run(starting(**settings), ev.Hello(1), ev.Ready(1))[0]


def restarting(program: ProgramState | None = None, ticket: dict[str, object] | None = None) -> ProgramState:
    return run(program or running(), ev.RestartRequested(EDITED, "Admin", ticket))[0]


def draining() -> ProgramState:
    return run(restarting(), ev.CheckFinished(1, None))[0]


def stopping() -> ProgramState:
    return run(draining(), ev.Drained(1, ("order 7",), (), 12))[0]


def killing() -> ProgramState:
    return run(stopping(), ev.DeadlinePassed())[0]


def flushing() -> ProgramState:
    return run(stopping(), ev.Exited(1, 0))[0]


def backoff() -> ProgramState:
    program = running()
    for life in (1, 2):
        program = run(program, ev.Exited(life, 1), ev.Flushed(life), ev.Spawned(life + 1, CHILD))[0]
    return program


def fatal() -> ProgramState:
    return run(running(), ev.Exited(1, 78), ev.Flushed(1))[0]


IN_STATE = {
    State.STOPPED: stopped,
    State.STARTING: starting,
    State.RUNNING: running,
    State.DRAINING: draining,
    State.STOPPING: stopping,
    State.KILLING: killing,
    State.FLUSHING: flushing,
    State.BACKOFF: backoff,
    State.FATAL: fatal,
}

SAMPLES = (
    ev.Start(),
    ev.Stop(),
    ev.RestartRequested(EDITED, "Admin"),
    ev.Configured(PROGRAM, "all", "temporary"),
    ev.DeadlinePassed(),
    ev.StandbyDeadlinePassed(),
    ev.CheckFinished(0, None),
    ev.Spawned(0, CHILD),
    ev.SpawnFailed(0, BROKEN),
    ev.CannotPrepare(0, BROKEN),
    ev.Hello(0),
    ev.Disconnected(0),
    ev.Prepared(0),
    ev.Ready(0),
    ev.Heartbeat(0, {}),
    ev.MemorySampled(0, 1),
    ev.Draining(0, ("order 7",)),
    ev.Drained(0),
    ev.Goodbye(0, 0),
    ev.Exited(0, 1),
    ev.Flushed(0),
    ev.Adopted(0),
)

#: the next state; every other event leaves the state as it is
NEXT_STATE: dict[tuple[State, type[ev.Event]], State] = {
    (State.STOPPED, ev.Start): State.STARTING,
    (State.STOPPED, ev.RestartRequested): State.STARTING,
    (State.STOPPED, ev.Spawned): State.KILLING,
    (State.STARTING, ev.Stop): State.STOPPING,
    (State.STARTING, ev.RestartRequested): State.STOPPING,
    (State.STARTING, ev.DeadlinePassed): State.KILLING,
    (State.STARTING, ev.SpawnFailed): State.FLUSHING,
    (State.STARTING, ev.Ready): State.RUNNING,
    (State.STARTING, ev.Exited): State.FLUSHING,
    (State.RUNNING, ev.Stop): State.DRAINING,
    (State.RUNNING, ev.Exited): State.FLUSHING,
    (State.DRAINING, ev.DeadlinePassed): State.STOPPING,
    (State.DRAINING, ev.Drained): State.STOPPING,
    (State.DRAINING, ev.Exited): State.FLUSHING,
    (State.STOPPING, ev.DeadlinePassed): State.KILLING,
    (State.STOPPING, ev.Exited): State.FLUSHING,
    (State.KILLING, ev.DeadlinePassed): State.FATAL,
    (State.KILLING, ev.Exited): State.FLUSHING,
    (State.KILLING, ev.Adopted): State.STOPPING,
    (State.FLUSHING, ev.DeadlinePassed): State.STARTING,
    (State.FLUSHING, ev.Flushed): State.STARTING,
    (State.FLUSHING, ev.Spawned): State.KILLING,
    (State.BACKOFF, ev.Start): State.STARTING,
    (State.BACKOFF, ev.Stop): State.STOPPED,
    (State.BACKOFF, ev.RestartRequested): State.STARTING,
    (State.BACKOFF, ev.DeadlinePassed): State.STARTING,
    (State.BACKOFF, ev.Spawned): State.KILLING,
    (State.BACKOFF, ev.Adopted): State.STARTING,
    (State.FATAL, ev.Start): State.STARTING,
    (State.FATAL, ev.RestartRequested): State.STARTING,
    (State.FATAL, ev.Stop): State.STOPPED,
    (State.FATAL, ev.Spawned): State.KILLING,
    (State.FATAL, ev.Exited): State.FLUSHING,
}


def with_life(event: ev.Event, life: int) -> ev.Event:
    return replace(event, life=life) if isinstance(event, ev.LifeEvent) else event


def test_the_table_handles_every_event_in_every_state() -> None:
    kinds = {type(event) for event in SAMPLES}
    every = {
        event for event in [*ev.Event.__subclasses__(), *ev.LifeEvent.__subclasses__()] if event is not ev.LifeEvent
    }
    assert kinds == every
    assert set(TABLE) == {(state, kind) for state in State for kind in kinds}
    assert set(OF_STANDBY) == {kind for kind in kinds if issubclass(kind, ev.LifeEvent)}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_the_next_state_after_each_event(state: State, event: ev.Event) -> None:
    program = IN_STATE[state]()
    assert program.state is state
    after, _ = run(program, with_life(event, program.life.number), now_s=110.0)
    assert after.state is NEXT_STATE.get((state, type(event)), state)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize(
    "event",
    [event for event in SAMPLES if isinstance(event, ev.LifeEvent) and not isinstance(event, ev.Spawned)],
    ids=lambda e: type(e).__name__,
)
def test_events_of_another_life_are_ignored(state: State, event: ev.LifeEvent) -> None:
    program = IN_STATE[state]()
    for life in (program.life.number - 1, program.life.number + 1):
        assert step(program, with_life(event, life), at(110)) == (program, [])


# --- processes that the state does not expect ---


@pytest.mark.parametrize("state", State)
def test_a_process_of_another_life_is_killed(state: State) -> None:
    program = IN_STATE[state]()
    for life in (program.life.number - 1, program.life.number + 1):
        after, effects = step(program, ev.Spawned(life, OTHER), at(110))
        assert after == program
        assert effects[-1] == fx.Kill(OTHER, life)


@pytest.mark.parametrize("state", State)
def test_a_second_process_of_a_life_is_killed(state: State) -> None:
    program = replace(IN_STATE[state](), child=CHILD)
    after, effects = step(program, ev.Spawned(program.life.number, OTHER), at(110))
    assert after == program
    assert effects[-1] == fx.Kill(OTHER, program.life.number)
    assert step(program, ev.Spawned(program.life.number, CHILD), at(110)) == (program, [])


@pytest.mark.parametrize("state", [State.STOPPED, State.BACKOFF, State.FATAL, State.FLUSHING])
def test_a_late_process_is_killed_and_the_program_goes_on_from_its_state(state: State) -> None:
    before = IN_STATE[state]()
    life = before.life.number
    program, effects = run(before, ev.Spawned(life, OTHER))
    assert (program.state, program.child) == (State.KILLING, OTHER)
    assert effects[-1] == fx.Kill(OTHER, life)
    program, effects = run(program, ev.Exited(life, None, "SIGKILL"))
    if state is State.FLUSHING:
        assert (program.state, program.after_flush) == (state, before.after_flush)
        return
    program, effects = run(program, ev.Flushed(life))
    assert (program.state, program.child, program.reason, deadline(program)) == (
        state, None, before.reason, deadline(before),
    )  # fmt: skip


def test_a_start_whose_process_never_comes_times_out_as_a_failure() -> None:
    program, effects = run(run(stopped(), ev.Start())[0], ev.DeadlinePassed(), now_s=160)
    assert program.state is State.FLUSHING
    assert program.after_flush.reason == Reason("exit_with_reason", {
        "exit": Reason("exit", {"code": 75}), "reason": Reason("start_timeout", {"time_s": 60}),
    })  # fmt: skip
    program, effects = run(program, ev.Spawned(1, OTHER), now_s=161)
    assert effects[-1] == fx.Kill(OTHER, 1)


@pytest.mark.parametrize("state", sorted(set(State) - {State.STOPPED, State.RUNNING, State.FATAL}))
def test_every_waiting_state_has_a_deadline(state: State) -> None:
    assert deadline(IN_STATE[state]()) is not None


def test_restart_runs_and_times_every_phase() -> None:
    program = running()
    program, effects = step(program, ev.RestartRequested(EDITED, "Admin", {"channel": 1}), at(200))
    assert (program.state, effects) == (State.RUNNING, [fx.RunCheck()])
    program, effects = step(program, ev.CheckFinished(1, None), at(201))
    assert (program.state, effects) == (State.DRAINING, [fx.RequestDrain(1, 30.0, "restart")])
    program, effects = step(program, ev.Drained(1, ("order 7",), ("stats",), 12), at(203))
    assert program.state is State.STOPPING
    assert effects == [fx.LogLine("warning", "work_cancelled", {"life": 1, "names": "stats"}), fx.Terminate(CHILD)]
    program, effects = step(program, ev.Exited(1, 0), at(203.5))
    assert (program.state, effects) == (State.FLUSHING, [fx.Flush(1, "all", 2)])
    program, effects = step(program, ev.Flushed(1), at(203.6))
    assert (program.state, program.life.number, effects) == (State.STARTING, 2, [fx.Spawn(2)])
    program, effects = run(program, ev.Spawned(2, CHILD), ev.Hello(2), now_s=203.7)
    assert effects == [fx.Welcome(2, {"channel": 1})]
    program, effects = step(program, ev.Ready(2), at(207.6))
    report = next(effect.report for effect in effects if isinstance(effect, fx.RestartFinished))
    assert (report.ok, report.from_life, report.to_life, report.requested_by) == (True, 1, 2, "Admin")
    phases = report.phases
    assert [phases.check_s, phases.drain_s, phases.stop_s, phases.flush_s, phases.start_s] == pytest.approx(
        [1, 2, 0.5, 0.1, 4]
    )
    assert report.downtime_s == pytest.approx(6.6)
    assert (report.drained, report.cancelled, report.flushed_entries) == (("order 7",), ("stats",), 12)
    assert (program.restart, program.restarts) == (None, 1)


def test_a_failed_check_changes_nothing_and_is_reported() -> None:
    program, effects = run(restarting(), ev.CheckFinished(1, BROKEN, 78))
    assert program == running()
    report = next(effect.report for effect in effects if isinstance(effect, fx.RestartFinished))
    assert (report.ok, report.to_life) == (False, None)
    assert report.error == Reason("check_failed", {"problem": BROKEN, "code": 78})


def test_a_restart_that_ends_fatal_names_the_exit_code() -> None:
    program = run(restarting(), ev.CheckFinished(1, None), ev.Drained(1), ev.Exited(1, 0), ev.Flushed(1))[0]
    program, effects = run(program, ev.Spawned(2, CHILD), ev.Exited(2, 78), ev.Flushed(2))
    assert program.state is State.FATAL
    report = next(effect.report for effect in effects if isinstance(effect, fx.RestartFinished))
    assert report.error is not None
    assert (report.error.code, report.error.params["code"]) == ("start_failed", 78)


def test_check_timeout_cancels_the_restart() -> None:
    program = restarting()
    program = run(program, ev.Heartbeat(1, {}), now_s=159)[0]
    assert deadline(program) == 160
    program, effects = run(program, ev.DeadlinePassed(), now_s=160)
    assert program.state is State.RUNNING
    assert effects[0] == fx.StopCheck()
    assert errors(effects) == ["check_failed"]


def test_a_second_restart_joins_the_first() -> None:
    program = restarting()
    assert step(program, ev.RestartRequested(text_reason("again"), "Other"), at(101)) == (program, [])


def test_every_next_life_gets_the_ticket_until_one_is_ready() -> None:
    program = restarting(ticket={"message": 5})
    program = run(
        program, ev.CheckFinished(1, None), ev.Drained(1), ev.Exited(1, 0), ev.Flushed(1), ev.Spawned(2, CHILD)
    )[0]
    program, effects = run(program, ev.Hello(2))
    assert effects == [fx.Welcome(2, {"message": 5})]
    program = run(program, ev.Exited(2, 1), ev.Flushed(2), ev.Spawned(3, CHILD))[0]
    program, effects = run(program, ev.Hello(3))
    assert effects == [fx.Welcome(3, {"message": 5})]
    program, effects = run(program, ev.Ready(3), ev.Hello(3))
    assert effects[-1] == fx.Welcome(3, None)


def test_the_next_life_starts_without_the_version_of_the_old_one() -> None:
    program = run(starting(), ev.Hello(1, "1.2.3"), ev.Ready(1))[0]
    assert program.life.version == "1.2.3"
    program = run(restarting(program), ev.CheckFinished(1, None), ev.Drained(1), ev.Exited(1, 0), ev.Flushed(1))[0]
    assert program.life.version is None


def test_the_ticket_of_a_failed_restart_goes_to_the_next_life_that_is_ready() -> None:
    program = restarting(ticket={"message": 5})
    program = run(
        program, ev.CheckFinished(1, None), ev.Drained(1), ev.Exited(1, 0), ev.Flushed(1), ev.Spawned(2, CHILD)
    )[0]
    program = run(program, ev.Exited(2, 77), ev.Flushed(2))[0]
    assert (program.state, program.restart) == (State.FATAL, None)
    program, effects = run(program, ev.Start(), ev.Spawned(3, CHILD), ev.Hello(3))
    assert fx.Welcome(3, {"message": 5}) in effects
    assert run(program, ev.Ready(3), ev.Hello(3))[1][-1] == fx.Welcome(3, None)


def test_a_failed_start_counts_as_part_of_the_start_phase() -> None:
    program = run(restarting(), ev.CheckFinished(1, None))[0]
    program = run(program, ev.Drained(1), now_s=101)[0]
    program = run(program, ev.Exited(1, 0), now_s=102)[0]
    program = run(program, ev.Flushed(1), ev.Spawned(2, CHILD), now_s=103)[0]
    program = run(program, ev.Exited(2, 1), now_s=108)[0]
    program = run(program, ev.Flushed(2), ev.Spawned(3, CHILD), now_s=110)[0]
    report = next(one.report for one in run(program, ev.Ready(3), now_s=120)[1] if isinstance(one, fx.RestartFinished))
    phases = report.phases
    assert (phases.drain_s, phases.stop_s, phases.flush_s, phases.start_s) == (1.0, 1.0, 1.0, 17.0)
    assert report.downtime_s == 20.0


@pytest.mark.parametrize("policy", ["always", "on-failure", "never"])
@pytest.mark.parametrize("code", [77, 78])
def test_refused_access_or_a_bad_configuration_is_fatal_with_any_policy(policy: str, code: int) -> None:
    program = run(running(restart=policy), ev.Exited(1, code), ev.Flushed(1))[0]
    assert program.state is State.FATAL


def test_the_ticket_of_a_cancelled_restart_is_dropped_while_the_old_life_serves() -> None:
    program = run(restarting(ticket={"message": 5}), ev.CheckFinished(1, BROKEN))[0]
    assert program.undelivered_ticket is None
    program = run(program, ev.Exited(1, 1), ev.Flushed(1), ev.Spawned(2, CHILD))[0]
    assert run(program, ev.Hello(2))[1] == [fx.Welcome(2, None)]


@pytest.mark.parametrize(("hopeless", "state"), [(True, State.FATAL), (False, State.BACKOFF)])
def test_a_permanent_spawn_failure_is_fatal_and_another_is_retried(hopeless: bool, state: State) -> None:
    program = run(stopped(), ev.Start(), ev.SpawnFailed(1, BROKEN, hopeless), ev.Flushed(1))[0]
    assert program.state is state
    assert program.last_exit is not None
    assert (program.last_exit.code, program.last_exit.reason) == (78 if hopeless else 75, BROKEN)
    assert program.crashes_s == ()


def test_drain_timeout_reports_pending_work_as_cancelled() -> None:
    program = run(draining(), ev.Draining(1, ("order 7",)))[0]
    program, effects = run(program, ev.DeadlinePassed(), now_s=130)
    assert program.state is State.STOPPING
    assert fx.Terminate(CHILD) in effects
    assert program.restart is not None
    assert program.restart.cancelled == ("order 7",)


def test_a_life_that_never_connected_is_stopped_without_a_drain() -> None:
    program, effects = run(replace(running(), life=LifeState(1)), ev.Stop())
    assert (program.state, effects) == (State.STOPPING, [fx.Terminate(CHILD)])


def test_a_disconnected_life_is_drained_when_it_reconnects() -> None:
    program = run(running(), ev.Disconnected(1), ev.Stop())[0]
    assert (program.state, program.deadline_s) == (State.DRAINING, 100 + 30)
    program, effects = run(program, ev.Hello(1))
    assert effects == [fx.Welcome(1, None), fx.RequestDrain(1, 30.0, "stop")]


def test_stop_runs_the_same_phases_with_the_desired_state_down() -> None:
    program, effects = run(running(), ev.Stop())
    assert (program.desired, effects) == (DesiredState.DOWN, [fx.RequestDrain(1, 30.0, "stop")])
    program = run(program, ev.Drained(1), ev.Exited(1, 0), ev.Flushed(1))[0]
    assert (program.state, program.child) == (State.STOPPED, None)


def test_stop_cancels_the_restart_in_progress_and_reports_it() -> None:
    for program in (restarting(), draining(), stopping(), flushing()):
        after, effects = run(program, ev.Stop())
        assert errors(effects) == ["stopped"]
        assert (after.desired, after.restart) == (DesiredState.DOWN, None)


def test_sigkill_after_stop_timeout_and_no_second_process_beside_an_unkillable_one() -> None:
    program, effects = run(stopping(), ev.DeadlinePassed())
    assert (program.state, program.deadline_s) == (State.KILLING, 100 + KILL_TIMEOUT_S)
    assert fx.Kill(CHILD, 1) in effects
    program, effects = run(program, ev.DeadlinePassed())
    assert (program.state, program.child) == (State.FATAL, CHILD)
    assert any(isinstance(effect, fx.RestartFinished) and not effect.report.ok for effect in effects)
    program, effects = run(program, ev.Start())
    assert program.state is State.KILLING
    assert not any(isinstance(effect, fx.Spawn) for effect in effects)
    program = run(program, ev.Exited(1), ev.Flushed(1))[0]
    assert (program.state, program.life.number) == (State.STARTING, 2)


def test_crashes_restart_at_once_then_after_a_delay_then_not() -> None:
    program = running()
    program, effects = run(program, ev.Exited(1, 1), ev.Flushed(1), ev.Spawned(2, CHILD))
    assert program.state is State.STARTING
    assert fx.Flush(1, "temporary", 2) in effects
    waits = []
    for life in (2, 3):
        program = run(program, ev.Exited(life, 1), ev.Flushed(life))[0]
        assert program.state is State.BACKOFF
        assert program.deadline_s is not None
        waits.append(program.deadline_s - 100)
        program = run(program, ev.DeadlinePassed(), ev.Spawned(life + 1, CHILD))[0]
    assert waits == [pytest.approx(BACKOFF_FIRST_S, rel=JITTER), pytest.approx(2 * BACKOFF_FIRST_S, rel=JITTER)]
    program, effects = run(program, ev.Exited(4, 1), ev.Flushed(4))
    assert program.state is State.FATAL
    last = Reason("exit", {"code": 1})
    assert program.reason == Reason("crash_limit", {"count": 4, "time_s": 300, "reason": last})
    assert effects[-1] != fx.Spawn(5)


def test_crashes_outside_the_window_do_not_count() -> None:
    program = running(max_crashes=1)
    program = run(program, ev.Exited(1, 1), ev.Flushed(1), ev.Spawned(2, CHILD), ev.Hello(2), ev.Ready(2))[0]
    program = run(program, ev.Exited(2, 1), ev.Flushed(2), now_s=401)[0]
    assert program.state is State.STARTING


def test_a_crash_is_reported_as_a_restart() -> None:
    program = run(running(), ev.Exited(1, None, "SIGKILL"), ev.Flushed(1), ev.Spawned(2, CHILD))[0]
    _, effects = run(program, ev.Hello(2), ev.Ready(2), now_s=103)
    report = next(effect.report for effect in effects if isinstance(effect, fx.RestartFinished))
    assert (report.ok, report.requested_by) == (True, "supervisor")
    assert report.reason == Reason("crash", {"exit": Reason("signal", {"name": "SIGKILL"})})
    assert (report.phases.check_s, report.phases.drain_s, report.downtime_s) == (None, None, 3)


@pytest.mark.parametrize("code", [77, 78])
def test_fatal_exit_codes_keep_the_reason_of_the_goodbye(code: int) -> None:
    program = run(starting(), ev.Hello(1), ev.Goodbye(1, code, "token refused; get a new one"), ev.Exited(1, code))[0]
    program, effects = run(program, ev.Flushed(1))
    said = text_reason("token refused; get a new one")
    assert (program.state, program.reason) == (State.FATAL, said)
    assert program.last_exit == ExitStatus(1, code, None, said, 1_000_100.0)
    assert effects == [fx.LogLine("critical", "gave_up", {"reason": said})]


def test_a_program_that_fails_for_good_runs_on_failed() -> None:
    program = starting()
    program = replace(program, settings=replace(program.settings, on_failed=("tell",)), undelivered_ticket={"a": 1})
    program = run(program, ev.Hello(1), ev.Goodbye(1, 78, "no"), ev.Exited(1, 78))[0]
    _, effects = run(program, ev.Flushed(1))
    assert fx.RunOnFailed(1, text_reason("no"), {"a": 1}) in effects


def test_exit_75_is_no_crash_and_retries_with_growing_delays() -> None:
    program, waits = starting(), []
    for life in range(1, 9):
        program = run(program, ev.Exited(life, 75), ev.Flushed(life))[0]
        assert program.state is State.BACKOFF
        waits.append((program.deadline_s or 0) - 100)
        program = run(program, ev.DeadlinePassed(), ev.Spawned(life + 1, CHILD))[0]
    assert program.crashes_s == ()
    assert waits == [pytest.approx(min(5 * 2**n, 300), rel=JITTER) for n in range(8)]


@pytest.mark.parametrize(
    ("policy", "code", "state"),
    [
        ("always", 0, State.STARTING),
        ("always", 1, State.STARTING),
        ("on-failure", 0, State.STOPPED),
        ("on-failure", 1, State.STARTING),
        ("never", 0, State.STOPPED),
        ("never", 1, State.STOPPED),
    ],
)
def test_the_restart_policy_decides_after_an_unexpected_exit(policy: str, code: int, state: State) -> None:
    program = run(running(restart=policy), ev.Exited(1, code), ev.Flushed(1))[0]
    assert (program.state, program.restart is None) == (state, state is State.STOPPED)


def test_starts_per_day_are_limited() -> None:
    program = running(max_starts_per_day=1)
    program, effects = run(program, ev.RestartRequested(EDITED, "Admin"))
    assert program.state is State.RUNNING
    assert errors(effects) == ["refused"]
    program = run(program, ev.Exited(1, 1), ev.Flushed(1))[0]
    assert program.state is State.FATAL
    program = run(program, ev.Start(), now_s=100 + 25 * 3600)[0]
    assert program.state is State.STARTING


def test_extra_starts_of_a_life_count() -> None:
    program = running()
    for total in (2, 2, 5):
        program = run(program, ev.Heartbeat(1, {}, total))[0]
    assert sum(program.starts.values()) == 1 + 5


def test_a_life_without_heartbeats_is_killed() -> None:
    program = run(running(), ev.Heartbeat(1, {"buttons": {"is_healthy": True}}), now_s=120)[0]
    assert deadline(program) == 150
    program, effects = run(program, ev.DeadlinePassed(), now_s=150)
    assert program.state is State.KILLING
    assert fx.Kill(CHILD, 1) in effects
    program = run(program, ev.Exited(1, None, "SIGKILL"), ev.Flushed(1))[0]
    assert (program.state, program.life.number) == (State.STARTING, 2)


def test_ready_after_staying_alive() -> None:
    program = starting(ready=5.0)
    assert deadline(program) == 105
    program = run(program, ev.Ready(1))[0]
    assert program.state is State.STARTING
    program = run(program, ev.DeadlinePassed(), now_s=105)[0]
    assert (program.state, deadline(program)) == (State.RUNNING, None)


def test_a_reboot_is_no_crash_and_keeps_the_ticket() -> None:
    program = stopping()
    program = run(
        replace(
            program,
            state=State.STARTING,
            life=LifeState(2),
            restart=replace(program.restart or _never(), ticket={"a": 1}),
        )
    )[0]
    program = run(program, ev.Exited(2, rebooted=True), ev.Flushed(2), ev.Spawned(3, CHILD), now_s=5)[0]
    assert (program.state, program.crashes_s) == (State.STARTING, ())
    _, effects = run(program, ev.Hello(3), now_s=6)
    assert effects == [fx.Welcome(3, {"a": 1})]


def _never() -> Restart:
    raise AssertionError("a program that is stopping for a restart knows of it")


def test_a_new_supervisor_resumes_every_state() -> None:
    program, effects = run(draining(), ev.Adopted(1), ev.Hello(1), now_s=500)
    assert (program.state, program.deadline_s) == (State.DRAINING, 530)
    assert effects == [fx.Welcome(1, None), fx.RequestDrain(1, 30.0, "restart")]
    program, effects = run(stopping(), ev.Adopted(1), now_s=500)
    assert effects == [fx.Terminate(CHILD)]
    program, effects = run(flushing(), ev.Adopted(1), now_s=500)
    assert effects == [fx.Flush(1, "all", 2)]
    program, effects = run(running(), ev.Adopted(1), now_s=500)
    assert (program.state, deadline(program), effects) == (State.RUNNING, 530, [])
