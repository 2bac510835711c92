"""`stocksup check`: whether configuration, files, programs and surroundings are as they should be. Changes nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Final

import click

from supervisor.cli import exit_codes as exits
from supervisor.cli.doctor import FAILED, FINE, WARNING, Finding, programs
from supervisor.cli.doctor import host as machine
from supervisor.cli.doctor import instance as instance_files
from supervisor.cli.doctor import plugins as added
from supervisor.cli.instance import Instance
from supervisor.cli.terminal.progress import Progress
from supervisor.configfile import ConfigError
from supervisor.locale import N_, _

#: the sign of a finding, and what stands for it where the terminal does not have it
_MARKS: Final = {FINE: ("✓", "ok"), WARNING: ("⚠", "!"), FAILED: ("✗", N_("FAILED"))}


@click.command(
    help=_(
        "Look whether all is as it should be, and say what to do where it is not.\n\n"
        "That is: Python, versions, configuration, rights, disk, the door, each program's own check, and what other "
        "packages add (token, intents, server and channel in Discord). Nothing is started or changed."
    )
)
@click.option("--json", "as_json", is_flag=True, help=_("For programs."))
@click.pass_obj
def command(instance: Instance, as_json: bool) -> int:
    """Look whether all is as it should be."""
    with Progress(_("checking")):
        findings = list(look(instance))
    if as_json:
        checks = [{"id": one.id, "name": one.name, "level": one.level, "problem": one.problem} for one in findings]
        click.echo(json.dumps({"ok": not any(one.level == FAILED for one in findings), "checks": checks}))
    else:
        click.echo("\n".join(line for one in findings for line in lines(one)))
    return next((one.code for one in findings if one.level == FAILED), exits.FINE)


def lines(finding: Finding) -> list[str]:
    """Return the lines about a finding. Pure."""
    mark = _mark(*_MARKS[finding.level])
    if finding.problem is None:
        return [f"{mark} {finding.name}"]
    first, *rest = finding.problem.splitlines()
    return [f"{mark} {finding.name}: {first}", *(f"    {line}" for line in rest)]


def _mark(sign: str, word: str) -> str:
    try:
        sign.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return _(word)
    return sign


def look(instance: Instance) -> Iterator[Finding]:
    """Yield what is found; without a configuration there is little to look at."""
    yield from machine.look_at_installation()
    try:
        settings = instance.settings
    except ConfigError as error:
        yield Finding("configuration", _("configuration"), str(error), code=exits.BAD_CONFIG)
        return
    yield from machine.look(instance.config, instance.place.state_dir)
    yield Finding("configuration", _("configuration %(path)s") % {"path": instance.config})
    yield from instance_files.look(instance.config, instance.place, secrets=bool(settings.alerts.urls))
    yield from programs.look(instance.config, settings)
    yield from added.look(instance.config)
