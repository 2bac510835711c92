"""`stocksup history`: the last restarts."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import Final

import click
import msgspec

from supervisor.cli.instance import ANSWER_TIMEOUT_S, Instance
from supervisor.cli.terminal import formatting
from supervisor.cli.terminal.params import WholeNumber
from supervisor.client import Message, SupervisorNotRunning
from supervisor.config.files import read_regular
from supervisor.lifecycle.model import RestartReport
from supervisor.locale import _, reasons

#: bytes that are read of the history of a supervisor that does not run
MAX_READ_BYTES: Final = 16 * 1024 * 1024


@click.command(help=_("Show the last restarts, newest first."))
@click.option(
    "-n", "count", type=WholeNumber(1, 100), default=10, show_default=True, metavar="N", help=_("Number of restarts.")
)
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
@click.pass_obj
def command(instance: Instance, count: int, as_json: bool) -> None:
    """Show the last restarts, newest first."""
    next_command = "stocksup restart"
    try:
        with instance.connect() as client:
            restarts = client.request("history", n=count, timeout_s=ANSWER_TIMEOUT_S)["history"]
    except SupervisorNotRunning:
        next_command = "stocksup start"
        restarts = read_history(instance.place.history, count)
    if as_json:
        click.echo(json.dumps(restarts))
    elif not restarts:
        click.echo(_("No restarts yet. Next: %(command)s") % {"command": next_command})
    else:
        instance.use_timezone()
        click.echo("\n".join(line for report in reasons.localize(restarts) for line in lines(report)))


def read_history(path: Path, count: int) -> list[Message]:
    """Return the last `count` restarts in the history file, newest first. Raises OSError."""
    try:
        stored = read_regular(path, MAX_READ_BYTES).split(b"\n")
    except FileNotFoundError:
        return []
    restarts: list[Message] = []
    for line in reversed(stored):
        if len(restarts) == count:
            break
        # the empty end, a line that a power cut left incomplete, or one that somebody else wrote
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            report = msgspec.json.decode(line, type=RestartReport)
            restarts.append(reasons.report_fields(msgspec.json.decode(msgspec.json.encode(report))))
    return restarts


def lines(report: Message) -> list[str]:
    """Return the lines about one restart. Pure, except for the local time zone."""
    at = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(report["at"]))
    requester = _("requested by %(name)s") % {"name": report["requested_by"]} if report.get("requested_by") else ""
    reason = f"“{report['reason']}”" if report.get("reason") else ""
    details = [
        ": ".join(part for part in (requester, reason) if part),
        formatting.phases_text(report),
        *work_lines(report),
    ]
    return [f"{at}  {formatting.restart_summary(report)}", *(f"    {detail}" for detail in details if detail)]


def work_lines(report: Message) -> list[str]:
    """Return what the drain cancelled, and how much cache was cleared. Pure."""
    output = []
    if report.get("cold_problem"):
        output.append(_("without a hand-over: %(why)s") % {"why": report["cold_problem"]})
    if report.get("cancelled"):
        output.append(_("cancelled: %(names)s") % {"names": ", ".join(report["cancelled"])})
    if report.get("flushed_entries") is not None:
        output.append(_("cache entries cleared: %(count)d") % {"count": report["flushed_entries"]})
    return output
