"""A progress indicator: one line on a terminal."""

from __future__ import annotations

import itertools
import sys
from types import TracebackType
from typing import Final

from supervisor.cli.terminal.formatting import cut
from supervisor.cli.terminal.output import ERASE_LINE
from supervisor.logs.printable import make_printable

_FRAMES: Final = "|/-\\"
_FRAME_S: Final = 0.1


class Progress:
    """A spinner on stderr while the `with` block runs; nothing if stderr is not a terminal."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._shown = sys.stderr.isatty()

    def say(self, text: str) -> None:
        """Replace the text."""
        self._text = text

    def __enter__(self) -> Progress:
        if self._shown:
            import shutil
            import threading

            # a line longer than the terminal could not be erased
            self._width = shutil.get_terminal_size().columns - 1
            self._over = threading.Event()
            self._thread = threading.Thread(target=self._spin, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._over.set()
            self._thread.join()

    def _spin(self) -> None:
        for frame in itertools.cycle(_FRAMES):
            sys.stderr.write(f"{ERASE_LINE}{cut(make_printable(f'{frame} {self._text}'), self._width)}")
            sys.stderr.flush()
            if self._over.wait(_FRAME_S):
                break
        sys.stderr.write(ERASE_LINE)
        sys.stderr.flush()
