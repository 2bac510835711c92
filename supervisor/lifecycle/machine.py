"""The state machine of a program. Every decision about a program is made here and in the modules that this one calls.

`step(program, event, now)` takes the state of a program and an event, and returns the new state and the effects to
execute. It is pure: no clock, no process, no file. The runner feeds it with events and executes the effects.

A program is kept running by one process after the other. Each process is a **life**, numbered from 1. The **desired
state** (up or down) is what the operator wants. The **state** is what is:

    STOPPED    no process runs, none will be started
    STARTING   a process has been spawned, or told to serve, and is not ready yet
    RUNNING    the process serves. Before a restart, the program's check runs beside it, and the next one is prepared
    DRAINING   the process accepts no new work and finishes what it has begun
    STOPPING   SIGTERM was sent to its process group; or it hangs, and writes a traceback
    KILLING    SIGKILL was sent to everything that it started
    FLUSHING   the process is dead, or takes nothing new; its cache directory is being replaced
    BACKOFF    the process crashed; the next one waits
    FATAL      not started again until the operator acts. A process that cannot be killed may still be running

`restart_sequence` has the restart, from its request to the next life that is ready. `stop` takes the same way with the
desired state down. Every state that waits has one deadline, so none waits for ever. During a hand-over there is a
second process, the standby, with a state and a deadline of its own. An event of a life counts only if that is the
current life or the standby: late messages of a dead process change nothing. A process that is not expected is killed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from supervisor.lifecycle import health, life, restart_policy, restart_report, standby
from supervisor.lifecycle import restart_sequence as sequence
from supervisor.lifecycle.effects import (
    Effect,
    Kill,
    LogLine,
    RequestDrain,
    RequestTraceback,
    StopCheck,
    Welcome,
)
from supervisor.lifecycle.events import (
    Adopted,
    CannotPrepare,
    CheckFinished,
    Configured,
    DeadlinePassed,
    Disconnected,
    Drained,
    Draining,
    Event,
    Exited,
    Flushed,
    Goodbye,
    Heartbeat,
    Hello,
    LifeEvent,
    MemorySampled,
    Prepared,
    Ready,
    RestartRequested,
    Spawned,
    SpawnFailed,
    StandbyDeadlinePassed,
    Start,
    Stop,
)
from supervisor.lifecycle.model import AfterFlush, DesiredState, Instant, ProgramState, Reason, State
from supervisor.lifecycle.standby import Step

#: how long a hung process may take to write its traceback
TRACEBACK_TIMEOUT_S: Final = 0.5


def step(program: ProgramState, event: Event, now: Instant) -> Step:
    """Return the state of the program after `event`, and the effects to execute. Pure."""
    if isinstance(event, LifeEvent) and event.life != program.life.number:
        if program.standby is not None and event.life == program.standby.life.number:
            return OF_STANDBY[type(event)](program, event, now)
        return sequence.handle_spawn(program, event, now) if isinstance(event, Spawned) else (program, [])
    return TABLE[program.state, type(event)](program, event, now)


def deadline(program: ProgramState) -> float | None:
    """Return when `DeadlinePassed` is due, in seconds of `Instant.mono_s`; None for never."""
    if program.state is not State.RUNNING:
        return program.deadline_s
    check_s = program.restart.check_deadline_s if program.restart else None
    seen_s = program.life.last_seen_s
    heartbeat_s = None if seen_s is None else seen_s + _heartbeat_timeout_s(program)
    return min((at_s for at_s in (check_s, heartbeat_s) if at_s is not None), default=None)


def standby_deadline(program: ProgramState) -> float | None:
    """Return when `StandbyDeadlinePassed` is due, in seconds of `Instant.mono_s`; None for never."""
    return program.standby.deadline_s if program.standby else None


def _heartbeat_timeout_s(program: ProgramState) -> float:
    timeout_s = program.settings.heartbeat_timeout_s
    is_on_probation = standby.is_waiting(program) and program.life.linked
    return min(timeout_s, standby.PROBATION_SILENCE_S) if is_on_probation else timeout_s


# --- crashes, hung and unhealthy processes -----------------------------------------------------------------


def _time_out_running(program: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    """RUNNING: the check or the heartbeat has timed out."""
    restart = program.restart
    if restart and restart.check_deadline_s is not None and restart.check_deadline_s <= now.mono_s:
        return sequence.time_out_check(program, now)
    if health.is_lost(program.life.last_seen_s, _heartbeat_timeout_s(program), now.mono_s):
        return _kill_hung(program, now)
    return program, []


def _kill_hung(program: ProgramState, now: Instant) -> Step:
    """RUNNING: no heartbeat. A hung life cannot be drained, but it may be able to write a traceback."""
    reason = Reason("hung", {"time_s": _heartbeat_timeout_s(program)})
    effects: list[Effect] = [StopCheck()] if program.restart else []
    restart = program.restart or restart_report.begin_restart(
        program, now, reason=reason, requested_by=restart_policy.BY_ITSELF
    )
    restart = replace(restart, check_deadline_s=None, down_since_s=now.mono_s, phase_since_s=now.mono_s)
    program = replace(program, restart=restart, crashed=True)
    seen_s = program.life.last_seen_s if program.life.linked else None  # else an adoption has set it, no message
    program = restart_policy.count_crash(program, reason, now, served_until_s=seen_s)
    program = restart_policy.count_recovery(restart_policy.give_up_if_repeated(program, reason, now), now)
    if program.child is None or not program.life.writes_traceback:
        program, more = sequence.kill(program, reason, now)
        return program, [*effects, *more]
    request = RequestTraceback(program.child)
    line = LogLine("warning", "traceback_requested", {"life": program.life.number, "reason": reason})
    program = replace(sequence.enter(program, State.STOPPING, now, TRACEBACK_TIMEOUT_S), reason=reason)
    return program, [*effects, line, request]


def _restart_if_unhealthy(program: ProgramState, now: Instant) -> Step:
    """RUNNING: request a restart for health, or give up if too many restarts have not helped."""
    record = program.life.health_record
    reason = health.restart_reason(record, program.settings, now.mono_s)
    if reason is None or program.restart:
        return program, []
    record = health.with_grace_period(record, now.mono_s)
    program = replace(program, life=replace(program.life, health_record=record))
    program = restart_policy.give_up_if_repeated(program, reason, now)
    if program.after_flush.state is State.FATAL:
        program, ending = standby.end(program, now)  # restarts have not helped, so the life before must not serve again
        program, effects = sequence.drain(program, "stop", now)
        return program, [*ending, *effects]
    line = LogLine("warning", "recovery", {"life": program.life.number, "reason": reason})
    request = RestartRequested(reason, requested_by=restart_policy.BY_ITSELF)
    program, effects = sequence.request_restart(program, request, now)
    return program, [line, *effects]


# --- requests of the operator ------------------------------------------------------------------------------


def _set_desired_up(program: ProgramState, event: Event, now: Instant) -> Step:
    """Every state that has no handler of its own for Start."""
    return replace(program, desired=DesiredState.UP), []


def _start_by_request(program: ProgramState, event: Event, now: Instant) -> Step:
    """STOPPED, BACKOFF, FATAL: start now, and forget earlier failures. A restart does the same here."""
    program = replace(
        program,
        desired=DesiredState.UP,
        crashes_s=(),
        early_crashes_s=(),
        recoveries_s=(),
        retries=0,
        after_flush=AfterFlush(),
    )
    if isinstance(event, RestartRequested):
        program = replace(program, restart=restart_report.merge_request(program, event, now))
    return sequence.start(program, now)


def _restart_while_starting(program: ProgramState, event: RestartRequested, now: Instant) -> Step:
    """STARTING: start again, because this life may have read an older file; but not if a restart is in progress."""
    restart = restart_report.merge_request(program, event, now)
    if program.restart:
        return replace(program, restart=restart), []
    return sequence.stop(replace(program, restart=restart, after_flush=AfterFlush()), now)


def _restart_while_stopping(program: ProgramState, event: RestartRequested, now: Instant) -> Step:
    """DRAINING, STOPPING, KILLING, FLUSHING: let the sequence in progress end with a start."""
    restart = restart_report.merge_request(program, event, now)
    return replace(program, desired=DesiredState.UP, restart=restart, after_flush=AfterFlush()), []


def _set_desired_down(program: ProgramState, event: Stop, now: Instant) -> Step:
    """DRAINING, STOPPING, KILLING, FLUSHING: let the sequence in progress end without a start."""
    return _cancel_restart(replace(program, desired=DesiredState.DOWN), now)


def _stop_running(program: ProgramState, event: Stop, now: Instant) -> Step:
    """RUNNING: drain, then stop."""
    stop_check: list[Effect] = [StopCheck()] if program.restart is not None else []
    program, cancelled = _cancel_restart(replace(program, desired=DesiredState.DOWN), now)
    program, effects = sequence.drain(program, "stop", now)
    return program, [*stop_check, *cancelled, *effects]


def _stop_starting(program: ProgramState, event: Stop, now: Instant) -> Step:
    """STARTING: stop without a drain."""
    program, cancelled = _cancel_restart(replace(program, desired=DesiredState.DOWN), now)
    program, effects = sequence.stop(program, now)
    return program, [*cancelled, *effects]


def _stop_idle(program: ProgramState, event: Stop, now: Instant) -> Step:
    """STOPPED, BACKOFF, FATAL: no process serves. Kill one that may still be running."""
    program, cancelled = _cancel_restart(replace(program, desired=DesiredState.DOWN), now)
    if program.child is not None:
        program, effects = sequence.kill(program, Reason("stop_requested"), now)
        return program, [*cancelled, *effects]
    return replace(sequence.enter(program, State.STOPPED, now), reason=None), cancelled


def _cancel_restart(program: ProgramState, now: Instant) -> Step:
    """End the restart in progress, and the second process."""
    program, effects = standby.end(program, now)
    if program.restart is None:
        return program, effects
    program, cancelled = restart_report.cancel(program, Reason("stopped"), now)
    return program, [*effects, *cancelled]


# --- other events ------------------------------------------------------------------------------------------


def _ignore(program: ProgramState, event: Event, now: Instant) -> Step:
    """The event changes nothing in this state."""
    return program, []


def _repeat_drain_request(program: ProgramState, event: Hello, now: Instant) -> Step:
    """DRAINING: the life has reconnected, and may not have received the request to drain."""
    left_s = max(0.0, (program.deadline_s or now.mono_s) - now.mono_s)
    number, reason = program.life.number, sequence.drain_reason(program)
    return life.record_hello(program, event, now), [Welcome(number, None), RequestDrain(number, left_s, reason)]


def _handle_late_exit(program: ProgramState, event: Exited, now: Instant) -> Step:
    """FATAL: the process that could not be killed has exited after all."""
    after = AfterFlush(State.FATAL, reason=program.reason)
    program = replace(life.record_exit(program, event, now), crashed=True, after_flush=after)
    if event.left is not None:
        return program, [Kill(event.left, program.life.number)]
    program, effects = sequence.flush(program, now)
    return program, [LogLine("info", "unkillable_exited", {"life": program.life.number}), *effects]


def _resume(program: ProgramState, event: Adopted, now: Instant) -> Step:
    """Resume from the journal: restart the deadline, and repeat an effect that may not have happened."""
    last_seen_s = now.mono_s if program.life.was_linked else None
    program = replace(program, life=replace(program.life, linked=False, last_seen_s=last_seen_s))
    program, effects = standby.resume(program, now)
    program, more = _resume_state(program, now)
    return program, [*effects, *more]


def _resume_state(program: ProgramState, now: Instant) -> Step:
    is_checking = program.restart is not None and program.restart.check_deadline_s is not None
    if is_checking or (program.state is State.RUNNING and program.restart and program.standby is None):
        return restart_report.cancel(program, Reason("interrupted"), now)
    if program.state is State.STARTING:
        return sequence.enter(program, State.STARTING, now, life.start_timeout_s(program)), []
    if program.state is State.DRAINING:
        return sequence.enter(program, State.DRAINING, now, program.settings.drain_timeout_s), []
    if program.state in (State.STOPPING, State.KILLING):
        return sequence.stop(program, now)
    if program.state is State.FLUSHING:
        return sequence.flush(program, now)
    if program.state is State.BACKOFF:
        return sequence.start(program, now)
    return life.record_ready(program, now) if program.state is State.RUNNING else program, []


def _record_heartbeat(program: ProgramState, event: Heartbeat, now: Instant) -> Step:
    """RUNNING: record the health, and act on it. A life on probation that has answered enough has proved itself."""
    program, effects = _restart_if_unhealthy(life.record_heartbeat(program, event, now), now)
    if event.answered < standby.PROBATION_ANSWERS or program.state is not State.RUNNING:
        return program, effects
    program, more = standby.retire(program, now)
    return program, [*effects, *more]


# --- the transition table ----------------------------------------------------------------------------------

_Handler = Callable[[ProgramState, Any, Instant], Step]


def _record(update: Callable[[ProgramState, Any, Instant], ProgramState]) -> _Handler:
    """Return the handler of an event that updates the state and has no effects."""
    return lambda program, event, now: (update(program, event, now), [])


def _evaluate(update: Callable[[ProgramState, Any, Instant], ProgramState]) -> _Handler:
    """Return the handler of an event that updates the health, and may lead to a restart."""
    return lambda program, event, now: _restart_if_unhealthy(update(program, event, now), now)


_EVERYWHERE: Final[dict[type[Event], _Handler]] = {
    Start: _set_desired_up,
    Stop: _set_desired_down,
    RestartRequested: _restart_while_stopping,
    Configured: _record(life.apply_settings),
    DeadlinePassed: _ignore,
    StandbyDeadlinePassed: sequence.time_out_standby,
    CheckFinished: _ignore,
    Spawned: sequence.handle_spawn,
    SpawnFailed: _ignore,
    CannotPrepare: _ignore,
    Prepared: _ignore,
    Hello: _ignore,
    Disconnected: _record(life.record_disconnect),
    Ready: _ignore,
    Heartbeat: _record(life.record_heartbeat),
    MemorySampled: _ignore,
    Draining: _ignore,
    Drained: _ignore,
    Goodbye: _record(life.record_goodbye),
    Exited: sequence.finish_stop,
    Flushed: _ignore,
    Adopted: _resume,
}

_WITHOUT_PROCESS: Final[dict[type[Event], _Handler]] = {
    Start: _start_by_request,
    RestartRequested: _start_by_request,
    Disconnected: _ignore,
    Heartbeat: _ignore,
    Goodbye: _ignore,
    Exited: _ignore,
}

_BY_STATE: Final[dict[State, dict[type[Event], _Handler]]] = {
    State.STOPPED: {**_WITHOUT_PROCESS, Stop: _stop_idle},
    State.STARTING: {
        Stop: _stop_starting,
        RestartRequested: _restart_while_starting,
        DeadlinePassed: sequence.time_out_start,
        SpawnFailed: sequence.handle_spawn_failure,
        Hello: sequence.welcome,
        Prepared: sequence.serve_when_prepared,
        Ready: sequence.finish_start,
        Exited: sequence.handle_unexpected_exit,
    },
    State.RUNNING: {
        Stop: _stop_running,
        RestartRequested: sequence.request_restart,
        DeadlinePassed: _time_out_running,
        CheckFinished: sequence.finish_check,
        Hello: sequence.welcome,
        Heartbeat: _record_heartbeat,
        MemorySampled: _evaluate(life.record_memory),
        Exited: sequence.handle_unexpected_exit,
    },
    State.DRAINING: {
        DeadlinePassed: sequence.time_out_drain,
        Hello: _repeat_drain_request,
        Draining: _record(life.record_pending),
        Drained: sequence.finish_drain,
    },
    State.STOPPING: {DeadlinePassed: sequence.time_out_stop},
    State.KILLING: {DeadlinePassed: sequence.time_out_kill},
    State.FLUSHING: {
        DeadlinePassed: sequence.time_out_flush,
        Flushed: sequence.finish_flush,
        Disconnected: _ignore,
        Heartbeat: _ignore,
        Goodbye: _ignore,
        Exited: _ignore,
    },
    State.BACKOFF: {
        **_WITHOUT_PROCESS,
        Stop: _stop_idle,
        DeadlinePassed: lambda program, event, now: sequence.start(program, now),
    },
    State.FATAL: {**_WITHOUT_PROCESS, Stop: _stop_idle, Exited: _handle_late_exit},
}

#: the handler of every event in every state
TABLE: Final[dict[tuple[State, type[Event]], _Handler]] = {
    (state, event): handler for state in State for event, handler in {**_EVERYWHERE, **_BY_STATE[state]}.items()
}

#: the handler of every event of the second process
OF_STANDBY: Final[dict[type[Event], _Handler]] = {
    CheckFinished: _ignore,
    Spawned: standby.record_spawn,
    SpawnFailed: sequence.fail_to_spawn_next,
    CannotPrepare: sequence.cannot_prepare,
    Hello: standby.welcome,
    Disconnected: standby.record_event,
    Prepared: sequence.finish_prepare,
    Ready: _ignore,
    Heartbeat: standby.record_event,
    MemorySampled: standby.record_event,
    Draining: standby.record_event,
    Drained: _ignore,
    Goodbye: standby.record_event,
    Exited: sequence.finish_standby,
    Flushed: _ignore,
    Adopted: _ignore,
}
