"""How long nobody answers: a probe every millisecond, while a bot gives way to its next life."""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final

#: time between two probes, in seconds
INTERVAL_S: Final = 0.001
#: answers after which a life is taken to serve steadily
STEADY_ANSWERS: Final = 300
#: how long a life may be awaited, in seconds
PATIENCE_S: Final = 30.0


class NoAnswer(Exception):
    """Nobody answered for as long as anybody would wait."""


class Probe:
    """Asks whoever serves at a path, every millisecond. Use it as a context manager."""

    def __init__(self, path: Path) -> None:
        """`path` is the datagram socket of the bot; one of our own is made beside it."""
        self._path = str(path)
        self._own = f"{path}.asker"
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sock.setblocking(False)
        self._sock.bind(self._own)

    def __enter__(self) -> Probe:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sock.close()
        os.unlink(self._own)

    def await_steady(self) -> bytes:
        """Return the word of the life that serves, once it has served for a while. Raises NoAnswer."""
        word, count, deadline_s = b"", 0, time.monotonic() + PATIENCE_S
        while count < STEADY_ANSWERS:
            said, _ = self._next(deadline_s)
            word, count = said, count + 1 if said == word else 1
        return word

    def await_first(self) -> float:
        """Return when somebody first answered, in seconds of `time.monotonic`. Raises NoAnswer."""
        return self._next(time.monotonic() + PATIENCE_S)[1]

    def downtime_s(self, restart: Callable[[], None]) -> float:
        """Call `restart`, which must not wait, and return the time from the old life's last answer to the new one's
        first, in seconds. Returns when the new one serves steadily. Raises NoAnswer.
        """
        old = self.await_steady()
        restart()
        deadline_s = last_s = time.monotonic()
        deadline_s += PATIENCE_S
        while True:
            word, at_s = self._next(deadline_s)
            if word != old:
                break
            last_s = at_s
        self.await_steady()
        return at_s - last_s

    def _next(self, deadline_s: float) -> tuple[bytes, float]:
        """Ask until somebody answers; return the answer and when it came."""
        while (now_s := time.monotonic()) < deadline_s:
            # that nobody serves there now is what is measured
            with suppress(FileNotFoundError, ConnectionRefusedError, BlockingIOError):
                self._sock.sendto(b"?", self._path)
            due_s = now_s + INTERVAL_S
            answer = None
            while (left_s := due_s - time.monotonic()) > 0:
                readable, _, _ = select.select([self._sock], [], [], left_s)
                if readable:
                    answer = self._sock.recv(64), time.monotonic()
            if answer:
                return answer
        raise NoAnswer(f"nobody answers at {self._path}")
