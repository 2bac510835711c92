"""The files of one log: the present one and those that were moved away. Missing is the same as empty."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from supervisor.logs import lines as logline
from supervisor.logs.lines import LogRecord
from supervisor.logs.rotation import number

#: how much is read at a time, looking back
BLOCK_BYTES: Final = 64 * 1024
#: how far back one looks at most, over all files
MAX_BACK_BYTES: Final = 64 * 1024 * 1024
#: how much is taken at a time when following
MAX_NEW_BYTES: Final = 1024 * 1024
#: a line that is longer is cut into several
MAX_LINE_BYTES: Final = 1024 * 1024
#: files that are held open: one that was moved away may still be written to, until its program opens the new one
MAX_OPEN: Final = 8


class LogFile:
    """Reads a log that others append to, and that is moved away and made anew meanwhile.

    Files are known by what they are, not by their names, and held open: so whatever is written there is told once,
    wherever it is moved to, or even deleted.
    """

    def __init__(self, path: Path) -> None:
        """`path` is the present file."""
        self._path = path
        #: the newest files, oldest first
        self._files: list[_File] = []
        #: number of the youngest file that was moved away; None: nobody has looked yet
        self._newest: int | None = None

    def last(self, count: int, *, unfinished: bool, level: str | None = None) -> list[LogRecord]:
        """Return the last `count` lines of at least `level`, oldest first. To be called before `new`, if at all.

        With `unfinished` a line that has no end yet counts too. Raises OSError.
        """
        self._open_new()
        for file in self._files:
            file.skip(to_line_end=file is self._files[-1] and not unfinished)
        return logline.newest(map(_line, self._back()), count, level)

    def new(self) -> list[LogRecord]:
        """Return the lines that were finished since. Raises OSError."""
        self._open_new()
        lines: list[bytes] = []
        for file in list(self._files):
            is_present = file is self._files[-1]
            found = file.new()
            if found.is_nothing and not is_present:
                lines += file.take_rest()  # nobody finishes that line
                if len(self._files) > MAX_OPEN or file.is_deleted():
                    self._files.remove(file)
                    file.close()
            lines += found.lines
            if found.more:
                break  # what stands in younger files comes after that
        return [_line(line) for line in lines]

    def _open_new(self) -> None:
        """Open the files that are younger than those that are open; at first the youngest."""
        # first the present one: it may get a number meanwhile, and is then met under that
        present = _opened(self._path)
        newest = max(_numbers(self._path), default=0)
        first = newest - MAX_OPEN + 2 if self._newest is None else self._newest + 1
        for one in range(max(first, 1), newest + 1):
            self._hold(_opened(_numbered(self._path, one)))
        self._newest = newest
        self._hold(present)

    def _hold(self, file: _File | None) -> None:
        """Hold the youngest file so far, unless it is held already."""
        if file is not None and any(file.inode == one.inode for one in self._files):
            file.close()
        elif file is not None:
            self._files.append(file)

    def _back(self) -> Iterator[bytes]:
        """Yield the lines of all files, the last one first, as far as one looks."""
        left = MAX_BACK_BYTES
        for file in self._all_back():
            lines = file.back(left)
            unfinished = next(lines, b"")
            for line in itertools.chain([unfinished] if unfinished else [], lines):
                left -= len(line) + 1
                yield line

    def _all_back(self) -> Iterator[_File]:
        """Yield all files, the youngest first; those that are not held are closed when the next one is asked for."""
        yield from reversed(self._files)
        held = {file.inode for file in self._files}
        for one in sorted(_numbers(self._path), reverse=True):
            if (file := _opened(_numbered(self._path, one))) is not None:
                if file.inode not in held:
                    file.skip(to_line_end=False)
                    yield file
                file.close()


class _New(NamedTuple):
    """What was written into a file since."""

    lines: list[bytes]
    #: whether nothing at all was written, not even a part of a line
    is_nothing: bool
    #: whether not all was read
    more: bool


class _File:
    """One file, held open."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.inode = os.fstat(fd).st_ino
        #: up to where it has been read, in bytes
        self._offset = 0
        #: the beginning of a line whose end has not been written yet
        self._rest = b""

    def close(self) -> None:
        os.close(self._fd)

    def is_deleted(self) -> bool:
        return os.fstat(self._fd).st_nlink == 0

    def skip(self, *, to_line_end: bool) -> None:
        """Take all that is there for read; with `to_line_end` not the line at its end that is not finished."""
        self._offset = os.fstat(self._fd).st_size
        if to_line_end:
            self._offset -= len(next(self.back(MAX_LINE_BYTES), b""))

    def back(self, most_bytes: int) -> Iterator[bytes]:
        """Yield the lines of what has been read, the last one first; before it the unfinished one, maybe empty."""
        end, least = self._offset, max(0, self._offset - most_bytes)
        tail = b""
        while end > least and len(tail) < MAX_LINE_BYTES:
            start = max(least, end - BLOCK_BYTES)
            tail, *lines = (os.pread(self._fd, end - start, start) + tail).split(b"\n")
            yield from reversed(lines)
            end = start
        if end == 0 or len(tail) >= MAX_LINE_BYTES:
            yield tail

    def new(self) -> _New:
        """Return what was written since."""
        size = os.fstat(self._fd).st_size
        if size < self._offset:
            self._offset, self._rest = 0, b""  # it was emptied
        data = os.pread(self._fd, MAX_NEW_BYTES, self._offset)
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_LINE_BYTES:
            lines += self.take_rest()
        return _New(lines, is_nothing=not data, more=self._offset < size)

    def take_rest(self) -> list[bytes]:
        """Return the line whose end has not been written, if there is one."""
        rest, self._rest = self._rest, b""
        return [rest] if rest else []


def _opened(path: Path) -> _File | None:
    try:
        return _File(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    except FileNotFoundError:
        return None


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _numbers(path: Path) -> list[int]:
    """Return the numbers of the files that were moved away."""
    try:
        names = os.listdir(path.parent)
    except FileNotFoundError:
        return []
    return [found for name in names if (found := number(path.name, name)) is not None]


def _line(data: bytes) -> LogRecord:
    """Return the line, as text that does nothing to a terminal."""
    text = data.decode(errors="replace").rstrip("\r")
    return logline.read("".join(char if char.isprintable() or char == "\t" else "�" for char in text))
