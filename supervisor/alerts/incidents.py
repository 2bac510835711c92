"""Incidents: what is wrong now, and whether the owner has been notified. Pure.

An **incident** is something that is wrong now: a program that failed, a disk that is nearly full. It is derived from
the present state, not from events, so that nothing is missed, and a new supervisor continues where an earlier one was
killed. The owner gets one **notification** when an incident begins or becomes another kind of incident, and one when
it is resolved. Each notification goes to every target; `delivery` says when. `AlertState` is all that is kept on disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from supervisor.client import EXIT_REFUSED
from supervisor.lifecycle import restart_policy
from supervisor.lifecycle.model import DesiredState, Instant, ProgramState, Reason, State, text_reason
from supervisor.locale import N_

#: how many notifications are kept; the oldest one is dropped when there are more
MAX_QUEUED: Final = 50
#: a low disk is resolved when this part of `disk_low_bytes` more than that is free: else it would flap
DISK_MARGIN: Final = 0.5
#: so many crashes within a program's window are a crash loop, also if the program served for long before each
LOOP_CRASHES: Final = 2
#: the supervisor's problem with alerts themselves, which no alert can report
OWN_PROBLEM: Final = N_("alerts")

_DISK: Final = "disk"
_PROGRAM, _PROBLEM = "program:", "problem:"


class Kind(StrEnum):
    """The kind of an incident."""

    CRASH_LOOP = "crash_loop"
    FATAL = "fatal"
    REFUSED = "refused"
    DISK_LOW = "disk_low"
    PROBLEM = "problem"
    TEST = "test"


class Incident(Struct, frozen=True):
    """Something that is wrong."""

    kind: Kind
    #: the program, or the part of the supervisor
    subject: str
    #: the cause, as far as it is known
    reason: Reason | None
    #: seconds since 1970
    since: float


class Notification(Struct, frozen=True, kw_only=True):
    """The message that an incident has begun, or is resolved."""

    number: int
    incident: Incident
    resolved: bool = False
    #: seconds since 1970
    at: float
    #: ids of the targets that have not received it yet
    undelivered: tuple[str, ...] = ()


class AlertState(Struct, frozen=True, kw_only=True):
    """What the owner has been notified of, and what is still to be delivered."""

    #: ids of the configured targets
    targets: tuple[str, ...] = ()
    #: the present incidents, by what they are about
    open: dict[str, Incident] = {}
    #: notifications that some target has not received, the oldest first
    queue: tuple[Notification, ...] = ()
    #: when each target received its messages of the last hour, seconds since 1970
    delivered_at: dict[str, tuple[float, ...]] = {}
    next_number: int = 1


class Observation(Struct, frozen=True):
    """The present state, from which incidents are derived."""

    programs: Mapping[str, ProgramState]
    #: the supervisor's own problems, by the part that has them
    problems: Mapping[str, str]
    #: free space of the state directory's disk; None if unknown
    free_bytes: int | None
    #: 0: never too little
    disk_low_bytes: int


def update(state: AlertState, observation: Observation, targets: tuple[str, ...], now: Instant) -> AlertState:
    """Return the state with the notifications that follow from the observation. Without a target nothing is kept."""
    if not targets:
        return AlertState()
    state = _with_targets(state, targets)
    present = _present(state.open, observation, now)
    for key, incident in present.items():
        if key not in state.open or state.open[key].kind is not incident.kind:
            state = _notify(state, incident, now)
    for key, incident in state.open.items():
        if key not in present and _is_recovery(key, observation):
            state = _notify(state, incident, now, resolved=True)
    return replace(state, open=present)


def next_recovery_s(state: AlertState, programs: Mapping[str, ProgramState], now: Instant) -> float | None:
    """Return when a crash loop ends if nothing crashes until then, in seconds of `Instant.mono_s`; None: there is none.

    No event marks that moment.
    """
    recoveries_s = []
    for name, program in programs.items():
        crashes_s = restart_policy.recent_crashes(program, now)
        if f"{_PROGRAM}{name}" in state.open and program.state is State.RUNNING and crashes_s:
            recoveries_s.append(crashes_s[-1] + program.settings.crash_window_s)
    return min(recoveries_s, default=None)


def _present(opened: Mapping[str, Incident], observation: Observation, now: Instant) -> dict[str, Incident]:
    """Return all present incidents; one that was open before stays as it is."""
    incidents: dict[str, Incident | None] = {}
    for name, program in observation.programs.items():
        key = f"{_PROGRAM}{name}"
        incidents[key] = _program_incident(program, opened.get(key), now)
    incidents[_DISK] = _disk_incident(observation, opened.get(_DISK), now)
    for part, problem in observation.problems.items():
        if part != OWN_PROBLEM:
            key = f"{_PROBLEM}{part}"
            incidents[key] = _same(Incident(Kind.PROBLEM, part, text_reason(problem), now.wall_s), opened.get(key))
    return {key: incident for key, incident in incidents.items() if incident is not None}


def _program_incident(program: ProgramState, opened: Incident | None, now: Instant) -> Incident | None:
    """Return the incident of a program. It ends when the program runs and has not crashed within its window."""
    if program.state is State.FATAL:
        is_refused = program.last_exit is not None and program.last_exit.code == EXIT_REFUSED
        kind = Kind.REFUSED if is_refused else Kind.FATAL
        return _same(Incident(kind, program.name, program.reason, now.wall_s), opened)
    if program.desired is DesiredState.DOWN:
        return None
    crashes_s = restart_policy.recent_crashes(program, now)
    if opened is None and len(crashes_s) >= LOOP_CRASHES:
        reason = program.last_exit.as_reason() if program.last_exit else program.reason
        return Incident(Kind.CRASH_LOOP, program.name, reason, now.wall_s)
    return None if program.state is State.RUNNING and not crashes_s else opened


def _disk_incident(observation: Observation, opened: Incident | None, now: Instant) -> Incident | None:
    limit_bytes = observation.disk_low_bytes * (1 + DISK_MARGIN * (opened is not None))
    if observation.free_bytes is None or observation.free_bytes >= limit_bytes:
        return opened if observation.free_bytes is None else None
    reason = Reason("disk_free", {"free_mib": observation.free_bytes >> 20})
    return _same(Incident(Kind.DISK_LOW, _DISK, reason, now.wall_s), opened)


def _same(incident: Incident, opened: Incident | None) -> Incident:
    return opened if opened is not None and opened.kind is incident.kind else incident


def _is_recovery(key: str, observation: Observation) -> bool:
    """Return whether the end of the incident is good news: a program that was stopped has not recovered."""
    if not key.startswith(_PROGRAM):
        return True
    program = observation.programs.get(key.removeprefix(_PROGRAM))
    return program is not None and program.state is State.RUNNING and program.desired is DesiredState.UP


def _notify(state: AlertState, incident: Incident, now: Instant, *, resolved: bool = False) -> AlertState:
    notification = Notification(
        number=state.next_number, incident=incident, resolved=resolved, at=now.wall_s, undelivered=state.targets
    )
    queue = (*state.queue, notification)[-MAX_QUEUED:]
    return replace(state, queue=queue, next_number=state.next_number + 1)


def _with_targets(state: AlertState, targets: tuple[str, ...]) -> AlertState:
    """Return the state with other targets. A new one, perhaps a corrected URL, gets all that is in the queue."""
    if targets == state.targets:
        return state
    new = tuple(target for target in targets if target not in state.targets)
    queue = []
    for notification in state.queue:
        if undelivered := (*(target for target in notification.undelivered if target in targets), *new):
            queue.append(replace(notification, undelivered=undelivered))
    delivered_at = {target: times for target, times in state.delivered_at.items() if target in targets}
    return replace(state, targets=targets, queue=tuple(queue), delivered_at=delivered_at)
