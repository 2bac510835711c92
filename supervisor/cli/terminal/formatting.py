"""How figures read to a person. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from supervisor.client import read_mark
from supervisor.locale import N_, _

_UNITS: Final = ((N_("d"), 86_400), (N_("h"), 3_600), (N_("min"), 60), (N_("s"), 1))


def duration(seconds: float | None) -> str:
    """Return "2 h 5 min" for 7503.2 s, "0.42 s" for 0.42; at most two units. Unknown is "–"."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{seconds:.2f} {_('s')}"
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


def ending(last_exit: Mapping[str, Any] | None) -> str:
    """Say how a life ended: "exit 1", "signal SIGKILL", with what it said itself."""
    if not last_exit:
        return "–"
    if last_exit.get("signal"):
        how = _("signal %(name)s") % {"name": last_exit["signal"]}
    else:
        code = last_exit.get("code")
        how = _("exit unknown") if code is None else f"exit {code}"
    return f"{how}: {last_exit['reason']}" if last_exit.get("reason") else how


def health(program: Mapping[str, Any]) -> str:
    """Say in a few words how a program of `status --json` is."""
    if program["state"] != "RUNNING":
        return "–"
    if program.get("heartbeat_late"):
        return _("suspicious: silent for %(time)s") % {"time": duration(program.get("heartbeat_age_s"))}
    parts = program.get("health") or {}
    sick = [(name, part) for name, part in parts.items() if isinstance(part, dict) and part.get("is_healthy") is False]
    if sick:
        return "; ".join(f"{name}: {part.get('last_error') or _('not healthy')}" for name, part in sick)
    return _("fine") if parts else "–"


def phase(name: str) -> str:
    """Return what a phase is called. Those of a restart are the same in every language; waiting is none of them."""
    return _("wait") if name == "wait" else name


def mark(line: str) -> str:
    """Return the line that marks the beginning or the end of a life, in the language in use."""
    if (found := read_mark(line)) is None:
        return line
    text = {
        "starts": _("life %(life)d of %(program)s starts"),
        "goes on": _("life %(life)d of %(program)s goes on"),
        "ended": _("life %(life)d of %(program)s ended: %(how)s"),
    }[found.what]
    how = _("exit unknown") if found.how == "exit unknown" else found.how
    said = text % {"life": found.life, "program": found.program, "how": how}
    return f"--- stocksup {found.time}: {said} ---"


def phases(report: Mapping[str, Any]) -> str:
    """Return "check 0.31 s, drain 0.02 s, …" for the phases that took place."""
    took = ((name.removesuffix("_s"), value) for name, value in (report.get("phases") or {}).items())
    return ", ".join(f"{name} {duration(value)}" for name, value in took if value is not None)


def restart(report: Mapping[str, Any]) -> str:
    """Return one line about a finished restart."""
    if not report["ok"]:
        text = _("%(program)s: no life after %(life)s, failed: %(problem)s")
        if report.get("error") in ("check_failed", "refused", "interrupted"):
            text = _("%(program)s: life %(life)s served on, failed: %(problem)s")
        # the last line of what a failed check said is the one that tells most
        said = problem(report).splitlines()[-1]
        return text % {"program": report["program"], "life": report["from_life"], "problem": said}
    lives = f"{report['program']}: life {report['from_life']} → {report.get('to_life') or '–'}"
    down = report.get("downtime_s")
    return lives if down is None else _("%(lives)s, down for %(time)s") % {"lives": lives, "time": duration(down)}


def problem(report: Mapping[str, Any]) -> str:
    """Say why a restart failed."""
    return str(report.get("problem") or report.get("error") or _("nobody knows why"))


def table(rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """Return `rows` as lines with aligned columns; the last column is cut so that a line fits into `width`."""
    columns = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    lines = ["  ".join([*(cell.ljust(n) for cell, n in zip(row, columns, strict=False)), row[-1]]) for row in rows]
    return [cut(line.rstrip(), width) for line in lines]


def cut(line: str, width: int | None) -> str:
    """Return `line`, shortened to `width` characters if it is longer; None: as it is."""
    return line if width is None or len(line) <= width else line[: max(0, width - 1)] + "…"
