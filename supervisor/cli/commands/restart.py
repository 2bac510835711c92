"""`stocksup restart`: restart a program."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Collection, Iterator
from typing import Final

import click

from supervisor.cli import exit_codes as exits
from supervisor.cli.commands.history import work_lines
from supervisor.cli.errors import CommandError, Continued
from supervisor.cli.instance import ANSWER_TIMEOUT_S, Instance, complete_program
from supervisor.cli.terminal import formatting
from supervisor.cli.terminal.params import Seconds
from supervisor.cli.terminal.progress import Progress
from supervisor.client import EXIT_TRY_AGAIN, ControlError, Message
from supervisor.locale import _, format_number, reasons

#: longest time to wait, in seconds
MAX_TIMEOUT_S: Final = 86_400.0


@click.command(help=_("Restart the bot, or PROGRAM."))
@click.argument("program", default="bot", shell_complete=complete_program)
@click.option("--reason", default="", metavar="TEXT", help=_("Reason, for the history."))
@click.option("--cold", is_flag=True, help=_("End the old process before the next one starts."))
@click.option("--no-wait", is_flag=True, help=_("Do not wait for the restart to finish."))
@click.option(
    "--timeout", "timeout_s", type=Seconds(0.1, MAX_TIMEOUT_S), metavar="S", help=_("Maximum time to wait, in seconds.")
)
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
@click.pass_obj
def command(
    instance: Instance, program: str, reason: str, cold: bool, no_wait: bool, timeout_s: float | None, as_json: bool
) -> int:
    """Restart the bot, or PROGRAM."""
    instance.check()
    text = _("interrupted, but the restart of %(program)s continues; follow it: stocksup status")
    with instance.connect() as client, Continued(text % {"program": program}):
        events = client.events(timeout_s=timeout_s)
        # the answer comes at once; a later event reports the end of the restart
        answer = client.request(
            "restart",
            program=program,
            reason=reason,
            requested_by=requester(),
            wait=False,
            cold=cold or None,  # an older supervisor does not know the field
            timeout_s=ANSWER_TIMEOUT_S,
        )
        if no_wait:
            return _report_request(program, answer, as_json)
        if not as_json:
            _report_joined(program, answer)
        with Progress(_("%(program)s: restart requested") % {"program": program}) as progress:
            (report,) = await_reports(events, {program}, progress, timeout_s)
    return _report(report, as_json)


def await_reports(
    events: Iterator[Message], programs: Collection[str], progress: Progress, timeout_s: float | None
) -> list[Message]:
    """Wait for a restart of each of the programs; return the reports."""
    missing, found = set(programs), list[Message]()
    try:
        while missing:
            event = next(events)
            program = event["report"]["program"] if event["type"] == "restart" else event.get("program")
            if program not in missing:
                continue
            if event["type"] == "phase" and event["phase"]:
                progress.say(f"{program}: {formatting.phase_name(event['phase'])} …")
            elif _is_delayed(event):
                text = _("%(program)s is not ready yet: %(why)s; the supervisor tries again, see stocksup status")
                why = formatting.exit_text(reasons.localize(event["last_exit"]))
                raise CommandError(text % {"program": program, "why": why}, exits.TIMED_OUT)
            elif event["type"] == "restart":
                found.append(event["report"])
                missing.remove(program)
    except ControlError as error:
        if error.code == "timed_out":
            text = _("%(program)s is not ready after %(time_s)s s; the restart continues, see stocksup status")
            params = {"program": ", ".join(sorted(missing)), "time_s": format_number(timeout_s or 0)}
            raise CommandError(text % params, exits.TIMED_OUT) from error
        raise
    return found


def _is_delayed(event: Message) -> bool:
    """Return whether the new process asked to try again later (exit 75), at an unknown time."""
    is_state = event["type"] == "state" and event["state"] == "BACKOFF"
    return is_state and (event.get("last_exit") or {}).get("code") == EXIT_TRY_AGAIN


def _report_joined(program: str, answer: Message) -> bool:
    """Print which restart the request has joined; return whether it has joined one."""
    joined = reasons.localize(answer.get("joined"))  # absent from an older supervisor
    if joined is None:
        return False
    text = _("%(program)s: joined the restart in progress (requested by %(name)s)")
    if joined["reason"]:
        text = _("%(program)s: joined the restart in progress (requested by %(name)s: “%(reason)s”)")
    click.echo(text % {"program": program, "name": joined["requested_by"], "reason": joined["reason"]})
    return True


def _report_request(program: str, answer: Message, as_json: bool) -> int:
    to_life = answer["to_life"]
    if as_json:
        click.echo(json.dumps({"program": program, "to_life": to_life}))
    elif not _report_joined(program, answer):
        text = _("%(program)s: restart requested (process %(life)d). Next: stocksup status")
        click.echo(text % {"program": program, "life": to_life})
    return exits.FINE


def _report(report: Message, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps(report))
        return exits.FINE if report["ok"] else exit_code(report)
    report = reasons.localize(report)
    if not report["ok"]:
        raise CommandError(failure_text(report), exit_code(report))
    click.echo("\n".join(success_lines(report)))
    return exits.FINE


def success_lines(report: Message) -> list[str]:
    """Return the lines about a restart that succeeded. Pure."""
    details = [formatting.phases_text(report), *work_lines(report)]
    return [formatting.restart_summary(report), *(f"    {detail}" for detail in details)]


def exit_code(report: Message) -> int:
    """Return the exit code for a failed restart. Pure."""
    refused_config = (report.get("error_params") or {}).get("code") == exits.BAD_CONFIG
    return exits.BAD_CONFIG if refused_config else exits.FAILED


def failure_text(report: Message) -> str:
    """Return the message about a failed restart. Pure."""
    text = _("%(program)s was not restarted: %(problem)s; see stocksup status")
    if report.get("error") == "start_failed":
        text = _("restart failed, %(program)s is not running: %(problem)s; see stocksup status")
    if report.get("error") == "check_failed":
        text = _("%(program)s was not restarted and keeps running; its check failed: %(problem)s")
    if report.get("error") in ("prepare_failed", "handover_failed"):
        text = _("%(program)s was not restarted: %(problem)s; see stocksup logs %(program)s")
    return text % {"program": report["program"], "problem": formatting.failure_reason(report)}


def requester() -> str:
    """Return the name of the user, also under sudo."""
    try:
        name = os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = _("user %(uid)d") % {"uid": os.getuid()}  # no such user in passwd, as in some containers
    return _("%(name)s (command line)") % {"name": name}
