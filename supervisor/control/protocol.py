"""Messages of the control socket: typed requests from lines, and lines of JSON (docs/reference/control-socket.md)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Struct

from supervisor.client import MAX_LINE_BYTES, MAX_TICKET_BYTES, PROTOCOL_VERSION, Message

Id = int | str | None

#: levels of lists and objects within each other; the recursion of Python ends at some hundred
MAX_DEPTH: Final = 64


class ProtocolError(Exception):
    """A line that is not a valid message.

    Attributes:
        code: `bad_json`, `bad_version`, `unknown_op` or `bad_request`.
        message: a sentence for people.
        id: the id in the line; None without one.
    """

    def __init__(self, code: str, message: str, id: Id = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.id = id


class Request(Struct, frozen=True, kw_only=True, tag_field="op", tag=str.lower, forbid_unknown_fields=True):
    """A request of a client. The tag is the op."""

    v: int
    id: int | str


class Ping(Request, frozen=True, kw_only=True):
    """Return the pid of the supervisor."""


class Status(Request, frozen=True, kw_only=True):
    """Return the state of the supervisor and of all programs."""


class Start(Request, frozen=True, kw_only=True):
    """Start one program, or all."""

    program: str | None = None


class Stop(Request, frozen=True, kw_only=True):
    """Stop one program."""

    program: str
    wait: bool = False


class Restart(Request, frozen=True, kw_only=True):
    """Restart one program."""

    program: str = "bot"
    reason: str = ""
    requested_by: str = ""
    #: any JSON; null is none
    ticket: Any = None
    wait: bool = False
    #: whether the old life has to end before the next one starts
    cold: bool = False


class Events(Request, frozen=True, kw_only=True):
    """Subscribe to events."""


class History(Request, frozen=True, kw_only=True):
    """Return the newest restarts."""

    n: int = 50


class Cache(Request, frozen=True, kw_only=True):
    """Return statistics of a program's cache, or clear a part of it."""

    program: str = "bot"
    action: Literal["stats", "clear"] = "stats"
    scope: Literal["expired", "temporary", "all"] = "expired"


class Shutdown(Request, frozen=True, kw_only=True):
    """Stop all programs and the supervisor."""

    wait: bool = False


class Reload(Request, frozen=True, kw_only=True):
    """Read the configuration again."""


class Upgrade(Request, frozen=True, kw_only=True):
    """Execute the code of the supervisor that is installed now, in its place."""

    requested_by: str = ""


class Hello(Request, frozen=True, kw_only=True):
    """The first message of a life. `version` is the version of its code, if it has one.

    `traceback`: on `TRACEBACK_SIGNAL` it writes the tracebacks of its threads to stderr, and continues. `role`: what it
    does now; None for a program that cannot hand over.
    """

    program: str
    life: int
    pid: int
    version: str | None = None
    traceback: bool = False
    role: Literal["serving", "prepared", "retiring"] | None = None


class Prepared(Request, frozen=True, kw_only=True):
    """The life can serve as soon as it is told to; `alone`: only once the serving one has ended."""

    alone: bool = False


class Ready(Request, frozen=True, kw_only=True):
    """The life serves. `handed_over`: how many events that came before it has acted on."""

    handed_over: Annotated[int, msgspec.Meta(ge=0)] | None = None


class Heartbeat(Request, frozen=True, kw_only=True):
    """The life works, and reports its health."""

    health: dict[str, Any] = {}
    extra_starts: int = 0
    #: requests that it has answered since it serves
    answered: int = 0


class Draining(Request, frozen=True, kw_only=True):
    """The life still has to finish the work in `pending`."""

    pending: tuple[str, ...] = ()


class DrainReport(Struct, frozen=True):
    """The result of a drain. Further fields are ignored."""

    drained: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    flushed_entries: int | None = None


class Drained(Request, frozen=True, kw_only=True):
    """The life has finished its work."""

    report: DrainReport = DrainReport()


class Goodbye(Request, frozen=True, kw_only=True):
    """The life is about to exit."""

    code: int
    reason: str | None = None


class Answer(Struct, frozen=True):
    """The answer of a life to a request of the supervisor."""

    id: Id
    ok: bool
    #: all fields of the message
    fields: Message

    @property
    def error(self) -> Message:
        """The error; empty without one."""
        error = self.fields.get("error")
        return error if isinstance(error, dict) else {}


AnyRequest = (
    Ping | Status | Start | Stop | Restart | Events | History | Cache | Shutdown | Reload | Upgrade
    | Hello | Prepared | Ready | Heartbeat | Draining | Drained | Goodbye
)  # fmt: skip

#: the requests of lives about themselves
OF_LIVES: Final = (Hello, Prepared, Ready, Heartbeat, Draining, Drained, Goodbye)
OPS: Final = frozenset(kind.__struct_config__.tag for kind in AnyRequest.__args__)


def parse(line: bytes) -> AnyRequest | Answer:
    """Return the message in `line`. Raises ProtocolError."""
    try:
        message = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError("bad_json", f"not a line of JSON: {error}") from error
    if not isinstance(message, dict):
        raise ProtocolError("bad_json", "a message is a JSON object")
    raw_id = message.get("id")
    id = raw_id if isinstance(raw_id, int | str) and not isinstance(raw_id, bool) else None
    version = message.get("v")
    if version != PROTOCOL_VERSION or isinstance(version, bool):
        text = f"unsupported version {_shorten(version)}; this supervisor supports {PROTOCOL_VERSION}"
        raise ProtocolError("bad_version", text, id)
    if _depth_exceeds(MAX_DEPTH, message):
        raise ProtocolError("bad_request", f"lists and objects are nested more than {MAX_DEPTH} levels deep", id)
    if "op" not in message and "ok" in message:
        return Answer(id, message["ok"] is True, message)
    return _convert(message, id)


def _depth_exceeds(limit: int, value: object) -> bool:
    level = [value]
    for _depth in range(limit):
        children = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list))
        level = [child for some in children for child in some]
        if not level:
            return False
    return True


def _convert(message: Message, id: Id) -> AnyRequest:
    op = message.get("op")
    if not isinstance(op, str) or op not in OPS:
        text = f"unknown operation {_shorten(op)}; expected one of {', '.join(sorted(map(str, OPS)))}"
        raise ProtocolError("unknown_op", text, id)
    try:
        request: AnyRequest = msgspec.convert(message, AnyRequest)
    except msgspec.ValidationError as error:
        raise ProtocolError("bad_request", f"{op}: {error}", id) from error
    if isinstance(request, Restart) and len(msgspec.json.encode(request.ticket)) > MAX_TICKET_BYTES:
        raise ProtocolError("bad_request", f"restart: the ticket is over {MAX_TICKET_BYTES} bytes of JSON", id)
    return request


def encode_answer(id: Id, /, **fields: Any) -> bytes:
    """Return the line that grants request `id`."""
    return _encode({"v": PROTOCOL_VERSION, "id": id, "ok": True, **fields})


def encode_error(id: Id, code: str, message: str, **fields: Any) -> bytes:
    """Return the line that refuses request `id`."""
    error = {"code": code, "message": message}
    return _encode({"v": PROTOCOL_VERSION, "id": id, "ok": False, "error": error, **fields})


def encode_request(id: int, op: str, **fields: Any) -> bytes:
    """Return the line of a request to a life."""
    return _encode({"v": PROTOCOL_VERSION, "id": id, "op": op, **fields})


def encode_event(**fields: Any) -> bytes:
    """Return the line of an event."""
    return _encode({"v": PROTOCOL_VERSION, "event": fields})


def _encode(message: Message) -> bytes:
    line = msgspec.json.encode(message) + b"\n"
    if len(line) <= MAX_LINE_BYTES:
        return line
    return encode_error(message.get("id"), "too_long", f"the answer is over {MAX_LINE_BYTES} bytes; request less")


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
