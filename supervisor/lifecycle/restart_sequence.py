"""The restart of a program, from its request to the next life that is ready, in the order of its phases. Pure.

    cold:       check → drain → stop → flush → start → ready
    hand-over:  check → prepare → quiesce → flush → serve → ready; then probation → retire

In a hand-over the next life is prepared beside the current one. That one then takes nothing new (the cut), the next one
serves, and the one before finishes what it took. Until the next one has proved itself, the one before can serve again.
`machine` says which function handles which event in which state.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from supervisor.client import EXIT_BAD_CONFIG, EXIT_TRY_AGAIN
from supervisor.lifecycle import life, restart_policy, restart_report, standby
from supervisor.lifecycle.effects import (
    Effect,
    Flush,
    Kill,
    LogLine,
    ReportRetired,
    RequestDrain,
    RestartFinished,
    RunCheck,
    RunOnFailed,
    Serve,
    Spawn,
    StopCheck,
    Terminate,
    Welcome,
)
from supervisor.lifecycle.events import (
    CannotPrepare,
    CheckFinished,
    DeadlinePassed,
    Drained,
    Event,
    Exited,
    Flushed,
    Hello,
    Prepared,
    Ready,
    RestartRequested,
    Spawned,
    SpawnFailed,
    StandbyDeadlinePassed,
)
from supervisor.lifecycle.model import (
    AfterFlush,
    DesiredState,
    Instant,
    ProcessId,
    ProgramState,
    Reason,
    StandbyState,
    State,
)
from supervisor.lifecycle.standby import Step

#: how long the machine waits for a killed process before it reports that the process cannot be killed
KILL_TIMEOUT_S: Final = standby.KILL_TIMEOUT_S
#: how long the flush may take before the next process starts without a cache
FLUSH_TIMEOUT_S: Final = 10.0
#: how long a life may take to take nothing new, and a prepared one to serve
QUIESCE_TIMEOUT_S: Final = 10.0
SERVE_TIMEOUT_S: Final = 10.0


# --- check -------------------------------------------------------------------------------------------------


def request_restart(program: ProgramState, event: RestartRequested, now: Instant) -> Step:
    """RUNNING: run the check first, while the current life serves."""
    restart = restart_report.merge_request(program, event, now)
    if program.restart:
        return replace(program, restart=restart), []  # it joins the one in progress
    program = replace(program, desired=DesiredState.UP, restart=restart)
    if (limit := restart_policy.start_limit_reason(program, now)) is not None:
        return restart_report.cancel(program, Reason("refused", {"problem": limit}), now)
    program = _with_restart(program, check_deadline_s=now.mono_s + program.settings.start_timeout_s)
    return program, [RunCheck()]


def finish_check(program: ProgramState, event: CheckFinished, now: Instant) -> Step:
    """RUNNING: continue after the check. If it failed, nothing changes, and the requester is told why."""
    if not program.restart or program.restart.check_deadline_s is None:
        return program, []
    program = _with_restart(_record_phase(program, "check_s", now), check_deadline_s=None)
    if event.problem is not None:
        error = restart_report.failure("check_failed", event.problem, event.code)
        return restart_report.cancel(program, error, now)
    return _prepare(program, now)


def time_out_check(program: ProgramState, now: Instant) -> Step:
    """RUNNING: the check takes too long; nothing changes, and the requester is told why."""
    program = _with_restart(_record_phase(program, "check_s", now), check_deadline_s=None)
    problem = Reason("check_timeout", {"time_s": program.settings.start_timeout_s})
    program, effects = restart_report.cancel(program, restart_report.failure("check_failed", problem, None), now)
    return program, [StopCheck(), *effects]


# --- prepare -----------------------------------------------------------------------------------------------


def _prepare(program: ProgramState, now: Instant) -> Step:
    """RUNNING: start the next life beside the current one, if the program can hand over; else drain the current one.

    A life before that has not ended is ended first: it must not follow the current one, and one is prepared at a time.
    """
    restart = program.restart
    assert restart is not None
    if program.standby is not None:
        return standby.end(program, now)
    if restart.is_cold or not (program.settings.handover and program.settings.drain and program.life.hands_over):
        return drain(program, "restart", now)
    if not program.life.linked:
        return _restart_cold(program, Reason("not_connected"), now)
    return standby.begin(program, now)


def finish_prepare(program: ProgramState, event: Prepared, now: Instant) -> Step:
    """The next life is prepared: ask the current one to take nothing new.

    If it can serve only once the current one has ended, that one finishes all its work first.
    """
    if program.standby is None or program.standby.state is not StandbyState.PREPARING:
        return program, []  # it reports that again after a new connection
    next_one = replace(
        program.standby, state=StandbyState.PREPARED, deadline_s=None, needs_exclusive=event.needs_exclusive
    )
    program = replace(program, standby=next_one)
    if program.state is not State.RUNNING or program.restart is None:
        return program, []  # the current life is ending by itself
    program = _record_phase(program, "prepare_s", now)
    if event.needs_exclusive:
        return drain(program, "restart", now)
    program = _count_own_restart(_with_restart(program, quiesces=True), now)
    program = enter(program, State.DRAINING, now, QUIESCE_TIMEOUT_S)
    return program, [RequestDrain(program.life.number, QUIESCE_TIMEOUT_S, "handover")]


def fail_prepare(program: ProgramState, problem: Reason, code: int | None, now: Instant) -> Step:
    """There is no next life any more: go on without it. The current life serves, or serves again."""
    if program.restart is None:
        return program, []
    if program.state is State.RUNNING and code == EXIT_TRY_AGAIN:
        return _restart_cold(_record_phase(program, "prepare_s", now), problem, now)
    error = restart_report.failure("prepare_failed", problem, code)
    if program.state is State.RUNNING:
        return restart_report.cancel(_record_phase(program, "prepare_s", now), error, now)
    if program.state in (State.DRAINING, State.FLUSHING) and is_quiescing(program):
        return _with_restart(program, error=error), []
    return _with_restart(program, cold_reason=problem), []  # the current life is ending; the one after it is started


def cannot_prepare(program: ProgramState, event: CannotPrepare, now: Instant) -> Step:
    """RUNNING: the machine cannot run both processes; restart without a hand-over."""
    return _restart_cold(replace(program, standby=None), event.problem, now)


def fail_to_spawn_next(program: ProgramState, event: SpawnFailed, now: Instant) -> Step:
    """RUNNING: the next process could not be started."""
    return fail_prepare(replace(program, standby=None), event.problem, None, now)


def time_out_standby(program: ProgramState, event: StandbyDeadlinePassed, now: Instant) -> Step:
    """The next life takes too long, the probation is over, or the second process does not end."""
    second = program.standby
    if second is None or second.deadline_s is None or second.deadline_s > now.mono_s:
        return program, []
    if second.state is StandbyState.WAITING:
        return standby.finish_probation(program, now)
    if second.state is not StandbyState.PREPARING:
        return standby.time_out(program, now)
    program, effects = standby.end(program, now)
    problem = Reason("prepare_timeout", {"time_s": program.settings.start_timeout_s})
    program, more = fail_prepare(program, problem, None, now)
    return program, [*effects, *more]


def finish_standby(program: ProgramState, event: Exited, now: Instant) -> Step:
    """The second process has exited: the next one before it could serve, or the one before."""
    was, was_next = program.standby, standby.is_next(program)
    assert was is not None
    was_waiting = was.state is StandbyState.WAITING
    program, status, effects = standby.record_exit(program, event, now)
    if was_next:
        line = LogLine("warning", "life_exited", {"life": was.life.number, "exit": status.as_reason()})
        program, more = fail_prepare(program, status.reason or status.as_reason(), status.code, now)
        return program, [line, *effects, *more]
    code = "standby_lost" if was_waiting else "retired"
    line = LogLine("warning" if was_waiting else "info", code, {"life": was.life.number, "exit": status.as_reason()})
    waits = program.state is State.RUNNING and program.restart and program.restart.check_deadline_s is None
    program, more = _prepare(program, now) if waits and program.standby is None else (program, [])
    return program, [line, *effects, *more]


def _restart_cold(program: ProgramState, problem: Reason, now: Instant) -> Step:
    """RUNNING: go on without a hand-over; the report says why."""
    program, effects = drain(_with_restart(program, cold_reason=problem), "restart", now)
    return program, [LogLine("warning", "restart_cold", {"reason": problem}), *effects]


# --- drain, or quiesce -------------------------------------------------------------------------------------


def drain(program: ProgramState, reason: str, now: Instant) -> Step:
    """Ask the life to finish its work, if it can be asked; else stop it."""
    if program.restart:
        program = _with_restart(_count_own_restart(program, now), down_since_s=now.mono_s)
    if not (program.settings.drain and program.life.was_linked):
        return stop(program, now)
    # a life whose connection is broken reconnects soon, and is asked then
    timeout_s = program.settings.drain_timeout_s
    return enter(program, State.DRAINING, now, timeout_s), [RequestDrain(program.life.number, timeout_s, reason)]


def is_quiescing(program: ProgramState) -> bool:
    """Return whether the current life only has to take nothing new, because a prepared one takes over."""
    return program.restart is not None and program.restart.quiesces


def drain_reason(program: ProgramState) -> str:
    """Return why the life drains: "restart", "stop" or "handover"."""
    if program.desired is DesiredState.DOWN:
        return "stop"
    return "handover" if is_quiescing(program) else "restart"


def finish_drain(program: ProgramState, event: Drained, now: Instant) -> Step:
    """DRAINING: the work is finished or cancelled, so stop the process; in a hand-over it takes nothing new."""
    quiesces = is_quiescing(program)
    program = replace(program, life=replace(program.life, pending=()))
    if program.restart:
        program = _with_restart(
            _record_phase(program, "quiesce_s" if quiesces else "drain_s", now),
            drained=event.drained,
            cancelled=event.cancelled,
            flushed_entries=event.flushed_entries,
        )
    names = ", ".join(event.cancelled)
    lines = [LogLine("warning", "work_cancelled", {"life": program.life.number, "names": names})] if names else []
    if quiesces:
        program, effects = flush(_with_restart(program, down_since_s=now.mono_s), now)
    else:
        program, effects = stop(program, now)
    return program, [*lines, *effects]


def time_out_drain(program: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    """DRAINING: stop the process, and report its unfinished work as cancelled."""
    cancelled, quiesces = program.life.pending or ("drain",), is_quiescing(program)
    if program.restart:
        phase, down_since_s = "quiesce_s" if quiesces else "drain_s", program.restart.down_since_s or now.mono_s
        program = _with_restart(_record_phase(program, phase, now), cancelled=cancelled, down_since_s=down_since_s)
    time_s, names = QUIESCE_TIMEOUT_S if quiesces else program.settings.drain_timeout_s, ", ".join(cancelled)
    line = LogLine("warning", "drain_timeout", {"life": program.life.number, "time_s": time_s, "names": names})
    program, effects = stop(replace(program, life=replace(program.life, pending=())), now)
    return program, [line, *effects]


# --- stop --------------------------------------------------------------------------------------------------


def stop(program: ProgramState, now: Instant) -> Step:
    """Send SIGTERM; the sequence continues with the exit of the process."""
    if program.child is None:
        return flush(program, now)
    return enter(program, State.STOPPING, now, program.settings.stop_timeout_s), [Terminate(program.child)]


def time_out_stop(program: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    """STOPPING: kill the process. A hung one has had its time to write a traceback."""
    reason = program.reason or Reason("stop_timeout", {"time_s": program.settings.stop_timeout_s})
    return kill(program, reason, now)


def kill(program: ProgramState, reason: Reason, now: Instant) -> Step:
    """Send SIGKILL; the sequence continues with the exit of the process."""
    assert program.child is not None
    line = LogLine("warning", "killed", {"life": program.life.number, "reason": reason})
    effects: list[Effect] = [line, Kill(program.child, program.life.number)]
    return replace(enter(program, State.KILLING, now, KILL_TIMEOUT_S), reason=reason), effects


def time_out_kill(program: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    """KILLING: give up, because a second process must not run beside one that cannot be killed."""
    pid = program.child.pid if program.child else None
    reason = Reason("unkillable", {"pid": pid, "life": program.life.number})
    return give_up(program, reason, now)


def finish_stop(program: ProgramState, event: Exited, now: Instant) -> Step:
    """DRAINING, STOPPING, KILLING: the process has exited as requested; flush the cache."""
    program = life.record_exit(program, event, now)
    if event.left is not None:
        return kill_left_behind(program, event.left, now)
    if program.restart and program.restart.down_since_s is None:
        program = _with_restart(program, down_since_s=now.mono_s)
    return flush(_record_phase(program, "stop_s", now), now)


def kill_left_behind(program: ProgramState, left: ProcessId, now: Instant) -> Step:
    """Kill a process that the dead life started, before anything else."""
    if program.state is State.KILLING:
        return program, [Kill(left, program.life.number)]  # until the same deadline, however many there are
    return kill(program, Reason("process_left", {"pid": left.pid}), now)


# --- flush -------------------------------------------------------------------------------------------------


def flush(program: ProgramState, now: Instant) -> Step:
    """Replace the cache. Not earlier: now no process of the old life can write to it any more."""
    if not program.settings.flush_cache:
        return finish_flush(program, Flushed(program.life.number), now)
    policy = program.flush_on_crash if program.crashed else program.flush_on_restart
    follower = standby.following(program)
    next_life = follower.life.number if follower else life.next_number(program)
    return enter(program, State.FLUSHING, now, FLUSH_TIMEOUT_S), [Flush(program.life.number, policy, next_life)]


def finish_flush(program: ProgramState, event: Flushed, now: Instant) -> Step:
    """FLUSHING: continue with what was decided when the old life ended. A life that stands by serves in any case."""
    lines: list[Effect] = []
    if event.problem:
        lines = [LogLine("error", "flush_failed", {"problem": event.problem, "life": life.next_number(program)})]
    if program.settings.flush_cache:
        program = _record_phase(program, "flush_s", now)
    after, program = program.after_flush, replace(program, after_flush=AfterFlush(), crashed=False)
    effects: list[Effect] = []
    if program.desired is DesiredState.DOWN and program.child is not None:
        program, effects = stop(program, now)
    elif program.desired is DesiredState.DOWN or after.state is State.STOPPED:
        program = replace(enter(program, State.STOPPED, now), reason=after.reason, restart=None)
        program, effects = standby.end(program, now)
    elif standby.following(program) or is_quiescing(program):
        program, effects = _serve(program, now)
    elif after.state is State.FATAL:
        program, effects = give_up(program, after.reason or Reason("exit_unknown"), now)
    elif after.state is State.BACKOFF and after.delay_s > 0:
        program = replace(enter(program, State.BACKOFF, now, after.delay_s), reason=after.reason)
    else:
        program, effects = start(program, now)
    return program, [*lines, *effects]


def time_out_flush(program: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    """FLUSHING: start the next life without a cache."""
    problem = Reason("flush_timeout", {"time_s": FLUSH_TIMEOUT_S})
    return finish_flush(program, Flushed(program.life.number, problem), now)


# --- start, or serve ---------------------------------------------------------------------------------------


def start(program: ProgramState, now: Instant) -> Step:
    """Spawn the next life, unless a process still runs or the day's starts are used up."""
    if program.child is not None:
        return kill(program, Reason("still_running"), now)
    if (limit := restart_policy.start_limit_reason(program, now)) is not None:
        return give_up(program, limit, now)
    program = life.begin_life(enter(program, State.STARTING, now, life.start_timeout_s(program)), now)
    return program, [Spawn(program.life.number)]


def _serve(program: ProgramState, now: Instant) -> Step:
    """Have the life that stands by serve; without one any more, the current life again."""
    was_waiting = standby.is_waiting(program)
    follower = standby.following(program)
    if follower is None and program.child is None:
        return start(program, now)
    if follower is None:
        program = replace(program, life=replace(program.life, needs_serve=True, is_prepared=True))
    else:
        program = standby.exchange(program, now)
        if was_waiting and program.restart and program.restart.reason.code not in ("crash", "hung"):
            error = program.last_exit.as_reason() if program.last_exit else Reason("exit_unknown")
            program = _with_restart(program, error=restart_report.failure("handover_failed", error, None))
    left_s = follower.deadline_s - now.mono_s if follower and follower.deadline_s and not was_waiting else None
    program = replace(
        enter(program, State.STARTING, now, SERVE_TIMEOUT_S if left_s is None else max(0.0, left_s)),
        restarts=program.restarts + (program.restart is not None),
    )
    return program, _request_to_serve(program)


def serve_when_prepared(program: ProgramState, event: Prepared, now: Instant) -> Step:
    """STARTING: the life before ended while this one was still preparing."""
    if not program.life.needs_serve or program.life.is_prepared:
        return program, []
    program = enter(program, State.STARTING, now, SERVE_TIMEOUT_S)
    program = replace(program, life=replace(program.life, is_prepared=True))
    return program, _request_to_serve(program)


def _request_to_serve(program: ProgramState) -> list[Effect]:
    """Return the effects that make the current life serve, if it is prepared."""
    one, last_exit = program.life.number, program.last_exit
    if not program.life.is_prepared or program.child is None:
        return []
    effects: list[Effect] = [Serve(one, program.child, _due_ticket(program), program.settings.probation_s)]
    if program.standby is None:
        effects.append(ReportRetired(one, last_exit.life if last_exit and last_exit.life != one else one - 1))
    return effects


def handle_spawn(program: ProgramState, event: Spawned, now: Instant) -> Step:
    """Record the process that STARTING waits for; kill any other, and name it until it exits unless one is named."""
    if event.child == program.child:
        return program, []
    reason = Reason("unexpected_process")
    if event.life != program.life.number or program.child is not None:
        line = LogLine("warning", "killed", {"life": event.life, "reason": reason})
        return program, [line, Kill(event.child, event.life)]
    is_expected, program = program.state is State.STARTING, life.record_spawn(program, event, now)
    return (program, []) if is_expected else kill(program, reason, now)


def handle_spawn_failure(program: ProgramState, event: SpawnFailed, now: Instant) -> Step:
    """STARTING: the process could not be started. A lack of resources may be over at the next attempt."""
    code = EXIT_BAD_CONFIG if event.permanent else EXIT_TRY_AGAIN
    program = replace(program, life=replace(program.life, goodbye=(code, event.problem)))
    return handle_unexpected_exit(program, Exited(program.life.number), now)


def welcome(program: ProgramState, event: Hello, now: Instant) -> Step:
    """STARTING, RUNNING: the life has connected. It gets the ticket at every hello until it is ready."""
    program = life.record_hello(program, event, now)
    second = program.standby
    retiring = second.life.number if second is not None and not standby.is_next(program) else None
    ticket = _due_ticket(program) if program.state is State.STARTING else None
    effects: list[Effect] = [Welcome(program.life.number, ticket, None, retiring)]
    if event.role in ("prepared", "retiring"):
        # a supervisor that starts may know less about it, and the request to serve may be lost
        program = replace(program, life=replace(program.life, needs_serve=True))
        effects += _request_to_serve(program)
    return program, effects


def _due_ticket(program: ProgramState) -> Any:
    own = program.restart.ticket if program.restart and program.restart.error is None else None
    return own if own is not None else program.undelivered_ticket


# --- ready -------------------------------------------------------------------------------------------------


def finish_start(program: ProgramState, event: Event, now: Instant) -> Step:
    """STARTING: the life serves, and the restart that led to it is over."""
    if isinstance(event, Ready) and program.settings.ready != "notify":
        return program, []  # it has to stay alive for a while instead
    phase = "serve_s" if program.life.needs_serve else "start_s"
    program = life.record_ready(enter(program, State.RUNNING, now), now)
    program = standby.begin_probation(replace(program, retries=0, undelivered_ticket=None), now)
    line = LogLine("info", "ready", {"life": program.life.number})
    if not program.restart:
        return program, [line]
    restart = restart_report.record_phase(program.restart, phase, now)
    if restart.error is not None:
        program, finished = restart_report.fail(program, replace(restart, down_since_s=None), restart.error, now)
        return program, [line, finished]
    handed_over = event.handed_over if isinstance(event, Ready) else None
    number = program.life.number
    report = restart_report.make_report(program, restart, now, to_life=number, handed_over=handed_over)
    return replace(program, restart=None), [line, RestartFinished(report)]


def time_out_start(program: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    """STARTING: the life is ready if it only had to stay alive until now; else it hangs."""
    if program.child is None:
        failure = SpawnFailed(program.life.number, Reason("start_timeout", {"time_s": life.start_timeout_s(program)}))
        return handle_spawn_failure(program, failure, now)
    if program.settings.ready != "notify":
        return finish_start(program, event, now)
    time_s = SERVE_TIMEOUT_S if program.life.is_prepared else program.settings.start_timeout_s
    reason = Reason("start_timeout", {"time_s": time_s})
    program = restart_policy.count_crash(replace(program, crashed=True), reason, now)
    return kill(program, reason, now)


def handle_unexpected_exit(program: ProgramState, event: Exited, now: Instant) -> Step:
    """STARTING, RUNNING: the exit code and the program's `restart` decide what follows."""
    served = program.state is State.RUNNING
    status = restart_policy.exit_status(program.life, event, now)
    program = life.record_exit(program, event, now)
    line = LogLine("warning", "life_exited", {"life": program.life.number, "exit": status.as_reason()})
    effects: list[Effect] = [line]
    if program.restart and program.restart.check_deadline_s is not None:
        effects.append(StopCheck())
        program = _with_restart(program, check_deadline_s=None)
    program = replace(program, crashed=True)
    if program.desired is DesiredState.UP:
        program = restart_policy.decide_after_exit(program, event, served, now)
    program, more = flush(program, now) if event.left is None else kill_left_behind(program, event.left, now)
    return program, [*effects, *more]


def give_up(program: ProgramState, reason: Reason, now: Instant) -> Step:
    """Enter FATAL, and report that."""
    program = replace(enter(program, State.FATAL, now), reason=reason)
    effects: list[Effect] = [LogLine("critical", "gave_up", {"reason": reason})]
    if program.restart:
        last = program.last_exit
        code = last.code if last is not None and last.life == program.life.number else None
        error = restart_report.failure("start_failed", reason, code)
        program, finished = restart_report.fail(program, program.restart, error, now)
        effects.append(finished)
    if program.settings.on_failed:
        effects.append(RunOnFailed(program.life.number, reason, program.undelivered_ticket))
    program, ending = standby.end(program, now)
    return program, [*effects, *ending]


def _count_own_restart(program: ProgramState, now: Instant) -> ProgramState:
    """Return `program` whose next phase begins; a restart that the supervisor decided on is counted."""
    program = _with_restart(program, phase_since_s=now.mono_s)
    if program.restart and program.restart.requested_by == restart_policy.BY_ITSELF:
        return restart_policy.count_recovery(program, now)
    return program


def enter(program: ProgramState, state: State, now: Instant, timeout_s: float | None = None) -> ProgramState:
    """Return `program` in a state, which times out after `timeout_s` seconds unless that is None."""
    deadline_s = None if timeout_s is None else now.mono_s + timeout_s
    return replace(program, state=state, since_s=now.mono_s, deadline_s=deadline_s)


def _record_phase(program: ProgramState, phase: str, now: Instant) -> ProgramState:
    """Return `program` with the duration of a phase of its restart, if one is in progress."""
    return replace(program, restart=program.restart and restart_report.record_phase(program.restart, phase, now))


def _with_restart(program: ProgramState, **changes: Any) -> ProgramState:
    assert program.restart is not None
    return replace(program, restart=replace(program.restart, **changes))
