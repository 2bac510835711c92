"""The records of the state machine: programs, their processes, restarts. No decisions.

A **life** is one process of a program. Lives are numbered from 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from supervisor.config.settings import FlushPolicy, Program


class State(StrEnum):
    """The state of a program; `machine` explains each."""

    STOPPED = "STOPPED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    DRAINING = "DRAINING"
    STOPPING = "STOPPING"
    KILLING = "KILLING"
    FLUSHING = "FLUSHING"
    BACKOFF = "BACKOFF"
    FATAL = "FATAL"


class StandbyState(StrEnum):
    """The state of the second process of a program, beside the one of its current life."""

    #: it loads and connects, while the current life serves
    PREPARING = "preparing"
    #: it can take over at once
    PREPARED = "prepared"
    #: it has served before, finishes what it took, and serves again if the current life fails
    WAITING = "waiting"
    #: it finishes what it took, and then exits
    RETIRING = "retiring"
    #: SIGTERM was sent to its process group
    STOPPING = "stopping"
    #: SIGKILL was sent to everything that it started
    KILLING = "killing"


class DesiredState(StrEnum):
    """The state that the operator wants a program to be in."""

    UP = "up"
    DOWN = "down"


class Instant(Struct, frozen=True):
    """A moment, by the clock of the runner."""

    #: seconds that only go forward (CLOCK_MONOTONIC); all deadlines are in these
    mono_s: float
    #: seconds since 1970; for people, and for what is counted by the day
    wall_s: float


class ProcessId(Struct, frozen=True):
    """The identity of a process: another process that later gets the same pid has a different one."""

    pid: int
    #: start time of the process in clock ticks since boot: unlike a date it does not move with the clock
    ticks: int
    boot_id: str


class Reason(Struct, frozen=True):
    """Why something happened or failed: a stable code with parameters.

    `supervisor.locale.reasons` renders it as text, in the reader's language. Words of a person or of another
    program have the code "text".
    """

    code: str
    params: Mapping[str, str | int | float | Reason | None] = {}


def text_reason(text: str) -> Reason:
    """Return the reason that a person or another program gave in their own words."""
    return Reason("text", {"text": text})


class ExitStatus(Struct, frozen=True):
    """How a life ended. Without a code and a signal, its exit was not observed."""

    life: int
    code: int | None = None
    #: name of the signal that ended it, such as "SIGKILL"
    signal: str | None = None
    #: what the life itself said about it, or why it could not be started
    reason: Reason | None = None
    #: seconds since 1970
    at: float = 0.0

    def as_reason(self) -> Reason:
        """Return the exit as a reason for what follows from it."""
        status = Reason("exit_unknown") if self.code is None else Reason("exit", {"code": self.code})
        if self.signal:
            status = Reason("signal", {"name": self.signal})
        return Reason("exit_with_reason", {"exit": status, "reason": self.reason}) if self.reason else status


class Phases(Struct, frozen=True):
    """The duration of each phase of a restart in seconds; None for a phase that did not happen."""

    check_s: float | None = None
    #: until the next life was prepared, beside the one that served
    prepare_s: float | None = None
    drain_s: float | None = None
    #: until the old life took nothing new, in a hand-over
    quiesce_s: float | None = None
    stop_s: float | None = None
    flush_s: float | None = None
    start_s: float | None = None
    #: until the prepared life served
    serve_s: float | None = None


class RestartReport(Struct, frozen=True, kw_only=True):
    """One finished restart, as the history keeps it."""

    program: str
    from_life: int
    #: the life that serves now; None if the restart failed
    to_life: int | None
    ok: bool
    reason: Reason
    requested_by: str
    #: when it was requested, seconds since 1970
    at: float
    phases: Phases
    #: from the start of the drain, or the crash, until the next life was ready
    downtime_s: float | None
    #: names of the work that was finished, and of the work that was cancelled
    drained: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    flushed_entries: int | None = None
    #: why the restart failed; None: it succeeded
    error: Reason | None = None
    #: whether the next life was prepared beside the old one
    handover: bool = False
    #: how many events that came in between the next life acted on, as it says
    handed_over: int | None = None
    #: why the next life was not prepared beside the old one, although the program is configured for it
    cold_reason: Reason | None = None


class Restart(Struct, frozen=True, kw_only=True):
    """A restart in progress."""

    reason: Reason
    requested_by: str
    ticket: Any
    from_life: int
    asked_at: float
    phases: Phases = Phases()
    #: when the current phase began
    phase_since_s: float
    #: when the old life stopped serving; None while it serves
    down_since_s: float | None = None
    #: when the check times out; None when no check runs
    check_deadline_s: float | None = None
    drained: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    flushed_entries: int | None = None
    #: whether the requester wants the old life stopped before the next one starts
    is_cold: bool = False
    #: why it is done that way although the requester does not want it
    cold_reason: Reason | None = None
    #: whether the old life only has to take nothing new, because a prepared one takes over
    quiesces: bool = False
    #: why the next life could not take over; the old one serves again then
    error: Reason | None = None


class AfterFlush(Struct, frozen=True):
    """What follows the flush, unless the desired state changes."""

    state: State = State.STARTING
    delay_s: float = 0.0
    reason: Reason | None = None


class HealthRecord(Struct, frozen=True):
    """The health of a life over time, as far as it decides about a restart."""

    #: since when it has been unhealthy without a pause
    unhealthy_since_s: float | None = None
    #: names of the unhealthy parts
    symptom: str | None = None
    #: sum of the error counters of its parts in the last heartbeat; None: no heartbeat yet
    errors: int | None = None
    #: when errors were added, and how many
    new_errors: tuple[tuple[float, int], ...] = ()
    #: resident memory in bytes; None: not sampled
    rss_bytes: int | None = None
    #: until when the life is not restarted for its health
    grace_until_s: float = 0.0


class LifeState(Struct, frozen=True):
    """Everything that belongs to one life alone. The next life starts with the defaults."""

    #: 0: the program has not been started yet
    number: int = 0
    #: when it was spawned, seconds since 1970
    started_at: float | None = None
    #: the same in seconds of `Instant.mono_s`
    started_s: float = 0.0
    #: since when it has been ready, in the same seconds; after an adoption perhaps only since then. None: never
    ready_s: float | None = None
    #: whether it is connected to the control socket
    linked: bool = False
    #: whether it has ever been connected
    was_linked: bool = False
    #: version of its code, as its hello says
    version: str | None = None
    #: whether it writes a traceback to its log on a signal
    writes_traceback: bool = False
    #: when its last message came
    last_seen_s: float | None = None
    #: the health in its last heartbeat
    health: dict[str, Any] | None = None
    health_record: HealthRecord = HealthRecord()
    #: names of the work that it still has to finish before it is drained
    pending: tuple[str, ...] = ()
    #: the exit code that it announced, and why
    goodbye: tuple[int, Reason | None] | None = None
    #: starts that count for the day's limit and that it made by itself
    extra_starts: int = 0
    #: whether it can be prepared, and serve when it is told to
    hands_over: bool = False
    #: whether it serves only once it is told to
    needs_serve: bool = False
    #: whether it can be told to
    is_prepared: bool = False


class Standby(Struct, frozen=True, kw_only=True):
    """The second process of a program: prepared to follow the current life, or about to end after it has served."""

    state: StandbyState
    life: LifeState
    #: its process, or one that it left behind, as long as that may be running
    child: ProcessId | None = None
    #: when its state times out
    deadline_s: float | None = None
    #: whether it can serve only once the current life has ended
    needs_exclusive: bool = False


class ProgramState(Struct, frozen=True, kw_only=True):
    """The state of a program and of its current life.

    Everything but the settings and the life's health is kept in the journal.
    """

    name: str
    settings: Program = Program()
    flush_on_restart: FlushPolicy = "all"
    flush_on_crash: FlushPolicy = "temporary"
    desired: DesiredState = DesiredState.DOWN
    state: State = State.STOPPED
    #: when the state was entered
    since_s: float = 0.0
    #: when the state times out
    deadline_s: float | None = None
    #: why the program is in its state
    reason: Reason | None = None
    #: the current life, or the last one
    life: LifeState = LifeState()
    #: its process, or one that it left behind, as long as that may be running
    child: ProcessId | None = None
    #: the second process, beside that of the current life
    standby: Standby | None = None
    #: the highest number of a life so far; 0 in a journal of an earlier version
    last_number: int = 0
    last_exit: ExitStatus | None = None
    restart: Restart | None = None
    #: the ticket of a restart that failed after the old life was down: the next life that is ready redeems it
    undelivered_ticket: Any = None
    #: what was decided when the life ended
    after_flush: AfterFlush = AfterFlush()
    #: whether the flush follows the policy for crashes
    crashed: bool = False
    #: when lives crashed, within the window
    crashes_s: tuple[float, ...] = ()
    #: the same of those that had not served for long: only they delay the next start, and count for `max_crashes`
    early_crashes_s: tuple[float, ...] = ()
    #: when lives were replaced because they hung or were unhealthy, within the last hour
    recoveries_s: tuple[float, ...] = ()
    #: how many lives in a row ended with "try again later"
    retries: int = 0
    #: starts by hour since 1970: Discord limits them by the day
    starts: dict[int, int] = {}
    #: how many restarts there were
    restarts: int = 0
