"""A whole terminal that one command draws on again and again, and leaves as it was."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import termios
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Final

from supervisor.cli.terminal.formatting import wrap_line
from supervisor.cli.terminal.output import (
    ENTER_SCREEN,
    ERASE_BELOW,
    ERASE_TO_END,
    HOME,
    LEAVE_SCREEN,
    verbatim,
    without_marks,
)
from supervisor.locale import _

#: the signals that a command with a screen of its own has to act on
_SIGNALS: Final = (signal.SIGWINCH, signal.SIGTSTP, signal.SIGTERM, signal.SIGHUP)


def is_possible() -> bool:
    """Return whether stdout is a terminal that can be drawn on."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def fit(lines: Sequence[str], columns: int, rows: int) -> list[str]:
    """Return `lines` broken at spaces for a terminal of this size; those that have no room are counted. Pure."""
    # the last column stays empty: in it, erasing the rest of the line would erase the last character
    broken = [part for line in lines for part in wrap_line(line, max(1, columns - 1), without_marks)]
    if len(broken) <= rows:
        return broken
    kept = broken[: max(0, rows - 1)]
    return [*kept, _("… and %(count)d more lines") % {"count": len(broken) - len(kept)}]


class Screen:
    """The screen of a terminal within a `with` block. A frame replaces the last one in one write, so nothing flickers.

    Keys are not shown. A changed size and Ctrl-Z are acted on while `wait` waits.
    """

    def __enter__(self) -> Screen:
        """Save what the terminal shows, and take it over."""
        self._frame: Sequence[str] = ()
        self._woken, self._waker = socket.socketpair()
        for end in (self._woken, self._waker):
            end.setblocking(False)
        self._handlers: dict[int, Any] = {number: signal.signal(number, _ignore) for number in _SIGNALS}
        self._former_fd = signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        self._enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Restore what the terminal showed; a second Ctrl-C must not prevent that."""
        interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
        with suppress(OSError, termios.error):  # the terminal may be gone
            self._leave()
        signal.set_wakeup_fd(self._former_fd)
        for number, handler in (*self._handlers.items(), (signal.SIGINT, interrupt)):
            signal.signal(number, handler)
        self._woken.close()
        self._waker.close()

    def draw(self, lines: Sequence[str]) -> None:
        """Show `lines` instead of the last ones."""
        self._frame = lines
        size = os.get_terminal_size(sys.stdout.fileno())
        rows = [f"{verbatim(line)}{ERASE_TO_END}" for line in fit(lines, size.columns or 80, size.lines or 24)]
        newline = "\n"
        sys.stdout.write(f"{HOME}{newline.join(rows)}{ERASE_BELOW}")
        sys.stdout.flush()

    def wait(self, timeout_s: float, other_fd: int | None) -> bool:
        """Wait until `timeout_s` is over or `other_fd` is readable; return whether it is. Raises SystemExit on TERM."""
        watched = [self._woken.fileno(), *([] if other_fd is None else [other_fd])]
        ready = select.select(watched, [], [], max(0.0, timeout_s))[0]
        if self._woken.fileno() in ready:
            self._act_on(self._woken.recv(4096))
        return other_fd in ready

    def _act_on(self, numbers: bytes) -> None:
        if signal.SIGTERM in numbers or signal.SIGHUP in numbers:
            sys.exit(1)
        if signal.SIGTSTP in numbers:
            self._leave()
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTSTP)
            # here it is continued
            signal.signal(signal.SIGTSTP, _ignore)
            self._enter()
        self.draw(self._frame)

    def _enter(self) -> None:
        fd = sys.stdout.fileno()
        self._mode = termios.tcgetattr(fd)
        silent = termios.tcgetattr(fd)
        silent[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(fd, termios.TCSADRAIN, silent)
        sys.stdout.write(ENTER_SCREEN)
        sys.stdout.flush()

    def _leave(self) -> None:
        sys.stdout.write(LEAVE_SCREEN)
        sys.stdout.flush()
        # what was typed meanwhile is not for the shell
        termios.tcsetattr(sys.stdout.fileno(), termios.TCSAFLUSH, self._mode)


def _ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing: the number of the signal is read from the socket."""
