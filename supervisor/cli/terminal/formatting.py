"""Format durations, sizes, tables and reports for people. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, Final

from supervisor.client import parse_marker
from supervisor.locale import N_, _

#: what the rest of a line that is too long is indented by: its indentation, and its sign
_CONTINUED_AT: Final = re.compile(r"\s*(?:[✓✗⚠] )?")
#: a command that a person is to type
_COMMAND: Final = re.compile(r"(?<=: )(?:sudo )?stocksup [^;]*\Z")
_UNITS: Final = ((N_("d"), 86_400), (N_("h"), 3_600), (N_("min"), 60), (N_("s"), 1))


def duration(seconds: float | None) -> str:
    """Return "2 h 5 min" for 7503.2 s, "0.42 s" for 0.42, "2.8 ms" for 0.0028; at most two units. Unknown is "–"."""
    if seconds is None:
        return "–"
    if 0 < seconds < 0.1:
        return f"{seconds * 1000:.1f}".replace(".", _(".")) + " ms"
    if seconds < 10:
        # "." is the decimal mark of the language
        return f"{seconds:.2f}".replace(".", _(".")) + f" {_('s')}"
    rest, parts = round(seconds), []
    for unit, length in _UNITS:
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count} {_(unit)}")
        elif parts:
            break
    return " ".join(parts[:2])


def size(count_bytes: int | None) -> str:
    """Return "84 MiB" for 88080384. Unknown is "–"."""
    if count_bytes is None:
        return "–"
    if count_bytes < 1024 * 1024:
        return f"{count_bytes / 1024:.0f} KiB"
    return f"{count_bytes / (1024 * 1024):.0f} MiB"


def percent(share: float | None) -> str:
    """Return "0.4 %" for 0.42, "12 %" for 12.3. Unknown is "–"."""
    if share is None:
        return "–"
    return (f"{share:.1f}".replace(".", _(".")) if share < 9.95 else f"{share:.0f}") + " %"


def exit_text(last_exit: Mapping[str, Any] | None, told: Container[str] = ()) -> str:
    """Return how a process exited: "exit 1", "signal SIGKILL", with the reason that it gave unless it is `told`."""
    if not last_exit:
        return "–"
    if last_exit.get("signal"):
        how = _("signal %(name)s") % {"name": last_exit["signal"]}
    else:
        code = last_exit.get("code")
        how = _("exit unknown") if code is None else f"exit {code}"
    reason = one_line(last_exit.get("reason") or "")
    return f"{how}: {reason}" if reason and reason not in told else how


def health_text(program: Mapping[str, Any]) -> str:
    """Return the health of a program of `status --json` in one or two words; `running_problems` has the causes."""
    if program["state"] != "RUNNING":
        return "–"
    if running_problems(program):
        return _("unhealthy")
    return _("healthy") if program.get("health") else "–"


def problem(program: Mapping[str, Any]) -> str | None:
    """Return why a program of `status --json` that is desired is not running and healthy; None if it is."""
    if program["desired"] != "up":
        return None
    if program["state"] != "RUNNING":
        return one_line(program.get("reason") or _("not running"))
    return "; ".join(running_problems(program)) or None


def running_problems(program: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a running program; each cause once."""
    if program.get("heartbeat_late"):
        return [_("not responding for %(time)s") % {"time": duration(program.get("heartbeat_age_s"))}]
    causes: dict[str, str] = {}
    for name, part in (program.get("health") or {}).items():
        if isinstance(part, dict) and part.get("is_healthy") is False:
            causes.setdefault(one_line(part.get("last_error") or _("unhealthy")), component_name(name))
    return [f"{name}: {cause}" for cause, name in causes.items()]


def component_name(name: str) -> str:
    """Return the name of a component of a program's health for people."""
    known = {
        "livestock": _("stock"),
        "buttons": _("buttons"),
        "visibility": _("live message"),
        "backups": _("backups"),
    }
    return known.get(name) or one_line(name)


def one_line(text: object) -> str:
    """Return a text of a program in one line, so that it cannot look like several lines of ours."""
    return " ".join(str(text).split())


def phase_name(name: str) -> str:
    """Return the name of a phase. The phases of a restart have the same names in every language."""
    return _("wait") if name == "wait" else name


def translate_marker(line: str) -> str:
    """Return the marker line of a start or an exit, translated; other lines unchanged."""
    if (marker := parse_marker(line)) is None:
        return line
    text = {
        "starts": _("process %(life)d of %(program)s starts"),
        "goes on": _("process %(life)d of %(program)s goes on"),
        "ended": _("process %(life)d of %(program)s ended: %(how)s"),
    }[marker.event]
    how = _("exit unknown") if marker.exit == "exit unknown" else marker.exit
    event = text % {"life": marker.life, "program": marker.program, "how": how}
    return f"--- stocksup {marker.time}: {event} ---"


def phases_text(report: Mapping[str, Any]) -> str:
    """Return "check 0.31 s, drain 2.8 ms, …" for the phases that happened."""
    durations = ((name.removesuffix("_s"), value) for name, value in (report.get("phases") or {}).items())
    return ", ".join(f"{name} {duration(value)}" for name, value in durations if value is not None)


#: errors of a restart after which the old process serves
KEPT_RUNNING: Final = ("check_failed", "refused", "interrupted", "prepare_failed", "handover_failed")


def restart_summary(report: Mapping[str, Any], told: Container[str] = ()) -> str:
    """Return one line about a finished restart. Why it failed is left out if it is `told` already."""
    if not report["ok"]:
        text = _("%(program)s: restart failed, the program was down")
        if report.get("error") in KEPT_RUNNING:
            text = _("%(program)s: restart failed, process %(life)s kept running")
        summary = text % {"program": report["program"], "life": report["from_life"]}
        # of a failed check's output, the last line says most
        problem = failure_reason(report).splitlines()[-1]
        return summary if one_line(problem) in told else f"{summary}: {problem}"
    facts = {"program": report["program"], "old": report["from_life"], "new": report.get("to_life") or "–"}
    lives = _("%(program)s: process %(old)s → %(new)s") % facts
    down = report.get("downtime_s")
    if down is None:
        return lives
    params = {"lives": lives, "time": duration(down), "count": report.get("handed_over")}
    if not report.get("handover"):
        return _("%(lives)s, down for %(time)s") % params
    if not report.get("handed_over"):
        return _("%(lives)s, took over in %(time)s") % params
    if report["handed_over"] == 1:
        return _("%(lives)s, took over in %(time)s; 1 event handed over") % params
    return _("%(lives)s, took over in %(time)s; %(count)d events handed over") % params


def failure_reason(report: Mapping[str, Any]) -> str:
    """Return why a restart failed."""
    return str(report.get("problem") or report.get("error") or _("unknown reason"))


def format_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a line for each row, with aligned columns."""
    columns = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, columns, strict=True)).rstrip() for row in rows]


def wrap_line(line: str, width: int, visible: Callable[[str], str] = str) -> list[str]:
    """Return `line` as lines of at most `width` characters, broken at spaces.

    A longer word stays whole, and so does a command to type after a colon: it is copied.

    Args:
        line: the line.
        width: maximum number of characters.
        visible: returns a text without what takes no space on the terminal.
    """
    if len(visible(line)) <= width:
        return [line]
    begin = _CONTINUED_AT.match(visible(line))
    indent = " " * len(begin[0]) if begin and len(begin[0]) <= width // 2 else ""
    lines: list[str] = []
    command = _COMMAND.search(line)
    current, *words = (line[: command.start() - 1] if command else line).split(" ")
    for word in [*words, *([command[0]] if command else [])]:
        if current.strip() and len(visible(f"{current} {word}")) > width:
            lines.append(current.rstrip())
            current = indent + word
        else:
            current = f"{current} {word}"
    return [*lines, current]


def cut(line: str, width: int | None) -> str:
    """Return `line`, shortened to `width` characters; None: no limit."""
    return line if width is None or len(line) <= width else line[: max(0, width - 1)] + "…"
