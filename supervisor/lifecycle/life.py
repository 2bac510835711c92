"""Updates of a program's state by what its life does: begin, connect, report, exit. Pure.

What follows for the program is up to the machine.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from supervisor.lifecycle import health, restart_policy
from supervisor.lifecycle.events import (
    Configured,
    Disconnected,
    Draining,
    Exited,
    Goodbye,
    Heartbeat,
    Hello,
    MemorySampled,
    Spawned,
)
from supervisor.lifecycle.model import AfterFlush, Instant, LifeState, ProgramState, State, text_reason


def next_number(program: ProgramState) -> int:
    """Return the number of the next life that is started."""
    return max(program.last_number, program.life.number) + 1


def begin_life(program: ProgramState, now: Instant) -> ProgramState:
    """Return `program` with its next life, and one more start of the day."""
    number = next_number(program)
    return replace(
        restart_policy.count_starts(program, 1, now),
        life=LifeState(number, started_at=now.wall_s, started_s=now.mono_s),
        last_number=number,
        restarts=program.restarts + (program.restart is not None),
        reason=None,
    )


def start_timeout_s(program: ProgramState) -> float:
    """Return how long STARTING may take, in seconds; a program that does not say so is ready at the end of it."""
    settings = program.settings
    return settings.start_timeout_s if settings.ready == "notify" else float(settings.ready)


def record_spawn(program: ProgramState, event: Spawned, now: Instant) -> ProgramState:
    """Return `program` with the process of its life; one that comes too late is killed, which changes nothing else."""
    if program.state in (State.STOPPED, State.BACKOFF, State.FATAL):
        delay_s = max(0.0, (program.deadline_s or now.mono_s) - now.mono_s)
        program = replace(program, after_flush=AfterFlush(program.state, delay_s, program.reason))
    return replace(program, child=event.child)


def record_hello(program: ProgramState, event: Hello, now: Instant) -> ProgramState:
    """Return `program` with its life connected."""
    return replace(program, life=with_hello(program.life, event, now))


def with_hello(life: LifeState, event: Hello, now: Instant) -> LifeState:
    """Return `life` connected."""
    return replace(
        life,
        linked=True,
        was_linked=True,
        last_seen_s=now.mono_s,
        version=event.version,
        writes_traceback=event.writes_traceback,
        hands_over=event.role is not None,
    )


def record_ready(program: ProgramState, now: Instant) -> ProgramState:
    """Return `program` with its life ready, unless it is known since when the life has been."""
    if program.life.ready_s is not None:
        return _with_life(program, needs_serve=False)
    return _with_life(program, ready_s=now.mono_s, needs_serve=False)


def record_heartbeat(program: ProgramState, event: Heartbeat, now: Instant) -> ProgramState:
    """Return `program` with the health that its life reported, and with the starts that the life made by itself."""
    life = program.life
    program = restart_policy.count_starts(program, max(0, event.extra_starts - life.extra_starts), now)
    return _with_life(
        program,
        last_seen_s=now.mono_s,
        health=event.health,
        health_record=health.record_heartbeat(life.health_record, event.health, program.settings, now.mono_s),
        extra_starts=max(life.extra_starts, event.extra_starts),
    )


def record_memory(program: ProgramState, event: MemorySampled, now: Instant) -> ProgramState:
    """Return `program` with the memory that its life uses."""
    return _with_life(program, health_record=replace(program.life.health_record, rss_bytes=event.rss_bytes))


def record_pending(program: ProgramState, event: Draining, now: Instant) -> ProgramState:
    """Return `program` with the work that its life still has to finish."""
    return _with_life(program, pending=event.pending, last_seen_s=now.mono_s)


def record_disconnect(program: ProgramState, event: Disconnected, now: Instant) -> ProgramState:
    """Return `program` with its life disconnected."""
    return _with_life(program, linked=False)


def record_goodbye(program: ProgramState, event: Goodbye, now: Instant) -> ProgramState:
    """Return `program` with the exit that its life announced."""
    return replace(program, life=with_goodbye(program.life, event))


def with_goodbye(life: LifeState, event: Goodbye) -> LifeState:
    """Return `life` with the exit that it announced."""
    return replace(life, goodbye=(event.code, None if event.reason is None else text_reason(event.reason)))


def apply_settings(program: ProgramState, event: Configured, now: Instant) -> ProgramState:
    """Return `program` with its new settings."""
    return replace(
        program,
        settings=event.settings,
        flush_on_restart=event.flush_on_restart,
        flush_on_crash=event.flush_on_crash,
    )


def record_exit(program: ProgramState, event: Exited, now: Instant) -> ProgramState:
    """Return `program` with how its life ended. Its child is now the process that the life left behind, if any."""
    last_exit = program.last_exit
    if last_exit is None or last_exit.life != program.life.number:  # else a process that it left behind has exited
        last_exit = restart_policy.exit_status(program.life, event, now)
    program = _with_life(program, linked=False, pending=(), health=None)
    return replace(program, child=event.left, last_exit=last_exit)


def _with_life(program: ProgramState, **changes: Any) -> ProgramState:
    return replace(program, life=replace(program.life, **changes))
