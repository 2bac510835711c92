"""`stocksup reload`: apply changes of the configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from supervisor.cli import exit_codes as exits
from supervisor.cli.errors import Continued
from supervisor.cli.instance import Instance
from supervisor.cli.terminal.progress import Progress
from supervisor.locale import _

_HELP = _(
    "Reload the configuration.\n\n"
    "Applies every change that needs no restart, and names the programs that must be restarted for "
    "the others. A file with a mistake changes nothing."
)


@click.command(help=_HELP)
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
@click.pass_obj
def command(instance: Instance, as_json: bool) -> int:
    """Reload the configuration."""
    instance.check()
    text = _("interrupted, but the reload continues; its outcome will be in: stocksup logs supervisor")
    with instance.connect() as client, Continued(text), Progress(_("checking")):
        # the programs' checks run first and take a while; the supervisor limits their time
        answer = client.request("reload")
    result = {name: answer[name] for name in ("changed", "settings", "outdated", "needs_restart")}
    if as_json:
        click.echo(json.dumps(result))
    else:
        click.echo("\n".join(lines(result, instance.config)))
    return exits.FINE


def lines(result: Mapping[str, Sequence[str]], config: Path) -> list[str]:
    """Return the lines about a reload. Pure."""
    needs = result["needs_restart"]
    applied = [*map(_name, result["settings"]), *(_table(name) for name in result["changed"] if name not in needs)]
    output = [_("Applied: %(what)s") % {"what": ", ".join(applied)}] if applied else []
    for program in needs:
        if program == "supervisor":
            output.append(
                _("[supervisor] state_dir: restore the old value, run stocksup stop, change it, run stocksup start")
            )
            continue
        text = _("%(program)s still uses the old %(what)s. Next: stocksup restart %(program)s")
        output.append(text % {"program": program, "what": ", ".join(_outdated(program, result))})
    return output or [_("Nothing has changed in %(config)s") % {"config": config}]


def _outdated(program: str, result: Mapping[str, Any]) -> list[str]:
    # an earlier reload may have reported that its table changed
    tables = [*map(_name, result["outdated"])] if program == "bot" else []
    return [*tables, *([_table(program)] if program in result["changed"] or not tables else [])]


def _table(program: str) -> str:
    return f"[programs.{program}]"


def _name(key: str) -> str:
    return key if key in ("language", "timezone") else f"[{key}]"
