"""What must survive the supervisor: wishes, lives, tickets, starts of the day; and the history of restarts.

The journal is a file of lines, each the whole of what is known of one program at that moment; the last good one
counts. A line is in the kernel before what it announces is done, so that a killed supervisor's successor knows;
`sync` brings it to the disk, which only a power cut asks for. A line that was cut short is not a line. What the disk
has refused, or somebody has deleted, is made up for as soon as the disk takes it: all that counts is in memory.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from supervisor.config.settings import Program
from supervisor.lifecycle.model import ProgramState, RestartReport

#: the journal is written anew when it is longer than this
COMPACT_BYTES = 1024 * 1024
#: restarts that are kept
HISTORY_LENGTH = 1000

#: not kept: settings are read from the configuration, health comes with the next heartbeat
_NOT_KEPT = ("settings", "flush_on_restart", "flush_on_crash")
#: `last_seen_s` changes with every heartbeat, and is of no use to a successor
_NOT_KEPT_OF_LIFE = ("health", "health_record", "last_seen_s")


class AppendFile:
    """A file to which lines are appended; a write that failed half way spoils no later line."""

    def __init__(self, path: Path) -> None:
        """Open `path`, 0600. Raises OSError."""
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        end = os.fstat(self._fd).st_size
        self._torn = end > 0 and os.pread(self._fd, 1, end - 1) != b"\n"

    def append(self, line: bytes) -> None:
        """Append `line`, which has no line end. Raises OSError."""
        data = b"\n" * self._torn + line + b"\n"
        self._torn = True
        written = os.write(self._fd, data)
        if written != len(data):
            raise OSError(28, "No space left on device")
        self._torn = False

    def size(self) -> int:
        """Return its length in bytes."""
        return os.fstat(self._fd).st_size

    def sync(self) -> None:
        """Bring it to the disk. Raises OSError."""
        os.fsync(self._fd)

    def rewrite(self, lines: list[bytes]) -> None:
        """Replace all that is in it, at once or not at all. Raises OSError."""
        fresh = self.path.with_suffix(".new")
        fd = os.open(fresh, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with open(fd, "wb", closefd=False) as file:
                file.writelines(line + b"\n" for line in lines)
            os.fsync(fd)
            fresh.replace(self.path)
        except OSError:
            os.close(fd)
            fresh.unlink(missing_ok=True)  # half of it would only take the room that is missing
            raise
        os.close(self._fd)
        self._fd, self._torn = fd, False
        self._sync_name()

    def _sync_name(self) -> None:
        """Bring to the disk which file the name means: else lines go to one that a power cut makes nobody's."""
        directory = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def is_there(self) -> bool:
        """Tell whether the file with its name is still the one that is written to, as far as can be seen."""
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(self._fd))
        except OSError:
            return False  # whoever then writes it anew is told why that is not possible

    def close(self) -> None:
        """Close it."""
        os.close(self._fd)


class Journal:
    """The journal of one state directory."""

    def __init__(self, path: Path) -> None:
        """Open the journal at `path` or begin one. Raises OSError."""
        self._file = AppendFile(path)
        self._last: dict[str, bytes] = {}
        #: a file that was just made needs its name brought to the disk too
        self._unsynced = True
        #: whether the disk has refused a line that is not made up for yet
        self._owed = False
        #: lines that could not be read
        self.broken_lines = 0
        for line in path.read_bytes().split(b"\n"):
            self._take(line)

    def _take(self, line: bytes) -> None:
        if not line:
            return
        try:
            record = msgspec.json.decode(line, type=dict[str, Any])
            msgspec.convert(record, ProgramState, str_keys=True)
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
            self.broken_lines += 1
            return
        self._last[record["name"]] = line

    def names(self) -> list[str]:
        """Return the names of the programs it knows."""
        return list(self._last)

    def recall(self, name: str, program: Program) -> ProgramState:
        """Return what is known of the program `name`, whose settings are now `program`."""
        if name not in self._last:
            return ProgramState(name=name, settings=program)
        record = msgspec.json.decode(self._last[name], type=dict[str, Any])
        return msgspec.structs.replace(msgspec.convert(record, ProgramState, str_keys=True), settings=program)

    def write(self, known: ProgramState) -> None:
        """Write what is known of one program, if that is news. Raises OSError; `sync` then makes up for it."""
        life = _without(msgspec.structs.asdict(known.life), _NOT_KEPT_OF_LIFE)
        line = msgspec.json.encode({**_without(msgspec.structs.asdict(known), _NOT_KEPT), "life": life})
        if self._last.get(known.name) == line and not self._owed:
            return
        self._last[known.name] = line
        owed, self._owed, self._unsynced = self._owed, True, True
        self._file.append(line)
        self._owed = owed

    def sync(self) -> None:
        """Bring it to the disk, shortened when it has become long. Raises OSError."""
        if not self._unsynced:
            return
        if self._owed or self._file.size() > COMPACT_BYTES:
            self._file.rewrite(list(self._last.values()))
            self._owed = False
        else:
            self._file.sync()
        self._unsynced = False

    def look(self) -> None:
        """Notice it if somebody has taken the file away; `sync` then makes up for it."""
        if not self._file.is_there():
            self._owed = self._unsynced = True

    def close(self) -> None:
        """Bring it to the disk and close it. Raises OSError."""
        self.sync()
        self._file.close()


def _without(record: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in keys}


class History:
    """The finished restarts, kept in a file."""

    def __init__(self, path: Path) -> None:
        """Open the history at `path` or begin one. Raises OSError."""
        self._file = AppendFile(path)
        #: lines of JSON: as objects they would take five times the memory, for as long as the supervisor runs
        self._reports: list[bytes] = []
        #: whether the disk has refused a report that is not made up for yet
        self._owed = False
        for line in path.read_bytes().split(b"\n"):
            try:
                msgspec.json.decode(line, type=dict[str, Any])
            except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
                continue  # cut short by a power cut: that restart is not known
            self._reports.append(line)
        if len(self._reports) > HISTORY_LENGTH:
            self._reports = self._reports[-HISTORY_LENGTH:]
            self._rewrite()

    def add(self, report: RestartReport) -> None:
        """Keep `report`, once. Raises OSError after it was taken into memory; `sync` then makes up for it."""
        if any(_same(msgspec.json.decode(line), report) for line in self._reports[-1:]):
            return  # a supervisor that was killed in this very moment had kept it already
        line = msgspec.json.encode(report)
        self._reports = [*self._reports[-HISTORY_LENGTH + 1 :], line]
        owed, self._owed = self._owed, True
        self._file.append(line)
        self._owed = owed

    def sync(self) -> None:
        """Make up for what the disk has refused. Raises OSError."""
        if self._owed:
            self._rewrite()

    def look(self) -> None:
        """Notice it if somebody has taken the file away; `sync` then makes up for it."""
        self._owed = self._owed or not self._file.is_there()

    def _rewrite(self) -> None:
        self._file.rewrite(self._reports)
        self._owed = False

    def newest(self, count: int) -> list[dict[str, Any]]:
        """Return the last `count` restarts, newest first."""
        return [msgspec.json.decode(line) for line in self._reports[::-1][:count]]

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _same(one: dict[str, Any], report: RestartReport) -> bool:
    kept = tuple(one.get(name) for name in ("program", "at", "from_life", "to_life"))
    return kept == (report.program, report.at, report.from_life, report.to_life)
