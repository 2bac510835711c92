"""What `stocksup check` says about the machine: Python, what stocksup stands on, disk, systemd."""

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
from supervisor.cli.doctor import Finding, nearest_there
from supervisor.cli.systemd import systemctl
from supervisor.locale import _

#: the oldest Python that will do
OLDEST_PYTHON: Final = (3, 11)
#: free room below the state directory under which it is worth a word, and under which it fails, in bytes
LITTLE_ROOM: Final = 1024**3
NO_ROOM: Final = 64 * 1024**2

#: there while systemd runs the machine
_SYSTEMD: Final = Path("/run/systemd/system")
_REQUIREMENT: Final = re.compile(r"([A-Za-z0-9._-]+)(?:==([^;,\s]+))?")


def look_at_installation() -> Iterator[Finding]:
    """Yield what is found about Python and what is installed in it."""
    yield python(sys.version_info[:2])
    yield versions(metadata.requires("stocksup") or (), _installed())


def look(config: Path, state_dir: Path) -> Iterator[Finding]:
    """Yield what is found about the machine, for the instance with this configuration and state directory."""
    yield disk(state_dir, shutil.disk_usage(nearest_there(state_dir)).free)
    if sys.platform == "linux":
        service = systemctl.installed(config)
        yield unit(service.unit if service else None, under_systemd=_SYSTEMD.is_dir())


def python(version: tuple[int, int]) -> Finding:
    """Tell whether the Python that runs us will do. Pure."""
    if version >= OLDEST_PYTHON:
        return Finding("python", f"Python {platform.python_version()}")
    wanted = ".".join(map(str, OLDEST_PYTHON))
    text = _("too old; install Python %(wanted)s or newer")
    return Finding("python", f"Python {version[0]}.{version[1]}", text % {"wanted": wanted})


def _installed() -> dict[str, str]:
    return {_normal(one.metadata["Name"]): one.version for one in metadata.distributions() if one.metadata["Name"]}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def versions(requires: Iterable[str], installed: Mapping[str, str]) -> Finding:
    """Tell whether what stocksup stands on is there as it was made for. Pure.

    Args:
        requires: requirements as the metadata of a package holds them.
        installed: version by normalised name.
    """
    there: list[str] = []
    wrong: list[str] = []
    for requirement in requires:
        found = _REQUIREMENT.match(requirement)
        if found is None or "extra ==" in requirement:
            continue
        name, pinned = found[1], found[2]
        version = installed.get(_normal(name))
        if version is None:
            wrong.append(_("%(name)s is missing") % {"name": name})
        elif pinned is not None and version != pinned:
            wrong.append(
                _("%(name)s is %(version)s, not %(pinned)s") % {"name": name, "version": version, "pinned": pinned}
            )
        else:
            there.append(f"{name} {version}")
    name = f"stocksup {__version__}"
    if wrong:
        text = _("%(problems)s; install what belongs to this version: make setup, or pip install -U stocksup")
        return Finding("versions", name, text % {"problems": "; ".join(wrong)})
    return Finding("versions", f"{name} ({', '.join(there)})")


def disk(state_dir: Path, free_bytes: int) -> Finding:
    """Tell whether there is room for state, cache and logs. Pure."""
    free = f"{free_bytes / 1024**2:.0f} MiB"
    if free_bytes >= LITTLE_ROOM:
        return Finding("disk", _("disk: %(free)s free") % {"free": free})
    text = _("only %(free)s are free for %(path)s; make room, or change [supervisor] state_dir")
    problem = text % {"free": free, "path": state_dir}
    return Finding("disk", _("disk"), problem, warning=free_bytes >= NO_ROOM)


def unit(found: Path | None, *, under_systemd: bool) -> Finding:
    """Tell whether a unit of systemd starts this instance after a reboot; `found` is its file. Pure."""
    name = _("systemd unit")
    if found is not None:
        return Finding("unit", f"{name}: {found}")
    if under_systemd:
        text = _("none, so nothing comes back after a reboot; install one: stocksup service install")
    else:
        text = _(
            "there is no systemd here; have whatever starts this machine's services run: stocksup start --foreground"
        )
    return Finding("unit", name, text, warning=True)
