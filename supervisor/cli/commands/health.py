"""`stocksup health`: whether all is well, part by part; for people, and for whatever watches the shop."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click

from supervisor.cli import exit_codes as exits
from supervisor.cli.instance import ANSWER_TIMEOUT_S, Instance
from supervisor.cli.terminal import formatting as words
from supervisor.client import Message, SupervisorNotRunning
from supervisor.config import timezone
from supervisor.locale import N_, _

#: what members see, by the name that the bot reports
_SEEN: Final = {
    "normal": N_("members see stock and buttons"),
    "stock_broken": N_("stock is broken, so the buttons are off"),
    "buttons_broken": N_("buttons are broken, so the stock is not shown"),
    "both_broken": N_("stock and buttons are broken, so neither is shown"),
}
_UNKNOWN: Final = N_("what members see is not known")
_BARS: Final = "▁▂▃▄▅▆▇█"


@click.command(help=_("Show whether all is well, part by part; exit code 1 when it is not."))
@click.option("--json", "as_json", is_flag=True, help=_("For programs."))
@click.pass_obj
def command(instance: Instance, as_json: bool) -> int:
    """Show whether all is well, part by part."""
    try:
        with instance.connect() as client:
            programs = client.request("status", timeout_s=ANSWER_TIMEOUT_S)["programs"]
    except SupervisorNotRunning:
        if as_json:
            click.echo(json.dumps({"version": 1, "healthy": False, "programs": []}))
        else:
            click.echo(_("stocksup is not running (%(path)s)") % {"path": instance.place.state_dir})
        return exits.NOT_RUNNING
    verdicts = [verdict(one) for one in programs]
    if as_json:
        click.echo(json.dumps({"version": 1, "healthy": all(one["healthy"] for one in verdicts), "programs": verdicts}))
    else:
        timezone.use(instance.timezone)
        click.echo("\n".join(line for one in verdicts for line in lines(one, time.time())))
    return exits.FINE if all(one["healthy"] for one in verdicts) else exits.FAILED


def verdict(program: Message) -> Message:
    """Return what is said about one program of `status --json`. Pure."""
    health = program.get("health") or {}
    wanted = program["desired"] == "up"
    well = not wanted or (program["state"] == "RUNNING" and not list(_sick(health)) and _seen(health) == "normal")
    return {"name": program["name"], "healthy": well, "state": program["state"], "health": health}


def lines(one: Message, now_s: float) -> list[str]:
    """Return the lines about one program for a person. Pure, but for the time zone in use."""
    health: Mapping[str, Any] = one["health"]
    said = _("%(program)s: %(state)s, all is well") if one["healthy"] else _("%(program)s: %(state)s, not well")
    found = [f"{_sign(one['healthy'])} {said % {'program': one['name'], 'state': one['state']}}"]
    for name, part in health.items():
        if isinstance(part, Mapping) and "is_healthy" in part:
            found.append(f"    {_sign(part['is_healthy'])} {name}{_facts(part, now_s)}")
    link = health.get("visibility")
    if isinstance(link, Mapping):
        found += [f"    {line}" for line in _of_link(link, now_s)]
    return found


def bars(counts: Sequence[int]) -> str:
    """Return counts as a small chart of one line; the highest bar is the highest count. Pure."""
    most = max(counts, default=0)
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // most) if most else 0] for count in counts)


def _sick(health: Mapping[str, Any]) -> Iterator[str]:
    return (name for name, part in health.items() if isinstance(part, Mapping) and part.get("is_healthy") is False)


def _seen(health: Mapping[str, Any]) -> str:
    link = health.get("visibility")
    return str(link.get("state", "normal")) if isinstance(link, Mapping) else "normal"


def _facts(part: Mapping[str, Any], now_s: float) -> str:
    facts = []
    if not part["is_healthy"]:
        facts.append(str(part.get("last_error") or _("not healthy")))
    if part.get("error_count"):
        facts.append(_("errors: %(count)d") % {"count": part["error_count"]})
    if part.get("last_update"):
        ago = words.duration(max(0.0, now_s - part["last_update"]))
        facts.append(_("looked at %(time)s ago") % {"time": ago})
    return f": {'; '.join(facts)}" if facts else ""


def _of_link(link: Mapping[str, Any], now_s: float) -> Iterator[str]:
    seen = _(_SEEN.get(link.get("state", ""), _UNKNOWN))
    if link.get("since"):
        seen += _(", for %(time)s") % {"time": words.duration(max(0.0, now_s - link["since"]))}
    yield seen
    counts = link.get("errors_last_hour") or []
    if counts:
        yield _("errors in the last hour: %(chart)s (%(count)d)") % {"chart": bars(counts), "count": sum(counts)}
    for recovery in reversed(link.get("recoveries") or []):
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(recovery["at"]))
        facts = {
            "at": at,
            "what": _(_SEEN.get(recovery["state"], _UNKNOWN)),
            "time": words.duration(recovery["lasted_s"]),
        }
        yield _("%(at)s well again after %(time)s: %(what)s") % facts


def _sign(well: bool) -> str:
    return click.style("✓", fg="green") if well else click.style("✗", fg="red")
