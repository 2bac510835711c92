"""What a new supervisor concludes from the journal and from the processes that are still running. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec.structs import replace

from supervisor.lifecycle.events import Adopted, Event, Exited, RestartRequested, Start
from supervisor.lifecycle.model import (
    AfterFlush,
    DesiredState,
    Instant,
    LifeState,
    ProcessId,
    ProgramState,
    Reason,
    Standby,
    StandbyState,
    State,
)

#: how soon after its end the supervisor has to be back for a restart of the service, in seconds
RESTARTED_WITHIN_S: Final = 60.0

_HAS_PROCESS: Final = frozenset({State.STARTING, State.RUNNING, State.DRAINING, State.STOPPING, State.KILLING})


def with_running_processes(
    program: ProgramState,
    lives: Mapping[int, ProcessId],
    is_alive: Callable[[ProcessId], bool] = lambda child: True,
    used_number: int = 0,
) -> ProgramState:
    """Return `program` with running processes and a life that the journal does not name.

    The earlier supervisor was killed right after the spawn, or lines of the journal are lost. A second process must not
    be started beside this one, and no number is used twice.

    Args:
        program: as the journal shows it.
        lives: the running processes of lives, by number.
        is_alive: returns whether a process still runs.
        used_number: the highest number of a life that other files name.
    """
    program = _with_standby(program, lives)
    if program.child is not None and is_alive(program.child):
        return program
    number = program.standby.life.number if program.standby else None
    running = max(((one, child) for one, child in lives.items() if one != number), default=None)
    # a number that the journal names is no lost life
    newest = max(program.life.number, used_number if used_number > program.last_number else 0)
    if running is not None and running[0] >= newest and (program.child is None or running[0] > program.life.number):
        return _adopt(program, *running)
    program = replace(program, last_number=max(program.last_number, newest))
    # what the dead life of the journal left behind is killed as a part of it
    return program if running is None or running[0] == program.life.number else _kill_stray(program, running[1])


def _with_standby(program: ProgramState, lives: Mapping[int, ProcessId]) -> ProgramState:
    """Return `program` with the process of its standby, or with one that runs beside its life and has to be killed."""
    second = program.standby
    if second is not None:
        child = second.child or lives.get(second.life.number)
        return replace(program, standby=replace(second, child=child))
    others = sorted(number for number in lives if number > program.life.number)
    if program.child is None or program.life.number not in lives or not others:
        return program
    stray = Standby(state=StandbyState.KILLING, life=LifeState(others[-1]), child=lives[others[-1]])
    return replace(program, standby=stray, last_number=max(program.last_number, others[-1]))


def _adopt(program: ProgramState, number: int, child: ProcessId) -> ProgramState:
    is_same = program.life.number == number and program.state in _HAS_PROCESS
    state = program.state if is_same else State.RUNNING
    life = replace(program.life if program.life.number == number else LifeState(number), number=number)
    # a program that need not connect is not expected to send heartbeats
    life = replace(life, was_linked=state is State.RUNNING and program.settings.ready == "notify")
    return replace(program, child=child, life=life, state=state, desired=DesiredState.UP)


def _kill_stray(program: ProgramState, child: ProcessId) -> ProgramState:
    """Return `program` with a process to kill, because an earlier life has left it behind."""
    if program.state in (State.STOPPED, State.BACKOFF, State.FATAL):
        program = replace(program, after_flush=AfterFlush(program.state, reason=program.reason))
    return replace(program, child=child, state=State.KILLING)


def standby_event(program: ProgramState, boot_id: str, is_alive: Callable[[ProcessId], bool]) -> Exited | None:
    """Return how the standby has ended since the journal was written; None if it runs, or there is none."""
    second = program.standby
    if second is None or (second.child is not None and is_alive(second.child)):
        return None
    rebooted = second.child is not None and second.child.boot_id != boot_id
    return Exited(second.life.number, rebooted=rebooted, unseen=True)


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
