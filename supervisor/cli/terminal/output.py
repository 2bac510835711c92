"""The only way to the terminal: everything that a command prints passes through `TerminalStream`.

Control characters are written out there, except those of the marks that `coloured`, `ERASE_LINE` and the like contain.
A mark contains a number that only this process knows, so a text of a stranger cannot contain one. Lines that are too
long for the terminal are broken at spaces, except JSON and what `verbatim` marks.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal, TextIO

from supervisor.cli.terminal.formatting import wrap_line
from supervisor.logs.printable import make_printable

Colour = Literal["red", "green", "yellow", "cyan"]

_SEQUENCES: Final = {
    "red": "\x1b[31m",
    "green": "\x1b[32m",
    "yellow": "\x1b[33m",
    "cyan": "\x1b[36m",
    "end": "\x1b[0m",
    "verbatim": "",
}
#: those that a terminal without colours gets as well: ECMA-48, and the private modes of xterm (DECAWM, DECTCEM, 1049)
_CONTROLS: Final = {
    "erase": "\r\x1b[K",
    "to_end": "\x1b[K",
    "below": "\x1b[J",
    "home": "\x1b[H",
    # a screen of its own, without the cursor; lines that are too long are cut
    "enter": "\x1b[?1049h\x1b[?25l\x1b[?7l",
    "leave": "\x1b[?7h\x1b[?25h\x1b[?1049l",
}
_NUMBER: Final = os.urandom(8).hex()
_MARK: Final = re.compile(rf"\x00{_NUMBER}:(\w+)\x00")
#: goes back to the beginning of the line and erases it; nothing if the output is not a terminal
ERASE_LINE: Final = f"\0{_NUMBER}:erase\0"
#: erases the rest of the line, and everything below it
ERASE_TO_END: Final = f"\0{_NUMBER}:to_end\0"
ERASE_BELOW: Final = f"\0{_NUMBER}:below\0"
#: goes to the first character of the screen
HOME: Final = f"\0{_NUMBER}:home\0"
#: saves what the terminal shows, and restores it
ENTER_SCREEN: Final = f"\0{_NUMBER}:enter\0"
LEAVE_SCREEN: Final = f"\0{_NUMBER}:leave\0"
_VERBATIM: Final = f"\0{_NUMBER}:verbatim\0"


#: width of a terminal that does not tell its own
_NO_LIMIT: Final = 1_000_000


def coloured(text: str, colour: Colour) -> str:
    """Return `text` with marks that make it coloured on a terminal."""
    return f"\0{_NUMBER}:{colour}\0{text}\0{_NUMBER}:end\0"


def verbatim(text: str) -> str:
    """Return `text` with marks that keep its lines whole, because they are copied or belong to another program."""
    return "\n".join(f"{_VERBATIM}{line}" for line in text.split("\n"))


def without_marks(text: str) -> str:
    """Return `text` without the marks."""
    return _MARK.sub("", text)


class TerminalStream(io.TextIOBase):
    """A stream that makes every text printable and replaces the marks by control sequences."""

    def __init__(self, stream: TextIO, *, has_colours: bool) -> None:
        """Without `has_colours`, or if `stream` is not a terminal, there are no colours."""
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._has_colours = has_colours and self._is_terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a property there, an attribute of instances here
        """The encoding of the stream."""
        return self._stream.encoding or "ascii"

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """What happens to characters that the encoding lacks."""
        return self._stream.errors

    def write(self, text: str | bytes) -> int:
        """Write a text. click writes the words of shell completion as bytes."""
        text = text if isinstance(text, str) else text.decode(errors="replace")
        parts = _MARK.split(_wrap(text, self._columns()) if self._is_terminal else text)
        for number, part in enumerate(parts):
            parts[number] = self._sequence(part) if number % 2 else make_printable(part)
        self._stream.write("".join(parts))
        return len(text)

    def _columns(self) -> int:
        """Return the width of the terminal in characters; a huge one if it is unknown."""
        named = os.environ.get("COLUMNS", "")
        try:
            return int(named) if named.isdecimal() else os.get_terminal_size(self._stream.fileno()).columns or _NO_LIMIT
        except OSError:
            return _NO_LIMIT

    def flush(self) -> None:
        """Flush the stream."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Return whether the stream is a terminal."""
        return self._is_terminal

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the descriptor of the stream."""
        return self._stream.fileno()

    def _sequence(self, name: str) -> str:
        if name in _CONTROLS:
            return _CONTROLS[name] if self._is_terminal else ""
        return _SEQUENCES[name] if self._has_colours else ""


def _wrap(text: str, columns: int) -> str:
    """Return `text` with its complete lines broken at spaces, so that each fits into `columns`."""
    *complete, rest = text.split("\n")
    lines = [
        part
        for line in complete
        for part in ([line] if _stays_whole(line) else wrap_line(line, columns, without_marks))
    ]
    return "\n".join([*lines, rest])


def _stays_whole(line: str) -> bool:
    """Return whether `line` must not be broken: it is marked, or an object or list of JSON."""
    if not line.startswith(("{", "[")):
        return _VERBATIM in line
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


@contextmanager
def only_printable() -> Iterator[None]:
    """Let stdout and stderr be `TerminalStream`s in this block. `$NO_COLOR` turns colours off."""
    before = sys.stdout, sys.stderr
    has_colours = not os.environ.get("NO_COLOR")
    sys.stdout, sys.stderr = (TerminalStream(stream, has_colours=has_colours) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
