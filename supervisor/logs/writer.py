"""What the supervisor writes into log files: its own, a line per event, and the marks of lives in those of programs."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from supervisor.config.settings import Logs
from supervisor.locale import _
from supervisor.locale.third_party import os_error_text
from supervisor.logs import rotation
from supervisor.logs.masking import mask_secrets


class _Level(NamedTuple):
    #: as it is shown, of one width
    word: str
    #: as syslog(3) counts
    priority: int


LEVELS: Final = {
    "info": _Level("INFO ", 6),
    "warning": _Level("WARN ", 4),
    "error": _Level("ERROR", 3),
    "critical": _Level("FATAL", 2),
}

_STDOUT: Final = 1
_STDERR: Final = 2


class SupervisorLog:
    """Appends lines to a file, which is moved away when that is due."""

    def __init__(self, path: Path, settings: Logs, *, echo: bool, to_journal: bool = False) -> None:
        """Open `path` for appending, 0600. Raises OSError.

        With `echo` lines go to stderr as well; with `to_journal` in the form that systemd's journal takes there.
        """
        #: counts from the next line on
        self.settings = settings
        self._path = path
        self._echo = echo
        #: whether stderr is systemd's journal
        self.to_journal = to_journal
        #: whether it has been told that the file cannot be moved
        self._is_stuck = False
        self._fd = self._open()

    def write(self, level: str, text: str) -> None:
        """Write one line. A disk that is full is no reason to end; the line is then on stderr alone, if anywhere."""
        text = mask_secrets(" ".join(text.splitlines()))
        stuck = self._move_if_due()
        data = line(self.settings, level, text)
        try:
            self._size_bytes += os.write(self._fd, data)
        except OSError:
            self._echo_line(level, text, data)
        else:
            if self._echo:
                self._echo_line(level, text, data)
        if stuck is not None and not self._is_stuck:
            self._is_stuck = True
            text = _("cannot move %(path)s away: %(why)s; the log grows on")
            self.write("error", text % {"path": stuck.filename, "why": os_error_text(stuck)})

    def look(self) -> None:
        """Go on in a new file if somebody has taken the present one away."""
        try:
            if not (self._path.exists() and os.path.samestat(self._path.stat(), os.fstat(self._fd))):
                self._begin_anew()
        except OSError as error:
            text = _("cannot write %(path)s: %(why)s") % {"path": self._path, "why": os_error_text(error)}
            self._echo_line("error", text, line(self.settings, "error", text))

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def _open(self) -> int:
        fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._beginning = beginning(self._path)
        self._size_bytes = os.fstat(fd).st_size
        return fd

    def _move_if_due(self) -> OSError | None:
        """Return what was in the way, if something was; lines then go where they went before."""
        if not rotation.is_due(self.settings, self._size_bytes, self._beginning, time.time()):
            return None
        try:
            if self._path.exists():
                move_away(self._path, self.settings.keep)
            self._begin_anew()
        except OSError as error:
            return error
        self._is_stuck = False
        return None

    def _begin_anew(self) -> None:
        old, self._fd = self._fd, self._open()
        for fd in (_STDOUT, _STDERR):
            if _is_same_file(fd, old):
                os.dup2(self._fd, fd)  # what Python itself may have to say goes the same way
        os.close(old)

    def _echo_line(self, level: str, text: str, data: bytes) -> None:
        if self.to_journal:
            # sd-daemon(3): the level is in front; the journal has the time itself
            data = f"<{LEVELS[level].priority}>{text}\n".encode(errors="backslashreplace")
        try:
            sys.stderr.buffer.write(data)
            sys.stderr.buffer.flush()
        except OSError:
            self._echo = False  # the terminal is gone; the file goes on


def line(settings: Logs, level: str, text: str) -> bytes:
    """Return a line of the supervisor's log."""
    if settings.format == "json":
        return _json(level, text)
    # a path may hold bytes that are no text
    return f"{_stamp()} {LEVELS[level].word} {text}\n".encode(errors="backslashreplace")


def mark(path: Path, settings: Logs, text: str) -> None:
    """Append a line about a life to its program's log, recognisable as the supervisor's. Raises OSError."""
    text = mask_secrets(text)
    shown = f"--- stocksup {_stamp()}: {text} ---\n".encode(errors="backslashreplace")
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        end = os.fstat(fd).st_size
        # a life that was killed may have left a line without its end
        is_cut = end > 0 and os.pread(fd, 1, end - 1) != b"\n"
        os.write(fd, b"\n" * is_cut + (_json("info", text, mark=True) if settings.format == "json" else shown))
    finally:
        os.close(fd)


def move_away(path: Path, keep: int) -> None:
    """Give the log at `path` the next old name, so that a new one can be begun; `keep` old ones stay, 0: all.

    Raises OSError; the log is then where it was.
    """
    found = (rotation.number(path.name, name) for name in os.listdir(path.parent))
    numbers = [number for number in found if number is not None]
    for number in rotation.expired(numbers, keep):
        path.with_name(f"{path.name}.{number}").unlink(missing_ok=True)
    path.rename(path.with_name(f"{path.name}.{rotation.next_number(numbers)}"))


def beginning(path: Path) -> rotation.FileHead:
    """Return how the log at `path` begins. Raises OSError."""
    with path.open("rb", buffering=0) as file:
        return rotation.beginning(file.read(rotation.HEAD_BYTES))


def _is_same_file(fd: int, other: int) -> bool:
    try:
        return os.path.sameopenfile(fd, other)
    except OSError:
        return False  # it is closed


def _json(level: str, text: str, **more: object) -> bytes:
    text = text.encode(errors="backslashreplace").decode()
    return msgspec.json.encode({"time": _stamp(), "level": level, "message": text, **more}) + b"\n"


def _stamp() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")
