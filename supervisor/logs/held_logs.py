"""A second name for the log file that a life has open.

A file that was deleted cannot get a name again, and a life that cannot open a new one would write into it, invisibly,
until it ends. With a second name (a hard link outside of the directory of logs) the file is there again a moment later.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from supervisor.config.paths import InstancePaths
from supervisor.locale import _
from supervisor.logs import writer


class HeldLogs:
    """The second names of the logs of one instance. On a file system without hard links there are none."""

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
