"""Notices the end of processes that are not our children; their exit status cannot be had. Decides nothing."""

from __future__ import annotations

import os
import selectors
from collections.abc import Callable

from supervisor.model import Identity


class Watch:
    """Processes that are watched."""

    def __init__(self, selector: selectors.BaseSelector, ended: Callable[[str, Identity], None]) -> None:
        """`ended` is called with the name of the program and the process that has ended."""
        self._selector = selector
        self._ended = ended

    def begin(self, name: str, child: Identity | None) -> None:
        """Watch `child` of the program `name`; None: there is nobody to watch."""
        if child is None:
            return
        try:
            fd = os.pidfd_open(child.pid)
        except OSError:
            return  # it has ended: the event that was posted says so
        self._selector.register(fd, selectors.EVENT_READ, lambda mask: self._over(name, child, fd))

    def _over(self, name: str, child: Identity, fd: int) -> None:
        self._selector.unregister(fd)
        os.close(fd)
        self._ended(name, child)
