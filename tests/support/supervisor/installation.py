"""A copy of the supervisor's package, for a test that changes the files of a running supervisor.

Beside it is a package `botapp`, so that a program with the bot's own command behaves like
`tests.support.supervisor.programs`.
"""

from __future__ import annotations

import re
import shutil
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
        path = self.package / name
        text = path.read_text()
        changed = old.sub(new, text) if isinstance(old, re.Pattern) else text.replace(old, new)
        assert changed != text
        path.write_text(changed)

    def break_file(self, name: str) -> None:
        """Have a file of the package not load any more."""
        with (self.package / name).open("a") as file:
            file.write("\nthis is no Python\n")

    def repair_file(self, name: str) -> None:
        """Restore a file of the package."""
        shutil.copyfile(ROOT / "supervisor" / name, self.package / name)
