"""The journal: the state of every program, so that the next supervisor knows what the last one did.

Each line of the file is the whole state of one program; the last valid line counts. The line is in the kernel before
its effects are executed, so that the successor of a killed supervisor knows about them; `sync` flushes it to the disk,
for a power cut. An incomplete line is ignored. What the disk has refused, or somebody has deleted, is written again as
soon as the disk allows it: the state in memory is complete.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import msgspec

from supervisor.config.settings import Program
from supervisor.lifecycle.model import ProgramState
from supervisor.storage.append_file import AppendFile

#: a longer journal is rewritten with one line for each program
COMPACT_BYTES: Final = 1024 * 1024
#: bytes that are read of a file that somebody else has made longer
MAX_READ_BYTES: Final = 64 * 1024 * 1024

#: settings are read from the configuration
_NOT_KEPT: Final = ("settings", "flush_on_restart", "flush_on_crash")
#: health comes with the next heartbeat, and `last_seen_s` would change the line with each
_NOT_KEPT_OF_LIFE: Final = ("health", "health_record", "last_seen_s")
#: the name of the program and the number of its life, in a line that was cut short
_LIFE_NUMBER: Final = re.compile(rb'\{"name":"([\w.-]{1,100})".{0,20000}?"life":\{"number":(\d{1,15}),', re.ASCII)


class Journal:
    """The journal of one state directory."""

    def __init__(self, path: Path) -> None:
        """Open or create the journal. Raises OSError."""
        self._file = AppendFile(path)
        #: the last line of each program
        self._lines: dict[str, bytes] = {}
        #: whether the disk may lack something: at first the name of a file that was just created
        self._is_unsynced = True
        #: whether a line is missing in the file, because the disk has refused it or somebody has deleted the file
        self._is_incomplete = False
        #: how many lines could not be read
        self.broken_lines = 0
        #: by program: the highest number of a life in the lines that could not be read
        self._broken_numbers: dict[str, int] = {}
        for line in self._file.read_lines(MAX_READ_BYTES):
            if line:
                self._read_line(line)

    def _read_line(self, line: bytes) -> None:
        try:
            program = msgspec.json.decode(line, type=ProgramState)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.broken_lines += 1
            if match := _LIFE_NUMBER.match(line):
                name = match[1].decode()
                self._broken_numbers[name] = max(self._broken_numbers.get(name, 0), int(match[2]))
            return
        self._lines[program.name] = line

    def names(self) -> list[str]:
        """Return the names of the programs in the journal."""
        return list(self._lines)

    def used_number(self, name: str) -> int:
        """Return the highest number of a life of a program in the lines that could not be read; 0 without one."""
        return self._broken_numbers.get(name, 0)

    def load(self, name: str, settings: Program) -> ProgramState:
        """Return the last state of the program `name`, with its present settings."""
        if name not in self._lines:
            return ProgramState(name=name, settings=settings)
        program = msgspec.json.decode(self._lines[name], type=ProgramState)
        return msgspec.structs.replace(program, settings=settings)

    def write(self, program: ProgramState) -> None:
        """Append the state of a program if it has changed. After an OSError, `sync` writes the line."""
        life = _without(msgspec.structs.asdict(program.life), _NOT_KEPT_OF_LIFE)
        line = msgspec.json.encode({**_without(msgspec.structs.asdict(program), _NOT_KEPT), "life": life})
        if self._lines.get(program.name) == line and not self._is_incomplete:
            return
        self._lines[program.name] = line
        was_incomplete, self._is_incomplete, self._is_unsynced = self._is_incomplete, True, True
        self._file.append(line)
        self._is_incomplete = was_incomplete

    def sync(self) -> None:
        """Flush the journal to the disk, and shorten it when it is long. Raises OSError."""
        if not self._is_unsynced:
            return
        if self._is_incomplete or self._file.size() > COMPACT_BYTES:
            self.rewrite()
            return
        self._file.sync()
        self._is_unsynced = False

    def rewrite(self) -> None:
        """Write one line for each program, and flush that to the disk. Raises OSError."""
        self._file.rewrite(list(self._lines.values()))
        self._is_incomplete = self._is_unsynced = False

    def detect_deletion(self) -> None:
        """Check whether somebody has deleted or replaced the file; then `sync` writes it again."""
        if not self._file.is_in_place():
            self._is_incomplete = self._is_unsynced = True

    def close(self) -> None:
        """Flush the journal to the disk and close it. Raises OSError."""
        self.sync()
        self._file.close()


def _without(record: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in keys}
