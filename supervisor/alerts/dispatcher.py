"""Carries alerts out: keeps the book on disk, starts the sender, hears what came of it. Decides nothing.

The sender is a process of its own. It is told by stdin what to send and answers by lines on stdout; the loop waits for
neither. If the supervisor is killed meanwhile, the sender ends after the message that it is about, and the next
supervisor sends what was not answered for: at most that one message comes twice.
"""

from __future__ import annotations

import os
import select
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from supervisor.alerts import incidents as alerts
from supervisor.alerts import urls as alert_addresses
from supervisor.alerts.incidents import AlertState, Batch, Kind, Observation, Retry
from supervisor.alerts.messages import DeliveryResult, Origin, SendRequest, TargetBatch
from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Settings
from supervisor.lifecycle.model import Instant, ProcessId, ProgramState
from supervisor.locale import N_, _
from supervisor.locale.third_party import os_error_text
from supervisor.processes import process, procfs

#: how long one run of the sender may take
SENDER_TIMEOUT_S: Final = 180.0
#: how long a supervisor that leaves waits for it
LAST_WAIT_S: Final = 5.0
COMMAND: Final = (sys.executable, "-P", "-m", "supervisor.alerts.sender")

#: what of the environment the sender needs to reach the world; above all, no program's token is in there
_HANDED_ON: Final = frozenset(
    {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"}
)


def environ(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a sender: with the ways through a proxy, without anything secret."""
    return {name: value for name, value in inherited.items() if name in _HANDED_ON or name.lower().endswith("_proxy")}


def scene(settings: Settings, config: Path, place: InstancePaths) -> Origin:
    """Return what alerts say about where they come from."""
    return Origin(os.uname().nodename, str(config), str(place.state_dir), settings.timezone)


#: what a matter is called in the log
_NAMES: Final = {
    Kind.CRASH_LOOP: N_("crash loop"),
    Kind.FATAL: N_("given up"),
    Kind.REFUSED: N_("refused"),
    Kind.DISK_LOW: N_("nearly full"),
    Kind.TROUBLE: N_("cannot be used"),
}


class _Run(msgspec.Struct):
    """A sender at work."""

    child: ProcessId
    #: its stdout
    fd: int
    #: until when it has to be done, in seconds of `Instant.mono_s`
    until_s: float
    #: the last message to each address that it has not said the last word about
    open: dict[str, tuple[int, ...]]
    said: bytes = b""


class AlertDispatcher:
    """The alerts of one instance."""

    def __init__(
        self,
        place: InstancePaths,
        config: Path,
        selector: selectors.BaseSelector,
        note: Callable[[str, str], None],
        now: Callable[[], Instant],
        programs: Mapping[str, ProgramState],
        problems: dict[str, str],
        settings: Callable[[], Settings],
    ) -> None:
        """Read the state that an earlier supervisor left.

        `note` takes a level and a line for the log. `programs`, `problems` and `settings` are the present ones.
        """
        self._programs = programs
        self._problems = problems
        self._settings = settings
        self._place = place
        self._config = config
        self._selector = selector
        self._note = note
        self._now = now
        #: addresses that take nothing; a new supervisor tries them at once
        self._retries: dict[str, Retry] = {}
        #: what the addresses may be called
        self._shown: dict[str, str] = {}
        self._run: _Run | None = None
        #: why the book could not be written
        self._unkept: str | None = None
        self._book = self._read()

    def run_due(self) -> None:
        """Record what is new, send what can be sent, and update the entry about alerts in the problems."""
        programs, problems, settings = self._programs, self._problems, self._settings()
        if not settings.alerts.urls and self._book == AlertState():
            return
        now, before = self._now(), self._book
        self._shown = alert_addresses.shown(settings.alerts.urls)
        self._retries = {one: retry for one, retry in self._retries.items() if one in self._shown}
        seen = Observation(programs, problems, self._free_bytes(), settings.alerts.disk_low_bytes)
        self._book = alerts.look(before, seen, tuple(self._shown), now)
        for alert in self._book.waiting:
            if alert.number >= before.next_number:
                text = _("alert: %(subject)s: over: %(kind)s") if alert.over else _("alert: %(subject)s: %(kind)s")
                subject = _(alert.matter.subject) if alert.matter.kind is Kind.TROUBLE else alert.matter.subject
                self._note("info", text % {"subject": subject, "kind": _(_NAMES[alert.matter.kind])})
        if self._book != before or self._unkept:
            self._keep()
        if self._run is not None and now.mono_s >= self._run.until_s:
            self._end(self._run, _("the sender took longer than %(limit_s)g s") % {"limit_s": SENDER_TIMEOUT_S})
        if self._run is None and (parcels := alerts.parcels(self._book, self._retries, now)):
            self._send(parcels, settings, now)
        self._show(problems)

    def next_deadline(self) -> float | None:
        """Return when `run_due` has to be called, in seconds of `Instant.mono_s`; None for never."""
        now = self._now()
        send_s = self._run.until_s if self._run else alerts.send_due_s(self._book, self._retries, now)
        due = (send_s, alerts.recovery_due_s(self._book, self._programs, now))
        return min((at for at in due if at is not None), default=None)

    def close(self) -> None:
        """Give a sender that is at work a moment to say what came of it. What still waits is kept."""
        until_s = time.monotonic() + LAST_WAIT_S  # ours stands still while the loop does not turn
        while self._run is not None:
            if select.select([self._run.fd], [], [], max(0.0, until_s - time.monotonic()))[0]:
                self._hear(self._run)
            else:
                self._end(self._run, _("the supervisor has left"))

    # --- the sender ---

    def _send(self, parcels: list[Batch], settings: Settings, now: Instant) -> None:
        urls = alert_addresses.identify(settings.alerts.urls)
        order = SendRequest(
            settings.language,
            scene(settings, self._config, self._place),
            self._book.waiting,
            tuple(TargetBatch(one.address, urls[one.address], one.messages) for one in parcels),
        )
        try:
            child, fd = _start(msgspec.json.encode(order))
        except OSError as error:
            for parcel in parcels:
                self._failed(parcel.address, _("cannot start the sender: %(why)s") % {"why": os_error_text(error)})
            return
        run = _Run(child, fd, now.mono_s + SENDER_TIMEOUT_S, {one.address: one.messages[-1] for one in parcels})
        self._run = run
        self._selector.register(fd, selectors.EVENT_READ, lambda mask: self._hear(run))

    def _hear(self, run: _Run) -> None:
        data = os.read(run.fd, 65536)
        if not data:
            self._end(run, _("the sender ended without a word"))
            return
        *lines, run.said = (run.said + data).split(b"\n")
        try:
            for line in lines:
                self._take(run, msgspec.json.decode(line, type=DeliveryResult))
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._end(run, _("the sender says what nobody understands"))
        self._keep()

    def _take(self, run: _Run, receipt: DeliveryResult) -> None:
        """Note what came of one message."""
        if receipt.problem is not None:
            for address in [receipt.address] if receipt.address else list(run.open):
                run.open.pop(address, None)
                self._failed(address, receipt.problem)
            return
        self._book = alerts.taken(self._book, receipt.address, receipt.numbers, self._now())
        if self._retries.pop(receipt.address, None):
            self._note("info", _("alerts: %(address)s takes them again") % {"address": self._name(receipt.address)})
        if run.open.get(receipt.address) == receipt.numbers:
            del run.open[receipt.address]

    def _failed(self, address: str, problem: str) -> None:
        before = self._retries.get(address)
        self._retries[address] = alerts.failed(before, problem, self._now())
        if before is None:
            text = _("alerts: %(address)s does not take them: %(why)s; they are kept and tried again")
            self._note("warning", text % {"address": self._name(address), "why": problem})

    def _end(self, run: _Run, problem: str) -> None:
        """Be done with this sender; what it has said nothing about was not sent, because of `problem`."""
        self._run = None
        self._selector.unregister(run.fd)
        os.close(run.fd)
        if procfs.is_alive(run.child):
            process.kill_tree(run.child, {})
        for address in run.open:
            self._failed(address, problem)

    def _name(self, address: str) -> str:
        return self._shown.get(address, address)

    # --- what is known of the world ---

    def _free_bytes(self) -> int | None:
        try:
            found = os.statvfs(self._place.state_dir)
        except OSError:
            return None  # whoever writes there will say so
        return found.f_bavail * found.f_frsize

    def _show(self, problems: dict[str, str]) -> None:
        own = [alerts.own_trouble(self._book, self._retries, self._shown), self._unkept]
        if told := "; ".join(problem for problem in own if problem):
            problems[alerts.OWN_TROUBLE] = told
        else:
            problems.pop(alerts.OWN_TROUBLE, None)

    def _read(self) -> AlertState:
        path = self._place.alerts
        try:
            return msgspec.json.decode(path.read_bytes(), type=AlertState)
        except FileNotFoundError:
            return AlertState()
        except OSError as error:
            why = os_error_text(error)
        except (msgspec.DecodeError, UnicodeDecodeError):
            why = _("it is damaged")
        self._note("warning", _("cannot read %(path)s: %(why)s; begun anew") % {"path": path, "why": why})
        return AlertState()

    def _keep(self) -> None:
        """Write the book. The loop does not wait for the disk: what a power cut takes is told again, or is over."""
        path = self._place.alerts
        fresh = path.with_suffix(".new")
        try:
            fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(fd, "wb") as file:
                file.write(msgspec.json.encode(self._book))
            fresh.replace(path)
        except OSError as error:
            if self._unkept is None:
                self._note("error", _("cannot write %(path)s: %(why)s") % {"path": path, "why": os_error_text(error)})
            self._unkept = _("cannot write %(path)s: %(why)s") % {"path": path, "why": os_error_text(error)}
        else:
            self._unkept = None


def _start(order: bytes) -> tuple[ProcessId, int]:
    """Start a sender; return it, and the descriptor of its stdout. Raises OSError."""
    stdin = _in_memory(order)
    reader, writer = os.pipe()
    try:
        child = subprocess.Popen(
            COMMAND,
            env=environ(os.environ),
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
    child.returncode = 0  # so that nobody but the loop waits for it
    return procfs.identify(child.pid) or ProcessId(child.pid, 0, procfs.boot_id()), reader


def _in_memory(data: bytes) -> int:
    """Return the descriptor of a file that holds `data` and has no name: a pipe might be full before it is read."""
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
