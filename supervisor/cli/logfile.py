"""One log file: its last lines, and what is appended to it. Missing is the same as empty."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

#: how much of the end of a file is looked at, and how much is taken at a time when following it
MAX_BYTES: Final = 1024 * 1024

_LIFE_STARTS: Final = re.compile(r"--- stocksup \S+ life \d+ of \S+ starts ---")
_LIFE_MARK: Final = re.compile(r"--- stocksup \S+ life \d+ of .* ---")
_TIME: Final = re.compile(r"(?:--- stocksup )?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)")


class LogFile:
    """Reads a file that others append to, and that may be moved away and made anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode = 0
        #: up to where the file has been read, in bytes
        self._offset = 0
        #: the beginning of a line whose end has not been written yet
        self._rest = b""

    def last(self, count: int, *, unfinished: bool) -> list[str]:
        """Return the last `count` lines; with `unfinished` one that has no end yet counts too. Raises OSError."""
        lines = self._read(from_end=True)
        if unfinished and self._rest:
            lines.append(_text(self._rest))
            self._rest = b""
        return lines[-count:] if count else []

    def new(self) -> list[str]:
        """Return the lines that were finished since. Raises OSError."""
        return self._read(from_end=False)

    def _read(self, *, from_end: bool) -> list[str]:
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return []
        with file:
            found = os.fstat(file.fileno())
            if found.st_ino != self._inode or found.st_size < self._offset:
                self._inode, self._offset, self._rest = found.st_ino, 0, b""
            cut = from_end and found.st_size > MAX_BYTES
            if cut:
                self._offset = found.st_size - MAX_BYTES
            file.seek(self._offset)
            data = file.read(MAX_BYTES)
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [_text(line) for line in (lines[1:] if cut else lines)]


def _text(line: bytes) -> str:
    """Return the line as text that does nothing to a terminal."""
    text = line.decode(errors="replace").rstrip("\r")
    return "".join(char if char.isprintable() or char == "\t" else "�" for char in text)


def merged(tails: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Return the lines of several logs as (name, line), in the order of their times. Pure.

    A line without a time belongs to the one before it.
    """
    dated: list[tuple[str, str, str]] = []
    for name, lines in tails.items():
        at = ""
        for line in lines:
            if found := _TIME.match(line):
                at = f"{found[1]} {found[2]}"
            dated.append((at, name, line))
    # sorting is stable: what was written within one second stays in the order of its log
    return [(name, line) for _, name, line in sorted(dated, key=lambda one: one[0])]


def of_last_life(lines: Sequence[str]) -> list[str]:
    """Return what the last life wrote, without the marks of the supervisor. Pure."""
    starts = [i for i, line in enumerate(lines) if _LIFE_STARTS.fullmatch(line)]
    own = lines[starts[-1] + 1 :] if starts else lines
    return [line for line in own if not _LIFE_MARK.fullmatch(line)]
