"""Keeps the end of what a short-lived process writes, however much that is."""

from __future__ import annotations

import os
import selectors
from typing import Final

#: bytes of the output that are kept, and that are read at a time
KEPT_BYTES: Final = 12_000
READ_BYTES: Final = 64 * 1024
#: reads after the end of a process: more than a pipe can hold
LAST_READS: Final = 32


class OutputTail:
    """The end of what a process writes: a pipe, of which only so much is kept as is shown."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        """Have `selector` read the pipe. Raises OSError."""
        self._selector = selector
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._tail = b""
        selector.register(self._reader, selectors.EVENT_READ, lambda mask: self._read())

    def _read(self) -> bool:
        """Read what there is, at most a part; return whether there was anything."""
        try:
            data = os.read(self._reader, READ_BYTES)
        except BlockingIOError:
            return False
        self._tail = (self._tail + data)[-KEPT_BYTES:]
        if not data and self._reader in self._selector.get_map():
            self._selector.unregister(self._reader)
        return bool(data)

    def close(self) -> str:
        """Close the pipe; return the end of what was written."""
        for _part in range(LAST_READS):
            if not self._read():
                break  # a process that has left the group may write for ever
        if self._reader in self._selector.get_map():
            self._selector.unregister(self._reader)
        os.close(self._reader)
        return self._tail.decode(errors="replace")
