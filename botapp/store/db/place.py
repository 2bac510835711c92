"""What is at the path of a SQLite database, if no database is there."""

from __future__ import annotations

import stat
from pathlib import Path

from botapp.locale import _


def is_missing(path: Path) -> bool:
    """Return whether a database file is missing. One of 0 bytes is too: a full disk or a failed copy leaves that."""
    try:
        status = path.stat()
    except OSError:
        return not path.exists()
    return stat.S_ISREG(status.st_mode) and status.st_size == 0


def find_obstacle(path: Path) -> str | None:
    """Return what is at the path instead of a file, and what to do; None for a file of any kind and for nothing."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    if stat.S_ISREG(mode):
        return None
    if stat.S_ISDIR(mode):
        return _("%s is a directory, so move it away") % path
    return _("%s is a pipe, a socket or a device, so delete it") % path


def find_problem(path: Path) -> str | None:
    """Return why there is no database at the path, or None if there is a file with contents."""
    if (obstacle := find_obstacle(path)) is not None or not is_missing(path):
        return obstacle
    return (_("%s is empty (0 bytes)") if path.exists() else _("there is no database at %s")) % path
