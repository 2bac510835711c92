"""The socket: connections, whole lines in, whole lines out.

What they mean is the business of `ops`; whose turn it is, that of `turns`.
"""

from __future__ import annotations

import errno
import os
import resource
import select
import selectors
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from supervisor.client import MAX_LINE_BYTES, socket_at
from supervisor.control import fairness as turns
from supervisor.control import protocol
from supervisor.control.fairness import ClientStats
from supervisor.locale import _

#: connections open at a time
MAX_CONNECTIONS: Final = 256
#: connections of one life that come in although there are so many
LIFE_RESERVE: Final = 4
#: who comes in within one turn of the loop
ACCEPTS_A_TURN: Final = 16
#: what a slow reader may leave unread before it is cut off
MAX_UNREAD_BYTES: Final = 512 * 1024
#: how long nobody comes in after the system had no descriptor, or no memory, for it
PAUSE_S: Final = 1.0
#: what the system says then
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


@dataclass(eq=False)
class ClientConnection:
    """One peer at the door."""

    sock: socket.socket
    pid: int
    conduct: ClientStats
    #: program and life, once the peer has said hello
    life: tuple[str, int] | None = None
    #: whether it wants to be told what happens
    listening: bool = False
    received: bytearray = field(default_factory=bytearray)
    unsent: bytearray = field(default_factory=bytearray)
    #: the peer has gone; what it said before that still counts, if it is not too much
    deaf: bool = False
    #: lines that were taken from it since
    taken_when_deaf: int = 0
    #: requests to this child that it has not answered yet
    asked: dict[int, Callable[[protocol.Answer], None]] = field(default_factory=dict)
    next_id: int = 0
    #: whether a whole line has come in that was not taken yet
    whole_line: bool = False
    #: what the selector watches for
    mask: int = 0

    @property
    def is_life(self) -> bool:
        """Whether it is the life of a program."""
        return self.life is not None

    @property
    def held_bytes(self) -> int:
        """What is held for it."""
        return len(self.received) + len(self.unsent)

    @property
    def closing(self) -> bool:
        """Whether it only has to read why it is closed."""
        return self.conduct.leaving_s is not None

    @property
    def has_line(self) -> bool:
        """Whether there is a line that may be taken: none is from who does not read, or asks without end."""
        if self.closing or not self.whole_line:
            return False
        return self.is_life or (self.conduct.owed < turns.MAX_OWED and not self.unsent)


class ControlServer:
    """Listens at a path and keeps the connections."""

    def __init__(
        self,
        path: Path,
        selector: selectors.BaseSelector,
        on_request: Callable[[ClientConnection, protocol.AnyRequest], None],
        on_closed: Callable[[ClientConnection], None],
        is_life: Callable[[int], bool],
        on_exhausted: Callable[[OSError | None], None],
        now_s: Callable[[], float],
    ) -> None:
        """Open the door. Whoever holds the state directory's lock owns `path`: a stale socket is replaced.

        Args:
            path: where it is.
            selector: waits for all of us.
            on_request: takes what is asked; it is answered by `answer`.
            on_closed: is told of every connection that is closed.
            is_life: tells whether a pid is that of a program's present life; there is always room for one.
            on_exhausted: is told why nobody can come in, and with None that somebody could.
            now_s: the time, as in `Instant.mono_s`.

        Raises OSError.
        """
        self._path = path
        self._selector = selector
        self._on_request = on_request
        self._on_closed = on_closed
        self._is_life = is_life
        self._on_exhausted = on_exhausted
        self._now_s = now_s
        self.connections: set[ClientConnection] = set()
        # the other half of the descriptors is for files and for spawning
        self._most = min(MAX_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
        #: whether somebody wants to come in
        self._knocked = False
        #: until when nobody comes in; None: who wants to
        self._shut_until_s: float | None = None
        self._listener = self._listen()

    def _listen(self) -> socket.socket:
        self._path.unlink(missing_ok=True)
        listener = socket_at(self._path, listen=True)
        self._path.chmod(0o600)
        listener.setblocking(False)
        self._selector.register(listener, _READ, self._knock)
        return listener

    def open_again(self) -> None:
        """Listen at the path anew, where somebody has taken the socket away; connections stay. Raises OSError."""
        old, self._listener = self._listener, self._listen()
        if self._shut_until_s is None:
            self._selector.unregister(old)
        self._shut_until_s = None
        old.close()

    def close(self) -> None:
        """Close the door and every connection, after a last try to send what is unsent."""
        for connection in list(self.connections):
            self._write(connection)
            self.drop(connection)
        if self._shut_until_s is None:
            self._selector.unregister(self._listener)
        self._listener.close()
        with suppress(OSError):  # on a disk that can only be read it stays, and nobody listens there
            self._path.unlink()

    # --- what goes out ---

    def answer(self, connection: ClientConnection, line: bytes) -> None:
        """Send the answer to a request of the peer."""
        connection.conduct.owed -= 1
        self.send(connection, line)

    def send(self, connection: ClientConnection, line: bytes) -> None:
        """Send `line`, now or when the peer has room for it; a peer that never reads is cut off."""
        if connection not in self.connections or connection.deaf:
            return
        connection.unsent += line
        self._write(connection)
        if len(connection.unsent) > MAX_UNREAD_BYTES:
            self.drop(connection)

    def ask(
        self, connection: ClientConnection, op: str, then: Callable[[protocol.Answer], None], **fields: object
    ) -> None:
        """Ask a child for `op`; its answer is given to `then`."""
        connection.next_id += 1
        connection.asked[connection.next_id] = then
        self.send(connection, protocol.ask(connection.next_id, op, **fields))

    def drop(self, connection: ClientConnection) -> None:
        """Close one connection."""
        if connection not in self.connections:
            return
        self.connections.discard(connection)
        if connection.mask:
            self._selector.unregister(connection.sock)
        connection.sock.close()
        for then in connection.asked.values():
            then(protocol.Answer(None, False, {"error": {"message": _("the program closed the connection")}}))
        connection.asked.clear()
        self._on_closed(connection)

    # --- the loop ---

    def due_s(self) -> float | None:
        """Return when `serve` has to be called although nothing happened (`Instant.mono_s`); None: never."""
        if any(connection.has_line for connection in self.connections):
            return self._now_s()
        due = [at for one in self.connections if (at := turns.expires_s(one)) is not None]
        return min([*due, *([] if self._shut_until_s is None else [self._shut_until_s])], default=None)

    def serve(self) -> None:
        """Take what has come in, each in its turn and not for long; show out who has had time enough."""
        until_s = time.monotonic() + turns.TURN_S
        found = turns.order(one for one in self.connections if one.has_line)
        eldest = sum(one.is_life for one in found)
        for place, connection in enumerate(found):
            for number in range(1 if place == eldest else turns.lines(connection)):
                # whatever the time, every life says one thing, and so does who has waited longest
                late = time.monotonic() >= until_s and (number > 0 or place > eldest)
                if late or connection not in self.connections or not connection.has_line:
                    break
                self._take_line(connection)
            self._watch(connection)
        if self._knocked:
            self._accept()  # after all who have left have been seen to leave
        self._look_around(self._now_s())

    def read_rest(self, connection: ClientConnection) -> None:
        """Take what a peer that has ended sent before, and drop its connection."""
        while True:
            while connection in self.connections and connection.has_line:
                self._take_line(connection)
            if connection not in self.connections or not self._read(connection):
                break
        self.drop(connection)

    def _look_around(self, now_s: float) -> None:
        for connection in list(self.connections):
            if (at := turns.expires_s(connection)) is not None and at <= now_s:
                self._time_out(connection)
        for connection in turns.too_much(self.connections):
            self.drop(connection)
        if self._shut_until_s is not None and now_s >= self._shut_until_s:
            self._shut_until_s = None
            self._selector.register(self._listener, _READ, self._knock)

    def _time_out(self, connection: ClientConnection) -> None:
        if connection.closing:
            self.drop(connection)
            return
        seconds = turns.LINE_TIMEOUT_S if connection.received else turns.SILENCE_TIMEOUT_S
        text = _("nothing was asked within %(time_s)g s") % {"time_s": seconds}
        self._refuse_and_close(connection, protocol.refusal(None, "timed_out", text))

    # --- who comes in ---

    def _knock(self, mask: int) -> None:
        self._knocked = True

    def _accept(self) -> None:
        self._knocked = False
        for _one in range(ACCEPTS_A_TURN):
            try:
                sock, _address = self._listener.accept()
            except OSError as error:
                # else the peer has changed its mind, or nobody is there any more
                if error.errno in _EXHAUSTED:
                    self._selector.unregister(self._listener)
                    self._shut_until_s = self._now_s() + PAUSE_S
                    self._on_exhausted(error)
                return
            self._on_exhausted(None)
            self._let_in(sock)

    def _let_in(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        pid, uid = _peer(sock)
        if uid not in (os.geteuid(), 0):
            text = _("the door is open for user %(uid)d and root only") % {"uid": os.geteuid()}
            _refuse(sock, protocol.refusal(None, "forbidden", text))
        elif self._has_room(pid):
            now_s = self._now_s()
            connection = ClientConnection(sock, pid, ClientStats(now_s, now_s))
            self.connections.add(connection)
            self._watch(connection)
        else:
            _refuse(sock, self._busy())

    def _has_room(self, pid: int) -> bool:
        """Tell whether there is room for a peer, making some if need be."""
        if len(self.connections) >= self._most:
            self._drop_gone()
        if len(self.connections) < self._most:
            return True
        if (quiet := turns.makes_room(self.connections, self._now_s())) is not None:
            self.send(quiet, self._busy())
            self.drop(quiet)
            return True
        return self._is_life(pid) and sum(one.pid == pid for one in self.connections) < LIFE_RESERVE

    def _drop_gone(self) -> None:
        """Drop whoever has left without our noticing: who has a line waiting is not read from."""
        poll = select.poll()
        others = {one.sock.fileno(): one for one in self.connections if not one.is_life}
        for fd in others:
            poll.register(fd, 0)
        for fd, _found in poll.poll(0):
            self.drop(others[fd])

    def _busy(self) -> bytes:
        text = _("%(count)d connections are open already") % {"count": self._most}
        return protocol.refusal(None, "busy", text)

    # --- what comes in ---

    def _serve(self, connection: ClientConnection, mask: int) -> None:
        # a peer that has hung up is reported as readable even if it is not to be read from
        readable = mask & connection.mask & _READ
        if mask & _WRITE and connection in self.connections:
            self._write(connection)
        if readable and connection in self.connections:
            self._read(connection)

    def _watch(self, connection: ClientConnection) -> None:
        """Watch for what can be done with the connection: there may be something to send, or room for more."""
        if connection not in self.connections:
            return
        mask = _READ * (not connection.whole_line) | _WRITE * bool(connection.unsent)
        if mask == connection.mask:
            return
        if not mask:
            self._selector.unregister(connection.sock)
        elif not connection.mask:
            self._selector.register(connection.sock, mask, lambda found: self._serve(connection, found))
        else:
            self._selector.modify(connection.sock, mask, lambda found: self._serve(connection, found))
        connection.mask = mask

    def _read(self, connection: ClientConnection) -> bool:
        """Take in what has come, as far as there is room; return whether there may be more."""
        try:
            data = connection.sock.recv(MAX_LINE_BYTES - len(connection.received))
        except BlockingIOError:
            return False
        except OSError:
            data = b""  # the peer is gone; so is the connection
        if not data:
            if connection.received and not connection.closing:
                self.send(connection, protocol.refusal(None, "bad_json", "the line has no end"))
            self.drop(connection)
            return False
        if connection.closing:
            return True  # nobody wants to know
        connection.received += data
        connection.conduct.heard_s = self._now_s()
        connection.conduct.waits_s = time.monotonic()
        self._find_line(connection, len(connection.received) - len(data))
        self._watch(connection)
        return True

    def _find_line(self, connection: ClientConnection, start: int = 0) -> None:
        """Note whether there is a whole line; `start` is where one may end."""
        conduct = connection.conduct
        connection.whole_line = connection.received.find(b"\n", start) >= 0
        if connection.whole_line or not connection.received:
            conduct.line_since_s = None
        elif len(connection.received) >= MAX_LINE_BYTES:
            text = f"a line may have {MAX_LINE_BYTES} bytes"
            self._refuse_and_close(connection, protocol.refusal(None, "too_long", text))
        elif conduct.line_since_s is None:
            conduct.line_since_s = self._now_s()

    def _take_line(self, connection: ClientConnection) -> None:
        began_s = time.monotonic()
        end = connection.received.index(b"\n")
        line = bytes(connection.received[:end])
        del connection.received[: end + 1]
        self._find_line(connection)
        if connection.deaf and not connection.is_life:
            connection.taken_when_deaf += 1
            if connection.taken_when_deaf > turns.MAX_OWED:
                self.drop(connection)
                return
        self._take(connection, line)
        ended_s = time.monotonic()
        turns.taken(connection.conduct, ended_s - began_s, ended_s, more=connection.whole_line)

    def _take(self, connection: ClientConnection, line: bytes) -> None:
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
        connection.conduct.owed += 1
        self._on_request(connection, message)

    def _refuse_and_close(self, connection: ClientConnection, refusal: bytes) -> None:
        connection.conduct.leaving_s = self._now_s()
        connection.received.clear()
        connection.whole_line = False
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
            connection.deaf = True
            connection.unsent.clear()
        if connection.closing:
            self.drop(connection)
            return
        self._watch(connection)


def _peer(sock: socket.socket) -> tuple[int, int]:
    """Return pid and uid of the other end (SO_PEERCRED of unix(7); elsewhere only the directory's mode protects)."""
    if not hasattr(socket, "SO_PEERCRED"):
        return 0, os.geteuid()
    pid, uid, _gid = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return pid, uid


def _refuse(sock: socket.socket, refusal: bytes) -> None:
    try:
        sock.send(refusal)
    except OSError:
        return  # it need not hear it
    finally:
        sock.close()
