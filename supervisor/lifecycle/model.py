"""What is known of a program: its states, its lives, the restart under way. Records only, no decisions."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from supervisor.config.settings import FlushPolicy, Program


class State(StrEnum):
    """Where a program is."""

    STOPPED = "STOPPED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    DRAINING = "DRAINING"
    STOPPING = "STOPPING"
    KILLING = "KILLING"
    FLUSHING = "FLUSHING"
    BACKOFF = "BACKOFF"
    FATAL = "FATAL"


class DesiredState(StrEnum):
    """What the operator wants of a program."""

    UP = "up"
    DOWN = "down"


class Instant(Struct, frozen=True):
    """The time, as the runner's one clock tells it."""

    #: seconds that only go forward (CLOCK_MONOTONIC); all deadlines are in these
    mono_s: float
    #: seconds since 1970; for people, and for what is counted by the day
    wall_s: float


class ProcessId(Struct, frozen=True):
    """A process, so that another one which later has the same pid is not taken for it."""

    pid: int
    #: start time of the process in clock ticks since boot: unlike a date it does not move with the clock
    ticks: int
    boot_id: str


class Reason(Struct, frozen=True):
    """Why something happened or failed: a stable code with parameters.

    `supervisor.locale.reasons` renders it as text, in the language of whoever reads it. Words of a person or of
    another program have the code "text".
    """

    code: str
    params: Mapping[str, str | int | float | Reason | None] = {}


def text_reason(text: str) -> Reason:
    """Return the reason that a person or another program gave in their own words."""
    return Reason("text", {"text": text})


class ExitStatus(Struct, frozen=True):
    """How a life ended. Neither code nor signal: nobody saw it."""

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
    """How long each phase of a restart took, in seconds; None for one that did not take place."""

    check_s: float | None = None
    drain_s: float | None = None
    stop_s: float | None = None
    flush_s: float | None = None
    start_s: float | None = None


class RestartReport(Struct, frozen=True, kw_only=True):
    """One finished restart, as the history keeps it."""

    program: str
    from_life: int
    #: the life that serves now; None when the restart did not come to one
    to_life: int | None
    ok: bool
    reason: Reason
    requested_by: str
    #: when it was asked for, seconds since 1970
    at: float
    phases: Phases
    #: from the drain's beginning, or the crash, until the next life was ready
    downtime_s: float | None
    #: names of the work that was finished, and of the work that was cut off
    drained: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    flushed_entries: int | None = None
    #: why it failed; None: it did not
    error: Reason | None = None


class Restart(Struct, frozen=True, kw_only=True):
    """A restart under way."""

    reason: Reason
    requested_by: str
    ticket: Any
    from_life: int
    asked_at: float
    phases: Phases = Phases()
    #: when the phase that is being timed began
    phase_since_s: float
    #: when the old life stopped serving; None while it serves
    down_since_s: float | None = None
    #: until when the check may take; None when none runs
    check_deadline_s: float | None = None
    drained: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    flushed_entries: int | None = None


class AfterFlush(Struct, frozen=True):
    """What comes after the flush, unless the wish changes."""

    state: State = State.STARTING
    delay_s: float = 0.0
    reason: Reason | None = None


class HealthRecord(Struct, frozen=True):
    """What is remembered of a life's health in order to judge it."""

    #: since when it has been unwell without a pause
    unwell_since_s: float | None = None
    #: what it is unwell of, for people
    ailing: str | None = None
    #: errors of its parts together, as it last told them; None: it has told none
    errors: int | None = None
    #: when there were more of them, and how many more
    more_errors: tuple[tuple[float, int], ...] = ()
    #: resident memory in bytes; None: not looked at
    rss_bytes: int | None = None
    #: until when nothing is done about it
    spared_until_s: float = 0.0


class ProgramState(Struct, frozen=True, kw_only=True):
    """All that is known of a program. Everything but `program`, `health` and `vitals` survives the supervisor."""

    name: str
    program: Program
    flush_on_restart: FlushPolicy = "all"
    flush_on_crash: FlushPolicy = "temporary"
    desired: DesiredState = DesiredState.DOWN
    state: State = State.STOPPED
    #: number of the present life, or of the last one; 0 when there was none
    life: int = 0
    #: the process that lives or may live
    child: ProcessId | None = None
    #: whether the life is connected
    linked: bool = False
    #: version of the code that the life runs, as it says itself
    version: str | None = None
    #: whether the life writes down where it hangs, when it gets the signal for that
    writes_traceback: bool = False
    #: whether the life has ever said hello
    greeted: bool = False
    since_s: float = 0.0
    #: when the present life was spawned, seconds since 1970
    started_at: float | None = None
    #: the same in seconds of `Instant.mono_s`
    started_s: float = 0.0
    deadline_s: float | None = None
    #: when the life was last heard
    heard_s: float | None = None
    health: dict[str, Any] | None = None
    vitals: HealthRecord = HealthRecord()
    #: names of the work that a draining life still has to finish
    pending: tuple[str, ...] = ()
    goodbye: tuple[int, Reason | None] | None = None
    restart: Restart | None = None
    #: the ticket of a restart that came to no life: the next one that is ready still has to redeem it
    owed_ticket: Any = None
    #: what was decided when the life ended
    then: AfterFlush = AfterFlush()
    #: flush by the policy for crashes
    crashed: bool = False
    #: when lives crashed, within the window
    crashes_s: tuple[float, ...] = ()
    #: when lives were ended because they hung or were unwell, within the last hour
    recoveries_s: tuple[float, ...] = ()
    #: how many lives in a row ended with "try again later"
    retries: int = 0
    #: lives started, by hour since 1970: Discord counts them by the day
    starts: dict[int, int] = {}
    extra_starts: int = 0
    #: how often a life followed another one
    restarts: int = 0
    #: why the program is in its state
    reason: Reason | None = None
    last_exit: ExitStatus | None = None
