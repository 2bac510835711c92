"""When to start a program again after its process exited unexpectedly, and when to give up. Pure."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from supervisor.client import EXIT_BAD_CONFIG, EXIT_REFUSED, EXIT_TRY_AGAIN
from supervisor.lifecycle import restart_report
from supervisor.lifecycle.events import Exited
from supervisor.lifecycle.model import AfterFlush, ExitStatus, Instant, LifeState, ProgramState, Reason, State

#: a life that served for so long before it crashed is replaced at once, in seconds. A fault of the code, the
#: configuration or the data shows earlier, and a start every 10 s burdens neither the machine nor other services
SERVED_LONG_S: Final = 10.0
#: delay after the second early crash in a window; it doubles with each further one
BACKOFF_FIRST_S: Final = 0.5
BACKOFF_LONGEST_S: Final = 60.0
#: the same after an exit with "try again later"
RETRY_FIRST_S: Final = 5.0
RETRY_LONGEST_S: Final = 300.0
#: delays differ by up to this part of themselves, so that programs do not start at the same time
JITTER: Final = 0.2

#: how far back restarts for health are counted
RECOVERY_WINDOW_S: Final = 3600.0
#: the requester of restarts that the supervisor itself decides on
BY_ITSELF: Final = "supervisor"

#: exit codes after which another start cannot help, and the code of the reason
FATAL_CODES: Final = {EXIT_REFUSED: "access_refused", EXIT_BAD_CONFIG: "bad_config"}


def exit_status(life: LifeState, event: Exited, now: Instant) -> ExitStatus:
    """Return how a life ended: by its exit status, and by the goodbye that it sent."""
    code, reason = event.code, None
    if life.goodbye is not None:
        announced, reason = life.goodbye
        code = announced if code is None and event.signal is None and announced >= 0 else code
    return ExitStatus(life.number, code, event.signal, reason, round(now.wall_s, 3))


def decide_after_exit(program: ProgramState, event: Exited, served: bool, now: Instant) -> ProgramState:
    """Return `program` with what follows the flush after an unexpected exit. `served`: its life was ready."""
    status, policy = exit_status(program.life, event, now), program.settings.restart
    reason = status.as_reason()
    if event.rebooted:
        restart = program.restart and replace(program.restart, phase_since_s=now.mono_s, down_since_s=None)
        return replace(program, crashes_s=(), early_crashes_s=(), restart=restart)
    if status.code not in FATAL_CODES and (policy == "never" or (policy == "on-failure" and status.code == 0)):
        return _after_flush(program, AfterFlush(State.STOPPED, reason=Reason("exited", {"exit": reason})))
    if served and program.restart is None:
        crash = Reason("crash", {"exit": reason})
        restart = restart_report.begin_restart(program, now, reason=crash, requested_by=BY_ITSELF)
        program = replace(program, restart=restart)
    if program.restart and program.restart.down_since_s is None and not event.unseen:
        restart = replace(program.restart, down_since_s=now.mono_s, phase_since_s=now.mono_s)
        program = replace(program, restart=restart)
    if status.code in FATAL_CODES:
        fatal = status.reason or Reason(FATAL_CODES[status.code], {"code": status.code})
        return _after_flush(program, AfterFlush(State.FATAL, reason=fatal))
    if status.code == EXIT_TRY_AGAIN:
        delay_s = min(RETRY_FIRST_S * 2**program.retries, RETRY_LONGEST_S) * jitter(program)
        program = replace(program, retries=min(program.retries + 1, 16))
        return _after_flush(program, AfterFlush(State.BACKOFF, delay_s, reason))
    # when an unseen exit happened is unknown, and so is how long the life had served
    return count_crash(program, reason, now, served_until_s=None if event.unseen else now.mono_s)


def count_crash(
    program: ProgramState, reason: Reason, now: Instant, *, served_until_s: float | None = None
) -> ProgramState:
    """Return `program` with one crash more, and what follows it.

    After a life that served for `SERVED_LONG_S`, the next one starts at once. After an early crash it starts at once
    the first time, then after a growing delay, then not again.

    Args:
        program: its current life crashed.
        reason: how.
        now: when.
        served_until_s: until when that life served, in seconds of `Instant.mono_s`; None: unknown, or it never did.
    """
    program = replace(program, crashes_s=(*recent_crashes(program, now), now.mono_s)[-1000:])
    ready_s = program.life.ready_s
    if ready_s is not None and served_until_s is not None and served_until_s - ready_s >= SERVED_LONG_S:
        return _after_flush(program, AfterFlush())
    settings, early_s = program.settings, (*_within_window(program, program.early_crashes_s, now), now.mono_s)
    program = replace(program, early_crashes_s=early_s[-1000:])
    if settings.max_crashes and len(early_s) > settings.max_crashes:
        limit = Reason("crash_limit", {"count": len(early_s), "time_s": settings.crash_window_s, "reason": reason})
        return _after_flush(program, AfterFlush(State.FATAL, reason=limit))
    if len(early_s) == 1:
        return _after_flush(program, AfterFlush())
    delay_s = min(BACKOFF_FIRST_S * 2 ** min(len(early_s) - 2, 16), BACKOFF_LONGEST_S) * jitter(program)
    return _after_flush(program, AfterFlush(State.BACKOFF, delay_s, reason))


def give_up_if_repeated(program: ProgramState, reason: Reason, now: Instant) -> ProgramState:
    """Return `program`, whose life is to be replaced for its health; FATAL if that was done too often."""
    limit, count = program.settings.max_recoveries_per_hour, len(_recent_recoveries(program, now))
    if not limit or count < limit:
        return program
    fatal = Reason("recovery_limit", {"count": count, "reason": reason})
    return _after_flush(program, AfterFlush(State.FATAL, reason=fatal))


def count_recovery(program: ProgramState, now: Instant) -> ProgramState:
    """Return `program` with one more restart that the supervisor decided on."""
    return replace(program, recoveries_s=(*_recent_recoveries(program, now), now.mono_s)[-1000:])


def _recent_recoveries(program: ProgramState, now: Instant) -> tuple[float, ...]:
    return tuple(at_s for at_s in program.recoveries_s if 0 <= now.mono_s - at_s < RECOVERY_WINDOW_S)


def recent_crashes(program: ProgramState, now: Instant) -> tuple[float, ...]:
    """Return when lives crashed within the window, however long they had served, in seconds of `Instant.mono_s`."""
    return _within_window(program, program.crashes_s, now)


def _within_window(program: ProgramState, times_s: tuple[float, ...], now: Instant) -> tuple[float, ...]:
    return tuple(at_s for at_s in times_s if 0 <= now.mono_s - at_s < program.settings.crash_window_s)


def count_starts(program: ProgramState, count: int, now: Instant) -> ProgramState:
    """Return `program` with `count` more starts. Starts that are older than a day are dropped."""
    hour = int(now.wall_s // 3600)
    starts = {at: number for at, number in program.starts.items() if abs(hour - at) < 24}
    return replace(program, starts={**starts, hour: starts.get(hour, 0) + count}) if count else program


def start_limit_reason(program: ProgramState, now: Instant) -> Reason | None:
    """Return why the program may not be started today; None: it may."""
    limit, count = program.settings.max_starts_per_day, _starts_today(program, now)
    return Reason("start_limit", {"count": count, "limit": limit}) if limit and count >= limit else None


def _starts_today(program: ProgramState, now: Instant) -> int:
    hour = int(now.wall_s // 3600)
    # abs: a clock that was set back hides no start
    return sum(count for at, count in program.starts.items() if abs(hour - at) < 24)


def jitter(program: ProgramState) -> float:
    """Return a factor around 1 that depends on the number of the life alone, so that the machine stays pure."""
    return 1 + JITTER * ((program.life.number * 0x9E3779B1 & 0xFFFF) / 0xFFFF - 0.5)


def _after_flush(program: ProgramState, after_flush: AfterFlush) -> ProgramState:
    return replace(program, after_flush=after_flush)
