"""Re-executes the supervisor after an unexpected exception (a bug, or out of memory).

The new process image does what a supervisor does after a kill: it adopts the running programs from the journal. They
only lose the connection for a moment. The image before hands over the lock of the state directory, so that no other
supervisor can take it; the control socket and the programs' sockets, so that clients can connect all the time; and the
settings, in case that the file is not valid any more. A shutdown is continued.

Before it does anything else, the new image serves clients, for a longer time after each further attempt: a
supervisor that fails again and again can be stopped.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Final

import msgspec

from supervisor.config.settings import Settings
from supervisor.locale import _

#: a supervisor that ran this long without an exception starts to count attempts from 0 again
STABLE_AFTER_S: Final = 60.0
#: seconds before the second attempt in a row; doubled before each further one
FIRST_DELAY_S: Final = 0.1
MAX_DELAY_S: Final = 30.0
#: options that are valid for one process image only
_NOT_INHERITED: Final = (
    "--report-fd",
    "--keep-desired",
    "--reexec-count",
    "--lock-fd",
    "--socket-fd",
    "--settings-fd",
    "--listen-fds",
)


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


def hand_over(lock_fd: int, socket_fd: int | None, settings: Settings, *, leaving: bool) -> dict[str, str]:
    """Return the options that hand over what the next image needs. `leaving`: a shutdown is under way."""
    options = {"--stop-orphans": "yes"} if leaving else {}
    descriptors: dict[str, int | None] = {"--lock-fd": lock_fd, "--socket-fd": socket_fd}
    if hasattr(os, "memfd_create"):
        memory = descriptors["--settings-fd"] = os.memfd_create("settings", 0)
        os.write(memory, msgspec.json.encode(settings))
    for name, fd in descriptors.items():
        if fd is not None:
            os.set_inheritable(fd, True)
            options[name] = str(fd)
    return options


def take_settings(fd: int) -> Settings:
    """Return the settings that the image before has handed over in the file `fd`, and close it."""
    with open(fd, "rb") as file:
        file.seek(0)
        return msgspec.json.decode(file.read(), type=Settings)


class ReexecHook:
    """A `sys.excepthook` that re-executes the process."""

    def __init__(self, reexec_count: int, log: Callable[[str, str], None]) -> None:
        """`reexec_count` is the number of attempts in a row so far; `log` takes a level and a line."""
        self._reexec_count = reexec_count
        self.log = log
        #: returns the options that hand over what the next image needs
        self.hand_over: Callable[[], dict[str, str]] = dict
        #: whether the delay before this attempt is over
        self.has_waited = False
        #: the environment before this image changes it: the next one needs the time zone and the socket of systemd
        self._environ = dict(os.environ)
        self._started_s = time.monotonic()

    @property
    def delay_s(self) -> float:
        """How long this image serves clients before it does anything else, in seconds."""
        return delay_s(self._reexec_count - 1) if self._reexec_count else 0.0

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
        count = 0 if is_stable else self._reexec_count
        os.execve(sys.executable, reexec_argv(sys.orig_argv, count + 1, self._inherited()), self._environ)

    def _inherited(self) -> dict[str, str]:
        try:
            return self.hand_over()
        except (MemoryError, OSError):
            return {}  # the next image locks the directory and reads the file itself
