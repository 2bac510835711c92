"""Signals as something that a selector can wait for: a handler only wakes the loop up, which learns the numbers."""

from __future__ import annotations

import selectors
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Final

#: signals that say something to a supervisor
NUMBERS: Final = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_MAX_PENDING: Final = 4096


def catch(selector: selectors.BaseSelector, then: Callable[[set[int]], None]) -> None:
    """Call `then` with the numbers of the signals that have come, each time `selector` finds that some have."""
    reader, writer = socket.socketpair()
    for end in (reader, writer):
        end.setblocking(False)
    # the interpreter writes to the number alone: the socket has to stay open for as long as the process
    signal.set_wakeup_fd(writer.detach(), warn_on_full_buffer=False)
    for number in NUMBERS:
        signal.signal(number, _only_wake_up)
    selector.register(reader, selectors.EVENT_READ, lambda mask: then(set(reader.recv(_MAX_PENDING))))


def _only_wake_up(number: int, frame: FrameType | None) -> None:
    """The wake-up descriptor carries the signal's number into the loop; nothing is to be done here."""
