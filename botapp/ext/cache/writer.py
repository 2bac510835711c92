"""The one thread that changes the cache: jobs that are waiting at the same time share a commit."""

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

#: most jobs that share one commit
MAX_GROUP: Final = 500
#: how long closing waits for the writer thread, in seconds
CLOSE_TIMEOUT_S: Final = 5.0

Task = Callable[[], Any]


class Work(Protocol):
    """What the thread does; every method is called in the thread."""

    def commit(self, jobs: Sequence[Job], size: int) -> Sequence[Any]:
        """Do `jobs`, which add `size` bytes, in one transaction; return the result of each once it is committed."""

    def do_maintenance(self) -> None:
        """Do what can wait until the group is committed."""

    def maintenance_in_s(self) -> float | None:
        """Return in how many seconds maintenance is due without a job; None: not at all."""

    def close_files(self) -> None:
        """Close the files: no more jobs will come."""


class _Request:
    """A job to be committed, or a task to be run on its own, and the future of the caller who waits for it."""

    __slots__ = ("future", "job", "size", "task")

    def __init__(self, job: Job | None, size: int, task: Task | None, *, awaited: bool = True) -> None:
        self.job = job
        self.size = size
        self.task = task
        self.future = asyncio.get_running_loop().create_future() if awaited else None


class Writer:
    """The thread and its queue. Its methods are thread-safe."""

    def __init__(self, work: Work, max_group_bytes: int) -> None:
        """Start the thread."""
        self._work = work
        self._max_group_bytes = max_group_bytes
        self._queue: SimpleQueue[_Request] = SimpleQueue()
        #: requests taken from the queue
        self._backlog: deque[_Request] = deque()
        self._lock = threading.Lock()
        self.closed = False
        self._is_running = True
        self._thread = threading.Thread(target=self._run, name="cache-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job, size: int = 0) -> asyncio.Future[Any]:
        """Queue `job`, which adds `size` bytes; its result comes when it is committed, None if the writer is closed."""
        return self._submit(_Request(job, size, None))

    def submit_alone(self, task: Task) -> asyncio.Future[Any]:
        """Queue `task`, which runs outside a transaction, after everything queued before it."""
        return self._submit(_Request(None, 0, task))

    def post(self, task: Task) -> None:
        """Queue `task`, which runs outside a transaction; its result is dropped."""
        self._queue.put(_Request(None, 0, task, awaited=False))

    def flush(self) -> None:
        """Wait until everything queued so far is committed."""
        done = threading.Event()
        self.post(done.set)
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            done.wait(CLOSE_TIMEOUT_S)

    def close(self) -> None:
        """Commit everything queued so far, and end the thread."""
        with self._lock:
            if not self.closed:
                self.closed = True
                self.post(self._stop)
        if self._thread is not threading.current_thread():
            self._thread.join(CLOSE_TIMEOUT_S)

    def _submit(self, request: _Request) -> asyncio.Future[Any]:
        assert request.future is not None
        with self._lock:
            if self.closed:
                request.future.set_result(None)
            else:
                self._queue.put(request)
        return request.future

    # --- in the thread ---

    def _stop(self) -> None:
        self._is_running = False

    def _run(self) -> None:
        while self._is_running:
            try:
                self._do_next()
            except Exception:
                log.exception(_("cache: unexpected error in the writer thread; it goes on"))
        self._work.close_files()

    def _do_next(self) -> None:
        self._fill_backlog()
        if group := self._take_group():
            self._commit(group)
        elif self._backlog:
            self._run_alone(self._backlog.popleft())
        self._work.do_maintenance()

    def _fill_backlog(self) -> None:
        """Take everything that is queued; wait for the first request, or until maintenance is due."""
        try:
            if not self._backlog:
                self._backlog.append(self._queue.get(timeout=self._work.maintenance_in_s()))
            while True:
                self._backlog.append(self._queue.get_nowait())
        except Empty:
            return

    def _take_group(self) -> list[_Request]:
        """Return the next jobs that can share a commit; none if a task comes first."""
        group: list[_Request] = []
        size = 0
        while self._backlog and len(group) < MAX_GROUP and self._backlog[0].job is not None:
            size += self._backlog[0].size
            if group and size > self._max_group_bytes:
                break
            group.append(self._backlog.popleft())
        return group

    def _commit(self, group: list[_Request]) -> None:
        results: Sequence[Any] = [None] * len(group)
        try:
            size = sum(request.size for request in group)
            results = self._work.commit([request.job for request in group if request.job is not None], size)
        finally:
            _deliver(group, results)

    def _run_alone(self, request: _Request) -> None:
        assert request.task is not None
        result = None
        try:
            result = request.task()
        finally:
            _deliver([request], [result])


def _deliver(group: Sequence[_Request], results: Sequence[Any]) -> None:
    """Give each caller its result, waking each event loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for request, result in zip(group, results, strict=True):
        if request.future is not None:
            by_loop.setdefault(request.future.get_loop(), []).append((request.future, result))
    for loop, pairs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_set_results, pairs)
        except RuntimeError:
            log.debug("cache: %d results came after their event loop was closed", len(pairs))


def _set_results(pairs: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, result in pairs:
        if not future.done():
            future.set_result(result)
