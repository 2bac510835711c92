"""`stocksup alerts`: notifications to the owner."""

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


@click.group(help=_("Notifications to the owner, even when the bot is down."))
def command() -> None:
    """Group the sub-commands."""


@command.command("test", help=_("Send a test alert to every URL and show the results."))
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
@click.pass_obj
def test(instance: Instance, as_json: bool) -> int:
    """Send a test alert to all `[alerts] urls`; works without a supervisor."""
    from supervisor.alerts.urls import redacted_names

    settings = instance.settings
    if not settings.alerts.urls:
        text = _('no alert URL is configured; add one in %(config)s, such as [alerts] urls = ["tgram://…"]')
        raise CommandError(text % {"config": instance.config})
    with Progress(_("sending")):
        receipts = _send(instance, settings)
    rows = results(redacted_names(settings.alerts.urls), receipts)
    if as_json:
        addresses = [{"address": name, "ok": problem is None, "problem": problem} for name, problem in rows]
        click.echo(json.dumps({"ok": not any(problem for _name, problem in rows), "addresses": addresses}))
    else:
        click.echo("\n".join(line(name, problem) for name, problem in rows))
    return exits.FAILED if any(problem for _name, problem in rows) else exits.FINE


def results(shown: Mapping[str, str], receipts: Sequence[DeliveryResult]) -> list[tuple[str, str | None]]:
    """Return for each URL its redacted name and why sending failed, or None. Pure."""
    problems = {receipt.target: receipt.problem for receipt in receipts}
    missing = problems.get("", _("the sender exited without a result"))
    return [(name, problems.get(address, missing)) for address, name in shown.items()]


def line(name: str, problem: str | None) -> str:
    """Return the line about one URL. Pure."""
    if problem is None:
        return _("ok      %(address)s: sent") % {"address": name}
    return _("FAILED  %(address)s: %(why)s") % {"address": name, "why": problem}


def _send(instance: Instance, settings: Settings) -> list[DeliveryResult]:
    import msgspec

    from supervisor.alerts.dispatcher import COMMAND, SENDER_TIMEOUT_S, make_origin, sender_environ
    from supervisor.alerts.incidents import Incident, Kind, Notification
    from supervisor.alerts.messages import DeliveryResult, SendRequest, TargetBatch
    from supervisor.alerts.urls import identify

    now_s = time.time()
    alert = Notification(number=0, incident=Incident(Kind.TEST, "", None, now_s), at=now_s)
    order = SendRequest(
        settings.language,
        make_origin(settings, instance.config, instance.place),
        (alert,),
        tuple(TargetBatch(address, url, ((0,),)) for address, url in identify(settings.alerts.urls).items()),
    )
    try:
        output = subprocess.run(
            COMMAND,
            input=msgspec.json.encode(order),
            env=sender_environ(os.environ),
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SENDER_TIMEOUT_S,
            check=False,
        ).stdout
    except subprocess.TimeoutExpired as error:
        output = error.stdout or b""
    return [msgspec.json.decode(line, type=DeliveryResult) for line in output.splitlines()]
