"""Opens regular files only: a pipe in the place of a file would make the supervisor wait for ever.

And notices when the code of a running process has changed on the disk.
"""

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


class LoadedFiles:
    """The Python files of a package, as they were when this process loaded them."""

    def __init__(self, package: Path) -> None:
        """Create it right after the start: `package` is the directory of the package."""
        self._package = package
        self._fingerprint = code_fingerprint(package)

    def have_changed(self) -> bool:
        """Return whether they differ now. It takes less than a millisecond."""
        return code_fingerprint(self._package) != self._fingerprint


def code_fingerprint(package: Path) -> int | None:
    """Return a number that changes with the Python files below `package`, for this process alone.

    It is None while they cannot be listed.
    """
    found, directories = [], [str(package)]
    try:
        while directories:
            with os.scandir(directories.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        directories.append(entry.path)
                    elif entry.name.endswith(".py"):
                        status = entry.stat()
                        found.append((entry.path, status.st_mtime_ns, status.st_size))
    except OSError:
        return None
    return hash(tuple(sorted(found)))
