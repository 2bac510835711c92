"""`stocksup start`: start all programs and wait until they are ready."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Final

import click

from supervisor.cli import exit_codes as exits
from supervisor.cli.bootstrap.launch import launch, require_installation
from supervisor.cli.bootstrap.startup_wait import StartupProgress
from supervisor.cli.commands.stop import shut_down
from supervisor.cli.errors import CommandError, Continued
from supervisor.cli.instance import ANSWER_TIMEOUT_S, Instance, complete_program
from supervisor.cli.systemd import systemctl
from supervisor.cli.systemd.systemctl import Service
from supervisor.cli.terminal import formatting
from supervisor.cli.terminal.progress import Progress
from supervisor.client import Client, ControlError, Message, SupervisorNotRunning
from supervisor.config.paths import InstancePaths
from supervisor.locale import _
from supervisor.logs.lines import last_life_lines, without_repeats
from supervisor.logs.reader import LogFile
from supervisor.logs.selection import Selection

#: lines of a program's log that are shown when it fails to start
SHOWN_LINES: Final = 10
#: codes of errors when the supervisor ends during the start: `start --foreground` does if a program exits with 78
_ENDED: Final = (exits.NOT_RUNNING, "closed", "not_running", "shutting_down")
#: lines of its log that are searched
MAX_LINES: Final = 1000


#: for functions that wait for a start
_CONTINUED: Final = Continued(
    _("interrupted, but the start continues; follow it: stocksup status; end it: stocksup stop")
)


@click.command(
    help=_(
        "Start all programs and wait until they are ready.\n\n"
        "With PROGRAM, start only that one; the supervisor must be running."
    )
)
@click.argument("program", required=False, shell_complete=complete_program)
@click.option("--foreground", is_flag=True, help=_("Run in the foreground; the default under systemd."))
@click.pass_obj
def command(instance: Instance, program: str | None, foreground: bool) -> int:
    """Start all programs, or one, and wait until they are ready."""
    if program is not None and foreground:
        raise click.UsageError(_("--foreground starts all programs; leave out PROGRAM"))
    under_systemd = _under_systemd()
    if program is None and (foreground or under_systemd):
        _become_supervisor(instance, keep_desired=under_systemd)
    if (service := systemctl.in_charge(instance.config)) is None:
        instance.work_as_owner()
    instance.check()
    try:
        client = instance.connect()
    except SupervisorNotRunning:
        if program is not None:
            raise
        _warn_of_shared_secrets(instance)
        return _start_service(instance, service) if service else _start_new(instance)
    with client:
        if program is not None:
            return _start_one(client, instance.place, program)
        return _start_programs(client, instance.place, service)


def _warn_of_shared_secrets(instance: Instance) -> None:
    """Print a warning if an instance that runs on this machine uses the same token."""
    from supervisor.cli.bootstrap import instances, shared_secrets  # slow to import, and only needed here

    running = [one.config for one in instances.find_running() if one.config is not None]
    if (problem := shared_secrets.find_problem(instance.config, running)) is not None:
        text = _("warning: %(problem)s")
        click.echo(f"stocksup: {text % {'problem': problem}}", err=True)


def _under_systemd() -> bool:
    # a terminal of a desktop session has the INVOCATION_ID of its own service; a closed stdin is None
    terminal = sys.stdin is not None and sys.stdin.isatty()
    return "NOTIFY_SOCKET" in os.environ or ("INVOCATION_ID" in os.environ and not terminal)


def _become_supervisor(instance: Instance, *, keep_desired: bool) -> None:
    instance.work_as_owner()
    require_installation()
    options = ["--keep-desired", "yes"] if keep_desired else []
    os.execv(sys.executable, [sys.executable, "-P", "-m", "supervisor", "--config", str(instance.config), *options])


@_CONTINUED
def _start_new(instance: Instance) -> int:
    """Start a supervisor; stop it again if a program fails to start."""
    launch(instance.config, instance.place)
    with instance.connect() as client:
        return await_all(client, instance.place, None, end=lambda: shut_down(client))


@_CONTINUED
def _start_service(instance: Instance, service: Service) -> int:
    """Start the supervisor with systemd; stop it again if a program fails to start."""
    with Progress(_("starting")):
        service.do("start")
    try:
        with connect_to(service, instance) as client:
            # under systemd the supervisor does not start programs that were stopped on purpose
            client.request("start", timeout_s=ANSWER_TIMEOUT_S)
            return await_all(client, instance.place, service, end=lambda: service.do("stop"))
    except (ControlError, CommandError) as error:
        if error.code not in _ENDED:
            raise
        service.do("stop")
        if service.exit_code() != exits.BAD_CONFIG:
            raise
        said = LogFile(instance.place.supervisor_log).read_last(1, unfinished=False, wanted=Selection("error"))
        why = said[-1].message if said and said[-1].message else _("see stocksup logs")
        raise CommandError(_("%(why)s; everything was stopped again") % {"why": why}, exits.BAD_CONFIG) from error


def connect_to(service: Service, instance: Instance) -> Client:
    """Return a connection to the supervisor that systemd started. Raises CommandError."""
    try:
        return instance.connect()
    except SupervisorNotRunning as error:
        text = _("systemd started %(name)s, but it does not answer; see %(journal)s")
        raise CommandError(text % {"name": service.name, "journal": service.journal()}, exits.NOT_RUNNING) from error


@_CONTINUED
def await_all(client: Client, place: InstancePaths, service: Service | None, end: Callable[[], object] | None) -> int:
    """Wait until all programs of a new supervisor run, and print that.

    If one fails to start, call `end` to stop the supervisor, unless it took over running programs. Raises CommandError.
    """
    reports = client.events()
    view = client.request("status", timeout_s=ANSWER_TIMEOUT_S)
    waiting = StartupProgress.begin(view["programs"], [program["name"] for program in view["programs"]])
    with Progress(waiting.describe()) as progress:
        waiting = waiting.until_over(reports, progress.say)
    if waiting.failed is None:
        _report_running(waiting, view["supervisor"]["pid"], service)
        return exits.FINE
    if end is None:
        return _fail(waiting.failed, place, _("see stocksup status"))
    if _adopted(view):
        return _fail(waiting.failed, place, _("the programs that ran before keep running, see stocksup status"))
    end()
    return _fail(waiting.failed, place, _("everything was stopped again"))


@_CONTINUED
def _start_programs(client: Client, place: InstancePaths, service: Service | None) -> int:
    """Start the stopped programs of the running supervisor."""
    reports = client.events()
    names = client.request("start", timeout_s=ANSWER_TIMEOUT_S)["starting"]
    view = client.request("status", timeout_s=ANSWER_TIMEOUT_S)
    waiting = StartupProgress.begin(view["programs"], names)
    with Progress(waiting.describe()) as progress:
        waiting = waiting.until_over(reports, progress.say)
    if waiting.failed is not None:
        return _fail(waiting.failed, place, _("see stocksup status"))
    pid = view["supervisor"]["pid"]
    if names:
        _report_running(waiting, pid, service)
    else:
        click.echo(_("stocksup is already running (supervisor PID %(pid)d). Next: stocksup status") % {"pid": pid})
    return exits.FINE


@_CONTINUED
def _start_one(client: Client, place: InstancePaths, program: str) -> int:
    """Start one program of the running supervisor."""
    reports = client.events()
    names = client.request("start", program=program, timeout_s=ANSWER_TIMEOUT_S)["starting"]
    programs = client.request("status", timeout_s=ANSWER_TIMEOUT_S)["programs"]
    waiting = StartupProgress.begin(in_turn(programs, program), [program])
    with Progress(waiting.describe()) as progress:
        waiting = waiting.until_over(reports, progress.say)
    if waiting.failed is not None:
        return _fail(waiting.failed, place, _("see stocksup status"))
    for name, why in waiting.down.items():
        click.echo(f"{name}: {why}")
    text = (
        _("%(program)s is running (process %(life)d)")
        if names
        else _("%(program)s is already running (process %(life)d)")
    )
    for name, life in waiting.up.items():
        click.echo(text % {"program": name, "life": life})
    return exits.FINE


def in_turn(programs: Sequence[Message], program: str) -> list[Message]:
    """Return `program` after those that it waits for: one starts at a time. Pure."""
    others = [one for one in programs if one["name"] != program and one["state"] == "STARTING"]
    return [*others, *(one for one in programs if one["name"] == program)]


def _adopted(view: Message) -> bool:
    """Return whether the supervisor took over programs that ran before it."""
    return any((program["uptime_s"] or 0) > view["supervisor"]["uptime_s"] for program in view["programs"])


def _report_running(waiting: StartupProgress, pid: int, service: Service | None) -> None:
    programs = [
        _("%(program)s (process %(life)d)") % {"program": name, "life": life} for name, life in waiting.up.items()
    ]
    programs += [f"{name}: {why}" for name, why in waiting.down.items()]
    lives = ", ".join(programs) or _("no program is enabled")
    click.echo(_("stocksup is running: %(lives)s; supervisor PID %(pid)d") % {"lives": lives, "pid": pid})
    if service is not None:
        click.echo(_("systemd keeps it running (%(name)s).") % {"name": service.name})
    elif systemctl.is_available(of_user=False):
        click.echo(_("It will not start again after a reboot, unless you run: stocksup service install"))
    else:
        click.echo(_("It will not start again after a reboot."))
    click.echo(_("Next: %(commands)s") % {"commands": "stocksup status · stocksup logs -f · stocksup restart"})


def _fail(failed: Message, place: InstancePaths, now: str) -> int:
    """Print the last log lines of the program that failed to start, and raise CommandError with the reason."""
    name = failed["program"]
    last = failed.get("last_exit") or {}
    why = failed.get("reason") or (formatting.exit_text(last) if last else _("it did not become ready"))
    recent = last_life_lines(LogFile(place.log_of(name)).read_last(MAX_LINES, unfinished=True))
    for line in without_repeats(recent, why)[-SHOWN_LINES:]:
        click.echo(f"  {name} | {line.text}", err=True)
    code = exits.BAD_CONFIG if last.get("code") == exits.BAD_CONFIG else exits.FAILED
    raise CommandError(
        _("%(program)s did not start: %(why)s; %(now)s") % {"program": name, "why": why, "now": now}, code
    )
