"""Check the host: Python, package versions, disk space, systemd."""

from __future__ import annotations

import platform
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

from supervisor import __version__
from supervisor.cli.doctor import Finding, nearest_existing
from supervisor.cli.systemd import systemctl
from supervisor.locale import _

#: the oldest supported Python
OLDEST_PYTHON: Final = (3, 11)
#: free space in the state directory below which `check` warns, in bytes
LOW_SPACE_BYTES: Final = 1024**3
#: free space in the state directory below which `check` fails, in bytes
MIN_SPACE_BYTES: Final = 64 * 1024**2

#: exists while systemd is the init system
_SYSTEMD: Final = Path("/run/systemd/system")
_REQUIREMENT: Final = re.compile(r"([A-Za-z0-9._-]+)(?:==([^;,\s]+))?")


def check_installation() -> Iterator[Finding]:
    """Yield the findings about Python and the installed packages."""
    yield python(sys.version_info[:2])
    yield versions(metadata.requires("stocksup") or (), _installed())


def check(config: Path, state_dir: Path) -> Iterator[Finding]:
    """Yield the findings about the host of the instance with this configuration and state directory."""
    yield disk(state_dir, shutil.disk_usage(nearest_existing(state_dir)).free)
    if sys.platform == "linux":
        service = systemctl.installed(config)
        yield unit(service.unit if service else None, under_systemd=_SYSTEMD.is_dir())


def python(version: tuple[int, int]) -> Finding:
    """Check the version of Python. Pure."""
    if version >= OLDEST_PYTHON:
        return Finding("python", f"Python {platform.python_version()}")
    wanted = ".".join(map(str, OLDEST_PYTHON))
    text = _("too old; install Python %(wanted)s or newer")
    return Finding("python", f"Python {version[0]}.{version[1]}", text % {"wanted": wanted})


def _installed() -> dict[str, str]:
    return {
        _normalise(package.metadata["Name"]): package.version
        for package in metadata.distributions()
        if package.metadata["Name"]
    }


def _normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def versions(requires: Iterable[str], installed: Mapping[str, str]) -> Finding:
    """Check the versions of the required packages. Pure.

    Args:
        requires: requirements, as in the metadata of a package.
        installed: version by normalised name.
    """
    present: list[str] = []
    wrong: list[str] = []
    for requirement in requires:
        match = _REQUIREMENT.match(requirement)
        if match is None or "extra ==" in requirement:
            continue
        name, pinned = match[1], match[2]
        version = installed.get(_normalise(name))
        if version is None:
            wrong.append(_("%(name)s is missing") % {"name": name})
        elif pinned is not None and version != pinned:
            wrong.append(
                _("%(name)s is %(version)s, not %(pinned)s") % {"name": name, "version": version, "pinned": pinned}
            )
        else:
            present.append(f"{name} {version}")
    name = f"stocksup {__version__}"
    if wrong:
        text = _("%(problems)s; install the right packages: make setup, or pip install -U stocksup")
        return Finding("versions", name, text % {"problems": "; ".join(wrong)})
    return Finding("versions", f"{name} ({', '.join(present)})")


def disk(state_dir: Path, free_bytes: int) -> Finding:
    """Check the free space for state, cache and logs. Pure."""
    free = f"{free_bytes / 1024**2:.0f} MiB"
    if free_bytes >= LOW_SPACE_BYTES:
        return Finding("disk", _("disk: %(free)s free") % {"free": free})
    text = _("only %(free)s free for %(path)s; free some disk space, or change [supervisor] state_dir")
    problem = text % {"free": free, "path": state_dir}
    return Finding("disk", _("disk"), problem, warning=free_bytes >= MIN_SPACE_BYTES)


def unit(path: Path | None, *, under_systemd: bool) -> Finding:
    """Check that a systemd unit starts this instance after a reboot. Pure."""
    name = _("systemd unit")
    if path is not None:
        return Finding("unit", f"{name}: {path}")
    if under_systemd:
        text = _("none, so nothing starts after a reboot; install one: stocksup service install")
    else:
        text = _("systemd is not running here; let your service manager run: stocksup start --foreground")
    return Finding("unit", name, text, warning=True)
