"""Who waits at the door for the end of a restart, or for a program to be down. One who has gone waits for nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from supervisor.control.connection import ClientConnection

Then = Callable[[Any], None]


class Waiters:
    """Those who wait for one sort of thing to happen to programs."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[tuple[ClientConnection, Then]]] = {}

    def add(self, program: str, asker: ClientConnection, then: Then) -> None:
        """Call `then` with what has come of it once it has happened to `program`, if `asker` is still there."""
        self._waiting.setdefault(program, []).append((asker, then))

    def happened(self, program: str, result: Any = None) -> None:
        """Tell all who wait for it."""
        for _asker, then in self._waiting.pop(program, []):
            then(result)

    def gone(self, asker: ClientConnection) -> None:
        """Forget what `asker` waits for."""
        for waiting in self._waiting.values():
            waiting[:] = [one for one in waiting if one[0] is not asker]
