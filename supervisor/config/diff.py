"""What it comes to that the settings were read again: what is another now, and what needs a new life for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from supervisor.config.settings import PROGRAM_TABLES, Program, Settings
from supervisor.locale import _

#: the program whose tables stand in the file beside those of the supervisor
MAIN: Final = "bot"
#: what of the file counts for the supervisor as soon as it is read
_AT_ONCE: Final = ("language", "cache", "logs", "alerts")
#: what programs read themselves, when they start
_AT_START: Final = ("language", "timezone", "cache", "logs", *PROGRAM_TABLES)


class Changes(NamedTuple):
    """What is another than before; the answer to `reload`."""

    #: programs whose table is another, and those that came or went
    changed: list[str]
    #: tables and keys that count at once
    settings: list[str]
    #: tables and keys that a living program has read in an older version
    outdated: list[str]
    #: programs that need a new life for what is another, and "supervisor"
    needs_restart: list[str]


def changes(old: Settings, new: Settings, lives: Mapping[str, Settings], *, moved: bool) -> Changes:
    """Return what is another in `new`.

    Args:
        old: what counted so far.
        new: what counts now.
        lives: what counted when the present life of each program was spawned.
        moved: whether the state directory is another.
    """
    before, after = enabled(old), enabled(new)
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    settings = [name for name in _AT_ONCE if getattr(old, name) != getattr(new, name)]
    outdated = _outdated(lives[MAIN], new) if MAIN in lives and MAIN in after else []
    needs = [name for name, seen in lives.items() if name in after and _runs_otherwise(seen, new, name)]
    if outdated and MAIN not in needs:
        needs.append(MAIN)
    return Changes(changed, settings, outdated, [*(["supervisor"] if moved else []), *needs])


def words(changes: Changes) -> str:
    """Say it in one line."""
    everything = [*changes.settings, *changes.outdated, *(f"programs.{name}" for name in changes.changed)]
    if not everything and not changes.needs_restart:
        return _("settings read again; nothing has changed")
    what = ", ".join(dict.fromkeys(everything))
    if not changes.needs_restart:
        return _("settings read again; changed: %(what)s") % {"what": what}
    text = _("settings read again; changed: %(what)s; a new life is needed of: %(names)s")
    return text % {"what": what, "names": ", ".join(changes.needs_restart)}


def enabled(settings: Settings) -> dict[str, Program]:
    """Return the programs that are to be run at all."""
    return {name: program for name, program in settings.programs.items() if program.enabled}


def _outdated(seen: Settings, new: Settings) -> list[str]:
    return [name for name in _AT_START if _as_read(seen, name) != _as_read(new, name)]


def _as_read(settings: Settings, name: str) -> object:
    """Return what programs read of a table or key: of some only a part."""
    if name == "cache":
        return settings.cache.max_bytes
    if name == "logs":
        return settings.logs.format
    value: object = getattr(settings, name)
    return value


def _runs_otherwise(seen: Settings, new: Settings, name: str) -> bool:
    """Tell whether a program is to be run in another way than its present life is."""
    return _how_to_run(seen.programs.get(name)) != _how_to_run(new.programs.get(name))


def _how_to_run(program: Program | None) -> object:
    """Return what a life is given when it is spawned; all else of a program counts for a living one too."""
    return program and (program.command, program.env, program.cwd, program.ready)
