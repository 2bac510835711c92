"""What can happen to a program, and what can then be to be done. Records only, no decisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from supervisor.config.settings import FlushPolicy, Program
from supervisor.lifecycle.model import ProcessId, Reason, RestartReport

# --- what happens ------------------------------------------------------------------------------------------


class Event(Struct, frozen=True):
    """Something that happened to a program."""


class LifeEvent(Event, frozen=True):
    """Something that happened to one life of it; it counts only while that life is the present one."""

    life: int


class Start(Event, frozen=True):
    """The operator wants it up."""


class Stop(Event, frozen=True):
    """The operator wants it down."""


class RestartRequested(Event, frozen=True):
    """Somebody wants a new life."""

    reason: Reason
    requested_by: str
    ticket: Any = None


class Configured(Event, frozen=True):
    """The settings were read again."""

    program: Program
    flush_on_restart: FlushPolicy
    flush_on_crash: FlushPolicy


class DeadlinePassed(Event, frozen=True):
    """It is now later than `deadline(known)`."""


class CheckFinished(LifeEvent, frozen=True):
    """The check has ended; `problem` is None when what it checked is fine."""

    problem: Reason | None


class Spawned(LifeEvent, frozen=True):
    """There is a process."""

    child: ProcessId


class SpawnFailed(LifeEvent, frozen=True):
    """There is none. `hopeless`: not before the configuration, or what it names, is mended."""

    problem: Reason
    hopeless: bool = False


class Hello(LifeEvent, frozen=True):
    """The life has connected, or has done so again; `version` is the version of its code, if it says so.

    `writes_traceback`: it writes down where it hangs, when it gets the signal for that.
    """

    version: str | None = None
    writes_traceback: bool = False


class Disconnected(LifeEvent, frozen=True):
    """The life is no longer connected."""


class Ready(LifeEvent, frozen=True):
    """The life serves."""


class Heartbeat(LifeEvent, frozen=True):
    """The life reports its health, and how many starts that count it has made by itself so far."""

    health: dict[str, Any]
    extra_starts: int = 0


class MemorySampled(LifeEvent, frozen=True):
    """The life uses so much memory."""

    rss_bytes: int


class Draining(LifeEvent, frozen=True):
    """The life says what it still has to finish."""

    pending: tuple[str, ...]


class Drained(LifeEvent, frozen=True):
    """The life has finished its work."""

    drained: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    flushed_entries: int | None = None


class Goodbye(LifeEvent, frozen=True):
    """The life says why it is about to end."""

    code: int
    reason: str | None = None


class Exited(LifeEvent, frozen=True):
    """The life's process has ended. `rebooted`: together with the machine it ran on; `unseen`: nobody knows when.

    `left`: a process that it started, and that could not be ended yet.
    """

    code: int | None = None
    signal: str | None = None
    rebooted: bool = False
    unseen: bool = False
    left: ProcessId | None = None


class Flushed(LifeEvent, frozen=True):
    """The cache was switched; `problem` says why it could not be."""

    problem: Reason | None = None


class Adopted(LifeEvent, frozen=True):
    """A new supervisor has read this from the journal; the child that it names, if any, is alive."""


# --- what is to be done ------------------------------------------------------------------------------------


class Effect(Struct, frozen=True):
    """Something for the runner to do."""


class RunCheck(Effect, frozen=True):
    """Run the program's check beside the life that serves."""


class StopCheck(Effect, frozen=True):
    """End the check; nobody waits for it any more."""


class Spawn(Effect, frozen=True):
    """Start the process of life `life`."""

    life: int


class Welcome(Effect, frozen=True):
    """Tell the life that it is known, and hand it the ticket."""

    life: int
    ticket: Any


class RequestDrain(Effect, frozen=True):
    """Ask the life to finish its work."""

    life: int
    deadline_s: float
    why: str


class Terminate(Effect, frozen=True):
    """Send TERM to the life's process group."""

    child: ProcessId


class RequestTraceback(Effect, frozen=True):
    """Have the life write into its log where it hangs."""

    child: ProcessId


class Kill(Effect, frozen=True):
    """Send KILL to everything that belongs to the life."""

    child: ProcessId


class Flush(Effect, frozen=True):
    """Switch the cache of the dead life `life` by `policy`."""

    life: int
    policy: FlushPolicy


class RestartFinished(Effect, frozen=True):
    """A restart is over: keep the report and tell whoever waits."""

    report: RestartReport


class LogLine(Effect, frozen=True):
    """Write a line into the log; `supervisor.locale.reasons` renders it."""

    level: str
    code: str
    params: Mapping[str, str | int | float | Reason | None] = {}
