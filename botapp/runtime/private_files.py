"""Owner-only files and directories: 0700 and 0600, written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def make_directory(path: Path) -> None:
    """Make a directory and its missing parents, each with mode 0700. Raises OSError."""
    for directory in (*reversed(path.parents), path):
        if not directory.exists():
            directory.mkdir(mode=0o700, exist_ok=True)
            chown_like_directory(directory)


def chown_like_directory(path: Path) -> None:
    """Give a file that root created to the owner of its directory, so that their bot can read it. Raises OSError."""
    if os.geteuid() == 0:
        directory = path.parent.stat()
        os.chown(path, directory.st_uid, directory.st_gid)


@contextmanager
def replaced_file(path: Path, part: Path, *, mode: int = 0o600) -> Iterator[Path]:
    """Yield an empty file to write to; at the end of the block it becomes `path`, synced to the disk.

    When the block raises, `path` is unchanged and `part` is deleted. An existing file keeps its owner.

    Args:
        path: the file to create or to replace.
        part: the file to write, in the same directory.
        mode: the file's permissions.

    Raises OSError, and whatever the block raises.
    """
    make_directory(path.parent)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600))
    try:
        yield part
        part.chmod(mode)
        if path.exists() and (owner := path.stat()).st_uid != os.geteuid():
            os.chown(part, owner.st_uid, owner.st_gid)
        elif not path.exists():
            chown_like_directory(part)
        fsync_path(part)
        part.replace(path)
        fsync_path(path.parent)
    finally:
        part.unlink(missing_ok=True)


def write_file(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write a file whole or not at all; a symbolic link stays one. Raises OSError."""
    path = path.resolve()
    with replaced_file(path, path.with_name(f".{path.name}.new"), mode=mode) as part:
        part.write_bytes(data)


class NotARegularFile(OSError):
    """A directory, a pipe, a link or another special file where a file must be."""


def read_regular_file(path: Path, max_bytes: int) -> bytes:
    """Return the contents of a file, at most `max_bytes`; never follow a link or wait for a pipe.

    Raises NotARegularFile, OSError.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise NotARegularFile(error.errno, error.strerror, str(path)) from error
        raise
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise NotARegularFile(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
    with open(fd, "rb") as file:
        return file.read(max_bytes)


def fsync_path(path: Path) -> None:
    """Wait until a file, or the entries of a directory, are on the disk. Raises OSError."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def file_identity(path: Path) -> tuple[int, int] | None:
    """Return device and inode of the file; None if it is missing or not accessible."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
