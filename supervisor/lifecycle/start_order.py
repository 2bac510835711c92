"""The order in which programs start and stop. Pure.

Programs start in the order of the configuration file, each when the one before is ready or has failed. They stop in
reverse order. So a program that others depend on comes first in the file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from supervisor.client import EXIT_BAD_CONFIG
from supervisor.lifecycle.model import DesiredState, ProgramState, State

#: states in which a program has started, or failed to
_SETTLED: Final = frozenset({State.RUNNING, State.STOPPED, State.FATAL, State.BACKOFF})


def next_to_start(programs: Mapping[str, ProgramState], waiting: Sequence[str]) -> str | None:
    """Return which of the `waiting` programs starts now; None while another one is starting."""
    for program in programs.values():
        is_up = program.desired is DesiredState.UP
        if is_up and program.state is State.STARTING and program.name not in waiting:
            return None
    return waiting[0] if waiting else None


def next_to_stop(programs: Mapping[str, ProgramState]) -> str | None:
    """Return which program stops now, the last one first; None when all are down, or one is stopping."""
    for program in reversed(list(programs.values())):
        if not is_down(program):
            return program.name if program.desired is DesiredState.UP else None
    return None


def is_over(programs: Mapping[str, ProgramState], waiting: Collection[str]) -> bool:
    """Return whether each program has started or failed, and none of them waits for its turn."""
    return not waiting and all(program.state in _SETTLED for program in programs.values())


def has_refused_config(before: ProgramState, program: ProgramState) -> bool:
    """Return whether the program has just failed because its configuration is not valid."""
    has_failed = program.state is State.FATAL and before.state is not State.FATAL
    return has_failed and program.last_exit is not None and program.last_exit.code == EXIT_BAD_CONFIG


def is_down(program: ProgramState) -> bool:
    """Return whether no process of the program runs any more, or none that can be killed."""
    if program.standby is not None:
        return False
    has_failed = program.state is State.FATAL and program.desired is DesiredState.DOWN
    return program.state is State.STOPPED or has_failed
