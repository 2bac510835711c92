"""The record of a restart: begun, timed phase by phase, reported. Pure."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from supervisor.lifecycle.events import Effect, LogLine, RestartFinished, RestartRequested
from supervisor.lifecycle.model import Instant, Phases, ProgramState, Reason, Restart, RestartReport

#: the phases that are timed, in their order
PHASES: Final = Phases.__struct_fields__


def begin(known: ProgramState, now: Instant, *, reason: Reason, requested_by: str, ticket: Any = None) -> Restart:
    """Return the record of a restart that is asked for now."""
    return Restart(
        reason=reason,
        requested_by=requested_by,
        ticket=ticket,
        from_life=known.life,
        asked_at=now.wall_s,
        phase_since_s=now.mono_s,
    )


def timed(restart: Restart, phase: str, now: Instant) -> Restart:
    """Return `restart` with `phase` measured, and the next one beginning now.

    When a life dies before it is ready, everything until one is counts as its start: no phase is measured twice.
    """
    if any(getattr(restart.phases, one) is not None for one in PHASES[PHASES.index(phase) :]):
        return restart
    took_s = round(now.mono_s - restart.phase_since_s, 6)
    return replace(restart, phases=replace(restart.phases, **{phase: took_s}), phase_since_s=now.mono_s)


def report(
    known: ProgramState,
    restart: Restart,
    now: Instant,
    *,
    to_life: int | None = None,
    error: Reason | None = None,
) -> RestartReport:
    """Return the report of a restart that is over: life `to_life` is ready, or it failed because of `error`."""
    downtime_s = None
    if restart.down_since_s is not None and error is None:
        downtime_s = round(now.mono_s - restart.down_since_s, 6)
    return RestartReport(
        program=known.name,
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
    )


def joined(known: ProgramState, event: RestartRequested, now: Instant) -> Restart:
    """Return the restart that is asked for. One that is under way is joined, and takes the ticket if it has none."""
    if known.restart:
        ticket = known.restart.ticket
        return replace(known.restart, ticket=event.ticket if ticket is None else ticket)
    return begin(known, now, reason=event.reason, requested_by=event.requested_by, ticket=event.ticket)


def called_off(known: ProgramState, error: Reason, now: Instant) -> tuple[ProgramState, list[Effect]]:
    """End the restart under way without a new life; everything else stays as it is."""
    assert known.restart is not None
    known, finished = failed(known, known.restart, error, now)
    return known, [LogLine("warning", "restart_cancelled", {"reason": error}), finished]


def failed(known: ProgramState, restart: Restart, error: Reason, now: Instant) -> tuple[ProgramState, RestartFinished]:
    """End the restart under way; when there is nobody left to tell its requester, the next life to be ready will."""
    finished = RestartFinished(report(known, restart, now, error=error))
    lost = restart.down_since_s is not None and restart.ticket is not None
    return replace(known, restart=None, owed_ticket=restart.ticket if lost else known.owed_ticket), finished
