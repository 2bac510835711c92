"""`stocksup health`: the health of every component, for people and monitoring."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click

from supervisor.cli import exit_codes as exits
from supervisor.cli.commands.status import report_not_running
from supervisor.cli.instance import ANSWER_TIMEOUT_S, Instance
from supervisor.cli.terminal import formatting
from supervisor.cli.terminal.output import coloured
from supervisor.client import Message, SupervisorNotRunning
from supervisor.locale import N_, _, reasons

#: what members see, by the state that the bot reports
_VISIBILITY: Final = {
    "normal": N_("members see stock and buttons"),
    "stock_broken": N_("stock does not work, so the buttons are off"),
    "buttons_broken": N_("buttons do not work, so the stock is hidden"),
    "both_broken": N_("stock and buttons do not work, so both are hidden"),
    "no_channel": N_("members see nothing"),
    "not_shown": N_("members see nothing"),
    "outdated": N_("members see an earlier state"),
}
_UNKNOWN: Final = N_("unknown what members see")
_BARS: Final = "▁▂▃▄▅▆▇█"


@click.command(help=_("Show the health of every component; exit code 1 if one fails."))
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
@click.pass_obj
def command(instance: Instance, as_json: bool) -> int:
    """Show the health of every component."""
    try:
        with instance.connect() as client:
            programs = reasons.localize(client.request("status", timeout_s=ANSWER_TIMEOUT_S))["programs"]
    except SupervisorNotRunning:
        if as_json:
            click.echo(json.dumps({"version": 1, "healthy": False, "programs": []}))
        else:
            report_not_running(instance, as_json=False)
        return exits.NOT_RUNNING
    verdicts = [verdict(program) for program in programs]
    is_healthy = all(program["healthy"] for program in verdicts)
    if as_json:
        click.echo(json.dumps({"version": 1, "healthy": is_healthy, "programs": verdicts}))
    else:
        instance.use_timezone()
        click.echo("\n".join(line for program in verdicts for line in lines(program, time.time())))
    return exits.FINE if is_healthy else exits.FAILED


def verdict(program: Message) -> Message:
    """Return the health of one program of `status --json`, and the cause if it is unhealthy. Pure."""
    problem = formatting.problem(program)
    is_current = program["state"] == "RUNNING" and not program.get("heartbeat_late")
    return {
        "name": program["name"],
        "healthy": problem is None,
        "state": program["state"],
        "problem": problem,
        # what a process reported that has ended or hangs says nothing about now
        "health": (program.get("health") or {}) if is_current else {},
    }


def lines(program: Message, now_s: float) -> list[str]:
    """Return the lines about one program for people. Pure, except for the local time zone."""
    health: Mapping[str, Any] = program["health"]
    text = _("%(program)s: %(state)s, healthy") if program["healthy"] else _("%(program)s: %(state)s, unhealthy")
    if program["healthy"] and program["state"] != "RUNNING":
        text = "%(program)s: %(state)s"  # stopped on purpose
    if not program["healthy"] and not health:
        text = f"{text}: {program['problem']}"
    output = [f"{_sign(program['healthy'])} {text % {'program': program['name'], 'state': program['state']}}"]
    told: set[str] = set()
    for name, part in health.items():
        if isinstance(part, Mapping) and "is_healthy" in part:
            details = _part_details(part, now_s, told)
            output.append(f"    {_sign(part['is_healthy'])} {formatting.component_name(name)}{details}")
    visibility = health.get("visibility")
    if isinstance(visibility, Mapping):
        output += [f"    {line}" for line in _visibility_lines(visibility, now_s)]
    return output


def bars(counts: Sequence[int]) -> str:
    """Return `counts` as a bar chart in one line, scaled to the highest count. Pure."""
    most = max(counts, default=0)
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // most) if most else 0] for count in counts)


def _part_details(part: Mapping[str, Any], now_s: float, told: set[str]) -> str:
    """Return the details of a part. A cause that another part has `told` already is left out."""
    details = []
    if not part["is_healthy"] and (cause := formatting.one_line(part.get("last_error") or _("unhealthy"))) not in told:
        told.add(cause)
        details.append(cause)
    if part.get("error_count"):
        details.append(_("errors: %(count)d") % {"count": part["error_count"]})
    if part.get("last_update"):
        ago = formatting.duration(max(0.0, now_s - part["last_update"]))
        details.append(_("checked %(time)s ago") % {"time": ago})
    return f": {'; '.join(details)}" if details else ""


def _visibility_lines(visibility: Mapping[str, Any], now_s: float) -> Iterator[str]:
    text = _(_VISIBILITY.get(visibility.get("state", ""), _UNKNOWN))
    if visibility.get("since"):
        text += _(", for %(time)s") % {"time": formatting.duration(max(0.0, now_s - visibility["since"]))}
    yield text
    counts = visibility.get("errors_last_hour") or []
    if counts:
        yield _("errors in the last hour: %(chart)s (%(count)d)") % {"chart": bars(counts), "count": sum(counts)}
    for recovery in reversed(visibility.get("recoveries") or []):
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(recovery["at"]))
        params = {
            "at": at,
            "what": _(_VISIBILITY.get(recovery["state"], _UNKNOWN)),
            "time": formatting.duration(recovery["lasted_s"]),
        }
        yield _("%(at)s recovered after %(time)s: %(what)s") % params


def _sign(is_healthy: bool) -> str:
    return coloured("✓", "green") if is_healthy else coloured("✗", "red")
