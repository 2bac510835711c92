"""Checks programs before restarts and reloads: their commands, and their own checks, each as a process of its own."""

from __future__ import annotations

import os
import selectors
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Program
from supervisor.lifecycle.model import Reason, text_reason
from supervisor.logs.masking import mask_secrets
from supervisor.processes import commands, process, procfs
from supervisor.processes.listeners import Listeners
from supervisor.processes.output_tail import OutputTail

#: the part of the output of a failed check that is shown
MAX_PROBLEM_CHARS: Final = 1500
MAX_PROBLEM_LINES: Final = 15

#: what a check is for; each program runs at most one check for each purpose
RESTART: Final = "restart"
RELOAD: Final = "reload"
UPGRADE: Final = "upgrade"


class CheckResult(NamedTuple):
    """The result of a check."""

    #: why it failed, in the words of the check if it wrote any; None when it passed
    problem: Reason | None
    #: its exit code; None when a signal ended it or it could not be started
    code: int | None


Then = Callable[[CheckResult], None]


class _Check(NamedTuple):
    program: str
    purpose: str
    then: Then
    output: OutputTail


class Checks:
    """The running checks."""

    def __init__(
        self,
        paths: InstancePaths,
        selector: selectors.BaseSelector,
        environ: Callable[[str, Program], dict[str, str]],
        cwd: Callable[[Program], Path],
        spawn_error: Callable[[str, tuple[str, ...], OSError], Reason],
        listeners: Listeners,
    ) -> None:
        """`environ` and `cwd` return those of a program; `spawn_error` explains why a command cannot be started.

        `selector` is that of the event loop.
        """
        self._paths = paths
        self._selector = selector
        self._environ = environ
        self._cwd = cwd
        self._spawn_error = spawn_error
        self._listeners = listeners
        #: by pid; None for a check that was killed, whose result is not used
        self._running: dict[int, _Check | None] = {}

    def start(self, name: str, program: Program, purpose: str, then: Then) -> CheckResult | None:
        """Verify what a start of the program `name` needs, start its check, and call `then` with the result.

        Returns the result, and does not call `then`, if it is known at once: a command cannot be executed, a
        socket cannot be opened, or the program has no check.
        """
        environ = {**self._environ(name, program), **self._env_markers(name, purpose)}
        for command in filter(None, (program.command, program.check)):
            if (problem := commands.find_problem(name, command, environ, self._cwd(program))) is not None:
                return CheckResult(problem, None)
        if purpose == RESTART and (problem := self._listeners.find_problem(name, program.listen)) is not None:
            return CheckResult(problem, None)
        if not program.check:
            return CheckResult(None, None)
        try:
            pid, output = self._spawn(program, environ)
        except OSError as error:
            return CheckResult(self._spawn_error(name, program.check, error), None)
        self._running[pid] = _Check(name, purpose, then, output)
        return None

    def kill(self, name: str, purpose: str) -> None:
        """Kill the check. It has no result any more, even if it has already ended and was not reaped yet."""
        for pid, check in list(self._running.items()):
            if check is not None and check[:2] == (name, purpose):
                self._running[pid] = None
                check.output.close()
                if (identity := procfs.identify(pid)) is not None:
                    process.kill_tree(identity, self._env_markers(name, purpose))
                else:
                    process.kill_descendants(pid, self._env_markers(name, purpose))

    def kill_orphans(self, name: str) -> None:
        """Kill the checks of a program that an earlier supervisor left behind."""
        for purpose in (RESTART, RELOAD):
            process.kill_descendants(process.NO_PID, self._env_markers(name, purpose))

    def on_exit(self, pid: int, code: int | None, signal_name: str | None) -> bool:
        """If `pid` is a check, report its result and return True."""
        if pid not in self._running:
            return False
        check = self._running.pop(pid)
        if check is not None:
            process.kill_descendants(pid, self._env_markers(check.program, check.purpose))
            output = check.output.close()
            problem = None if code == 0 else _problem(output, code, signal_name)
            check.then(CheckResult(problem, code))
        return True

    def _spawn(self, program: Program, environ: dict[str, str]) -> tuple[int, OutputTail]:
        """Start a check; return its pid and its output. Raises OSError."""
        output = OutputTail(self._selector)
        try:
            return process.spawn_into(program.check, environ, self._cwd(program), output.writer), output
        except OSError:
            output.close()
            raise
        finally:
            os.close(output.writer)

    def _env_markers(self, name: str, purpose: str) -> dict[str, str]:
        """Return the environment variables that identify all processes of a check."""
        return {"STOCKSUP_SOCKET": str(self._paths.socket), "STOCKSUP_CHECK": f"{name}:{purpose}"}


def _problem(output: str, code: int | None, signal_name: str | None) -> Reason:
    """Return the last lines of what a failed check wrote."""
    # masked before it is cut, because half a secret does not match the patterns
    lines = [line for line in mask_secrets(output).splitlines() if line.strip()][-MAX_PROBLEM_LINES:]
    if lines:
        return text_reason("\n".join(lines)[-MAX_PROBLEM_CHARS:])
    exit_reason = Reason("signal", {"name": signal_name}) if signal_name else Reason("exit", {"code": code})
    return Reason("check_silent", {"exit": exit_reason})
