"""A file to which whole lines are appended."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from supervisor.config.files import open_regular


class AppendFile:
    """A file to which lines are appended; a write that fails half way spoils no later line."""

    def __init__(self, path: Path) -> None:
        """Open or create the file, mode 0600. Raises OSError."""
        self.path = path
        self._fd = open_regular(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        end = os.fstat(self._fd).st_size
        #: whether the file may end in the middle of a line
        self._is_torn = end > 0 and os.pread(self._fd, 1, end - 1) != b"\n"

    def append(self, line: bytes) -> None:
        """Append `line`, which has no line end. Raises OSError."""
        data = b"\n" * self._is_torn + line + b"\n"
        self._is_torn = True
        written = os.write(self._fd, data)
        if written != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._is_torn = False

    def read_lines(self, max_bytes: int) -> list[bytes]:
        """Return the lines in the last `max_bytes`; the first one may be cut. Raises OSError."""
        return os.pread(self._fd, max_bytes, max(0, self.size() - max_bytes)).split(b"\n")

    def size(self) -> int:
        """Return the length of the file in bytes."""
        return os.fstat(self._fd).st_size

    def sync(self) -> None:
        """Flush the file to the disk. Raises OSError."""
        os.fsync(self._fd)

    def rewrite(self, lines: list[bytes]) -> None:
        """Replace the contents by `lines`, completely or not at all. Raises OSError."""
        new = self.path.with_suffix(".new")
        fd = open_regular(new, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC)
        try:
            with open(fd, "wb", closefd=False) as file:
                file.writelines(line + b"\n" for line in lines)
            os.fsync(fd)
            new.replace(self.path)
        except OSError:
            os.close(fd)
            new.unlink(missing_ok=True)  # half a file would only take up space
            raise
        os.close(self._fd)
        self._fd, self._is_torn = fd, False
        self._sync_directory()

    def _sync_directory(self) -> None:
        """Flush the rename to the disk: else a power cut brings the old file back, without later lines."""
        directory = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def is_in_place(self) -> bool:
        """Return whether the path still leads to the open file, as far as can be seen."""
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(self._fd))
        except OSError:
            return False  # `rewrite` reports the cause

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)
