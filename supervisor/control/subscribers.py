"""Publishes events to the clients that asked for `events`, and logs changes of state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from supervisor.control import protocol, views
from supervisor.control.server import ControlServer
from supervisor.lifecycle.model import Instant, ProgramState
from supervisor.locale import _


class Subscribers:
    """The clients that asked for `events`."""

    def __init__(self, server: ControlServer, log: Callable[[str, str], None], now: Callable[[], Instant]) -> None:
        """`log` takes a level and a line."""
        self._server = server
        self._log = log
        self._now = now

    def publish(self, **fields: Any) -> None:
        """Send an event to all subscribers."""
        line = protocol.encode_event(at=round(self._now().wall_s, 3), **fields)
        for connection in [connection for connection in self._server.connections if connection.is_subscribed]:
            self._server.send(connection, line)

    def publish_changes(self, before: ProgramState, state: ProgramState) -> None:
        """Publish what has changed about a program."""
        if (state.state, state.life.number, state.reason) != (before.state, before.life.number, before.reason):
            params = {"program": state.name, "state": state.state, "life": state.life.number}
            self._log("info", _("%(program)s: %(state)s (process %(life)d)") % params)
            self.publish(type="state", **views.change(state))
        if _standby(state) != _standby(before):
            number, role = _standby(state) or (None, None)
            self.publish(type="standby", program=state.name, life=number, state=role)
        if state.life.linked != before.life.linked:
            self.publish(type="connection", program=state.name, life=state.life.number, linked=state.life.linked)
        if state.restart and views.phase(state) != views.phase(before):
            self.publish(type="phase", program=state.name, phase=views.phase(state), life=state.life.number)


def _standby(state: ProgramState) -> tuple[int, str] | None:
    """Return number and state of the second process; None without one."""
    return None if state.standby is None else (state.standby.life.number, state.standby.state.value)
