"""Events: what can happen to a program. Records only."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from supervisor.config.settings import FlushPolicy, Program
from supervisor.lifecycle.model import ProcessId, Reason


class Event(Struct, frozen=True):
    """Something that happened to a program."""


class LifeEvent(Event, frozen=True):
    """Something that happened to one life. The machine ignores it unless that is the current life."""

    life: int


class Start(Event, frozen=True):
    """The operator wants the program up."""


class Stop(Event, frozen=True):
    """The operator wants the program down."""


class RestartRequested(Event, frozen=True):
    """A person, a program or the supervisor wants a restart."""

    reason: Reason
    requested_by: str
    ticket: Any = None
    #: whether the old life has to end before the next one starts
    is_cold: bool = False


#: what a person asks for, or the supervisor in their place
OPERATOR_REQUESTS: Final = (Start, Stop, RestartRequested)


class Configured(Event, frozen=True):
    """The configuration was read again."""

    settings: Program
    flush_on_restart: FlushPolicy
    flush_on_crash: FlushPolicy


class DeadlinePassed(Event, frozen=True):
    """The time is now later than `machine.deadline`."""


class StandbyDeadlinePassed(Event, frozen=True):
    """The time is now later than `machine.standby_deadline`."""


class CheckFinished(LifeEvent, frozen=True):
    """The check has ended; `problem` is None if it passed. `code` is its exit code, None if it has none."""

    problem: Reason | None
    code: int | None = None


class Spawned(LifeEvent, frozen=True):
    """The process has been started."""

    child: ProcessId


class SpawnFailed(LifeEvent, frozen=True):
    """The process could not be started. `permanent`: not before the configuration, or a file that it names, changes."""

    problem: Reason
    permanent: bool = False


class CannotPrepare(LifeEvent, frozen=True):
    """The life is not prepared beside the current one, because of the machine's state; it may be started after it."""

    problem: Reason


class Hello(LifeEvent, frozen=True):
    """The life has connected, or reconnected.

    `version` is the version of its code. `writes_traceback`: on a signal it writes a traceback to its log. `role`:
    "serving", "prepared" or "retiring"; None for a program that cannot hand over.
    """

    version: str | None = None
    writes_traceback: bool = False
    role: str | None = None


class Disconnected(LifeEvent, frozen=True):
    """The connection of the life has ended."""


class Prepared(LifeEvent, frozen=True):
    """The life can serve as soon as it is told to; with `needs_exclusive` only once the current life has ended."""

    needs_exclusive: bool = False


class Ready(LifeEvent, frozen=True):
    """The life serves. `handed_over`: how many events that came before it has acted on."""

    handed_over: int | None = None


class Heartbeat(LifeEvent, frozen=True):
    """The life reports its health, and how many starts that count for the day's limit it made by itself so far.

    `answered`: how many requests it has answered since it serves.
    """

    health: dict[str, Any]
    extra_starts: int = 0
    answered: int = 0


class MemorySampled(LifeEvent, frozen=True):
    """The resident memory of the life was measured."""

    rss_bytes: int


class Draining(LifeEvent, frozen=True):
    """The life names the work that it still has to finish."""

    pending: tuple[str, ...]


class Drained(LifeEvent, frozen=True):
    """The life has finished its work, or cancelled it."""

    drained: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    flushed_entries: int | None = None


class Goodbye(LifeEvent, frozen=True):
    """The life announces its exit code, and why it is about to exit."""

    code: int
    reason: str | None = None


class Exited(LifeEvent, frozen=True):
    """The life's process has exited.

    `rebooted`: because the machine was rebooted. `unseen`: while no supervisor ran, so its time is unknown.
    `left`: a process that it started and that is still running.
    """

    code: int | None = None
    signal: str | None = None
    rebooted: bool = False
    unseen: bool = False
    left: ProcessId | None = None


class Flushed(LifeEvent, frozen=True):
    """The cache was replaced; `problem` says why it could not be."""

    problem: Reason | None = None


class Adopted(LifeEvent, frozen=True):
    """A new supervisor has read the state from the journal; the child that it names, if any, is running."""
