"""The registry of background tasks: it starts them, names what is pending, quiesces and drains."""

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


@dataclass
class _Periodic:
    """Periodic work, and the task that runs it."""

    name: str
    interval_s: float
    work: Callable[[], Awaitable[None]]
    task: asyncio.Task[None] | None = None


class TaskRegistry:
    """Named work of one event loop: tasks, periodic tasks, and work that runs in the caller's task.

    After `quiesce` no periodic work runs, while requests are still served. After `drain` no new work is taken.
    """

    def __init__(self, on_change: Callable[[list[str]], None] = lambda pending: None) -> None:
        """`on_change` is called with the names of pending work when it changes while quiescing or draining."""
        self._on_change = on_change
        self._running: dict[asyncio.Task[Any], list[str]] = {}
        self._periodic: list[_Periodic] = []
        #: tasks that were started here; the others are their callers'
        self._started: set[asyncio.Task[Any]] = set()
        self._quiet = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._finished: list[str] = []
        self._is_draining = False
        #: how many quiesce or drain now
        self._watchers = 0

    @property
    def is_draining(self) -> bool:
        """Whether new work is refused."""
        return self._is_draining

    @property
    def is_quiesced(self) -> bool:
        """Whether periodic work has ended, and other background work should not begin."""
        return self._quiet.is_set()

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
        """Run `work` every `interval_s` seconds, starting now. `quiesce` ends it between two rounds."""
        periodic = _Periodic(name, interval_s, work)
        self._periodic.append(periodic)
        if not self.is_quiesced:
            periodic.task = self._start(name, self._repeat(periodic))

    async def sleep(self, time_s: float) -> None:
        """Sleep `time_s` seconds, or until `quiesce` or `drain`: waiting work must not delay them."""
        try:
            await asyncio.wait_for(self._quiet.wait(), time_s)
        except TimeoutError:
            return  # neither began

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

    async def quiesce(self, timeout_s: float) -> Drained:
        """End periodic work and sleeps, and wait up to `timeout_s` seconds for background work. Cancel nothing.

        Requests are still served, and what is not finished goes on.
        """
        with self._watching():
            self._quiet.set()
            if self._started:
                await asyncio.wait(set(self._started), timeout=timeout_s)
            return Drained(tuple(self._finished), ())

    async def drain(self, deadline_s: float) -> Drained:
        """Take no new work, wait up to `deadline_s` seconds for pending work, then cancel the rest."""
        self._is_draining = True
        with self._watching():
            self._quiet.set()
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
        if not self.is_quiesced:
            return
        self._is_draining = False
        self._quiet.clear()
        for periodic in self._periodic:
            if periodic.task is None or periodic.task.done():
                periodic.task = self._start(periodic.name, self._repeat(periodic))

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._running[task] = [name]
        self._started.add(task)
        self._idle.clear()
        task.add_done_callback(lambda task: self._on_done(task, name))
        return task

    def _on_done(self, task: asyncio.Task[None], name: str) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error(_("%s failed"), name, exc_info=error)
        self._started.discard(task)
        self._remove(task, name)

    def _remove(self, task: asyncio.Task[Any], name: str) -> None:
        names = self._running[task]
        names.remove(name)
        if not names:
            del self._running[task]
        if not self._running:
            self._idle.set()
        if self._watchers:
            self._finished.append(name)
            self._on_change(self.pending)

    @contextmanager
    def _watching(self) -> Iterator[None]:
        """Record and report in this block what finishes."""
        self._watchers += 1
        self._finished.clear()
        if self._running:
            self._on_change(self.pending)
        try:
            yield
        finally:
            self._watchers -= 1

    async def _wait_idle(self, timeout_s: float) -> None:
        try:
            await asyncio.wait_for(self._idle.wait(), timeout_s)
        except TimeoutError:
            return  # the caller reads `pending`

    async def _repeat(self, periodic: _Periodic) -> None:
        while not self.is_quiesced:
            try:
                await periodic.work()
            except Exception:  # the next round may succeed
                log.exception(_("%s failed"), periodic.name)
            await self.sleep(periodic.interval_s)
