"""Directories and files for oneself alone: a shop holds keys that are worth money."""

from __future__ import annotations

import os
from pathlib import Path


def make_directory(path: Path) -> None:
    """Make a directory, and those above it that are missing, for oneself alone. Raises OSError."""
    for one in (*reversed(path.parents), path):
        if not one.exists():
            one.mkdir(mode=0o700, exist_ok=True)
            chown_like_directory(one)


def chown_like_directory(path: Path) -> None:
    """Where root makes a file in somebody's directory, have it belong to them: a bot of theirs is to read it.

    Raises OSError.
    """
    if os.geteuid() == 0:
        directory = path.parent.stat()
        os.chown(path, directory.st_uid, directory.st_gid)
