"""The server of the control socket: accepts clients, reads and writes lines, enforces limits.

Only the owner of the state directory and root may connect. Limits on lines, buffers, connections and time keep a
broken client from stopping the supervisor. `daemon.requests` handles what a line asks for.
"""

from __future__ import annotations

import errno
import os
import resource
import selectors
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from supervisor.client import MAX_LINE_BYTES, open_socket
from supervisor.config.listen import MAX_SOCKETS
from supervisor.control import protocol
from supervisor.control.connection import IDLE_TIMEOUT_S, LINE_TIMEOUT_S, ClientConnection
from supervisor.locale import _

#: open connections
MAX_CONNECTIONS: Final = 256
#: connections that a running life may open although the limit is reached
LIFE_RESERVE: Final = 4
#: clients accepted in one turn of the event loop
MAX_ACCEPTS: Final = 16
#: bytes that a client may leave unread
MAX_UNSENT_BYTES: Final = 512 * 1024
#: bytes that all connections together may buffer
MAX_BUFFERED_BYTES: Final = 4 * 1024 * 1024
#: seconds that one turn of the event loop spends on requests
TURN_S: Final = 0.002
#: seconds without accepting after the system had no descriptor or memory for a client
ACCEPT_PAUSE_S: Final = 1.0
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class ControlServer:
    """Listens on the control socket and keeps its connections."""

    def __init__(
        self,
        path: Path,
        selector: selectors.BaseSelector,
        on_request: Callable[[ClientConnection, protocol.AnyRequest], None],
        on_closed: Callable[[ClientConnection], None],
        is_life: Callable[[int], bool],
        on_accept: Callable[[OSError | None], None],
        now_s: Callable[[], float],
        listener_fd: int | None = None,
    ) -> None:
        """Listen at `path`, replacing a stale socket: the caller holds the lock of the state directory.

        Args:
            path: path of the socket.
            selector: the selector of the event loop.
            on_request: handles a request, and answers it with `answer`.
            on_closed: is called for every closed connection.
            is_life: returns whether a pid is the running life of a program.
            on_accept: is called with the error when the system cannot accept a client, with None when it did.
            now_s: the time, as in `Instant.mono_s`.
            listener_fd: descriptor of a socket that listens there already; None opens one.

        Raises OSError.
        """
        self._path = path
        self._selector = selector
        self._on_request = on_request
        self._on_closed = on_closed
        self._is_life = is_life
        self._on_accept = on_accept
        self._now_s = now_s
        #: the connection that was served longest ago comes first
        self.connections: dict[ClientConnection, None] = {}
        # half of the descriptors stays free for files and child processes
        self._max_connections = min(MAX_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
        self._is_acceptable = False
        #: when to accept clients again; None while they are accepted
        self._accept_after_s: float | None = None
        self._listener = self._listen() if listener_fd is None else self._take_over(listener_fd)

    @property
    def listener_fd(self) -> int:
        """The descriptor of the socket that listens."""
        return self._listener.fileno()

    def _take_over(self, fd: int) -> socket.socket:
        listener = socket.socket(fileno=fd)
        listener.setblocking(False)
        self._selector.register(listener, _READ, self._on_acceptable)
        return listener

    def _listen(self) -> socket.socket:
        self._path.unlink(missing_ok=True)
        listener = open_socket(self._path, listen=True)
        self._path.chmod(0o600)
        listener.setblocking(False)
        self._selector.register(listener, _READ, self._on_acceptable)
        return listener

    def reopen(self) -> None:
        """Create the socket again after somebody deleted it; connections stay open. Raises OSError."""
        old, self._listener = self._listener, self._listen()
        if self._accept_after_s is None:
            self._selector.unregister(old)
        self._accept_after_s = None
        old.close()

    def close(self) -> None:
        """Close the socket and all connections, after one attempt to send what is unsent."""
        for connection in list(self.connections):
            self._write(connection)
            self.drop(connection)
        if self._accept_after_s is None:
            self._selector.unregister(self._listener)
        self._listener.close()
        with suppress(OSError):  # a read-only disk keeps the file; connecting to it is refused
            self._path.unlink()

    # --- sending ---

    def answer(self, connection: ClientConnection, line: bytes) -> None:
        """Send the answer to a request of the client."""
        connection.in_flight -= 1
        self.send(connection, line)

    def send(self, connection: ClientConnection, line: bytes) -> None:
        """Send a line now or as soon as the client reads; disconnect a client that never reads."""
        if connection not in self.connections or connection.write_failed:
            return
        connection.unsent += line
        self._write(connection)
        if len(connection.unsent) > MAX_UNSENT_BYTES:
            self.drop(connection)

    def request(
        self, connection: ClientConnection, op: str, then: Callable[[protocol.Answer], None], **fields: object
    ) -> None:
        """Send the request `op` to a life, and call `then` with its answer."""
        connection.last_id += 1
        connection.pending[connection.last_id] = then
        self.send(connection, protocol.encode_request(connection.last_id, op, **fields))

    def request_sockets(self, connection: ClientConnection, then: Callable[[list[int]], None]) -> None:
        """Request the sockets of a life; `then` is called with their descriptors, and has to close them."""
        connection.descriptors = []

        def on_answer(answer: protocol.Answer) -> None:
            descriptors, connection.descriptors = connection.descriptors or [], None
            if answer.id is not None:
                then(descriptors)
                return
            for fd in descriptors:  # the connection was closed
                os.close(fd)

        self.request(connection, "sockets", on_answer)

    def drop(self, connection: ClientConnection) -> None:
        """Close one connection."""
        if connection not in self.connections:
            return
        del self.connections[connection]
        if connection.mask:
            self._selector.unregister(connection.sock)
        connection.sock.close()
        for then in connection.pending.values():
            then(protocol.Answer(None, False, {"error": {"message": _("the program closed the connection")}}))
        connection.pending.clear()
        self._on_closed(connection)

    # --- the event loop ---

    def next_deadline(self) -> float | None:
        """Return when a line has to be handled or a timeout ends, in seconds of `Instant.mono_s`; None for never."""
        if any(connection.can_serve for connection in self.connections):
            return self._now_s()
        deadlines = [at for connection in self.connections if (at := connection.expires_s()) is not None]
        return min([*deadlines, *([] if self._accept_after_s is None else [self._accept_after_s])], default=None)

    def run_due(self) -> None:
        """Disconnect the clients whose time is over, and accept clients again after a pause."""
        now_s = self._now_s()
        for connection in list(self.connections):
            if (at := connection.expires_s()) is not None and at <= now_s:
                self._time_out(connection)
        if self._accept_after_s is not None and now_s >= self._accept_after_s:
            self._accept_after_s = None
            self._selector.register(self._listener, _READ, self._on_acceptable)

    def serve(self) -> None:
        """Handle received lines, at most one for each connection, for about `TURN_S`; then accept clients."""
        until_s = self._now_s() + TURN_S
        for connection in [connection for connection in self.connections if connection.can_serve]:
            if connection in self.connections and connection.can_serve:
                del self.connections[connection]
                self.connections[connection] = None
                self._handle_line(connection)
                self._watch(connection)
            if self._now_s() >= until_s:
                break
        if self._is_acceptable:
            self._accept()
        self._free_memory()

    def serve_rest(self, connection: ClientConnection) -> None:
        """Handle what a client sent before its process ended, and close the connection."""
        while True:
            while connection in self.connections and connection.can_serve:
                self._handle_line(connection)
            if connection not in self.connections or not self._read(connection):
                break
        self.drop(connection)

    def _free_memory(self) -> None:
        """Disconnect the clients with the largest buffers while all buffers together are over the limit."""
        buffered_bytes = sum(connection.buffered_bytes for connection in self.connections)
        while buffered_bytes > MAX_BUFFERED_BYTES:
            largest = max(self.connections, key=lambda connection: (connection.life is None, connection.buffered_bytes))
            buffered_bytes -= largest.buffered_bytes
            self.drop(largest)

    def _time_out(self, connection: ClientConnection) -> None:
        if connection.is_closing:
            self.drop(connection)
            return
        limit_s = LINE_TIMEOUT_S if connection.received else IDLE_TIMEOUT_S
        text = _("no request received within %(time_s)g s") % {"time_s": limit_s}
        self._refuse_and_close(connection, protocol.encode_error(None, "timed_out", text))

    # --- accepting ---

    def _on_acceptable(self, mask: int) -> None:
        # `serve` accepts: by then the clients that left in the same turn have made room
        self._is_acceptable = True

    def _accept(self) -> None:
        self._is_acceptable = False
        for _number in range(MAX_ACCEPTS):
            try:
                sock, _address = self._listener.accept()
            except OSError as error:
                # other errors: the client has gone, or all are accepted
                if error.errno in _EXHAUSTED:
                    self._selector.unregister(self._listener)
                    self._accept_after_s = self._now_s() + ACCEPT_PAUSE_S
                    self._on_accept(error)
                return
            self._on_accept(None)
            if not self._admit(sock):
                return  # the next turn notices first which clients have left

    def _admit(self, sock: socket.socket) -> bool:
        """Add a client, or refuse it; return whether there was room for it."""
        sock.setblocking(False)
        pid, uid = _peer(sock)
        if uid not in (os.geteuid(), 0):
            text = _("only user %(uid)d and root may connect") % {"uid": os.geteuid()}
            _refuse(sock, protocol.encode_error(None, "forbidden", text))
        elif not self._has_room(pid):
            text = _("too many connections: %(count)d are open") % {"count": len(self.connections)}
            _refuse(sock, protocol.encode_error(None, "busy", text))
            return False
        else:
            connection = ClientConnection(sock, pid, self._now_s())
            self.connections[connection] = None
            self._watch(connection)
        return True

    def _has_room(self, pid: int) -> bool:
        if len(self.connections) < self._max_connections:
            return True
        return self._is_life(pid) and sum(client.pid == pid for client in self.connections) < LIFE_RESERVE

    # --- reading and writing ---

    def _on_events(self, connection: ClientConnection, mask: int) -> None:
        # a client that has hung up is reported as readable even when it is not watched for that
        is_readable = mask & connection.mask & _READ
        if mask & _WRITE and connection in self.connections:
            self._write(connection)
        if is_readable and connection in self.connections:
            self._read(connection)

    def _watch(self, connection: ClientConnection) -> None:
        """Have the selector report what can be done now: read unless a line waits, write what is unsent."""
        if connection not in self.connections:
            return
        mask = _READ * (not connection.has_line) | _WRITE * bool(connection.unsent)
        if mask == connection.mask:
            return
        if not mask:
            self._selector.unregister(connection.sock)
        elif not connection.mask:
            self._selector.register(connection.sock, mask, lambda events: self._on_events(connection, events))
        else:
            self._selector.modify(connection.sock, mask, lambda events: self._on_events(connection, events))
        connection.mask = mask

    def _read(self, connection: ClientConnection) -> bool:
        """Receive what fits into the buffer; return whether there may be more."""
        try:
            data = _receive(connection)
        except BlockingIOError:
            return False
        except OSError:
            data = b""  # a reset connection has ended as well
        if not data:
            if connection.received and not connection.is_closing:
                self.send(connection, protocol.encode_error(None, "bad_json", "the line has no end"))
            self.drop(connection)
            return False
        if connection.is_closing:
            return True
        connection.add_received(data, self._now_s())
        if not connection.has_line and len(connection.received) >= MAX_LINE_BYTES:
            text = f"a line may have {MAX_LINE_BYTES} bytes"
            self._refuse_and_close(connection, protocol.encode_error(None, "too_long", text))
        self._watch(connection)
        return True

    def _handle_line(self, connection: ClientConnection) -> None:
        try:
            message = protocol.parse(connection.pop_line(self._now_s()))
        except protocol.ProtocolError as error:
            refusal = protocol.encode_error(error.id, error.code, error.message)
            if error.code == "bad_json":
                self._refuse_and_close(connection, refusal)
            else:
                self.send(connection, refusal)
            return
        if isinstance(message, protocol.Answer):
            then = connection.pending.pop(message.id, None) if isinstance(message.id, int) else None
            if then:
                then(message)
            return
        connection.in_flight += 1
        self._on_request(connection, message)

    def _refuse_and_close(self, connection: ClientConnection, refusal: bytes) -> None:
        connection.closing_since_s = self._now_s()
        connection.received.clear()
        connection.has_line = False
        self.send(connection, refusal)
        if not connection.unsent:
            self.drop(connection)

    def _write(self, connection: ClientConnection) -> None:
        try:
            while connection.unsent:
                sent = connection.sock.send(connection.unsent)
                del connection.unsent[:sent]
        except (BlockingIOError, InterruptedError):
            self._watch(connection)
            return
        except OSError:
            connection.write_failed = True
            connection.unsent.clear()
        if connection.is_closing:
            self.drop(connection)
            return
        self._watch(connection)


def _peer(sock: socket.socket) -> tuple[int, int]:
    """Return pid and uid of the client (SO_PEERCRED of unix(7); elsewhere only the directory's mode protects)."""
    if not hasattr(socket, "SO_PEERCRED"):
        return 0, os.geteuid()
    pid, uid, _gid = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return pid, uid


def _receive(connection: ClientConnection) -> bytes:
    """Receive what fits into the buffer, with descriptors only if some were requested. Raises OSError."""
    size = MAX_LINE_BYTES - len(connection.received)
    if connection.descriptors is None:
        return connection.sock.recv(size)  # the system closes descriptors that come unasked
    data, descriptors, _flags, _address = socket.recv_fds(connection.sock, size, MAX_SOCKETS)
    for fd in descriptors:
        os.set_inheritable(fd, False)  # Python 3.11 ignores MSG_CMSG_CLOEXEC here
    connection.descriptors += descriptors
    for fd in connection.descriptors[MAX_SOCKETS:]:
        os.close(fd)
    del connection.descriptors[MAX_SOCKETS:]
    return data


def _refuse(sock: socket.socket, refusal: bytes) -> None:
    with suppress(OSError):  # the client may have gone already
        sock.send(refusal)
    sock.close()
