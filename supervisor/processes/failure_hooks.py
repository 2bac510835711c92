"""Runs the command `on_failed` of a program that has failed for good, as a process, for a limited time."""

from __future__ import annotations

import json
import os
import selectors
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Program
from supervisor.lifecycle.model import Reason
from supervisor.locale import _, reasons
from supervisor.logs.masking import mask_secrets
from supervisor.processes import process, procfs
from supervisor.processes.output_tail import OutputTail

#: longest time that such a command runs, in seconds
TIMEOUT_S: Final = 60.0
#: longest reason in its environment, in characters
MAX_REASON_CHARS: Final = 2000
#: longest line of its output in the log, in characters
MAX_LINE_CHARS: Final = 500

Log = Callable[[str, str], None]


class _Hook(NamedTuple):
    program: str
    output: OutputTail
    #: None: it was killed
    deadline_s: float | None
    #: whether its program is started again, so that its report would be out of date
    is_outdated: bool = False


class FailureHooks:
    """The running commands. A `Timer` of the event loop."""

    def __init__(
        self,
        paths: InstancePaths,
        selector: selectors.BaseSelector,
        environ: Callable[[str, Program], dict[str, str]],
        cwd: Callable[[Program], Path],
        log: Log,
        now_s: Callable[[], float],
    ) -> None:
        """`environ` and `cwd` return those of a program; `now_s` returns monotonic seconds.

        `selector` is that of the event loop.
        """
        self._paths = paths
        self._selector = selector
        self._environ = environ
        self._cwd = cwd
        self._log = log
        self._now_s = now_s
        #: by pid
        self._running: dict[int, _Hook] = {}

    def start(self, name: str, program: Program, life: int, reason: Reason, ticket: Any) -> None:
        """Start the command of the program `name`, whose life `life` was its last. A failure is logged.

        Args:
            name: the name of the program.
            program: its settings.
            life: the number of the last life.
            reason: why the supervisor gave up.
            ticket: what the requester of a failed restart left for the next life, or None.
        """
        environ = {
            **self._environ(name, program),
            **self._env_markers(name),
            "STOCKSUP_PROGRAM": name,
            "STOCKSUP_FAILED_LIFE": str(life),
            "STOCKSUP_FAILED_CODE": reason.code,
            "STOCKSUP_FAILED_REASON": reasons.describe(reason).replace("\0", "")[:MAX_REASON_CHARS],
            "STOCKSUP_FAILED_TICKET": json.dumps(ticket),
        }
        try:
            pid, output = self._spawn(program, environ)
        except OSError as error:
            text = _("%(program)s: cannot run on_failed: %(why)s (%(path)s)")
            self._log("error", text % {"program": name, "why": error.strerror or error, "path": error.filename})
            return
        self._running[pid] = _Hook(name, output, self._now_s() + TIMEOUT_S)

    def on_exit(self, pid: int, code: int | None, signal_name: str | None) -> bool:
        """If `pid` is such a command, log a failure and return True."""
        if (hook := self._running.pop(pid, None)) is None:
            return False
        process.kill_descendants(pid, self._env_markers(hook.program))
        lines = mask_secrets(hook.output.close()).strip().splitlines() or [_("it wrote nothing")]
        if code != 0 and not hook.is_outdated:
            text = _("%(program)s: on_failed failed (%(exit)s): %(why)s")
            exit_text = signal_name or f"exit {code}"
            self._log("error", text % {"program": hook.program, "exit": exit_text, "why": lines[-1][:MAX_LINE_CHARS]})
        return True

    def next_deadline(self) -> float | None:
        """Return when the next command has run too long; see `Timer`."""
        return min((hook.deadline_s for hook in self._running.values() if hook.deadline_s is not None), default=None)

    def run_due(self) -> None:
        """Kill the commands that have run too long."""
        for pid, hook in self._running.items():
            if hook.deadline_s is not None and self._now_s() >= hook.deadline_s:
                self._kill(pid, hook)
                self._running[pid] = hook._replace(deadline_s=None)

    def kill_outdated(self, name: str) -> None:
        """Kill the commands of the program `name`, because it is about to be started again."""
        for pid, hook in self._running.items():
            if hook.program == name:
                self._kill(pid, hook)
                self._running[pid] = hook._replace(deadline_s=None, is_outdated=True)

    def kill_all(self) -> None:
        """Kill all commands: the supervisor exits."""
        for pid, hook in self._running.items():
            self._kill(pid, hook)

    def _spawn(self, program: Program, environ: dict[str, str]) -> tuple[int, OutputTail]:
        """Start the command; return its pid and its output. Raises OSError."""
        output = OutputTail(self._selector)
        try:
            return process.spawn_into(program.on_failed, environ, self._cwd(program), output.writer), output
        except OSError:
            output.close()
            raise
        finally:
            os.close(output.writer)

    def _kill(self, pid: int, hook: _Hook) -> None:
        if (identity := procfs.identify(pid)) is not None:
            process.kill_tree(identity, self._env_markers(hook.program))

    def _env_markers(self, name: str) -> dict[str, str]:
        """Return the environment variables that identify the processes of a command."""
        return {"STOCKSUP_SOCKET": str(self._paths.socket), "STOCKSUP_ON_FAILED": name}
