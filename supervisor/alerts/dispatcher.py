"""Dispatches alerts: keeps their state on disk, runs the sender, records its results. Decides nothing.

The sender is a process of its own. It reads what to send from stdin, and writes each result as a line to stdout; the
event loop waits for neither. If the supervisor is killed meanwhile, the sender exits after the current message, and the
next supervisor sends what has no result: at most that one message is delivered twice.
"""

from __future__ import annotations

import os
import select
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from supervisor.alerts import delivery, incidents, pinger, urls
from supervisor.alerts.delivery import Batch, Retry
from supervisor.alerts.incidents import AlertState, Kind, Notification, Observation
from supervisor.alerts.messages import DeliveryResult, Origin, SendRequest, TargetBatch
from supervisor.alerts.pinger import Pinger
from supervisor.config.files import open_regular, read_regular
from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Settings
from supervisor.lifecycle.model import Instant, ProcessId, ProgramState
from supervisor.locale import N_, _
from supervisor.locale.third_party import os_error_text
from supervisor.processes import process, procfs

#: how long one run of the sender may take
SENDER_TIMEOUT_S: Final = 180.0
#: how long a supervisor that exits waits for the sender
EXIT_TIMEOUT_S: Final = 5.0
#: the state is never as long as this
MAX_STATE_BYTES: Final = 16 * 1024 * 1024
COMMAND: Final = (sys.executable, "-P", "-m", "supervisor.alerts.sender")

#: the environment that the sender needs to reach the network; it contains no token of a program
_INHERITED: Final = frozenset(
    {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"}
)

#: the kinds of incidents in the log
_NAMES: Final = {
    Kind.CRASH_LOOP: N_("crash loop"),
    Kind.FATAL: N_("failed"),
    Kind.REFUSED: N_("access refused"),
    Kind.DISK_LOW: N_("nearly full"),
    Kind.PROBLEM: N_("not usable"),
}


def sender_environ(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the sender: proxies, but nothing secret."""
    return {name: value for name, value in inherited.items() if name in _INHERITED or name.lower().endswith("_proxy")}


def make_origin(settings: Settings, config: Path, paths: InstancePaths) -> Origin:
    """Return the instance that alerts name as their origin."""
    return Origin(os.uname().nodename, str(config), str(paths.state_dir), settings.timezone)


class _Run(msgspec.Struct):
    """A sender that is running."""

    child: ProcessId
    #: its stdout
    fd: int
    #: when it is killed, in seconds of `Instant.mono_s`
    deadline_s: float
    #: the last message for each target without a result
    open: dict[str, tuple[int, ...]]
    #: the beginning of an incomplete line of its output
    unread: bytes = b""


class AlertDispatcher:
    """The alerts of one instance. A timer of the event loop."""

    def __init__(
        self,
        paths: InstancePaths,
        config: Path,
        selector: selectors.BaseSelector,
        log: Callable[[str, str], None],
        now: Callable[[], Instant],
        programs: Mapping[str, ProgramState],
        problems: dict[str, str],
        settings: Callable[[], Settings],
    ) -> None:
        """Read the state that an earlier supervisor left.

        `log` takes a level and a line. `programs`, `problems` and `settings` are the present ones at any time.
        """
        self._paths = paths
        self._config = config
        self._selector = selector
        self._log = log
        self._now = now
        self._programs = programs
        self._problems = problems
        self._settings = settings
        #: targets with failed deliveries; a new supervisor tries them at once
        self._retries: dict[str, Retry] = {}
        #: names of the targets for people
        self._names: dict[str, str] = {}
        self._run: _Run | None = None
        #: why the state could not be written
        self._write_problem: str | None = None
        self._state = self._read_state()
        self._pinger = Pinger(selector, log, now, lambda request: _start(pinger.COMMAND, request))

    def run_due(self) -> None:
        """Update the incidents, send what is due, and show failed deliveries among the problems."""
        settings = self._settings()
        self._pinger.run_due(settings, self._programs)
        if not settings.alerts.urls and self._state == AlertState():
            self._show_problem()
            return
        now = self._now()
        self._names = urls.redacted_names(settings.alerts.urls)
        self._retries = {target: retry for target, retry in self._retries.items() if target in self._names}
        self._update_incidents(settings, now)
        if self._run is not None and now.mono_s >= self._run.deadline_s:
            self._end(self._run, _("the sender took longer than %(limit_s)g s") % {"limit_s": SENDER_TIMEOUT_S})
        if self._run is None and (batches := delivery.due_batches(self._state, self._retries, now)):
            self._send(batches, settings, now)
        self._show_problem()

    def next_deadline(self) -> float | None:
        """Return when `run_due` has to be called, in seconds of `Instant.mono_s`; None for never."""
        now = self._now()
        next_delivery_s = delivery.next_delivery_s(self._state, self._retries, now)
        deadlines = (
            self._run.deadline_s if self._run else next_delivery_s,
            incidents.next_recovery_s(self._state, self._programs, now),
            self._pinger.next_deadline(),
        )
        return min((at_s for at_s in deadlines if at_s is not None), default=None)

    def announce_stop(self) -> None:
        """Tell the service that notices silence that the supervisor is being stopped."""
        self._pinger.announce_stop(self._settings())

    def close(self) -> None:
        """Wait a moment for the results of a sender that is running. What is undelivered is kept on disk."""
        deadline_s = time.monotonic() + EXIT_TIMEOUT_S  # the supervisor's own clock stops with the event loop
        self._pinger.close(deadline_s)
        while self._run is not None:
            if select.select([self._run.fd], [], [], max(0.0, deadline_s - time.monotonic()))[0]:
                self._read_results(self._run)
            else:
                self._end(self._run, _("the supervisor has exited"))

    def _update_incidents(self, settings: Settings, now: Instant) -> None:
        before = self._state
        observation = Observation(self._programs, self._problems, self._free_bytes(), settings.alerts.disk_low_bytes)
        self._state = incidents.update(before, observation, tuple(self._names), now)
        for notification in self._state.queue:
            if notification.number >= before.next_number:
                self._log("info", _log_line(notification))
        if self._state != before or self._write_problem:
            self._write_state()

    # --- the sender ---

    def _send(self, batches: list[Batch], settings: Settings, now: Instant) -> None:
        urls_by_target = urls.identify(settings.alerts.urls)
        request = SendRequest(
            settings.language,
            make_origin(settings, self._config, self._paths),
            self._state.queue,
            tuple(TargetBatch(batch.target, urls_by_target[batch.target], batch.messages) for batch in batches),
        )
        try:
            child, fd = _start(COMMAND, msgspec.json.encode(request))
        except OSError as error:
            for batch in batches:
                text = _("cannot start the sender: %(why)s") % {"why": os_error_text(error)}
                self._record_failure(batch.target, text)
            return
        last_messages = {batch.target: batch.messages[-1] for batch in batches}
        run = self._run = _Run(child, fd, now.mono_s + SENDER_TIMEOUT_S, last_messages)
        self._selector.register(fd, selectors.EVENT_READ, lambda mask: self._read_results(run))

    def _read_results(self, run: _Run) -> None:
        data = os.read(run.fd, 65536)
        if not data:
            self._end(run, _("the sender exited without a result"))
            return
        *lines, run.unread = (run.unread + data).split(b"\n")
        try:
            for line in lines:
                self._record_result(run, msgspec.json.decode(line, type=DeliveryResult))
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._end(run, _("the output of the sender is invalid"))
        self._write_state()

    def _record_result(self, run: _Run, result: DeliveryResult) -> None:
        if result.problem is not None:
            for target in [result.target] if result.target else list(run.open):
                run.open.pop(target, None)
                self._record_failure(target, result.problem)
            return
        self._state = delivery.record_delivery(self._state, result.target, result.numbers, self._now())
        if self._retries.pop(result.target, None):
            self._log("info", _("alerts: delivery to %(target)s works again") % {"target": self._name(result.target)})
        if run.open.get(result.target) == result.numbers:
            del run.open[result.target]

    def _record_failure(self, target: str, problem: str) -> None:
        previous = self._retries.get(target)
        self._retries[target] = delivery.schedule_retry(previous, problem, self._now())
        if previous is None:
            text = _("alerts: delivery to %(target)s failed, will be retried: %(why)s")
            self._log("warning", text % {"target": self._name(target), "why": problem})

    def _end(self, run: _Run, problem: str) -> None:
        """End the run of the sender; messages without a result were not delivered, because of `problem`."""
        self._run = None
        self._selector.unregister(run.fd)
        os.close(run.fd)
        if procfs.is_alive(run.child):
            process.kill_tree(run.child, {})
        for target in run.open:
            self._record_failure(target, problem)

    def _name(self, target: str) -> str:
        return self._names.get(target, target)

    # --- the state directory ---

    def _free_bytes(self) -> int | None:
        try:
            stat = os.statvfs(self._paths.state_dir)
        except OSError:
            return None  # the journal reports the cause
        return stat.f_bavail * stat.f_frsize

    def _show_problem(self) -> None:
        failures = delivery.describe_failures(self._state, self._retries, self._names)
        own = [failures, self._write_problem, self._pinger.problem]
        if problem := "; ".join(text for text in own if text):
            self._problems[incidents.OWN_PROBLEM] = problem
        else:
            self._problems.pop(incidents.OWN_PROBLEM, None)

    def _read_state(self) -> AlertState:
        path = self._paths.alerts
        try:
            return msgspec.json.decode(read_regular(path, MAX_STATE_BYTES), type=AlertState)
        except FileNotFoundError:
            return AlertState()
        except OSError as error:
            problem = os_error_text(error)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            problem = _("the file is damaged")
        text = _("cannot read %(path)s: %(why)s; current incidents will be reported again")
        self._log("warning", text % {"path": path, "why": problem})
        return AlertState()

    def _write_state(self) -> None:
        """Write the state without a sync: after a power cut, an alert may be sent again."""
        path = self._paths.alerts
        new = path.with_suffix(".new")
        try:
            fd = open_regular(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            with open(fd, "wb") as file:
                file.write(msgspec.json.encode(self._state))
            new.replace(path)
        except OSError as error:
            problem = _("cannot write %(path)s: %(why)s") % {"path": path, "why": os_error_text(error)}
            if self._write_problem is None:
                self._log("error", problem)
            self._write_problem = problem
        else:
            self._write_problem = None


def _log_line(notification: Notification) -> str:
    incident = notification.incident
    subject = _(incident.subject) if incident.kind is Kind.PROBLEM else incident.subject
    text = _("alert: %(subject)s: resolved: %(kind)s") if notification.resolved else _("alert: %(subject)s: %(kind)s")
    return text % {"subject": subject, "kind": _(_NAMES[incident.kind])}


def _start(command: Sequence[str], request: bytes) -> tuple[ProcessId, int]:
    """Start a sender; return its identity, and the descriptor of its stdout. Raises OSError."""
    stdin = _unnamed_file(request)
    reader, writer = os.pipe()
    try:
        child = subprocess.Popen(
            command,
            env=sender_environ(os.environ),
            cwd="/",
            stdin=stdin,
            stdout=writer,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        os.close(reader)
        raise
    finally:
        os.close(stdin)
        os.close(writer)
    child.returncode = 0  # the event loop reaps it, not Popen
    return procfs.identify(child.pid) or ProcessId(child.pid, 0, procfs.boot_id()), reader


def _unnamed_file(data: bytes) -> int:
    """Return the descriptor of an unnamed file with `data`: a pipe may be full before the sender reads it."""
    if sys.platform == "linux":
        fd = os.memfd_create("stocksup-alerts", os.MFD_CLOEXEC)
    else:
        import tempfile

        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    with open(fd, "wb", closefd=False) as file:
        file.write(data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
