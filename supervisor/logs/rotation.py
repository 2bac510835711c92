"""When to rotate a log file, and the names of rotated files. Pure.

`bot.log` becomes `bot.log.1`, the next one `bot.log.2`, and so on: the highest number is the newest. A rotated file
keeps its name, so a reader is not confused by the next rotation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum
from typing import Final, NamedTuple

from supervisor.config.settings import Logs

DAY_S: Final = 86_400
#: bytes at the beginning of a log in which its first timestamp is searched
HEAD_BYTES: Final = 512

#: bytes before the end of what is copied in which a good place to cut is searched
CUT_WINDOW_BYTES: Final = 64 * 1024

_TIME: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}")


class FileHead(NamedTuple):
    """The first line of a log file."""

    #: its time in seconds since 1970; None without one
    at_s: float | None
    #: its length, which is the size of a file that holds nothing else
    size_bytes: int


def is_due(limits: Logs, size_bytes: int, head: FileHead, now_s: float) -> bool:
    """Return whether a log of this size and with this head has to be rotated now. An empty one never has."""
    if size_bytes <= head.size_bytes:
        return False
    if limits.max_bytes and size_bytes >= limits.max_bytes:
        return True
    if not limits.max_age_days or head.at_s is None:
        return False
    # a log that begins in the future was begun while the clock was ahead: its age is unknown, so it ends
    return not -DAY_S <= now_s - head.at_s < limits.max_age_days * DAY_S


def parse_head(data: bytes) -> FileHead:
    """Return the head of a log that begins with `data`."""
    line, end, _rest = data.partition(b"\n")
    match = _TIME.search(line)
    try:
        at_s = datetime.fromisoformat(match[0].decode()).timestamp() if match else None
    except ValueError:
        at_s = None  # it only looks like a time
    return FileHead(at_s, len(line) + len(end))


def next_number(numbers: Iterable[int]) -> int:
    """Return the number for the next rotated file; `numbers` exist already."""
    return max(numbers, default=0) + 1


def expired_numbers(numbers: Iterable[int], keep: int) -> list[int]:
    """Return the rotated files to delete so that `keep` remain after the next rotation; 0 keeps all."""
    return sorted(numbers)[: -(keep - 1) or None] if keep else []


def parse_number(log: str, name: str) -> int | None:
    """Return 3 for "bot.log.3" when `log` is "bot.log"; None for a file that is no rotated file of this log."""
    rest = name.removeprefix(f"{log}.")
    return int(rest) if rest != name and rest.isascii() and rest.isdigit() and not rest.startswith("0") else None


def find_cut(window: bytes, base: int, marker_bytes: int, block_bytes: int) -> int:
    """Return how many bytes of a log to move to a rotated file, when only whole blocks can be freed.

    The part of the last block that was moved stays, and a marker replaces it. So the best cut is near the end, after a
    line whose last block has room for the marker, and little more. Without one, the cut is after another line, or
    through a line that is longer than the window.

    Args:
        window: the end of what may be moved.
        base: the bytes before the window.
        marker_bytes: length of the marker.
        block_bytes: length of a block. The result is at least this long, and its last block does not end the window.
    """
    end = base + len(window)
    is_late_from = end - max(2 * block_bytes, end // 8)
    best = (_Cut.THROUGH_LINE, False, 0, (end - 1) // block_bytes * block_bytes)
    at = window.rfind(b"\n")
    while at >= 0 and (cut := base + at + 1) >= block_bytes:
        rest = cut % block_bytes
        if rest or cut < end:
            kind = _Cut.WITH_MARKER if rest >= marker_bytes else _Cut.WITH_SPACES if rest else _Cut.WITHOUT_REST
            best = min(best, (kind, cut < is_late_from, rest, cut))
        at = window.rfind(b"\n", 0, at)
    return best[-1]


class _Cut(IntEnum):
    """Where a log is cut, the best first."""

    #: after a line, and a marker replaces the rest of the last block
    WITH_MARKER = 0
    #: after a line that ends with a block
    WITHOUT_REST = 1
    #: after a line, and spaces replace the rest of the last block
    WITH_SPACES = 2
    THROUGH_LINE = 3


def fill(marker: bytes, length: int) -> bytes:
    """Return a line of `length` bytes that begins with the marker, if it has room."""
    text = marker.rstrip(b"\n") if length >= len(marker) else b""
    return text.ljust(length - 1) + b"\n"
