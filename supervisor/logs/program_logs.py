"""The log files of programs: looked at when a life is heard or begins, and moved away when that is due.

A life goes on writing into the file that it has open, wherever that is moved to; so no line is lost. It is asked to
open the new one (`reopen`), and no file is moved again before it has. A program that cannot be asked gets a new file
with its next life.
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
from supervisor.logs import journald, rotation
from supervisor.logs import writer as log

#: what a program answers that does not know how to open its log anew
_UNKNOWN_OP: Final = "unknown_op"


class ProgramLogs:
    """The present log file of each program."""

    def __init__(
        self,
        place: InstancePaths,
        settings: Logs,
        request_reopen: Callable[[str, Callable[[bool, str | None], None]], bool],
        note: Callable[[str, str], None],
        *,
        to_journal: bool,
    ) -> None:
        """`ask` asks a program's life to open its log anew and tells whether there is one to ask; `note` logs.

        With `to_journal` programs are told where systemd's journal is.
        """
        self.settings = settings
        self._place = place
        self._to_journal = to_journal
        self._request_reopen = request_reopen
        self._note = note
        #: the life of each program that is known to write into the present file
        self._there: dict[str, int] = {}
        #: the life of each program that cannot open its log anew
        self._unable: dict[str, int] = {}
        #: programs that have been asked and have not answered yet
        self._asked: set[str] = set()
        self._beginnings: dict[str, rotation.FileHead] = {}
        #: programs whose log cannot be moved; that is told once
        self._stuck: set[str] = set()

    def begin(self, known: ProgramState) -> Path:
        """A life is about to be spawned: return the file it is to write to."""
        if self._is_due(known.name):
            self._move(known.name)
        self._there[known.name] = known.life.number
        self.mark(known, "starts")
        return self._place.log_of(known.name)

    def environ(self, output: Path) -> dict[str, str]:
        """Return what the environment of a life says about its log."""
        as_json = {"STOCKSUP_LOG_FORMAT": "json"} if self.settings.format == "json" else {}
        journal = {"STOCKSUP_JOURNAL": journald.SOCKET} if self._to_journal else {}
        return {"STOCKSUP_LOG_FILE": str(output), **as_json, **journal}

    def on_heartbeat(self, state: ProgramState) -> None:
        """Rotate the log of a life that is connected when that is due, and ask the life to open the new file."""
        name = state.name
        if name in self._asked or self._unable.get(name) == state.life.number:
            return
        if self._there.get(name) == state.life.number:
            if not self._is_due(name) or not self._move(name):
                return
            self.mark(state, "goes on")
            self._there.pop(name)
        self._asked.add(name)
        if not self._request_reopen(name, lambda is_ok, code: self._on_answer(state, is_ok, code)):
            self._asked.discard(name)

    def mark(self, known: ProgramState, what: str) -> None:
        """Write into a program's log what has become of its life."""
        path = self._place.log_of(known.name)
        try:
            log.mark(path, self.settings, f"life {known.life.number} of {known.name} {what}")
        except OSError as error:
            self._note("warning", _("cannot write %(path)s: %(why)s") % {"path": path, "why": os_error_text(error)})

    def _on_answer(self, state: ProgramState, is_ok: bool, code: str | None) -> None:
        self._asked.discard(state.name)
        if is_ok:
            self._there[state.name] = state.life.number
        elif code == _UNKNOWN_OP:
            self._unable[state.name] = state.life.number
        # else it is asked again when it is next heard

    def _is_due(self, name: str) -> bool:
        path = self._place.log_of(name)
        try:
            size_bytes = path.stat().st_size
            if name not in self._beginnings:
                self._beginnings[name] = log.beginning(path)
        except FileNotFoundError:
            if not path.parent.is_dir():
                return False  # nobody could make one there
            # somebody else has moved it: a life that writes there is to come here
            self._there.pop(name, None)
            self._beginnings.pop(name, None)
            return False
        except OSError as error:
            return self._tell_stuck(name, error)
        return rotation.is_due(self.settings, size_bytes, self._beginnings[name], time.time())

    def _move(self, name: str) -> bool:
        """Move the log of `name` away; return whether that was possible."""
        try:
            log.move_away(self._place.log_of(name), self.settings.keep)
        except OSError as error:
            return self._tell_stuck(name, error)
        self._stuck.discard(name)
        self._beginnings.pop(name, None)
        return True

    def _tell_stuck(self, name: str, error: OSError) -> bool:
        if name not in self._stuck:
            text = _("%(program)s: cannot move %(path)s away: %(why)s; the log grows on")
            self._note("error", text % {"program": name, "path": error.filename, "why": os_error_text(error)})
        self._stuck.add(name)
        return False
