"""`stocksup start`: brings everything up, and comes back when it serves."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import click

from supervisor.cli import exits, words
from supervisor.cli.errors import Failure
from supervisor.cli.instance import ANSWER_TIMEOUT_S, Instance
from supervisor.cli.launch import launch
from supervisor.cli.logfile import LogFile, of_last_life
from supervisor.cli.progress import Progress
from supervisor.cli.stop import shut_down
from supervisor.cli.waiting import Waiting
from supervisor.client import Client, Message, NotRunning
from supervisor.locale import _
from supervisor.paths import Place

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
        _become_supervisor(instance.config, keep_wishes=under_systemd)
    try:
        client = instance.connect()
    except NotRunning:
        return _start_new(instance)
    with client:
        return _start_programs(client, instance.place)


def _under_systemd() -> bool:
    # terminals of a desktop session carry an INVOCATION_ID too: that of the terminal's own service
    return "NOTIFY_SOCKET" in os.environ or ("INVOCATION_ID" in os.environ and not sys.stdin.isatty())


def _become_supervisor(config: Path, *, keep_wishes: bool) -> None:
    wishes = ["--keep-wishes", "yes"] if keep_wishes else []
    os.execv(sys.executable, [sys.executable, "-P", "-m", "supervisor", "--config", str(config), *wishes])


def _start_new(instance: Instance) -> int:
    """Start a supervisor; if a program does not come up, leave nothing of it."""
    pid = launch(instance.config, instance.place)
    with instance.connect() as client:
        reports = client.events()
        view = client.request("status", timeout_s=ANSWER_TIMEOUT_S)
        waiting = Waiting.begin(view["programs"], [one["name"] for one in view["programs"]])
        with Progress(waiting.words()) as progress:
            waiting = waiting.until_over(reports, progress.say)
        if waiting.failed is None:
            _say_up(waiting, pid)
            return exits.FINE
        if _adopted(view):
            return _fail(waiting.failed, instance.place, _("what ran before runs on, see stocksup status"))
        shut_down(client)
        return _fail(waiting.failed, instance.place, _("nothing was left running"))


def _start_programs(client: Client, place: Place) -> int:
    """Have the supervisor that runs bring up what is down."""
    reports = client.events()
    names = client.request("start", timeout_s=ANSWER_TIMEOUT_S)["starting"]
    view = client.request("status", timeout_s=ANSWER_TIMEOUT_S)
    waiting = Waiting.begin(view["programs"], names)
    with Progress(waiting.words()) as progress:
        waiting = waiting.until_over(reports, progress.say)
    if waiting.failed is not None:
        return _fail(waiting.failed, place, _("see stocksup status"))
    pid = view["supervisor"]["pid"]
    if names:
        _say_up(waiting, pid)
    else:
        click.echo(_("stocksup runs already (supervisor %(pid)d). Next: stocksup status") % {"pid": pid})
    return exits.FINE


def _adopted(view: Message) -> bool:
    """Tell whether the supervisor found programs that were running before it."""
    return any((one["uptime_s"] or 0) > view["supervisor"]["uptime_s"] for one in view["programs"])


def _say_up(waiting: Waiting, pid: int) -> None:
    lives = ", ".join(f"{name} (life {life})" for name, life in waiting.up.items())
    lives = lives or _("no program is enabled")
    click.echo(_("stocksup is up: %(lives)s; supervisor %(pid)d") % {"lives": lives, "pid": pid})
    click.echo(_("It does not come back by itself after a reboot of the machine: start it again then."))
    click.echo(_("Next: %(commands)s") % {"commands": "stocksup status · stocksup logs -f · stocksup restart"})


def _fail(failed: Message, place: Place, now: str) -> int:
    """Show the last lines of the life that did not come up, and raise with the reason."""
    name = failed["program"]
    written = LogFile(place.log_of(name)).last(MAX_LINES, unfinished=True)
    for line in of_last_life(written)[-TOLD_LINES:]:
        click.echo(f"  {name} | {line}", err=True)
    last = failed.get("last_exit") or {}
    why = failed.get("reason") or (words.ending(last) if last else _("it did not become ready"))
    code = exits.BAD_CONFIG if last.get("code") == exits.BAD_CONFIG else exits.FAILED
    raise Failure(_("%(program)s did not come up: %(why)s; %(now)s") % {"program": name, "why": why, "now": now}, code)
