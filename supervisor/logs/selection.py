"""Selects log lines by level, time and pattern. Pure, but for the clock that limits the time of a pattern."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from supervisor.logs.lines import LEVELS, LogRecord, find_level, find_time

#: how long a pattern may search in all lines of one command, in seconds: some expressions take exponential time
PATTERN_TIMEOUT_S: Final = 10.0
#: lines without a time or level that are kept until the line that they belong to is found
MAX_GROUP_LINES: Final = 10_000
#: how far the times of a log may be out of order, in seconds: threads write at the same time
ORDER_SLACK_S: Final = 60.0
#: seconds of the units of a duration
_UNITS: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION: Final = re.compile(rf"(?P<count>\d{{1,6}})\s*(?P<unit>{'|'.join(_UNITS)})")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


class InvalidPattern(Exception):
    """A regular expression that cannot be compiled; the message is the library's."""


class SlowPattern(Exception):
    """A regular expression that takes more than `PATTERN_TIMEOUT_S`."""


class Pattern:
    """A regular expression that cannot take for ever."""

    def __init__(self, text: str) -> None:
        """Compile it. Raises InvalidPattern."""
        import regex  # only here: it takes 20 ms to import

        try:
            self._compiled = regex.compile(text)
        except (regex.error, OverflowError, RecursionError, MemoryError) as error:
            raise InvalidPattern(str(error)) from error
        self._left_s = PATTERN_TIMEOUT_S

    def matches(self, line: str) -> bool:
        """Return whether it matches somewhere in `line`. Raises SlowPattern."""
        began_s = time.monotonic()
        try:
            return self._compiled.search(line, timeout=max(0.001, self._left_s)) is not None
        except TimeoutError as error:
            raise SlowPattern from error
        finally:
            self._left_s -= time.monotonic() - began_s

    def renew(self) -> None:
        """Grant it its whole time again."""
        self._left_s = PATTERN_TIMEOUT_S


@dataclass(frozen=True)
class Selection:
    """What to select; None selects all lines. A line without a time or level belongs to the line before it."""

    #: the lowest level, one of `LEVELS`
    level: str | None = None
    #: the earliest and the latest time, in seconds since 1970
    since_s: float | None = None
    until_s: float | None = None
    pattern: Pattern | None = None

    def last(self, lines: Iterable[str], count: int) -> list[str]:
        """Return the last `count` lines, oldest first. `lines` are in reverse order. Raises SlowPattern."""
        if self.since_s is not None or self.until_s is not None:
            lines = self._in_time(lines)
        if self.level is not None:
            lines = self._of_level(lines, LEVELS.index(self.level))
        if self.pattern is not None:
            lines = filter(self.pattern.matches, lines)
        return list(islice(lines, count))[::-1]

    def _in_time(self, lines: Iterable[str]) -> Iterator[str]:
        since_s = float("-inf") if self.since_s is None else self.since_s
        until_s = float("inf") if self.until_s is None else self.until_s
        group: list[str] = []
        for line in lines:
            if len(group) < MAX_GROUP_LINES:
                group.append(line)
            if (time_s := find_time(line)) is None:
                continue
            if time_s < since_s - ORDER_SLACK_S:
                return
            if since_s <= time_s <= until_s:
                yield from group
            group = []

    @staticmethod
    def _of_level(lines: Iterable[str], lowest: int) -> Iterator[str]:
        group: list[str] = []
        for line in lines:
            if len(group) < MAX_GROUP_LINES:
                group.append(line)
            if (level := find_level(line)) is None:
                continue
            if LEVELS.index(level) >= lowest:
                yield from group
            group = []


class NewLines:
    """Selects from new lines, by level and pattern."""

    def __init__(self, wanted: Selection) -> None:
        self._lowest = LEVELS.index(wanted.level) if wanted.level else -1
        self._is_selected = wanted.level is None
        self._pattern = wanted.pattern

    def matches(self, line: LogRecord) -> bool:
        """Return whether `line` is selected. Call it for every line in order. Raises SlowPattern."""
        if line.level is not None and self._lowest >= 0:
            self._is_selected = LEVELS.index(line.level) >= self._lowest
        return self._is_selected and (self._pattern is None or self._pattern.matches(line.text))


def parse_moment(text: str, now_s: float, *, is_end: bool) -> float | None:
    """Return the time that `text` means, in seconds since 1970; None if it is not valid.

    Args:
        text: how long ago, such as "2h", or a date with or without a time of day, in the local time zone.
        now_s: the present time.
        is_end: a date without a time of day means the end of that day.
    """
    if match := _DURATION.fullmatch(text):
        return now_s - int(match["count"]) * _UNITS[match["unit"]]
    try:
        moment = datetime.fromisoformat(text)
        if is_end and _DATE.fullmatch(text):
            moment += timedelta(days=1, microseconds=-1)
        return moment.timestamp()
    except (ValueError, OverflowError):
        return None
