"""When a log file is moved away, and what the moved ones are called. Pure.

`bot.log` becomes `bot.log.1`, the next one `bot.log.2`, and so on: the higher, the younger. What was moved away keeps
its name, so that whoever reads it is not overtaken by the next move.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from supervisor.config.settings import Logs

DAY_S: Final = 86_400
#: how much of a log's beginning is looked at for its time
HEAD_BYTES: Final = 512

_TIME: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}")


class FileHead(NamedTuple):
    """How a log file begins."""

    #: when, in seconds since 1970; None when its first line does not say
    at_s: float | None
    #: length of its first line: what there was before anybody wrote into it
    size_bytes: int


def is_due(limits: Logs, size_bytes: int, beginning: FileHead, now_s: float) -> bool:
    """Tell whether a log of this size, which began so, is to be moved away now. An empty one never is."""
    if size_bytes <= beginning.size_bytes:
        return False
    if limits.max_bytes and size_bytes >= limits.max_bytes:
        return True
    if not limits.max_age_days or beginning.at_s is None:
        return False
    return now_s - beginning.at_s >= limits.max_age_days * DAY_S


def beginning(head: bytes) -> FileHead:
    """Return how a log begins whose first bytes are `head`."""
    line, end, _ = head.partition(b"\n")
    found = _TIME.search(line)
    try:
        at_s = datetime.fromisoformat(found[0].decode()).timestamp() if found else None
    except ValueError:
        at_s = None  # it only looks like a time
    return FileHead(at_s, len(line) + len(end))


def next_number(numbers: Iterable[int]) -> int:
    """Return the number that the present file gets when it is moved away; `numbers` are taken."""
    return max(numbers, default=0) + 1


def expired(numbers: Iterable[int], keep: int) -> list[int]:
    """Return which old files are deleted when one more is to come, so that `keep` are there then; 0: none."""
    return sorted(numbers)[: -(keep - 1) or None] if keep else []


def number(log: str, name: str) -> int | None:
    """Return 3 for "bot.log.3" where `log` is "bot.log"; None for what is no old file of that log."""
    rest = name.removeprefix(f"{log}.")
    return int(rest) if rest != name and rest.isascii() and rest.isdigit() and not rest.startswith("0") else None
