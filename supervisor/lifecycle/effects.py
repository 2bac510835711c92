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


class Welcome(Effect, frozen=True):
    """Accept the life, and hand it the ticket."""

    life: int
    ticket: Any


class RequestDrain(Effect, frozen=True):
    """Ask the life to finish its work within `deadline_s` seconds; `reason` is "restart" or "stop"."""

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
    """Replace the cache of the dead life `life` by `policy`."""

    life: int
    policy: FlushPolicy


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
