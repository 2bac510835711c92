"""What a new supervisor concludes from the journal and from the processes that are still running. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from supervisor.lifecycle.events import Adopted, Event, Exited, RestartRequested, Start
from supervisor.lifecycle.model import DesiredState, Instant, LifeState, ProcessId, ProgramState, Reason, State

#: how soon after its end the supervisor has to be back for a restart of the service, in seconds
RESTARTED_WITHIN_S: Final = 60.0

_HAS_PROCESS: Final = frozenset({State.STARTING, State.RUNNING, State.DRAINING, State.STOPPING, State.KILLING})


def with_running_process(
    program: ProgramState,
    running: tuple[int, ProcessId] | None,
    is_alive: Callable[[ProcessId], bool] = lambda child: True,
) -> ProgramState:
    """Return `program` with a running process that the journal does not name: the number of its life, and its id.

    The earlier supervisor was killed right after the spawn, or the journal is lost or too old. A second process must
    not be started beside this one.
    """
    if running is None:
        return program
    number, child = running
    # a process that the dead life of the journal left behind is no life
    if program.child is not None and (is_alive(program.child) or number <= program.life.number):
        return program
    is_same = program.life.number == number and program.state in _HAS_PROCESS
    state = program.state if is_same else State.RUNNING
    life = replace(program.life if program.life.number == number else LifeState(number), number=number)
    # a program that need not connect is not expected to send heartbeats
    life = replace(life, was_linked=state is State.RUNNING and program.settings.ready == "notify")
    return replace(program, child=child, life=life, state=state, desired=DesiredState.UP)


def event_since_journal(program: ProgramState, boot_id: str, is_alive: Callable[[ProcessId], bool]) -> Event:
    """Return what has happened to the program since the journal was written."""
    number = program.life.number
    if program.child is not None and is_alive(program.child):
        return Adopted(number)
    if program.child is not None:
        return Exited(number, rebooted=program.child.boot_id != boot_id, unseen=True)
    if program.state in _HAS_PROCESS:
        return Exited(number, unseen=True)
    return Adopted(number)


def start_event(program: ProgramState, now: Instant, *, is_service: bool) -> Event:
    """Return the event that starts the program: a restart, if the service manager restarted the supervisor.

    Then the earlier supervisor has stopped the program only because it exited itself, a moment ago.
    """
    last_exit = program.last_exit
    was_stopped = program.state is State.STOPPED and program.desired is DesiredState.UP and last_exit is not None
    if is_service and was_stopped and last_exit and 0 <= now.wall_s - last_exit.at < RESTARTED_WITHIN_S:
        return RestartRequested(Reason("service_restarted"), requested_by="systemd")
    return Start()
