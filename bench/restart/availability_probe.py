"""How long no process answers: a probe every millisecond, while a bot is restarted."""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from bench.common.environment import CannotMeasure

#: time between two probes, in seconds
INTERVAL_S: Final = 0.001
#: answers in a row after which a process serves steadily
STEADY_ANSWERS: Final = 300
#: how long to wait for an answer, in seconds
TIMEOUT_S: Final = 30.0


class AvailabilityProbe:
    """Asks the bot that serves at a path. Use it as a context manager; every method may raise CannotMeasure."""

    def __init__(self, path: Path) -> None:
        """`path` is the datagram socket of the bot; the socket of the probe is beside it."""
        self._path = str(path)
        self._own_path = f"{path}.asker"
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sock.setblocking(False)
        self._sock.bind(self._own_path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._sock.close()
        os.unlink(self._own_path)

    def wait_until_steady(self) -> bytes:
        """Return the id of the process that serves, once it has served for a while."""
        process_id, count, deadline_s = b"", 0, time.monotonic() + TIMEOUT_S
        while count < STEADY_ANSWERS:
            answer, _ = self._ask(deadline_s)
            process_id, count = answer, count + 1 if answer == process_id else 1
        return process_id

    def measure_downtime_s(self, restart: Callable[[], None]) -> float:
        """Return the seconds from the last answer of the old process to the first of the new one.

        `restart` must not wait for the restart. Returns when the new process serves steadily.
        """
        old = self.wait_until_steady()
        restart()
        last_s = time.monotonic()
        deadline_s = last_s + TIMEOUT_S
        while True:
            process_id, at_s = self._ask(deadline_s)
            if process_id != old:
                break
            last_s = at_s
        self.wait_until_steady()
        return at_s - last_s

    def _ask(self, deadline_s: float) -> tuple[bytes, float]:
        """Ask until a process answers; return its id and when the answer came."""
        while (now_s := time.monotonic()) < deadline_s:
            # while no process serves, the socket is missing or refuses
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
        raise CannotMeasure(f"no process answers at {self._path}")
