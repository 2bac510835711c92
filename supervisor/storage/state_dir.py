"""The state directory of a running supervisor: create, lock, verify, recreate.

Somebody may delete it, or only the socket in it (a clean-up script, a tmpfs that was mounted over it). Then no client
can reach the supervisor, and another supervisor may start beside it. So it is verified now and then, and before each
start of a process: what is missing is created again. If another supervisor has locked the directory meanwhile, this
one exits.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from supervisor.config.files import open_regular
from supervisor.config.paths import InstancePaths
from supervisor.locale import _

#: shortest and longest interval between two verifications
MIN_INTERVAL_S: Final = 1.0
MAX_INTERVAL_S: Final = 2.0
#: how often to try the lock, and the pause between two attempts, in seconds
LOCK_ATTEMPTS: Final = 5
LOCK_PAUSE_S: Final = 0.01
#: the interval after a failed verification
RETRY_S: Final = 2.0


class StateDirLocked(Exception):
    """Another supervisor has locked the state directory; `args[0]` is the descriptor of the lock file."""


def make(paths: InstancePaths) -> None:
    """Create the missing directories, readable by their owner only. Raises OSError."""
    for directory in (paths.state_dir, paths.supervisor_log.parent):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if directory.stat().st_mode & 0o077:
            directory.chmod(0o700)


def lock(paths: InstancePaths) -> int:
    """Lock the state directory, so that it has one supervisor; return the descriptor of the lock file.

    The kernel releases the lock when the process exits. Raises OSError, and StateDirLocked if another supervisor has
    the lock.
    """
    fd = open_regular(paths.lock, os.O_RDWR | os.O_CREAT)
    for attempt in range(LOCK_ATTEMPTS):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError as error:
            # a command that looks who holds it keeps it for a moment
            if attempt == LOCK_ATTEMPTS - 1:
                raise StateDirLocked(fd) from error
        time.sleep(LOCK_PAUSE_S)
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return fd


def is_lock(paths: InstancePaths, fd: int) -> bool:
    """Return whether `fd` is the lock file of the state directory. Raises OSError."""
    return _file_id(paths.lock) == _stat_id(os.fstat(fd))


class StateDirGuard:
    """Verifies the state directory."""

    def __init__(
        self, paths: InstancePaths, lock_fd: int, now_s: Callable[[], float], log: Callable[[str, str], None]
    ) -> None:
        """`lock_fd` is the lock that we hold; `now_s` is the time, as in `Instant.mono_s`; `log` writes to the log."""
        self._paths = paths
        self.lock_fd = lock_fd
        self._now_s = now_s
        self._log = log
        self._verified_s = now_s()
        #: whether the last verification succeeded
        self._is_valid = True
        self._socket_id = _file_id(paths.socket)

    def next_deadline(self) -> float:
        """Return when the next verification is due, in seconds of `Instant.mono_s`."""
        return self._verified_s + (MAX_INTERVAL_S if self._is_valid else RETRY_S)

    def is_due(self) -> bool:
        """Return whether enough time has passed for another verification."""
        return self._now_s() - self._verified_s >= MIN_INTERVAL_S

    def is_socket_in_place(self) -> bool:
        """Return whether the control socket is the one that was opened."""
        return self._socket_id is not None and _file_id(self._paths.socket) == self._socket_id

    def verify(self, reopen_socket: Callable[[], None]) -> None:
        """Recreate what is missing; `reopen_socket` is called if the control socket is missing.

        Raises OSError if that fails, and StateDirLocked if another supervisor has the lock.
        """
        self._verified_s, self._is_valid = self._now_s(), False
        if not is_lock(self._paths, self.lock_fd):
            make(self._paths)
            old, self.lock_fd = self.lock_fd, lock(self._paths)
            os.close(old)
            self._log("warning", _("%(path)s was deleted; recreated") % {"path": self._paths.state_dir})
        elif not (logs := self._paths.supervisor_log.parent).exists():
            make(self._paths)
            self._log("warning", _("%(path)s was deleted; recreated") % {"path": logs})
        if not self.is_socket_in_place():
            reopen_socket()
            self._socket_id = _file_id(self._paths.socket)
            self._log("warning", _("%(path)s was deleted; recreated") % {"path": self._paths.socket})
        self._is_valid = True


def _file_id(path: Path) -> tuple[int, int] | None:
    try:
        return _stat_id(path.stat())
    except FileNotFoundError:
        return None


def _stat_id(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_dev, stat.st_ino
