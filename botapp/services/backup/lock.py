"""The lock on the shop's database: shared by bots and commands, exclusive for whatever replaces the database."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from botapp.config.settings import Settings
from botapp.locale import _
from botapp.runtime.private_files import make_directory, set_aside
from botapp.services.backup.files import DataProblem, open_error

log = logging.getLogger(__name__)


class DatabaseInUse(DataProblem):
    """Another process uses or replaces the database."""


class SharedLock:
    """Marks the database as used by this process, until `release` or the end of the process."""

    def __init__(self, settings: Settings) -> None:
        """Raises DatabaseInUse while the database is being replaced, DataProblem if the lock cannot be opened."""
        text = _("the shop's data is being restored; wait until that has finished")
        self._fd = _acquire(settings, fcntl.LOCK_SH, text)

    def release(self) -> None:
        """Release the lock."""
        os.close(self._fd)


@contextmanager
def exclusive_lock(settings: Settings) -> Iterator[None]:
    """Hold the exclusive lock in this block. Raises DatabaseInUse while the bot runs, DataProblem."""
    text = _("the bot is using the shop's data; stop it first: stocksup stop bot (and afterwards: stocksup start)")
    fd = _acquire(settings, fcntl.LOCK_EX, text)
    try:
        yield
    finally:
        os.close(fd)


def _acquire(settings: Settings, kind: int, in_use_text: str) -> int:
    path = settings.state_dir / "shop.lock"
    try:
        make_directory(path.parent)
        fd = _open(path)
    except OSError as error:
        raise open_error(path, error) from error
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise DatabaseInUse(in_use_text) from error
    except OSError as error:
        os.close(fd)
        raise open_error(path, error) from error
    return fd


def _open(path: Path) -> int:
    """Open the lock file; what is in its place instead, a directory or a link, is set aside. Raises OSError."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except OSError as error:
        if error.errno not in (errno.EISDIR, errno.ELOOP):
            raise
    text = _("%(path)s was not a file and was recreated; what was there is now %(aside)s")
    log.warning(text, {"path": path, "aside": set_aside(path)})
    return os.open(path, flags, 0o600)
