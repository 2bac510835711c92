"""Messages of the control socket: typed requests from lines, and lines of JSON (docs/reference/control-socket.md)."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from supervisor.client import MAX_LINE_BYTES, MAX_TICKET_BYTES, PROTOCOL_VERSION, Message

Id = int | str | None


class ProtocolError(Exception):
    """A line that cannot be understood.

    Attributes:
        code: `bad_json`, `bad_version`, `unknown_op` or `bad_request`.
        message: one sentence for people.
        id: the id in the line, if one could be read.
    """

    def __init__(self, code: str, message: str, id: Id = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.id = id


class Request(Struct, frozen=True, kw_only=True, tag_field="op", tag=str.lower, forbid_unknown_fields=True):
    """What everybody, or a child, may ask of the supervisor. The tag is the op."""

    v: int
    id: int | str


class Ping(Request, frozen=True, kw_only=True):
    """Answers with the supervisor's pid."""


class Status(Request, frozen=True, kw_only=True):
    """Answers with the whole view."""


class Start(Request, frozen=True, kw_only=True):
    """Bring up one program, or all."""

    program: str | None = None


class Stop(Request, frozen=True, kw_only=True):
    """Take down one program."""

    program: str
    wait: bool = False


class Restart(Request, frozen=True, kw_only=True):
    """Give a program a new life."""

    program: str = "bot"
    reason: str = ""
    requested_by: str = ""
    #: any JSON; null is none
    ticket: Any = None
    wait: bool = False


class Events(Request, frozen=True, kw_only=True):
    """Be told what happens, from now on."""


class History(Request, frozen=True, kw_only=True):
    """The newest restarts."""

    n: int = 50


class Cache(Request, frozen=True, kw_only=True):
    """Statistics of a program's cache, or a part of it emptied."""

    program: str = "bot"
    action: Literal["stats", "clear"] = "stats"
    scope: Literal["expired", "temporary", "all"] = "expired"


class Shutdown(Request, frozen=True, kw_only=True):
    """End everything, the supervisor too."""

    wait: bool = False


class Reload(Request, frozen=True, kw_only=True):
    """Read the settings again."""


class Hello(Request, frozen=True, kw_only=True):
    """A child introduces itself. `version` is the version of its code, if that has one.

    `traceback`: on `TRACEBACK_SIGNAL` it writes the tracebacks of its threads to stderr, and goes on.
    """

    program: str
    life: int
    pid: int
    version: str | None = None
    traceback: bool = False


class Ready(Request, frozen=True, kw_only=True):
    """A child serves."""


class Heartbeat(Request, frozen=True, kw_only=True):
    """A child is alive and says how it is."""

    health: dict[str, Any] = {}
    extra_starts: int = 0


class Draining(Request, frozen=True, kw_only=True):
    """A child says what it still has to finish."""

    pending: tuple[str, ...] = ()


class DrainReport(Struct, frozen=True):
    """What a drain came to. A child may say more; it is not looked at."""

    drained: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    flushed_entries: int | None = None


class Drained(Request, frozen=True, kw_only=True):
    """A child has finished its work."""

    report: DrainReport = DrainReport()


class Goodbye(Request, frozen=True, kw_only=True):
    """A child says why it is about to end."""

    code: int
    reason: str | None = None


class Answer(Struct, frozen=True):
    """What a child answers to a request of the supervisor."""

    id: Id
    ok: bool
    #: everything in the message
    fields: Message


OfAChild = Ready | Heartbeat | Draining | Drained | Goodbye
AnyRequest = (
    Ping | Status | Start | Stop | Restart | Events | History | Cache | Shutdown | Reload | Hello
    | Ready | Heartbeat | Draining | Drained | Goodbye
)  # fmt: skip

OPS: Final = frozenset(kind.__struct_config__.tag for kind in AnyRequest.__args__)


def parse(line: bytes) -> AnyRequest | Answer:
    """Return the message in `line`. Raises ProtocolError."""
    try:
        message = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError("bad_json", f"not a line of JSON: {error}") from error
    if not isinstance(message, dict):
        raise ProtocolError("bad_json", "a message is a JSON object")
    given = message.get("id")
    id = given if isinstance(given, int | str) and not isinstance(given, bool) else None
    version = message.get("v")
    if version != PROTOCOL_VERSION or isinstance(version, bool):
        text = f"this supervisor speaks version {PROTOCOL_VERSION}, not {_brief(version)}"
        raise ProtocolError("bad_version", text, id)
    if "op" not in message and "ok" in message:
        return Answer(id, message["ok"] is True, message)
    return _convert(message, id)


def _convert(message: Message, id: Id) -> AnyRequest:
    op = message.get("op")
    if not isinstance(op, str) or op not in OPS:
        text = f"there is no operation {_brief(op)}; there are {', '.join(sorted(map(str, OPS)))}"
        raise ProtocolError("unknown_op", text, id)
    try:
        request: AnyRequest = msgspec.convert(message, AnyRequest)
    except msgspec.ValidationError as error:
        raise ProtocolError("bad_request", f"{op}: {error}", id) from error
    if isinstance(request, Restart) and len(msgspec.json.encode(request.ticket)) > MAX_TICKET_BYTES:
        raise ProtocolError("bad_request", f"restart: the ticket is over {MAX_TICKET_BYTES} bytes of JSON", id)
    return request


def answer(id: Id, /, **fields: Any) -> bytes:
    """Return the line that grants request `id`."""
    return _line({"v": PROTOCOL_VERSION, "id": id, "ok": True, **fields})


def refusal(id: Id, code: str, message: str, **fields: Any) -> bytes:
    """Return the line that refuses request `id`."""
    return _line({"v": PROTOCOL_VERSION, "id": id, "ok": False, "error": {"code": code, "message": message}, **fields})


def ask(id: int, op: str, **fields: Any) -> bytes:
    """Return the line of a request to a child."""
    return _line({"v": PROTOCOL_VERSION, "id": id, "op": op, **fields})


def event(**fields: Any) -> bytes:
    """Return the line that tells a listener what happened."""
    return _line({"v": PROTOCOL_VERSION, "event": fields})


def _line(message: Message) -> bytes:
    line = msgspec.json.encode(message) + b"\n"
    if len(line) <= MAX_LINE_BYTES:
        return line
    return refusal(message.get("id"), "too_long", f"the answer is over {MAX_LINE_BYTES} bytes; ask for less")


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
