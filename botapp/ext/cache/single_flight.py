"""One computation of a value, shared by all who wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

#: is given a function that returns whether the result is still current
Compute = Callable[[Callable[[], bool]], Awaitable[Any]]
#: event loop, key of the cache
_FlightKey = tuple[int, str]


class _Flight:
    def __init__(self, task: asyncio.Task[Any]) -> None:
        self.task = task
        self.waiters = 0


class SingleFlight:
    """The computations that are running in this process, by event loop and key."""

    def __init__(self) -> None:
        self._flights: dict[_FlightKey, _Flight] = {}

    async def join(self, key: str, compute: Compute) -> Any:
        """Return what `compute` returns, or raise what it raises; it runs once for all who join before it ends.

        It runs in a task of its own, so a caller that is cancelled does not cancel the others. When the last caller
        is cancelled, the task is cancelled too.
        """
        flight_key = (id(asyncio.get_running_loop()), key)
        flight = self._flights.get(flight_key) or self._start(flight_key, compute)
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done():
                flight.task.cancel()
                self._forget(flight_key, flight)

    def invalidate(self, key: str | None = None) -> None:
        """Mark what is being computed for `key`, or for every key, as out of date; the next caller computes again."""
        if key is None:
            self._flights.clear()
        elif self._flights:
            for flight_key in [flight_key for flight_key in self._flights if flight_key[1] == key]:
                del self._flights[flight_key]

    def _start(self, flight_key: _FlightKey, compute: Compute) -> _Flight:
        async def run() -> Any:
            try:
                return await compute(lambda: self._flights.get(flight_key) is flight)
            finally:
                self._forget(flight_key, flight)

        flight = self._flights[flight_key] = _Flight(asyncio.create_task(run()))
        # an exception that no caller waits for is dropped
        flight.task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return flight

    def _forget(self, flight_key: _FlightKey, flight: _Flight) -> None:
        if self._flights.get(flight_key) is flight:
            del self._flights[flight_key]
