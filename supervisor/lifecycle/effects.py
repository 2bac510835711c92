"""Effects: what the state machine tells the runner to do. Records only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from supervisor.config.settings import FlushPolicy
from supervisor.lifecycle.model import ProcessId, Reason, RestartReport


class Effect(Struct, frozen=True):
    """Something for the runner to do."""


class RunCheck(Effect, frozen=True):
    """Verify the program's command and run its check, while the current life serves."""


class StopCheck(Effect, frozen=True):
    """Kill the check; its result is no longer needed."""


class Spawn(Effect, frozen=True):
    """Start the process of life `life`."""

    life: int


class SpawnPrepared(Effect, frozen=True):
    """Start the process of life `life` beside that of the current life, if the machine has the memory for both."""

    life: int


class Welcome(Effect, frozen=True):
    """Accept the life, and hand it the ticket.

    Attributes:
        life: its number.
        ticket: what the requester of the restart left for it, or None.
        deadline_s: how long it may take to be prepared, in seconds; None if it is not to be prepared.
        retiring: the number of the life that served before and still runs, or None.
    """

    life: int
    ticket: Any
    deadline_s: float | None = None
    retiring: int | None = None


class Serve(Effect, frozen=True):
    """Create the cache directories of the life, and tell it to serve."""

    life: int
    child: ProcessId
    ticket: Any
    probation_s: float


class Retire(Effect, frozen=True):
    """Tell the life to finish what it took within `deadline_s` seconds, and to exit."""

    life: int
    deadline_s: float


class ReportRetired(Effect, frozen=True):
    """Tell the life `to_life` that the life which served before, `life`, has ended."""

    to_life: int
    life: int


class RequestDrain(Effect, frozen=True):
    """Ask the life to finish its work within `deadline_s` seconds.

    `reason` is "restart", "stop" or "handover": then it only takes nothing new, and goes on with what it took.
    """

    life: int
    deadline_s: float
    reason: str


class Terminate(Effect, frozen=True):
    """Send SIGTERM to the life's process group."""

    child: ProcessId


class RequestTraceback(Effect, frozen=True):
    """Send the signal on which the life writes a traceback to its log."""

    child: ProcessId


class Kill(Effect, frozen=True):
    """Send SIGKILL to the process and to every other process of the life."""

    child: ProcessId
    life: int


class Flush(Effect, frozen=True):
    """Replace the cache of the life `life`, which uses it no more, by `policy`; `next_life` gets what is kept."""

    life: int
    policy: FlushPolicy
    next_life: int


class RunOnFailed(Effect, frozen=True):
    """Run the program's command `on_failed`.

    Attributes:
        life: the number of the last life.
        reason: why the program failed for good.
        ticket: what the requester of a failed restart left for the next life, or None.
    """

    life: int
    reason: Reason
    ticket: Any


class RestartFinished(Effect, frozen=True):
    """Add the report to the history, and send it to the clients that wait for it."""

    report: RestartReport


class LogLine(Effect, frozen=True):
    """Write a line to the log; `supervisor.locale.reasons` renders it."""

    level: str
    code: str
    params: Mapping[str, str | int | float | Reason | None] = {}
