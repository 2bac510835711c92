"""`stocksup ls`: list the instances of this user, from any directory."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from supervisor.cli import exit_codes as exits
from supervisor.cli.bootstrap import instances
from supervisor.cli.bootstrap.instances import FoundInstance
from supervisor.cli.instance import Instance
from supervisor.cli.terminal import formatting
from supervisor.cli.terminal.output import verbatim
from supervisor.config import owner
from supervisor.lifecycle.model import ProcessId
from supervisor.locale import _
from supervisor.processes import procfs


@click.command(
    help=_(
        "List the instances that run, and the configurations that do not.\n\n"
        "Works from any directory. Lists the instances of this user; for root, those of all users."
    )
)
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
@click.pass_obj
def command(instance: Instance, as_json: bool) -> int:
    """List the instances of this user."""
    running = instances.find_running()
    used = {os.path.realpath(one.config) for one in running if one.config is not None}
    stopped = [path for path in instance.existing_configs() if os.path.realpath(path) not in used]
    if as_json:
        rows = [*map(_as_object, running), *map(_stopped_object, stopped)]
        click.echo(json.dumps({"version": 1, "instances": rows}))
        return exits.FINE
    for line in lines(running, stopped, with_user=os.geteuid() == 0):
        click.echo(verbatim(line))
    return exits.FINE


def lines(running: Sequence[FoundInstance], stopped: Sequence[Path], *, with_user: bool) -> list[str]:
    """Return the table of the instances for people, and what to do next."""
    if not running and not stopped:
        commands = " · ".join(("stocksup init", "stocksup demo"))
        return [_("No instance is running."), "", _("Next: %(commands)s") % {"commands": commands}]
    head: tuple[str, ...] = (_("USER"), _("STATE"), _("PID"), _("UP"), _("PROGRAMS"), _("CONFIGURATION"))
    rows = [head, *map(_row, running)]
    rows += [("–", _("not running"), "–", "–", "–", str(path)) for path in stopped]
    table = formatting.format_table([row if with_user else row[1:] for row in rows])
    return [*table, "", _("Next: %(commands)s") % {"commands": "stocksup --config FILE status"}]


def _row(one: FoundInstance) -> tuple[str, ...]:
    programs = ", ".join(life.name for life in one.lives) or "–"
    known = str(one.config or one.state_dir)
    if one.supervisor is None:
        return owner.user_name(one.uid), _("no supervisor"), "–", "–", programs, known
    up = formatting.duration(procfs.age_s(one.supervisor))
    return owner.user_name(one.uid), _("running"), str(one.supervisor.pid), up, programs, known


def _as_object(one: FoundInstance) -> dict[str, Any]:
    return {
        "config": str(one.config) if one.config is not None else None,
        "state_dir": str(one.state_dir),
        "user": owner.user_name(one.uid),
        "running": one.supervisor is not None,
        "supervisor": None if one.supervisor is None else _process(one.supervisor),
        "programs": [{"name": life.name, "life": life.number, **_process(life.process)} for life in one.lives],
    }


def _process(identity: ProcessId) -> dict[str, Any]:
    age_s = procfs.age_s(identity)
    return {"pid": identity.pid, "uptime_s": None if age_s is None else round(age_s, 3)}


def _stopped_object(config: Path) -> dict[str, Any]:
    return {
        "config": str(config),
        "state_dir": None,
        "user": None,
        "running": False,
        "supervisor": None,
        "programs": [],
    }
