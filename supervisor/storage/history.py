"""The history: the reports of finished restarts, a line for each."""

from __future__ import annotations

from collections import Counter
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import msgspec

from supervisor.lifecycle.model import RestartReport
from supervisor.storage.append_file import AppendFile

#: how many reports are kept
HISTORY_LENGTH: Final = 1000
#: bytes that are read of a file that somebody else has made longer
MAX_READ_BYTES: Final = 16 * 1024 * 1024


class _Summary(msgspec.Struct):
    """What is counted of a report."""

    program: str
    at: float
    ok: bool


_SUMMARY: Final = msgspec.json.Decoder(_Summary)


class History:
    """The history of one state directory."""

    def __init__(self, path: Path) -> None:
        """Open or create the history. Raises OSError."""
        self._file = AppendFile(path)
        #: lines of JSON: as objects they would take five times the memory, for as long as the supervisor runs
        self._lines: list[bytes] = []
        #: whether a report is missing in the file, because the disk has refused it or somebody has deleted the file
        self._is_incomplete = False
        self._lines += (line for line in self._file.read_lines(MAX_READ_BYTES) if _parse(line) is not None)
        if len(self._lines) > HISTORY_LENGTH:
            self._lines = self._lines[-HISTORY_LENGTH:]
            self.rewrite()

    def add(self, report: RestartReport) -> None:
        """Append `report`, once. After an OSError it is in memory, and `sync` writes it."""
        if self._lines and _is_same(_parse(self._lines[-1]), report):
            return  # the last supervisor had added it, and was killed before its next step
        line = msgspec.json.encode(report)
        self._lines = [*self._lines[-HISTORY_LENGTH + 1 :], line]
        was_incomplete, self._is_incomplete = self._is_incomplete, True
        self._file.append(line)
        self._is_incomplete = was_incomplete

    def sync(self) -> None:
        """Write what the disk has refused. Raises OSError."""
        if self._is_incomplete:
            self.rewrite()

    def detect_deletion(self) -> None:
        """Check whether somebody has deleted or replaced the file; then `sync` writes it again."""
        self._is_incomplete = self._is_incomplete or not self._file.is_in_place()

    def rewrite(self) -> None:
        """Write the reports, and nothing else. Raises OSError."""
        self._file.rewrite(self._lines)
        self._is_incomplete = False

    def newest(self, count: int) -> list[dict[str, Any]]:
        """Return the last `count` reports, the newest first."""
        return [msgspec.json.decode(msgspec.json.encode(_parse(line))) for line in self._lines[::-1][:count]]

    def count_since(self, since_s: float) -> Counter[str]:
        """Return how many restarts that were requested since `since_s` (seconds since 1970) succeeded, by program."""
        recent = takewhile(lambda one: one.at >= since_s, map(_SUMMARY.decode, reversed(self._lines)))
        return Counter(one.program for one in recent if one.ok)

    def used_number(self, program: str) -> int:
        """Return the highest number of a life of a program that the reports name; 0 without one."""
        reports = (report for line in self._lines if (report := _parse(line)) and report.program == program)
        return max((max(report.from_life, report.to_life or 0) for report in reports), default=0)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _parse(line: bytes) -> RestartReport | None:
    """Return the report in a line; None if the line was cut short by a power cut, or is no report."""
    try:
        return msgspec.json.decode(line, type=RestartReport)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _is_same(last: RestartReport | None, report: RestartReport) -> bool:
    return last is not None and all(
        getattr(last, name) == getattr(report, name) for name in ("program", "at", "from_life", "to_life")
    )
