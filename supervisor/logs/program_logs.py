"""The log files of programs: rotates them, and asks lives to open the new file.

A life goes on writing into the file that it has open, even after the file was renamed, so no line is lost. The
supervisor asks it to open the new file (`reopen`) and does not rotate again before it has. The log of a life that
cannot do that is rotated by copying its lines (`copy_rotation`), and restored when somebody has deleted it
(`HeldLogs`).
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Logs
from supervisor.lifecycle.model import ProgramState
from supervisor.locale import _
from supervisor.locale.third_party import os_error_text
from supervisor.logs import copy_rotation, rotation, stderr, writer

#: error code of a program that does not support `reopen`
_UNKNOWN_OP: Final = "unknown_op"
#: seconds between two looks at the logs of lives that cannot open a new file
CHECK_S: Final = 1.0
#: seconds before a failed copy is tried again
RETRY_S: Final = 60.0

#: starts a process, and calls back with its exit code, or -1 if it was killed; raises OSError
StartProcess = Callable[[list[str], Callable[[int], None]], None]


class ProgramLogs:
    """The current log file of each program. A timer of the event loop."""

    def __init__(
        self,
        paths: InstancePaths,
        settings: Logs,
        request_reopen: Callable[[str, Callable[[bool, str | None], None]], bool],
        log: Callable[[str, str], None],
        programs: Mapping[str, ProgramState],
        start_process: StartProcess,
        now_s: Callable[[], float],
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
            programs: the programs, as they are at any time.
            start_process: starts the process that copies.
            now_s: the time, as in `Instant.mono_s`.
            to_journal: whether programs write to systemd's journal as well.
        """
        self.settings = settings
        self._paths = paths
        self._to_journal = to_journal
        self._request_reopen = request_reopen
        self._log = log
        self._programs = programs
        self._start_process = start_process
        self._now_s = now_s
        self._held = HeldLogs(paths, log)
        self._next_check_s = now_s()
        #: programs whose log is being copied
        self._copying: set[str] = set()
        #: when to try a failed copy again
        self._retries_s: dict[str, float] = {}
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
            self._rotate(state)
        self._writers[state.name] = state.life.number
        self.write_marker(state.name, state.life.number, "starts")
        self._held.hold(state.name)
        return self._paths.log_of(state.name)

    def begin_beside(self, state: ProgramState, number: int) -> Path:
        """Return the log file for life `number`, which is about to be spawned beside the current one."""
        self.write_marker(state.name, number, "starts")
        return self._paths.log_of(state.name)

    def environ(self, output: Path) -> dict[str, str]:
        """Return the environment variables about the log of a life."""
        as_json = {"STOCKSUP_LOG_FORMAT": "json"} if self.settings.format == "json" else {}
        journal = {"STOCKSUP_JOURNAL": stderr.JOURNAL_SOCKET} if self._to_journal else {}
        return {"STOCKSUP_LOG_FILE": str(output), **as_json, **journal}

    def on_heartbeat(self, state: ProgramState) -> None:
        """Rotate the log of a connected life if that is due, and ask the life to open the new file."""
        name, life = state.name, state.life.number
        if name in self._requested or self._unsupported.get(name) == life:
            return
        if self._writers.get(name) == life:
            if not self._is_due(name) or not self._rotate(state):
                return
            self._held.release(name)
            self.write_marker(name, life, "goes on")
            self._writers.pop(name)
        self._requested.add(name)
        if not self._request_reopen(name, lambda is_ok, code: self._on_answer(name, life, is_ok, code)):
            self._requested.discard(name)

    def write_marker(self, name: str, number: int, event: str) -> None:
        """Write a marker about a life into the log of its program."""
        path = self._paths.log_of(name)
        try:
            writer.append_marker(path, self.settings, f"life {number} of {name} {event}")
        except OSError as error:
            self._log("warning", _("cannot write %(path)s: %(why)s") % {"path": path, "why": os_error_text(error)})

    def _on_answer(self, name: str, life: int, is_ok: bool, code: str | None) -> None:
        self._requested.discard(name)
        if is_ok:
            self._writers[name] = life
            self._held.hold(name)
        elif code == _UNKNOWN_OP:
            self._unsupported[name] = life
        # after other errors the next heartbeat asks again

    # --- lives that cannot open a new file ---

    def next_deadline(self) -> float | None:
        """Return when to look at the logs of lives that cannot open a new file; see `Timer`."""
        return self._next_check_s if any(map(self._is_bound, self._programs.values())) else None

    def run_due(self) -> None:
        """Restore and rotate the logs of lives that cannot open a new file."""
        if self._now_s() < self._next_check_s:
            return
        self._next_check_s = self._now_s() + CHECK_S
        for state in filter(self._is_bound, self._programs.values()):
            self._held.restore(state.name)
            if self._is_due(state.name):
                self._copy(state)

    def _is_bound(self, state: ProgramState) -> bool:
        """Return whether the present life writes into the same file until it ends."""
        can_reopen = state.life.was_linked and self._unsupported.get(state.name) != state.life.number
        return state.child is not None and not can_reopen

    def _copy(self, state: ProgramState) -> None:
        """Start a process that rotates the log by copying, unless one runs or has just failed."""
        name, path = state.name, self._paths.log_of(state.name)
        if name in self._copying or self._now_s() < self._retries_s.get(name, 0.0):
            return
        job = copy_rotation.Job(path, self.settings, f"life {state.life.number} of {name} goes on")
        try:
            self._start_process(copy_rotation.command(job), lambda code: self._on_copied(name, code))
        except OSError as error:
            self._on_copied(name, error.errno or -1)
        else:
            self._copying.add(name)

    def _on_copied(self, name: str, code: int) -> None:
        self._copying.discard(name)
        self._heads.pop(name, None)
        if code > 0:
            self._retries_s[name] = self._now_s() + RETRY_S
            self._report_failure(name, OSError(code, os.strerror(code), str(self._paths.log_of(name))))
        elif code == 0:
            self._retries_s.pop(name, None)
            self._failed.discard(name)

    # --- rotation ---

    def _is_due(self, name: str) -> bool:
        path = self._paths.log_of(name)
        try:
            size_bytes = writer.count_data_bytes(path)
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

    def _rotate(self, state: ProgramState) -> bool:
        """Rotate the log of a program by renaming it; return whether that succeeded."""
        name, path = state.name, self._paths.log_of(state.name)
        if copy_rotation.is_unfinished(path):
            self._copy(state)  # the older lines come first
            return False
        try:
            writer.rotate(path, self.settings.keep)
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


class HeldLogs:
    """Second names for the log files that lives have open. On a file system without hard links there are none.

    A file that was deleted cannot get a name again, and a life that cannot open a new one would write into it,
    invisibly, until it ends. With a second name (a hard link outside of the directory of logs) the file is there again
    a moment later.
    """

    def __init__(self, paths: InstancePaths, log: Callable[[str, str], None]) -> None:
        """`log` takes a level and a line."""
        self._paths = paths
        self._log = log

    def hold(self, name: str) -> None:
        """Give a second name to the present log of a program, instead of to an earlier one."""
        self.release(name)
        held = self._paths.held_log_of(name)
        try:
            held.parent.mkdir(mode=0o700, exist_ok=True)
            if _file_id(self._paths.log_of(name)) is not None:
                os.link(self._paths.log_of(name), held, follow_symlinks=False)
        except OSError:
            return  # no hard links here; a deleted log comes back with the next life

    def release(self, name: str) -> None:
        """Remove the second name."""
        try:
            self._paths.held_log_of(name).unlink(missing_ok=True)
        except OSError:
            return  # `hold` replaces it, or fails the same way

    def restore(self, name: str) -> None:
        """Give the log of a program its name back if somebody has deleted, moved or replaced it."""
        path, held = self._paths.log_of(name), self._paths.held_log_of(name)
        visible, kept = _file_id(path), _file_id(held)
        if visible == kept:
            return
        if kept is None:
            self.hold(name)  # a supervisor of an earlier version started the life
            return
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            if visible is not None:
                writer.rotate(path, 0)  # a file of somebody else is kept
            os.link(held, path)
        except OSError:
            return  # tried again with the next check
        text = _("%(program)s: %(path)s was deleted or replaced; restored, because the process still writes into it")
        self._log("warning", text % {"program": name, "path": path})


def _file_id(path: Path) -> tuple[int, int] | None:
    """Return the identity of a regular file; None without one."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None
