"""Runs the command `on_failed` of a program that has failed for good, as a process, for a limited time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Program
from supervisor.lifecycle.model import Reason
from supervisor.locale import _, reasons
from supervisor.processes import process, procfs

#: longest time that such a command runs, in seconds
TIMEOUT_S: Final = 60.0
#: longest reason in its environment, in characters
MAX_REASON_CHARS: Final = 2000

Log = Callable[[str, str], None]


class _Hook(NamedTuple):
    program: str
    #: None: it was killed
    deadline_s: float | None


class FailureHooks:
    """The running commands. A `Timer` of the event loop."""

    def __init__(
        self,
        paths: InstancePaths,
        environ: Callable[[str, Program], dict[str, str]],
        cwd: Callable[[Program], Path],
        log: Log,
        now_s: Callable[[], float],
    ) -> None:
        """`environ` and `cwd` return those of a program; `now_s` returns monotonic seconds."""
        self._paths = paths
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
        output = self._paths.state_dir / "logs" / f"{name}.on_failed.log"
        try:
            output.unlink(missing_ok=True)
            pid = process.spawn(program.on_failed, environ, self._cwd(program), output)
        except OSError as error:
            text = _("%(program)s: cannot run on_failed: %(why)s (%(path)s)")
            self._log("error", text % {"program": name, "why": error.strerror or error, "path": error.filename})
            return
        self._running[pid] = _Hook(name, self._now_s() + TIMEOUT_S)

    def on_exit(self, pid: int, code: int | None, signal_name: str | None) -> bool:
        """If `pid` is such a command, log a failure and return True."""
        if (hook := self._running.pop(pid, None)) is None:
            return False
        process.kill_descendants(pid, self._env_markers(hook.program))
        if code != 0:
            text = _("%(program)s: on_failed failed (%(exit)s); see %(path)s")
            output = self._paths.state_dir / "logs" / f"{hook.program}.on_failed.log"
            self._log("error", text % {"program": hook.program, "exit": signal_name or f"exit {code}", "path": output})
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

    def kill_all(self) -> None:
        """Kill all commands: the supervisor exits."""
        for pid, hook in self._running.items():
            self._kill(pid, hook)

    def _kill(self, pid: int, hook: _Hook) -> None:
        if (identity := procfs.identify(pid)) is not None:
            process.kill_tree(identity, self._env_markers(hook.program))

    def _env_markers(self, name: str) -> dict[str, str]:
        """Return the environment variables that identify the processes of a command."""
        return {"STOCKSUP_SOCKET": str(self._paths.socket), "STOCKSUP_ON_FAILED": name}
