"""Turns signals into events of a selector, so that the event loop handles them between two events."""

from __future__ import annotations

import selectors
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Final

#: the signals that the supervisor handles
NUMBERS: Final = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_MAX_PENDING: Final = 4096


def register(selector: selectors.BaseSelector, on_signals: Callable[[set[int]], None]) -> None:
    """Have `selector` call `on_signals` with the numbers of the signals that have arrived."""
    reader, writer = socket.socketpair()
    for end in (reader, writer):
        end.setblocking(False)
    # the interpreter keeps only the number of the descriptor: it has to stay open as long as the process
    signal.set_wakeup_fd(writer.detach(), warn_on_full_buffer=False)
    for number in NUMBERS:
        signal.signal(number, _wake_up)
    selector.register(reader, selectors.EVENT_READ, lambda mask: on_signals(set(reader.recv(_MAX_PENDING))))


def _wake_up(number: int, frame: FrameType | None) -> None:
    """Do nothing: the wake-up descriptor has delivered the number already."""
