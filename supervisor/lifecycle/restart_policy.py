"""When to try again after a life has ended by itself, and how often at all. Pure."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from supervisor.lifecycle import restart_report as restarts
from supervisor.lifecycle.events import Exited
from supervisor.lifecycle.model import AfterFlush, ExitStatus, Instant, ProgramState, Reason, State

#: waiting time after the second crash in a window; it doubles with each further one
BACKOFF_FIRST_S: Final = 0.5
BACKOFF_LONGEST_S: Final = 60.0
#: the same for a life that ended with "try again later"
RETRY_FIRST_S: Final = 5.0
RETRY_LONGEST_S: Final = 300.0
#: waiting times differ by up to this part of themselves, so that programs do not knock in step
JITTER: Final = 0.2

#: how far back the new lives are counted that the supervisor gave by itself to what hung or was unwell
RECOVERY_WINDOW_S: Final = 3600.0
#: who asks for those
BY_ITSELF: Final = "supervisor"

EXIT_TRY_LATER: Final = 75
EXIT_BAD_CONFIG: Final = 78
#: exit codes after which another try cannot help, and the code of the reason
FATAL_CODES: Final = {77: "access_refused", EXIT_BAD_CONFIG: "bad_config"}


def end_of(known: ProgramState, event: Exited, now: Instant) -> ExitStatus:
    """Return how the present life ended: by what was seen of it, and by what it said itself."""
    code, reason = event.code, None
    if known.goodbye is not None:
        told, reason = known.goodbye
        code = told if code is None and event.signal is None and told >= 0 else code
    return ExitStatus(known.life, code, event.signal, reason, round(now.wall_s, 3))


def decide(known: ProgramState, event: Exited, served: bool, now: Instant) -> ProgramState:
    """Return `known`, whose life ended by `event`, with what comes after the flush, by the crash policy."""
    end = end_of(known, event, now)
    exit_reason, policy = end.as_reason(), known.program.restart
    if event.rebooted:
        restart = known.restart and replace(known.restart, phase_since_s=now.mono_s, down_since_s=None)
        return replace(known, crashes_s=(), restart=restart)
    if end.code not in FATAL_CODES and (policy == "never" or (policy == "on-failure" and end.code == 0)):
        return replace(known, then=AfterFlush(State.STOPPED, reason=Reason("exited", {"exit": exit_reason})))
    if served and known.restart is None:
        reason = Reason("crash", {"exit": exit_reason})
        known = replace(known, restart=restarts.begin(known, now, reason=reason, requested_by=BY_ITSELF))
    if known.restart and known.restart.down_since_s is None and not event.unseen:
        known = replace(known, restart=replace(known.restart, down_since_s=now.mono_s, phase_since_s=now.mono_s))
    if end.code in FATAL_CODES:
        reason = end.reason or Reason(FATAL_CODES[end.code], {"code": end.code})
        return replace(known, then=AfterFlush(State.FATAL, reason=reason))
    if end.code == EXIT_TRY_LATER:
        delay_s = min(RETRY_FIRST_S * 2**known.retries, RETRY_LONGEST_S) * jitter(known)
        return replace(known, retries=min(known.retries + 1, 16), then=AfterFlush(State.BACKOFF, delay_s, exit_reason))
    return after_crash(known, exit_reason, now)


def after_crash(known: ProgramState, why: Reason, now: Instant) -> ProgramState:
    """Return `known` with one crash more: at once, then later and later, then never."""
    program = known.program
    crashes_s = (*recent(known, now), now.mono_s)
    known = replace(known, crashes_s=crashes_s[-1000:])
    if program.max_crashes and len(crashes_s) > program.max_crashes:
        reason = Reason("crash_limit", {"count": len(crashes_s), "time_s": program.crash_window_s, "reason": why})
        return replace(known, then=AfterFlush(State.FATAL, reason=reason))
    if len(crashes_s) == 1:
        return replace(known, then=AfterFlush())
    delay_s = min(BACKOFF_FIRST_S * 2 ** min(len(crashes_s) - 2, 16), BACKOFF_LONGEST_S) * jitter(known)
    return replace(known, then=AfterFlush(State.BACKOFF, delay_s, why))


def unless_too_often(known: ProgramState, why: Reason, now: Instant) -> ProgramState:
    """Return `known`, which is to get a new life because it hangs or is unwell; FATAL if that has not helped before."""
    most, count = known.program.max_recoveries_per_hour, len(_recoveries(known, now))
    if not most or count < most:
        return known
    reason = Reason("recovery_limit", {"count": count, "reason": why})
    return replace(known, then=AfterFlush(State.FATAL, reason=reason))


def recovering(known: ProgramState, now: Instant) -> ProgramState:
    """Return `known` with one new life more that the supervisor gives it by itself."""
    return replace(known, recoveries_s=(*_recoveries(known, now), now.mono_s)[-1000:])


def _recoveries(known: ProgramState, now: Instant) -> tuple[float, ...]:
    return tuple(at for at in known.recoveries_s if 0 <= now.mono_s - at < RECOVERY_WINDOW_S)


def recent(known: ProgramState, now: Instant) -> tuple[float, ...]:
    """Return when lives crashed within the window, in seconds of `Instant.mono_s`."""
    return tuple(at for at in known.crashes_s if 0 <= now.mono_s - at < known.program.crash_window_s)


def started(known: ProgramState, count: int, now: Instant) -> ProgramState:
    """Return `known` with `count` starts more, of which the day's are kept."""
    hour = int(now.wall_s // 3600)
    starts = {at: number for at, number in known.starts.items() if abs(hour - at) < 24}
    return replace(known, starts={**starts, hour: starts.get(hour, 0) + count}) if count else known


def starts_today(known: ProgramState, now: Instant) -> int:
    """Return how many lives were started within the last 24 hours; a clock that was set back hides none."""
    hour = int(now.wall_s // 3600)
    return sum(count for at, count in known.starts.items() if abs(hour - at) < 24)


def start_limit(known: ProgramState, now: Instant) -> Reason | None:
    """Return the reason why no process may be started today; None: one may."""
    limit, count = known.program.max_starts_per_day, starts_today(known, now)
    return Reason("start_limit", {"count": count, "limit": limit}) if limit and count >= limit else None


def jitter(known: ProgramState) -> float:
    """Return a factor around 1 that differs from life to life, and is the same each time it is asked for."""
    return 1 + JITTER * ((known.life * 0x9E3779B1 & 0xFFFF) / 0xFFFF - 0.5)
