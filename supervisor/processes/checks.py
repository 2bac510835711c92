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

#: the part of the output of a failed check that is shown
MAX_PROBLEM_CHARS: Final = 1500
MAX_PROBLEM_LINES: Final = 15
#: bytes of the output that are kept, and that are read at a time
KEPT_BYTES: Final = 8 * MAX_PROBLEM_CHARS
READ_BYTES: Final = 64 * 1024
#: reads after the end of a check: more than a pipe can hold
LAST_READS: Final = 32

#: what a check is for; each program runs at most one check for each purpose
RESTART: Final = "restart"
RELOAD: Final = "reload"


class CheckResult(NamedTuple):
    """The result of a check."""

    #: why it failed, in the words of the check if it wrote any; None when it passed
    problem: Reason | None
    #: its exit code; None when a signal ended it or it could not be started
    code: int | None


Then = Callable[[CheckResult], None]


class CheckOutput:
    """The end of what a check writes: a pipe, of which only so much is kept as is shown."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        """Have `selector` read the pipe. Raises OSError."""
        self._selector = selector
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._tail = b""
        selector.register(self._reader, selectors.EVENT_READ, lambda mask: self._read())

    def _read(self) -> bool:
        """Read what there is, at most a part; return whether there was anything."""
        try:
            data = os.read(self._reader, READ_BYTES)
        except BlockingIOError:
            return False
        self._tail = (self._tail + data)[-KEPT_BYTES:]
        if not data and self._reader in self._selector.get_map():
            self._selector.unregister(self._reader)
        return bool(data)

    def close(self) -> str:
        """Close the pipe; return the end of what was written."""
        for _part in range(LAST_READS):
            if not self._read():
                break  # a process that has left the check may write for ever
        if self._reader in self._selector.get_map():
            self._selector.unregister(self._reader)
        os.close(self._reader)
        return self._tail.decode(errors="replace")


class _Check(NamedTuple):
    program: str
    purpose: str
    then: Then
    output: CheckOutput


class Checks:
    """The running checks."""

    def __init__(
        self,
        paths: InstancePaths,
        selector: selectors.BaseSelector,
        environ: Callable[[str, Program], dict[str, str]],
        cwd: Callable[[Program], Path],
        spawn_error: Callable[[str, tuple[str, ...], OSError], Reason],
    ) -> None:
        """`environ` and `cwd` return those of a program; `spawn_error` explains why a command cannot be started.

        `selector` is that of the event loop.
        """
        self._paths = paths
        self._selector = selector
        self._environ = environ
        self._cwd = cwd
        self._spawn_error = spawn_error
        #: by pid; None for a check that was killed, whose result is not used
        self._running: dict[int, _Check | None] = {}

    def start(self, name: str, program: Program, purpose: str, then: Then) -> CheckResult | None:
        """Verify the command of the program `name`, start its check, and call `then` with the result when it has ended.

        Returns the result, and does not call `then`, if it is known at once: a command cannot be executed, or the
        program has no check.
        """
        environ = {**self._environ(name, program), **self._env_markers(name, purpose)}
        for command in filter(None, (program.command, program.check)):
            if (problem := commands.find_problem(name, command, environ, self._cwd(program))) is not None:
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

    def _spawn(self, program: Program, environ: dict[str, str]) -> tuple[int, CheckOutput]:
        """Start a check; return its pid and its output. Raises OSError."""
        output = CheckOutput(self._selector)
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
