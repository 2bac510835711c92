"""`stocksup reload`: lets what was changed in the configuration count, as far as that is possible at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from supervisor.cli import exit_codes as exits
from supervisor.cli.instance import Instance
from supervisor.cli.terminal.progress import Progress
from supervisor.locale import _

_HELP = _(
    "Read the configuration again.\n\nWhat can change without a restart does so at once; what needs one is named. "
    "A file with a mistake changes nothing."
)


@click.command(help=_HELP)
@click.option("--json", "as_json", is_flag=True, help=_("For programs."))
@click.pass_obj
def command(instance: Instance, as_json: bool) -> int:
    """Have the supervisor read the configuration again."""
    with instance.connect() as client, Progress(_("checking")):
        # the programs' checks come first, which take their time; the supervisor sees to it that they end
        answer = client.request("reload")
    told = {name: answer[name] for name in ("changed", "settings", "outdated", "needs_restart")}
    if as_json:
        click.echo(json.dumps(told))
    else:
        click.echo("\n".join(lines(told, instance.config)))
    return exits.FINE


def lines(told: Mapping[str, Sequence[str]], config: Path) -> list[str]:
    """Return what is said about a reload. Pure."""
    needs = told["needs_restart"]
    at_once = [*map(_name, told["settings"]), *(_table(name) for name in told["changed"] if name not in needs)]
    said = [_("In force now: %(what)s") % {"what": ", ".join(at_once)}] if at_once else []
    for program in needs:
        if program == "supervisor":
            said.append(_("[supervisor] state_dir: put the old one back, stocksup stop, change it, stocksup start"))
            continue
        text = _("%(program)s still runs with the old %(what)s. Next: stocksup restart %(program)s")
        said.append(text % {"program": program, "what": ", ".join(_outdated(program, told))})
    return said or [_("Nothing has changed in %(config)s") % {"config": config}]


def _outdated(program: str, told: Mapping[str, Any]) -> list[str]:
    # that its table was changed may be told by an earlier reload
    tables = [*map(_name, told["outdated"])] if program == "bot" else []
    return [*tables, *([_table(program)] if program in told["changed"] or not tables else [])]


def _table(program: str) -> str:
    return f"[programs.{program}]"


def _name(key: str) -> str:
    return key if key in ("language", "timezone") else f"[{key}]"
