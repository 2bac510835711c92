"""Notices the end of processes that are not our children; their exit status cannot be had. Decides nothing."""

from __future__ import annotations

import errno
import os
import selectors
from collections.abc import Callable
from typing import Final

from supervisor.lifecycle.model import ProcessId
from supervisor.processes import process

#: how often a process is looked at that the system cannot watch for us
LOOK_EVERY_S: Final = 1.0


class ProcessWatcher:
    """Processes that are watched."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        on_end: Callable[[str, ProcessId], None],
        now_s: Callable[[], float],
    ) -> None:
        """`on_end` is told the program and the process that has ended; `now_s` is the time, as in `Instant.mono_s`."""
        self._selector = selector
        self._on_end = on_end
        self._now_s = now_s
        #: those that are looked at now and then, by program
        self._looked_at: dict[str, ProcessId] = {}
        self._look_s = now_s()

    def begin(self, program: str, child: ProcessId | None) -> None:
        """Watch `child`, if there is one; not if it is a child of this process, whose end is told anyway."""
        if child is None or process.is_own(child.pid):
            return
        try:
            fd = _pidfd(child.pid)
        except OSError as error:
            # without a process of that number it has ended, and whoever looks at it knows
            if error.errno != errno.ESRCH:
                self._looked_at[program] = child
            return
        self._selector.register(fd, selectors.EVENT_READ, lambda mask: self._ended(program, child, fd))

    def due_s(self) -> float | None:
        """Return when `look` has to be called, in seconds of `Instant.mono_s`; None: never."""
        return self._look_s if self._looked_at else None

    def look(self) -> None:
        """Look at those that the system does not watch."""
        if not self._looked_at or self._now_s() < self._look_s:
            return
        self._look_s = self._now_s() + LOOK_EVERY_S
        for program, child in list(self._looked_at.items()):
            if not process.is_alive(child):
                del self._looked_at[program]
                self._on_end(program, child)

    def _ended(self, program: str, child: ProcessId, fd: int) -> None:
        self._selector.unregister(fd)
        os.close(fd)
        self._on_end(program, child)


def _pidfd(pid: int) -> int:
    """Return a descriptor that is readable once the process has ended. Raises OSError, also where there are none."""
    if not hasattr(os, "pidfd_open"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    return os.pidfd_open(pid)
