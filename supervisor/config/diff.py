"""The difference between two configurations, and which programs must be restarted for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from supervisor.config.settings import DASHBOARD, Program, Settings
from supervisor.locale import _

#: the program whose tables are at the top of the file
MAIN: Final = "bot"
#: tables and keys that the supervisor applies at a reload
_APPLIED_AT_RELOAD: Final = ("language", "cache", "logs", "alerts")
#: tables and keys that programs read when they start
_READ_AT_START: Final = {
    MAIN: ("language", "timezone", "cache", "logs", "discord", "bot", "store"),
    "dashboard": ("language", "timezone", "logs", "store", "dashboard"),
}


class Changes(NamedTuple):
    """The changes; the answer to `reload`."""

    #: programs whose table changed, and new and removed programs
    changed: list[str]
    #: changed tables and keys that are applied now
    settings: list[str]
    #: tables and keys of which the bot or the dashboard still uses old values
    outdated: list[str]
    #: programs, and "supervisor", that must be restarted for the changes
    needs_restart: list[str]


def compare(old: Settings, new: Settings, lives: Mapping[str, Settings], *, moved: bool) -> Changes:
    """Return the changes from `old` to `new`.

    Args:
        old: the settings so far.
        new: the settings now.
        lives: the settings that each running process was started with, by program.
        moved: whether the state directory changed.
    """
    before, after = enabled(old), enabled(new)
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    settings = [name for name in _APPLIED_AT_RELOAD if getattr(old, name) != getattr(new, name)]
    needs = [name for name, seen in lives.items() if name in after and _needs_restart(seen, new, name)]
    outdated: list[str] = []
    for name, seen in lives.items():
        if name in after and (tables := _outdated(name, seen, new)):
            outdated += tables
            needs += [] if name in needs else [name]
    return Changes(changed, settings, list(dict.fromkeys(outdated)), [*(["supervisor"] if moved else []), *needs])


def describe(changes: Changes) -> str:
    """Return the changes as one line."""
    everything = [*changes.settings, *changes.outdated, *(f"programs.{name}" for name in changes.changed)]
    if not everything and not changes.needs_restart:
        return _("configuration reloaded; nothing changed")
    what = ", ".join(dict.fromkeys(everything))
    if not changes.needs_restart:
        return _("configuration reloaded; changed: %(what)s") % {"what": what}
    text = _("configuration reloaded; changed: %(what)s; restart required: %(names)s")
    return text % {"what": what, "names": ", ".join(changes.needs_restart)}


def enabled(settings: Settings) -> dict[str, Program]:
    """Return the enabled programs."""
    return {name: program for name, program in settings.programs.items() if program.enabled}


def _outdated(program: str, seen: Settings, new: Settings) -> list[str]:
    """Return the tables and keys that have changed since the program has read them."""
    is_ours = program != "dashboard" or new.programs[program].command == DASHBOARD.command
    tables = _READ_AT_START.get(program, ()) if is_ours else ()
    return [table for table in tables if _as_read(seen, table) != _as_read(new, table)]


def _as_read(settings: Settings, name: str) -> object:
    """Return the part of a table or key that programs read."""
    if name == "cache":
        return settings.cache.max_bytes
    if name == "logs":
        return settings.logs.format
    value: object = getattr(settings, name)
    return value


def _needs_restart(seen: Settings, new: Settings, name: str) -> bool:
    """Return whether a program must be restarted to run as `new` says."""
    return _spawn_settings(seen.programs.get(name)) != _spawn_settings(new.programs.get(name))


def _spawn_settings(program: Program | None) -> object:
    """Return the settings that a process gets when it is spawned; the others apply to running processes too."""
    return program and (program.command, program.env, program.cwd, program.ready, program.listen)
