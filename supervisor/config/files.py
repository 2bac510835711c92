"""Opens regular files only: a pipe in the place of a file would make the supervisor wait for ever."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

#: what the system would say about a pipe, a device or a socket, if it had a message for it
NOT_REGULAR: Final = "Not a regular file"


def open_regular(path: Path, flags: int, mode: int = 0o600) -> int:
    """Open a regular file as open(2) does; return its descriptor, which child processes do not inherit.

    Raises OSError with the path, also for a directory and for everything else that is no regular file.
    """
    try:
        fd = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, mode)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a pipe without a reader, or a socket
            raise OSError(errno.EINVAL, NOT_REGULAR, str(path)) from error
        raise
    kind = os.fstat(fd).st_mode
    if stat.S_ISREG(kind):
        os.set_blocking(fd, True)
        return fd
    os.close(fd)
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, NOT_REGULAR, str(path))


def open_to_read(path: Path) -> BinaryIO:
    """Open a regular file for reading. Raises OSError."""
    return open(open_regular(path, os.O_RDONLY), "rb")


def read_regular(path: Path, max_bytes: int) -> bytes:
    """Return the last `max_bytes` of a regular file. Raises OSError."""
    with open(open_regular(path, os.O_RDONLY), "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        return os.pread(file.fileno(), max_bytes, max(0, size - max_bytes))
