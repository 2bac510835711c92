"""Pings a service that notices silence: starts a process for each ping, and takes its result. Decides nothing."""

from __future__ import annotations

import os
import select
import selectors
import sys
import time
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from supervisor.alerts import pings, urls
from supervisor.alerts.messages import PingRequest, PingResult
from supervisor.alerts.pings import Kind, PingState
from supervisor.config.settings import Settings
from supervisor.lifecycle.model import Instant, ProcessId, ProgramState
from supervisor.locale import _
from supervisor.locale.third_party import os_error_text
from supervisor.processes import process, procfs

#: how long the process of one ping may take; it ends by itself before
PROCESS_TIMEOUT_S: Final = 30.0
#: bytes of a result
MAX_RESULT_BYTES: Final = 65536
COMMAND: Final = (sys.executable, "-P", "-m", "supervisor.alerts.ping_sender")


class _Run(msgspec.Struct):
    """A ping under way."""

    child: ProcessId
    #: the stdout of its process
    fd: int
    #: when it is given up, in seconds of `Instant.mono_s`
    deadline_s: float
    url: str


class Pinger:
    """The pings of one instance."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        log: Callable[[str, str], None],
        now: Callable[[], Instant],
        start: Callable[[bytes], tuple[ProcessId, int]],
    ) -> None:
        """`log` takes a level and a line; `start` starts the process, and returns it and its stdout, or raises OSError.

        A new supervisor sends its first ping as soon as all is well.
        """
        self._selector = selector
        self._log = log
        self._now = now
        self._start = start
        self._state = PingState()
        self._url = ""
        self._run: _Run | None = None
        #: why the service did not receive the last ping
        self.problem: str | None = None

    def run_due(self, settings: Settings, programs: Mapping[str, ProgramState]) -> None:
        """Send the ping that is due."""
        now_s = self._now().mono_s
        if settings.alerts.ping_url != self._url:
            self._url, self._state, self.problem = settings.alerts.ping_url, PingState(), None
        if self._run is not None and now_s >= self._run.deadline_s:
            self._end(_("the sender took longer than %(limit_s)g s") % {"limit_s": PROCESS_TIMEOUT_S})
        if not self._url:
            return
        problem = pings.find_problem(programs, now_s)
        self._state = self._state.observe(problem, now_s)
        if self._run is None and now_s >= self._state.next_s():
            self._state = self._state.sent(now_s)
            self._send(settings, Kind.UP if problem is None else Kind.DOWN, problem or "")

    def next_deadline(self) -> float | None:
        """Return when `run_due` has to be called, in seconds of `Instant.mono_s`; None for never."""
        if self._run is not None:
            return self._run.deadline_s
        return self._state.next_s() if self._url else None

    def announce_stop(self, settings: Settings) -> None:
        """Tell the service that the silence that follows is intended."""
        if settings.alerts.ping_url:
            self._discard()
            self._send(settings, Kind.NOTE, _("stocksup is being stopped"))

    def close(self, until_s: float) -> None:
        """Wait for the ping that is under way, at most until `until_s` of `time.monotonic`."""
        run = self._run
        if run is not None and select.select([run.fd], [], [], max(0.0, until_s - time.monotonic()))[0]:
            self._read_result(run)
        self._discard()

    def _send(self, settings: Settings, kind: Kind, text: str) -> None:
        url = settings.alerts.ping_url
        request = PingRequest(settings.language, *pings.address(url, kind, text))
        try:
            child, fd = self._start(msgspec.json.encode(request))
        except OSError as error:
            self._record(url, _("cannot start the sender: %(why)s") % {"why": os_error_text(error)})
            return
        run = self._run = _Run(child, fd, self._now().mono_s + PROCESS_TIMEOUT_S, url)
        self._selector.register(fd, selectors.EVENT_READ, lambda mask: self._read_result(run))

    def _read_result(self, run: _Run) -> None:
        try:
            # a result is shorter than what a pipe takes at once
            problem = msgspec.json.decode(os.read(run.fd, MAX_RESULT_BYTES), type=PingResult).problem
        except (msgspec.DecodeError, UnicodeDecodeError):
            problem = _("the sender exited without a result")
        self._end(problem)

    def _end(self, problem: str | None) -> None:
        """End the ping under way, which was not received because of `problem`."""
        if self._run is not None:
            url = self._run.url
            self._discard()
            self._record(url, problem)

    def _discard(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            self._selector.unregister(run.fd)
            os.close(run.fd)
            if procfs.is_alive(run.child):
                process.kill_tree(run.child, {})

    def _record(self, url: str, problem: str | None) -> None:
        if url != self._url and self._url:
            return  # of a URL that was replaced meanwhile
        name, before = urls.redacted_name(url), self.problem
        self.problem = None if problem is None else _("ping of %(name)s: %(why)s") % {"name": name, "why": problem}
        if problem is not None and before is None:
            text = _("alerts: ping of %(name)s failed, the next one follows in a minute: %(why)s")
            self._log("warning", text % {"name": name, "why": problem})
        elif problem is None and before is not None:
            self._log("info", _("alerts: ping of %(name)s works again") % {"name": name})
