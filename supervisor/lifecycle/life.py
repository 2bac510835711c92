"""What is known of a life when it begins, speaks and ends. Pure.

What follows from it for the program is the machine's to say.
"""

from __future__ import annotations

from msgspec.structs import replace

from supervisor.lifecycle import health
from supervisor.lifecycle import restart_policy as crashes
from supervisor.lifecycle.events import Configured, Disconnected, Draining, Exited, Goodbye, Heartbeat, Hello, Spawned
from supervisor.lifecycle.model import HealthRecord, Instant, ProgramState, text_reason


def begun(known: ProgramState, now: Instant) -> ProgramState:
    """Return `known` with its next life, of which nothing is known yet; it counts among the day's starts."""
    return replace(
        crashes.started(known, 1, now),
        life=known.life + 1,
        restarts=known.restarts + (known.restart is not None),
        started_at=now.wall_s,
        started_s=now.mono_s,
        linked=False,
        greeted=False,
        version=None,
        writes_traceback=False,
        heard_s=None,
        health=None,
        vitals=HealthRecord(),
        pending=(),
        goodbye=None,
        extra_starts=0,
        reason=None,
    )


def spawned(known: ProgramState, event: Spawned, now: Instant) -> ProgramState:
    """Return `known`, whose life has a process now."""
    return replace(known, child=event.child)


def greeted(known: ProgramState, event: Hello, now: Instant) -> ProgramState:
    """Return `known`, whose life has connected."""
    return replace(
        known,
        linked=True,
        greeted=True,
        heard_s=now.mono_s,
        version=event.version,
        writes_traceback=event.writes_traceback,
    )


def heard(known: ProgramState, event: Heartbeat, now: Instant) -> ProgramState:
    """Return `known`, whose life has said how it is and how many starts that count it made by itself."""
    known = crashes.started(known, max(0, event.extra_starts - known.extra_starts), now)
    return replace(
        known,
        heard_s=now.mono_s,
        health=event.health,
        vitals=health.examined(known.vitals, event.health, known.program, now.mono_s),
        extra_starts=max(known.extra_starts, event.extra_starts),
    )


def finishing(known: ProgramState, event: Draining, now: Instant) -> ProgramState:
    """Return `known`, whose life has said what it still has to finish."""
    return replace(known, pending=event.pending, heard_s=now.mono_s)


def unlinked(known: ProgramState, event: Disconnected, now: Instant) -> ProgramState:
    """Return `known`, whose life is not connected any more."""
    return replace(known, linked=False)


def leaving(known: ProgramState, event: Goodbye, now: Instant) -> ProgramState:
    """Return `known`, whose life has said why it is about to end."""
    return replace(known, goodbye=(event.code, None if event.reason is None else text_reason(event.reason)))


def configured(known: ProgramState, event: Configured, now: Instant) -> ProgramState:
    """Return `known` with settings that were read again."""
    return replace(
        known,
        program=event.program,
        flush_on_restart=event.flush_on_restart,
        flush_on_crash=event.flush_on_crash,
    )


def ended(known: ProgramState, event: Exited, now: Instant) -> ProgramState:
    """Return `known` without its child, or with what that left behind as its child, and with how it ended."""
    last_exit = known.last_exit
    if last_exit is None or last_exit.life != known.life:  # else this is the end of what it left behind
        last_exit = crashes.end_of(known, event, now)
    return replace(known, child=event.left, linked=False, last_exit=last_exit, pending=(), health=None)
