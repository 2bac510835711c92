"""`stocksup status`: what runs, how it is, and what to do next."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import click

from supervisor import __version__
from supervisor.cli import exit_codes as exits
from supervisor.cli.instance import ANSWER_TIMEOUT_S, Instance
from supervisor.cli.terminal import formatting as words
from supervisor.client import Message, SupervisorNotRunning
from supervisor.locale import N_, _, reasons

_COLOURS: Final = {"RUNNING": "green", "FATAL": "red", "BACKOFF": "red", "STOPPED": "yellow"}
_HEADS: Final = (N_("PROGRAM"), N_("STATE"), N_("LIFE"), N_("PID"), N_("UP"), N_("MEMORY"), N_("HEALTH"))


@click.command(help=_("Show what runs, how it is, and what to do next."))
@click.option("--json", "as_json", is_flag=True, help=_("For programs."))
@click.pass_obj
def command(instance: Instance, as_json: bool) -> int:
    """Show what runs, how it is, and what to do next."""
    try:
        with instance.connect_unchecked() as client:
            view = client.request("status", timeout_s=ANSWER_TIMEOUT_S)
            newest = client.request("history", n=1, timeout_s=ANSWER_TIMEOUT_S)["history"]
    except SupervisorNotRunning:
        _say_not_running(instance, as_json)
        return exits.NOT_RUNNING
    if view["supervisor"].get("config_changed") is not False:
        # what the supervisor has read has no mistake; what it has not is to be looked at
        instance.check()
    if as_json:
        click.echo(json.dumps({key: view[key] for key in view if key not in ("v", "id", "ok")}))
        return exits.FINE
    for line in report(reasons.localize(view), reasons.localize(newest), time.time(), _width()):
        click.echo(line)
    return exits.FINE


def _say_not_running(instance: Instance, as_json: bool) -> None:
    """Say that there is no supervisor, and which programs live on without one."""
    from supervisor.cli.bootstrap import orphans  # which loads much that is of no use while there is a supervisor

    found = orphans.find(instance.place)
    if as_json:
        click.echo(json.dumps({"version": 1, "supervisor": None, "programs": [orphans.shown(one) for one in found]}))
        return
    click.echo(_("stocksup is not running (%(path)s)") % {"path": instance.place.state_dir})
    if found:
        click.echo(_("Without a supervisor live on: %(lives)s") % {"lives": orphans.words(found)})
        click.echo(_("`start` takes them over, `stop` ends them."))
    click.echo(f"\n{_next(['stocksup start', 'stocksup stop'] if found else ['stocksup start'])}")


def report(view: Message, newest: Sequence[Message], now_s: float, width: int | None) -> list[str]:
    """Return the lines for a person. Pure.

    Args:
        view: the object of `status --json`.
        newest: the last restart, or nothing.
        now_s: seconds since 1970.
        width: characters in a line; None when it does not matter.
    """
    supervisor = view["supervisor"]
    up = {"pid": supervisor["pid"], "time": words.duration(supervisor["uptime_s"])}
    lines = [_("stocksup is running: supervisor %(pid)d, up %(time)s") % up, ""]
    lines += _programs(view["programs"], width)
    problems = _("supervisor: %(what)s is in trouble: %(why)s")
    notes = list(_releases(view))
    notes += [problems % {"what": _(what), "why": why} for what, why in (supervisor.get("problems") or {}).items()]
    notes += [note for program in view["programs"] for note in _notes(program, now_s)]
    if newest:
        ago = words.duration(max(0.0, now_s - newest[0]["at"]))
        notes.append(_("last restart %(time)s ago: %(restart)s") % {"time": ago, "restart": words.restart(newest[0])})
    return [*lines, "", *notes, *([""] if notes else []), _next(next_commands(view["programs"]))]


def _releases(view: Message) -> Iterator[str]:
    """Say which parts run other code than the supervisor; within one version of the protocol they get along."""
    supervisor = view["supervisor"].get("version")
    if supervisor and supervisor != __version__:
        text = _("the supervisor is release %(old)s, this command %(new)s; to renew it: stocksup stop, stocksup start")
        yield text % {"old": supervisor, "new": __version__}
    for program in view["programs"]:
        if supervisor and program.get("version") not in (None, supervisor):
            text = _("%(program)s is release %(own)s, the supervisor %(other)s; they get along")
            yield text % {"program": program["name"], "own": program["version"], "other": supervisor}


def _programs(programs: Sequence[Message], width: int | None) -> list[str]:
    head = tuple(_(name) for name in _HEADS)
    rows = [
        (
            one["name"],
            one["state"],
            str(one["life"]),
            str(one["pid"] or "–"),
            words.duration(one["uptime_s"]),
            words.size(one["rss_bytes"]),
            words.health(one),
        )
        for one in programs
    ]
    first, *rest = words.table([head, *rows], width)
    return [first, *(_coloured(line, one["state"]) for line, one in zip(rest, programs, strict=True))]


def _coloured(line: str, state: str) -> str:
    return line.replace(state, click.style(state, fg=_COLOURS.get(state, "cyan")), 1)


def _notes(program: Message, now_s: float) -> list[str]:
    """Return what else is to be known of a program."""
    name, notes = program["name"], []
    if under_way := program.get("restart"):
        by = _(", asked for by %(name)s") % {"name": under_way["requested_by"]} if under_way.get("requested_by") else ""
        facts = {"program": name, "phase": words.phase(under_way["phase"]), "by": by}
        notes.append(_("%(program)s: a restart is under way (%(phase)s%(by)s)") % facts)
    if program.get("pending"):
        facts = {"program": name, "names": ", ".join(program["pending"])}
        notes.append(_("%(program)s: still finishing %(names)s") % facts)
    if program.get("reason"):
        again = program.get("retry_in_s")
        soon = _("; next try in %(time)s") % {"time": words.duration(again)} if again else ""
        notes.append(f"{name}: {program['reason']}{soon}")
    last: dict[str, Any] | None = program.get("last_exit")
    if last:
        ago = _(", %(time)s ago") % {"time": words.duration(max(0.0, now_s - last["at"]))} if last.get("at") else ""
        facts = {"program": name, "life": last.get("life", "–"), "end": words.ending(last), "ago": ago}
        notes.append(_("%(program)s: life %(life)s ended: %(end)s%(ago)s") % facts)
    return notes


def _next(commands: Sequence[str]) -> str:
    return _("Next: %(commands)s") % {"commands": " · ".join(commands)}


def next_commands(programs: Sequence[Message]) -> list[str]:
    """Return the commands that are worth trying now, the first one first. Pure."""
    for state, commands in (("FATAL", ("logs {}", "start")), ("BACKOFF", ("logs {}", "check"))):
        for program in programs:
            if program["state"] == state:
                return [f"stocksup {one.format(program['name'])}" for one in commands]
    if any(program["state"] == "STOPPED" for program in programs):
        return ["stocksup start", "stocksup logs"]
    return ["stocksup restart", "stocksup logs -f", "stocksup stop"]


def _width() -> int | None:
    if not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns
