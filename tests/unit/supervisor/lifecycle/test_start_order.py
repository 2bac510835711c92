"""Whether the start of all programs is over, and whether one of them has refused the configuration."""

from __future__ import annotations

import pytest

from supervisor.lifecycle import start_order
from supervisor.lifecycle.model import ExitStatus, ProgramState, State


def program(state: State, code: int | None = None) -> ProgramState:
    exit = None if code is None else ExitStatus(1, code)
    return ProgramState(name="bot", state=state, last_exit=exit)


@pytest.mark.parametrize(
    ("before", "code", "expected"),
    [
        (State.FLUSHING, 78, True),
        (State.STARTING, 78, True),
        (State.FATAL, 78, False),  # as the journal has it from an earlier start
        (State.FLUSHING, 77, False),
        (State.FLUSHING, None, False),
    ],
)
def test_a_refused_configuration(before: State, code: int | None, expected: bool) -> None:
    assert start_order.has_refused_config(program(before), program(State.FATAL, code)) is expected
    assert not start_order.has_refused_config(program(before), program(State.BACKOFF, code))


def test_when_all_programs_have_started() -> None:
    programs = {"bot": program(State.RUNNING), "relay": program(State.FATAL, 78)}
    assert start_order.is_over(programs, ())
    assert not start_order.is_over(programs, ("clerk",))
    assert not start_order.is_over({**programs, "clerk": program(State.STARTING)}, ())
