"""`stocksup stop`: stop all programs, or one."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import click

from supervisor.cli import exit_codes as exits
from supervisor.cli.bootstrap.launch import launch
from supervisor.cli.errors import CommandError, Continued
from supervisor.cli.instance import ANSWER_TIMEOUT_S, Instance, complete_program, elsewhere_hint
from supervisor.cli.systemd import systemctl
from supervisor.cli.terminal.progress import Progress
from supervisor.client import Client, ControlError, Message, SupervisorNotRunning
from supervisor.locale import _

if TYPE_CHECKING:
    from supervisor.processes.process import LifeProcess

#: how long to try again while the supervisor re-executes itself, and the pause between two attempts, in seconds
RETRY_S: Final = 15.0
RETRY_PAUSE_S: Final = 0.1
#: how long the supervisor may take to exit after it has closed its socket, in seconds
EXIT_TIMEOUT_S: Final = 30.0


_KILLED: Final = _("%(program)s did not finish its work in time and was killed; see stocksup logs supervisor")
#: for what waits until programs have stopped
_CONTINUED: Final = Continued(_("interrupted, but stopping continues; follow it: stocksup status"))


@click.command(help=_("Stop all programs, or PROGRAM, after they finish their work."))
@click.argument("program", required=False, shell_complete=complete_program)
@click.pass_obj
def command(instance: Instance, program: str | None) -> int:
    """Stop all programs, or PROGRAM."""
    config = instance.found_config
    if program is None and (service := systemctl.in_charge(config)) and service.is_alive():
        # systemd would start it again if it exited without `systemctl stop`
        with _CONTINUED, Progress(_("stopping")):
            service.do("stop")
        click.echo(_("Everything stopped until the next boot. Next: stocksup start"))
        return exits.FINE
    instance.work_as_owner()
    try:
        client = instance.connect()
    except SupervisorNotRunning as error:
        if not _stop_orphans(instance, program):
            problem = _("nothing to stop: no supervisor is running at %(path)s") % {"path": instance.place.state_dir}
            raise CommandError(problem + elsewhere_hint(), exits.NOT_RUNNING) from error
        return exits.FINE
    if program is None:
        changes = _shut_down_surely(instance, client)
        _check_unkillable(instance, dict(changes))
        for name in sorted({name for name, state in changes if state == "KILLING"}):
            click.echo(_KILLED % {"program": name})
        if not _stop_orphans(instance, None):  # the supervisor was killed meanwhile
            click.echo(_("Everything stopped. Next: stocksup start"))
        return exits.FINE
    with client:
        with _CONTINUED, Progress(_("%(program)s: stopping") % {"program": program}):
            life = client.request("stop", program=program, wait=True)["life"]
        if _was_killed(client, program, life):
            click.echo(_KILLED % {"program": program})
        text = _("%(program)s stopped (process %(life)d). Next: stocksup start %(program)s")
        click.echo(text % {"program": program, "life": life})
    return exits.FINE


def _was_killed(client: Client, program: str, life: int) -> bool:
    """Return whether a program that has just stopped did not end by itself."""
    for one in client.request("status", timeout_s=ANSWER_TIMEOUT_S)["programs"]:
        if one["name"] == program and (last := one["last_exit"]):
            return bool(last["life"] == life and last["signal"] == "SIGKILL")
    return False


def _shut_down_surely(instance: Instance, client: Client) -> list[tuple[str, str]]:
    """Shut down, and try again when the supervisor re-executes itself before it has taken the request.

    Returns what `shut_down` returns.
    """
    until_s = time.monotonic() + RETRY_S
    while True:
        try:
            with client:
                return shut_down(client)
        except ControlError as error:
            if error.code != "closed" or time.monotonic() > until_s:
                raise
        client = _reconnect(instance, until_s)


def _reconnect(instance: Instance, until_s: float) -> Client:
    while True:
        time.sleep(RETRY_PAUSE_S)
        try:
            return instance.connect()
        except SupervisorNotRunning:
            if time.monotonic() > until_s:
                raise


def _stop_orphans(instance: Instance, program: str | None) -> bool:
    """Stop programs that run without a supervisor; a new supervisor takes them over for that.

    Returns whether there were any. Raises CommandError.
    """
    from supervisor.cli.bootstrap import orphans  # slow to import, and only needed here

    if not (running := orphans.find(instance.place)):
        return False
    lives = orphans.describe(running)
    if program is not None:
        text = _(
            "no supervisor is running; still running without one: %(lives)s; stop them with stocksup stop, "
            "or continue with stocksup start"
        )
        raise CommandError(text % {"lives": lives}, exits.NOT_RUNNING)
    with _CONTINUED, Progress(_("stopping")):
        supervisor = _ExitWaiter(launch(instance.found_config, instance.place, stop_orphans=True))
        # it may already have ended
        with suppress(SupervisorNotRunning), instance.connect() as client:
            _follow(client.events())
        supervisor.wait()
    _fail_if_left(orphans.find(instance.place))
    click.echo(_("No supervisor was running; stopped the programs it had left behind: %(lives)s") % {"lives": lives})
    click.echo(_("Everything stopped. Next: stocksup start"))
    return True


def _check_unkillable(instance: Instance, states: Mapping[str, str]) -> None:
    """Raise CommandError if the supervisor gave up a process: a program is FATAL only if its process still runs."""
    if "FATAL" in states.values():
        from supervisor.cli.bootstrap import orphans

        _fail_if_left([life for life in orphans.find(instance.place) if states.get(life.name) == "FATAL"])


def _fail_if_left(left: Sequence[LifeProcess]) -> None:
    if left:
        from supervisor.cli.bootstrap import orphans

        text = _("cannot stop %(lives)s; see stocksup logs supervisor")
        raise CommandError(text % {"lives": orphans.describe(left)})


@_CONTINUED
def shut_down(client: Client) -> list[tuple[str, str]]:
    """Stop all programs and the supervisor, and wait until its process exits. Raises ControlError.

    Returns the changes of state: program, new state.
    """
    supervisor = _ExitWaiter(client.request("ping", timeout_s=ANSWER_TIMEOUT_S)["pid"])
    reports = client.events()
    client.request("shutdown", timeout_s=ANSWER_TIMEOUT_S)
    with Progress(_("stopping")) as progress:
        changes = _follow(reports, progress)
        supervisor.wait()
    return changes


def _follow(reports: Iterator[Message], progress: Progress | None = None) -> list[tuple[str, str]]:
    """Show the progress until the supervisor closes the connection; return the changes of state."""
    changes: list[tuple[str, str]] = []
    try:
        for event in reports:
            if event.get("type") == "state":
                changes.append((event["program"], event["state"]))
                if progress is not None:
                    progress.say(f"{event['program']}: {event['state']}")
    except ControlError as error:
        if error.code != "closed":
            raise
    return changes


class _ExitWaiter:
    """A process to wait for: the socket closes a moment before the process exits and another can start."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        try:
            self._fd = os.pidfd_open(pid) if sys.platform == "linux" else None
        except ProcessLookupError:
            self._fd = None

    def wait(self) -> None:
        """Wait until the process exits. Raises CommandError if it does not."""
        if self._fd is None:
            return
        has_exited = select.select([self._fd], [], [], EXIT_TIMEOUT_S)[0]
        os.close(self._fd)
        if not has_exited:
            text = _("the supervisor (PID %(pid)d) does not exit; all programs have stopped; end it: kill -9 %(pid)d")
            raise CommandError(text % {"pid": self._pid}, exits.TIMED_OUT)
