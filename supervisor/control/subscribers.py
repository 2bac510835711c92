"""What those who listen at the door are told, and what of it stands in the log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from supervisor.control import protocol
from supervisor.control import views as snapshot
from supervisor.control.server import ControlServer
from supervisor.lifecycle.model import ProgramState


class Subscribers:
    """Those who have asked for `events`."""

    def __init__(self, door: ControlServer, note: Callable[[str, str], None]) -> None:
        """`note` takes a level and a line for the log."""
        self._door = door
        self._note = note

    def tell(self, **fields: Any) -> None:
        """Tell all of them what happened."""
        line = protocol.event(at=round(time.time(), 3), **fields)
        for connection in [one for one in self._door.connections if one.is_subscribed]:
            self._door.send(connection, line)

    def announce(self, before: ProgramState, known: ProgramState) -> None:
        """Tell what is different about a program."""
        if (known.state, known.life.number, known.reason) != (before.state, before.life.number, before.reason):
            self._note("info", f"{known.name}: {known.state} (life {known.life.number})")
            self.tell(type="state", **snapshot.change(known))
        if known.life.linked != before.life.linked:
            self.tell(type="connection", program=known.name, life=known.life.number, linked=known.life.linked)
        if known.restart and snapshot.phase(known) != snapshot.phase(before):
            self.tell(type="phase", program=known.name, phase=snapshot.phase(known), life=known.life.number)
