"""`stocksup status`: show the programs, their state and what to do next."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import click

from supervisor import __version__
from supervisor.cli import exit_codes as exits
from supervisor.cli.errors import CommandError, control_error_text
from supervisor.cli.instance import ANSWER_TIMEOUT_S, Instance
from supervisor.cli.terminal import formatting
from supervisor.cli.terminal.output import Colour, coloured
from supervisor.client import ControlError, Message, SupervisorNotRunning
from supervisor.configfile import ConfigError
from supervisor.locale import N_, _, reasons

_COLOURS: Final[dict[str, Colour]] = {"RUNNING": "green", "FATAL": "red", "BACKOFF": "red", "STOPPED": "yellow"}
_HEADS: Final = (N_("PROGRAM"), N_("STATE"), N_("PROCESS"), N_("PID"), N_("UP"), N_("CPU"), N_("MEMORY"), N_("HEALTH"))


@click.command(help=_("Show the programs, their state and what to do next; exit code 1 if one is unhealthy."))
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
@click.option(
    "--watch", "is_watched", is_flag=True, help=_("Show it on the whole terminal as it changes; Ctrl-C ends.")
)
@click.pass_obj
def command(instance: Instance, as_json: bool, is_watched: bool) -> int:
    """Show the programs, their state and what to do next."""
    if is_watched:
        if as_json:
            raise click.UsageError(_("--watch is for people; leave out --json"))
        return _watch(instance)
    try:
        view, newest = _ask(instance)
    except SupervisorNotRunning:
        report_not_running(instance, as_json)
        return exits.NOT_RUNNING
    if view["supervisor"].get("config_changed") is not False:
        # the configuration changed since the supervisor checked it
        instance.warn_of_mistake()
    is_healthy = all(formatting.problem(program) is None for program in view["programs"])
    if as_json:
        click.echo(json.dumps({key: view[key] for key in view if key not in ("v", "id", "ok")}))
        return exits.FINE if is_healthy else exits.FAILED
    for line in report(reasons.localize(view), reasons.localize(newest), time.time()):
        click.echo(line)
    return exits.FINE if is_healthy else exits.FAILED


def _ask(instance: Instance) -> tuple[Message, list[Message]]:
    """Return the status and the last restart. Raises ControlError, CommandError, ConfigError."""
    with instance.connect_unchecked() as client:
        view = client.request("status", timeout_s=ANSWER_TIMEOUT_S)
        return view, client.request("history", n=1, timeout_s=ANSWER_TIMEOUT_S)["history"]


def _watch(instance: Instance) -> int:
    """Show the status on the whole terminal until Ctrl-C. Raises CommandError without a terminal."""
    from supervisor.cli import watch
    from supervisor.cli.terminal import screen

    if not screen.is_possible():
        text = _("--watch needs a terminal; for a script: stocksup status --json")
        raise CommandError(text, exits.USAGE)
    instance.find_socket()  # a mistake is told before the screen is taken over
    uses: dict[str, watch.CpuUse] = {}

    def ask() -> list[str]:
        nonlocal uses
        try:
            view, newest = _ask(instance)
        except SupervisorNotRunning:
            return [*_not_running(instance), ""]
        uses = watch.measure_cpu(uses, view["programs"], time.monotonic())
        view["programs"] = [watch.with_cpu(program, uses) for program in view["programs"]]
        return report(reasons.localize(view), reasons.localize(newest), time.time())

    def look() -> list[str]:
        try:
            lines = ask()
        except ControlError as error:
            lines = [control_error_text(error), ""]
        except (CommandError, ConfigError) as error:
            lines = [str(error), ""]
        return [*lines, _("Ctrl-C ends")]

    watch.watch(look, watch.EventSignal(instance.find_socket))
    return exits.FINE


def report_not_running(instance: Instance, as_json: bool) -> None:
    """Print that no supervisor runs, which programs still do, and what to do."""
    from supervisor.cli.bootstrap import orphans  # slow to import, and only needed here

    if as_json:
        running = orphans.find(instance.place)
        programs = [orphans.as_program(process) for process in running]
        click.echo(json.dumps({"version": 1, "supervisor": None, "programs": programs}))
        return
    for line in _not_running(instance):
        click.echo(line)


def _not_running(instance: Instance) -> Iterator[str]:
    """Yield what people are told when no supervisor runs."""
    from supervisor.cli.bootstrap import instances, orphans  # slow to import, and only needed here

    running = orphans.find(instance.place)
    yield _("stocksup is not running (%(path)s)") % {"path": instance.place.state_dir}
    if running:
        yield _("Still running without a supervisor: %(lives)s") % {"lives": orphans.describe(running)}
        yield _("`start` takes them over, `stop` stops them.")
    if elsewhere := instances.describe_elsewhere(instances.find_running()):
        yield _("Running elsewhere: %(configs)s; see stocksup ls") % {"configs": elsewhere}
    yield ""
    yield _next(["stocksup start", "stocksup stop"] if running else ["stocksup start"])


def report(view: Message, newest: Sequence[Message], now_s: float) -> list[str]:
    """Return the lines for people. Pure.

    Args:
        view: the object of `status --json`.
        newest: the last restart, or an empty list.
        now_s: seconds since 1970.
    """
    supervisor = view["supervisor"]
    up = {"pid": supervisor["pid"], "time": formatting.duration(supervisor["uptime_s"])}
    lines = [_("stocksup is running: supervisor PID %(pid)d, up %(time)s") % up, ""]
    lines += _programs(view["programs"])
    problems = _("supervisor: %(what)s fails: %(why)s")
    notes = list(_version_notes(view))
    notes += [problems % {"what": _(what), "why": why} for what, why in (supervisor.get("problems") or {}).items()]
    # a reason is told once: it can be that of the state, of the last exit and of the last restart
    told: set[str] = set()
    notes += [note for program in view["programs"] for note in _notes(program, now_s, told)]
    if newest:
        ago = formatting.duration(max(0.0, now_s - newest[0]["at"]))
        summary = formatting.restart_summary(newest[0], told)
        notes.append(_("last restart %(time)s ago: %(restart)s") % {"time": ago, "restart": summary})
    notes += _restarts_today(view["programs"])
    return [*lines, "", *notes, *([""] if notes else []), _next(next_commands(view["programs"]))]


def _restarts_today(programs: Sequence[Message]) -> Iterator[str]:
    """Yield how many restarts there were today, if there were any."""
    counts = [(program["name"], count) for program in programs if (count := program.get("restarts_today"))]
    if counts:
        yield _("restarts today: %(counts)s") % {"counts": ", ".join(f"{name} {count}" for name, count in counts)}


def _version_notes(view: Message) -> Iterator[str]:
    """Yield which parts run other code than is installed; they are compatible within one version of the protocol."""
    supervisor = view["supervisor"].get("version")
    if supervisor and supervisor != __version__:
        text = _("the supervisor has version %(old)s, this command %(new)s; to update it: stocksup upgrade")
        yield text % {"old": supervisor, "new": __version__}
    elif view["supervisor"].get("files_changed"):
        yield _("the files of stocksup have changed since it started; to run them: stocksup upgrade")
    else:
        for program in view["programs"]:
            if program.get("files_changed"):
                text = _(
                    "%(program)s: its files have changed since it started; to run them: stocksup restart %(program)s"
                )
                yield text % {"program": program["name"]}
    for program in view["programs"]:
        if supervisor and program.get("version") not in (None, supervisor):
            text = _("%(program)s has version %(own)s, the supervisor %(other)s; they are compatible")
            yield text % {"program": program["name"], "own": program["version"], "other": supervisor}


def _programs(programs: Sequence[Message]) -> list[str]:
    head = tuple(_(name) for name in _HEADS)
    rows = [
        (
            program["name"],
            program["state"],
            str(program["life"]),
            str(program["pid"] or "–"),
            formatting.duration(program["uptime_s"]),
            formatting.percent(program.get("cpu_percent")),
            formatting.size(program["rss_bytes"]),
            formatting.health_text(program),
        )
        for program in programs
    ]
    first, *rest = formatting.format_table([head, *rows])
    return [first, *(_coloured(line, program["state"]) for line, program in zip(rest, programs, strict=True))]


def _coloured(line: str, state: str) -> str:
    return line.replace(state, coloured(state, _COLOURS.get(state, "cyan")), 1)


def _notes(program: Message, now_s: float, told: set[str]) -> list[str]:
    """Return the notes about a program: problems, restart, pending work, reason, last exit; add reasons to `told`."""
    name = program["name"]
    notes = [f"{name}: {one}" for one in formatting.running_problems(program)] if program["state"] == "RUNNING" else []
    if restart := program.get("restart"):
        by = _(", requested by %(name)s") % {"name": restart["requested_by"]} if restart.get("requested_by") else ""
        params = {"program": name, "phase": formatting.phase_name(restart["phase"]), "by": by}
        notes.append(_("%(program)s: restarting (%(phase)s%(by)s)") % params)
    notes += _standby_notes(program)
    if program.get("pending"):
        params = {"program": name, "names": formatting.one_line(", ".join(program["pending"]))}
        notes.append(_("%(program)s: finishing %(names)s") % params)
    if program.get("reason"):
        reason = formatting.one_line(program["reason"])
        told.add(reason)
        retry_in_s = program.get("retry_in_s")
        retry = _("; next try in %(time)s") % {"time": formatting.duration(retry_in_s)} if retry_in_s else ""
        notes.append(f"{name}: {reason}{retry}")
    last: dict[str, Any] | None = program.get("last_exit")
    if last:
        params = {"program": name, "life": last.get("life", "–"), "end": formatting.exit_text(last, told)}
        text = _("%(program)s: process %(life)s exited: %(end)s")
        if last.get("at"):
            text = _("%(program)s: process %(life)s exited %(time)s ago: %(end)s")
            params["time"] = formatting.duration(max(0.0, now_s - last["at"]))
        notes.append(text % params)
        told.add(formatting.one_line(last.get("reason") or ""))
    if _crashes_repeatedly(program):
        params = {"program": name, "count": program["recent_crashes"]}
        params["time"] = formatting.duration(program["crash_window_s"])
        notes.append(_("%(program)s: %(count)d crashes in the last %(time)s") % params)
    return notes


def _standby_notes(program: Message) -> Iterator[str]:
    """Yield what the second process of a program does."""
    texts = {
        "preparing": _("%(program)s: process %(life)d (PID %(pid)s) gets ready beside it"),
        "prepared": _("%(program)s: process %(life)d (PID %(pid)s) is ready to take over"),
        "waiting": _("%(program)s: process %(life)d (PID %(pid)s) waits, to serve again if the new one fails"),
        "retiring": _("%(program)s: process %(life)d (PID %(pid)s) finishes its work"),
    }
    for second in filter(None, (program.get("prepared"), program.get("retiring"))):
        text = texts.get(second["state"], _("%(program)s: process %(life)d (PID %(pid)s) is being stopped"))
        yield text % {"program": program["name"], "life": second["life"], "pid": second["pid"] or "–"}


def _crashes_repeatedly(program: Message) -> bool:
    """Return whether the program crashes again and again; its last exit says enough about a single crash."""
    return program["state"] not in ("STOPPED", "FATAL") and (program.get("recent_crashes") or 0) > 1


def _next(commands: Sequence[str]) -> str:
    return _("Next: %(commands)s") % {"commands": " · ".join(commands)}


def next_commands(programs: Sequence[Message]) -> list[str]:
    """Return the commands to suggest, most useful first. Pure."""
    for state, commands in (("FATAL", ("logs {}", "start {}")), ("BACKOFF", ("logs {}", "check"))):
        for program in programs:
            if program["state"] == state:
                return [f"stocksup {command.format(program['name'])}" for command in commands]
    crashing = [program["name"] for program in programs if _crashes_repeatedly(program)]
    if crashing:
        return [f"stocksup logs {crashing[0]}", "stocksup history"]
    stopped = [program["name"] for program in programs if program["state"] == "STOPPED"]
    if stopped:
        return ["stocksup start" if len(stopped) == len(programs) else f"stocksup start {stopped[0]}", "stocksup logs"]
    return ["stocksup restart", "stocksup logs -f", "stocksup stop"]
