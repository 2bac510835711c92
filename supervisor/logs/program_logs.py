"""The log files of programs: rotates them, and asks lives to open the new file.

A life goes on writing into the file that it has open, even after the file was renamed, so no line is lost. The
supervisor asks it to open the new file (`reopen`) and does not rotate again before it has. A program that cannot do
that gets a new file with its next life.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Logs
from supervisor.lifecycle.model import ProgramState
from supervisor.locale import _
from supervisor.locale.third_party import os_error_text
from supervisor.logs import journald, rotation, writer

#: error code of a program that does not support `reopen`
_UNKNOWN_OP: Final = "unknown_op"


class ProgramLogs:
    """The current log file of each program."""

    def __init__(
        self,
        paths: InstancePaths,
        settings: Logs,
        request_reopen: Callable[[str, Callable[[bool, str | None], None]], bool],
        log: Callable[[str, str], None],
        *,
        to_journal: bool,
    ) -> None:
        """Keep the logs of all programs.

        Args:
            paths: the files of the instance.
            settings: when to rotate, and the format of the lines.
            request_reopen: sends `reopen` to the life of a program, whose answer it passes on as success and error
                code; returns whether a life is connected.
            log: takes a level and a line.
            to_journal: whether programs write to systemd's journal as well.
        """
        self.settings = settings
        self._paths = paths
        self._to_journal = to_journal
        self._request_reopen = request_reopen
        self._log = log
        #: the life of each program that is known to write into the current file
        self._writers: dict[str, int] = {}
        #: the life of each program that does not support `reopen`
        self._unsupported: dict[str, int] = {}
        #: programs that have not answered `reopen` yet
        self._requested: set[str] = set()
        self._heads: dict[str, rotation.FileHead] = {}
        #: programs whose log cannot be rotated, which is logged once
        self._failed: set[str] = set()

    def begin_life(self, state: ProgramState) -> Path:
        """Return the log file for a life that is about to be spawned, rotated if that is due."""
        if self._is_due(state.name):
            self._rotate(state.name)
        self._writers[state.name] = state.life.number
        self.write_marker(state, "starts")
        return self._paths.log_of(state.name)

    def environ(self, output: Path) -> dict[str, str]:
        """Return the environment variables about the log of a life."""
        as_json = {"STOCKSUP_LOG_FORMAT": "json"} if self.settings.format == "json" else {}
        journal = {"STOCKSUP_JOURNAL": journald.SOCKET} if self._to_journal else {}
        return {"STOCKSUP_LOG_FILE": str(output), **as_json, **journal}

    def on_heartbeat(self, state: ProgramState) -> None:
        """Rotate the log of a connected life if that is due, and ask the life to open the new file."""
        name, life = state.name, state.life.number
        if name in self._requested or self._unsupported.get(name) == life:
            return
        if self._writers.get(name) == life:
            if not self._is_due(name) or not self._rotate(name):
                return
            self.write_marker(state, "goes on")
            self._writers.pop(name)
        self._requested.add(name)
        if not self._request_reopen(name, lambda is_ok, code: self._on_answer(name, life, is_ok, code)):
            self._requested.discard(name)

    def write_marker(self, state: ProgramState, event: str) -> None:
        """Write a marker about the current life into the log of the program."""
        path = self._paths.log_of(state.name)
        try:
            writer.append_marker(path, self.settings, f"life {state.life.number} of {state.name} {event}")
        except OSError as error:
            self._log("warning", _("cannot write %(path)s: %(why)s") % {"path": path, "why": os_error_text(error)})

    def _on_answer(self, name: str, life: int, is_ok: bool, code: str | None) -> None:
        self._requested.discard(name)
        if is_ok:
            self._writers[name] = life
        elif code == _UNKNOWN_OP:
            self._unsupported[name] = life
        # after other errors the next heartbeat asks again

    def _is_due(self, name: str) -> bool:
        path = self._paths.log_of(name)
        try:
            size_bytes = path.stat().st_size
            if name not in self._heads:
                self._heads[name] = writer.read_head(path)
        except FileNotFoundError:
            if not path.parent.is_dir():
                return False  # no life could create a file there
            # somebody has moved the file: the life that writes there has to open a new one
            self._writers.pop(name, None)
            self._heads.pop(name, None)
            return False
        except OSError as error:
            return self._report_failure(name, error)
        return rotation.is_due(self.settings, size_bytes, self._heads[name], time.time())

    def _rotate(self, name: str) -> bool:
        """Rotate the log of a program; return whether that succeeded."""
        try:
            writer.rotate(self._paths.log_of(name), self.settings.keep)
        except OSError as error:
            return self._report_failure(name, error)
        self._failed.discard(name)
        self._heads.pop(name, None)
        return True

    def _report_failure(self, name: str, error: OSError) -> bool:
        if name not in self._failed:
            text = _("%(program)s: cannot rotate %(path)s: %(why)s; the log keeps growing")
            self._log("error", text % {"program": name, "path": error.filename, "why": os_error_text(error)})
        self._failed.add(name)
        return False
