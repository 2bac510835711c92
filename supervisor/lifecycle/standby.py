"""The second process of a program, beside that of the current life: begin, end, record what it does. Pure.

What it means for the restart is up to `restart_sequence`.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from supervisor.lifecycle import life, restart_policy
from supervisor.lifecycle.effects import Effect, Kill, LogLine, ReportRetired, Retire, SpawnPrepared, Terminate, Welcome
from supervisor.lifecycle.events import (
    Disconnected,
    Draining,
    Exited,
    Goodbye,
    Heartbeat,
    Hello,
    LifeEvent,
    MemorySampled,
    Spawned,
)
from supervisor.lifecycle.model import (
    ExitStatus,
    Instant,
    LifeState,
    ProcessId,
    ProgramState,
    Reason,
    Standby,
    StandbyState,
    State,
)

#: how long a killed process may take to exit before it is reported
KILL_TIMEOUT_S: Final = 10.0
#: answered requests after which a life has proved itself
PROBATION_ANSWERS: Final = 20
#: silence of a life on probation after which it hangs, and with which it has not proved itself: it sends a heartbeat
#: every second
PROBATION_SILENCE_S: Final = 5.0
QUIET_S: Final = 2.0
#: states in which it can become the current life
_CAN_FOLLOW: Final = frozenset({StandbyState.PREPARING, StandbyState.PREPARED, StandbyState.WAITING})
_IS_NEXT: Final = frozenset({StandbyState.PREPARING, StandbyState.PREPARED})

Step = tuple[ProgramState, list[Effect]]


def following(program: ProgramState) -> Standby | None:
    """Return the second process if it can become the current life."""
    standby = program.standby
    return standby if standby is not None and standby.state in _CAN_FOLLOW else None


def is_next(program: ProgramState) -> bool:
    """Return whether the second process is the next one, prepared or on its way to that."""
    return program.standby is not None and program.standby.state in _IS_NEXT


def is_waiting(program: ProgramState) -> bool:
    """Return whether the second process has served before, and can serve again."""
    return program.standby is not None and program.standby.state is StandbyState.WAITING


def begin(program: ProgramState, now: Instant) -> Step:
    """Start the next life beside the current one; it counts as a start of the day."""
    assert program.standby is None
    number, timeout_s = life.next_number(program), program.settings.start_timeout_s
    next_life = LifeState(number, started_at=now.wall_s, started_s=now.mono_s, needs_serve=True)
    standby = Standby(state=StandbyState.PREPARING, life=next_life, deadline_s=now.mono_s + timeout_s)
    program = replace(restart_policy.count_starts(program, 1, now), standby=standby, last_number=number)
    return program, [SpawnPrepared(number)]


def exchange(program: ProgramState, now: Instant) -> ProgramState:
    """Return `program` with its second process as the current life, and the current life, if it runs, as the second."""
    standby = program.standby
    assert standby is not None
    before = None
    if program.child is not None:
        old_life = replace(program.life, needs_serve=True, is_prepared=True)
        before = Standby(state=StandbyState.WAITING, life=old_life, child=program.child)
    is_prepared = standby.state is not StandbyState.PREPARING
    return replace(
        program, standby=before, life=replace(standby.life, is_prepared=is_prepared), child=standby.child, reason=None
    )


def begin_probation(program: ProgramState, now: Instant) -> ProgramState:
    """Return `program` whose current life serves from now on: the life before waits for a while."""
    if not is_waiting(program):
        return program
    return _with(program, deadline_s=now.mono_s + program.settings.probation_s)


def finish_probation(program: ProgramState, now: Instant) -> Step:
    """WAITING: the time is over. A current life that has just become silent may hang."""
    seen_s = program.life.last_seen_s
    if program.life.linked and seen_s is not None and now.mono_s - seen_s > QUIET_S:
        return _with(program, deadline_s=max(now.mono_s, seen_s + PROBATION_SILENCE_S) + 1.0), []
    return retire(program, now)


# --- the end of the second process ---


def retire(program: ProgramState, now: Instant) -> Step:
    """WAITING: the current life has proved itself. Let the one before finish what it took, and exit."""
    if not is_waiting(program):
        return program, []
    timeout_s = program.settings.drain_timeout_s
    assert program.standby is not None
    number, deadline_s = program.standby.life.number, now.mono_s + timeout_s + program.settings.stop_timeout_s
    return _with(program, state=StandbyState.RETIRING, deadline_s=deadline_s), [Retire(number, timeout_s)]


def end(program: ProgramState, now: Instant) -> Step:
    """End the second process: at once if it is the next one, after it has finished what it took if it has served."""
    if program.standby is None or not is_next(program):
        return retire(program, now)
    if program.standby.child is None:
        return replace(program, standby=None), []  # a process that comes later is not expected, and killed
    return _terminate(program, program.standby.child, now)


def time_out(program: ProgramState, now: Instant) -> Step:
    """RETIRING, STOPPING, KILLING: go on with the next means."""
    standby = program.standby
    if standby is None or standby.child is None:
        return replace(program, standby=None), []
    if standby.state is StandbyState.RETIRING:
        return _terminate(program, standby.child, now)
    if standby.state is StandbyState.STOPPING:
        return kill(program, Reason("stop_timeout", {"time_s": program.settings.stop_timeout_s}), now)
    # it does not serve, so nothing waits for it
    reason = Reason("unkillable", {"pid": standby.child.pid, "life": standby.life.number})
    return replace(program, standby=None), [LogLine("error", "standby_unkillable", {"reason": reason})]


def kill(program: ProgramState, reason: Reason, now: Instant) -> Step:
    """Kill the second process."""
    standby = program.standby
    assert standby is not None
    assert standby.child is not None
    line = LogLine("warning", "killed", {"life": standby.life.number, "reason": reason})
    program = _with(program, state=StandbyState.KILLING, deadline_s=now.mono_s + KILL_TIMEOUT_S)
    return program, [line, Kill(standby.child, standby.life.number)]


def _terminate(program: ProgramState, child: ProcessId, now: Instant) -> Step:
    deadline_s = now.mono_s + program.settings.stop_timeout_s
    return _with(program, state=StandbyState.STOPPING, deadline_s=deadline_s), [Terminate(child)]


def record_exit(program: ProgramState, event: Exited, now: Instant) -> tuple[ProgramState, ExitStatus, list[Effect]]:
    """Return `program` without its second process, how that ended, and what the current life has to know.

    What it left behind is killed first, and counts as the process until it is gone.
    """
    standby = program.standby
    assert standby is not None
    status = restart_policy.exit_status(standby.life, event, now)
    if event.left is not None:
        program, effects = kill(_with(program, child=event.left), Reason("process_left", {"pid": event.left.pid}), now)
        return program, status, effects
    is_reported = not is_next(program) and program.life.linked
    report = ReportRetired(program.life.number, standby.life.number)
    return replace(program, standby=None), status, [report] if is_reported else []


# --- what the second process does ---


def record_spawn(program: ProgramState, event: Spawned, now: Instant) -> Step:
    """PREPARING: the process runs. In any other state it is not expected."""
    standby = program.standby
    assert standby is not None
    if standby.state is StandbyState.PREPARING and standby.child in (None, event.child):
        return _with(program, child=event.child), []
    if event.child == standby.child:
        return program, []
    line = LogLine("warning", "killed", {"life": event.life, "reason": Reason("unexpected_process")})
    return program, [line, Kill(event.child, event.life)]


def welcome(program: ProgramState, event: Hello, now: Instant) -> Step:
    """Record the connection; repeat what the process may have missed."""
    standby = program.standby
    assert standby is not None
    number = standby.life.number
    left_s = None if standby.deadline_s is None else max(0.0, standby.deadline_s - now.mono_s)
    program = _record(program, life.with_hello(standby.life, event, now))
    if standby.state is StandbyState.RETIRING:
        return program, [Welcome(number, None), Retire(number, left_s or 0.0)]
    return program, [Welcome(number, None, left_s if is_next(program) else None)]


def record_event(program: ProgramState, event: LifeEvent, now: Instant) -> Step:
    """Record what the process says about itself."""
    standby = program.standby
    assert standby is not None
    one = standby.life
    match event:
        case Disconnected():
            one = replace(one, linked=False)
        case Heartbeat():
            program = restart_policy.count_starts(program, max(0, event.extra_starts - one.extra_starts), now)
            extra_starts = max(one.extra_starts, event.extra_starts)
            one = replace(one, last_seen_s=now.mono_s, health=event.health, extra_starts=extra_starts)
        case MemorySampled():
            one = replace(one, health_record=replace(one.health_record, rss_bytes=event.rss_bytes))
        case Draining():
            one = replace(one, pending=event.pending, last_seen_s=now.mono_s)
        case Goodbye():
            one = life.with_goodbye(one, event)
    return _record(program, one), []


def resume(program: ProgramState, now: Instant) -> Step:
    """Resume from the journal: restart the deadline, and repeat an effect that may not have happened."""
    standby = program.standby
    if standby is None:
        return program, []
    program = _record(program, replace(standby.life, linked=False))
    if standby.child is None:
        return replace(program, standby=None), []
    if standby.state is StandbyState.PREPARING:
        return _with(program, deadline_s=now.mono_s + program.settings.start_timeout_s), []
    if standby.state is StandbyState.WAITING:
        return begin_probation(program, now) if program.state is State.RUNNING else program, []
    if standby.state is StandbyState.RETIRING:
        timeout_s = program.settings.drain_timeout_s + program.settings.stop_timeout_s
        return _with(program, deadline_s=now.mono_s + timeout_s), []
    if standby.state is StandbyState.STOPPING:
        return _terminate(program, standby.child, now)
    if standby.state is StandbyState.KILLING:
        return kill(program, Reason("unexpected_process"), now)
    return program, []


def _record(program: ProgramState, one: LifeState) -> ProgramState:
    return _with(program, life=one)


def _with(program: ProgramState, **changes: Any) -> ProgramState:
    assert program.standby is not None
    return replace(program, standby=replace(program.standby, **changes))
