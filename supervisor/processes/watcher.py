"""Watches processes that are not children of the supervisor, with a pidfd. Their exit status stays unknown."""

from __future__ import annotations

import errno
import os
import selectors
from collections.abc import Callable
from typing import Final

from supervisor.lifecycle.model import ProcessId
from supervisor.processes import process, procfs

#: seconds between two checks of a process that the system cannot watch
POLL_INTERVAL_S: Final = 1.0


class ProcessWatcher:
    """Reports the end of adopted processes. A timer of the event loop."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        on_exit: Callable[[str, ProcessId], None],
        now_s: Callable[[], float],
    ) -> None:
        """`on_exit` is called with the program and its process; `now_s` is the time, as in `Instant.mono_s`."""
        self._selector = selector
        self._on_exit = on_exit
        self._now_s = now_s
        #: processes without a pidfd, by program
        self._polled: dict[str, ProcessId] = {}
        self._next_poll_s = now_s()

    def watch(self, program: str, child: ProcessId | None) -> None:
        """Watch a process, unless it is a child of the supervisor, whose end `process.reap` reports."""
        if child is None or process.is_own_child(child.pid):
            return
        try:
            fd = _open_pidfd(child.pid)
        except OSError:
            self._polled[program] = child  # no pidfds on this system, or the process has ended already
            return
        if not procfs.is_alive(child):  # another process has the pid now
            os.close(fd)
            self._polled[program] = child
            return
        self._selector.register(fd, selectors.EVENT_READ, lambda mask: self._on_readable(program, child, fd))

    def next_deadline(self) -> float | None:
        """Return when to poll; see `Timer`."""
        return self._next_poll_s if self._polled else None

    def run_due(self) -> None:
        """Check the processes without a pidfd when it is time."""
        if not self._polled or self._now_s() < self._next_poll_s:
            return
        self._next_poll_s = self._now_s() + POLL_INTERVAL_S
        for program, child in list(self._polled.items()):
            if not procfs.is_alive(child):
                del self._polled[program]
                self._on_exit(program, child)

    def _on_readable(self, program: str, child: ProcessId, fd: int) -> None:
        self._selector.unregister(fd)
        os.close(fd)
        self._on_exit(program, child)


def _open_pidfd(pid: int) -> int:
    """Return a descriptor that is readable after the process has ended. Raises OSError, also without system support."""
    if not hasattr(os, "pidfd_open"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    return os.pidfd_open(pid)
