"""`stocksup restart`: a new life for a program."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Iterator
from typing import Final

import click

from supervisor.cli import exit_codes as exits
from supervisor.cli.commands.history import work
from supervisor.cli.errors import CommandError
from supervisor.cli.instance import ANSWER_TIMEOUT_S, Instance, complete_program
from supervisor.cli.terminal import formatting as words
from supervisor.cli.terminal.params import Seconds
from supervisor.cli.terminal.progress import Progress
from supervisor.client import ControlError, Message
from supervisor.locale import _, reasons

#: exit code of a program that is to be tried again later
TRY_LATER: Final = 75


@click.command(help=_("Give the bot, or PROGRAM, a new life."))
@click.argument("program", default="bot", shell_complete=complete_program)
@click.option("--reason", default="", metavar="TEXT", help=_("Why; kept in the history."))
@click.option("--no-wait", is_flag=True, help=_("Come back at once."))
@click.option("--timeout", "timeout_s", type=Seconds(0.1), metavar="S", help=_("Seconds to wait at most."))
@click.option("--json", "as_json", is_flag=True, help=_("For programs."))
@click.pass_obj
def command(
    instance: Instance, program: str, reason: str, no_wait: bool, timeout_s: float | None, as_json: bool
) -> int:
    """Give the bot, or PROGRAM, a new life."""
    with instance.connect() as client:
        reports = client.events(timeout_s=timeout_s)
        # the answer comes at once; that the restart is over is one of the reports
        asked = client.request(
            "restart", program=program, reason=reason, requested_by=_who(), wait=False, timeout_s=ANSWER_TIMEOUT_S
        )
        if no_wait:
            return _say_asked(program, asked["to_life"], as_json)
        with Progress(_("%(program)s: asked for a restart") % {"program": program}) as progress:
            report = _await(reports, program, progress, timeout_s)
    return _say(report, as_json)


def _await(reports: Iterator[Message], program: str, progress: Progress, timeout_s: float | None) -> Message:
    """Return the report of the restart of `program`, once it is over."""
    try:
        for event in reports:
            if event.get("type") == "phase" and event["program"] == program and event["phase"]:
                progress.say(f"{program}: {words.phase(event['phase'])} …")
            elif _waits_for_better_times(event, program):
                text = _("%(program)s is not back yet: %(why)s; it is tried again, see stocksup status")
                why = words.ending(reasons.localize(event["last_exit"]))
                raise CommandError(text % {"program": program, "why": why}, exits.TIMED_OUT)
            elif event.get("type") == "restart" and event["report"]["program"] == program:
                report: Message = event["report"]
                return report
    except ControlError as error:
        if error.code == "timed_out":
            text = _("%(program)s is not back after %(time_s)g s; its restart goes on, see stocksup status")
            raise CommandError(text % {"program": program, "time_s": timeout_s}, exits.TIMED_OUT) from error
        raise
    raise AssertionError("the reports end only by an exception")


def _waits_for_better_times(event: Message, program: str) -> bool:
    """Tell whether the new life has said "try again later" (exit 75): nobody knows when that will be."""
    is_state = event.get("type") == "state" and event["program"] == program and event["state"] == "BACKOFF"
    return is_state and (event.get("last_exit") or {}).get("code") == TRY_LATER


def _say_asked(program: str, to_life: int, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps({"program": program, "to_life": to_life}))
    else:
        text = _("%(program)s: life %(life)d has been asked for; see how it goes: stocksup status")
        click.echo(text % {"program": program, "life": to_life})
    return exits.FINE


def _say(report: Message, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps(report))
        return exits.FINE if report["ok"] else exits.FAILED
    report = reasons.localize(report)
    if not report["ok"]:
        raise CommandError(failure(report))
    click.echo("\n".join([words.restart(report), *(f"    {one}" for one in [words.phases(report), *work(report)])]))
    return exits.FINE


def failure(report: Message) -> str:
    """Return the message about a restart that failed. Pure."""
    text = _("%(program)s was not restarted: %(problem)s; see stocksup status")
    if report.get("error") == "start_failed":
        text = _(
            "%(program)s is down: the old life has ended, and no new one came up: %(problem)s; see stocksup status"
        )
    if report.get("error") == "check_failed":
        text = _("%(program)s was not restarted, the old life serves on; its check said: %(problem)s")
    return text % {"program": report["program"], "problem": words.problem(report)}


def _who() -> str:
    """Return the name of whoever asks, also behind sudo."""
    try:
        name = os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = _("user %(uid)d") % {"uid": os.getuid()}  # one without an entry, as in some containers
    return _("%(name)s (command line)") % {"name": name}
