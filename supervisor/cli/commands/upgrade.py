"""`stocksup upgrade`: run the version that is installed now, without stopping anything."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import click

from supervisor.cli import exit_codes as exits
from supervisor.cli.commands.restart import (
    MAX_TIMEOUT_S,
    await_reports,
    exit_code,
    failure_text,
    requester,
    success_lines,
)
from supervisor.cli.errors import CommandError, Continued
from supervisor.cli.instance import ANSWER_TIMEOUT_S, Instance
from supervisor.cli.terminal.params import Seconds
from supervisor.cli.terminal.progress import Progress
from supervisor.client import Client, ControlError, Message, SupervisorNotRunning
from supervisor.locale import _, format_number, reasons

#: how long the new supervisor may take until it answers, and the pause between two attempts, in seconds
TAKEOVER_TIMEOUT_S: Final = 30.0
TAKEOVER_PAUSE_S: Final = 0.05
#: restarts that are looked at: those of this upgrade are among the newest
RECENT_RESTARTS: Final = 50

_HELP: Final = _(
    "Upgrade to the version that is installed now.\n\n"
    "Install it first (git pull && make setup, or pip install -U). The supervisor checks the new code, then runs it in "
    "its own place: its PID, its sockets and the programs stay. Then the bot is restarted. If the new code does not "
    "load or cannot read the files, nothing changes."
)


class Takeover(NamedTuple):
    """What the new supervisor is, and what the old one was."""

    pid: int
    old_version: str
    new_version: str
    #: the life that is to be restarted, by program
    restarts: Mapping[str, int]
    #: programs that keep running
    left: Sequence[str]


@click.command(help=_HELP)
@click.option(
    "--timeout", "timeout_s", type=Seconds(0.1, MAX_TIMEOUT_S), metavar="S", help=_("Maximum time to wait, in seconds.")
)
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
@click.pass_obj
def command(instance: Instance, timeout_s: float | None, as_json: bool) -> int:
    """Upgrade to the version that is installed now."""
    instance.check()
    deadline_s = time.monotonic() + (MAX_TIMEOUT_S if timeout_s is None else timeout_s)
    text = _("interrupted, but the upgrade continues; follow it: stocksup status")
    with Continued(text), Progress(_("checking the new code …")) as progress:
        before = _request(instance, timeout_s)
        progress.say(_("the supervisor executes the new code …"))
        with _connect(instance, before, deadline_s) as client:
            takeover, reports = _follow(client, before, progress, deadline_s)
    return _report(takeover, reports, as_json)


def _request(instance: Instance, timeout_s: float | None) -> Message:
    """Request the upgrade; return what the supervisor says about itself right before the new code takes over."""
    with instance.connect() as client:
        try:
            return client.request("upgrade", requested_by=requester(), timeout_s=timeout_s)
        except ControlError as error:
            if error.code == "unknown_op":
                text = _("the running supervisor is too old for this; run: stocksup stop, then: stocksup start")
                raise CommandError(text) from error
            if error.code == "timed_out" and timeout_s is not None:
                text = _("the new code is not checked after %(time_s)s s; the upgrade continues, see stocksup status")
                raise CommandError(text % {"time_s": format_number(timeout_s)}, exits.TIMED_OUT) from error
            raise


def _connect(instance: Instance, before: Message, deadline_s: float) -> Client:
    """Return a connection to the new supervisor. Raises CommandError if there is none in time."""
    until_s = min(deadline_s, time.monotonic() + TAKEOVER_TIMEOUT_S)
    while True:
        try:
            client = instance.connect_unchecked()
            try:
                client.request("ping", timeout_s=max(0.1, min(ANSWER_TIMEOUT_S, until_s - time.monotonic())))
            except ControlError:
                client.close()
                raise
            return client
        except SupervisorNotRunning as error:
            text = _(
                "the supervisor (PID %(pid)d) has ended while it executed the new code; the programs keep running; "
                "see stocksup logs supervisor, correct the installation, then run: stocksup start"
            )
            raise CommandError(text % {"pid": before["pid"]}) from error
        except ControlError as error:
            if time.monotonic() >= until_s:
                text = _(
                    "the new code of the supervisor (PID %(pid)d) does not answer; the programs keep running; see "
                    "stocksup logs supervisor; it tries again with the files that are installed then, so that you can "
                    "go back: install version %(version)s again"
                )
                raise CommandError(text % before, exits.TIMED_OUT) from error
        time.sleep(TAKEOVER_PAUSE_S)


def _follow(client: Client, before: Message, progress: Progress, deadline_s: float) -> tuple[Takeover, list[Message]]:
    """Wait for the restarts that the new supervisor has requested; return their reports."""
    left_s = max(0.1, deadline_s - time.monotonic())
    events = client.events(timeout_s=left_s)
    view = _await_takeover(client, before)
    takeover = _takeover(view["supervisor"])
    newest = client.request("history", n=RECENT_RESTARTS, timeout_s=ANSWER_TIMEOUT_S)["history"]
    reports = list(finished_reports(takeover, newest, view["supervisor"]["started_at"]))
    reported = {report["program"] for report in reports}
    waiting = {
        program["name"]
        for program in view["programs"]
        if program["name"] in takeover.restarts and program["name"] not in reported and program["restart"]
    }
    return takeover, [*reports, *await_reports(events, waiting, progress, left_s)]


def _await_takeover(client: Client, before: Message) -> Message:
    """Return the status once the new supervisor has requested the restarts. Raises CommandError."""
    until_s = time.monotonic() + TAKEOVER_TIMEOUT_S
    while True:
        view = client.request("status", timeout_s=ANSWER_TIMEOUT_S)
        now = view["supervisor"]
        if now["started_at"] == before["started_at"] or time.monotonic() >= until_s:
            text = _("the supervisor (PID %(pid)d) was not upgraded; see why: stocksup logs supervisor")
            raise CommandError(text % {"pid": now["pid"]})
        if now.get("upgraded") is not None:
            return view
        time.sleep(TAKEOVER_PAUSE_S)


def _takeover(now: Message) -> Takeover:
    """Return what has happened to the supervisor. Pure."""
    done = now["upgraded"]
    return Takeover(now["pid"], done["from"], now["version"], done["restarts"], done["left"])


def finished_reports(takeover: Takeover, newest: Sequence[Message], since: float) -> Iterator[Message]:
    """Yield the reports of those restarts that the new supervisor has requested and that have ended. Pure.

    Args:
        takeover: which restarts these are.
        newest: the newest reports, the newest first.
        since: when the new supervisor started, in seconds since 1970.
    """
    lives = dict(takeover.restarts)
    for report in newest:
        if report["at"] >= since and lives.get(report["program"]) == report["from_life"]:
            del lives[report["program"]]
            yield report


def _report(takeover: Takeover, reports: Sequence[Message], as_json: bool) -> int:
    failed = [report for report in reports if not report["ok"]]
    code = exit_code(failed[0]) if failed else exits.FINE
    if as_json:
        click.echo(json.dumps(as_object(takeover, reports)))
        return code
    for line in lines(takeover, reasons.localize([report for report in reports if report["ok"]])):
        click.echo(line)
    if failed:
        text = _("%(problem)s; to go back, install version %(version)s again, then run: stocksup upgrade")
        problem = "; ".join(map(failure_text, reasons.localize(failed)))
        raise CommandError(text % {"problem": problem, "version": takeover.old_version}, code)
    return code


def as_object(takeover: Takeover, reports: Sequence[Message]) -> Message:
    """Return the object of `upgrade --json`. Pure."""
    return {
        "version": 1,
        "ok": all(report["ok"] for report in reports),
        "supervisor": {"pid": takeover.pid, "from": takeover.old_version, "to": takeover.new_version},
        "restarts": list(reports),
        "left": list(takeover.left),
    }


def lines(takeover: Takeover, reports: Sequence[Message]) -> list[str]:
    """Return the lines about an upgrade and the restarts that succeeded. Pure."""
    text = _("supervisor: version %(old)s → %(new)s, PID %(pid)d as before")
    output = [text % {"old": takeover.old_version, "new": takeover.new_version, "pid": takeover.pid}]
    for report in reports:
        output += success_lines(report)
    for name in takeover.left:
        text = _("%(program)s: keeps running, unchanged; to restart it: stocksup restart %(program)s")
        output.append(text % {"program": name})
    return output
