"""Find programs that still run without a supervisor."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from supervisor.cli.terminal import formatting
from supervisor.config.paths import InstancePaths
from supervisor.locale import _
from supervisor.processes import process, procfs
from supervisor.processes.process import LifeProcess


def find(place: InstancePaths) -> list[LifeProcess]:
    """Return the running processes of the instance's programs. Call it only when no supervisor runs."""
    # the supervisor passes the resolved path of its socket to the programs
    return process.list_lives({"STOCKSUP_SOCKET": str(InstancePaths(Path(os.path.realpath(place.state_dir))).socket)})


def as_program(life: LifeProcess) -> dict[str, Any]:
    """Return a process as a program of `status --json`; what only a supervisor knows is null."""
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
        "cpu_s": procfs.cpu_and_age_s(life.process)[0],
        "last_exit": None,
        "health": {},
        "orphan": True,
    }


def describe(lives: Sequence[LifeProcess]) -> str:
    """Return a list of the processes for people."""
    text = _("%(program)s (PID %(pid)d, up %(time)s)")
    return ", ".join(
        text
        % {
            "program": life.name,
            "life": life.number,
            "pid": life.process.pid,
            "time": formatting.duration(procfs.age_s(life.process)),
        }
        for life in lives
    )
