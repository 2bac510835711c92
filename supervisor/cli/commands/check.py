"""`stocksup check`: check configuration, files, programs and host. Changes nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Final

import click

from supervisor.cli import exit_codes as exits
from supervisor.cli.bootstrap import instances, shared_secrets
from supervisor.cli.doctor import FAILED, FINE, WARNING, Finding, host, ping, plugins, programs, sockets
from supervisor.cli.doctor import instance as instance_files
from supervisor.cli.instance import Instance
from supervisor.cli.terminal.progress import Progress
from supervisor.configfile import ConfigError
from supervisor.locale import N_, _

#: the mark of a finding, and its replacement on terminals that cannot show it
_MARKS: Final = {FINE: ("✓", "ok"), WARNING: ("⚠", "!"), FAILED: ("✗", N_("FAILED"))}


@click.command(
    help=_(
        "Check the installation and suggest fixes.\n\n"
        "Checks Python, package versions, the configuration, permissions, disk space, the control "
        "socket, each program's own check command, and what other packages add (token, intents, server "
        "and channel in Discord). Starts and changes nothing."
    )
)
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
@click.pass_obj
def command(instance: Instance, as_json: bool) -> int:
    """Check the installation."""
    # the token of root's configuration may be readable by root alone
    instance.work_as_owner_of_config()
    with Progress(_("checking")):
        findings = list(check(instance))
    if as_json:
        checks = [_as_json(finding) for finding in findings]
        click.echo(json.dumps({"ok": not any(finding.level == FAILED for finding in findings), "checks": checks}))
    else:
        click.echo("\n".join(line for finding in findings for line in lines(finding)))
    return next((finding.code for finding in findings if finding.level == FAILED), exits.FINE)


def lines(finding: Finding) -> list[str]:
    """Return the lines about a finding. Pure."""
    mark = _mark(*_MARKS[finding.level])
    if finding.problem is None:
        return [f"{mark} {finding.name}"]
    first, *rest = finding.problem.splitlines()
    return [f"{mark} {finding.name}: {first}", *(f"    {line}" for line in rest)]


def _as_json(finding: Finding) -> dict[str, str | None]:
    return {"id": finding.id, "name": finding.name, "level": finding.level, "problem": finding.problem}


def _mark(sign: str, word: str) -> str:
    try:
        sign.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return _(word)
    return sign


def check(instance: Instance) -> Iterator[Finding]:
    """Yield all findings; without a valid configuration, only those about the installation."""
    yield from host.check_installation()
    try:
        settings = instance.settings
    except ConfigError as error:
        yield Finding("configuration", _("configuration"), str(error), code=exits.BAD_CONFIG)
        return
    yield from host.check(instance.config, instance.place.state_dir)
    yield Finding("configuration", _("configuration %(path)s") % {"path": instance.config})
    with_own_rights = list(plugins.check(instance.config))
    instance.work_as_owner()
    yield from instance_files.check(instance.config, instance.place, settings)
    yield from programs.check(instance.config, settings)
    yield from programs.check_running(instance)
    yield from sockets.check(instance, settings)
    yield from ping.check(settings)
    yield from plugins.check(instance.config, plugins.OF_STATE)
    yield from with_own_rights
    others = [one.config for one in instances.find_running() if one.config is not None]
    if (problem := shared_secrets.find_problem(instance.config, [*others, *instance.existing_configs()])) is not None:
        yield Finding("shared", _("other instances"), problem, warning=True)
