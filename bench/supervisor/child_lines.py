"""The lines that the child writes, and when they arrive."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path
from typing import Final

from bench.common.environment import CannotMeasure

#: how long to wait for a line, in seconds
TIMEOUT_S: Final = 30.0


class ChildLines:
    """A FIFO that the child writes to."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path, 0o600)
        self.path = path
        # open for writing too, so that there is no end of file between two children
        self._file = os.fdopen(os.open(path, os.O_RDWR), "rb", buffering=0)

    def close(self) -> None:
        """Close it."""
        self._file.close()

    def skip(self) -> None:
        """Skip the lines written so far."""
        while self._has_data(0):
            self._file.read(65536)

    def wait(self, word: bytes) -> tuple[int, float]:
        """Return the pid of the child that next writes `word`, and when the line arrived. Raises CannotMeasure."""
        deadline_s = time.monotonic() + TIMEOUT_S
        while self._has_data(deadline_s - time.monotonic()):
            found, _, pid = self._file.readline().partition(b" ")
            if found == word:
                return int(pid), time.monotonic()
        raise CannotMeasure(f"no child wrote {word.decode()!r}")

    def _has_data(self, timeout_s: float) -> bool:
        return bool(select.select([self._file], [], [], max(0.0, timeout_s))[0])
