"""The public API for programs and commands: a client of the control socket.

Messages are JSON objects, one a line (`docs/reference/control-socket.md`). Programs may import nothing else of the
supervisor. The module needs only the standard library, so it is cheap to import.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from supervisor import __version__
from supervisor.config.files import LoadedFiles
from supervisor.logs.markers import LifeMarker, parse_marker
from supervisor.logs.masking import mask_secrets
from supervisor.logs.printable import make_printable
from supervisor.logs.repetitions import Repetitions

__all__ = [
    "EXIT_BAD_CONFIG",
    "EXIT_FAILED",
    "EXIT_REFUSED",
    "EXIT_TRY_AGAIN",
    "MAX_LINE_BYTES",
    "MAX_TICKET_BYTES",
    "PROTOCOL_VERSION",
    "SOCKET_NAME",
    "TRACEBACK_SIGNAL",
    "VERSION",
    "Client",
    "ControlError",
    "LifeEnvironment",
    "LifeMarker",
    "LoadedFiles",
    "Message",
    "Repetitions",
    "SupervisorNotRunning",
    "decode",
    "encode",
    "make_printable",
    "mask_secrets",
    "open_socket",
    "parse_marker",
]

#: version of the package, for the `hello` of a program
VERSION: Final = __version__
#: version of the protocol: the `v` of every message
PROTOCOL_VERSION: Final = 1
#: maximum length of a line in bytes, including its end
MAX_LINE_BYTES: Final = 64 * 1024
#: maximum size of a restart's ticket in bytes of JSON
MAX_TICKET_BYTES: Final = 4 * 1024
#: signal on which a program with `traceback` in its `hello` writes the tracebacks of its threads to stderr
TRACEBACK_SIGNAL: Final = signal.SIGUSR2
#: name of the control socket inside the state directory
SOCKET_NAME: Final = "stocksup.sock"

#: exit code of a program that wants to be started again later, with a growing delay
EXIT_TRY_AGAIN: Final = 75
#: exit code of a program whose token or permissions were refused: the supervisor does not start it again
EXIT_REFUSED: Final = 77
#: exit code for a bad configuration, of programs and of the supervisor: it is not started again
EXIT_BAD_CONFIG: Final = 78
#: exit code of the supervisor, and of commands, for every other failure
EXIT_FAILED: Final = 1

#: seconds for connecting to the control socket, and for the answer to a ping
_PING_TIMEOUT_S: Final = 10.0
#: seconds without a message after which a client that waits without a limit asks whether the supervisor works
_QUIET_S: Final = 10.0
_CHUNK_BYTES: Final = 64 * 1024

# A Unix socket address holds 107 bytes and a terminating zero (unix(7), sun_path).
_MAX_ADDRESS_BYTES: Final = 107

#: a JSON object
Message = dict[str, Any]


class ControlError(Exception):
    """A request failed, or a message is invalid.

    Attributes:
        code: short name of the error (`unknown_op`, `check_failed`, `timed_out`, `closed` …).
        message: a sentence for people.
        details: the other fields of the answer.
        params: the parameters of `message` when this module produced the error; None when the supervisor did.
    """

    def __init__(self, code: str, message: str, details: Message | None = None, params: Message | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details or {}
        self.params = params


class SupervisorNotRunning(ControlError):
    """No supervisor listens on the socket. The code is `not_running`."""

    def __init__(self, path: Path) -> None:
        super().__init__("not_running", f"no supervisor is running at {path}", params={"path": path})


@dataclass(frozen=True)
class LifeEnvironment:
    """What the supervisor tells a life through its environment."""

    #: path of the control socket
    socket: Path
    #: name of the program
    program: str
    #: number of the life, from 1
    life: int
    #: directory of its temporary cache; empty unless the flush policy keeps the old one. None for a prepared life,
    #: which is told when it is to serve, as the next one
    cache_dir: Path | None
    #: directory of the cache that all lives share
    cache_perm_dir: Path | None
    #: whether log lines should be JSON objects with `time`, `level` and `message`
    log_as_json: bool = False
    #: socket of systemd's journal for a copy of the log; None without one
    journal: Path | None = None
    #: whether another life of the program serves; this one prepares, and serves when the supervisor tells it to
    is_prepared: bool = False

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> LifeEnvironment | None:
        """Return the values from `environ`; None when the supervisor did not start this process."""
        is_prepared = environ.get("STOCKSUP_ROLE") == "prepared"
        try:
            return cls(
                socket=Path(environ["STOCKSUP_SOCKET"]),
                program=environ["STOCKSUP_PROGRAM"],
                life=int(environ["STOCKSUP_LIFE"]),
                cache_dir=None if is_prepared else Path(environ["STOCKSUP_CACHE_DIR"]),
                cache_perm_dir=None if is_prepared else Path(environ["STOCKSUP_CACHE_PERM_DIR"]),
                log_as_json=environ.get("STOCKSUP_LOG_FORMAT") == "json",
                journal=Path(environ["STOCKSUP_JOURNAL"]) if environ.get("STOCKSUP_JOURNAL") else None,
                is_prepared=is_prepared,
            )
        except KeyError:
            return None


def encode(message: Message) -> bytes:
    """Return a message as one line. Raises ControlError (`too_long`) when it exceeds `MAX_LINE_BYTES`."""
    # a word of the command line may hold bytes that are not UTF-8: they become question marks
    line = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(errors="replace") + b"\n"
    if len(line) > MAX_LINE_BYTES:
        params = {"bytes": len(line), "limit": MAX_LINE_BYTES}
        text = f"a message of {len(line)} bytes is over the limit of {MAX_LINE_BYTES}"
        raise ControlError("too_long", text, params=params)
    return line


def decode(line: bytes) -> Message:
    """Return the message in a line. Raises ControlError (`bad_json`) when it is not a JSON object."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ControlError("bad_json", f"not a line of JSON: {error}", params={}) from error
    if not isinstance(message, dict):
        raise ControlError("bad_json", "a message is a JSON object", params={})
    return message


def open_socket(
    path: Path, *, listen: bool = False, backlog: int = 128, timeout_s: float | None = None
) -> socket.socket:
    """Return a Unix stream socket that is connected to `path`, or with `listen` listens there.

    A path over 107 bytes does not fit into a socket address: it is reached through a descriptor of its directory
    (`/proc/self/fd/N/name`).

    Args:
        path: path of the socket.
        listen: listen instead of connecting.
        backlog: number of clients that may wait to be accepted.
        timeout_s: timeout of the socket, in seconds; connecting waits while too many clients wait to be accepted.

    Raises OSError as connect(2) and bind(2) do.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if timeout_s is not None:
        # with a timeout of Python's own, connect(2) fails at once where it would have to wait
        sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(timeout_s), int(timeout_s % 1 * 1e6))
        )
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
        sock.settimeout(timeout_s)
    except OSError:
        sock.close()
        raise
    finally:
        if directory is not None:
            os.close(directory)
    return sock


class Client:
    """A blocking client of the control socket. Use it as a context manager.

    It never waits for a supervisor that hangs: one that is silent for long has to answer a ping.
    """

    def __init__(self, path: Path) -> None:
        """Connect to the control socket at `path`.

        Raises SupervisorNotRunning when no supervisor listens there, ControlError (`timed_out`) when it does not accept
        clients, and OSError when the socket cannot be used.
        """
        try:
            self._sock = open_socket(path, timeout_s=_PING_TIMEOUT_S)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise SupervisorNotRunning(path) from error
        except (TimeoutError, BlockingIOError) as error:
            raise _timed_out(_PING_TIMEOUT_S) from error
        self._received = bytearray()
        self._last_id = 0

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection. The supervisor completes a request that is under way."""
        self._sock.close()

    def request(self, op: str, *, timeout_s: float | None = None, **fields: Any) -> Message:
        """Send a request and return the answer.

        Args:
            op: the operation, such as `status`.
            timeout_s: seconds to wait for the answer; None waits for as long as the supervisor works.
            fields: the fields of the operation; those that are None are left out.

        Raises:
            ControlError: the supervisor refused the request; `timed_out` or `closed` when no answer came.
        """
        id = self._send(op, fields)
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            answer = self._read(timeout_s, deadline_s)
            if answer.get("id") == id or (answer.get("id") is None and "error" in answer):
                break
        if answer.get("ok"):
            return answer
        error = answer.get("error") or {}
        details = {name: value for name, value in answer.items() if name not in ("v", "id", "ok", "error")}
        raise ControlError(str(error.get("code", "unknown")), str(error.get("message", "refused")), details)

    def _send(self, op: str, fields: Message) -> int:
        """Send a request; return its id."""
        self._last_id += 1
        given = {name: value for name, value in fields.items() if value is not None}
        line = encode({"v": PROTOCOL_VERSION, "id": self._last_id, "op": op, **given})
        self._sock.settimeout(_PING_TIMEOUT_S)
        # a client that is refused before it sends can still read the error
        with suppress(BrokenPipeError, ConnectionResetError, TimeoutError):
            self._sock.sendall(line)
        return self._last_id

    def events(self, *, timeout_s: float | None = None) -> Iterator[Message]:
        """Subscribe to events and return an iterator over those that follow.

        Events that arrive while another request waits for its answer are dropped. Request `status` right after this
        call to learn the state before the first event.

        Args:
            timeout_s: seconds for the whole iteration, which then raises ControlError (`timed_out`); None for as long
                as the supervisor works.

        Raises ControlError as `request` does.
        """
        self.request("events", timeout_s=timeout_s or _PING_TIMEOUT_S)
        return self._events(timeout_s, None if timeout_s is None else time.monotonic() + timeout_s)

    def _events(self, timeout_s: float | None, deadline_s: float | None) -> Iterator[Message]:
        while True:
            message = self._read(timeout_s, deadline_s)
            if "event" in message:
                yield message["event"]

    def _read(self, timeout_s: float | None, deadline_s: float | None) -> Message:
        """Return the next message. Raises ControlError (`timed_out`) at the deadline, whose length is `timeout_s`.

        Without a deadline, the supervisor has to send something now and then, if only the answer to a ping.
        """
        if timeout_s is not None and deadline_s is not None:
            if (message := self._receive(deadline_s)) is None:
                raise _timed_out(timeout_s)
            return message
        if (message := self._receive(time.monotonic() + _QUIET_S)) is None:
            self._send("ping", {})
            message = self._receive(time.monotonic() + _PING_TIMEOUT_S)
        if message is None:
            raise _timed_out(_PING_TIMEOUT_S)
        return message

    def _receive(self, deadline_s: float) -> Message | None:
        """Return the next message; None if there is none until `deadline_s`, in seconds of `time.monotonic`."""
        while (end := self._received.find(b"\n")) < 0:
            if len(self._received) > MAX_LINE_BYTES:
                raise _closed()
            # a timeout of 0 would make the socket non-blocking
            self._sock.settimeout(max(0.001, deadline_s - time.monotonic()))
            try:
                data = self._sock.recv(_CHUNK_BYTES)
            except TimeoutError:
                return None
            except ConnectionResetError as error:
                raise _closed() from error
            if not data:
                raise _closed()
            self._received += data
        line = bytes(self._received[: end + 1])
        del self._received[: end + 1]
        return decode(line)


def _timed_out(timeout_s: float) -> ControlError:
    text = f"no answer from the supervisor within {timeout_s:.3g} s"
    return ControlError("timed_out", text, params={"timeout_s": timeout_s})


def _closed() -> ControlError:
    return ControlError("closed", "the supervisor closed the connection", params={})
