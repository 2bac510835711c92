"""Rotates a log whose writer cannot open a new file: `python -m supervisor.logs.copy_rotation PATH …`.

The writer appends to the same file for as long as it runs. So this process copies the lines from the beginning of the
file into the next rotated file, and frees the place that they took (see `holes`). What the writer appends meanwhile
stays where it is. No line is lost or repeated, also if this process is killed: the next one completes its work.

It is a process of its own because a disk may be slow. It needs no supervisor. The exit code is 0, or the number of an
error of the system.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from supervisor.config.files import open_regular
from supervisor.config.settings import Logs
from supervisor.logs import holes, rotation, writer
from supervisor.logs.holes import BLOCK_BYTES

#: a copy that is not complete yet has this ending
SUFFIX: Final = ".copy"
#: bytes that are copied or compared at a time
_CHUNK_BYTES: Final = 1024 * 1024
#: how long a reader may delay a rotation, in seconds
_READER_TIMEOUT_S: Final = 5.0


class Job(NamedTuple):
    """What to rotate, and how."""

    path: Path
    limits: Logs
    #: the text of the marker at the beginning of the rest, such as "life 3 of dashboard goes on"
    marker: str


def command(job: Job) -> list[str]:
    """Return the command line of the process that rotates."""
    limits = job.limits
    words = [str(job.path), str(limits.max_bytes), str(limits.keep), limits.format, job.marker]
    return [sys.executable, "-P", "-m", "supervisor.logs.copy_rotation", *words]


def can_rotate(size_bytes: int) -> bool:
    """Return whether a log with this much data is long enough: at least one whole block is freed, another one stays."""
    return size_bytes > 2 * BLOCK_BYTES


def is_unfinished(path: Path) -> bool:
    """Return whether a rotation by copying is under way, or was interrupted."""
    return path.with_name(path.name + SUFFIX).exists()


def rotate(job: Job) -> None:
    """Rotate the log; again and again while it is too long. Raises OSError."""
    source = open_regular(job.path, os.O_RDWR | os.O_NOFOLLOW)
    is_long = True
    try:
        while is_long and (copy := _open_copy(job.path)) is not None:
            try:
                is_long = _Rotation(job, source, copy).run()
            finally:
                holes.unlock(source)
                os.close(copy)
    finally:
        os.close(source)


def _open_copy(path: Path) -> int | None:
    """Open and lock the file for the copy; None if another process is at work."""
    copy = path.with_name(path.name + SUFFIX)
    while True:
        fd = open_regular(copy, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.stat(copy), os.fstat(fd)):
                return fd
        except BlockingIOError:
            os.close(fd)
            return None
        except FileNotFoundError:
            # another process has just completed it under this name
            os.close(fd)
            continue
        os.close(fd)


class _Rotation:
    """The rotation of one log."""

    def __init__(self, job: Job, source: int, copy: int) -> None:
        self._job = job
        self._source = source
        self._copy = copy
        self._copy_path = job.path.with_name(job.path.name + SUFFIX)
        self._marker = writer.format_marker(job.limits, job.marker)

    def run(self) -> bool:
        """Rotate once, or complete a rotation that was interrupted; return whether the log is still too long."""
        if os.fstat(self._copy).st_size and self._is_head_freed():
            self._complete(holes.find_data_start(self._source))
        elif can_rotate(self._size()):
            self._rotate()
        else:
            self._copy_path.unlink()
            return False
        max_bytes = self._job.limits.max_bytes
        return bool(max_bytes) and self._size() >= max_bytes

    def _size(self) -> int:
        return os.fstat(self._source).st_size - holes.find_data_start(self._source)

    def _is_head_freed(self) -> bool:
        """Return whether the process that left the copy has freed its lines in the log."""
        start, at = holes.find_data_start(self._source), 0
        while data := os.pread(self._copy, _CHUNK_BYTES, at):
            if os.pread(self._source, len(data), start + at) != data:
                return True
            at += len(data)
        return False

    def _rotate(self) -> None:
        start = holes.find_data_start(self._source)
        length = self._find_cut(start)
        try:
            # delete the oldest file first: the copy needs the space
            for number in rotation.expired_numbers(writer.rotated_numbers(self._job.path), self._job.limits.keep):
                writer.rotated_path(self._job.path, number).unlink(missing_ok=True)
            self._fill_copy(start, length)
            if not os.path.samestat(os.stat(self._job.path, follow_symlinks=False), os.fstat(self._source)):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))  # it was renamed meanwhile
            holes.lock(self._source, exclusive=True, timeout_s=_READER_TIMEOUT_S)
            start = holes.free_head(self._source, start + length - length % BLOCK_BYTES)
        except OSError:
            self._copy_path.unlink(missing_ok=True)
            raise
        self._complete(start)

    def _find_cut(self, start: int) -> int:
        """Return how many bytes of the data to move."""
        size, max_bytes = os.fstat(self._source).st_size - start, self._job.limits.max_bytes
        end = max(max_bytes, 2 * BLOCK_BYTES) if max_bytes and size >= 2 * max_bytes else size
        base = max(0, end - rotation.CUT_WINDOW_BYTES)
        window = os.pread(self._source, min(end, size) - base, start + base)
        return rotation.find_cut(window, base, len(self._marker), BLOCK_BYTES)

    def _fill_copy(self, start: int, length: int) -> None:
        """Write the first `length` bytes of the data to the copy, and to the disk."""
        os.ftruncate(self._copy, 0)
        at = 0
        while at < length:
            data = os.pread(self._source, min(_CHUNK_BYTES, length - at), start + at)
            if not data:
                raise OSError(errno.EIO, os.strerror(errno.EIO))  # somebody has truncated the log
            at += os.pwrite(self._copy, data, at)
        os.fdatasync(self._copy)

    def _complete(self, start: int) -> None:
        """Give the copy its name, after its lines were freed; the rest of the log begins at `start`.

        The log still begins with the part of its last block that was copied: a marker replaces it.
        """
        length = os.fstat(self._copy).st_size
        rest = length % BLOCK_BYTES
        if rest and os.pread(self._source, rest, start) == os.pread(self._copy, rest, length - rest):
            os.pwrite(self._source, rotation.fill(self._marker, rest), start)
        number = rotation.next_number(writer.rotated_numbers(self._job.path))
        self._copy_path.rename(writer.rotated_path(self._job.path, number))


def main(words: Sequence[str]) -> int:
    """Rotate as the command line says; return the exit code."""
    path, max_bytes, keep, log_format, marker = words
    limits = Logs(max_bytes=int(max_bytes), keep=int(keep), format="json" if log_format == "json" else "text")
    try:
        rotate(Job(Path(path), limits, marker))
    except OSError as error:
        return error.errno or errno.EIO
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
