"""The socket: connections, whole lines in, whole lines out. What they mean is `ops`' business."""

from __future__ import annotations

import os
import resource
import selectors
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from supervisor import protocol
from supervisor.client import MAX_LINE_BYTES, socket_at
from supervisor.locale import _

#: connections open at a time
MAX_CONNECTIONS: Final = 256
#: what a slow reader may leave unread before it is cut off
MAX_UNREAD_BYTES: Final = 512 * 1024


@dataclass(eq=False)
class Connection:
    """One peer at the door."""

    sock: socket.socket
    pid: int
    #: program and life, once the peer has said hello
    life: tuple[str, int] | None = None
    #: whether it wants to be told what happens
    listening: bool = False
    received: bytearray = field(default_factory=bytearray)
    unsent: bytearray = field(default_factory=bytearray)
    closing: bool = False
    #: the peer has gone; what it said before that still counts
    deaf: bool = False
    #: requests to this child that it has not answered yet
    asked: dict[int, Callable[[protocol.Answer], None]] = field(default_factory=dict)
    next_id: int = 0


class Door:
    """Listens at a path and keeps the connections."""

    def __init__(
        self,
        path: Path,
        selector: selectors.BaseSelector,
        on_request: Callable[[Connection, protocol.AnyRequest], None],
        on_closed: Callable[[Connection], None],
    ) -> None:
        """Open the door. Whoever holds the state directory's lock owns `path`: a stale socket is replaced.

        Raises OSError.
        """
        self._path = path
        self._selector = selector
        self._on_request = on_request
        self._on_closed = on_closed
        self.connections: set[Connection] = set()
        # the other half of the descriptors is for files and for spawning
        self._most = min(MAX_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
        path.unlink(missing_ok=True)
        self._listener = socket_at(path, listen=True)
        path.chmod(0o600)
        self._listener.setblocking(False)
        selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def close(self) -> None:
        """Close the door and every connection, after a last try to send what is unsent."""
        for connection in list(self.connections):
            self._write(connection)
            self.drop(connection)
        self._selector.unregister(self._listener)
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def send(self, connection: Connection, line: bytes) -> None:
        """Send `line`, now or when the peer has room for it; a peer that never reads is cut off."""
        if connection not in self.connections or connection.deaf:
            return
        connection.unsent += line
        self._write(connection)
        if len(connection.unsent) > MAX_UNREAD_BYTES:
            self.drop(connection)

    def ask(self, connection: Connection, op: str, then: Callable[[protocol.Answer], None], **fields: object) -> None:
        """Ask a child for `op`; its answer is given to `then`."""
        connection.next_id += 1
        connection.asked[connection.next_id] = then
        self.send(connection, protocol.ask(connection.next_id, op, **fields))

    def drop(self, connection: Connection) -> None:
        """Close one connection."""
        if connection not in self.connections:
            return
        self.connections.discard(connection)
        self._selector.unregister(connection.sock)
        connection.sock.close()
        for then in connection.asked.values():
            then(protocol.Answer(None, False, {"error": {"message": _("the program closed the connection")}}))
        connection.asked.clear()
        self._on_closed(connection)

    def read_rest(self, connection: Connection) -> None:
        """Take what a peer that has ended sent before, and drop its connection."""
        while connection in self.connections and self._read(connection):
            continue
        self.drop(connection)

    def _accept(self, mask: int) -> None:
        try:
            sock, _address = self._listener.accept()
        except OSError:
            return  # the peer has changed its mind, or the machine has no descriptor left: it may wait
        sock.setblocking(False)
        pid, uid = _peer(sock)
        if uid not in (os.geteuid(), 0):
            text = _("the door is open for user %(uid)d and root only") % {"uid": os.geteuid()}
            _refuse(sock, "forbidden", text)
        elif len(self.connections) >= self._most:
            _refuse(sock, "busy", _("%(count)d connections are open already") % {"count": self._most})
        else:
            connection = Connection(sock, pid)
            self.connections.add(connection)
            self._selector.register(sock, selectors.EVENT_READ, lambda mask: self._serve(connection, mask))

    def _serve(self, connection: Connection, mask: int) -> None:
        if mask & selectors.EVENT_WRITE and connection in self.connections:
            self._write(connection)
        if mask & selectors.EVENT_READ and connection in self.connections:
            self._read(connection)

    def _read(self, connection: Connection) -> bool:
        """Take what has come; return whether there may be more."""
        try:
            data = connection.sock.recv(MAX_LINE_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            data = b""  # the peer is gone; so is the connection
        if not data:
            if connection.received and not connection.closing:
                self.send(connection, protocol.refusal(None, "bad_json", "the line has no end"))
            self.drop(connection)
            return False
        connection.received += data
        self._take_lines(connection)
        return True

    def _take_lines(self, connection: Connection) -> None:
        while connection in self.connections and not connection.closing:
            line, end, rest = connection.received.partition(b"\n")
            if len(line) >= MAX_LINE_BYTES:
                text = f"a line may have {MAX_LINE_BYTES} bytes"
                self._refuse_and_close(connection, protocol.refusal(None, "too_long", text))
                return
            if not end:
                return
            connection.received = rest
            self._take(connection, bytes(line))

    def _take(self, connection: Connection, line: bytes) -> None:
        try:
            message = protocol.parse(line)
        except protocol.ProtocolError as error:
            refusal = protocol.refusal(error.id, error.code, error.message)
            if error.code == "bad_json":
                self._refuse_and_close(connection, refusal)
            else:
                self.send(connection, refusal)
            return
        if isinstance(message, protocol.Answer):
            then = connection.asked.pop(message.id, None) if isinstance(message.id, int) else None
            if then:
                then(message)
            return
        self._on_request(connection, message)

    def _refuse_and_close(self, connection: Connection, refusal: bytes) -> None:
        connection.closing = True
        self.send(connection, refusal)
        if not connection.unsent:
            self.drop(connection)

    def _write(self, connection: Connection) -> None:
        try:
            while connection.unsent:
                sent = connection.sock.send(connection.unsent)
                del connection.unsent[:sent]
        except (BlockingIOError, InterruptedError):
            self._selector.modify(
                connection.sock,
                selectors.EVENT_READ | selectors.EVENT_WRITE,
                lambda mask: self._serve(connection, mask),
            )
            return
        except OSError:
            connection.deaf = True
            connection.unsent.clear()
        if connection.closing:
            self.drop(connection)
            return
        self._selector.modify(connection.sock, selectors.EVENT_READ, lambda mask: self._serve(connection, mask))


def _peer(sock: socket.socket) -> tuple[int, int]:
    """Return pid and uid of the other end (SO_PEERCRED of unix(7); elsewhere only the directory's mode protects)."""
    if not hasattr(socket, "SO_PEERCRED"):
        return 0, os.geteuid()
    pid, uid, _gid = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return pid, uid


def _refuse(sock: socket.socket, code: str, message: str) -> None:
    try:
        sock.send(protocol.refusal(None, code, message))
    except OSError:
        return  # it need not hear it
    finally:
        sock.close()
