"""Upgrades the running supervisor to the code that is installed now, and restarts the programs that come with it.

1. A child proves that the new code loads and can read what it needs (`proof`). If it does not, nothing changes.
2. This process executes the new code. Pid, lock and sockets stay, and the programs stay its children. This step cannot
   be undone. An image that fails after it tries again, each time with the files that are there then (`hook`); meanwhile
   the programs run.
3. The new supervisor requests the restart of the programs that come with stocksup. Each is a restart as any other: a
   program whose new code does not start keeps running, or is started again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

import supervisor
from supervisor.client import EXIT_BAD_CONFIG, PROTOCOL_VERSION
from supervisor.config.files import LoadedFiles, code_fingerprint
from supervisor.config.settings import DEFAULTS, Program
from supervisor.daemon.persistence import Persistence
from supervisor.daemon.reexec.hook import PROVE, UPGRADED, reexec_argv
from supervisor.daemon.reloader import Refusal, Reloader
from supervisor.daemon.sd_notify import SystemdNotifier
from supervisor.lifecycle import events
from supervisor.lifecycle.model import DesiredState, Instant, ProgramState, Reason, State
from supervisor.locale import _, reasons
from supervisor.locale.third_party import os_error_remedy, os_error_text
from supervisor.processes.checks import UPGRADE, CheckResult, Checks

#: how long the proof may take, in seconds
PROOF_TIMEOUT_S: Final = 60.0
#: how long the new supervisor waits for the programs to connect again, in seconds: without a connection there is no
#: hand-over
CONNECT_TIMEOUT_S: Final = 5.0
#: the name of its check; no program has it
_NAME: Final = "supervisor"
_PACKAGE: Final = Path(supervisor.__file__).parent

#: called with why nothing has changed, or with None right before the new code takes over
Then = Callable[[Refusal | None], None]


class Host(Protocol):
    """The runner, as far as an upgrade concerns it."""

    programs: dict[str, ProgramState]
    persistence: Persistence
    reloader: Reloader
    notifier: SystemdNotifier

    def post(self, name: str, event: events.Event) -> None:
        """Post an event to a program."""

    def hand_over(self) -> dict[str, str]:
        """Return the options for a re-exec."""


class Request(msgspec.Struct, frozen=True):
    """What the new supervisor is told about its upgrade."""

    #: the version before
    from_version: str
    requested_by: str


class _Attempt(msgspec.Struct):
    """The upgrade that is under way."""

    request: Request
    then: Then
    #: of the files that are proved
    fingerprint: int | None
    deadline_s: float
    is_proved: bool = False


class _Followup(msgspec.Struct, frozen=True):
    """What is still to be done after an upgrade."""

    option: str
    request: Request
    #: the lives that were running the old code, by program
    lives: dict[str, int]
    left: list[str]
    deadline_s: float


class Upgrader:
    """Runs one upgrade at a time. A timer of the event loop."""

    def __init__(
        self,
        host: Host,
        checks: Checks,
        log: Callable[[str, str], None],
        now: Callable[[], Instant],
    ) -> None:
        """`log` takes a level and a line."""
        self._host = host
        self._checks = checks
        self._log = log
        self._now = now
        #: executes the new code with options; returns only with an OSError
        self.execute: Callable[[Mapping[str, str]], None] = lambda options: None
        #: the upgrade that started this supervisor, as in `status --json`; None until its restarts are requested
        self.upgraded: dict[str, Any] | None = None
        self._files = LoadedFiles(_PACKAGE)
        self._has_warned = False
        self._attempt: _Attempt | None = None
        self._followup: _Followup | None = None

    def have_files_changed(self) -> bool:
        """Return whether this supervisor runs other code than is installed; log it once."""
        changed = self._files.have_changed()
        if changed and not self._has_warned:
            self._log("warning", _("supervisor: its files have changed since it started; run: stocksup upgrade"))
        self._has_warned = changed
        return changed

    # --- before ---

    def request(self, requested_by: str, then: Then) -> None:
        """Prove the installed code, then execute it."""
        if (refusal := self._find_obstacle()) is not None:
            self._refuse(refusal, then)
            return
        request = Request(supervisor.__version__, requested_by)
        text = _("supervisor: upgrade requested (version %(version)s, by %(name)s)")
        self._log("info", text % {"version": request.from_version, "name": requested_by})
        self._attempt = _Attempt(request, then, code_fingerprint(_PACKAGE), self._now().mono_s + PROOF_TIMEOUT_S)
        try:
            self._host.persistence.rewrite()  # the new code must find everything on the disk, and is to read every line
            result = self._start_proof()
        except OSError as error:
            text = _("cannot use %(path)s: %(why)s; %(remedy)s, then run stocksup upgrade again")
            params = {"path": error.filename, "why": os_error_text(error), "remedy": os_error_remedy(error)}
            self._end(Refusal("upgrade_failed", text % params))
            return
        if result is not None:
            self._on_proof(result)

    def next_deadline(self) -> float | None:
        """Return when the proof times out, or the wait for the programs ends; see `Timer`."""
        waiting = self._attempt or self._followup
        return None if waiting is None else waiting.deadline_s

    def run_due(self) -> None:
        """Take over if the code is proved, or kill a proof that takes too long; finish an upgrade."""
        attempt, followup = self._attempt, self._followup
        if followup is not None:
            programs, is_late = self._host.programs, self._now().mono_s >= followup.deadline_s
            if is_late or all(_is_connected(programs.get(name), life) for name, life in followup.lives.items()):
                self._request_restarts(followup)
        if attempt is None or self._now().mono_s < attempt.deadline_s:
            return
        if attempt.is_proved:
            self._take_over(attempt)
            return
        self._checks.kill(_NAME, UPGRADE)
        self._on_proof(CheckResult(Reason("check_timeout", {"time_s": PROOF_TIMEOUT_S}), None))

    def cancel(self) -> None:
        """Refuse the upgrade because the supervisor shuts down."""
        self._followup = None
        if self._attempt is not None:
            self._checks.kill(_NAME, UPGRADE)
            self._end(Refusal("shutting_down", _("the supervisor is shutting down")))

    def _find_obstacle(self) -> Refusal | None:
        """Return why an upgrade would interrupt something else, or None."""
        if self._attempt is not None or self._followup is not None:
            return Refusal("busy", _("another upgrade is under way; see stocksup logs supervisor"))
        return self._find_work_in_progress()

    def _find_work_in_progress(self) -> Refusal | None:
        if self._host.reloader.waiting:
            return Refusal("busy", _("a reload is under way; run stocksup upgrade again when it has ended"))
        for name, state in self._host.programs.items():
            if state.restart is not None:
                text = _("%(program)s is being restarted; run stocksup upgrade again when that has ended")
                return Refusal("busy", text % {"program": name})
        return None

    def _start_proof(self) -> CheckResult | None:
        """Start the command line of the next process image as a child that only proves it. Raises OSError."""
        os.stat(sys.executable)
        argv = (sys.executable, *reexec_argv(sys.orig_argv, 0, {PROVE: str(PROTOCOL_VERSION)})[1:])
        proof = Program(command=argv, check=argv, cwd=os.getcwd())
        return self._checks.start(_NAME, proof, UPGRADE, self._on_proof)

    def _on_proof(self, result: CheckResult) -> None:
        assert self._attempt is not None
        if result.problem is None:
            # from the event loop, when everything that has arrived is handled
            self._attempt.is_proved, self._attempt.deadline_s = True, self._now().mono_s
            return
        text = _(
            "the new code cannot take over: %(problem)s; version %(version)s keeps running; correct the installation "
            "(make setup, or pip install), then run stocksup upgrade again"
        )
        if result.code == EXIT_BAD_CONFIG:
            text = _("the new code refuses the configuration: %(problem)s; version %(version)s keeps running")
        params = {"problem": reasons.describe(result.problem), "version": self._attempt.request.from_version}
        self._end(Refusal("bad_config" if result.code == EXIT_BAD_CONFIG else "upgrade_failed", text % params))

    def _take_over(self, attempt: _Attempt) -> None:
        refusal = self._find_work_in_progress()
        if code_fingerprint(_PACKAGE) != attempt.fingerprint:
            text = _("the files have changed again while they were checked; run stocksup upgrade again")
            refusal = Refusal("busy", text)
        if refusal is not None:
            self._end(refusal)
            return
        self._log("info", _("supervisor: executing the new code"))
        self._host.notifier.begin_reload()  # the new image ends it with READY=1
        try:
            options = {**self._host.hand_over(), UPGRADED: msgspec.json.encode(attempt.request).decode()}
            attempt.then(None)
            self.execute(options)
        except OSError as error:
            # the requester sees that this supervisor still runs
            text = _("supervisor: not upgraded (cannot execute the new code: %(why)s)")
            self._log("error", text % {"why": os_error_text(error)})
            self._host.notifier.end_reload()
            self._attempt = None

    def _end(self, refusal: Refusal) -> None:
        attempt, self._attempt = self._attempt, None
        assert attempt is not None
        self._refuse(refusal, attempt.then)

    def _refuse(self, refusal: Refusal, then: Then) -> None:
        self._log("error", _("supervisor: not upgraded (%(problem)s)") % {"problem": refusal.problem})
        then(refusal)

    # --- after ---

    def finish(self, option: str) -> None:
        """Request the restarts, in the image that was executed with `option`, as soon as the programs are connected."""
        lives, left = choose_programs(self._host.programs)
        deadline_s = self._now().mono_s + CONNECT_TIMEOUT_S
        self._followup = _Followup(option, msgspec.json.decode(option, type=Request), lives, left, deadline_s)

    def hand_over(self) -> dict[str, str]:
        """Return the option for a re-exec before the restarts are requested."""
        return {} if self._followup is None else {UPGRADED: self._followup.option}

    def _request_restarts(self, followup: _Followup) -> None:
        self._followup, request = None, followup.request
        programs = self._host.programs
        # a program that has been started since then runs the new code
        restarts = {
            name: life
            for name, life in followup.lives.items()
            if name in programs and programs[name].life.number == life and programs[name].desired is DesiredState.UP
        }
        reason = Reason("upgraded", {"version": supervisor.__version__})
        for name in restarts:
            self._host.post(name, events.RestartRequested(reason, request.requested_by))
        text = _("supervisor: upgraded (version %(old)s to %(new)s, requested by %(name)s)")
        params = {"old": request.from_version, "new": supervisor.__version__, "name": request.requested_by}
        self._log("info", text % params)
        self.upgraded = {
            "from": request.from_version, "requested_by": request.requested_by, "restarts": restarts,
            "left": followup.left,
        }  # fmt: skip


def _is_connected(state: ProgramState | None, life: int) -> bool:
    """Return whether the life is connected, or will never be."""
    return state is None or state.life.number != life or state.life.linked or not state.life.was_linked


def choose_programs(programs: Mapping[str, ProgramState]) -> tuple[dict[str, int], list[str]]:
    """Return the running programs to restart for new code, with the number of their life, and the other ones. Pure.

    Those are the programs that come with stocksup, and programs that can hand over, which notice nothing. The code of
    other programs has not changed.
    """
    ours = [program.command for program in DEFAULTS.values()]
    running = {
        name: state
        for name, state in programs.items()
        if state.desired is DesiredState.UP and state.state in (State.STARTING, State.RUNNING)
    }
    lives = {
        name: state.life.number
        for name, state in running.items()
        if state.settings.handover or state.settings.command in ours
    }
    return lives, [name for name in running if name not in lives]
