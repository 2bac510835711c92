"""Start a supervisor as a separate process, which keeps running after the command."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Final

from supervisor.cli import exit_codes as exits
from supervisor.cli.errors import CommandError
from supervisor.config.files import open_regular
from supervisor.config.paths import InstancePaths
from supervisor.locale import _, format_number

#: how long a supervisor may take until its control socket is open, in seconds
START_TIMEOUT_S: Final = 60.0


def require_installation() -> None:
    """Raise CommandError if a process with our rights cannot run this installation: we may be root with fewer."""
    from supervisor.config import owner  # light, but most commands start nothing

    if not owner.is_installation_usable():
        text = _(
            "the shop belongs to user %(user)s, who cannot run stocksup in %(prefix)s; install stocksup where that "
            "user can read it, or give the shop to root: sudo chown -R root DIRECTORY"
        )
        raise CommandError(text % {"user": owner.user_name(os.geteuid()), "prefix": sys.prefix})


def launch(config: Path, place: InstancePaths, *, stop_orphans: bool = False) -> int:
    """Start a supervisor and return its PID once its control socket is open.

    Args:
        config: the configuration file.
        place: the files of the instance.
        stop_orphans: the supervisor only stops the programs that it finds running, and exits.

    Raises:
        CommandError: the supervisor could not start.
        OSError: its log cannot be opened.
    """
    require_installation()
    place.supervisor_log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    reader, writer = os.pipe()
    log = open_regular(place.supervisor_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    command = [sys.executable, "-P", "-m", "supervisor", "--config", str(config), "--report-fd", str(writer)]
    # a mistake in the configuration does not keep them running
    command += ["--stop-orphans", "yes", "--state-dir", str(place.state_dir)] if stop_orphans else []
    process = subprocess.Popen(
        command, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, pass_fds=(writer,)
    )
    os.close(writer)
    os.close(log)
    with open(reader, "rb", buffering=0) as report:
        if not select.select([report], [], [], START_TIMEOUT_S)[0]:
            process.kill()  # it has started no program: it does so after its report
            process.wait()
            text = _("the supervisor did not start within %(time_s)s s; see %(log)s")
            params = {"time_s": format_number(START_TIMEOUT_S), "log": place.supervisor_log}
            raise CommandError(text % params, exits.TIMED_OUT)
        line = report.readline()
    if not line:
        text = _("the supervisor exited immediately (exit %(code)d); see %(log)s")
        raise CommandError(text % {"code": process.wait(), "log": place.supervisor_log})
    message = json.loads(line)
    if not message["ok"]:
        process.wait()
        raise CommandError(message["message"], message["code"])
    # it keeps running on purpose; without this, Popen warns about a child that was not waited for
    process.returncode = 0
    return int(message["pid"])
