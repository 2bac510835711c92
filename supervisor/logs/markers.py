"""What the supervisor writes into a program's log about its lives, read again. Pure.

Marks are the same in every language, because programs look for them; whoever shows them to people says them anew.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_MARK: Final = re.compile(
    r"--- stocksup (?P<time>\S+): life (?P<life>\d+) of (?P<program>\S+) "
    r"(?P<what>starts|goes on|ended: (?P<how>.+)) ---"
)


class LifeMarker(NamedTuple):
    """A mark of a life."""

    time: str
    life: int
    program: str
    #: "starts", "goes on" (in another file) or "ended"
    what: str
    #: how it ended; None: it has not
    how: str | None


def read_mark(line: str) -> LifeMarker | None:
    """Return the mark that `line`, without its end, is; None: it is something else."""
    found = _MARK.fullmatch(line)
    if found is None:
        return None
    what = found["what"].partition(":")[0]
    return LifeMarker(found["time"], int(found["life"]), found["program"], what, found["how"])
