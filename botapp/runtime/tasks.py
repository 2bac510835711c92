"""The registry of background tasks: it starts them, names what is pending, and drains."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from botapp.locale import _

log = logging.getLogger(__name__)

#: time for cancelled tasks to end, in seconds
CANCEL_GRACE_S: Final = 1.0


class NotAccepting(Exception):
    """The registry is draining: it takes no new work."""


@dataclass(frozen=True)
class Drained:
    """The result of a drain: names of work in the order of its end."""

    #: ended before the deadline
    finished: tuple[str, ...]
    #: cancelled at the deadline
    cancelled: tuple[str, ...]
    #: still running after it was cancelled
    unresponsive: tuple[str, ...] = ()


class TaskRegistry:
    """Named work of one event loop: tasks, periodic tasks, and work that runs in the caller's task."""

    def __init__(self, on_change: Callable[[list[str]], None] = lambda pending: None) -> None:
        """`on_change` is called with the names of pending work whenever it changes during a drain."""
        self._on_change = on_change
        self._running: dict[asyncio.Task[Any], list[str]] = {}
        self._periodic: list[tuple[str, float, Callable[[], Awaitable[None]]]] = []
        self._stop = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._finished: list[str] = []

    @property
    def is_draining(self) -> bool:
        """Whether new work is refused."""
        return self._stop.is_set()

    @property
    def pending(self) -> list[str]:
        """The names of the work that runs now."""
        return [name for names in self._running.values() for name in names]

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` in a new task. Raises NotAccepting."""
        if self.is_draining:
            work.close()
            raise NotAccepting(name)
        return self._start(name, work)

    def repeat(self, name: str, interval_s: float, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` every `interval_s` seconds, starting now. A drain ends it between two rounds."""
        self._periodic.append((name, interval_s, work))
        if not self.is_draining:
            self._start(name, self._repeat(name, interval_s, work))

    async def sleep(self, time_s: float) -> None:
        """Sleep `time_s` seconds, or until a drain begins: waiting work must not delay a drain."""
        try:
            await asyncio.wait_for(self._stop.wait(), time_s)
        except TimeoutError:
            return  # no drain began

    @contextmanager
    def track(self, name: str) -> Iterator[None]:
        """Count this block of the current task as work. Raises NotAccepting."""
        if self.is_draining:
            raise NotAccepting(name)
        task = asyncio.current_task()
        assert task is not None, "track() needs a task"
        self._running.setdefault(task, []).append(name)
        self._idle.clear()
        try:
            yield
        finally:
            self._remove(task, name)

    async def drain(self, deadline_s: float) -> Drained:
        """Take no new work, wait up to `deadline_s` seconds for pending work, then cancel the rest."""
        self._stop.set()
        self._finished.clear()
        if self._running:
            self._on_change(self.pending)
        await self._wait_idle(max(0.0, deadline_s))
        finished, cancelled = tuple(self._finished), tuple(self.pending)
        await self.cancel()
        return Drained(finished, cancelled, tuple(self.pending))

    async def cancel(self) -> None:
        """Cancel pending work, and wait until it has cleaned up, or for CANCEL_GRACE_S."""
        for task in list(self._running):
            task.cancel()
        await self._wait_idle(CANCEL_GRACE_S)

    def resume(self) -> None:
        """Take new work again, and restart the periodic work."""
        if not self.is_draining:
            return
        self._stop.clear()
        running = set(self.pending)
        for name, interval_s, work in self._periodic:
            if name not in running:
                self._start(name, self._repeat(name, interval_s, work))

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._running[task] = [name]
        self._idle.clear()
        task.add_done_callback(lambda task: self._on_done(task, name))
        return task

    def _on_done(self, task: asyncio.Task[None], name: str) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error(_("%s failed"), name, exc_info=error)
        self._remove(task, name)

    def _remove(self, task: asyncio.Task[Any], name: str) -> None:
        names = self._running[task]
        names.remove(name)
        if not names:
            del self._running[task]
        if not self._running:
            self._idle.set()
        if self.is_draining:
            self._finished.append(name)
            self._on_change(self.pending)

    async def _wait_idle(self, timeout_s: float) -> None:
        try:
            await asyncio.wait_for(self._idle.wait(), timeout_s)
        except TimeoutError:
            return  # the caller reads `pending`

    async def _repeat(self, name: str, interval_s: float, work: Callable[[], Awaitable[None]]) -> None:
        while not self.is_draining:
            try:
                await work()
            except Exception:  # the next round may succeed
                log.exception(_("%s failed"), name)
            await self.sleep(interval_s)
