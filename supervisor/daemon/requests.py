"""What may be asked at the door, and what is answered."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from supervisor.config.loading import load
from supervisor.configfile import ConfigError
from supervisor.control import protocol
from supervisor.control.connection import ClientConnection
from supervisor.daemon.reloader import Outcome, Refusal
from supervisor.daemon.runner import Runner
from supervisor.lifecycle import events
from supervisor.lifecycle.model import DesiredState, ProgramState, State, text_reason
from supervisor.locale import _, reasons
from supervisor.logs.masking import masked

#: restarts that one `history` may ask for; more would not fit a line
MAX_HISTORY: Final = 100
#: how much is kept of why a restart was asked for, and of who asked
MAX_WORDS_CHARS: Final = 300


#: reloads that may be asked for at a time
MAX_RELOADS: Final = 256


class Refused(Exception):
    """A request that cannot be granted: a code for programs and a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def handle(runner: Runner, connection: ClientConnection, request: protocol.AnyRequest) -> None:
    """Do what is asked, and answer now or when it is done."""
    try:
        fields = _HANDLERS[type(request)](runner, connection, request)
    except Refused as error:
        runner.door.answer(connection, protocol.refusal(request.id, error.code, error.message))
        return
    except ConfigError as error:
        runner.door.answer(connection, protocol.refusal(request.id, "bad_config", str(error)))
        return
    if fields is not None:
        runner.door.answer(connection, protocol.answer(request.id, **fields))


# --- for everybody: each returns the fields of the answer, or None when the answer comes later ---

Fields = dict[str, Any] | None


def _ping(runner: Runner, connection: ClientConnection, request: protocol.Ping) -> Fields:
    return {"pid": os.getpid()}


def _status(runner: Runner, connection: ClientConnection, request: protocol.Status) -> Fields:
    return runner.view()


def _start(runner: Runner, connection: ClientConnection, request: protocol.Start) -> Fields:
    _refuse_when_leaving(runner)
    if request.program is not None:
        _known(runner, request.program)
    runner.apply(load(runner.config), only=request.program)
    names = [request.program] if request.program else list(runner.programs)
    asleep = [name for name in names if _is_asleep(runner.programs[name])]
    runner.bring_up(asleep)
    return {"programs": names, "starting": asleep}


def _stop(runner: Runner, connection: ClientConnection, request: protocol.Stop) -> Fields:
    known = _known(runner, request.program)
    runner.post(request.program, events.Stop())
    if not request.wait:
        return {"life": known.life.number}

    def then(is_down: bool) -> None:
        if is_down:
            _answer(runner, connection, request, life=known.life.number)
            return
        text = _("%(program)s was started again before it was down") % {"program": request.program}
        runner.door.answer(connection, protocol.refusal(request.id, "overtaken", text))

    runner.await_down.add(request.program, connection, then)
    return None


def _restart(runner: Runner, connection: ClientConnection, request: protocol.Restart) -> Fields:
    _refuse_when_leaving(runner)
    known = _known(runner, request.program)
    runner.apply(load(runner.config), only=request.program)
    asked_by = request.requested_by or (
        f"{connection.life[0]} (life {connection.life[1]})" if connection.life else "operator"
    )
    asked = events.RestartRequested(text_reason(_in_a_line(request.reason)), _in_a_line(asked_by), request.ticket)
    runner.post(request.program, asked)
    if not request.wait:
        return {"to_life": known.life.number + 1}
    runner.await_restart.add(
        request.program, connection, lambda report: _answer_restart(runner, connection, request, report)
    )
    return None


def _answer_restart(
    runner: Runner, connection: ClientConnection, request: protocol.Restart, report: dict[str, Any]
) -> None:
    if report["ok"]:
        _answer(runner, connection, request, report=report)
    else:
        line = protocol.refusal(request.id, report["error"], report["problem"], report=report)
        runner.door.answer(connection, line)


def _events(runner: Runner, connection: ClientConnection, request: protocol.Events) -> Fields:
    connection.is_subscribed = True
    return {}


def _history(runner: Runner, connection: ClientConnection, request: protocol.History) -> Fields:
    newest = runner.history.newest(max(0, min(request.n, MAX_HISTORY)))
    return {"history": [reasons.report_fields(report) for report in newest]}


def _cache(runner: Runner, connection: ClientConnection, request: protocol.Cache) -> Fields:
    known = _known(runner, request.program)
    if known.child is None and request.action == "clear" and request.scope != "expired":
        if (problem := runner.clear_cache(known, request.scope)) is not None:
            raise Refused("cache_failed", problem)
        return {"removed": None}
    if (link := runner.links.get(request.program)) is None:
        text = _("%(program)s is not connected, so its cache cannot be asked")
        raise Refused("not_running", text % {"program": request.program})

    def then(answer: protocol.Answer) -> None:
        if answer.ok:
            rest = {key: value for key, value in answer.fields.items() if key not in ("v", "id", "ok")}
            _answer(runner, connection, request, **rest)
        else:
            error = answer.fields.get("error")
            message = error.get("message") if isinstance(error, dict) else None
            line = protocol.refusal(request.id, "cache_failed", str(message or _("the program refused")))
            runner.door.answer(connection, line)

    runner.door.request(link, "cache", then, action=request.action, scope=request.scope)
    return None


def _shutdown(runner: Runner, connection: ClientConnection, request: protocol.Shutdown) -> Fields:
    runner.shut_down(_("asked at the door"))
    # with `wait` the end of the connection is the answer: it comes when everything is down
    return None if request.wait else {}


def _reload(runner: Runner, connection: ClientConnection, request: protocol.Reload) -> Fields:
    _refuse_when_leaving(runner)
    if runner.reloader.waiting >= MAX_RELOADS:
        raise Refused("busy", _("%(count)d reloads are asked for already") % {"count": MAX_RELOADS})
    runner.reloader.ask(lambda outcome: _answer_reload(runner, connection, request, outcome))
    return None


def _answer_reload(runner: Runner, connection: ClientConnection, request: protocol.Reload, outcome: Outcome) -> None:
    if isinstance(outcome, Refusal):
        runner.door.answer(connection, protocol.refusal(request.id, outcome.code, outcome.problem))
    else:
        _answer(runner, connection, request, **outcome._asdict())


# --- for a child ---


def _hello(runner: Runner, connection: ClientConnection, request: protocol.Hello) -> Fields:
    known = _known(runner, request.program)
    if known.child is None or request.life != known.life.number or request.pid != known.child.pid:
        text = _("the present life of %(program)s is %(life)d, not %(other)d")
        facts = {"program": request.program, "life": known.life.number, "other": request.life}
        raise Refused("stale_life", text % facts)
    if connection.pid not in (0, request.pid):
        text = _("process %(pid)d cannot say hello for process %(other)d")
        raise Refused("forbidden", text % {"pid": connection.pid, "other": request.pid})
    old = runner.links.get(request.program)
    connection.life = (request.program, request.life)
    runner.links[request.program] = connection
    if old is not None and old is not connection:
        runner.door.drop(old)
    # the answer goes out before the welcome that this event brings
    runner.door.answer(connection, protocol.answer(request.id))
    runner.post(request.program, events.Hello(request.life, request.version, request.traceback))
    return None


def _ready(runner: Runner, connection: ClientConnection, request: protocol.Ready) -> Fields:
    name, life = _life(connection)
    known = runner.programs[name]
    runner.post(name, events.Ready(life))
    if known.state is not State.STARTING or known.restart is None or known.settings.ready != "notify":
        return {"restart": None}
    runner.await_restart.add(name, connection, lambda report: _answer(runner, connection, request, restart=report))
    return None


def _heartbeat(runner: Runner, connection: ClientConnection, request: protocol.Heartbeat) -> Fields:
    name, life = _life(connection)
    runner.post(name, events.Heartbeat(life, request.health, request.extra_starts))
    return {}


def _draining(runner: Runner, connection: ClientConnection, request: protocol.Draining) -> Fields:
    name, life = _life(connection)
    runner.post(name, events.Draining(life, request.pending))
    return {}


def _drained(runner: Runner, connection: ClientConnection, request: protocol.Drained) -> Fields:
    name, life = _life(connection)
    report = request.report
    runner.post(name, events.Drained(life, report.drained, report.cancelled, report.flushed_entries))
    return {}


def _farewell(runner: Runner, connection: ClientConnection, request: protocol.Goodbye) -> Fields:
    name, life = _life(connection)
    reason = None if request.reason is None else masked(request.reason)
    runner.post(name, events.Goodbye(life, request.code, reason))
    return {}


# --- small things ---


def _in_a_line(text: str) -> str:
    """Return `text` as it may stand in a log, in the history and on a terminal."""
    return "".join(char if char.isprintable() else " " for char in text[:MAX_WORDS_CHARS])


def _is_asleep(known: ProgramState) -> bool:
    """Tell whether there is something to start: nothing serves, or what does is on its way down for good."""
    return known.desired is DesiredState.DOWN or known.state in (State.STOPPED, State.FATAL, State.BACKOFF)


def _answer(runner: Runner, connection: ClientConnection, request: protocol.Request, /, **fields: Any) -> None:
    runner.door.answer(connection, protocol.answer(request.id, **fields))


def _known(runner: Runner, name: str) -> ProgramState:
    if name not in runner.programs:
        text = _("there is no program '%(name)s'; there are: %(names)s")
        raise Refused("unknown_program", text % {"name": name, "names": ", ".join(runner.programs)})
    return runner.programs[name]


def _life(connection: ClientConnection) -> tuple[str, int]:
    if connection.life is None:
        raise Refused("hello_first", _("only a life that has said hello may say this"))
    return connection.life


def _refuse_when_leaving(runner: Runner) -> None:
    if runner.leaving:
        raise Refused("shutting_down", _("the supervisor is shutting down"))


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
    protocol.Hello: _hello,
    protocol.Ready: _ready,
    protocol.Heartbeat: _heartbeat,
    protocol.Draining: _draining,
    protocol.Drained: _drained,
    protocol.Goodbye: _farewell,
}
