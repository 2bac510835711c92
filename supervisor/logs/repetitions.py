"""Limits identical log lines: a fault that lasts must not fill the disk, and must not hide other lines. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: seconds after which a line is written again; each time twice as long, up to the second number
FIRST_INTERVAL_S: Final = 10.0
MAX_INTERVAL_S: Final = 3600.0
#: lines that are remembered
MAX_LINES: Final = 256


@dataclass
class _Line:
    written_s: float
    interval_s: float = FIRST_INTERVAL_S
    omitted: int = 0


class Repetitions:
    """The recent lines, and how often each has been left out."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    def admit(self, text: str, now_s: float) -> int | None:
        """Return whether to write `text`: how often it was left out since it was written last; None leaves it out."""
        line = self._lines.pop(text, None)
        if line is None or now_s - line.written_s >= MAX_INTERVAL_S + line.interval_s:
            self._remember(text, _Line(now_s))
            return 0
        self._remember(text, line)
        if now_s - line.written_s < line.interval_s:
            line.omitted += 1
            return None
        omitted, line.omitted = line.omitted, 0
        line.written_s, line.interval_s = now_s, min(2 * line.interval_s, MAX_INTERVAL_S)
        return omitted

    def _remember(self, text: str, line: _Line) -> None:
        """Keep the line as the latest one, and forget the oldest beyond the limit."""
        self._lines[text] = line
        if len(self._lines) > MAX_LINES:
            del self._lines[next(iter(self._lines))]
