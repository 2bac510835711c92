"""Clients that wait for something to happen to a program, such as the end of a restart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from supervisor.control.connection import ClientConnection

Then = Callable[[Any], None]


class Waiters:
    """The clients that wait for one kind of result."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[tuple[ClientConnection, Then]]] = {}

    def add(self, program: str, client: ClientConnection, then: Then) -> None:
        """Call `then` with the next result of `program`, unless `client` disconnects first."""
        self._waiting.setdefault(program, []).append((client, then))

    def resolve(self, program: str, result: Any) -> None:
        """Pass a result of `program` to all who wait for it."""
        for _client, then in self._waiting.pop(program, []):
            then(result)

    def remove(self, client: ClientConnection) -> None:
        """Drop everything that `client` waits for."""
        for waiting in self._waiting.values():
            waiting[:] = [entry for entry in waiting if entry[0] is not client]
