"""The machine: every state, every event; and the ways through it, by a clock that the test sets."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from supervisor.config.settings import Program
from supervisor.lifecycle import effects as fx
from supervisor.lifecycle import events as ev
from supervisor.lifecycle.machine import KILL_TIMEOUT_S, TABLE, deadline, step
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

EDITED, BROKEN = text_reason("edited"), text_reason("SyntaxError in shop.py")
CHILD = ProcessId(4242, 99, "boot")
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


def going(known: ProgramState, *happened: ev.Event, now_s: float = 100.0) -> tuple[ProgramState, list[fx.Effect]]:
    """Let events happen at one moment; return what is known then and all effects."""
    effects: list[fx.Effect] = []
    for event in happened:
        known, more = step(known, event, at(now_s))
        effects += more
    return known, effects


def errors(effects: list[fx.Effect]) -> list[str | None]:
    """Return the error codes of the restarts that are over, None for each that succeeded."""
    reports = [effect.report for effect in effects if isinstance(effect, fx.RestartFinished)]
    return [report.error.code if report.error else None for report in reports]


def fresh(**settings: object) -> ProgramState:
    return ProgramState(name="bot", settings=replace(PROGRAM, **settings))


def starting(**settings: object) -> ProgramState:
    return going(fresh(**settings), ev.Start(), ev.Spawned(1, CHILD))[0]


def running(**settings: object) -> ProgramState:
    return going(starting(**settings), ev.Hello(1), ev.Ready(1))[0]


def asked(known: ProgramState | None = None, ticket: dict[str, object] | None = None) -> ProgramState:
    return going(known or running(), ev.RestartRequested(EDITED, "Admin", ticket))[0]


def draining() -> ProgramState:
    return going(asked(), ev.CheckFinished(1, None))[0]


def stopping() -> ProgramState:
    return going(draining(), ev.Drained(1, ("order 7",), (), 12))[0]


def killing() -> ProgramState:
    return going(stopping(), ev.DeadlinePassed())[0]


def flushing() -> ProgramState:
    return going(stopping(), ev.Exited(1, 0))[0]


def backoff() -> ProgramState:
    known = running()
    for life in (1, 2):
        known = going(known, ev.Exited(life, 1), ev.Flushed(life), ev.Spawned(life + 1, CHILD))[0]
    return known


def fatal() -> ProgramState:
    return going(running(), ev.Exited(1, 78), ev.Flushed(1))[0]


IN_STATE = {
    State.STOPPED: fresh,
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
    ev.CheckFinished(0, None),
    ev.Spawned(0, CHILD),
    ev.SpawnFailed(0, BROKEN),
    ev.Hello(0),
    ev.Disconnected(0),
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

#: where an event leads from a state; everywhere else the state stays
LEADS: dict[tuple[State, type[ev.Event]], State] = {
    (State.STOPPED, ev.Start): State.STARTING,
    (State.STOPPED, ev.RestartRequested): State.STARTING,
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
    (State.BACKOFF, ev.Start): State.STARTING,
    (State.BACKOFF, ev.Stop): State.STOPPED,
    (State.BACKOFF, ev.RestartRequested): State.STARTING,
    (State.BACKOFF, ev.DeadlinePassed): State.STARTING,
    (State.BACKOFF, ev.Adopted): State.STARTING,
    (State.FATAL, ev.Start): State.STARTING,
    (State.FATAL, ev.RestartRequested): State.STARTING,
    (State.FATAL, ev.Stop): State.STOPPED,
    (State.FATAL, ev.Exited): State.FLUSHING,
}


def of_life(event: ev.Event, life: int) -> ev.Event:
    return replace(event, life=life) if isinstance(event, ev.LifeEvent) else event


def test_the_table_has_an_entry_for_every_state_and_event() -> None:
    kinds = {type(event) for event in SAMPLES}
    every = {one for one in [*ev.Event.__subclasses__(), *ev.LifeEvent.__subclasses__()] if one is not ev.LifeEvent}
    assert kinds == every
    assert set(TABLE) == {(state, kind) for state in State for kind in kinds}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_where_each_event_leads(state: State, event: ev.Event) -> None:
    known = IN_STATE[state]()
    assert known.state is state
    after, _ = going(known, of_life(event, known.life.number), now_s=110.0)
    assert after.state is LEADS.get((state, type(event)), state)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize(
    "event", [one for one in SAMPLES if isinstance(one, ev.LifeEvent)], ids=lambda e: type(e).__name__
)
def test_a_dead_life_is_not_listened_to(state: State, event: ev.LifeEvent) -> None:
    known = IN_STATE[state]()
    for life in (known.life.number - 1, known.life.number + 1):
        assert step(known, of_life(event, life), at(110)) == (known, [])


@pytest.mark.parametrize("state", sorted(set(State) - {State.STOPPED, State.RUNNING, State.FATAL}))
def test_whoever_waits_has_a_deadline(state: State) -> None:
    assert deadline(IN_STATE[state]()) is not None


def test_a_restart_goes_check_drain_stop_flush_start_ready_each_timed() -> None:
    known = running()
    known, effects = step(known, ev.RestartRequested(EDITED, "Admin", {"channel": 1}), at(200))
    assert (known.state, effects) == (State.RUNNING, [fx.RunCheck()])
    known, effects = step(known, ev.CheckFinished(1, None), at(201))
    assert (known.state, effects) == (State.DRAINING, [fx.RequestDrain(1, 30.0, "restart")])
    known, effects = step(known, ev.Drained(1, ("order 7",), ("stats",), 12), at(203))
    assert known.state is State.STOPPING
    assert effects == [fx.LogLine("warning", "work_cancelled", {"life": 1, "names": "stats"}), fx.Terminate(CHILD)]
    known, effects = step(known, ev.Exited(1, 0), at(203.5))
    assert (known.state, effects) == (State.FLUSHING, [fx.Flush(1, "all")])
    known, effects = step(known, ev.Flushed(1), at(203.6))
    assert (known.state, known.life.number, effects) == (State.STARTING, 2, [fx.Spawn(2)])
    known, effects = going(known, ev.Spawned(2, CHILD), ev.Hello(2), now_s=203.7)
    assert effects == [fx.Welcome(2, {"channel": 1})]
    known, effects = step(known, ev.Ready(2), at(207.6))
    report = next(effect.report for effect in effects if isinstance(effect, fx.RestartFinished))
    assert (report.ok, report.from_life, report.to_life, report.requested_by) == (True, 1, 2, "Admin")
    phases = report.phases
    assert [phases.check_s, phases.drain_s, phases.stop_s, phases.flush_s, phases.start_s] == pytest.approx(
        [1, 2, 0.5, 0.1, 4]
    )
    assert report.downtime_s == pytest.approx(6.6)
    assert (report.drained, report.cancelled, report.flushed_entries) == (("order 7",), ("stats",), 12)
    assert (known.restart, known.restarts) == (None, 1)


def test_a_failed_check_changes_nothing_and_is_told() -> None:
    known, effects = going(asked(), ev.CheckFinished(1, BROKEN))
    assert known == running()
    report = next(effect.report for effect in effects if isinstance(effect, fx.RestartFinished))
    assert (report.ok, report.to_life) == (False, None)
    assert report.error == Reason("check_failed", {"problem": BROKEN})


def test_a_check_that_never_ends_is_called_off() -> None:
    known = asked()
    known = going(known, ev.Heartbeat(1, {}), now_s=159)[0]
    assert deadline(known) == 160
    known, effects = going(known, ev.DeadlinePassed(), now_s=160)
    assert known.state is State.RUNNING
    assert effects[0] == fx.StopCheck()
    assert errors(effects) == ["check_failed"]


def test_a_second_restart_joins_the_first() -> None:
    known = asked()
    assert step(known, ev.RestartRequested(text_reason("again"), "Other"), at(101)) == (known, [])


def test_the_ticket_goes_to_the_next_life_until_one_is_ready() -> None:
    known = asked(ticket={"message": 5})
    known = going(
        known, ev.CheckFinished(1, None), ev.Drained(1), ev.Exited(1, 0), ev.Flushed(1), ev.Spawned(2, CHILD)
    )[0]
    known, effects = going(known, ev.Hello(2))
    assert effects == [fx.Welcome(2, {"message": 5})]
    known = going(known, ev.Exited(2, 1), ev.Flushed(2), ev.Spawned(3, CHILD))[0]
    known, effects = going(known, ev.Hello(3))
    assert effects == [fx.Welcome(3, {"message": 5})]
    known, effects = going(known, ev.Ready(3), ev.Hello(3))
    assert effects[-1] == fx.Welcome(3, None)


def test_the_release_of_a_life_is_what_it_says_itself() -> None:
    known = going(starting(), ev.Hello(1, "1.2.3"), ev.Ready(1))[0]
    assert known.life.version == "1.2.3"
    known = going(asked(known), ev.CheckFinished(1, None), ev.Drained(1), ev.Exited(1, 0), ev.Flushed(1))[0]
    assert known.life.version is None


def test_the_ticket_of_a_restart_that_came_to_nothing_goes_to_the_next_life_that_is_ready() -> None:
    known = asked(ticket={"message": 5})
    known = going(
        known, ev.CheckFinished(1, None), ev.Drained(1), ev.Exited(1, 0), ev.Flushed(1), ev.Spawned(2, CHILD)
    )[0]
    known = going(known, ev.Exited(2, 77), ev.Flushed(2))[0]
    assert (known.state, known.restart) == (State.FATAL, None)
    known, effects = going(known, ev.Start(), ev.Spawned(3, CHILD), ev.Hello(3))
    assert fx.Welcome(3, {"message": 5}) in effects
    assert going(known, ev.Ready(3), ev.Hello(3))[1][-1] == fx.Welcome(3, None)


def test_a_start_that_fails_is_part_of_the_start() -> None:
    known = going(asked(), ev.CheckFinished(1, None))[0]
    known = going(known, ev.Drained(1), now_s=101)[0]
    known = going(known, ev.Exited(1, 0), now_s=102)[0]
    known = going(known, ev.Flushed(1), ev.Spawned(2, CHILD), now_s=103)[0]
    known = going(known, ev.Exited(2, 1), now_s=108)[0]
    known = going(known, ev.Flushed(2), ev.Spawned(3, CHILD), now_s=110)[0]
    report = next(one.report for one in going(known, ev.Ready(3), now_s=120)[1] if isinstance(one, fx.RestartFinished))
    phases = report.phases
    assert (phases.drain_s, phases.stop_s, phases.flush_s, phases.start_s) == (1.0, 1.0, 1.0, 17.0)
    assert report.downtime_s == 20.0


@pytest.mark.parametrize("policy", ["always", "on-failure", "never"])
@pytest.mark.parametrize("code", [77, 78])
def test_a_refusal_or_a_bad_configuration_is_fatal_whatever_the_policy(policy: str, code: int) -> None:
    known = going(running(restart=policy), ev.Exited(1, code), ev.Flushed(1))[0]
    assert known.state is State.FATAL


def test_a_ticket_is_not_owed_while_the_old_life_serves_on() -> None:
    known = going(asked(ticket={"message": 5}), ev.CheckFinished(1, BROKEN))[0]
    assert known.undelivered_ticket is None
    known = going(known, ev.Exited(1, 1), ev.Flushed(1), ev.Spawned(2, CHILD))[0]
    assert going(known, ev.Hello(2))[1] == [fx.Welcome(2, None)]


@pytest.mark.parametrize(("hopeless", "state"), [(True, State.FATAL), (False, State.BACKOFF)])
def test_what_cannot_be_spawned_before_it_is_mended_is_given_up_and_the_rest_tried_again(
    hopeless: bool, state: State
) -> None:
    known = going(fresh(), ev.Start(), ev.SpawnFailed(1, BROKEN, hopeless), ev.Flushed(1))[0]
    assert known.state is state
    assert known.last_exit is not None
    assert (known.last_exit.code, known.last_exit.reason) == (78 if hopeless else 75, BROKEN)
    assert known.crashes_s == ()


def test_a_drain_that_never_ends_is_cut_off_and_reported() -> None:
    known = going(draining(), ev.Draining(1, ("order 7",)))[0]
    known, effects = going(known, ev.DeadlinePassed(), now_s=130)
    assert known.state is State.STOPPING
    assert fx.Terminate(CHILD) in effects
    assert known.restart is not None
    assert known.restart.cancelled == ("order 7",)


def test_a_life_that_never_had_a_link_is_stopped_at_once() -> None:
    known, effects = going(replace(running(), life=LifeState(1)), ev.Stop())
    assert (known.state, effects) == (State.STOPPING, [fx.Terminate(CHILD)])


def test_a_life_whose_link_broke_is_asked_to_drain_when_it_is_back() -> None:
    known = going(running(), ev.Disconnected(1), ev.Stop())[0]
    assert (known.state, known.deadline_s) == (State.DRAINING, 100 + 30)
    known, effects = going(known, ev.Hello(1))
    assert effects == [fx.Welcome(1, None), fx.RequestDrain(1, 30.0, "stop")]


def test_stop_is_the_same_way_with_the_wish_down() -> None:
    known, effects = going(running(), ev.Stop())
    assert (known.desired, effects) == (DesiredState.DOWN, [fx.RequestDrain(1, 30.0, "stop")])
    known = going(known, ev.Drained(1), ev.Exited(1, 0), ev.Flushed(1))[0]
    assert (known.state, known.child) == (State.STOPPED, None)


def test_a_stop_ends_the_restart_under_way_and_says_so() -> None:
    for known in (asked(), draining(), stopping(), flushing()):
        after, effects = going(known, ev.Stop())
        assert errors(effects) == ["stopped"]
        assert (after.desired, after.restart) == (DesiredState.DOWN, None)


def test_deaf_to_term_is_killed_and_deaf_to_kill_is_never_doubled() -> None:
    known, effects = going(stopping(), ev.DeadlinePassed())
    assert (known.state, known.deadline_s) == (State.KILLING, 100 + KILL_TIMEOUT_S)
    assert fx.Kill(CHILD) in effects
    known, effects = going(known, ev.DeadlinePassed())
    assert (known.state, known.child) == (State.FATAL, CHILD)
    assert any(isinstance(effect, fx.RestartFinished) and not effect.report.ok for effect in effects)
    known, effects = going(known, ev.Start())
    assert known.state is State.KILLING
    assert not any(isinstance(effect, fx.Spawn) for effect in effects)
    known = going(known, ev.Exited(1), ev.Flushed(1))[0]
    assert (known.state, known.life.number) == (State.STARTING, 2)


def test_crashes_are_answered_at_once_then_later_then_never() -> None:
    known = running()
    known, effects = going(known, ev.Exited(1, 1), ev.Flushed(1), ev.Spawned(2, CHILD))
    assert known.state is State.STARTING
    assert fx.Flush(1, "temporary") in effects
    waits = []
    for life in (2, 3):
        known = going(known, ev.Exited(life, 1), ev.Flushed(life))[0]
        assert known.state is State.BACKOFF
        assert known.deadline_s is not None
        waits.append(known.deadline_s - 100)
        known = going(known, ev.DeadlinePassed(), ev.Spawned(life + 1, CHILD))[0]
    assert waits == [pytest.approx(BACKOFF_FIRST_S, rel=JITTER), pytest.approx(2 * BACKOFF_FIRST_S, rel=JITTER)]
    known, effects = going(known, ev.Exited(4, 1), ev.Flushed(4))
    assert known.state is State.FATAL
    last = Reason("exit", {"code": 1})
    assert known.reason == Reason("crash_limit", {"count": 4, "time_s": 300, "reason": last})
    assert effects[-1] != fx.Spawn(5)


def test_crashes_outside_the_window_are_forgotten() -> None:
    known = running(max_crashes=1)
    known = going(known, ev.Exited(1, 1), ev.Flushed(1), ev.Spawned(2, CHILD), ev.Hello(2), ev.Ready(2))[0]
    known = going(known, ev.Exited(2, 1), ev.Flushed(2), now_s=401)[0]
    assert known.state is State.STARTING


def test_a_crash_is_a_restart_in_the_history() -> None:
    known = going(running(), ev.Exited(1, None, "SIGKILL"), ev.Flushed(1), ev.Spawned(2, CHILD))[0]
    _, effects = going(known, ev.Hello(2), ev.Ready(2), now_s=103)
    report = next(effect.report for effect in effects if isinstance(effect, fx.RestartFinished))
    assert (report.ok, report.requested_by) == (True, "supervisor")
    assert report.reason == Reason("crash", {"exit": Reason("signal", {"name": "SIGKILL"})})
    assert (report.phases.check_s, report.phases.drain_s, report.downtime_s) == (None, None, 3)


@pytest.mark.parametrize("code", [77, 78])
def test_codes_that_another_try_cannot_mend(code: int) -> None:
    known = going(starting(), ev.Hello(1), ev.Goodbye(1, code, "token refused; get a new one"), ev.Exited(1, code))[0]
    known, effects = going(known, ev.Flushed(1))
    said = text_reason("token refused; get a new one")
    assert (known.state, known.reason) == (State.FATAL, said)
    assert known.last_exit == ExitStatus(1, code, None, said, 1_000_100.0)
    assert effects == [fx.LogLine("critical", "gave_up", {"reason": said})]


def test_try_again_later_is_no_crash_and_waits_longer_each_time() -> None:
    known, waits = starting(), []
    for life in range(1, 9):
        known = going(known, ev.Exited(life, 75), ev.Flushed(life))[0]
        assert known.state is State.BACKOFF
        waits.append((known.deadline_s or 0) - 100)
        known = going(known, ev.DeadlinePassed(), ev.Spawned(life + 1, CHILD))[0]
    assert known.crashes_s == ()
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
def test_what_an_end_that_nobody_asked_for_leads_to(policy: str, code: int, state: State) -> None:
    known = going(running(restart=policy), ev.Exited(1, code), ev.Flushed(1))[0]
    assert (known.state, known.restart is None) == (state, state is State.STOPPED)


def test_the_day_has_so_many_starts() -> None:
    known = running(max_starts_per_day=1)
    known, effects = going(known, ev.RestartRequested(EDITED, "Admin"))
    assert known.state is State.RUNNING
    assert errors(effects) == ["refused"]
    known = going(known, ev.Exited(1, 1), ev.Flushed(1))[0]
    assert known.state is State.FATAL
    known = going(known, ev.Start(), now_s=100 + 25 * 3600)[0]
    assert known.state is State.STARTING


def test_starts_that_a_life_made_by_itself_count() -> None:
    known = running()
    for total in (2, 2, 5):
        known = going(known, ev.Heartbeat(1, {}, total))[0]
    assert sum(known.starts.values()) == 1 + 5


def test_silence_is_the_end_of_a_life() -> None:
    known = going(running(), ev.Heartbeat(1, {"buttons": {"is_healthy": True}}), now_s=120)[0]
    assert deadline(known) == 150
    known, effects = going(known, ev.DeadlinePassed(), now_s=150)
    assert known.state is State.KILLING
    assert fx.Kill(CHILD) in effects
    known = going(known, ev.Exited(1, None, "SIGKILL"), ev.Flushed(1))[0]
    assert (known.state, known.life.number) == (State.STARTING, 2)


def test_ready_by_staying_alive() -> None:
    known = starting(ready=5.0)
    assert deadline(known) == 105
    known = going(known, ev.Ready(1))[0]
    assert known.state is State.STARTING
    known = going(known, ev.DeadlinePassed(), now_s=105)[0]
    assert (known.state, deadline(known)) == (State.RUNNING, None)


def test_a_reboot_is_no_crash_and_the_ticket_is_kept() -> None:
    known = stopping()
    known = going(
        replace(
            known, state=State.STARTING, life=LifeState(2), restart=replace(known.restart or _never(), ticket={"a": 1})
        )
    )[0]
    known = going(known, ev.Exited(2, rebooted=True), ev.Flushed(2), ev.Spawned(3, CHILD), now_s=5)[0]
    assert (known.state, known.crashes_s) == (State.STARTING, ())
    _, effects = going(known, ev.Hello(3), now_s=6)
    assert effects == [fx.Welcome(3, {"a": 1})]


def _never() -> Restart:
    raise AssertionError("a program that is stopping for a restart knows of it")


def test_what_an_earlier_supervisor_began_goes_on() -> None:
    known, effects = going(draining(), ev.Adopted(1), ev.Hello(1), now_s=500)
    assert (known.state, known.deadline_s) == (State.DRAINING, 530)
    assert effects == [fx.Welcome(1, None), fx.RequestDrain(1, 30.0, "restart")]
    known, effects = going(stopping(), ev.Adopted(1), now_s=500)
    assert effects == [fx.Terminate(CHILD)]
    known, effects = going(flushing(), ev.Adopted(1), now_s=500)
    assert effects == [fx.Flush(1, "all")]
    known, effects = going(running(), ev.Adopted(1), now_s=500)
    assert (known.state, deadline(known), effects) == (State.RUNNING, 530, [])
