"""Runs programs' checks, each as a process beside, and tells what it came to. Decides nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Program
from supervisor.lifecycle.model import Reason, text_reason
from supervisor.logs.masking import masked
from supervisor.processes import process

#: how much of a failed check's output is told
MAX_PROBLEM_CHARS: Final = 1500
MAX_PROBLEM_LINES: Final = 15

#: what a check is run for: each program has at most one check for each, at a time
RESTART: Final = "restart"
RELOAD: Final = "reload"


class Result(NamedTuple):
    """What a check came to."""

    #: why it failed, in its own words where it had some; None: it passed
    problem: Reason | None
    #: its exit code; None: it was ended by a signal, or could not be started
    code: int | None


Then = Callable[[Result], None]


class _Check(NamedTuple):
    name: str
    purpose: str
    then: Then
    #: whether what it says is kept
    is_heard: bool


class Checks:
    """The checks that run."""

    def __init__(
        self,
        place: InstancePaths,
        environ: Callable[[Program], dict[str, str]],
        cwd: Callable[[Program], Path],
        cannot_start: Callable[[str, tuple[str, ...], OSError], Reason],
    ) -> None:
        """Given are a program's environment and directory, and what is said about what cannot be started."""
        self._place = place
        self._environ = environ
        self._cwd = cwd
        self._cannot_start = cannot_start
        #: by pid; None: it was ended by us, and nobody is told
        self._running: dict[int, _Check | None] = {}

    def begin(self, name: str, program: Program, purpose: str, then: Then) -> None:
        """Start the check of the program `name`; `then` is called with what it comes to."""
        output = self._output(name, purpose)
        environ = {**self._environ(program), **self._marks(name, purpose)}
        try:
            pid, is_heard = self._spawn(program, environ, output)
        except OSError as error:
            then(Result(self._cannot_start(name, program.check, error), None))
            return
        self._running[pid] = _Check(name, purpose, then, is_heard)

    def end(self, name: str, purpose: str) -> None:
        """Kill the check, if it runs; nobody is told."""
        for pid, check in list(self._running.items()):
            if check is not None and check[:2] == (name, purpose) and (identity := process.identify(pid)):
                process.kill_tree(identity, self._marks(name, purpose))
                self._running[pid] = None

    def end_left(self, name: str) -> None:
        """Kill what an earlier supervisor's checks of `name` left behind."""
        for purpose in (RESTART, RELOAD):
            process.kill_remains(process.NOBODY, self._marks(name, purpose))

    def take(self, pid: int, code: int | None, signal_name: str | None) -> bool:
        """If `pid` was a check, tell what it came to and return True."""
        if pid not in self._running:
            return False
        check = self._running.pop(pid)
        if check is not None:
            process.kill_remains(pid, self._marks(check.name, check.purpose))
            problem = None if code == 0 else self._problem(check, code, signal_name)
            check.then(Result(problem, code))
        return True

    def _spawn(self, program: Program, environ: dict[str, str], output: Path) -> tuple[int, bool]:
        """Start a check; return its pid, and whether its output is kept: without, it is of use too. Raises OSError."""
        cwd = self._cwd(program)
        try:
            output.unlink(missing_ok=True)
            return process.spawn(program.check, environ, cwd, output), True
        except OSError as error:
            if error.filename != str(output):
                raise
        return process.spawn(program.check, environ, cwd, Path(os.devnull)), False

    def _marks(self, name: str, purpose: str) -> dict[str, str]:
        """Return the part of the environment by which everything that a check started can be found."""
        return {"STOCKSUP_SOCKET": str(self._place.socket), "STOCKSUP_CHECK": f"{name}:{purpose}"}

    def _output(self, name: str, purpose: str) -> Path:
        return self._place.state_dir / "logs" / f"{name}.{purpose}-check.log"

    def _problem(self, check: _Check, code: int | None, signal_name: str | None) -> Reason:
        """Return what a failed check wrote, as far as it fits."""
        exit_reason = Reason("signal", {"name": signal_name}) if signal_name else Reason("exit", {"code": code})
        silent = Reason("check_silent", {"exit": exit_reason})
        if not check.is_heard:
            return silent
        output = self._output(check.name, check.purpose)
        try:
            text = output.read_bytes()[-8 * MAX_PROBLEM_CHARS :].decode(errors="replace")
        except OSError as error:
            return Reason("cannot_read", {"path": str(output), "os_error": error.strerror or str(error)})
        # masked before it is cut: half a secret does not look like one
        lines = [line for line in masked(text).splitlines() if line.strip()][-MAX_PROBLEM_LINES:]
        return text_reason("\n".join(lines)[-MAX_PROBLEM_CHARS:]) if lines else silent
