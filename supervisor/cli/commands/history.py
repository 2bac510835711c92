"""`stocksup history`: the last restarts."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

import click

from supervisor.cli.instance import ANSWER_TIMEOUT_S, Instance
from supervisor.cli.terminal import formatting as words
from supervisor.cli.terminal.params import WholeNumber
from supervisor.client import Message, SupervisorNotRunning
from supervisor.config import timezone
from supervisor.locale import _, reasons


@click.command(help=_("Show the last restarts, newest first."))
@click.option("-n", "count", type=WholeNumber(1, 100), default=10, show_default=True, metavar="N", help=_("How many."))
@click.option("--json", "as_json", is_flag=True, help=_("For programs."))
@click.pass_obj
def command(instance: Instance, count: int, as_json: bool) -> None:
    """Show the last restarts, newest first."""
    following = "stocksup restart"
    try:
        with instance.connect() as client:
            restarts = client.request("history", n=count, timeout_s=ANSWER_TIMEOUT_S)["history"]
    except SupervisorNotRunning:
        following = "stocksup start"
        restarts = kept(instance.place.history, count)
    if as_json:
        click.echo(json.dumps(restarts))
    elif not restarts:
        click.echo(_("No restart so far. Next: %(command)s") % {"command": following})
    else:
        timezone.use(instance.timezone)
        click.echo("\n".join(line for one in reasons.localize(restarts) for line in lines(one)))


def kept(path: Path, count: int) -> list[Message]:
    """Return the last `count` restarts in the file of the history, newest first. Raises OSError."""
    try:
        written = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    restarts: list[Message] = []
    for line in reversed(written):
        if len(restarts) == count:
            break
        # the empty end, or a line that a power cut has cut short
        with contextlib.suppress(ValueError, KeyError, TypeError):
            restarts.append(reasons.report_fields(json.loads(line)))
    return restarts


def lines(report: Message) -> list[str]:
    """Return the lines about one restart. Pure, but for the time zone in use."""
    at = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(report["at"]))
    asked = _("asked for by %(name)s") % {"name": report["requested_by"]} if report.get("requested_by") else ""
    why = f"“{report['reason']}”" if report.get("reason") else ""
    facts = [": ".join(part for part in (asked, why) if part), words.phases(report), *work(report)]
    return [f"{at}  {words.restart(report)}", *(f"    {fact}" for fact in facts if fact)]


def work(report: Message) -> list[str]:
    """Say what the drain finished, what it cut off, and what was flushed. Pure."""
    said = []
    if report.get("drained"):
        said.append(_("finished: %(names)s") % {"names": ", ".join(report["drained"])})
    if report.get("cancelled"):
        said.append(_("cut off: %(names)s") % {"names": ", ".join(report["cancelled"])})
    if report.get("flushed_entries") is not None:
        said.append(_("cache: %(count)d entries flushed") % {"count": report["flushed_entries"]})
    return said
