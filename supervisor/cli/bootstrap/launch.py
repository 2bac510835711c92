"""Starts a supervisor as a process of its own, which outlives the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from supervisor.cli.errors import CommandError
from supervisor.config.paths import InstancePaths
from supervisor.locale import _


def launch(config: Path, place: InstancePaths, *, end: bool = False) -> int:
    """Start a supervisor, and return its pid when its door is open. With `end` it only ends what it finds.

    Raises CommandError with what it says itself when it cannot start, OSError when its log cannot be opened.
    """
    place.supervisor_log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    reader, writer = os.pipe()
    log = os.open(place.supervisor_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    command = [sys.executable, "-P", "-m", "supervisor", "--config", str(config), "--report-fd", str(writer)]
    command += ["--stop-orphans", "yes"] if end else []
    process = subprocess.Popen(
        command, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, pass_fds=(writer,)
    )
    os.close(writer)
    os.close(log)
    with open(reader, "rb") as report:
        line = report.readline()
    if not line:
        text = _("the supervisor ended at once (exit %(code)d); see %(log)s")
        raise CommandError(text % {"code": process.wait(), "log": place.supervisor_log})
    said = json.loads(line)
    if not said["ok"]:
        process.wait()
        raise CommandError(said["message"], said["code"])
    # it is to live on: Popen would warn of a child that was not waited for
    process.returncode = 0
    return int(said["pid"])
