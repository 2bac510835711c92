"""One line of a log: its time, its level, how it is shown; and lines chosen and put in order. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from supervisor.logs.masking import mask_secrets

#: the levels, from the least to the most urgent
LEVELS: Final = ("debug", "info", "warning", "error", "critical")
#: other words for them
_OTHER_WORDS: Final = {"warn": "warning", "fatal": "critical"}

_WORDS: Final = "DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL"
_TIME: Final = r"(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:[.,]\d+)?(?P<zone>[+-]\d\d:?\d\d|Z)?"
_TIMED: Final = re.compile(rf"{_TIME}(?:\s+(?P<level>{_WORDS})\b)?[\s:]*(?P<message>.*)")
_UNTIMED: Final = re.compile(rf"(?P<level>{_WORDS})\b[\s:]*(?P<message>.*)")
_MARK: Final = re.compile(rf"--- stocksup {_TIME}: (?P<message>.* (?P<life>\d+) .*) ---")
#: what a life begins with
_STARTS: Final = re.compile(r"life \d+ of \S+ starts")


class LogRecord(NamedTuple):
    """A line of a log."""

    #: as it is shown: mask_secrets, and readable where it was JSON
    shown: str
    #: seconds since 1970; None when the line does not say
    at_s: float | None = None
    #: its time as it stands there
    time: str | None = None
    #: one of `LEVELS`; None when the line does not say
    level: str | None = None
    #: what is behind time and level
    message: str | None = None
    #: whether the supervisor wrote it about a life
    is_mark: bool = False


def read(text: str) -> LogRecord:
    """Return the line that `text` is."""
    text = mask_secrets(text)
    if (line := _read_json(text)) is not None:
        return line
    for pattern in (_MARK, _TIMED, _UNTIMED):
        if found := pattern.fullmatch(text):
            parts = found.groupdict()
            is_mark, time = pattern is _MARK, parts.get("time")
            zone = (parts.get("zone") or "").replace("Z", "+00:00")
            level = "info" if is_mark else _level(parts["level"])
            return LogRecord(text, _seconds(time, zone), time and time + zone, level, parts["message"], is_mark)
    return LogRecord(text)


def _read_json(text: str) -> LogRecord | None:
    """Return the line if it is one of `[logs] format = "json"`."""
    if not text.startswith("{"):
        return None
    try:
        fields = json.loads(text)
    except ValueError:
        return None
    if not isinstance(fields, dict) or not isinstance(fields.get("message"), str):
        return None
    message, time = " ".join(fields["message"].split()), str(fields.get("time", ""))
    level = _level(str(fields.get("level", "")))
    if fields.get("mark"):
        return LogRecord(f"--- stocksup {time}: {message} ---", _seconds(time, ""), time, "info", message, True)
    return LogRecord(f"{time} {(level or '').upper():<7} {message}", _seconds(time, ""), time, level, message)


def _level(word: str | None) -> str | None:
    level = (word or "").lower()
    level = _OTHER_WORDS.get(level, level)
    return level if level in LEVELS else None


def _seconds(time: str | None, zone: str) -> float | None:
    try:
        # one without a zone is in the machine's own
        return datetime.fromisoformat(f"{time}{zone}").timestamp() if time else None
    except (ValueError, OverflowError):
        return None  # it only looks like a time


class LevelFilter:
    """Chooses lines of at least a level. A line that names none belongs to the one before it."""

    def __init__(self, level: str | None) -> None:
        """`level` is one of `LEVELS`; None: all lines."""
        self._least = LEVELS.index(level) if level else -1
        self._chosen = level is None

    def wants(self, line: LogRecord) -> bool:
        """Tell whether `line`, which follows the one that was asked about last, is wanted."""
        if line.level is not None and self._least >= 0:
            self._chosen = LEVELS.index(line.level) >= self._least
        return self._chosen


def newest(lines: Iterable[LogRecord], count: int, level: str | None) -> list[LogRecord]:
    """Return the last `count` lines of at least `level`, oldest first. `lines` are given newest first."""
    chosen: list[LogRecord] = []
    # lines whose level stands in one before them, which comes later here
    group: list[LogRecord] = []
    for line in lines:
        if len(chosen) >= count:
            break
        group.append(line)
        if level is None or line.level is not None:
            if level is None or LevelFilter(level).wants(line):
                chosen += group
            group = []
    return chosen[:count][::-1]


def merged(logs: Mapping[str, Sequence[LogRecord]]) -> list[tuple[str, LogRecord]]:
    """Return the lines of several logs as (name, line), in the order of their times.

    A line without a time belongs to the one before it.
    """
    dated: list[tuple[float, str, LogRecord]] = []
    for name, lines in logs.items():
        at_s = 0.0
        for line in lines:
            # sorting is stable: what was written within one second stays in the order of its log
            at_s = at_s if line.at_s is None else float(int(line.at_s))
            dated.append((at_s, name, line))
    return [(name, line) for _, name, line in sorted(dated, key=lambda one: one[0])]


def untold(lines: Sequence[LogRecord], told: str) -> list[LogRecord]:
    """Return the lines that say something beside what is `told` anyway, such as the reason that a life gave."""
    return [line for line in lines if (line.message or line.shown).strip() not in told]


def of_last_life(lines: Sequence[LogRecord]) -> list[LogRecord]:
    """Return what the last life wrote, without the marks of the supervisor."""
    starts = [i for i, line in enumerate(lines) if line.is_mark and _STARTS.fullmatch(line.message or "")]
    own = lines[starts[-1] + 1 :] if starts else lines
    return [line for line in own if not line.is_mark]
