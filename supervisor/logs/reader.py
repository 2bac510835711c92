"""Reads the files of a log: the current one and the rotated ones. A missing file counts as empty."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from supervisor.logs import lines
from supervisor.logs.lines import LogRecord
from supervisor.logs.rotation import parse_number

#: bytes that are read at a time, backwards
BLOCK_BYTES: Final = 64 * 1024
#: bytes that are read backwards at most, over all files
MAX_BACK_BYTES: Final = 64 * 1024 * 1024
#: bytes of new lines that are read at a time
MAX_NEW_BYTES: Final = 1024 * 1024
#: a longer line is split: masking takes up to 4 µs a byte
MAX_LINE_BYTES: Final = 64 * 1024
#: files that are kept open: a program may write to a rotated file until it opens the new one
MAX_OPEN: Final = 8


class LogFile:
    """Reads a log that is written and rotated meanwhile.

    Files are identified by their inode and kept open. So every line is read once, also from a file that was renamed or
    deleted.
    """

    def __init__(self, path: Path) -> None:
        """`path` is the current file."""
        self._path = path
        #: the newest files, oldest first
        self._files: list[_File] = []
        #: number of the newest rotated file; None before the first read
        self._newest: int | None = None

    def read_last(self, count: int, *, unfinished: bool, level: str | None = None) -> list[LogRecord]:
        """Return the last lines, oldest first. Call it before `read_new`, if at all.

        Args:
            count: number of lines.
            unfinished: include a last line without an end.
            level: the lowest level to include; None for all.

        Raises OSError.
        """
        self._open_new()
        for file in self._files:
            file.skip(to_line_end=file is self._files[-1] and not unfinished)
        return lines.last_matching(map(_parse, self._read_back()), count, level)

    def read_new(self) -> list[LogRecord]:
        """Return the lines that were finished since the last call. Raises OSError."""
        self._open_new()
        new_lines: list[bytes] = []
        for file in list(self._files):
            is_current = file is self._files[-1]
            chunk = file.read_new()
            if chunk.is_empty and not is_current:
                new_lines += file.take_unfinished()  # that line gets no end any more
                if len(self._files) > MAX_OPEN or file.is_deleted():
                    self._files.remove(file)
                    file.close()
            new_lines += chunk.lines
            if chunk.has_more:
                break  # newer files come after the rest of this one
        return [_parse(line) for line in new_lines]

    def _open_new(self) -> None:
        """Open the files that are newer than the open ones; at first the newest ones."""
        # the current file first: if it is rotated meanwhile, it is found again under its number
        current = _open(self._path)
        newest = max(_rotated_numbers(self._path), default=0)
        first = newest - MAX_OPEN + 2 if self._newest is None else self._newest + 1
        for number in range(max(first, 1), newest + 1):
            self._add(_open(_rotated_path(self._path, number)))
        self._newest = newest
        self._add(current)

    def _add(self, file: _File | None) -> None:
        """Add the newest file so far, unless it is open already."""
        if file is not None and any(file.inode == other.inode for other in self._files):
            file.close()
        elif file is not None:
            self._files.append(file)

    def _read_back(self) -> Iterator[bytes]:
        """Yield the lines of all files, the last one first, up to `MAX_BACK_BYTES`."""
        left = MAX_BACK_BYTES
        for file in self._files_back():
            file_lines = file.read_back(left)
            unfinished = next(file_lines, b"")
            for line in itertools.chain([unfinished] if unfinished else [], file_lines):
                left -= len(line) + 1
                yield line

    def _files_back(self) -> Iterator[_File]:
        """Yield all files, the newest first; close those that are not kept open when the next one is requested."""
        yield from reversed(self._files)
        open_inodes = {file.inode for file in self._files}
        for number in sorted(_rotated_numbers(self._path), reverse=True):
            if (file := _open(_rotated_path(self._path, number))) is not None:
                if file.inode not in open_inodes:
                    file.skip(to_line_end=False)
                    yield file
                file.close()


class _Chunk(NamedTuple):
    """What was written into a file since it was read."""

    lines: list[bytes]
    #: whether nothing was written, not even a part of a line
    is_empty: bool
    has_more: bool


class _File:
    """One open file."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.inode = os.fstat(fd).st_ino
        #: bytes that have been read
        self._offset = 0
        #: the beginning of a line without an end
        self._unfinished = b""

    def close(self) -> None:
        os.close(self._fd)

    def is_deleted(self) -> bool:
        return os.fstat(self._fd).st_nlink == 0

    def skip(self, *, to_line_end: bool) -> None:
        """Count everything as read; with `to_line_end` without the unfinished line at the end."""
        self._offset = os.fstat(self._fd).st_size
        if to_line_end:
            self._offset -= len(next(self.read_back(MAX_LINE_BYTES), b""))

    def read_back(self, max_bytes: int) -> Iterator[bytes]:
        """Yield the unfinished line, which may be empty, and then the lines before it, the last one first."""
        end, start_limit = self._offset, max(0, self._offset - max_bytes)
        tail = b""
        while end > start_limit and len(tail) < MAX_LINE_BYTES:
            start = max(start_limit, end - BLOCK_BYTES)
            tail, *complete = (os.pread(self._fd, end - start, start) + tail).split(b"\n")
            yield from reversed(complete)
            end = start
        if end == 0 or len(tail) >= MAX_LINE_BYTES:
            yield tail

    def read_new(self) -> _Chunk:
        """Return what was written since the last call."""
        size = os.fstat(self._fd).st_size
        if size < self._offset:
            self._offset, self._unfinished = 0, b""  # it was truncated
        data = os.pread(self._fd, MAX_NEW_BYTES, self._offset)
        self._offset += len(data)
        *complete, self._unfinished = (self._unfinished + data).split(b"\n")
        if len(self._unfinished) > MAX_LINE_BYTES:
            complete += self.take_unfinished()
        return _Chunk(complete, is_empty=not data, has_more=self._offset < size)

    def take_unfinished(self) -> list[bytes]:
        """Return the line without an end, if there is one, as if it had ended."""
        line, self._unfinished = self._unfinished, b""
        return [line] if line else []


def _open(path: Path) -> _File | None:
    try:
        return _File(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    except FileNotFoundError:
        return None


def _rotated_path(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _rotated_numbers(path: Path) -> list[int]:
    try:
        names = os.listdir(path.parent)
    except FileNotFoundError:
        return []
    return [number for name in names if (number := parse_number(path.name, name)) is not None]


def _parse(data: bytes) -> LogRecord:
    """Return the parsed line, without characters that control a terminal."""
    text = data.decode(errors="replace").rstrip("\r")
    return lines.parse_line("".join(char if char.isprintable() or char == "\t" else "�" for char in text))
