"""Re-executes the supervisor after an unexpected exception (a bug, or out of memory).

The new process image does what a supervisor does after a kill: it adopts the running programs from the journal. They
only lose the connection for a moment. The hook waits longer before each further attempt.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final

from supervisor.locale import _

#: a supervisor that ran this long without an exception starts to count attempts from 0 again
STABLE_AFTER_S: Final = 60.0
#: seconds before the second attempt in a row; doubled before each further one
FIRST_DELAY_S: Final = 0.1
MAX_DELAY_S: Final = 30.0
#: options that are valid for one process image only
_NOT_INHERITED: Final = ("--report-fd", "--keep-desired", "--reexec-count")


def delay_s(reexec_count: int) -> float:
    """Return the seconds to wait before the next attempt, after `reexec_count` attempts in a row."""
    return min(FIRST_DELAY_S * 2 ** min(reexec_count - 1, 16), MAX_DELAY_S) if reexec_count else 0.0


def reexec_argv(argv: Sequence[str], reexec_count: int) -> list[str]:
    """Return the command line of the next process image, made from the present one."""
    kept = [
        word
        for number, word in enumerate(argv)
        if word not in _NOT_INHERITED and (number == 0 or argv[number - 1] not in _NOT_INHERITED)
    ]
    return [*kept, "--keep-desired", "yes", "--reexec-count", str(reexec_count)]


class ReexecHook:
    """A `sys.excepthook` that re-executes the process."""

    def __init__(self, reexec_count: int, log: Callable[[str, str], None]) -> None:
        """`reexec_count` is the number of attempts in a row so far; `log` takes a level and a line."""
        self._reexec_count = reexec_count
        self.log = log
        self._started_s = time.monotonic()

    def __call__(self, kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
        """Log the exception and re-execute; return only if that is impossible."""
        # the interpreter itself writes the traceback to stderr, because that takes almost no memory
        sys.__excepthook__(kind, value, trace)
        text = _("supervisor: restarting after an unexpected exception (%(error)s)")
        self.log("critical", text % {"error": f"{kind.__name__}: {value}"})
        is_stable = time.monotonic() - self._started_s >= STABLE_AFTER_S
        count = 0 if is_stable else self._reexec_count
        time.sleep(delay_s(count))
        os.execv(sys.executable, reexec_argv(sys.orig_argv, count + 1))
