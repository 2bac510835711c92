"""One client connection: its buffers, its unanswered requests and its timeouts."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from supervisor.control.protocol import Answer

#: requests of one client that may be unanswered; further ones stay in its buffer
MAX_IN_FLIGHT: Final = 16
#: seconds from the first byte of a line to its end
LINE_TIMEOUT_S: Final = 10.0
#: seconds from connecting to the end of the first line
IDLE_TIMEOUT_S: Final = 30.0
#: seconds that a refused client has to read the error
CLOSE_TIMEOUT_S: Final = 5.0


@dataclass(eq=False)
class ClientConnection:
    """A connected client: a command, a program, or the running life of one."""

    sock: socket.socket
    pid: int
    #: when it connected, in seconds of `Instant.mono_s`
    connected_s: float
    #: program and life number, after `hello`
    life: tuple[str, int] | None = None
    #: whether it asked for `events`
    is_subscribed: bool = False
    received: bytearray = field(default_factory=bytearray)
    unsent: bytearray = field(default_factory=bytearray)
    #: whether `received` holds a complete line
    has_line: bool = False
    #: when the incomplete line in `received` began
    line_since_s: float | None = None
    #: whether it has sent a complete line
    has_spoken: bool = False
    #: since when it may only read the error that closes it
    closing_since_s: float | None = None
    #: the client closed its side: requests it sent before are still handled, without an answer
    write_failed: bool = False
    #: requests of the client that are not answered yet
    in_flight: int = 0
    #: what receives the answers to our own requests, by id
    pending: dict[int, Callable[[Answer], None]] = field(default_factory=dict)
    last_id: int = 0
    #: descriptors received since they were requested; None: none were
    descriptors: list[int] | None = None
    #: the selector events it is registered for
    mask: int = 0

    @property
    def buffered_bytes(self) -> int:
        """The memory that its buffers take."""
        return len(self.received) + len(self.unsent)

    @property
    def is_closing(self) -> bool:
        """Whether it may only read the error that closes it."""
        return self.closing_since_s is not None

    @property
    def can_serve(self) -> bool:
        """Whether its next line may be handled. A client that does not read its answers has to wait, a life never."""
        if self.is_closing or not self.has_line:
            return False
        return self.life is not None or (self.in_flight < MAX_IN_FLIGHT and not self.unsent)

    def expires_s(self) -> float | None:
        """Return when the connection times out, in seconds of `Instant.mono_s`; None for never."""
        if self.closing_since_s is not None:
            return self.closing_since_s + CLOSE_TIMEOUT_S
        if self.line_since_s is not None:
            return self.line_since_s + LINE_TIMEOUT_S
        return None if self.has_spoken or self.life else self.connected_s + IDLE_TIMEOUT_S

    def add_received(self, data: bytes, now_s: float) -> None:
        """Append received bytes to the buffer."""
        start = len(self.received)
        self.received += data
        self._find_line(start, now_s)

    def pop_line(self, now_s: float) -> bytes:
        """Remove the first complete line from the buffer and return it without its end."""
        end = self.received.index(b"\n")
        line = bytes(self.received[:end])
        del self.received[: end + 1]
        self.has_spoken = True
        self._find_line(0, now_s)
        return line

    def _find_line(self, start: int, now_s: float) -> None:
        self.has_line = self.received.find(b"\n", start) >= 0
        if self.has_line or not self.received:
            self.line_since_s = None
        elif self.line_since_s is None:
            self.line_since_s = now_s
