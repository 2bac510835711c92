"""Reads the files of a log: the current one and the rotated ones. A missing file counts as empty."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from supervisor.config.files import open_regular
from supervisor.logs import holes, lines
from supervisor.logs.holes import BLOCK_BYTES
from supervisor.logs.lines import LogRecord
from supervisor.logs.rotation import parse_number
from supervisor.logs.selection import Selection

#: bytes that are read at a time, backwards
READ_BYTES: Final = 64 * 1024
#: bytes that are read backwards at most, over all files: more than the default of `[logs]` keeps; 64 MiB take 2 to 6 s
MAX_BACK_BYTES: Final = 128 * 1024 * 1024
#: bytes of new lines that are read at a time
MAX_NEW_BYTES: Final = 1024 * 1024
#: a longer line is split: masking takes up to 4 µs a byte
MAX_LINE_BYTES: Final = 64 * 1024
#: files that are kept open: a program may write to a rotated file until it opens the new one
MAX_OPEN: Final = 8
#: how long a rotation may delay a reader, in seconds
LOCK_TIMEOUT_S: Final = 2.0
_ALL: Final = Selection()


class LogFile:
    """Reads a log that is written and rotated meanwhile.

    Files are identified by their inode and kept open. So every line is read once, also from a file that was renamed or
    deleted, or whose beginning was moved to a rotated file (see `copy_rotation`).
    """

    def __init__(self, path: Path) -> None:
        """`path` is the current file."""
        self._path = path
        #: the newest files, oldest first
        self._files: list[_File] = []
        #: number of the newest rotated file; None before the first read
        self._newest: int | None = None
        #: the one of `_files` that was the current file at the last read
        self._current: _File | None = None
        #: whether the last call of `read_last` has left out the oldest lines, because of `MAX_BACK_BYTES`
        self.is_cut = False

    def read_last(self, count: int, *, unfinished: bool, wanted: Selection = _ALL) -> list[LogRecord]:
        """Return the last lines, oldest first. Call it before `read_new`, if at all.

        Args:
            count: number of lines.
            unfinished: include a last line without an end.
            wanted: which lines to include.

        Raises OSError, SlowPattern.
        """
        with self._opened_new():
            for file in self._files:
                file.skip(to_line_end=file is self._files[-1] and not unfinished)
            return [lines.parse_line(line) for line in wanted.last(map(_decode, self._read_back()), count)]

    def read_new(self) -> list[LogRecord]:
        """Return the lines that were finished since the last call. Raises OSError."""
        with self._opened_new():
            return [lines.parse_line(_decode(line)) for line in self._read_new()]

    def _read_new(self) -> list[bytes]:
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
        return new_lines

    @contextmanager
    def _opened_new(self) -> Iterator[None]:
        """Open the files that are newer than the open ones, at first the newest ones. Meanwhile nothing is moved."""
        # the current file first: if it is renamed meanwhile, it is found again under its number
        opened = _open(self._path)
        if opened is not None:
            opened.lock()
        try:
            newest = max(_rotated_numbers(self._path), default=0)
            first = newest - MAX_OPEN + 2 if self._newest is None else self._newest + 1
            for number in range(max(first, 1), newest + 1):
                self._add_rotated(_open(_rotated_path(self._path, number)))
            self._newest = newest
            self._current = self._find_current(opened)
            for file in self._files:
                file.find_start()
            yield
        finally:
            if opened is not None:
                opened.unlock()
                if opened not in self._files:
                    opened.close()

    def _add_rotated(self, file: _File | None) -> None:
        """Add the next rotated file: the renamed current one, or one with lines from the beginning of the current."""
        current = self._current
        if current is not None and current.is_deleted():
            current = self._current = None  # it was renamed before, and deleted since
        if file is None:
            if current is not None:
                current.restart()  # it is unknown how much was moved
        elif any(file.inode == other.inode for other in self._files):
            file.close()
            self._current = None
        elif current is None:
            self._files.append(file)
        elif current.hand_over(file):
            self._files.insert(self._files.index(current), file)
        else:
            file.close()

    def _find_current(self, opened: _File | None) -> _File | None:
        """Return the open file that `opened` is; add it if it is new. None if it has been renamed meanwhile."""
        if opened is None:
            return None
        known = next((other for other in self._files if other.inode == opened.inode), None)
        if known is None:
            self._files.append(opened)
            return opened
        return known if known is self._current else None

    def _read_back(self) -> Iterator[bytes]:
        """Yield the lines of all files, the last one first, up to `MAX_BACK_BYTES`."""
        left = MAX_BACK_BYTES
        self.is_cut = False
        for file in self._files_back():
            is_cut = file.count_read_bytes() > left
            file_lines = file.read_back(left)
            unfinished = next(file_lines, b"")
            for line in itertools.chain([unfinished] if unfinished else [], file_lines):
                left -= len(line) + 1
                yield line
            if is_cut:
                self.is_cut = True
                return

    def _files_back(self) -> Iterator[_File]:
        """Yield all files, the newest first; close those that are not kept open when the next one is requested."""
        yield from reversed(self._files)
        open_inodes = {file.inode for file in self._files}
        for number in sorted(_rotated_numbers(self._path), reverse=True):
            if (file := _open(_rotated_path(self._path, number))) is not None:
                if file.inode not in open_inodes:
                    file.find_start()
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
    """One open file. Positions count from the beginning of its data, see `holes`."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.inode = os.fstat(fd).st_ino
        #: where the data begins
        self._start = 0
        #: bytes that have been read
        self._offset = 0
        #: the beginning of a line without an end
        self._unfinished = b""

    def close(self) -> None:
        os.close(self._fd)

    def lock(self) -> None:
        """Keep the data where it is, until `unlock`."""
        holes.lock(self._fd, exclusive=False, timeout_s=LOCK_TIMEOUT_S)

    def unlock(self) -> None:
        holes.unlock(self._fd)

    def is_deleted(self) -> bool:
        return os.fstat(self._fd).st_nlink == 0

    def find_start(self) -> None:
        """Find where the data begins now."""
        self._start = holes.find_data_start(self._fd)

    def restart(self) -> None:
        """Count nothing as read."""
        self._offset, self._unfinished = 0, b""

    def hand_over(self, file: _File) -> bool:
        """Go on after the beginning of this file was moved to the rotated `file`.

        Returns whether `file` has lines that have not been read here.
        """
        moved = os.fstat(file._fd).st_size
        if self._offset >= moved:
            # a marker has replaced the part of the last block that was moved
            self._offset -= moved - moved % BLOCK_BYTES
            return False
        file._offset, file._unfinished = self._offset, self._unfinished
        self.restart()
        return True

    def skip(self, *, to_line_end: bool) -> None:
        """Count everything as read; with `to_line_end` without the unfinished line at the end."""
        self._offset = self._size()
        if to_line_end:
            self._offset -= len(next(self.read_back(MAX_LINE_BYTES), b""))

    def count_read_bytes(self) -> int:
        """Return how many bytes count as read."""
        return self._offset

    def _size(self) -> int:
        return max(0, os.fstat(self._fd).st_size - self._start)

    def _read(self, length: int, offset: int) -> bytes:
        return os.pread(self._fd, length, self._start + offset)

    def read_back(self, max_bytes: int) -> Iterator[bytes]:
        """Yield the unfinished line, which may be empty, and then the lines before it, the last one first."""
        end, start_limit = self._offset, max(0, self._offset - max_bytes)
        tail = b""
        while end > start_limit and len(tail) < MAX_LINE_BYTES:
            start = max(start_limit, end - READ_BYTES)
            tail, *complete = (self._read(end - start, start) + tail).split(b"\n")
            yield from reversed(complete)
            end = start
        if end == 0 or len(tail) >= MAX_LINE_BYTES:
            yield tail

    def read_new(self) -> _Chunk:
        """Return what was written since the last call."""
        size = self._size()
        if size < self._offset:
            self.restart()  # it was truncated
        data = self._read(MAX_NEW_BYTES, self._offset)
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
        return _File(open_regular(path, os.O_RDONLY))
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


def _decode(data: bytes) -> str:
    """Return the text of a line, without characters that control a terminal."""
    text = data.decode(errors="replace").rstrip(" \r")
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\t" else "�" for char in text)
