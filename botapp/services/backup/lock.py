"""Who uses the shop's database here: any number of bots and commands, or one that replaces it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from botapp.config.settings import Settings
from botapp.locale import _
from botapp.runtime.private_files import chown_like_directory, make_directory
from botapp.services.backup.files import DataProblem, open_error


class DatabaseInUse(DataProblem):
    """Somebody else uses the database, or replaces it."""


class SharedLock:
    """That this process uses the database; until `end`, or its own end, nobody replaces it."""

    def __init__(self, settings: Settings) -> None:
        """Raises DatabaseInUse while the database is being replaced, DataProblem when that cannot be told."""
        self._fd = _acquire(settings, fcntl.LOCK_SH, _("the shop's data is being restored; wait for its end"))

    def release(self) -> None:
        """Let others replace it."""
        os.close(self._fd)


@contextmanager
def exclusive_lock(settings: Settings) -> Iterator[None]:
    """Have the database for oneself in this block. Raises DatabaseInUse while the bot runs, DataProblem."""
    text = _("the bot uses the shop's data; stop it first: stocksup stop bot (and afterwards: stocksup start)")
    fd = _acquire(settings, fcntl.LOCK_EX, text)
    try:
        yield
    finally:
        os.close(fd)


def _acquire(settings: Settings, kind: int, otherwise: str) -> int:
    path = settings.state_dir / "shop.lock"
    try:
        make_directory(path.parent)
        is_new = not path.exists()
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if is_new:
            chown_like_directory(path)
    except OSError as error:
        raise open_error(path, error) from error
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise DatabaseInUse(otherwise) from error
    except OSError as error:
        os.close(fd)
        raise open_error(path, error) from error
    return fd
