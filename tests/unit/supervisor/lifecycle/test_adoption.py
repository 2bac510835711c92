"""What a new supervisor concludes when the journal has lost lines."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from supervisor.lifecycle import effects as fx
from supervisor.lifecycle import events as ev
from supervisor.lifecycle.adoption import event_since_journal, with_running_processes
from supervisor.lifecycle.model import DesiredState, ProcessId, ProgramState, State
from tests.unit.supervisor.lifecycle.test_machine import CHILD, IN_STATE, OTHER, run, running


def _recover(
    program: ProgramState, lives: dict[int, ProcessId], alive: set[ProcessId], used_number: int
) -> tuple[ProgramState, list[fx.Effect]]:
    """Return the state and the effects after a new supervisor has taken over."""
    program = with_running_processes(program, lives, alive.__contains__, used_number)
    return run(program, event_since_journal(program, "boot", alive.__contains__))


def test_process_of_a_life_that_the_journal_has_lost_is_adopted() -> None:
    program, _ = _recover(running(), {3: OTHER}, {OTHER}, used_number=3)
    assert (program.state, program.life.number, program.child) == (State.RUNNING, 3, OTHER)


@pytest.mark.parametrize("state", State)
def test_number_of_a_lost_life_is_not_used_again(state: State) -> None:
    program = replace(IN_STATE[state](), desired=DesiredState.UP)
    program, effects = _recover(program, {}, set(), used_number=7)
    program, more = run(program, ev.Flushed(program.life.number), ev.Start(), ev.DeadlinePassed(), ev.Start())
    spawned = [effect.life for effect in [*effects, *more] if isinstance(effect, fx.Spawn)]
    assert spawned[:1] == [8]


@pytest.mark.parametrize("state", [State.STOPPED, State.RUNNING, State.FLUSHING, State.FATAL])
@pytest.mark.parametrize("used_number", [0, 7])
def test_process_that_an_earlier_life_left_behind_is_ended_before_anything_else(state: State, used_number: int) -> None:
    before = replace(IN_STATE[state](), child=None)
    before = replace(before, life=replace(before.life, number=5))
    program, effects = _recover(before, {4: OTHER}, {OTHER}, used_number)
    assert (program.state, program.child) == (State.STOPPING, OTHER)
    assert fx.Terminate(OTHER) in effects
    program, effects = run(program, ev.Exited(5), ev.Flushed(5))
    if state in (State.STOPPED, State.FATAL):
        assert program.state is state
    else:
        assert effects[-1] == fx.Spawn(max(5, used_number) + 1)


def test_living_process_of_the_journal_is_kept() -> None:
    program, effects = _recover(running(), {1: CHILD}, {CHILD}, used_number=9)
    assert (program.state, program.life.number, program.child, effects) == (State.RUNNING, 1, CHILD, [])


def test_process_that_runs_beside_the_life_without_a_line_in_the_journal_is_killed() -> None:
    program, effects = _recover(running(), {1: CHILD, 9: OTHER}, {CHILD, OTHER}, used_number=9)
    assert (program.state, program.life.number, program.child) == (State.RUNNING, 1, CHILD)
    assert fx.Kill(OTHER, 9) in effects
    assert run(program, ev.Exited(9))[0].standby is None
