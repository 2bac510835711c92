"""`stocksup status`: what runs, how it is, and what to do next."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

import click

from supervisor.cli import exits, words
from supervisor.cli.instance import ANSWER_TIMEOUT_S, Instance
from supervisor.client import Message, NotRunning

_COLOURS: Final = {"RUNNING": "green", "FATAL": "red", "BACKOFF": "red", "STOPPED": "yellow"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(instance: Instance, as_json: bool) -> int:
    """Show what runs, how it is, and what to do next."""
    try:
        with instance.connect() as client:
            view = client.request("status", timeout_s=ANSWER_TIMEOUT_S)
            newest = client.request("history", n=1, timeout_s=ANSWER_TIMEOUT_S)["history"]
    except NotRunning:
        if as_json:
            click.echo(json.dumps({"version": 1, "supervisor": None, "programs": []}))
        else:
            click.echo(f"stocksup is not running ({instance.place.state_dir})\n\nNext: stocksup start")
        return exits.NOT_RUNNING
    if as_json:
        click.echo(json.dumps({key: view[key] for key in view if key not in ("v", "id", "ok")}))
        return exits.FINE
    for line in report(view, newest, time.time(), _width()):
        click.echo(line)
    return exits.FINE


def report(view: Message, newest: Sequence[Message], now_s: float, width: int | None) -> list[str]:
    """Return the lines for a person. Pure.

    Args:
        view: the object of `status --json`.
        newest: the last restart, or nothing.
        now_s: seconds since 1970.
        width: characters in a line; None when it does not matter.
    """
    supervisor = view["supervisor"]
    lines = [f"stocksup is running: supervisor {supervisor['pid']}, up {words.duration(supervisor['uptime_s'])}", ""]
    lines += _programs(view["programs"], width)
    notes = [f"supervisor: {what} is in trouble: {why}" for what, why in (supervisor.get("trouble") or {}).items()]
    notes += [note for program in view["programs"] for note in _notes(program, now_s)]
    if newest:
        ago = words.duration(max(0.0, now_s - newest[0]["at"]))
        notes.append(f"last restart {ago} ago: {words.restart(newest[0])}")
    return [*lines, "", *notes, *([""] if notes else []), f"Next: {' · '.join(next_commands(view['programs']))}"]


def _programs(programs: Sequence[Message], width: int | None) -> list[str]:
    head = ("PROGRAM", "STATE", "LIFE", "PID", "UP", "MEMORY", "HEALTH")
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
        by = f", asked for by {under_way['by']}" if under_way.get("by") else ""
        notes.append(f"{name}: a restart is under way ({under_way['phase']}{by})")
    if program.get("pending"):
        notes.append(f"{name}: still finishing {', '.join(program['pending'])}")
    if program.get("reason"):
        again = program.get("next_try_s")
        notes.append(f"{name}: {program['reason']}" + (f"; next try in {words.duration(again)}" if again else ""))
    last: dict[str, Any] | None = program.get("last_exit")
    if last:
        ago = f", {words.duration(max(0.0, now_s - last['at']))} ago" if last.get("at") else ""
        notes.append(f"{name}: life {last.get('life', '–')} ended: {words.ending(last)}{ago}")
    return notes


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
