"""Check the files and the control socket of an instance."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from supervisor import __version__
from supervisor.cli.doctor import Finding, nearest_existing
from supervisor.cli.errors import control_error_text
from supervisor.cli.instance import ANSWER_TIMEOUT_S
from supervisor.client import Client, ControlError, SupervisorNotRunning
from supervisor.config.paths import InstancePaths
from supervisor.config.settings import PROGRAM_TABLES, Settings
from supervisor.locale import _
from supervisor.locale.third_party import os_error_remedy, os_error_text
from supervisor.logs.masking import mask_secrets

#: names of variables that hold a secret
_SECRET_NAME: Final = re.compile(r"(TOKEN|PASSWORD|PASSWD|SECRET|_KEY)\Z", re.IGNORECASE)


def check(config: Path, place: InstancePaths, settings: Settings) -> Iterator[Finding]:
    """Yield the findings about the configuration file, the state directory and the control socket."""
    yield permissions(config, secrets=secret_keys(settings))
    yield state_directory(place.state_dir)
    yield control_socket(place)


def secret_keys(settings: Settings) -> list[str]:
    """Return the keys with secrets: alert URLs, passwords in URLs, and variables with a name such as TOKEN. Pure."""
    found = [f"[alerts] {key}" for key in ("urls", "ping_url") if getattr(settings.alerts, key)]
    tables: list[tuple[str, Mapping[str, Any]]] = [(name, getattr(settings, name)) for name in PROGRAM_TABLES]
    while tables:
        label, table = tables.pop(0)
        for key, value in table.items():
            if isinstance(value, Mapping):
                tables.append((f"{label}.{key}", value))
            elif isinstance(value, str) and mask_secrets(value) != value:
                found.append(f"[{label}] {key}")
    for name, program in settings.programs.items():
        for key, value in program.env.items():
            if _SECRET_NAME.search(key) or mask_secrets(value) != value:
                found.append(f"[programs.{name}.env] {key}")
    return found


def permissions(config: Path, *, secrets: Sequence[str]) -> Finding:
    """Check that no other user can change the file, or read it if its keys `secrets` contain some."""
    name = _("permissions of %(path)s") % {"path": config}
    info = config.stat()
    if problem := _owner_problem(config, info):
        return Finding("permissions", name, problem, warning=True)
    if info.st_mode & 0o022:
        text = _("other users can change it, and with it what runs here; run: chmod go-w %(path)s")
        return Finding("permissions", name, text % {"path": config})
    if secrets and info.st_mode & 0o077:
        text = _("other users can read it, and it contains secrets (%(keys)s); run: chmod 600 %(path)s")
        return Finding("permissions", name, text % {"path": config, "keys": ", ".join(secrets)}, warning=True)
    return Finding("permissions", name)


def _owner_problem(path: Path, info: os.stat_result) -> str | None:
    """Return a problem if the file belongs to another user than us and root."""
    if info.st_uid in (0, os.getuid()):
        return None
    text = _("it belongs to user %(owner)d, and you are user %(you)d; use the account that stocksup runs as")
    return text % {"owner": info.st_uid, "you": os.getuid()}


def state_directory(state_dir: Path) -> Finding:
    """Check that the state directory is writable and private; the supervisor creates it at its start."""
    name = _("state directory %(path)s") % {"path": state_dir}
    nearest = nearest_existing(state_dir)
    for path in (nearest, InstancePaths(state_dir).supervisor_log.parent):
        if path.exists() and not path.is_dir():
            text = _("%(path)s is not a directory; move it, or change [supervisor] state_dir")
            return Finding("state", name, text % {"path": path})
    if not os.access(nearest, os.W_OK | os.X_OK):
        text = _("cannot write in %(path)s; fix its permissions, or change [supervisor] state_dir")
        return Finding("state", name, text % {"path": nearest})
    if nearest == state_dir:
        info = state_dir.stat()
        if problem := _owner_problem(state_dir, info):
            return Finding("state", name, problem, warning=True)
        if stat.S_IMODE(info.st_mode) & 0o077:
            text = _("other users can read it; run: chmod 700 %(path)s")
            return Finding("state", name, text % {"path": state_dir}, warning=True)
    return Finding("state", name)


def control_socket(place: InstancePaths) -> Finding:
    """Check that the supervisor answers and has our version."""
    name = _("supervisor")
    try:
        with Client(place.socket) as client:
            running = client.request("status", timeout_s=ANSWER_TIMEOUT_S)["supervisor"]
    except SupervisorNotRunning:
        if place.socket.is_dir():
            text = _("%(path)s is a directory, so the supervisor cannot listen there; move it away")
            return Finding("socket", name, text % {"path": place.socket})
        text = _("supervisor: not running; the control socket %(path)s is free")
        return Finding("socket", text % {"path": place.socket})
    except ControlError as error:
        return Finding("socket", name, control_error_text(error))
    except OSError as error:
        text = _("cannot open %(path)s: %(why)s; %(remedy)s, or change [supervisor] state_dir")
        params = {"path": place.socket, "why": os_error_text(error), "remedy": os_error_remedy(error)}
        return Finding("socket", name, text % params)
    if running["version"] != __version__:
        text = _("it has version %(running)s, and this is %(here)s; run: stocksup upgrade")
        return Finding("socket", name, text % {"running": running["version"], "here": __version__}, warning=True)
    if running.get("files_changed"):
        text = _("its files have changed since it started; run: stocksup upgrade")
        return Finding("socket", name, text, warning=True)
    text = _("supervisor: running (PID %(pid)d), same version")
    return Finding("socket", text % {"pid": running["pid"]})
