"""Find our services, and control them with systemctl."""

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

#: directory of the administrator's units
SYSTEM_DIR: Final = Path("/etc/systemd/system")
#: states of a service that can be stopped
_ALIVE: Final = frozenset({"active", "activating", "reloading", "deactivating", "refreshing"})
#: largest unit file that is read, in bytes
_MAX_BYTES: Final = 65_536


@dataclass(frozen=True)
class Service:
    """A system service or a user service."""

    #: without ".service"
    name: str
    #: whether it is a user service
    of_user: bool
    #: the directory of its unit
    directory: Path

    @property
    def unit(self) -> Path:
        """The unit file."""
        return self.directory / f"{self.name}.service"

    @property
    def manager(self) -> list[str]:
        """The command of its service manager."""
        return ["systemctl", *(["--user"] if self.of_user else [])]

    def command(self, action: str) -> str:
        """Return the command that a person must type."""
        return " ".join([*([] if self.of_user else ["sudo"]), *self.manager, action, self.name])

    def journal(self) -> str:
        """Return the command that shows its journal."""
        return f"journalctl {'--user ' if self.of_user else ''}-u {self.name}"

    def is_alive(self) -> bool:
        """Return whether it runs or is about to."""
        return _run([*self.manager, "is-active", f"{self.name}.service"])[1].strip() in _ALIVE

    def loaded_from(self) -> Path | None:
        """Return the file from which systemd loaded a service of this name, or None."""
        said = _run([*self.manager, "show", "--property=FragmentPath", f"{self.name}.service"])[1]
        path = said.strip().removeprefix("FragmentPath=")
        return Path(path) if path.startswith("/") else None

    def exit_code(self) -> int | None:
        """Return the exit code of the supervisor that systemd ran last, or None."""
        said = _run([*self.manager, "show", "--property=ExecMainStatus", f"{self.name}.service"])[1]
        code = said.strip().removeprefix("ExecMainStatus=")
        return int(code) if code.isdecimal() else None

    def do(self, action: str, *words: str) -> None:
        """Run `systemctl ACTION` on it. Raises CommandError with systemd's message and what to do."""
        code, said = _run([*self.manager, action, *words, f"{self.name}.service"])
        if code != 0:
            self._refuse(action, said)

    def reload_units(self) -> None:
        """Run `systemctl daemon-reload`. Raises CommandError."""
        code, said = _run([*self.manager, "daemon-reload"])
        if code != 0:
            self._refuse("daemon-reload", said)

    def _refuse(self, action: str, said: str) -> None:
        lines = said.strip().splitlines()[:1]
        text = _("systemd did not %(action)s %(name)s: %(said)s; try %(command)s, and see %(journal)s") % {
            "action": action,
            "name": self.name,
            "said": lines[0] if lines else "–",
            "command": self.command(action),
            "journal": self.journal(),
        }
        raise CommandError(text)


def is_available(*, of_user: bool) -> bool:
    """Return whether systemd, or the user's service manager, runs here and answers."""
    code, said = _run(["systemctl", *(["--user"] if of_user else []), "show", "--property=Version"])
    return code == 0 and "Version=" in said


def service(name: str, *, of_user: bool, environ: Mapping[str, str] = os.environ) -> Service:
    """Return the service of this name, which may not exist."""
    return Service(name, of_user, user_dir(environ) if of_user else SYSTEM_DIR)


def user_dir(environ: Mapping[str, str]) -> Path:
    """Return the directory of the user's units."""
    base = environ.get("XDG_CONFIG_HOME") or os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".config")
    return Path(base) / "systemd/user"


def installed(config: Path, environ: Mapping[str, str] = os.environ) -> Service | None:
    """Return the installed service that runs this configuration, a system service first, or None."""
    for directory, of_user in ((SYSTEM_DIR, False), (user_dir(environ), True)):
        for path in sorted(directory.glob("*.service")):
            named = config_of(path)
            if named is not None and os.path.realpath(named) == os.path.realpath(config):
                return Service(path.stem, of_user, directory)
    return None


def in_charge(config: Path) -> Service | None:
    """Return the installed service that runs this configuration, if systemd runs here, or None."""
    found = installed(config)
    return found if found is not None and is_available(of_user=found.of_user) else None


def config_of(path: Path) -> Path | None:
    """Return the configuration of the unit at `path`, or None if the unit is not ours or not readable."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return unit.config_of(file.read(_MAX_BYTES).decode(errors="replace"))
    except PermissionError:
        return None  # our own units are world-readable


def _run(words: list[str]) -> tuple[int, str]:
    """Run a command; return its exit code and output."""
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except FileNotFoundError:
        return 127, _("there is no program %(name)s") % {"name": words[0]}
    return done.returncode, done.stdout.decode(errors="replace")
