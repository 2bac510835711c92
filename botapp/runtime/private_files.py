"""Owner-only files and directories: 0700 and 0600, written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def make_directory(path: Path) -> None:
    """Make a directory and its missing parents, each with mode 0700. Raises OSError."""
    for directory in (*reversed(path.parents), path):
        if not directory.exists():
            directory.mkdir(mode=0o700, exist_ok=True)


@contextmanager
def replaced_file(path: Path, part: str, *, mode: int = 0o600) -> Iterator[BinaryIO]:
    """Yield a new empty file to write to; at the end of the block it becomes `path`, synced to the disk.

    When the block raises, `path` is unchanged and the new file is deleted. The descriptors of the file and of its
    directory are used, not their names: others may be able to rename what is there.

    Args:
        path: the file to create or to replace.
        part: the name of the new file, in the same directory; an existing one is deleted.
        mode: the file's permissions.

    Raises OSError, and whatever the block raises.
    """
    make_directory(path.parent)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(FileNotFoundError):
            os.unlink(part, dir_fd=directory)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(part, flags, 0o600, dir_fd=directory)
        try:
            with open(fd, "r+b", closefd=False) as file:
                yield file
            os.fchmod(fd, mode)
            os.fsync(fd)
            os.replace(part, path.name, src_dir_fd=directory, dst_dir_fd=directory)
            os.fsync(directory)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(part, dir_fd=directory)
            raise
        finally:
            os.close(fd)
    finally:
        os.close(directory)


def write_file(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write a file whole or not at all; a symbolic link stays one. Raises OSError."""
    try:
        path = path.resolve()
    except RuntimeError as error:  # a loop of links
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path)) from error
    with replaced_file(path, f".{path.name}.new", mode=mode) as file:
        file.write(data)


def aside_of(path: Path) -> Path:
    """Return where a damaged file is kept; the next damaged one replaces it."""
    return path.with_name(f"{path.name}.damaged")


def set_aside(path: Path) -> Path:
    """Rename a damaged file, or whatever is in its place, and return its new path. Raises OSError."""
    aside = aside_of(path)
    try:
        path.replace(aside)
    except OSError:
        # a directory and a file do not replace each other
        aside = path.with_name(f"{aside.name}-{os.urandom(4).hex()}")
        path.replace(aside)
    return aside


def fsync_directory(path: Path) -> None:
    """Wait until the entries of a directory are on the disk. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


class NotARegularFile(OSError):
    """A directory, a pipe, a link or another special file where a file must be."""


def open_regular(path: Path, flags: int) -> int:
    """Open a file, with mode 0600 if it is created; never follow a link or wait for a pipe. Return the descriptor.

    Raises NotARegularFile, OSError.
    """
    try:
        fd = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise NotARegularFile(error.errno, error.strerror, str(path)) from error
        raise
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise NotARegularFile(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
    return fd


def read_regular_file(path: Path, max_bytes: int) -> bytes:
    """Return the contents of a file, at most `max_bytes`. Raises as `open_regular` does."""
    with open(open_regular(path, os.O_RDONLY), "rb") as file:
        return file.read(max_bytes)


def file_identity(path: Path) -> tuple[int, int] | None:
    """Return device and inode of the file; None if it is missing or not accessible."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
