"""`stocksup start`: brings everything up, and comes back when it serves."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from supervisor.cli import exit_codes as exits
from supervisor.cli.bootstrap.launch import launch
from supervisor.cli.bootstrap.startup_wait import StartupProgress
from supervisor.cli.commands.stop import shut_down
from supervisor.cli.errors import CommandError
from supervisor.cli.instance import ANSWER_TIMEOUT_S, Instance
from supervisor.cli.systemd import systemctl
from supervisor.cli.systemd.systemctl import Service
from supervisor.cli.terminal import formatting as words
from supervisor.cli.terminal.progress import Progress
from supervisor.client import Client, Message, SupervisorNotRunning
from supervisor.config.paths import InstancePaths
from supervisor.locale import _
from supervisor.logs.lines import of_last_life, untold
from supervisor.logs.reader import LogFile

#: lines of a program's log that are shown when it does not come up
TOLD_LINES: Final = 10
#: lines of it that are looked at
MAX_LINES: Final = 1000


@click.command(help=_("Start everything; come back when it is ready."))
@click.option("--foreground", is_flag=True, help=_("Stay here, and log to the terminal; implied under systemd."))
@click.pass_obj
def command(instance: Instance, foreground: bool) -> int:
    """Start everything; come back when it is ready."""
    under_systemd = _under_systemd()
    if foreground or under_systemd:
        _become_supervisor(instance.config, keep_desired=under_systemd)
    service = systemctl.in_charge(instance.config)
    try:
        client = instance.connect()
    except SupervisorNotRunning:
        return _start_service(instance, service) if service else _start_new(instance)
    with client:
        return _start_programs(client, instance.place, service)


def _under_systemd() -> bool:
    # terminals of a desktop session carry an INVOCATION_ID too: that of the terminal's own service
    # a standard input that is closed is None
    terminal = sys.stdin is not None and sys.stdin.isatty()
    return "NOTIFY_SOCKET" in os.environ or ("INVOCATION_ID" in os.environ and not terminal)


def _become_supervisor(config: Path, *, keep_desired: bool) -> None:
    wishes = ["--keep-desired", "yes"] if keep_desired else []
    os.execv(sys.executable, [sys.executable, "-P", "-m", "supervisor", "--config", str(config), *wishes])


def _start_new(instance: Instance) -> int:
    """Start a supervisor; if a program does not come up, leave nothing of it."""
    launch(instance.config, instance.place)
    with instance.connect() as client:
        return await_all(client, instance.place, None, end=lambda: shut_down(client))


def _start_service(instance: Instance, service: Service) -> int:
    """Have systemd start the supervisor; if a program does not come up, leave nothing of it."""
    with Progress(_("starting")):
        service.do("start")
    with connect_to(service, instance) as client:
        # systemd's supervisor leaves down what was stopped by itself
        client.request("start", timeout_s=ANSWER_TIMEOUT_S)
        return await_all(client, instance.place, service, end=lambda: service.do("stop"))


def connect_to(service: Service, instance: Instance) -> Client:
    """Return a connection to the supervisor that systemd has just started. Raises CommandError."""
    try:
        return instance.connect()
    except SupervisorNotRunning as error:
        text = _("systemd has started %(name)s, but it does not answer; see why: %(journal)s")
        raise CommandError(text % {"name": service.name, "journal": service.journal()}) from error


def await_all(client: Client, place: InstancePaths, service: Service | None, end: Callable[[], None] | None) -> int:
    """Wait until all programs of a supervisor that was just started are up, and say so.

    If one does not come up, `end` is called to leave nothing of it, unless something ran before. Raises CommandError.
    """
    reports = client.events()
    view = client.request("status", timeout_s=ANSWER_TIMEOUT_S)
    waiting = StartupProgress.begin(view["programs"], [one["name"] for one in view["programs"]])
    with Progress(waiting.words()) as progress:
        waiting = waiting.until_over(reports, progress.say)
    if waiting.failed is None:
        _say_up(waiting, view["supervisor"]["pid"], service)
        return exits.FINE
    if end is None:
        return _fail(waiting.failed, place, _("see stocksup status"))
    if _adopted(view):
        return _fail(waiting.failed, place, _("what ran before runs on, see stocksup status"))
    end()
    return _fail(waiting.failed, place, _("nothing was left running"))


def _start_programs(client: Client, place: InstancePaths, service: Service | None) -> int:
    """Have the supervisor that runs bring up what is down."""
    reports = client.events()
    names = client.request("start", timeout_s=ANSWER_TIMEOUT_S)["starting"]
    view = client.request("status", timeout_s=ANSWER_TIMEOUT_S)
    waiting = StartupProgress.begin(view["programs"], names)
    with Progress(waiting.words()) as progress:
        waiting = waiting.until_over(reports, progress.say)
    if waiting.failed is not None:
        return _fail(waiting.failed, place, _("see stocksup status"))
    pid = view["supervisor"]["pid"]
    if names:
        _say_up(waiting, pid, service)
    else:
        click.echo(_("stocksup runs already (supervisor %(pid)d). Next: stocksup status") % {"pid": pid})
    return exits.FINE


def _adopted(view: Message) -> bool:
    """Tell whether the supervisor found programs that were running before it."""
    return any((one["uptime_s"] or 0) > view["supervisor"]["uptime_s"] for one in view["programs"])


def _say_up(waiting: StartupProgress, pid: int, service: Service | None) -> None:
    told = [f"{name} (life {life})" for name, life in waiting.up.items()]
    told += [f"{name}: {why}" for name, why in waiting.down.items()]
    lives = ", ".join(told) or _("no program is enabled")
    click.echo(_("stocksup is up: %(lives)s; supervisor %(pid)d") % {"lives": lives, "pid": pid})
    if service is not None:
        click.echo(_("systemd keeps it running (%(name)s).") % {"name": service.name})
    elif systemctl.there(of_user=False):
        click.echo(_("It does not come back by itself after a reboot of the machine, unless: stocksup service install"))
    else:
        click.echo(_("It does not come back by itself after a reboot of the machine: start it again then."))
    click.echo(_("Next: %(commands)s") % {"commands": "stocksup status · stocksup logs -f · stocksup restart"})


def _fail(failed: Message, place: InstancePaths, now: str) -> int:
    """Show the last lines of the life that did not come up, and raise with the reason."""
    name = failed["program"]
    last = failed.get("last_exit") or {}
    why = failed.get("reason") or (words.ending(last) if last else _("it did not become ready"))
    written = of_last_life(LogFile(place.log_of(name)).last(MAX_LINES, unfinished=True))
    for line in untold(written, why)[-TOLD_LINES:]:
        click.echo(f"  {name} | {line.shown}", err=True)
    code = exits.BAD_CONFIG if last.get("code") == exits.BAD_CONFIG else exits.FAILED
    raise CommandError(
        _("%(program)s did not come up: %(why)s; %(now)s") % {"program": name, "why": why, "now": now}, code
    )
