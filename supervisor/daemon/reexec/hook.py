"""Re-executes the supervisor after an unexpected exception (a bug, out of memory, or code that does not load).

The new process image does what a supervisor does after a kill: it adopts the running programs from the journal. They
only lose the connection for a moment. `inheritance` hands over what must not be closed meanwhile. A shutdown is
continued.

Before it does anything else, the new image serves clients, for a longer time after each further attempt: a
supervisor that fails again and again can be stopped. An image whose code does not load cannot serve; it waits as long,
and tries again, so that it continues as soon as the files are in order.

The module is imported before all others, and imports almost nothing: what it imports must load for a further attempt.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Final

from supervisor.locale import _

#: a supervisor that ran this long without an exception starts to count attempts from 0 again
STABLE_AFTER_S: Final = 60.0
#: seconds before the second attempt in a row; doubled before each further one
FIRST_DELAY_S: Final = 0.1
MAX_DELAY_S: Final = 30.0
#: options with what the image before hands over, see `inheritance`
LOCK_FD: Final = "--lock-fd"
SOCKET_FD: Final = "--socket-fd"
SETTINGS_FD: Final = "--settings-fd"
LISTEN_FDS: Final = "--listen-fds"
#: option of a process that only proves its code, see `proof`: the protocol version that the running programs use
PROVE: Final = "--prove"
#: option of an image that was executed for an upgrade, see `upgrader`
UPGRADED: Final = "--upgraded"
_HANDED_OVER: Final = (LOCK_FD, SOCKET_FD, SETTINGS_FD, LISTEN_FDS, UPGRADED)
#: options that are valid for one process image only
_NOT_INHERITED: Final = ("--report-fd", "--keep-desired", "--reexec-count", *_HANDED_OVER)


def delay_s(reexec_count: int) -> float:
    """Return the seconds to wait before the next attempt, after `reexec_count` attempts in a row."""
    return min(FIRST_DELAY_S * 2 ** min(reexec_count - 1, 16), MAX_DELAY_S) if reexec_count else 0.0


def reexec_argv(argv: Sequence[str], reexec_count: int, inherited: Mapping[str, str] | None = None) -> list[str]:
    """Return the command line of the next process image, made from the present one and from `inherited` options."""
    options = {"--keep-desired": "yes", "--reexec-count": str(reexec_count), **(inherited or {})}
    dropped = {*_NOT_INHERITED, *options}
    kept = [
        word
        for number, word in enumerate(argv)
        if word not in dropped and (number == 0 or argv[number - 1] not in dropped)
    ]
    return [*kept, *(word for option in options.items() for word in option)]


def parse_options(words: Sequence[str]) -> dict[str, str]:
    """Return the options, which only `stocksup` writes; argparse would cost memory as long as the process runs."""
    return dict(zip(words[::2], words[1::2], strict=False))


class ReexecHook:
    """A `sys.excepthook` that re-executes the process."""

    def __init__(self, options: Mapping[str, str]) -> None:
        """`options` are those of this process image."""
        #: how often in a row the supervisor has been re-executed
        self.reexec_count = int(options.get("--reexec-count", 0))
        #: takes a level and a line
        self.log: Callable[[str, str], None] = lambda level, line: print(line, file=sys.stderr)
        handed_over = {name: options[name] for name in _HANDED_OVER if name in options}
        #: returns the options that hand over what the next image needs: at first, what this one has not used yet
        self.hand_over: Callable[[], Mapping[str, str]] = lambda: handed_over
        #: whether the delay before this attempt is over
        self.has_waited = False
        #: the environment before this image changes it: the next one needs the time zone and the socket of systemd
        self._environ = dict(os.environ)
        self._started_s = time.monotonic()

    @property
    def delay_s(self) -> float:
        """How long this image serves clients before it does anything else, in seconds."""
        return delay_s(self.reexec_count - 1) if self.reexec_count else 0.0

    def __call__(self, kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
        """Log the exception and re-execute; return only if that is impossible, or for Ctrl-C while it starts."""
        if kind is KeyboardInterrupt:
            return  # the interpreter then ends itself by SIGINT
        # the interpreter itself writes the traceback to stderr, because that takes almost no memory
        sys.__excepthook__(kind, value, trace)
        text = _("supervisor: restarting after an unexpected exception (%(error)s)")
        self.log("critical", text % {"error": f"{kind.__name__}: {value}"})
        if not self.has_waited:
            time.sleep(self.delay_s)
        is_stable = time.monotonic() - self._started_s >= STABLE_AFTER_S
        self.execute(self._inherited(), 1 if is_stable else self.reexec_count + 1)

    def execute(self, inherited: Mapping[str, str], reexec_count: int = 1) -> None:
        """Execute the supervisor's code as it is now, with `inherited` options. Raises OSError."""
        os.execve(sys.executable, reexec_argv(sys.orig_argv, reexec_count, inherited), self._environ)

    def _inherited(self) -> Mapping[str, str]:
        try:
            return self.hand_over()
        except (MemoryError, OSError):
            return {}  # the next image locks the directory and reads the file itself
