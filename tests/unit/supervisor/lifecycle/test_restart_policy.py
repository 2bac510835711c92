"""What follows a crash, by how long the life had served. The clock is set by the test."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from supervisor.lifecycle import events as ev
from supervisor.lifecycle.machine import step
from supervisor.lifecycle.model import Instant, ProgramState, Reason, State
from supervisor.lifecycle.restart_policy import SERVED_LONG_S, recent_crashes
from supervisor.storage.journal import Journal
from tests.unit.supervisor.lifecycle.test_machine import CHILD, run, running, starting

#: when the life of `running` is ready
READY_S = 100.0
LONG_S = READY_S + SERVED_LONG_S
SHORT_S = LONG_S - 0.01


def _crash(program: ProgramState, now_s: float) -> ProgramState:
    """End the life, and go on to what follows the flush."""
    life = program.life.number
    return run(program, ev.Exited(life, None, "SIGKILL"), ev.Flushed(life), now_s=now_s)[0]


def _be_ready(program: ProgramState, now_s: float) -> ProgramState:
    """Go from STARTING to RUNNING."""
    life = program.life.number
    return run(program, ev.Spawned(life, CHILD), ev.Hello(life), ev.Ready(life), now_s=now_s)[0]


def _after_one_early_crash() -> ProgramState:
    """Return a running program whose next early crash leads to BACKOFF."""
    return _be_ready(_crash(starting(), READY_S), READY_S)


@pytest.mark.parametrize(
    ("at_s", "state", "early"),
    [
        (READY_S, State.BACKOFF, 2),
        (SHORT_S, State.BACKOFF, 2),
        (LONG_S, State.STARTING, 1),
        (READY_S + 86_400, State.STARTING, 1),
    ],
)
def test_only_a_life_that_served_long_is_replaced_at_once_each_time(at_s: float, state: State, early: int) -> None:
    program = _crash(_after_one_early_crash(), at_s)
    assert (program.state, len(program.early_crashes_s)) == (state, early)
    assert program.crashes_s[-1] == at_s, "every crash is recorded"


def test_a_program_that_is_ready_after_a_while_serves_from_then_on() -> None:
    program = run(_crash(starting(ready=5.0), 95), ev.Spawned(2, CHILD), ev.DeadlinePassed(), now_s=READY_S)[0]
    assert program.state is State.RUNNING
    assert _crash(program, SHORT_S).state is State.BACKOFF
    assert _crash(program, LONG_S).state is State.STARTING


def test_a_life_that_was_never_ready_has_not_served() -> None:
    program = run(_crash(starting(), 0), ev.Spawned(2, CHILD), ev.Hello(2), now_s=0)[0]
    assert _crash(program, 59).state is State.BACKOFF
    program = run(program, ev.DeadlinePassed(), ev.Exited(2, None, "SIGKILL"), ev.Flushed(2), now_s=60)[0]
    assert (program.state, program.early_crashes_s) == (State.BACKOFF, (0, 60))


def test_crashes_after_long_service_do_not_count_but_are_recorded_for_the_window() -> None:
    program, now_s = running(max_starts_per_day=0), READY_S
    for _ in range(1000):
        now_s += SERVED_LONG_S + 1
        program = _crash(program, now_s)
        assert (program.state, program.early_crashes_s) == (State.STARTING, ())
        program = _be_ready(program, now_s)
    assert len(recent_crashes(program, Instant(now_s, 0))) == 28
    assert len(program.crashes_s) == 28, "the record does not grow without a limit"
    assert program.restarts == 1000


def test_starts_a_day_limit_crashes_after_long_service_too() -> None:
    program, now_s = running(), READY_S
    for _ in range(9):
        now_s += SERVED_LONG_S + 1
        program = _be_ready(_crash(program, now_s), now_s)
    program = _crash(program, now_s + SERVED_LONG_S + 1)
    assert (program.state, program.reason) == (State.FATAL, Reason("start_limit", {"count": 10, "limit": 10}))


def test_long_service_in_between_neither_adds_to_early_crashes_nor_forgives_them() -> None:
    program = running()
    for now_s in (100, 101, 102):
        program = _crash(program, now_s)
        program = run(program, ev.DeadlinePassed(), now_s=now_s)[0] if program.state is State.BACKOFF else program
        program = _be_ready(program, now_s)
    program = _be_ready(_crash(program, 150), 150)
    assert program.early_crashes_s == (100, 101, 102)
    program = _crash(program, 151)
    assert program.reason is not None
    assert (program.state, program.reason.code, program.reason.params["count"]) == (State.FATAL, "crash_limit", 4)


@pytest.mark.parametrize("code", [75, 77, 78])
def test_codes_that_say_what_to_do_mean_the_same_after_long_service(code: int) -> None:
    program = run(running(), ev.Exited(1, code), ev.Flushed(1), now_s=READY_S + 3600)[0]
    assert program.state is (State.BACKOFF if code == 75 else State.FATAL)


@pytest.mark.parametrize("wall_s", [0.0, 1e12])
def test_setting_the_system_clock_changes_nothing(wall_s: float) -> None:
    for at_s, state in ((SHORT_S, State.BACKOFF), (LONG_S, State.STARTING)):
        program, _ = step(_after_one_early_crash(), ev.Exited(2, 1), Instant(at_s, wall_s))
        assert step(program, ev.Flushed(2), Instant(at_s, wall_s))[0].state is state


def test_failures_are_forgotten_on_request_and_after_a_reboot() -> None:
    program = _crash(_after_one_early_crash(), READY_S)
    assert run(program, ev.Start())[0].early_crashes_s == ()
    program = run(_after_one_early_crash(), ev.Exited(2, rebooted=True), ev.Flushed(2), now_s=1)[0]
    assert (program.state, program.early_crashes_s) == (State.STARTING, ())


# --- hung lives: a life served until its last message ---


@pytest.mark.parametrize(("seen_s", "early"), [(SHORT_S, 1), (LONG_S, 0)])
def test_a_hung_life_served_until_its_last_message(seen_s: float, early: int) -> None:
    program = run(running(), ev.Heartbeat(1, {}), now_s=seen_s)[0]
    program = run(program, ev.DeadlinePassed(), now_s=seen_s + 30)[0]
    assert (program.state, len(program.early_crashes_s), len(program.crashes_s)) == (State.KILLING, early, 1)
    assert len(program.recoveries_s) == 1, "its recoveries are limited in any case"


def test_an_adopted_life_that_hangs_and_has_not_connected_sent_no_message() -> None:
    program = run(running(), ev.Adopted(1), now_s=500)[0]
    hung = run(program, ev.DeadlinePassed(), now_s=530)[0]
    assert (hung.state, hung.early_crashes_s) == (State.KILLING, (530,))
    program = run(program, ev.Hello(1), now_s=501)[0]
    hung = run(program, ev.DeadlinePassed(), now_s=531)[0]
    assert (hung.state, hung.early_crashes_s) == (State.KILLING, ())


# --- when the supervisor dies meanwhile ---


def test_a_new_supervisor_knows_since_when_a_life_serves(tmp_path: Path) -> None:
    before = _after_one_early_crash()
    journal = Journal(tmp_path / "journal.jsonl")
    journal.write(before)
    journal.close()
    journal = Journal(tmp_path / "journal.jsonl")
    program = run(journal.load("bot", before.settings), ev.Adopted(2), now_s=SHORT_S)[0]
    journal.close()
    assert _crash(program, SHORT_S).state is State.BACKOFF
    assert _crash(program, LONG_S).state is State.STARTING


def test_without_a_record_a_life_has_served_since_its_adoption() -> None:
    program = _after_one_early_crash()
    program = run(replace(program, life=replace(program.life, ready_s=None)), ev.Adopted(2), now_s=200)[0]
    assert _crash(program, 200 + SERVED_LONG_S - 0.01).state is State.BACKOFF
    assert _crash(program, 200 + SERVED_LONG_S).state is State.STARTING


def test_how_long_a_life_served_that_exited_unseen_is_unknown() -> None:
    program = run(_after_one_early_crash(), ev.Exited(2, unseen=True), ev.Flushed(2), now_s=LONG_S + 60)[0]
    assert (program.state, len(program.early_crashes_s)) == (State.BACKOFF, 2)


def test_a_record_from_after_the_present_proves_nothing() -> None:
    program = _crash(_after_one_early_crash(), 5)
    assert program.early_crashes_s == (5,), "both are of another boot"
