"""Programs that live on although their supervisor does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from supervisor.cli.terminal import formatting as figures
from supervisor.config.paths import InstancePaths
from supervisor.locale import _
from supervisor.processes import process, procfs
from supervisor.processes.process import LifeProcess


def find(place: InstancePaths) -> list[LifeProcess]:
    """Return the lives of the instance, whoever keeps them; to be asked where no supervisor runs."""
    # the supervisor calls its socket by the one path without links
    return process.list_lives({"STOCKSUP_SOCKET": str(InstancePaths(place.state_dir.resolve()).socket)})


def shown(life: LifeProcess) -> dict[str, Any]:
    """Return a life as `status --json` shows a program; what only a supervisor knows is null."""
    age_s = procfs.age_s(life.process)
    return {
        "name": life.name,
        "desired": None,
        "state": None,
        "pid": life.process.pid,
        "life": life.number,
        "uptime_s": None if age_s is None else round(age_s, 3),
        "restarts": None,
        "rss_bytes": procfs.rss_bytes(life.process.pid),
        "last_exit": None,
        "health": {},
        "orphan": True,
    }


def words(lives: Sequence[LifeProcess]) -> str:
    """Say which lives these are."""
    text = _("%(program)s (life %(life)d, process %(pid)d, up %(time)s)")
    return ", ".join(
        text
        % {
            "program": life.name,
            "life": life.number,
            "pid": life.process.pid,
            "time": figures.duration(procfs.age_s(life.process)),
        }
        for life in lives
    )
