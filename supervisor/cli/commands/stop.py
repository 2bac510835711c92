"""`stocksup stop`: everything, or one program."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator

import click

from supervisor.cli import exit_codes as exits
from supervisor.cli.bootstrap.launch import launch
from supervisor.cli.errors import CommandError
from supervisor.cli.instance import ANSWER_TIMEOUT_S, Instance, complete_program
from supervisor.cli.systemd import systemctl
from supervisor.cli.terminal.progress import Progress
from supervisor.client import Client, ControlError, Message, SupervisorNotRunning
from supervisor.locale import _


@click.command(help=_("Stop all programs, or PROGRAM, after they finish their work."))
@click.argument("program", required=False, shell_complete=complete_program)
@click.pass_obj
def command(instance: Instance, program: str | None) -> int:
    """Drain and end everything, or PROGRAM alone."""
    instance.check()
    if program is None and (service := systemctl.in_charge(instance.config)) and service.is_alive():
        # it would be started again if it ended in another way
        with Progress(_("stopping")):
            service.do("stop")
        click.echo(_("Everything stopped until the next boot. Next: stocksup start"))
        return exits.FINE
    try:
        client = instance.connect()
    except SupervisorNotRunning:
        if not _end_orphans(instance, program):
            raise
        return exits.FINE
    with client:
        if program is None:
            shut_down(client)
            click.echo(_("Everything stopped. Next: stocksup start"))
        else:
            with Progress(_("%(program)s: stopping") % {"program": program}):
                life = client.request("stop", program=program, wait=True)["life"]
            text = _("%(program)s stopped (process %(life)d). Next: stocksup start")
            click.echo(text % {"program": program, "life": life})
    return exits.FINE


def _end_orphans(instance: Instance, program: str | None) -> bool:
    """Have a supervisor take up what has outlived the one before, and end it as it should be ended.

    Returns whether there was anything. Raises CommandError.
    """
    from supervisor.cli.bootstrap import orphans  # which loads much that is of no use while there is a supervisor

    if not (found := orphans.find(instance.place)):
        return False
    lives = orphans.describe(found)
    if program is not None:
        text = _(
            "no supervisor is running; still running without one: %(lives)s; stop them with stocksup stop, "
            "or continue with stocksup start"
        )
        raise CommandError(text % {"lives": lives}, exits.NOT_RUNNING)
    with Progress(_("stopping")):
        _Process(launch(instance.config, instance.place, stop_orphans=True)).await_end()
    if left := orphans.find(instance.place):
        text = _("cannot stop %(lives)s; see stocksup logs supervisor")
        raise CommandError(text % {"lives": orphans.describe(left)})
    click.echo(_("No supervisor was running; stopped the programs it had left behind: %(lives)s") % {"lives": lives})
    click.echo(_("Everything stopped. Next: stocksup start"))
    return True


def shut_down(client: Client) -> None:
    """Take everything down, the supervisor too, and come back when its process is gone. Raises ControlError."""
    supervisor = _Process(client.request("ping", timeout_s=ANSWER_TIMEOUT_S)["pid"])
    reports = client.events()
    client.request("shutdown", timeout_s=ANSWER_TIMEOUT_S)
    with Progress(_("stopping")) as progress:
        _follow(reports, progress)
        supervisor.await_end()


def _follow(reports: Iterator[Message], progress: Progress) -> None:
    """Show what happens until the supervisor closes the connection."""
    try:
        for event in reports:
            if event.get("type") == "state":
                progress.say(f"{event['program']}: {event['state']}")
    except ControlError as error:
        if error.code != "closed":
            raise


class _Process:
    """A process whose end is awaited: the door closes a moment before it is gone and a next one can take its place."""

    def __init__(self, pid: int) -> None:
        try:
            self._fd = os.pidfd_open(pid) if sys.platform == "linux" else None
        except ProcessLookupError:
            self._fd = None

    def await_end(self) -> None:
        if self._fd is not None:
            select.select([self._fd], [], [])
            os.close(self._fd)
