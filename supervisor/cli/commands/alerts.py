"""`stocksup alerts`: what goes to the owner without the bot's help."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from supervisor.cli import exit_codes as exits
from supervisor.cli.errors import CommandError
from supervisor.cli.instance import Instance
from supervisor.cli.terminal.progress import Progress
from supervisor.locale import _

if TYPE_CHECKING:
    from supervisor.alerts.messages import DeliveryResult
    from supervisor.config.settings import Settings


@click.group(help=_("What the owner is told even when the bot does not run."))
def command() -> None:
    """Hold the sub-commands."""


@command.command("test", help=_("Send one alert to every address now, and say which have taken it."))
@click.option("--json", "as_json", is_flag=True, help=_("For programs."))
@click.pass_obj
def test(instance: Instance, as_json: bool) -> int:
    """Try all addresses of `[alerts] urls`; the supervisor need not run."""
    from supervisor.alerts.urls import shown

    settings = instance.settings
    if not settings.alerts.urls:
        text = _('no address is configured: name one in %(config)s, such as [alerts] urls = ["tgram://…"]')
        raise CommandError(text % {"config": instance.config})
    with Progress(_("sending")):
        receipts = _send(instance, settings)
    rows = results(shown(settings.alerts.urls), receipts)
    if as_json:
        addresses = [{"address": name, "ok": problem is None, "problem": problem} for name, problem in rows]
        click.echo(json.dumps({"ok": not any(problem for _name, problem in rows), "addresses": addresses}))
    else:
        click.echo("\n".join(line(name, problem) for name, problem in rows))
    return exits.FAILED if any(problem for _name, problem in rows) else exits.FINE


def results(shown: Mapping[str, str], receipts: Sequence[DeliveryResult]) -> list[tuple[str, str | None]]:
    """Return what came of each address: how it may be called, and why it took nothing, or None. Pure."""
    problems = {receipt.address: receipt.problem for receipt in receipts}
    missing = problems.get("", _("the sender ended without a word"))
    return [(name, problems.get(address, missing)) for address, name in shown.items()]


def line(name: str, problem: str | None) -> str:
    """Return the line about one address. Pure."""
    if problem is None:
        return _("ok      %(address)s has taken it") % {"address": name}
    return _("FAILED  %(address)s has not taken it: %(why)s") % {"address": name, "why": problem}


def _send(instance: Instance, settings: Settings) -> list[DeliveryResult]:
    import msgspec

    from supervisor.alerts.dispatcher import COMMAND, SENDER_TIMEOUT_S, environ, scene
    from supervisor.alerts.incidents import Incident, Kind, Notification
    from supervisor.alerts.messages import DeliveryResult, SendRequest, TargetBatch
    from supervisor.alerts.urls import identify

    at = time.time()
    alert = Notification(number=0, matter=Incident(Kind.TEST, "", None, at), at=at)
    order = SendRequest(
        settings.language,
        scene(settings, instance.config, instance.place),
        (alert,),
        tuple(TargetBatch(address, url, ((0,),)) for address, url in identify(settings.alerts.urls).items()),
    )
    try:
        said = subprocess.run(
            COMMAND,
            input=msgspec.json.encode(order),
            env=environ(os.environ),
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SENDER_TIMEOUT_S,
            check=False,
        ).stdout
    except subprocess.TimeoutExpired as error:
        said = error.stdout or b""
    return [msgspec.json.decode(one, type=DeliveryResult) for one in said.splitlines()]
