"""A copy of the supervisor's package, for a test that changes the files of a running supervisor.

Beside it is a package `botapp`, so that a program with the bot's own command behaves like
`tests.support.supervisor.programs`.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

from tests.support.python_process import ROOT

_BOT = """\
import sys
from tests.support.supervisor.programs import main
if sys.argv[1:]:
    sys.exit()
main()
"""
_VERSION = re.compile(r'(?<=__version__: Final = ")[^"]+')


class Installation:
    """The copy. A process with `environ` loads it in the place of the package itself."""

    def __init__(self, directory: Path) -> None:
        """Copy the package to `directory`."""
        self.directory = directory
        self.package = directory / "supervisor"
        self._time_s = int(time.time())
        shutil.copytree(ROOT / "supervisor", self.package)
        self.bot = directory / "botapp" / "__main__.py"
        self.bot.parent.mkdir()
        (self.bot.parent / "__init__.py").touch()
        self.bot.write_text(_BOT)

    @property
    def environ(self) -> dict[str, str]:
        """The environment of processes that load the copy."""
        return {"PYTHONPATH": f"{self.directory}:{ROOT}"}

    def set_version(self, version: str) -> None:
        """Write another version into the package."""
        self.change("__init__.py", _VERSION, version)

    def change(self, name: str, old: str | re.Pattern[str], new: str) -> None:
        """Replace `old` in a file of the package, which must be there."""
        text = (self.package / name).read_text()
        changed = old.sub(new, text) if isinstance(old, re.Pattern) else text.replace(old, new)
        assert changed != text
        self._write(name, changed)

    def break_file(self, name: str) -> None:
        """Have a file of the package not load any more."""
        self._write(name, "this is no Python\n")

    def repair_file(self, name: str) -> None:
        """Restore a file of the package."""
        self._write(name, (ROOT / "supervisor" / name).read_text())

    def _write(self, name: str, text: str) -> None:
        """Write a file with a time of its own: compiled files tell whole seconds apart, and lengths."""
        path = self.package / name
        path.write_text(text)
        self._time_s += 1
        os.utime(path, (self._time_s, self._time_s))
