"""When a log file is moved away, and what the moved ones are called. Pure.

`bot.log` becomes `bot.log.1`, what had that name becomes `bot.log.2`, and so on: the higher, the older.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from supervisor.config import Logs

DAY_S: Final = 86_400
#: how much of a log's beginning is looked at for its time
HEAD_BYTES: Final = 512

_TIME: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}")


class Beginning(NamedTuple):
    """How a log file begins."""

    #: when, in seconds since 1970; None when its first line does not say
    at_s: float | None
    #: length of its first line: what there was before anybody wrote into it
    size_bytes: int


class Moves(NamedTuple):
    """What makes room for one more old file: names end with these numbers."""

    #: those that are deleted
    delete: tuple[int, ...]
    #: those that are renamed, from and to, in this order
    rename: tuple[tuple[int, int], ...]


def is_due(limits: Logs, size_bytes: int, beginning: Beginning, now_s: float) -> bool:
    """Tell whether a log of this size, which began so, is to be moved away now. An empty one never is."""
    if size_bytes <= beginning.size_bytes:
        return False
    if limits.max_bytes and size_bytes >= limits.max_bytes:
        return True
    if not limits.max_age_days or beginning.at_s is None:
        return False
    return now_s - beginning.at_s >= limits.max_age_days * DAY_S


def beginning(head: bytes) -> Beginning:
    """Return how a log begins whose first bytes are `head`."""
    line, end, _ = head.partition(b"\n")
    found = _TIME.search(line)
    try:
        at_s = datetime.fromisoformat(found[0].decode()).timestamp() if found else None
    except ValueError:
        at_s = None  # it only looks like a time
    return Beginning(at_s, len(line) + len(end))


def moves(numbers: Iterable[int], keep: int) -> Moves:
    """Return what to do with the old files of these numbers, so that the name ending with 1 is free.

    `keep` old files are to be there afterwards, the new one among them; 0: all.
    """
    ordered = sorted(numbers, reverse=True)
    gone = tuple(number for number in ordered if keep and number >= keep)
    return Moves(gone, tuple((number, number + 1) for number in ordered if number not in gone))


def number(log: str, name: str) -> int | None:
    """Return 3 for "bot.log.3" where `log` is "bot.log"; None for what is no old file of that log."""
    rest = name.removeprefix(f"{log}.")
    return int(rest) if rest != name and rest.isascii() and rest.isdigit() and not rest.startswith("0") else None
