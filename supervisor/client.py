"""The public API for programs and commands: a client of the control socket.

Messages are JSON objects, one a line (`docs/reference/control-socket.md`). Programs may import nothing else of the
supervisor. The module needs only the standard library, so it is cheap to import.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from supervisor import __version__

# offered to programs, which may import nothing else of the supervisor
from supervisor.logs.markers import read_mark as read_mark
from supervisor.logs.masking import masked as masked

#: version of the code, which a program tells in its hello
VERSION: Final = __version__
#: version of the protocol, the `v` of every message
PROTOCOL_VERSION: Final = 1
#: longest line either side may send, in bytes, line end included
MAX_LINE_BYTES: Final = 64 * 1024
#: longest ticket a restart may carry, in bytes of JSON
MAX_TICKET_BYTES: Final = 4 * 1024
#: on which a program that says so in its hello (`traceback`) writes the tracebacks of its threads to stderr
TRACEBACK_SIGNAL: Final = signal.SIGUSR2
#: exit code of a program that should be started again later
EXIT_TRY_AGAIN: Final = 75
#: exit code of a program whose token or intents were refused: it is not started again
EXIT_REFUSED: Final = 77
#: exit code for a bad configuration, of programs and of the supervisor: the program is not started again
EXIT_BAD_CONFIG: Final = 78
#: exit code of the supervisor, and of commands, for any other failure
EXIT_FAILED: Final = 1
#: name of the socket inside the state directory
SOCKET_NAME: Final = "stocksup.sock"

# A Unix socket address holds 107 bytes and a terminating zero (unix(7), sun_path).
_MAX_ADDRESS_BYTES: Final = 107

Message = dict[str, Any]


class ControlError(Exception):
    """The supervisor refused a request, or what it sent cannot be understood.

    Attributes:
        code: the short name of the error, for programs (`unknown_op`, `check_failed`, `timed_out` …).
        message: one sentence for people.
        details: what else the answer said, as a dict.
        facts: what the message is about, if it was found on this side of the door and not said by the supervisor.
    """

    def __init__(self, code: str, message: str, details: Message | None = None, facts: Message | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details or {}
        self.facts = facts


class SupervisorNotRunning(ControlError):
    """Nobody opens: there is no supervisor at this socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("not_running", f"no supervisor is running at {path}", facts={"path": path})


@dataclass(frozen=True)
class LifeEnvironment:
    """What the supervisor tells a life about itself, through its environment."""

    #: path of the door
    socket: Path
    #: name of the program this process is a life of
    program: str
    #: number of this life, from 1
    life: int
    #: directory of this life's temporary cache; empty at spawn unless the policy hands the old one on
    cache_dir: Path
    #: directory of the cache that outlives lives
    cache_perm_dir: Path
    #: whether lines of the log are to be JSON objects with `time`, `level` and `message`
    log_as_json: bool = False
    #: socket of systemd's journal, to which lines of the log are to go too; None: there is none
    journal: Path | None = None

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> LifeEnvironment | None:
        """Return the surroundings of this process, or None when no supervisor started it."""
        try:
            return cls(
                socket=Path(environ["STOCKSUP_SOCKET"]),
                program=environ["STOCKSUP_PROGRAM"],
                life=int(environ["STOCKSUP_LIFE"]),
                cache_dir=Path(environ["STOCKSUP_CACHE_DIR"]),
                cache_perm_dir=Path(environ["STOCKSUP_CACHE_PERM_DIR"]),
                log_as_json=environ.get("STOCKSUP_LOG_FORMAT") == "json",
                journal=Path(environ["STOCKSUP_JOURNAL"]) if environ.get("STOCKSUP_JOURNAL") else None,
            )
        except KeyError:
            return None


def encode(message: Message) -> bytes:
    """Return `message` as one line. Raises ControlError (`too_long`) when it is over MAX_LINE_BYTES."""
    # what is no text (a byte of the command line that is not UTF-8) becomes a question mark
    line = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(errors="replace") + b"\n"
    if len(line) > MAX_LINE_BYTES:
        facts = {"bytes": len(line), "limit": MAX_LINE_BYTES}
        text = f"a message of {len(line)} bytes is over the limit of {MAX_LINE_BYTES}"
        raise ControlError("too_long", text, facts=facts)
    return line


def decode(line: bytes) -> Message:
    """Return the message in `line`. Raises ControlError (`bad_json`) when it is not a JSON object."""
    try:
        message = json.loads(line)
    except ValueError as error:
        raise ControlError("bad_json", f"not a line of JSON: {error}", facts={}) from error
    if not isinstance(message, dict):
        raise ControlError("bad_json", "a message is a JSON object", facts={})
    return message


def socket_at(path: Path, *, listen: bool = False, backlog: int = 128) -> socket.socket:
    """Return a Unix stream socket connected to `path`, or listening there.

    Paths too long for a socket address are reached through a descriptor of their directory
    (`/proc/self/fd/N/name`), so that any state directory works. Raises OSError as connect and bind do.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    directory = None
    try:
        address = os.fsencode(path)
        if len(address) > _MAX_ADDRESS_BYTES:
            directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            address = os.fsencode(f"/proc/self/fd/{directory}/{path.name}")
        if listen:
            sock.bind(address)
            sock.listen(backlog)
        else:
            sock.connect(address)
    except OSError:
        sock.close()
        raise
    finally:
        if directory is not None:
            os.close(directory)
    return sock


class Client:
    """A blocking connection to the door, for commands. Use it as a context manager.

    Raises SupervisorNotRunning when nobody listens at `path`; OSError when the socket cannot be used.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._sock = socket_at(path)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise SupervisorNotRunning(path) from error
        self._lines = self._sock.makefile("rb")
        self._next_id = 0

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection. A request that was under way goes on in the supervisor."""
        self._lines.close()
        self._sock.close()

    def request(self, op: str, *, timeout_s: float | None = None, **fields: Any) -> Message:
        """Ask for `op` and return the answer.

        Args:
            op: the operation, such as `status`.
            timeout_s: seconds to wait for the answer; None waits for as long as it takes.
            fields: the operation's fields; those that are None are left out.

        Raises:
            DoorError: the supervisor refused; `timed_out` and `closed` when no answer came.
        """
        self._next_id += 1
        given = {name: value for name, value in fields.items() if value is not None}
        line = encode({"v": PROTOCOL_VERSION, "id": self._next_id, "op": op, **given})
        # whoever was shown out before asking was told why
        with suppress(BrokenPipeError, ConnectionResetError):
            self._sock.sendall(line)
        while True:
            answer = self._read(timeout_s)
            if answer.get("id") == self._next_id or (answer.get("id") is None and "error" in answer):
                break
        if answer.get("ok"):
            return answer
        refusal = answer.get("error") or {}
        rest = {name: value for name, value in answer.items() if name not in ("v", "id", "ok", "error")}
        raise ControlError(str(refusal.get("code", "unknown")), str(refusal.get("message", "refused")), rest)

    def events(self, *, timeout_s: float | None = None) -> Iterator[Message]:
        """Ask for the supervisor's reports, and return what it reports from now on, one after the other.

        What is reported while another request waits for its answer is passed over; ask for `status` first thing
        after this to know where the reports begin.

        Args:
            timeout_s: seconds for all of it; then DoorError (`timed_out`). None: for as long as there is somebody.

        Raises ControlError as `request` does.
        """
        self.request("events", timeout_s=timeout_s)
        return self._events(None if timeout_s is None else time.monotonic() + timeout_s)

    def _events(self, deadline_s: float | None) -> Iterator[Message]:
        while True:
            # a timeout of 0 would make the socket non-blocking
            message = self._read(None if deadline_s is None else max(0.001, deadline_s - time.monotonic()))
            if "event" in message:
                yield message["event"]

    def _read(self, timeout_s: float | None) -> Message:
        self._sock.settimeout(timeout_s)
        try:
            line = self._lines.readline(MAX_LINE_BYTES + 1)
        except TimeoutError as error:
            text = f"no answer from the supervisor within {timeout_s:.3g} s"
            raise ControlError("timed_out", text, facts={"timeout_s": timeout_s}) from error
        except ConnectionResetError as error:
            raise _closed() from error
        if not line.endswith(b"\n"):
            raise _closed()
        return decode(line)


def _closed() -> ControlError:
    return ControlError("closed", "the supervisor closed the connection", facts={})
