"""What `stocksup check` says about the files and the door of an instance."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from supervisor import __version__
from supervisor.cli.doctor import Finding, nearest_there
from supervisor.cli.errors import of_door
from supervisor.cli.instance import ANSWER_TIMEOUT_S
from supervisor.client import Client, ControlError, SupervisorNotRunning
from supervisor.config.paths import InstancePaths
from supervisor.locale import _
from supervisor.locale.third_party import os_error_text


def look(config: Path, place: InstancePaths, *, secrets: bool) -> Iterator[Finding]:
    """Yield what is found about the configuration file, which may hold `secrets`, the state directory and the door."""
    yield rights(config, secrets=secrets)
    yield state_directory(place.state_dir)
    yield door(place)


def rights(config: Path, *, secrets: bool) -> Finding:
    """Tell whether nobody else can change what is run here, or read the `secrets` that it holds."""
    name = _("rights of %(path)s") % {"path": config}
    info = config.stat()
    if problem := _owner_problem(config, info):
        return Finding("rights", name, problem, warning=True)
    if info.st_mode & 0o022:
        text = _("others can write in it, and it says what is run; run: chmod go-w %(path)s")
        return Finding("rights", name, text % {"path": config})
    if secrets and info.st_mode & 0o077:
        text = _("others can read it, and it holds addresses for alerts; run: chmod 600 %(path)s")
        return Finding("rights", name, text % {"path": config}, warning=True)
    return Finding("rights", name)


def _owner_problem(path: Path, info: os.stat_result) -> str | None:
    """Say whose a file is if it is neither ours nor root's."""
    if info.st_uid in (0, os.getuid()):
        return None
    text = _("it belongs to user %(owner)d, and you are %(you)d; use the account that stocksup runs as")
    return text % {"owner": info.st_uid, "you": os.getuid()}


def state_directory(state_dir: Path) -> Finding:
    """Tell whether the supervisor can keep its files, and for itself; it makes the directory when it starts."""
    name = _("state directory %(path)s") % {"path": state_dir}
    nearest = nearest_there(state_dir)
    if not nearest.is_dir():
        text = _("%(path)s is no directory; move it away, or change [supervisor] state_dir")
        return Finding("state", name, text % {"path": nearest})
    if not os.access(nearest, os.W_OK | os.X_OK):
        text = _("cannot write in %(path)s; mend its permissions, or change [supervisor] state_dir")
        return Finding("state", name, text % {"path": nearest})
    if nearest == state_dir:
        info = state_dir.stat()
        if problem := _owner_problem(state_dir, info):
            return Finding("state", name, problem, warning=True)
        if stat.S_IMODE(info.st_mode) & 0o077:
            text = _("others can look into it; run: chmod 700 %(path)s")
            return Finding("state", name, text % {"path": state_dir}, warning=True)
    return Finding("state", name)


def door(place: InstancePaths) -> Finding:
    """Tell who answers at the socket, and whether it is this version."""
    name = _("supervisor")
    try:
        with Client(place.socket) as client:
            running = client.request("status", timeout_s=ANSWER_TIMEOUT_S)["supervisor"]
    except SupervisorNotRunning:
        text = _("supervisor: not running; the socket %(path)s is free")
        return Finding("door", text % {"path": place.socket})
    except ControlError as error:
        return Finding("door", name, of_door(error))
    except OSError as error:
        text = _("cannot open %(path)s: %(why)s; mend its permissions, or change [supervisor] state_dir")
        return Finding("door", name, text % {"path": place.socket, "why": os_error_text(error)})
    if running["version"] != __version__:
        text = _("it is version %(running)s, and this is %(here)s; run: stocksup stop, then: stocksup start")
        return Finding("door", name, text % {"running": running["version"], "here": __version__}, warning=True)
    text = _("supervisor: running, process %(pid)d, the same version")
    return Finding("door", text % {"pid": running["pid"]})
