"""Writes log files: the supervisor's own log, and the markers in the logs of programs."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from supervisor.config.files import open_regular
from supervisor.config.settings import Logs
from supervisor.locale import _
from supervisor.locale.third_party import os_error_text
from supervisor.logs import holes, rotation
from supervisor.logs.masking import mask_secrets
from supervisor.logs.printable import make_printable
from supervisor.logs.repetitions import Repetitions
from supervisor.logs.stderr import STDERR, StderrWriter


class _Level(NamedTuple):
    #: padded to one width
    word: str
    #: the priority of syslog(3)
    priority: int


LEVELS: Final = {
    "info": _Level("INFO ", 6),
    "warning": _Level("WARN ", 4),
    "error": _Level("ERROR", 3),
    "critical": _Level("FATAL", 2),
}

#: levels of the faults that the supervisor survives, and that may last
_LIMITED_LEVELS: Final = ("warning", "error")
_STDOUT: Final = 1


class SupervisorLog:
    """The log of the supervisor: a file that is rotated when that is due."""

    def __init__(self, path: Path, settings: Logs, *, to_journal: bool = False) -> None:
        """Open `path` for appending, with mode 0600. Raises OSError.

        Each line is written to stderr as well, unless stderr is the same file: that of a supervisor that runs in the
        background. A line that stderr does not take at once is in the file alone.

        Args:
            path: the file.
            settings: format and rotation; may be replaced at any time.
            to_journal: stderr is systemd's journal, so lines there begin with their priority.
        """
        self.settings = settings
        self._path = path
        self.to_journal = to_journal
        #: whether a failed rotation has been logged
        self._is_failure_logged = False
        self._repetitions = Repetitions()
        self._fd = self._open()
        self._stderr = StderrWriter()
        self._echo = not _is_same_file(STDERR, self._fd)

    def write(self, level: str, text: str) -> None:
        """Write one line. If the disk refuses it, the line goes to stderr. Some repeated lines are left out."""
        text = make_printable(mask_secrets(" ".join(text.splitlines())))
        if level in _LIMITED_LEVELS:
            if (omitted := self._repetitions.admit(text, time.monotonic())) is None:
                return
            if omitted:
                text = _("%(line)s (repeated: %(count)d)") % {"line": text, "count": omitted}
        failure = self._rotate_if_due()
        line = format_line(self.settings, level, text)
        try:
            self._size_bytes += os.write(self._fd, line)
        except OSError:
            self._write_stderr(level, text, line)
        else:
            if self._echo:
                self._write_stderr(level, text, line)
        if failure is not None and not self._is_failure_logged:
            self._is_failure_logged = True
            text = _("cannot rotate %(path)s: %(why)s; the log keeps growing")
            self.write("error", text % {"path": failure.filename, "why": os_error_text(failure)})

    def reopen_if_moved(self) -> None:
        """Open a new file if somebody has moved or deleted the present one. Raises OSError."""
        if not (self._path.exists() and os.path.samestat(self._path.stat(), os.fstat(self._fd))):
            self._reopen()

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def _open(self) -> int:
        fd = open_regular(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._head = read_head(self._path)
        self._size_bytes = os.fstat(fd).st_size
        return fd

    def _rotate_if_due(self) -> OSError | None:
        """Rotate the file if that is due; return the error if it failed, and go on with the old file."""
        if not rotation.is_due(self.settings, self._size_bytes, self._head, time.time()):
            return None
        try:
            if self._path.exists():
                rotate(self._path, self.settings.keep)
            self._reopen()
        except OSError as error:
            return error
        self._is_failure_logged = False
        return None

    def _reopen(self) -> None:
        old, self._fd = self._fd, self._open()
        for fd in (_STDOUT, STDERR):
            if _is_same_file(fd, old):
                os.dup2(self._fd, fd)  # the interpreter writes tracebacks there
        os.close(old)

    def _write_stderr(self, level: str, text: str, line: bytes) -> None:
        if self.to_journal:
            # sd-daemon(3): the priority comes first; the journal adds the time itself
            line = f"<{LEVELS[level].priority}>{text}\n".encode(errors="backslashreplace")
        if not self._stderr.write(line):
            self._echo = False  # the terminal is closed


def format_line(settings: Logs, level: str, text: str) -> bytes:
    """Return a line of the supervisor's log."""
    if settings.format == "json":
        return _format_json(level, text)
    # a path may hold bytes that are not UTF-8
    return f"{_timestamp()} {LEVELS[level].word} {text}\n".encode(errors="backslashreplace")


def append_marker(path: Path, settings: Logs, text: str) -> None:
    """Append a marker about a life to the log of its program. Raises OSError."""
    fd = open_regular(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    try:
        size = os.fstat(fd).st_size
        # a life that was killed may have left a line without an end
        is_cut = size > 0 and os.pread(fd, 1, size - 1) != b"\n"
        os.write(fd, b"\n" * is_cut + format_marker(settings, text))
    finally:
        os.close(fd)


def format_marker(settings: Logs, text: str) -> bytes:
    """Return the line of a marker about a life."""
    text = make_printable(mask_secrets(text))
    if settings.format == "json":
        return _format_json("info", text, mark=True)
    return f"--- stocksup {_timestamp()}: {text} ---\n".encode(errors="backslashreplace")


def rotate(path: Path, keep: int) -> None:
    """Rename the log at `path` to its next rotated name, and delete the oldest beyond `keep`; 0 keeps all.

    Raises OSError; the log then keeps its name.
    """
    numbers = rotated_numbers(path)
    for number in rotation.expired_numbers(numbers, keep):
        rotated_path(path, number).unlink(missing_ok=True)
    path.rename(rotated_path(path, rotation.next_number(numbers)))


def rotated_path(path: Path, number: int) -> Path:
    """Return the path of the rotated file `number` of the log at `path`."""
    return path.with_name(f"{path.name}.{number}")


def rotated_numbers(path: Path) -> list[int]:
    """Return the numbers of the rotated files of the log at `path`. Raises OSError."""
    numbers = (rotation.parse_number(path.name, name) for name in os.listdir(path.parent))
    return [number for number in numbers if number is not None]


def count_data_bytes(path: Path) -> int:
    """Return the size of the log at `path`, without a hole at its beginning. Raises OSError."""
    with open(open_regular(path, os.O_RDONLY), "rb", buffering=0) as file:
        return os.fstat(file.fileno()).st_size - holes.find_data_start(file.fileno())


def read_head(path: Path) -> rotation.FileHead:
    """Return the head of the log at `path`. Raises OSError."""
    with open(open_regular(path, os.O_RDONLY), "rb", buffering=0) as file:
        return rotation.parse_head(os.pread(file.fileno(), rotation.HEAD_BYTES, holes.find_data_start(file.fileno())))


def _is_same_file(fd: int, other: int) -> bool:
    try:
        return os.path.sameopenfile(fd, other)
    except OSError:
        return False  # it is closed


def _format_json(level: str, text: str, **fields: object) -> bytes:
    text = text.encode(errors="backslashreplace").decode()
    return msgspec.json.encode({"time": _timestamp(), "level": level, "message": text, **fields}) + b"\n"


def _timestamp() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")
