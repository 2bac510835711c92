"""What becomes of a supervisor that has met what it was not made for: no memory, or a mistake of ours.

It does what it would have to do if it had been killed: it begins anew, as another image of the same process, and takes
the programs up from the journal. They notice nothing but that the door is shut for a moment. If that does not help, it
waits longer each time.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final

from supervisor.locale import _

#: one that has worked for that long has not begun in vain
WORKED_S: Final = 60.0
#: how long it waits before it begins anew for the second time in a row; that doubles each further time
WAIT_FIRST_S: Final = 0.1
WAIT_LONGEST_S: Final = 30.0
#: words of the command line that are for this beginning alone
_ONCE: Final = ("--report-fd", "--keep-desired", "--reexec-count")


def wait_s(fallen: int) -> float:
    """Return how long to wait before beginning anew, after having done so `fallen` times in vain. Pure."""
    return min(WAIT_FIRST_S * 2 ** min(fallen - 1, 16), WAIT_LONGEST_S) if fallen else 0.0


def again(words: Sequence[str], fallen: int) -> list[str]:
    """Return the command line to begin anew with, for the one that this process was begun with. Pure."""
    kept = [
        word for place, word in enumerate(words) if word not in _ONCE and (place == 0 or words[place - 1] not in _ONCE)
    ]
    return [*kept, "--keep-desired", "yes", "--reexec-count", str(fallen)]


class ReexecHook:
    """Catches the fall; to be called as `sys.excepthook`."""

    def __init__(self, fallen: int, note: Callable[[str, str], None]) -> None:
        """`fallen` is how often in a row it was in vain so far; `note` takes a level and a line for the log."""
        self._fallen = fallen
        self.note = note
        self._since_s = time.monotonic()

    def __call__(self, kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
        """Tell what has happened, and begin anew; does not return unless that is impossible."""
        # the interpreter itself writes the traceback, to stderr: it needs next to no memory for it
        sys.__excepthook__(kind, value, trace)
        self.note("critical", _("begins anew after: %(what)s") % {"what": f"{kind.__name__}: {value}"})
        worked = time.monotonic() - self._since_s >= WORKED_S
        fallen = 0 if worked else self._fallen
        time.sleep(wait_s(fallen))
        os.execv(sys.executable, again(sys.orig_argv, fallen + 1))
