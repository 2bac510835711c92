"""Parses and merges log lines. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from supervisor.logs.masking import mask_secrets

#: the levels, lowest first
LEVELS: Final = ("debug", "info", "warning", "error", "critical")
#: other names of levels
_SYNONYMS: Final = {"warn": "warning", "fatal": "critical"}

_LEVEL: Final = "DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL"
_TIME: Final = r"(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:[.,]\d+)?(?P<zone>[+-]\d\d:?\d\d|Z)?"
_WITH_TIME: Final = re.compile(rf"{_TIME}(?:\s+(?P<level>{_LEVEL})\b)?[\s:]*(?P<message>.*)")
_WITHOUT_TIME: Final = re.compile(rf"(?P<level>{_LEVEL})\b[\s:]*(?P<message>.*)")
_LEVEL_OF_LINE: Final = re.compile(rf"(?:{_TIME}\s+)?(?P<level>{_LEVEL})\b")
_TIME_OF_LINE: Final = re.compile(_TIME)
_MARKER: Final = re.compile(rf"--- stocksup {_TIME}: (?P<message>.*) ---")
_LIFE_NUMBER: Final = re.compile(r" \d+ ")
_LIFE_STARTS: Final = re.compile(r"life \d+ of \S+ starts")


class LogRecord(NamedTuple):
    """A line of a log."""

    #: the line for people: masked, and formatted if it was JSON
    text: str
    #: seconds since 1970; None without a time
    time_s: float | None = None
    #: the time as it is written in the line
    time: str | None = None
    #: one of `LEVELS`; None without a level
    level: str | None = None
    #: the text after time and level
    message: str | None = None
    #: whether it is a marker of the supervisor, see `markers`
    is_marker: bool = False


def parse_line(text: str) -> LogRecord:
    """Return the parsed line."""
    return _parse(mask_secrets(text))


def find_level(text: str) -> str | None:
    """Return the level of a line, as `parse_line` does, but much faster: whole files are searched."""
    if text.startswith(("{", "---")):
        return _parse(text).level
    match = _LEVEL_OF_LINE.match(text)
    return _parse_level(match["level"]) if match else None


def find_time(text: str) -> float | None:
    """Return the time of a line in seconds since 1970, as `parse_line` does, but much faster; None without one."""
    if text.startswith(("{", "---")):
        return _parse(text).time_s
    match = _TIME_OF_LINE.match(text)
    return _parse_time(match["time"], (match["zone"] or "").replace("Z", "+00:00")) if match else None


def _parse(text: str) -> LogRecord:
    if (record := _parse_json(text)) is not None:
        return record
    for pattern in (_MARKER, _WITH_TIME, _WITHOUT_TIME):
        if match := pattern.fullmatch(text):
            groups = match.groupdict()
            is_marker, time = pattern is _MARKER, groups.get("time")
            if is_marker and not _LIFE_NUMBER.search(groups["message"]):
                continue  # a program wrote something similar
            zone = (groups.get("zone") or "").replace("Z", "+00:00")
            level = "info" if is_marker else _parse_level(groups["level"])
            return LogRecord(text, _parse_time(time, zone), time and time + zone, level, groups["message"], is_marker)
    return LogRecord(text)


def _parse_json(text: str) -> LogRecord | None:
    """Return the parsed line of `[logs] format = "json"`; None for any other line."""
    if not text.startswith("{"):
        return None
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None  # also lists within lists within lists
    if not isinstance(fields, dict) or not isinstance(fields.get("message"), str):
        return None
    message, time = " ".join(fields["message"].split()), _text(fields.get("time"))
    level = _parse_level(_text(fields.get("level")))
    if fields.get("mark"):
        return LogRecord(f"--- stocksup {time}: {message} ---", _parse_time(time, ""), time, "info", message, True)
    return LogRecord(f"{time} {(level or '').upper():<7} {message}", _parse_time(time, ""), time, level, message)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _parse_level(word: str | None) -> str | None:
    level = (word or "").lower()
    level = _SYNONYMS.get(level, level)
    return level if level in LEVELS else None


def _parse_time(time: str | None, zone: str) -> float | None:
    try:
        # a time without a zone is local
        return datetime.fromisoformat(f"{time}{zone}").timestamp() if time else None
    except (ValueError, OverflowError):
        return None  # it only looks like a time


def merge(logs: Mapping[str, Sequence[LogRecord]]) -> list[tuple[str, LogRecord]]:
    """Return the lines of several logs as (name, line), ordered by time.

    A line without a time belongs to the line before it.
    """
    dated: list[tuple[float, str, LogRecord]] = []
    for name, lines in logs.items():
        time_s = 0.0
        for line in lines:
            # sorting is stable, so lines of one second keep the order of their log
            time_s = time_s if line.time_s is None else float(int(line.time_s))
            dated.append((time_s, name, line))
    return [(name, line) for _, name, line in sorted(dated, key=lambda entry: entry[0])]


def without_repeats(lines: Sequence[LogRecord], text: str) -> list[LogRecord]:
    """Return the lines that say more than `text`, such as the reason that a life gave for its exit."""
    return [line for line in lines if (line.message or line.text).strip() not in text]


def last_life_lines(lines: Sequence[LogRecord]) -> list[LogRecord]:
    """Return the lines of the last life, without markers."""
    starts = [i for i, line in enumerate(lines) if line.is_marker and _LIFE_STARTS.fullmatch(line.message or "")]
    own = lines[starts[-1] + 1 :] if starts else lines
    return [line for line in own if not line.is_marker]
