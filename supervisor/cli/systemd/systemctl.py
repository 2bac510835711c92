"""Services of ours: where their units are, and what systemd is asked about them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from supervisor.cli.errors import CommandError
from supervisor.cli.systemd import unit
from supervisor.locale import _

#: where an administrator's units are
SYSTEM_DIR: Final = Path("/etc/systemd/system")
#: states of a service for which there is something to stop
_ALIVE: Final = frozenset({"active", "activating", "reloading", "deactivating", "refreshing"})
#: longest unit that is looked at, in bytes
_MAX_BYTES: Final = 65_536


@dataclass(frozen=True)
class Service:
    """A service by its name, of the system or of a user."""

    #: without ".service"
    name: str
    #: whether it belongs to a user's own service manager
    of_user: bool
    #: the directory its unit is in
    directory: Path

    @property
    def unit(self) -> Path:
        """The file."""
        return self.directory / f"{self.name}.service"

    @property
    def manager(self) -> list[str]:
        """The words by which its service manager is called."""
        return ["systemctl", *(["--user"] if self.of_user else [])]

    def words(self, action: str) -> str:
        """Return the command for a person to type."""
        return " ".join([*([] if self.of_user else ["sudo"]), *self.manager, action, self.name])

    def journal(self) -> str:
        """Return the command that shows what systemd knows of it."""
        return f"journalctl {'--user ' if self.of_user else ''}-u {self.name}"

    def is_alive(self) -> bool:
        """Tell whether there is something to stop: it runs, or will again in a moment."""
        return _ask([*self.manager, "is-active", f"{self.name}.service"])[1].strip() in _ALIVE

    def loaded_from(self) -> Path | None:
        """Return the file that systemd has read a service of this name from, wherever it is; None: it knows none."""
        said = _ask([*self.manager, "show", "--property=FragmentPath", f"{self.name}.service"])[1]
        path = said.strip().removeprefix("FragmentPath=")
        return Path(path) if path.startswith("/") else None

    def do(self, action: str, *words: str) -> None:
        """Have systemd start or stop it, or the like. Raises CommandError with what systemd says, and what to do."""
        code, said = _ask([*self.manager, action, *words, f"{self.name}.service"])
        if code != 0:
            self._refuse(action, said)

    def reload_units(self) -> None:
        """Have systemd read its units again. Raises CommandError."""
        code, said = _ask([*self.manager, "daemon-reload"])
        if code != 0:
            self._refuse("daemon-reload", said)

    def _refuse(self, action: str, said: str) -> None:
        told = said.strip().splitlines()[:1]
        text = _("systemd did not %(action)s %(name)s: %(said)s; try %(command)s, and see %(journal)s") % {
            "action": action,
            "name": self.name,
            "said": told[0] if told else "–",
            "command": self.words(action),
            "journal": self.journal(),
        }
        raise CommandError(text)


def there(*, of_user: bool) -> bool:
    """Tell whether systemd (or the user's service manager) runs here and answers."""
    code, said = _ask(["systemctl", *(["--user"] if of_user else []), "show", "--property=Version"])
    return code == 0 and "Version=" in said


def service(name: str, *, of_user: bool, environ: Mapping[str, str] = os.environ) -> Service:
    """Return the service of this name, whether it exists or not."""
    return Service(name, of_user, user_dir(environ) if of_user else SYSTEM_DIR)


def user_dir(environ: Mapping[str, str]) -> Path:
    """Return where the user's own units are."""
    base = environ.get("XDG_CONFIG_HOME") or os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".config")
    return Path(base) / "systemd/user"


def installed(config: Path, environ: Mapping[str, str] = os.environ) -> Service | None:
    """Return the service that runs this configuration, if one is installed; the system's before the user's."""
    for directory, of_user in ((SYSTEM_DIR, False), (user_dir(environ), True)):
        for path in sorted(directory.glob("*.service")):
            named = config_of(path)
            if named is not None and named.resolve() == config.resolve():
                return Service(path.stem, of_user, directory)
    return None


def in_charge(config: Path) -> Service | None:
    """Return the service that runs this configuration, if one is installed and systemd runs here."""
    found = installed(config)
    return found if found is not None and there(of_user=found.of_user) else None


def config_of(path: Path) -> Path | None:
    """Return the configuration that the unit at `path` is about; None when it is not ours, or not to be read."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return unit.config_of(file.read(_MAX_BYTES).decode(errors="replace"))
    except PermissionError:
        return None  # whatever we have written can be read by everybody


def _ask(words: list[str]) -> tuple[int, str]:
    """Run a command; return its exit code and what it said."""
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except FileNotFoundError:
        return 127, _("there is no program %(name)s") % {"name": words[0]}
    return done.returncode, done.stdout.decode(errors="replace")
