"""Collects the figures: follows the supervisor's events, requests its status, and keeps the history."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, ParamSpec, TypeVar

from botapp.dashboard.figures.history import History, Report
from botapp.dashboard.figures.machine import MachineSampler
from botapp.dashboard.figures.minutes import (
    ConnectionLost,
    Machine,
    Observation,
    StateSeen,
    StatusSeen,
    TimePassed,
    Watch,
    observe,
)
from botapp.locale import _
from botapp.runtime.supervisor_link import SupervisorLink
from supervisor.client import ControlError, Message

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

#: while a page is open, a status is requested after this time, in seconds: as often as programs report their health
VIEWED_INTERVAL_S: Final = 10.0
#: events within this time lead to one request, in seconds
GATHER_S: Final = 0.2
#: second of each minute in which a status is requested, so that its figures belong to this minute
STATUS_SECOND: Final = 59
#: restarts of a longer time without a connection that are requested then
_MISSED_RESTARTS: Final = 50
_ANSWER_TIMEOUT_S: Final = 5.0
_DAY_S: Final = 86_400
#: IDENTIFYs that Discord allows a day
IDENTIFYS_A_DAY: Final = 1000


class Collector:
    """The figures of now, and the history. `changed` wakes those who show them."""

    def __init__(
        self,
        history: History,
        sampler: MachineSampler,
        retention_days: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` returns seconds since 1970."""
        self.link: SupervisorLink | None = None
        #: called with each restart that finishes
        self.on_restart: Callable[[Report], None] = lambda report: None
        #: the last answer to `status`, and whether the supervisor answers now
        self.status: Message | None = None
        self.is_connected = False
        self.machine = Machine()
        #: why the history cannot be kept; None: it is kept
        self.problem: str | None = None
        #: number of open pages
        self.viewers = 0
        self._history = history
        self._sampler = sampler
        self._retention_days = retention_days
        self._clock = clock
        self._watch = Watch()
        self._status_at_s = 0.0
        #: whether an event has come since the last status
        self._has_news = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._due = asyncio.Event()
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    # --- what the supervisor says ---

    def on_event(self, event: Message) -> None:
        """Take an event of the supervisor."""
        if event.get("type") == "state":
            self._observe(StateSeen(self._clock(), str(event["program"]), str(event["state"])))
        elif event.get("type") == "restart":
            report: Report = event["report"]
            self.on_restart(report)
            self._start(self._keep([report]))
        self._has_news = True
        self._due.set()

    def on_connected(self, connected: bool) -> None:
        """Take that the connection to the supervisor is open or lost."""
        self.is_connected = connected
        if not connected:
            self._observe(ConnectionLost(self._clock()))
            self._wake()
        else:
            self._start(self._fetch_restarts())
        self._due.set()

    async def run(self) -> None:
        """Collect until cancelled."""
        counted = await self._use_history(self._history.last_counted, default=None)
        self._watch = Watch(counted=counted)
        while True:
            is_due = await self._wait_until_due()
            if is_due or self._is_status_due():
                await self.refresh()
            else:
                self._observe(TimePassed(self._clock()))

    async def refresh(self, max_age_s: float = 0.0) -> None:
        """Request a status, unless the last one is younger than `max_age_s` and no event has come since."""
        is_current = not self._has_news and self._clock() - self._status_at_s < max_age_s
        if self.link is None or not self.is_connected or is_current:
            return
        self._has_news = False
        try:
            status = await self.link.request("status", timeout_s=_ANSWER_TIMEOUT_S)
        except ControlError as error:
            log.debug("no status: %s", error.message)
            return
        pids = {one["name"]: one["pid"] for one in status["programs"] if one["pid"]}
        self.machine = self._sampler.measure({**pids, "supervisor": status["supervisor"]["pid"]})
        self.status, self._status_at_s = status, self._clock()
        self._observe(StatusSeen(self._status_at_s, tuple(status["programs"]), self.machine))
        self._wake()

    # --- who shows the figures ---

    def snapshot(self) -> dict[str, Any]:
        """Return the figures of now, for the page."""
        status = self.status or {}
        return {
            "at_s": self._status_at_s,
            "connected": self.is_connected,
            "supervisor": status.get("supervisor"),
            "programs": status.get("programs", []),
            "cpu_percent": {name: used.cpu_percent for name, used in self.machine.processes.items()},
            "disk_free_bytes": self.machine.disk_free_bytes,
            "disk_bytes": self.machine.disk_bytes,
            "problem": self.problem,
        }

    async def changed(self) -> None:
        """Return when the figures have changed."""
        await self._changed.wait()

    async def read(self, call: Callable[P, T], /, *arguments: P.args, **keywords: P.kwargs) -> T:
        """Run a method of the history on its thread. Raises sqlite3.Error."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: call(*arguments, **keywords))

    def health(self) -> Mapping[str, Any]:
        """Return the health of the dashboard, as `status` shows it."""
        is_kept = self.problem is None
        return {
            "history": {"is_healthy": is_kept, "last_error": self.problem, "external": not is_kept},
            "viewers": self.viewers,
        }

    def close(self) -> None:
        """Keep the minute in progress, and close the history."""
        if self._watch.current is not None and self._watch.current.observed_s:
            self._thread.submit(self._history.add, [self._watch.current], self._watch.counted)
        self._thread.submit(self._history.close)
        self._thread.shutdown()

    # --- inside ---

    async def _wait_until_due(self) -> bool:
        """Return at an event, or when a minute, or the interval of a page, is over; True: request a status."""
        try:
            await asyncio.wait_for(self._due.wait(), self._pause_s())
        except TimeoutError:
            return self.viewers > 0
        await asyncio.sleep(GATHER_S)
        self._due.clear()
        return self.viewers > 0 or self.status is None

    def _pause_s(self) -> float:
        second = self._clock() % 60
        until_s = STATUS_SECOND - second if second < STATUS_SECOND else 60.0 - second
        # not earlier than the second begins
        return min(until_s + 0.01, VIEWED_INTERVAL_S if self.viewers else 60.0)

    def _is_status_due(self) -> bool:
        now_s = self._clock()
        return now_s % 60 >= STATUS_SECOND and now_s - self._status_at_s > 60 - STATUS_SECOND

    def _observe(self, seen: Observation) -> None:
        self._watch, finished = observe(self._watch, seen)
        if finished:
            self._start(self._store_minutes(finished))

    async def _store_minutes(self, finished: list[Any]) -> None:
        await self._use_history(self._history.add, finished, self._watch.counted, default=None)
        if finished[-1].minute % 60 == 0:
            oldest = finished[-1].minute - self._retention_days * _DAY_S // 60
            await self._use_history(self._history.delete_before, oldest, default=None)

    async def _fetch_restarts(self) -> None:
        """Keep the restarts that have finished while there was no connection."""
        assert self.link is not None
        try:
            answer = await self.link.request("history", n=_MISSED_RESTARTS, timeout_s=_ANSWER_TIMEOUT_S)
        except ControlError as error:
            log.debug("no history: %s", error.message)
            return
        await self._keep(answer["history"])

    async def _keep(self, reports: list[Report]) -> None:
        await self._use_history(self._history.add_restarts, reports, default=None)
        self._wake()

    async def _use_history(self, call: Callable[..., T], *arguments: Any, default: T) -> T:
        """Use the history; when it fails, the dashboard goes on without it and reports that."""
        try:
            result = await self.read(call, *arguments)
        except sqlite3.Error as error:
            self._set_problem(str(error))
            self._thread.submit(self._history.close)
            return default
        self._set_problem(None)
        return result

    def _set_problem(self, problem: str | None) -> None:
        if problem == self.problem:
            return
        self.problem = problem
        if problem is None:
            log.info(_("history: works again"))
        else:
            log.error(_("history: not kept (%s)"), problem)
        if self.link is not None:
            self.link.send_heartbeat()
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def count_identifies_left(self) -> int:
        """Return how many sessions Discord still allows, of those that the history knows. Raises sqlite3.Error."""
        used = await self.read(self._history.sum_since, "identifies", self._clock() - _DAY_S)
        current = self._watch.current
        return max(0, IDENTIFYS_A_DAY - used - (current.identifies if current is not None else 0))
