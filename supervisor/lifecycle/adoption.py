"""What a new supervisor makes of what an earlier one left: the journal, and processes that are still there. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from supervisor.lifecycle.events import Adopted, Event, Exited, RestartRequested, Start
from supervisor.lifecycle.model import DesiredState, Instant, ProcessId, ProgramState, Reason, State

#: how long after its end a supervisor's return still counts as a restart of it, in seconds
RESTARTED_WITHIN_S: Final = 60.0

_SHOULD_LIVE = frozenset({State.STARTING, State.RUNNING, State.DRAINING, State.STOPPING, State.KILLING})


def found(
    known: ProgramState,
    living: tuple[int, ProcessId] | None,
    is_alive: Callable[[ProcessId], bool] = lambda child: True,
) -> ProgramState:
    """Return `known` with a living life that the journal does not name: its number and its process.

    It was spawned in the moment the earlier supervisor was killed, or the journal is lost or older than that. Either
    way there must be no second one beside it.
    """
    if living is None:
        return known
    life, child = living
    # what is left of the life that the journal names, now dead, is no life
    if known.child is not None and (is_alive(known.child) or life <= known.life):
        return known
    state = known.state if known.life == life and known.state in _SHOULD_LIVE else State.RUNNING
    # one that need not be connected is not missed
    greeted = state is State.RUNNING and known.program.ready == "notify"
    return replace(known, child=child, life=life, state=state, desired=DesiredState.UP, greeted=greeted)


def event(known: ProgramState, boot_id: str, is_alive: Callable[[ProcessId], bool]) -> Event:
    """Return what has happened to the program since the journal was written."""
    if known.child is not None and is_alive(known.child):
        return Adopted(known.life)
    if known.child is not None:
        return Exited(known.life, rebooted=known.child.boot_id != boot_id, unseen=True)
    if known.state in _SHOULD_LIVE:
        return Exited(known.life, unseen=True)
    return Adopted(known.life)


def how_to_start(known: ProgramState, now: Instant, *, is_service: bool) -> Event:
    """Return what starts the program: a restart, if the service manager was asked for one (`systemctl restart`).

    It looks like a supervisor that took the program down only because it ended itself, a moment ago.
    """
    ended = known.last_exit
    taken_down = known.state is State.STOPPED and known.desired is DesiredState.UP and ended is not None
    if is_service and taken_down and ended and 0 <= now.wall_s - ended.at < RESTARTED_WITHIN_S:
        return RestartRequested(Reason("service_restarted"), requested_by="systemd")
    return Start()
