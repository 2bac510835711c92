"""The state directory of a supervisor that runs: whether it is still there, and still ours.

Somebody may remove it, or only the socket in it (a tidy script, a tmpfs that was mounted over it). Then nobody can
reach the supervisor, and another one may begin beside it. So it looks, now and then and before each new life: what is
missing it makes anew, from what it knows; and if another supervisor has the place by now, it gives way.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from supervisor.config.paths import InstancePaths
from supervisor.locale import _

#: how often it is looked at, at most and at least
LOOK_AT_MOST_EVERY_S: Final = 1.0
LOOK_AT_LEAST_EVERY_S: Final = 30.0
#: how often while it cannot be made anew
LOOK_AGAIN_S: Final = 2.0


class StateDirLocked(Exception):
    """Another supervisor has the state directory; `args[0]` is the descriptor of its lock."""


def make(place: InstancePaths) -> None:
    """Make the state directory, for its owner's eyes alone, where it is missing. Raises OSError."""
    for directory in (place.state_dir, place.supervisor_log.parent):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if directory.stat().st_mode & 0o077:
            directory.chmod(0o700)


def lock(place: InstancePaths) -> int:
    """Become the one supervisor of the state directory; the lock goes with the process, however it ends.

    Returns its descriptor. Raises OSError, and StateDirLocked when there is another one.
    """
    fd = os.open(place.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StateDirLocked(fd) from error
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return fd


class StateDirGuard:
    """Watches over the state directory."""

    def __init__(
        self, place: InstancePaths, lock_fd: int, now_s: Callable[[], float], note: Callable[[str, str], None]
    ) -> None:
        """`lock_fd` is the lock that we have; `now_s` is the time, as in `Instant.mono_s`; `note` writes to the log."""
        self._place = place
        self._lock_fd = lock_fd
        self._now_s = now_s
        self._note = note
        self._looked_s = now_s()
        #: whether it was as it should be then
        self._is_held = True
        self._door = _identity(place.socket)

    def next_deadline(self) -> float:
        """Return when to look again although nothing happened, in seconds of `Instant.mono_s`."""
        return self._looked_s + (LOOK_AT_LEAST_EVERY_S if self._is_held else LOOK_AGAIN_S)

    def is_due(self) -> bool:
        """Tell whether it is time to look."""
        return self._now_s() - self._looked_s >= LOOK_AT_MOST_EVERY_S

    def verify(self, open_door: Callable[[], None]) -> None:
        """Make sure that the place is ours; `open_door` is called where the socket is missing.

        Raises OSError when that cannot be made sure of, and StateDirLocked when another supervisor has it.
        """
        self._looked_s, self._is_held = self._now_s(), False
        if _identity(self._place.lock) != _of(os.fstat(self._lock_fd)):
            make(self._place)
            old, self._lock_fd = self._lock_fd, lock(self._place)
            os.close(old)
            self._note("warning", _("%(path)s was taken away; made anew") % {"path": self._place.state_dir})
        if _identity(self._place.socket) != self._door:
            open_door()
            self._door = _identity(self._place.socket)
            self._note("warning", _("%(path)s was taken away; made anew") % {"path": self._place.socket})
        self._is_held = True


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        return _of(path.stat())
    except FileNotFoundError:
        return None


def _of(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_dev, stat.st_ino
