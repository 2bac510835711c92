"""The marker lines that the supervisor writes into the log of a program: `--- stocksup …: life N of P starts ---`.

They are the same in every language, because programs parse them. Commands translate them for people.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_MARKER: Final = re.compile(
    r"--- stocksup (?P<time>\S+): life (?P<life>\d{1,18}) of (?P<program>\S+) "
    r"(?P<event>starts|goes on|ended: (?P<exit>.+)) ---"
)


class LifeMarker(NamedTuple):
    """A parsed marker line."""

    time: str
    life: int
    program: str
    #: "starts", "goes on" (in a new file) or "ended"
    event: str
    #: the exit status of a life that ended, such as "exit 1" or "SIGKILL"; None otherwise
    exit: str | None


def parse_marker(line: str) -> LifeMarker | None:
    """Return the marker in a line without its end; None for any other line."""
    match = _MARKER.fullmatch(line.rstrip(" "))  # one in the middle of a log may be padded
    if match is None:
        return None
    event = match["event"].partition(":")[0]
    return LifeMarker(match["time"], int(match["life"]), match["program"], event, match["exit"])
