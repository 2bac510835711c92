"""The state machine of a program. Every decision about a restart is made here, and only here.

`step(program, event, now)` takes the state of a program and an event, and returns the new state and the effects to
execute. It is pure: no clock, no process, no file. The runner feeds it with events and executes the effects.

A program is kept running by one process after the other. Each process is a **life**, numbered from 1. The **desired
state** (up or down) is what the operator wants. The **state** is what is:

    STOPPED    no process runs, none will be started
    STARTING   a process has been spawned and is not ready yet
    RUNNING    the process serves. Before a restart, the program's check runs beside it
    DRAINING   the process accepts no new work and finishes what it has begun
    STOPPING   SIGTERM was sent to its process group; or it hangs, and writes a traceback
    KILLING    SIGKILL was sent to everything that it started
    FLUSHING   the process is dead; its cache directory is being replaced
    BACKOFF    the process crashed; the next one waits
    FATAL      not started again until the operator acts. A process that cannot be killed may still be running

The restart sequence is check → drain → stop → flush → start → ready. `stop` takes the same way with the desired state
down. Every state that waits has one deadline, so none waits for ever. An event of a life counts only if that is the
current life: late messages of a dead process change nothing. A process that the state does not expect is killed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from supervisor.client import EXIT_BAD_CONFIG, EXIT_TRY_AGAIN
from supervisor.lifecycle import health, life, restart_policy, restart_report
from supervisor.lifecycle.effects import (
    Effect,
    Flush,
    Kill,
    LogLine,
    RequestDrain,
    RequestTraceback,
    RestartFinished,
    RunCheck,
    RunOnFailed,
    Spawn,
    StopCheck,
    Terminate,
    Welcome,
)
from supervisor.lifecycle.events import (
    Adopted,
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
    Ready,
    RestartRequested,
    Spawned,
    SpawnFailed,
    Start,
    Stop,
)
from supervisor.lifecycle.model import AfterFlush, DesiredState, Instant, ProcessId, ProgramState, Reason, State

#: how long the machine waits for a killed process before it reports that the process cannot be killed
KILL_TIMEOUT_S: Final = 10.0
#: how long a hung process may take to write its traceback
TRACEBACK_TIMEOUT_S: Final = 0.5
#: how long the flush may take before the next process starts without a cache
FLUSH_TIMEOUT_S: Final = 10.0
Step = tuple[ProgramState, list[Effect]]


def step(program: ProgramState, event: Event, now: Instant) -> Step:
    """Return the state of the program after `event`, and the effects to execute. Pure."""
    if isinstance(event, LifeEvent) and event.life != program.life.number:
        return _handle_spawn(program, event, now) if isinstance(event, Spawned) else (program, [])
    return TABLE[program.state, type(event)](program, event, now)


def deadline(program: ProgramState) -> float | None:
    """Return when `DeadlinePassed` is due, in seconds of `Instant.mono_s`; None for never."""
    if program.state is not State.RUNNING:
        return program.deadline_s
    check_s = program.restart.check_deadline_s if program.restart else None
    seen_s = program.life.last_seen_s
    heartbeat_s = None if seen_s is None else seen_s + program.settings.heartbeat_timeout_s
    return min((at_s for at_s in (check_s, heartbeat_s) if at_s is not None), default=None)


# --- the restart sequence, in its order --------------------------------------------------------------------


def _request_restart(program: ProgramState, event: RestartRequested, now: Instant) -> Step:
    """RUNNING: run the check first, while the current life serves."""
    restart = restart_report.merge_request(program, event, now)
    if program.restart:
        return replace(program, restart=restart), []  # it joins the one in progress
    program = replace(program, desired=DesiredState.UP, restart=restart)
    if (limit := restart_policy.start_limit_reason(program, now)) is not None:
        return restart_report.cancel(program, Reason("refused", {"problem": limit}), now)
    return _with_restart(program, check_deadline_s=now.mono_s + program.settings.start_timeout_s), [RunCheck()]


def _finish_check(program: ProgramState, event: CheckFinished, now: Instant) -> Step:
    """RUNNING: continue after the check. If it failed, nothing changes, and the requester is told why."""
    if not program.restart or program.restart.check_deadline_s is None:
        return program, []
    program = _with_restart(_record_phase(program, "check_s", now), check_deadline_s=None)
    if event.problem is not None:
        error = restart_report.failure("check_failed", event.problem, event.code)
        return restart_report.cancel(program, error, now)
    return _drain(program, "restart", now)


def _drain(program: ProgramState, reason: str, now: Instant) -> Step:
    """Ask the life to finish its work, if it can be asked; else stop it."""
    if program.restart:
        program = _with_restart(program, phase_since_s=now.mono_s, down_since_s=now.mono_s)
        if program.restart and program.restart.requested_by == restart_policy.BY_ITSELF:
            program = restart_policy.count_recovery(program, now)
    if not (program.settings.drain and program.life.was_linked):
        return _stop(program, now)
    # a life whose connection is broken reconnects soon, and is asked then
    timeout_s = program.settings.drain_timeout_s
    return _enter(program, State.DRAINING, now, timeout_s), [RequestDrain(program.life.number, timeout_s, reason)]


def _finish_drain(program: ProgramState, event: Drained, now: Instant) -> Step:
    """DRAINING: the work is finished or cancelled; stop the process."""
    program = replace(program, life=replace(program.life, pending=()))
    if program.restart:
        program = _with_restart(
            _record_phase(program, "drain_s", now),
            drained=event.drained,
            cancelled=event.cancelled,
            flushed_entries=event.flushed_entries,
        )
    names = ", ".join(event.cancelled)
    lines = [LogLine("warning", "work_cancelled", {"life": program.life.number, "names": names})] if names else []
    program, effects = _stop(program, now)
    return program, [*lines, *effects]


def _time_out_drain(program: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    """DRAINING: stop the process, and report its unfinished work as cancelled."""
    cancelled = program.life.pending or ("drain",)
    if program.restart:
        program = _with_restart(_record_phase(program, "drain_s", now), cancelled=cancelled)
    time_s, names = program.settings.drain_timeout_s, ", ".join(cancelled)
    line = LogLine("warning", "drain_timeout", {"life": program.life.number, "time_s": time_s, "names": names})
    program, effects = _stop(replace(program, life=replace(program.life, pending=())), now)
    return program, [line, *effects]


def _stop(program: ProgramState, now: Instant) -> Step:
    """Send SIGTERM; the sequence continues with the exit of the process."""
    if program.child is None:
        return _flush(program, now)
    return _enter(program, State.STOPPING, now, program.settings.stop_timeout_s), [Terminate(program.child)]


def _time_out_stop(program: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    """STOPPING: kill the process. A hung one has had its time to write a traceback."""
    reason = program.reason or Reason("stop_timeout", {"time_s": program.settings.stop_timeout_s})
    return _kill(program, reason, now)


def _kill(program: ProgramState, reason: Reason, now: Instant) -> Step:
    assert program.child is not None
    line = LogLine("warning", "killed", {"life": program.life.number, "reason": reason})
    effects: list[Effect] = [line, Kill(program.child, program.life.number)]
    return replace(_enter(program, State.KILLING, now, KILL_TIMEOUT_S), reason=reason), effects


def _time_out_kill(program: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    """KILLING: give up, because a second process must not run beside one that cannot be killed."""
    pid = program.child.pid if program.child else None
    reason = Reason("unkillable", {"pid": pid, "life": program.life.number})
    return _give_up(program, reason, now)


def _finish_stop(program: ProgramState, event: Exited, now: Instant) -> Step:
    """DRAINING, STOPPING, KILLING: the process has exited as requested; flush the cache."""
    program = life.record_exit(program, event, now)
    if event.left is not None:
        return _kill_left_behind(program, event.left, now)
    return _flush(_record_phase(program, "stop_s", now), now)


def _kill_left_behind(program: ProgramState, left: ProcessId, now: Instant) -> Step:
    """Kill a process that the dead life started, before anything else."""
    if program.state is State.KILLING:
        return program, [Kill(left, program.life.number)]  # until the same deadline, however many there are
    return _kill(program, Reason("process_left", {"pid": left.pid}), now)


def _flush(program: ProgramState, now: Instant) -> Step:
    """Replace the cache. Not earlier: now no process of the old life can write to it any more."""
    if not program.settings.flush_cache:
        return _finish_flush(program, Flushed(program.life.number), now)
    policy = program.flush_on_crash if program.crashed else program.flush_on_restart
    return _enter(program, State.FLUSHING, now, FLUSH_TIMEOUT_S), [Flush(program.life.number, policy)]


def _finish_flush(program: ProgramState, event: Flushed, now: Instant) -> Step:
    """FLUSHING: continue with what was decided when the old life ended."""
    lines: list[Effect] = []
    if event.problem:
        lines = [LogLine("error", "flush_failed", {"problem": event.problem, "life": program.life.number + 1})]
    if program.settings.flush_cache:
        program = _record_phase(program, "flush_s", now)
    after, program = program.after_flush, replace(program, after_flush=AfterFlush(), crashed=False)
    effects: list[Effect] = []
    if program.desired is DesiredState.DOWN or after.state is State.STOPPED:
        program = replace(_enter(program, State.STOPPED, now), reason=after.reason, restart=None)
    elif after.state is State.FATAL:
        program, effects = _give_up(program, after.reason or Reason("exit_unknown"), now)
    elif after.state is State.BACKOFF and after.delay_s > 0:
        program = replace(_enter(program, State.BACKOFF, now, after.delay_s), reason=after.reason)
    else:
        program, effects = _start(program, now)
    return program, [*lines, *effects]


def _time_out_flush(program: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    """FLUSHING: start the next life without a cache."""
    problem = Reason("flush_timeout", {"time_s": FLUSH_TIMEOUT_S})
    return _finish_flush(program, Flushed(program.life.number, problem), now)


def _start(program: ProgramState, now: Instant) -> Step:
    """Spawn the next life, unless a process still runs or the day's starts are used up."""
    if program.child is not None:
        return _kill(program, Reason("still_running"), now)
    if (limit := restart_policy.start_limit_reason(program, now)) is not None:
        return _give_up(program, limit, now)
    program = life.begin_life(_enter(program, State.STARTING, now, life.start_timeout_s(program)), now)
    return program, [Spawn(program.life.number)]


def _handle_spawn(program: ProgramState, event: Spawned, now: Instant) -> Step:
    """Record the process that STARTING waits for; kill any other, and name it until it exits unless one is named."""
    if event.child == program.child:
        return program, []
    reason = Reason("unexpected_process")
    if event.life != program.life.number or program.child is not None:
        line = LogLine("warning", "killed", {"life": event.life, "reason": reason})
        return program, [line, Kill(event.child, event.life)]
    is_expected, program = program.state is State.STARTING, life.record_spawn(program, event, now)
    return (program, []) if is_expected else _kill(program, reason, now)


def _handle_spawn_failure(program: ProgramState, event: SpawnFailed, now: Instant) -> Step:
    """STARTING: the process could not be started. A lack of resources may be over at the next attempt."""
    code = EXIT_BAD_CONFIG if event.permanent else EXIT_TRY_AGAIN
    program = replace(program, life=replace(program.life, goodbye=(code, event.problem)))
    return _handle_unexpected_exit(program, Exited(program.life.number), now)


def _welcome(program: ProgramState, event: Hello, now: Instant) -> Step:
    """STARTING, RUNNING: the life has connected. It gets the ticket at every hello until it is ready."""
    own = program.restart.ticket if program.restart else None
    due = own if own is not None else program.undelivered_ticket
    ticket = due if program.state is State.STARTING else None
    return life.record_hello(program, event, now), [Welcome(program.life.number, ticket)]


def _finish_start(program: ProgramState, event: Event, now: Instant) -> Step:
    """STARTING: the life serves, and the restart that led to it is over."""
    if isinstance(event, Ready) and program.settings.ready != "notify":
        return program, []  # it has to stay alive for a while instead
    program = life.record_ready(_enter(program, State.RUNNING, now), now)
    program = replace(program, retries=0, undelivered_ticket=None)
    line = LogLine("info", "ready", {"life": program.life.number})
    if not program.restart:
        return program, [line]
    restart = restart_report.record_phase(program.restart, "start_s", now)
    report = restart_report.make_report(program, restart, now, to_life=program.life.number)
    return replace(program, restart=None), [line, RestartFinished(report)]


def _time_out_start(program: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    """STARTING: the life is ready if it only had to stay alive until now; else it hangs."""
    if program.child is None:
        failure = SpawnFailed(program.life.number, Reason("start_timeout", {"time_s": life.start_timeout_s(program)}))
        return _handle_spawn_failure(program, failure, now)
    if program.settings.ready != "notify":
        return _finish_start(program, event, now)
    reason = Reason("start_timeout", {"time_s": program.settings.start_timeout_s})
    program = restart_policy.count_crash(replace(program, crashed=True), reason, now)
    return _kill(program, reason, now)


# --- crashes, hung and unhealthy processes -----------------------------------------------------------------


def _handle_unexpected_exit(program: ProgramState, event: Exited, now: Instant) -> Step:
    """STARTING, RUNNING: the exit code and the program's `restart` decide what follows."""
    served = program.state is State.RUNNING
    status = restart_policy.exit_status(program, event, now)
    program = life.record_exit(program, event, now)
    line = LogLine("warning", "life_exited", {"life": program.life.number, "exit": status.as_reason()})
    effects: list[Effect] = [line]
    if program.restart and program.restart.check_deadline_s is not None:
        effects.append(StopCheck())
        program = _with_restart(program, check_deadline_s=None)
    program = replace(program, crashed=True)
    if program.desired is DesiredState.UP:
        program = restart_policy.decide_after_exit(program, event, served, now)
    program, more = _flush(program, now) if event.left is None else _kill_left_behind(program, event.left, now)
    return program, [*effects, *more]


def _time_out_running(program: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    """RUNNING: the check or the heartbeat has timed out."""
    restart = program.restart
    if restart and restart.check_deadline_s is not None and restart.check_deadline_s <= now.mono_s:
        program = _with_restart(_record_phase(program, "check_s", now), check_deadline_s=None)
        problem = Reason("check_timeout", {"time_s": program.settings.start_timeout_s})
        program, effects = restart_report.cancel(program, restart_report.failure("check_failed", problem, None), now)
        return program, [StopCheck(), *effects]
    if health.is_lost(program.life.last_seen_s, program.settings.heartbeat_timeout_s, now.mono_s):
        return _kill_hung(program, now)
    return program, []


def _kill_hung(program: ProgramState, now: Instant) -> Step:
    """RUNNING: no heartbeat. A hung life cannot be drained, but it may be able to write a traceback."""
    reason = Reason("hung", {"time_s": program.settings.heartbeat_timeout_s})
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
        program, more = _kill(program, reason, now)
        return program, [*effects, *more]
    request = RequestTraceback(program.child)
    line = LogLine("warning", "traceback_requested", {"life": program.life.number, "reason": reason})
    program = replace(_enter(program, State.STOPPING, now, TRACEBACK_TIMEOUT_S), reason=reason)
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
        return _drain(program, "stop", now)
    line = LogLine("warning", "recovery", {"life": program.life.number, "reason": reason})
    request = RestartRequested(reason, requested_by=restart_policy.BY_ITSELF)
    program, effects = _request_restart(program, request, now)
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
    return _start(program, now)


def _restart_while_starting(program: ProgramState, event: RestartRequested, now: Instant) -> Step:
    """STARTING: start again, because this life may have read an older file; but not if a restart is in progress."""
    restart = restart_report.merge_request(program, event, now)
    if program.restart:
        return replace(program, restart=restart), []
    return _stop(replace(program, restart=restart, after_flush=AfterFlush()), now)


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
    program, effects = _drain(program, "stop", now)
    return program, [*stop_check, *cancelled, *effects]


def _stop_starting(program: ProgramState, event: Stop, now: Instant) -> Step:
    """STARTING: stop without a drain."""
    program, cancelled = _cancel_restart(replace(program, desired=DesiredState.DOWN), now)
    program, effects = _stop(program, now)
    return program, [*cancelled, *effects]


def _stop_idle(program: ProgramState, event: Stop, now: Instant) -> Step:
    """STOPPED, BACKOFF, FATAL: no process serves. Kill one that may still be running."""
    program, cancelled = _cancel_restart(replace(program, desired=DesiredState.DOWN), now)
    if program.child is not None:
        program, effects = _kill(program, Reason("stop_requested"), now)
        return program, [*cancelled, *effects]
    return replace(_enter(program, State.STOPPED, now), reason=None), cancelled


def _cancel_restart(program: ProgramState, now: Instant) -> Step:
    return restart_report.cancel(program, Reason("stopped"), now) if program.restart else (program, [])


# --- other events ------------------------------------------------------------------------------------------


def _ignore(program: ProgramState, event: Event, now: Instant) -> Step:
    """The event changes nothing in this state."""
    return program, []


def _repeat_drain_request(program: ProgramState, event: Hello, now: Instant) -> Step:
    """DRAINING: the life has reconnected, and may not have received the request to drain."""
    left_s = max(0.0, (program.deadline_s or now.mono_s) - now.mono_s)
    reason = "restart" if program.desired is DesiredState.UP else "stop"
    number = program.life.number
    return life.record_hello(program, event, now), [Welcome(number, None), RequestDrain(number, left_s, reason)]


def _handle_late_exit(program: ProgramState, event: Exited, now: Instant) -> Step:
    """FATAL: the process that could not be killed has exited after all."""
    after = AfterFlush(State.FATAL, reason=program.reason)
    program = replace(life.record_exit(program, event, now), crashed=True, after_flush=after)
    if event.left is not None:
        return program, [Kill(event.left, program.life.number)]
    program, effects = _flush(program, now)
    return program, [LogLine("info", "unkillable_exited", {"life": program.life.number}), *effects]


def _resume(program: ProgramState, event: Adopted, now: Instant) -> Step:
    """Resume from the journal: restart the deadline, and repeat an effect that may not have happened."""
    last_seen_s = now.mono_s if program.life.was_linked else None
    program = replace(program, life=replace(program.life, linked=False, last_seen_s=last_seen_s))
    if program.restart and program.restart.check_deadline_s is not None:
        return restart_report.cancel(program, Reason("interrupted"), now)
    if program.state is State.STARTING:
        return _enter(program, State.STARTING, now, life.start_timeout_s(program)), []
    if program.state is State.DRAINING:
        return _enter(program, State.DRAINING, now, program.settings.drain_timeout_s), []
    if program.state in (State.STOPPING, State.KILLING):
        return _stop(program, now)
    if program.state is State.FLUSHING:
        return _flush(program, now)
    if program.state is State.BACKOFF:
        return _start(program, now)
    return life.record_ready(program, now) if program.state is State.RUNNING else program, []


def _give_up(program: ProgramState, reason: Reason, now: Instant) -> Step:
    """Enter FATAL, and report that."""
    program = replace(_enter(program, State.FATAL, now), reason=reason)
    effects: list[Effect] = [LogLine("critical", "gave_up", {"reason": reason})]
    if program.restart:
        last = program.last_exit
        code = last.code if last is not None and last.life == program.life.number else None
        error = restart_report.failure("start_failed", reason, code)
        program, finished = restart_report.fail(program, program.restart, error, now)
        effects.append(finished)
    if program.settings.on_failed:
        effects.append(RunOnFailed(program.life.number, reason, program.undelivered_ticket))
    return program, effects


def _enter(program: ProgramState, state: State, now: Instant, timeout_s: float | None = None) -> ProgramState:
    deadline_s = None if timeout_s is None else now.mono_s + timeout_s
    return replace(program, state=state, since_s=now.mono_s, deadline_s=deadline_s)


def _record_phase(program: ProgramState, phase: str, now: Instant) -> ProgramState:
    """Return `program` with the duration of a phase of its restart, if one is in progress."""
    return replace(program, restart=program.restart and restart_report.record_phase(program.restart, phase, now))


def _with_restart(program: ProgramState, **changes: Any) -> ProgramState:
    assert program.restart is not None
    return replace(program, restart=replace(program.restart, **changes))


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
    CheckFinished: _ignore,
    Spawned: _handle_spawn,
    SpawnFailed: _ignore,
    Hello: _ignore,
    Disconnected: _record(life.record_disconnect),
    Ready: _ignore,
    Heartbeat: _record(life.record_heartbeat),
    MemorySampled: _ignore,
    Draining: _ignore,
    Drained: _ignore,
    Goodbye: _record(life.record_goodbye),
    Exited: _finish_stop,
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
        DeadlinePassed: _time_out_start,
        SpawnFailed: _handle_spawn_failure,
        Hello: _welcome,
        Ready: _finish_start,
        Exited: _handle_unexpected_exit,
    },
    State.RUNNING: {
        Stop: _stop_running,
        RestartRequested: _request_restart,
        DeadlinePassed: _time_out_running,
        CheckFinished: _finish_check,
        Hello: _welcome,
        Heartbeat: _evaluate(life.record_heartbeat),
        MemorySampled: _evaluate(life.record_memory),
        Exited: _handle_unexpected_exit,
    },
    State.DRAINING: {
        DeadlinePassed: _time_out_drain,
        Hello: _repeat_drain_request,
        Draining: _record(life.record_pending),
        Drained: _finish_drain,
    },
    State.STOPPING: {DeadlinePassed: _time_out_stop},
    State.KILLING: {DeadlinePassed: _time_out_kill},
    State.FLUSHING: {
        DeadlinePassed: _time_out_flush,
        Flushed: _finish_flush,
        Disconnected: _ignore,
        Heartbeat: _ignore,
        Goodbye: _ignore,
        Exited: _ignore,
    },
    State.BACKOFF: {
        **_WITHOUT_PROCESS,
        Stop: _stop_idle,
        DeadlinePassed: lambda program, event, now: _start(program, now),
    },
    State.FATAL: {**_WITHOUT_PROCESS, Stop: _stop_idle, Exited: _handle_late_exit},
}

#: the handler of every event in every state
TABLE: Final[dict[tuple[State, type[Event]], _Handler]] = {
    (state, event): handler for state in State for event, handler in {**_EVERYWHERE, **_BY_STATE[state]}.items()
}
