"""Handles the requests of the control socket."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from supervisor import __version__
from supervisor.config.loading import load
from supervisor.configfile import ConfigError
from supervisor.control import protocol, views
from supervisor.control.connection import ClientConnection
from supervisor.daemon.reloader import MAX_WAITING, Outcome, Refusal
from supervisor.daemon.runner import Runner
from supervisor.daemon.scheduler import day_of, time_on
from supervisor.lifecycle import events
from supervisor.lifecycle.life import next_number
from supervisor.lifecycle.model import DesiredState, ProgramState, State, text_reason
from supervisor.lifecycle.standby import is_next
from supervisor.locale import _, format_number, reasons
from supervisor.logs.masking import mask_secrets
from supervisor.processes import procfs

#: restarts that one `history` may return; more would not fit into a line
MAX_HISTORY: Final = 100
#: length of the reason and of the requester of a restart
MAX_TEXT_CHARS: Final = 300

#: the fields of the answer; None when the request is answered later
Fields = dict[str, Any] | None


class Refused(Exception):
    """A request cannot be granted: `code` is for programs, `message` for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def handle(runner: Runner, connection: ClientConnection, request: protocol.AnyRequest) -> None:
    """Handle a request, and answer it now or when it is done."""
    try:
        _check_recovered(runner, request)
        fields = _HANDLERS[type(request)](runner, connection, request)
    except Refused as error:
        runner.server.answer(connection, protocol.encode_error(request.id, error.code, error.message))
        return
    except ConfigError as error:
        runner.server.answer(connection, protocol.encode_error(request.id, "bad_config", str(error)))
        return
    if fields is not None:
        runner.server.answer(connection, protocol.encode_answer(request.id, **fields))


# --- from all clients ---


def _ping(runner: Runner, connection: ClientConnection, request: protocol.Ping) -> Fields:
    return {"pid": os.getpid()}


def _status(runner: Runner, connection: ClientConnection, request: protocol.Status) -> Fields:
    return views.status(
        runner.programs,
        pid=os.getpid(),
        started=runner.started,
        now=runner.now(),
        problems=runner.problems.shown,
        config_changed=runner.settings.is_outdated(),
        files_changed=runner.upgrader.have_files_changed(),
        upgraded=runner.upgrader.upgraded,
        rss_bytes=procfs.rss_bytes,
        cpu=procfs.cpu_and_age_s,
        restarts_today=runner.persistence.history.count_since(time_on(day_of(runner.now().wall_s), "00:00")),
        addresses=runner.executor.listeners.addresses,
    )


def _start(runner: Runner, connection: ClientConnection, request: protocol.Start) -> Fields:
    _check_not_leaving(runner)
    read = load(runner.config)
    if request.program is not None and request.program not in read.programs:
        _find_program(runner, request.program)
    runner.settings.apply(read, only=request.program)
    names = [request.program] if request.program else list(runner.programs)
    startable = [name for name in names if _can_start(runner.programs[name])]
    runner.schedule_start(startable)
    return {"programs": names, "starting": startable}


def _stop(runner: Runner, connection: ClientConnection, request: protocol.Stop) -> Fields:
    state = _find_program(runner, request.program)
    runner.post(request.program, events.Stop())
    if not request.wait:
        return {"life": state.life.number}

    def then(is_down: bool) -> None:
        left = runner.programs[request.program]
        if is_down and left.child is not None and left.reason is not None:
            text = reasons.describe(left.reason)
            runner.server.answer(connection, protocol.encode_error(request.id, "unkillable", text))
            return
        if is_down:
            _answer(runner, connection, request, life=state.life.number)
            return
        text = _("%(program)s was started again before it was down") % {"program": request.program}
        runner.server.answer(connection, protocol.encode_error(request.id, "overtaken", text))

    runner.stop_waiters.add(request.program, connection, then)
    return None


def _restart(runner: Runner, connection: ClientConnection, request: protocol.Restart) -> Fields:
    _check_not_leaving(runner)
    state = _find_program(runner, request.program)
    runner.settings.apply(load(runner.config), only=request.program)
    requested_by = _printable(request.requested_by) or _requester(connection)
    event = events.RestartRequested(text_reason(_printable(request.reason)), requested_by, request.ticket, request.cold)
    runner.post(request.program, event)
    if not request.wait:
        return {"to_life": _expected_life(state), "joined": views.restart(state)}
    runner.restart_waiters.add(
        request.program, connection, lambda report: _answer_restart(runner, connection, request, report)
    )
    return None


def _answer_restart(
    runner: Runner, connection: ClientConnection, request: protocol.Restart, report: dict[str, Any]
) -> None:
    if report["ok"]:
        _answer(runner, connection, request, report=report)
    else:
        line = protocol.encode_error(request.id, report["error"], report["problem"], report=report)
        runner.server.answer(connection, line)


def _events(runner: Runner, connection: ClientConnection, request: protocol.Events) -> Fields:
    connection.is_subscribed = True
    return {}


def _history(runner: Runner, connection: ClientConnection, request: protocol.History) -> Fields:
    newest = runner.persistence.history.newest(max(0, min(request.n, MAX_HISTORY)))
    return {"history": [reasons.report_fields(report) for report in newest]}


def _cache(runner: Runner, connection: ClientConnection, request: protocol.Cache) -> Fields:
    state = _find_program(runner, request.program)
    if state.child is None and request.action == "clear" and request.scope != "expired":
        if (problem := runner.executor.clear_cache(state.name, request.scope)) is not None:
            raise Refused("cache_failed", problem)
        return {"removed": None}
    if (life := runner.lives.current(request.program)) is None:
        text = _("%(program)s is not connected")
        raise Refused("not_running", text % {"program": request.program})

    def then(answer: protocol.Answer) -> None:
        if answer.ok:
            rest = {key: value for key, value in answer.fields.items() if key not in ("v", "id", "ok")}
            _answer(runner, connection, request, **rest)
        else:
            message = answer.error.get("message") or _("the program refused")
            line = protocol.encode_error(request.id, "cache_failed", str(message))
            runner.server.answer(connection, line)

    runner.server.request(life, "cache", then, action=request.action, scope=request.scope)
    return None


def _shutdown(runner: Runner, connection: ClientConnection, request: protocol.Shutdown) -> Fields:
    runner.shut_down(_("requested over the control socket"))
    # with `wait` the closed connection is the answer
    return None if request.wait else {}


def _reload(runner: Runner, connection: ClientConnection, request: protocol.Reload) -> Fields:
    _check_not_leaving(runner)
    if runner.reloader.waiting >= MAX_WAITING:
        raise Refused("busy", _("too many reloads: %(count)d are waiting") % {"count": MAX_WAITING})
    runner.reloader.request(lambda outcome: _answer_reload(runner, connection, request, outcome))
    return None


def _answer_reload(runner: Runner, connection: ClientConnection, request: protocol.Reload, outcome: Outcome) -> None:
    if isinstance(outcome, Refusal):
        runner.server.answer(connection, protocol.encode_error(request.id, outcome.code, outcome.problem))
    else:
        _answer(runner, connection, request, **outcome._asdict())


def _upgrade(runner: Runner, connection: ClientConnection, request: protocol.Upgrade) -> Fields:
    _check_not_leaving(runner)
    requested_by = _printable(request.requested_by) or _requester(connection)

    def then(refusal: Refusal | None) -> None:
        if refusal is not None:
            runner.server.answer(connection, protocol.encode_error(request.id, refusal.code, refusal.problem))
        else:
            started_at = round(runner.started.wall_s, 3)
            _answer(runner, connection, request, pid=os.getpid(), version=__version__, started_at=started_at)

    runner.upgrader.request(requested_by, then)
    return None


# --- from lives ---


def _hello(runner: Runner, connection: ClientConnection, request: protocol.Hello) -> Fields:
    state = _find_program(runner, request.program)
    child = runner.process_of(state, request.life)
    if child is None or request.pid != child.pid:
        text = _("the current life of %(program)s is %(life)d, not %(other)d")
        params = {"program": request.program, "life": state.life.number, "other": request.life}
        raise Refused("stale_life", text % params)
    if connection.pid not in (0, request.pid):
        text = _("process %(pid)d cannot send hello for process %(other)d")
        raise Refused("forbidden", text % {"pid": connection.pid, "other": request.pid})
    old = runner.lives.add(connection, request.program, request.life)
    if old is not None:
        runner.server.drop(old)
    # the answer is sent before the `welcome` that follows from this event
    runner.server.answer(connection, protocol.encode_answer(request.id))
    if request.life == state.life.number:
        runner.request_sockets(state, connection)
    runner.post(request.program, events.Hello(request.life, request.version, request.traceback, request.role))
    return None


def _prepared(runner: Runner, connection: ClientConnection, request: protocol.Prepared) -> Fields:
    name, life = _life(runner, connection)
    runner.post(name, events.Prepared(life, request.alone))
    return {}


def _ready(runner: Runner, connection: ClientConnection, request: protocol.Ready) -> Fields:
    name, life = _life(runner, connection)
    state = runner.programs[name]
    runner.post(name, events.Ready(life, request.handed_over))
    is_starting = state.state is State.STARTING and state.life.number == life
    if not is_starting or state.restart is None or state.settings.ready != "notify":
        return {"restart": None}
    runner.restart_waiters.add(name, connection, lambda report: _answer(runner, connection, request, restart=report))
    return None


def _heartbeat(runner: Runner, connection: ClientConnection, request: protocol.Heartbeat) -> Fields:
    name, life = _life(runner, connection)
    runner.post(name, events.Heartbeat(life, request.health, request.extra_starts, request.answered))
    return {}


def _draining(runner: Runner, connection: ClientConnection, request: protocol.Draining) -> Fields:
    name, life = _life(runner, connection)
    runner.post(name, events.Draining(life, request.pending))
    return {}


def _drained(runner: Runner, connection: ClientConnection, request: protocol.Drained) -> Fields:
    name, life = _life(runner, connection)
    report = request.report
    runner.post(name, events.Drained(life, report.drained, report.cancelled, report.flushed_entries))
    return {}


def _goodbye(runner: Runner, connection: ClientConnection, request: protocol.Goodbye) -> Fields:
    name, life = _life(runner, connection)
    reason = None if request.reason is None else mask_secrets(request.reason)
    runner.post(name, events.Goodbye(life, request.code, reason))
    return {}


# --- helpers ---


def _printable(text: str) -> str:
    """Return `text` shortened and safe for logs and terminals."""
    return "".join(char if char.isprintable() else " " for char in text[:MAX_TEXT_CHARS])


def _requester(connection: ClientConnection) -> str:
    """Return who sends a request that does not say it."""
    return f"{connection.life[0]} (process {connection.life[1]})" if connection.life else "operator"


def _can_start(state: ProgramState) -> bool:
    """Return whether the program can be started: no life serves, or the one that does is being stopped."""
    return state.desired is DesiredState.DOWN or state.state in (State.STOPPED, State.FATAL, State.BACKOFF)


def _expected_life(state: ProgramState) -> int:
    """Return the number of the life that a restart leads to."""
    if state.restart is not None and state.state is State.STARTING:
        return state.life.number
    return state.standby.life.number if state.standby and is_next(state) else next_number(state)


def _answer(runner: Runner, connection: ClientConnection, request: protocol.Request, /, **fields: Any) -> None:
    runner.server.answer(connection, protocol.encode_answer(request.id, **fields))


def _find_program(runner: Runner, name: str) -> ProgramState:
    if name not in runner.programs:
        text = _("unknown program '%(name)s'; expected one of: %(names)s")
        raise Refused("unknown_program", text % {"name": name, "names": ", ".join(runner.programs)})
    return runner.programs[name]


def _life(runner: Runner, connection: ClientConnection) -> tuple[str, int]:
    if connection.life is None or connection.life[0] not in runner.programs:
        raise Refused("hello_first", _("send hello first"))
    return connection.life


def _check_recovered(runner: Runner, request: protocol.AnyRequest) -> None:
    if runner.recovers_at_s is not None and isinstance(request, _ACTING):
        text = _(
            "the supervisor continues after an unexpected exception in %(time_s)s s; see `stocksup logs supervisor`"
        )
        time_s = format_number(round(max(0.0, runner.recovers_at_s - runner.now().mono_s), 1))
        raise Refused("recovering", text % {"time_s": time_s})


def _check_not_leaving(runner: Runner) -> None:
    if runner.leaving:
        raise Refused("shutting_down", _("the supervisor is shutting down"))


#: requests of operators that act on programs
_ACTING: Final = (protocol.Start, protocol.Stop, protocol.Restart, protocol.Cache, protocol.Reload, protocol.Upgrade)

_HANDLERS: Final[dict[type[protocol.Request], Callable[[Runner, ClientConnection, Any], Fields]]] = {
    protocol.Ping: _ping,
    protocol.Status: _status,
    protocol.Start: _start,
    protocol.Stop: _stop,
    protocol.Restart: _restart,
    protocol.Events: _events,
    protocol.History: _history,
    protocol.Cache: _cache,
    protocol.Shutdown: _shutdown,
    protocol.Reload: _reload,
    protocol.Upgrade: _upgrade,
    protocol.Hello: _hello,
    protocol.Prepared: _prepared,
    protocol.Ready: _ready,
    protocol.Heartbeat: _heartbeat,
    protocol.Draining: _draining,
    protocol.Drained: _drained,
    protocol.Goodbye: _goodbye,
}
