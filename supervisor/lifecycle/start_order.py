"""In which order programs come up and go down. Pure.

Programs start in the order of the file, each when the one before is ready, or has failed to become so; they stop
in reverse. So what others need stands first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from supervisor.lifecycle.model import DesiredState, ProgramState, State


def next_to_start(programs: Mapping[str, ProgramState], waiting: Sequence[str]) -> str | None:
    """Return which of the `waiting` programs starts now; None while another one is still on its way up."""
    for known in programs.values():
        if known.desired is DesiredState.UP and known.state is State.STARTING and known.name not in waiting:
            return None
    return waiting[0] if waiting else None


def next_to_stop(programs: Mapping[str, ProgramState]) -> str | None:
    """Return which program is to stop now, the last one first; None when all have or one is on its way."""
    for known in reversed(list(programs.values())):
        if not is_down(known):
            return known.name if known.desired is DesiredState.UP else None
    return None


def is_down(known: ProgramState) -> bool:
    """Tell whether nothing of the program runs any more, or nothing that can be ended."""
    return known.state is State.STOPPED or (known.state is State.FATAL and known.desired is DesiredState.DOWN)
