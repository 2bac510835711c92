"""Conversion of a state directory from before 0.2.0: reasons were text, and some keys had other names.

`journal.json` exists only there. It is deleted last, so that a conversion that is interrupted starts again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from supervisor.config.files import read_regular
from supervisor.config.paths import InstancePaths
from supervisor.storage.append_file import AppendFile

Record = dict[str, Any]

#: bytes that are read of a file
MAX_READ_BYTES: Final = 64 * 1024 * 1024

#: the keys of a life, which stood beside those of its program; new name, old name
_LIFE_KEYS: Final = {
    "started_at": "started_at",
    "started_s": "started_s",
    "linked": "linked",
    "was_linked": "greeted",
    "version": "release",
    "writes_traceback": "tells_traceback",
    "pending": "pending",
    "extra_starts": "extra_starts",
}
_PROGRAM_KEYS: Final = {"desired": "wish", "after_flush": "then", "undelivered_ticket": "owed_ticket"}


def convert_state_dir(paths: InstancePaths) -> None:
    """Convert the files of the state directory, if they are in the old format. Raises OSError."""
    old_journal = paths.state_dir / "journal.json"
    if not old_journal.exists():
        return
    _convert_lines(paths.history, paths.history, convert_report)
    _convert_alerts(paths.alerts)
    _convert_lines(old_journal, paths.journal, convert_program)
    old_journal.unlink()


def convert_program(old: Record) -> Record:
    """Return a line of the old journal in the present format."""
    goodbye = old.get("farewell")
    life = {name: old[key] for name, key in _LIFE_KEYS.items() if key in old}
    new = {name: value for name, value in old.items() if name not in {*_LIFE_KEYS.values(), *_PROGRAM_KEYS.values()}}
    new |= {name: old[key] for name, key in _PROGRAM_KEYS.items() if key in old}
    new["life"] = {**life, "number": old["life"], "goodbye": goodbye and (goodbye[0], _reason(goodbye[1]))}
    new["reason"] = _reason(old["reason"])
    new["after_flush"] = {**old["then"], "reason": _reason(old["then"]["reason"])}
    new["last_exit"] = old["last_exit"] and {**old["last_exit"], "reason": _reason(old["last_exit"]["reason"])}
    new["restart"] = old["restart"] and _convert_restart(old["restart"])
    return new


def convert_report(old: Record) -> Record:
    """Return a line of the old history in the present format."""
    if "by" not in old:
        return old  # converted before an interruption
    new = _convert_restart(old)
    problem = new.pop("problem")
    code = new["error"]
    if code is not None:
        needs_problem = code in ("check_failed", "refused", "start_failed")
        new["error"] = {"code": code, "params": {"problem": _reason(problem or "")} if needs_problem else {}}
    return new


def convert_alerts(old: Record) -> Record:
    """Return the old state of the alerts in the present format."""
    if "addresses" not in old:
        return old  # converted before an interruption
    queue = [
        {
            "number": alert["number"],
            "incident": _convert_incident(alert["matter"]),
            "resolved": alert["over"],
            "at": alert["at"],
            "undelivered": alert["owed"],
        }
        for alert in old["waiting"]
    ]
    return {
        "targets": old["addresses"],
        "open": {key.replace("trouble:", "problem:"): _convert_incident(value) for key, value in old["open"].items()},
        "queue": queue,
        "delivered_at": old["taken_at"],
        "next_number": old["next_number"],
    }


def _convert_incident(old: Record) -> Record:
    kind, detail = old["kind"], old["detail"]
    reason = _reason(detail or None)
    if kind == "disk_low":
        reason = {"code": "disk_free", "params": {"free_mib": int(detail) >> 20}}
    kind = "problem" if kind == "trouble" else kind
    return {"kind": kind, "subject": old["subject"], "reason": reason, "since": old["since"]}


def _convert_restart(old: Record) -> Record:
    new = {**old, "reason": _reason(old["reason"]), "requested_by": old["by"], "cancelled": old["cut_off"]}
    del new["by"], new["cut_off"]
    return new


def _reason(text: str | None) -> Record | None:
    return None if text is None else {"code": "text", "params": {"text": text}}


def _convert_lines(source: Path, target: Path, convert: Callable[[Record], Record]) -> None:
    """Write the converted lines of `source` to `target`; broken lines are left out."""
    lines = []
    for line in read_regular(source, MAX_READ_BYTES).split(b"\n") if source.exists() else ():
        try:
            lines.append(msgspec.json.encode(convert(msgspec.json.decode(line, type=Record))))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, LookupError, TypeError):
            continue
    file = AppendFile(target)
    file.rewrite(lines)
    file.close()


def _convert_alerts(path: Path) -> None:
    """Convert the state of the alerts; a damaged file is left to the dispatcher, which replaces it."""
    with contextlib.suppress(FileNotFoundError, msgspec.DecodeError, RecursionError, LookupError, ValueError):
        record = convert_alerts(msgspec.json.decode(read_regular(path, MAX_READ_BYTES), type=Record))
        file = AppendFile(path)
        file.rewrite([msgspec.json.encode(record)])
        file.close()
