"""The event loop: waits for descriptors and for the deadlines of its timers."""

from __future__ import annotations

import selectors
from collections.abc import Callable
from typing import Protocol

from supervisor.daemon.clock import Clock


class Timer(Protocol):
    """Something that has to act at certain times, although nothing else happens."""

    def next_deadline(self) -> float | None:
        """Return when `run_due` has to be called, in seconds of `Instant.mono_s`; None for never."""

    def run_due(self) -> None:
        """Do what is due. It is called in every turn of the loop, and returns at once when nothing is due."""


class EventLoop:
    """Dispatches the events of a selector and runs timers."""

    def __init__(self, clock: Clock, log: Callable[[str, str], None]) -> None:
        """`clock` is told when the loop waits; `log` takes a level and a line."""
        #: a registered descriptor's `data` is called with the events that happened
        self.selector = selectors.DefaultSelector()
        #: run in this order
        self.timers: list[Timer] = []
        self._clock = clock
        self._log = log

    def timeout_s(self) -> float | None:
        """Return the seconds until the first deadline; None without one."""
        deadlines = [at for timer in self.timers if (at := timer.next_deadline()) is not None]
        return max(0.0, min(deadlines) - self._clock.now().mono_s) if deadlines else None

    def poll(self, timeout_s: float | None) -> None:
        """Wait at most `timeout_s` seconds for events and dispatch them; None waits for the first one."""
        self._clock.begin_wait(timeout_s)
        ready = self.selector.select(timeout_s)
        for warning in self._clock.end_wait():
            self._log("warning", warning)
        for key, events in ready:
            key.data(events)

    def run_due(self) -> None:
        """Run all timers."""
        for timer in list(self.timers):
            timer.run_due()
