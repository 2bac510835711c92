"""A command on a terminal of its own, answered as a person does."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import subprocess
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Final

#: nothing here takes long; what takes this long hangs
PATIENCE_S: Final = 30.0


class Terminal:
    """Runs a command on a pseudo-terminal that is its controlling one. `shown` is all that was to be seen."""

    def __init__(self, command: list[str], environ: dict[str, str], directory: Path) -> None:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            command, cwd=directory, env=environ, stdin=theirs, stdout=theirs, stderr=theirs,
            preexec_fn=lambda: os.login_tty(theirs),
        )  # fmt: skip
        os.close(theirs)
        self.pid = self._process.pid
        self.shown = ""
        self._read_to = 0

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(PATIENCE_S)
        os.close(self._ours)

    def expect(self, pattern: str) -> str:
        """Return what matches `pattern` in what is shown from where the last match ended, as soon as it is there.

        A space of the pattern matches a line break too: long lines are wrapped.
        """
        until_s = time.monotonic() + PATIENCE_S
        words = re.compile(pattern.replace(" ", r"\s+"), re.DOTALL)
        while (found := words.search(self.shown[self._read_to :])) is None:
            assert self._more(until_s), f"{pattern!r} was not shown:\n{self.shown[self._read_to :]}"
        self._read_to += found.end()
        return found[0]

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._ours, f"{line}\n".encode())

    def press(self, keys: str) -> None:
        """Type without an Enter."""
        os.write(self._ours, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Change the size; the command is told by a signal."""
        termios.tcsetwinsize(self._ours, (rows, columns))

    def shows_keys(self) -> bool:
        """Return whether the terminal shows what is typed."""
        return bool(termios.tcgetattr(self._ours)[3] & termios.ECHO)

    def interrupt(self) -> None:
        """Type Ctrl-C."""
        os.write(self._ours, b"\x03")

    def interrupt_until_end(self) -> None:
        """Type Ctrl-C, and again whenever nothing comes of it: one that comes before a read begins is not heard."""
        while self._process.poll() is None:
            self.interrupt()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(2.0)

    def wait(self) -> int:
        """Return the exit code, when all that was shown has been read."""
        until_s = time.monotonic() + PATIENCE_S
        while self._more(until_s):
            continue
        return self._process.wait(PATIENCE_S)

    def _more(self, until_s: float) -> bool:
        """Read what is shown next; False: nothing comes any more."""
        ready, _, _ = select.select([self._ours], [], [], max(0.0, until_s - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:
            return False  # the other side is closed: the command has ended
        self.shown += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)
