"""The connections of lives: finds them, and sends them the requests of the supervisor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from supervisor.control.connection import ClientConnection
from supervisor.control.server import ControlServer
from supervisor.lifecycle import effects
from supervisor.lifecycle.effects import Effect
from supervisor.lifecycle.model import ProgramState


class Lives:
    """The connections of lives, by program and number."""

    def __init__(self, programs: Mapping[str, ProgramState], server: Callable[[], ControlServer]) -> None:
        """`programs` are as they are at any time; `server` returns the server of the control socket."""
        self._programs = programs
        self._server = server
        self._connections: dict[tuple[str, int], ClientConnection] = {}

    def add(self, connection: ClientConnection, name: str, number: int) -> ClientConnection | None:
        """Record that a life has connected; return its earlier connection, if that is another one."""
        old = self._connections.get((name, number))
        connection.life = (name, number)
        self._connections[name, number] = connection
        return None if old is connection else old

    def current(self, name: str) -> ClientConnection | None:
        """Return the connection of the current life of a program."""
        state = self._programs.get(name)
        return None if state is None else self._connections.get((name, state.life.number))

    def remove(self, connection: ClientConnection) -> tuple[str, int] | None:
        """Forget a connection that was closed; return the program and the number of its life, if it had one."""
        if connection.life is None or self._connections.get(connection.life) is not connection:
            return None
        del self._connections[connection.life]
        return connection.life

    def take(self, name: str, number: int) -> ClientConnection | None:
        """Forget the connection of a life that has exited, and return it."""
        return self._connections.pop((name, number), None)

    def request(self, name: str, number: int, op: str, /, **fields: Any) -> None:
        """Send a request to a life; what matters of its answer comes as a message of its own."""
        if (connection := self._connections.get((name, number))) is not None:
            self._server().request(connection, op, lambda answer: None, **fields)

    def perform(
        self, state: ProgramState, effect: Effect, begin_service: Callable[[effects.Serve], tuple[Path, Path]]
    ) -> bool:
        """Send the request that an effect is about; return whether it is about one.

        `begin_service` returns the cache directories of a life that is to serve: temporary, permanent.
        """
        name = state.name
        match effect:
            case effects.Welcome(number, ticket, deadline_s, retiring):
                fields = {"life": number, "ticket": ticket, "deadline_s": deadline_s, "retiring": retiring}
                self.request(name, number, "welcome", **fields)
            case effects.RequestDrain(number, deadline_s, reason):
                fields = {"deadline_s": deadline_s, "reason": reason, "flush": state.flush_on_restart}
                self.request(name, number, "drain", **fields)
            case effects.Serve(number, _, ticket, probation_s):
                temp, perm = map(str, begin_service(effect))
                fields = {"ticket": ticket, "cache_dir": temp, "cache_perm_dir": perm, "probation_s": probation_s}
                self.request(name, number, "serve", **fields)
            case effects.Retire(number, deadline_s):
                self.request(name, number, "retire", deadline_s=deadline_s)
            case effects.ReportRetired(number, ended):
                self.request(name, number, "retired", life=ended)
            case _:
                return False
        return True

    def request_reopen(self, name: str, then: Callable[[bool, str | None], None]) -> bool:
        """Ask the current life to open its log file again, and the standby; return whether the first is connected.

        `then` is called with success and the error code of the current life.
        """
        state = self._programs[name]
        if state.standby is not None:
            self.request(name, state.standby.life.number, "reopen")
        if (connection := self.current(name)) is None:
            return False
        self._server().request(connection, "reopen", lambda answer: then(answer.ok, answer.error.get("code")))
        return True
