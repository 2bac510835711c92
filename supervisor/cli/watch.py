"""`stocksup status --watch`: the status on a screen of its own, as it changes."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from supervisor.cli.terminal.screen import Screen
from supervisor.client import PROTOCOL_VERSION, Message, encode, open_socket
from supervisor.configfile import ConfigError

#: how often the times are drawn again, in seconds; what happens is drawn at once
INTERVAL_S: Final = 1.0
#: how long the events of one change are collected, in seconds: a restart sends a dozen
COLLECT_S: Final = 0.1
_CONNECT_TIMEOUT_S: Final = 1.0


class CpuUse(NamedTuple):
    """How much of one processor a program used until the last look, in percent; None until there were two looks."""

    at_s: float
    pid: int
    #: CPU time of the process
    cpu_s: float
    percent: float | None = None


def measure_cpu(before: Mapping[str, CpuUse], programs: Sequence[Message], now_s: float) -> dict[str, CpuUse]:
    """Return the use of each program of a status since the look `before`. Pure.

    A look that follows within less than half of `INTERVAL_S` says nothing: the kernel counts in hundredths of a second.
    """
    uses = {}
    for program in programs:
        name, pid, cpu_s = program["name"], program.get("pid"), program.get("cpu_s")
        if pid is None or cpu_s is None:
            continue
        last = before.get(name)
        if last is None or last.pid != pid:
            uses[name] = CpuUse(now_s, pid, cpu_s)
        elif now_s - last.at_s < INTERVAL_S / 2:
            uses[name] = last
        else:
            percent = round(100 * max(0.0, cpu_s - last.cpu_s) / (now_s - last.at_s), 1)
            uses[name] = CpuUse(now_s, pid, cpu_s, percent)
    return uses


def with_cpu(program: Message, uses: Mapping[str, CpuUse]) -> Message:
    """Return a program of a status with its use since the last look, if that is known. Pure."""
    use = uses.get(program["name"])
    return program if use is None or use.percent is None else {**program, "cpu_percent": use.percent}


class EventSignal:
    """Is readable when the supervisor has sent an event; what the event says is asked for by `status`."""

    def __init__(self, path: Callable[[], Path]) -> None:
        """`path` returns the path of the control socket. Connects as soon as a supervisor listens there."""
        self._path = path
        self._sock: socket.socket | None = None

    @property
    def fd(self) -> int | None:
        """The descriptor to wait for; None while no supervisor listens."""
        return None if self._sock is None else self._sock.fileno()

    def connect(self) -> None:
        """Subscribe to events, unless that is done."""
        if self._sock is None:
            with suppress(OSError, ConfigError):
                self._sock = open_socket(self._path(), timeout_s=_CONNECT_TIMEOUT_S)
                self._sock.sendall(encode({"v": PROTOCOL_VERSION, "id": 1, "op": "events"}))

    def clear(self) -> None:
        """Forget the events that were sent so far."""
        try:
            if self._sock is not None and not self._sock.recv(1 << 20):
                self.close()
        except OSError:
            self.close()

    def close(self) -> None:
        """End the subscription."""
        if self._sock is not None:
            self._sock.close()
        self._sock = None


def watch(look: Callable[[], Sequence[str]], events: EventSignal) -> None:
    """Show what `look` returns until Ctrl-C: at once when something happens, and every `INTERVAL_S` for the times."""
    with suppress(KeyboardInterrupt), Screen() as screen:
        try:
            while True:
                events.connect()
                until_s = time.monotonic() + INTERVAL_S
                screen.draw(look())
                while (left_s := until_s - time.monotonic()) > 0:
                    if screen.wait(left_s, events.fd):
                        time.sleep(COLLECT_S)
                        events.clear()
                        break
        finally:
            events.close()
