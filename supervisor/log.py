"""The supervisor's own log: a line per event, into a file, in the foreground to the terminal too."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

#: shown names of the levels, of one width
LEVELS = {"info": "INFO ", "warning": "WARN ", "error": "ERROR", "critical": "FATAL"}


class Log:
    """Appends lines to a file."""

    def __init__(self, path: Path, *, echo: bool) -> None:
        """Open `path` for appending, 0600; with `echo` lines go to stderr as well. Raises OSError."""
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._echo = echo

    def write(self, level: str, text: str) -> None:
        """Write one line. A disk that is full is no reason to end; the line is then on stderr alone, if anywhere."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        # a path may hold bytes that are no text
        line = f"{stamp} {LEVELS[level]} {' '.join(text.splitlines())}\n".encode(errors="backslashreplace")
        try:
            os.write(self._fd, line)
        except OSError:
            self._echo_line(line)
        else:
            if self._echo:
                self._echo_line(line)

    def _echo_line(self, line: bytes) -> None:
        try:
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()
        except OSError:
            self._echo = False  # the terminal is gone; the file goes on

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


def mark(path: Path, text: str) -> None:
    """Append a line about a life to its program's log, recognisable as the supervisor's. Raises OSError."""
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, f"--- stocksup {time.strftime('%Y-%m-%dT%H:%M:%S%z')}: {text} ---\n".encode())
    finally:
        os.close(fd)
