"""One computation of a value, however many wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


class _Flight:
    def __init__(self, task: asyncio.Task[Any]) -> None:
        self.task = task
        self.waiting = 0


class Flights:
    """The computations under way in one process, by key and event loop."""

    def __init__(self) -> None:
        self._flights: dict[tuple[int, str], _Flight] = {}

    @property
    def any(self) -> bool:
        """Whether anything is being computed."""
        return bool(self._flights)

    async def join(self, key: str, compute: Callable[[Callable[[], bool]], Awaitable[Any]]) -> Any:
        """Return what `compute` comes to, which runs once for all who join before it ends; so does its exception.

        It is given a function that tells whether its result still counts: whoever changes what it is made of calls
        `overtake`, and then it does not. It runs in a task of its own, which ends when nobody waits any more: who
        was first and gives up takes nobody along.
        """
        place = (id(asyncio.get_running_loop()), key)
        flight = self._flights.get(place)
        if flight is None:
            flight = self._begin(place, compute)
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                flight.task.cancel()
                self._forget(place, flight)

    def overtake(self, key: str | None = None, prefix: str = "") -> None:
        """What is computed for `key`, or for all keys with a prefix, is out of date; who asks next begins anew."""
        for place in list(self._flights):
            if place[1] == key or (key is None and place[1].startswith(prefix)):
                self._flights.pop(place, None)

    def _begin(self, place: tuple[int, str], compute: Callable[[Callable[[], bool]], Awaitable[Any]]) -> _Flight:
        async def run() -> Any:
            try:
                return await compute(lambda: self._flights.get(place) is flight)
            finally:
                self._forget(place, flight)

        flight = _Flight(asyncio.create_task(run()))
        self._flights[place] = flight
        # an exception that nobody waits for any more is nobody's loss
        flight.task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return flight

    def _forget(self, place: tuple[int, str], flight: _Flight) -> None:
        if self._flights.get(place) is flight:
            del self._flights[place]
