"""The lives of one program. The restart can be read here from top to bottom, and only here.

`step(program, event, now)` takes what is known of a program and what has happened, and returns what is known
then and what is to be done. It does nothing itself: no clock, no process, no file. The runner feeds it and
carries out its effects.

A **program** is kept running by one process after the other. Each process is a **life**, numbered from 1. What
the operator wants is the **wish** (up or down); where the program is, is its **state**:

    STOPPED    nothing runs, nothing will be started
    STARTING   a life has been spawned and is not ready yet
    RUNNING    a life serves. Before a restart, the check of what would come next runs beside it
    DRAINING   the life takes no new work and finishes what it began
    STOPPING   the life's process group was sent TERM; or the life hangs, and writes down where
    KILLING    everything that is left of the life was sent KILL
    FLUSHING   the life is dead; its cache is switched away
    BACKOFF    a life crashed; the next one waits
    FATAL      given up, until the operator says otherwise. A child that would not die may still be alive

A restart goes check → drain → stop → flush → start → ready. `stop` is the same way with the wish down. Every
state in which something is awaited has one deadline, so none waits for ever. What a message says counts only
if it names the life that is there: late words of a dead life change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from supervisor.lifecycle import health
from supervisor.lifecycle import life as lives
from supervisor.lifecycle import restart_policy as crashes
from supervisor.lifecycle import restart_report as restarts
from supervisor.lifecycle.events import (
    Adopted,
    CheckFinished,
    Configured,
    DeadlinePassed,
    Disconnected,
    Drained,
    Draining,
    Effect,
    Event,
    Exited,
    Flush,
    Flushed,
    Goodbye,
    Heartbeat,
    Hello,
    Kill,
    LifeEvent,
    LogLine,
    MemorySampled,
    Ready,
    RequestDrain,
    RequestTraceback,
    RestartFinished,
    RestartRequested,
    RunCheck,
    Spawn,
    Spawned,
    SpawnFailed,
    Start,
    Stop,
    StopCheck,
    Terminate,
    Welcome,
)
from supervisor.lifecycle.model import AfterFlush, DesiredState, Instant, ProcessId, ProgramState, Reason, State

#: how long the end of a killed process is awaited before the operator is told that it cannot be killed
KILL_TIMEOUT_S: Final = 10.0
#: how long a hung life may take to write down where it hangs
TRACEBACK_S: Final = 0.5
#: how long the switch of the cache may take before the next life goes on without one
FLUSH_TIMEOUT_S: Final = 10.0
Step = tuple[ProgramState, list[Effect]]


def step(known: ProgramState, event: Event, now: Instant) -> Step:
    """Return what is known of the program after `event`, and what is to be done. Pure."""
    if isinstance(event, LifeEvent) and event.life != known.life:
        return known, []
    return TABLE[known.state, type(event)](known, event, now)


def deadline(known: ProgramState) -> float | None:
    """Return when `DeadlinePassed` is due, in seconds of `Instant.mono_s`; None for never."""
    if known.state is not State.RUNNING:
        return known.deadline_s
    check = known.restart.check_deadline_s if known.restart else None
    silence = known.heard_s + known.program.heartbeat_timeout_s if known.heard_s is not None else None
    return min((at for at in (check, silence) if at is not None), default=None)


# --- the way of a restart, in its order --------------------------------------------------------------------


def _ask_restart(known: ProgramState, event: RestartRequested, now: Instant) -> Step:
    """RUNNING: check first, while the old life serves."""
    restart = restarts.joined(known, event, now)
    if known.restart:
        return replace(known, restart=restart), []  # joins the one under way
    known = replace(known, desired=DesiredState.UP, restart=restart)
    if (limit := crashes.start_limit(known, now)) is not None:
        return restarts.called_off(known, Reason("refused", {"problem": limit}), now)
    if not known.program.check:
        return _drain(known, "restart", now)
    check_deadline_s = now.mono_s + known.program.start_timeout_s
    return replace(known, restart=replace(restart, check_deadline_s=check_deadline_s)), [RunCheck()]


def _checked(known: ProgramState, event: CheckFinished, now: Instant) -> Step:
    """RUNNING: the check has ended. If it failed, nothing changes and the requester is told why."""
    if not known.restart or known.restart.check_deadline_s is None:
        return known, []
    known = replace(known, restart=replace(restarts.timed(known.restart, "check_s", now), check_deadline_s=None))
    if event.problem is not None:
        return restarts.called_off(known, Reason("check_failed", {"problem": event.problem}), now)
    return _drain(known, "restart", now)


def _drain(known: ProgramState, why: str, now: Instant) -> Step:
    """Ask the life to finish its work, if it can be asked; else stop it."""
    if known.restart:
        restart = replace(known.restart, phase_since_s=now.mono_s, down_since_s=now.mono_s)
        known = replace(known, restart=restart)
        known = crashes.recovering(known, now) if restart.requested_by == crashes.BY_ITSELF else known
    if not (known.program.drain and known.greeted):
        return _stop(known, now)
    # a life whose link is broken knocks again soon, and is asked then
    timeout_s = known.program.drain_timeout_s
    return _enter(known, State.DRAINING, now, timeout_s), [RequestDrain(known.life, timeout_s, why)]


def _drained(known: ProgramState, event: Drained, now: Instant) -> Step:
    """DRAINING: the work is finished."""
    known = replace(known, pending=())
    if known.restart:
        restart = replace(
            restarts.timed(known.restart, "drain_s", now),
            drained=event.drained,
            cancelled=event.cancelled,
            flushed_entries=event.flushed_entries,
        )
        known = replace(known, restart=restart)
    names = ", ".join(event.cancelled)
    notes = [LogLine("warning", "work_cancelled", {"life": known.life, "names": names})] if names else []
    known, effects = _stop(known, now)
    return known, [*notes, *effects]


def _drain_overdue(known: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    """DRAINING: go on regardless, and report what was cut off."""
    cancelled = known.pending or ("drain",)
    if known.restart:
        known = replace(known, restart=replace(restarts.timed(known.restart, "drain_s", now), cancelled=cancelled))
    time_s, names = known.program.drain_timeout_s, ", ".join(cancelled)
    note = LogLine("warning", "drain_timeout", {"life": known.life, "time_s": time_s, "names": names})
    known, effects = _stop(replace(known, pending=()), now)
    return known, [note, *effects]


def _stop(known: ProgramState, now: Instant) -> Step:
    """Send TERM; the life's exit leads on."""
    if known.child is None:
        return _flush(known, now)
    return _enter(known, State.STOPPING, now, known.program.stop_timeout_s), [Terminate(known.child)]


def _stop_overdue(known: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    """STOPPING: it would not end by itself; one that hangs has had its time to say where."""
    why = known.reason or Reason("stop_timeout", {"time_s": known.program.stop_timeout_s})
    return _kill(known, why, now)


def _kill(known: ProgramState, why: Reason, now: Instant) -> Step:
    assert known.child is not None
    effects: list[Effect] = [LogLine("warning", "killed", {"life": known.life, "reason": why}), Kill(known.child)]
    return replace(_enter(known, State.KILLING, now, KILL_TIMEOUT_S), reason=why), effects


def _kill_overdue(known: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    """KILLING: not even KILL ended it. A second life beside it is not an option."""
    reason = Reason("unkillable", {"pid": known.child.pid if known.child else None, "life": known.life})
    return _give_up(replace(known, deadline_s=None), reason, now)


def _ended_as_asked(known: ProgramState, event: Exited, now: Instant) -> Step:
    """DRAINING, STOPPING, KILLING: the old life is dead."""
    known = lives.ended(known, event, now)
    if event.left is not None:
        return _outlived(known, event.left, now)
    if known.restart:
        known = replace(known, restart=restarts.timed(known.restart, "stop_s", now))
    return _flush(known, now)


def _outlived(known: ProgramState, left: ProcessId, now: Instant) -> Step:
    """Something that the dead life started has not died with it: first that has to go."""
    if known.state is State.KILLING:
        return known, [Kill(left)]  # until the same deadline, however many there are
    return _kill(known, Reason("process_left", {"pid": left.pid}), now)


def _flush(known: ProgramState, now: Instant) -> Step:
    """Switch the cache; only now, when nothing of the old life can write any more."""
    if not known.program.flush_cache:
        return _flushed(known, Flushed(known.life), now)
    policy = known.flush_on_crash if known.crashed else known.flush_on_restart
    return _enter(known, State.FLUSHING, now, FLUSH_TIMEOUT_S), [Flush(known.life, policy)]


def _flushed(known: ProgramState, event: Flushed, now: Instant) -> Step:
    """FLUSHING: on with what was decided when the old life ended."""
    notes: list[Effect] = []
    if event.problem:
        notes = [LogLine("error", "flush_failed", {"problem": event.problem, "life": known.life + 1})]
    if known.restart and known.program.flush_cache:
        known = replace(known, restart=restarts.timed(known.restart, "flush_s", now))
    then, known = known.then, replace(known, then=AfterFlush(), crashed=False)
    effects: list[Effect] = []
    if known.desired is DesiredState.DOWN or then.state is State.STOPPED:
        known = replace(_enter(known, State.STOPPED, now), reason=then.reason, restart=None)
    elif then.state is State.FATAL:
        known, effects = _give_up(known, then.reason or Reason("exit_unknown"), now)
    elif then.state is State.BACKOFF and then.delay_s > 0:
        known = replace(_enter(known, State.BACKOFF, now, then.delay_s), reason=then.reason)
    else:
        known, effects = _start(known, now)
    return known, [*notes, *effects]


def _flush_overdue(known: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    return _flushed(known, Flushed(known.life, Reason("flush_timeout", {"time_s": FLUSH_TIMEOUT_S})), now)


def _start(known: ProgramState, now: Instant) -> Step:
    """Spawn the next life, unless something still lives or the day's starts are used up."""
    if known.child is not None:
        return _kill(known, Reason("still_running"), now)
    if (limit := crashes.start_limit(known, now)) is not None:
        return _give_up(known, limit, now)
    known = lives.begun(_enter(known, State.STARTING, now, _start_wait_s(known)), now)
    return known, [Spawn(known.life)]


def _start_wait_s(known: ProgramState) -> float:
    return known.program.start_timeout_s if known.program.ready == "notify" else float(known.program.ready)


def _spawn_failed(known: ProgramState, event: SpawnFailed, now: Instant) -> Step:
    """STARTING: it ended before it began. What the world lacks (descriptors, memory, room) may be there later."""
    code = crashes.EXIT_BAD_CONFIG if event.hopeless else crashes.EXIT_TRY_LATER
    known = replace(known, goodbye=(code, event.problem))
    return _ended_by_itself(known, Exited(known.life), now)


def _hello(known: ProgramState, event: Hello, now: Instant) -> Step:
    """STARTING, RUNNING: the life has connected; it gets the ticket until it is ready."""
    own = known.restart.ticket if known.restart else None
    due = own if own is not None else known.owed_ticket
    ticket = due if known.state is State.STARTING else None
    return lives.greeted(known, event, now), [Welcome(known.life, ticket)]


def _ready(known: ProgramState, event: Event, now: Instant) -> Step:
    """STARTING: the life serves, and the restart that led to it is over."""
    if isinstance(event, Ready) and known.program.ready != "notify":
        return known, []  # it has to stay alive for a while instead
    known = replace(_enter(known, State.RUNNING, now), retries=0, deadline_s=None, owed_ticket=None)
    note = LogLine("info", "ready", {"life": known.life})
    if not known.restart:
        return known, [note]
    restart = restarts.timed(known.restart, "start_s", now)
    report = restarts.report(known, restart, now, to_life=known.life)
    return replace(known, restart=None), [note, RestartFinished(report)]


def _start_overdue(known: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    """STARTING: alive for long enough counts as ready, if that is what was agreed; else it hangs."""
    if known.child is None:
        return known, []
    if known.program.ready != "notify":
        return _ready(known, event, now)
    why = Reason("start_timeout", {"time_s": known.program.start_timeout_s})
    known = crashes.after_crash(replace(known, crashed=True), why, now)
    return _kill(known, why, now)


# --- ends that nobody asked for ----------------------------------------------------------------------------


def _ended_by_itself(known: ProgramState, event: Exited, now: Instant) -> Step:
    """STARTING, RUNNING: what now depends on the code and on the program's `restart`."""
    served = known.state is State.RUNNING
    end = crashes.end_of(known, event, now)
    known = lives.ended(known, event, now)
    effects: list[Effect] = [LogLine("warning", "life_exited", {"life": known.life, "exit": end.as_reason()})]
    if known.restart and known.restart.check_deadline_s is not None:
        effects.append(StopCheck())
        known = replace(known, restart=replace(known.restart, check_deadline_s=None))
    known = replace(known, crashed=True)
    if known.desired is DesiredState.UP:
        known = crashes.decide(known, event, served, now)
    known, more = _flush(known, now) if event.left is None else _outlived(known, event.left, now)
    return known, [*effects, *more]


def _backoff_over(known: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    return _start(known, now)


def _running_overdue(known: ProgramState, event: DeadlinePassed, now: Instant) -> Step:
    """RUNNING: either the check or the life is too slow."""
    restart = known.restart
    if restart and restart.check_deadline_s is not None and restart.check_deadline_s <= now.mono_s:
        known = replace(known, restart=replace(restarts.timed(restart, "check_s", now), check_deadline_s=None))
        problem = Reason("check_timeout", {"time_s": known.program.start_timeout_s})
        known, effects = restarts.called_off(known, Reason("check_failed", {"problem": problem}), now)
        return known, [StopCheck(), *effects]
    if health.is_lost(known.heard_s, known.program.heartbeat_timeout_s, now.mono_s):
        return _hung(known, now)
    return known, []


def _hung(known: ProgramState, now: Instant) -> Step:
    """RUNNING: it is not heard any more. It cannot be drained; it may still be able to say where it hangs."""
    why = Reason("hung", {"time_s": known.program.heartbeat_timeout_s})
    effects: list[Effect] = [StopCheck()] if known.restart else []
    restart = known.restart or restarts.begin(known, now, reason=why, requested_by=crashes.BY_ITSELF)
    restart = replace(restart, check_deadline_s=None, down_since_s=now.mono_s, phase_since_s=now.mono_s)
    known = crashes.after_crash(replace(known, restart=restart, crashed=True), why, now)
    known = crashes.recovering(crashes.unless_too_often(known, why, now), now)
    if known.child is None or not known.writes_traceback:
        known, more = _kill(known, why, now)
        return known, [*effects, *more]
    ask = RequestTraceback(known.child)
    known = replace(_enter(known, State.STOPPING, now, TRACEBACK_S), reason=why)
    return known, [*effects, LogLine("warning", "traceback_requested", {"life": known.life, "reason": why}), ask]


def _beat_while_running(known: ProgramState, event: Heartbeat, now: Instant) -> Step:
    return _examined(lives.heard(known, event, now), now)


def _weighed(known: ProgramState, event: MemorySampled, now: Instant) -> Step:
    """RUNNING: how much memory the life uses."""
    return _examined(replace(known, vitals=replace(known.vitals, rss_bytes=event.rss_bytes)), now)


def _examined(known: ProgramState, now: Instant) -> Step:
    """RUNNING: one that is unwell goes the way of a restart; if that has not helped often enough, it is given up."""
    why = health.sickness(known.vitals, known.program, now.mono_s)
    if why is None or known.restart:
        return known, []
    known = crashes.unless_too_often(replace(known, vitals=health.spared(known.vitals, now.mono_s)), why, now)
    if known.then.state is State.FATAL:
        return _drain(known, "stop", now)
    note = LogLine("warning", "recovery", {"life": known.life, "reason": why})
    known, effects = _ask_restart(known, RestartRequested(why, requested_by=crashes.BY_ITSELF), now)
    return known, [note, *effects]


# --- what the operator wants -------------------------------------------------------------------------------


def _want_up(known: ProgramState, event: Event, now: Instant) -> Step:
    """Everywhere else: remember it."""
    return replace(known, desired=DesiredState.UP), []


def _start_asked(known: ProgramState, event: Event, now: Instant) -> Step:
    """STOPPED, BACKOFF, FATAL: start now, with a clean slate. A restart asked for here is just that."""
    known = replace(known, desired=DesiredState.UP, crashes_s=(), recoveries_s=(), retries=0, then=AfterFlush())
    if isinstance(event, RestartRequested):
        known = replace(known, restart=restarts.joined(known, event, now))
    return _start(known, now)


def _restart_while_starting(known: ProgramState, event: RestartRequested, now: Instant) -> Step:
    """STARTING: what is starting may be older than what was edited; unless it is a restart, begin again."""
    restart = restarts.joined(known, event, now)
    if known.restart:
        return replace(known, restart=restart), []
    return _stop(replace(known, restart=restart, then=AfterFlush()), now)


def _restart_while_stopping(known: ProgramState, event: RestartRequested, now: Instant) -> Step:
    """DRAINING, STOPPING, KILLING, FLUSHING: the way is taken already; make sure that it leads up again."""
    return replace(known, desired=DesiredState.UP, restart=restarts.joined(known, event, now), then=AfterFlush()), []


def _want_down(known: ProgramState, event: Stop, now: Instant) -> Step:
    """DRAINING, STOPPING, KILLING, FLUSHING: it is on the way down already."""
    return _failed_by_stop(replace(known, desired=DesiredState.DOWN), now)


def _stop_running(known: ProgramState, event: Stop, now: Instant) -> Step:
    checking = known.restart is not None
    known, told = _failed_by_stop(replace(known, desired=DesiredState.DOWN), now)
    known, effects = _drain(known, "stop", now)
    return known, [*([StopCheck()] if checking else []), *told, *effects]


def _stop_starting(known: ProgramState, event: Stop, now: Instant) -> Step:
    known, told = _failed_by_stop(replace(known, desired=DesiredState.DOWN), now)
    known, effects = _stop(known, now)
    return known, [*told, *effects]


def _stop_idle(known: ProgramState, event: Stop, now: Instant) -> Step:
    """BACKOFF, FATAL: nothing serves; what may still live is killed first."""
    known, told = _failed_by_stop(replace(known, desired=DesiredState.DOWN), now)
    if known.child is not None:
        known, effects = _kill(known, Reason("stop_requested"), now)
        return known, [*told, *effects]
    return replace(_enter(known, State.STOPPED, now), reason=None), told


def _failed_by_stop(known: ProgramState, now: Instant) -> Step:
    return restarts.called_off(known, Reason("stopped"), now) if known.restart else (known, [])


# --- small things ------------------------------------------------------------------------------------------


def _ignore(known: ProgramState, event: Event, now: Instant) -> Step:
    """Nothing follows from it here."""
    return known, []


def _hello_while_draining(known: ProgramState, event: Hello, now: Instant) -> Step:
    """DRAINING: a link that broke is back; the life may not have heard that it is to drain."""
    left_s = max(0.0, (known.deadline_s or now.mono_s) - now.mono_s)
    why = "restart" if known.desired is DesiredState.UP else "stop"
    return lives.greeted(known, event, now), [Welcome(known.life, None), RequestDrain(known.life, left_s, why)]


def _fatal_child_gone(known: ProgramState, event: Exited, now: Instant) -> Step:
    """FATAL: what could not be killed has ended after all."""
    known = replace(lives.ended(known, event, now), crashed=True, then=AfterFlush(State.FATAL, reason=known.reason))
    if event.left is not None:
        return known, [Kill(event.left)]
    known, effects = _flush(known, now)
    return known, [LogLine("info", "unkillable_exited", {"life": known.life}), *effects]


def _recalled(known: ProgramState, event: Adopted, now: Instant) -> Step:
    """What an earlier supervisor began goes on: deadlines begin anew, what may not have been done is done again."""
    known = replace(known, linked=False, heard_s=now.mono_s if known.greeted else None)
    if known.restart and known.restart.check_deadline_s is not None:
        return restarts.called_off(known, Reason("interrupted"), now)
    if known.state is State.STARTING:
        return _enter(known, State.STARTING, now, _start_wait_s(known)), []
    if known.state is State.DRAINING:
        return _enter(known, State.DRAINING, now, known.program.drain_timeout_s), []
    if known.state in (State.STOPPING, State.KILLING):
        return _stop(known, now)
    if known.state is State.FLUSHING:
        return _flush(known, now)
    if known.state is State.BACKOFF:
        return _start(known, now)
    return known, []


def _give_up(known: ProgramState, reason: Reason, now: Instant) -> Step:
    """Go to FATAL, loudly."""
    known = replace(_enter(known, State.FATAL, now), reason=reason)
    effects: list[Effect] = [LogLine("critical", "gave_up", {"reason": reason})]
    if known.restart:
        known, finished = restarts.failed(known, known.restart, Reason("start_failed", {"problem": reason}), now)
        effects.append(finished)
    return known, effects


def _enter(known: ProgramState, state: State, now: Instant, wait_s: float | None = None) -> ProgramState:
    deadline_s = None if wait_s is None else now.mono_s + wait_s
    return replace(known, state=state, since_s=now.mono_s, deadline_s=deadline_s)


# --- the table ---------------------------------------------------------------------------------------------

_Handler = Callable[[ProgramState, Any, Instant], Step]


def _noted(know: Callable[[ProgramState, Any, Instant], ProgramState]) -> _Handler:
    """Return what handles an event from which nothing follows but that it is known."""
    return lambda known, event, now: (know(known, event, now), [])


_EVERYWHERE: Final[dict[type[Event], _Handler]] = {
    Start: _want_up,
    Stop: _want_down,
    RestartRequested: _restart_while_stopping,
    Configured: _noted(lives.configured),
    DeadlinePassed: _ignore,
    CheckFinished: _ignore,
    Spawned: _ignore,
    SpawnFailed: _ignore,
    Hello: _ignore,
    Disconnected: _noted(lives.unlinked),
    Ready: _ignore,
    Heartbeat: _noted(lives.heard),
    MemorySampled: _ignore,
    Draining: _ignore,
    Drained: _ignore,
    Goodbye: _noted(lives.leaving),
    Exited: _ended_as_asked,
    Flushed: _ignore,
    Adopted: _recalled,
}

_NOTHING_LIVES: Final[dict[type[Event], _Handler]] = {
    Start: _start_asked,
    RestartRequested: _start_asked,
    Disconnected: _ignore,
    Heartbeat: _ignore,
    Goodbye: _ignore,
    Exited: _ignore,
}

_BY_STATE: Final[dict[State, dict[type[Event], _Handler]]] = {
    State.STOPPED: {**_NOTHING_LIVES, Stop: _stop_idle},
    State.STARTING: {
        Stop: _stop_starting,
        RestartRequested: _restart_while_starting,
        DeadlinePassed: _start_overdue,
        Spawned: _noted(lives.spawned),
        SpawnFailed: _spawn_failed,
        Hello: _hello,
        Ready: _ready,
        Exited: _ended_by_itself,
    },
    State.RUNNING: {
        Stop: _stop_running,
        RestartRequested: _ask_restart,
        DeadlinePassed: _running_overdue,
        CheckFinished: _checked,
        Hello: _hello,
        Heartbeat: _beat_while_running,
        MemorySampled: _weighed,
        Exited: _ended_by_itself,
    },
    State.DRAINING: {
        DeadlinePassed: _drain_overdue,
        Hello: _hello_while_draining,
        Draining: _noted(lives.finishing),
        Drained: _drained,
    },
    State.STOPPING: {DeadlinePassed: _stop_overdue},
    State.KILLING: {DeadlinePassed: _kill_overdue},
    State.FLUSHING: {
        DeadlinePassed: _flush_overdue,
        Flushed: _flushed,
        Disconnected: _ignore,
        Heartbeat: _ignore,
        Goodbye: _ignore,
        Exited: _ignore,
    },
    State.BACKOFF: {**_NOTHING_LIVES, Stop: _stop_idle, DeadlinePassed: _backoff_over},
    State.FATAL: {**_NOTHING_LIVES, Stop: _stop_idle, Exited: _fatal_child_gone},
}

#: every state, every event
TABLE: Final[dict[tuple[State, type[Event]], _Handler]] = {
    (state, event): handler for state in State for event, handler in {**_EVERYWHERE, **_BY_STATE[state]}.items()
}
