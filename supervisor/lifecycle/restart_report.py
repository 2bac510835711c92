"""The record of a restart: begin, time each phase, report. Pure."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from supervisor.lifecycle.effects import Effect, LogLine, RestartFinished
from supervisor.lifecycle.events import RestartRequested
from supervisor.lifecycle.model import Instant, Phases, ProgramState, Reason, Restart, RestartReport

#: the phases that are timed, in their order
PHASES: Final = Phases.__struct_fields__


def begin_restart(
    program: ProgramState, now: Instant, *, reason: Reason, requested_by: str, ticket: Any = None, is_cold: bool = False
) -> Restart:
    """Return the record of a restart that begins now."""
    return Restart(
        reason=reason,
        requested_by=requested_by,
        ticket=ticket,
        from_life=program.life.number,
        asked_at=now.wall_s,
        phase_since_s=now.mono_s,
        is_cold=is_cold,
    )


def merge_request(program: ProgramState, event: RestartRequested, now: Instant) -> Restart:
    """Return the restart that is requested. It joins one in progress, and hands over its ticket if that has none."""
    if program.restart:
        ticket = program.restart.ticket
        is_cold = program.restart.is_cold or event.is_cold
        return replace(program.restart, ticket=event.ticket if ticket is None else ticket, is_cold=is_cold)
    return begin_restart(
        program,
        now,
        reason=event.reason,
        requested_by=event.requested_by,
        ticket=event.ticket,
        is_cold=event.is_cold,
    )


def record_phase(restart: Restart, phase: str, now: Instant) -> Restart:
    """Return the restart with the duration of `phase`; the next phase begins now.

    If a life exits before it is ready, everything until one is ready counts as the start: no phase is timed twice.
    """
    if any(getattr(restart.phases, name) is not None for name in PHASES[PHASES.index(phase) :]):
        return restart
    duration_s = round(now.mono_s - restart.phase_since_s, 6)
    return replace(restart, phases=replace(restart.phases, **{phase: duration_s}), phase_since_s=now.mono_s)


def make_report(
    program: ProgramState,
    restart: Restart,
    now: Instant,
    *,
    to_life: int | None = None,
    error: Reason | None = None,
    handed_over: int | None = None,
) -> RestartReport:
    """Return the report of a finished restart: life `to_life` is ready, or the restart failed because of `error`.

    `handed_over`: how many events that came before it the life has acted on.
    """
    downtime_s = None
    if restart.down_since_s is not None and error is None:
        downtime_s = round(now.mono_s - restart.down_since_s, 6)
    return RestartReport(
        program=program.name,
        from_life=restart.from_life,
        to_life=to_life,
        ok=error is None,
        reason=restart.reason,
        requested_by=restart.requested_by,
        at=restart.asked_at,
        phases=restart.phases,
        downtime_s=downtime_s,
        drained=restart.drained,
        cancelled=restart.cancelled,
        flushed_entries=restart.flushed_entries,
        error=error,
        handover=error is None and restart.phases.serve_s is not None,
        handed_over=handed_over,
        cold_reason=restart.cold_reason,
    )


def failure(code: str, problem: Reason, exit_code: int | None) -> Reason:
    """Return why a restart failed; `exit_code` is that of the check or of the process, None without one."""
    return Reason(code, {"problem": problem, "code": exit_code})


def cancel(program: ProgramState, error: Reason, now: Instant) -> tuple[ProgramState, list[Effect]]:
    """End the restart in progress because of `error`, and log that; the program stays in its state."""
    assert program.restart is not None
    program, finished = fail(program, program.restart, error, now)
    return program, [LogLine("warning", "restart_cancelled", {"reason": error}), finished]


def fail(program: ProgramState, restart: Restart, error: Reason, now: Instant) -> tuple[ProgramState, RestartFinished]:
    """End the restart in progress because of `error`.

    If the old life is down, so that it cannot report to its requester, the next life that is ready gets the ticket.
    """
    finished = RestartFinished(make_report(program, restart, now, error=error))
    is_undelivered = restart.down_since_s is not None and restart.ticket is not None
    ticket = restart.ticket if is_undelivered else program.undelivered_ticket
    return replace(program, restart=None, undelivered_ticket=ticket), finished
