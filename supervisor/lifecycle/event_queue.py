"""The order in which the events of all programs are handled. Pure.

Effects are executed at once, so their results must not wait behind other events: a program that is stopped before the
machine knows its new process would leave that process running.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from supervisor.lifecycle.events import Event


class EventQueue:
    """Events that wait to be handled, each with the name of its program."""

    def __init__(self, handle: Callable[[str, Event], Iterable[Event]]) -> None:
        """`handle` handles an event: it executes the effects, and returns their results."""
        self._handle = handle
        self._waiting: deque[tuple[str, Event]] = deque()

    def __bool__(self) -> bool:
        """Return whether events wait."""
        return bool(self._waiting)

    def post(self, name: str, event: Event) -> None:
        """Add an event for the program `name`."""
        self._waiting.append((name, event))

    def handle_all(self) -> None:
        """Handle all events; the results of an event's effects come before every other event."""
        while self._waiting:
            name, event = self._waiting.popleft()
            results = [(name, result) for result in self._handle(name, event)]
            self._waiting.extendleft(reversed(results))
