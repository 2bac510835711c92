"""Writes lines to stderr without ever waiting for their reader, and tells whether the reader is systemd's journal.

stderr may be a pipe into a pager that is paused, a terminal stopped with Ctrl-S, or the journal of a machine that is
out of memory. A write to it would block for as long as that lasts, and with it everything that the process does.
"""

from __future__ import annotations

import os
import select
from collections.abc import Mapping
from typing import Final

from supervisor.locale import _

#: the journal's datagram socket: systemd-journald.service(8)
JOURNAL_SOCKET: Final = "/run/systemd/journal/socket"
STDERR: Final = 2
#: a pipe that is ready takes at least this many bytes without blocking (pipe(7), PIPE_BUF)
_CHUNK_BYTES: Final = 4096


class StderrWriter:
    """Writes whole lines to a file descriptor; counts those that it does not take at once."""

    def __init__(self, fd: int = STDERR) -> None:
        """Write to `fd`, which may be closed."""
        self._fd = fd
        self._poll = select.poll()
        self._poll.register(fd, select.POLLOUT)
        self._omitted_count = 0
        #: whether the last line was written in part
        self._is_cut = False

    def write(self, line: bytes) -> bool:
        """Write a line as far as that does not block. Return False when the reader has gone for good."""
        if self._omitted_count:
            text = _("(lines that stderr did not take: %(count)d)") % {"count": self._omitted_count}
            line = f"{text}\n".encode() + line
        if self._is_cut:
            line = b"\n" + line
        try:
            left = self._write_ready(line)
        except OSError:
            return False
        if len(left) == len(line):
            self._omitted_count += 1
        else:
            self._is_cut = bool(left)
            self._omitted_count = int(self._is_cut)
        return True

    def _write_ready(self, data: bytes) -> bytes:
        """Write what does not block; return the rest. Raises OSError."""
        while data and self._poll.poll(0):
            data = data[os.write(self._fd, data[:_CHUNK_BYTES]) :]
        return data


def is_journal(environ: Mapping[str, str]) -> bool:
    """Return whether stderr of this process is the journal.

    `JOURNAL_STREAM` names device and inode of the journal's stream (systemd.exec(5)). Terminals of a desktop session
    inherit the variable too, so its presence proves nothing.
    """
    try:
        stat = os.fstat(STDERR)
    except OSError:
        return False  # stderr is closed
    return environ.get("JOURNAL_STREAM") == f"{stat.st_dev}:{stat.st_ino}"
