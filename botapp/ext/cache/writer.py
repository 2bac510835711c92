"""The one thread that changes the cache: what is asked at the same time shares a commit."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, Final, Protocol

from botapp.ext.cache.jobs import Job
from botapp.locale import _

log = logging.getLogger(__name__)

#: jobs that share one commit at most
MAX_GROUP: Final = 500
#: how long the end of a process waits for the writer, in seconds
CLOSE_TIMEOUT_S: Final = 5.0

Task = Callable[[], Any]


class Work(Protocol):
    """What the thread does. All is called in the thread."""

    def commit(self, jobs: Sequence[Job], weight: int) -> Sequence[Any]:
        """Return what comes of each job, once it is committed; an exception is what comes of one too."""

    def tidy(self) -> None:
        """Do what can wait until nobody waits."""

    def idle_s(self) -> float | None:
        """Return after how many seconds there is something to tidy though nobody asks; None: never."""

    def end(self) -> None:
        """Close everything: nothing is asked any more."""


class _Asked:
    """A job, or something to be done outside a transaction, and who waits for what comes of it."""

    __slots__ = ("future", "job", "loop", "task", "weight")

    def __init__(self, job: Job | None, weight: int, task: Task | None = None) -> None:
        self.job = job
        self.task = task
        self.weight = weight
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()


class Writer:
    """The thread, and the queue before it. All methods are thread-safe."""

    def __init__(self, work: Work, max_group_bytes: int) -> None:
        """Begin to work."""
        self._work = work
        self._max_group_bytes = max_group_bytes
        self._queue: SimpleQueue[list[_Asked] | Task] = SimpleQueue()
        #: taken from the queue
        self._backlog: deque[_Asked | Task] = deque()
        self._lock = threading.Lock()
        #: what was asked in the present turn of each loop
        self._turns: dict[asyncio.AbstractEventLoop, list[_Asked]] = {}
        #: bytes that wait
        self.waiting_bytes = 0
        #: whether nothing is taken any more
        self.closed = False
        self._going = True
        self._thread = threading.Thread(target=self._run, name="cache-writer", daemon=True)
        self._thread.start()

    def ask(self, job: Job, weight: int = 0) -> asyncio.Future[Any]:
        """Have `job` done, which brings `weight` bytes; its result comes when it is committed, None when closed."""
        return self._ask(_Asked(job, weight))

    def ask_alone(self, task: Task) -> asyncio.Future[Any]:
        """Have `task` done outside a transaction, after all that was asked before."""
        return self._ask(_Asked(None, 0, task))

    def tell(self, task: Task) -> None:
        """Have `task` done outside a transaction; nobody waits for it."""
        self._queue.put(task)

    def flush(self) -> None:
        """Wait until all that was asked is committed."""
        done = threading.Event()
        self._send_all()
        self.tell(done.set)
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            done.wait(CLOSE_TIMEOUT_S)

    def close(self) -> None:
        """Finish what was asked, and end."""
        self._send_all()
        with self._lock:
            if not self.closed:
                self.closed = True
                self._queue.put(self._stop)
        if self._thread is not threading.current_thread():
            self._thread.join(CLOSE_TIMEOUT_S)

    def _ask(self, asked: _Asked) -> asyncio.Future[Any]:
        with self._lock:
            if self.closed:
                asked.future.set_result(None)
                return asked.future
            self.waiting_bytes += asked.weight
            turn = self._turns.get(asked.loop)
            if turn is not None:
                turn.append(asked)
                return asked.future
            self._turns[asked.loop] = [asked]
        # what is asked in one turn of the loop goes over together: waking the thread takes longer than most jobs
        asked.loop.call_soon(self._send, asked.loop)
        return asked.future

    def _send(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            if (turn := self._turns.pop(loop, None)) is not None:
                self._queue.put(turn)

    def _send_all(self) -> None:
        for loop in list(self._turns):
            self._send(loop)

    # --- in the thread ---

    def _stop(self) -> None:
        self._going = False

    def _run(self) -> None:
        while self._going:
            try:
                self._do_next()
            except Exception:
                log.exception(_("cache: the writer goes on after a fault of its own"))
        self._work.end()

    def _do_next(self) -> None:
        self._refill()
        if group := self._gather():
            self._write(group)
        elif self._backlog:
            alone = self._backlog.popleft()
            if isinstance(alone, _Asked):
                self._do_alone(alone)
            else:
                alone()
        self._work.tidy()

    def _refill(self) -> None:
        """Take over what is queued; wait for something when there is nothing to do at all."""
        try:
            while not self._backlog or not self._queue.empty():
                found = self._queue.get(timeout=None if self._backlog else self._work.idle_s())
                if isinstance(found, list):
                    self._backlog.extend(found)
                else:
                    self._backlog.append(found)
        except Empty:
            return

    def _gather(self) -> list[_Asked]:
        """Take what can share a commit; nothing, when something else comes first."""
        group: list[_Asked] = []
        weight = 0
        while self._backlog and len(group) < MAX_GROUP:
            found = self._backlog[0]
            if not isinstance(found, _Asked) or found.job is None:
                break
            weight += found.weight
            if group and weight > self._max_group_bytes:
                break
            group.append(found)
            self._backlog.popleft()
        return group

    def _write(self, group: list[_Asked]) -> None:
        weight = sum(asked.weight for asked in group)
        outcomes: Sequence[Any] = [None] * len(group)
        try:
            outcomes = self._work.commit([asked.job for asked in group if asked.job is not None], weight)
        finally:
            _settle(group, outcomes)
            with self._lock:
                self.waiting_bytes -= weight

    def _do_alone(self, asked: _Asked) -> None:
        assert asked.task is not None
        outcome = None
        try:
            outcome = asked.task()
        finally:
            _settle([asked], [outcome])


def _settle(group: Sequence[_Asked], outcomes: Sequence[Any]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for asked, outcome in zip(group, outcomes, strict=True):
        by_loop.setdefault(asked.loop, []).append((asked.future, outcome))
    for loop, pairs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_tell, pairs)
        except RuntimeError:
            log.debug("cache: %d results came after the end of their loop", len(pairs))


def _tell(pairs: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, outcome in pairs:
        if future.done():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
