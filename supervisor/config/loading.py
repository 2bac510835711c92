"""Load the supervisor's settings from config.toml and check them.

A program's own tables (`[discord]`, `[bot]`, `[store]`, `[dashboard]`) are checked by that program.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from supervisor.config import listen
from supervisor.config.settings import DEFAULTS, Alerts, Cache, Logs, Program, Settings, Supervisor
from supervisor.configfile import (
    ConfigError,
    TablePath,
    check_keys,
    convert,
    expand_home,
    find_zone_file,
    read_toml,
)
from supervisor.locale import _

_PROGRAM_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_TIME_OF_DAY: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_ALERT_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}://\S+")
_PING_URL: Final = re.compile(r"https?://[^\s/?#@]+(?:[/?][!-~]*)?", re.IGNORECASE)
_RESERVED_NAMES: Final = frozenset({"supervisor"})
_KEYS: Final[dict[TablePath, frozenset[str]]] = {
    (): frozenset(Settings.__struct_fields__),
    ("supervisor",): frozenset(Supervisor.__struct_fields__),
    ("cache",): frozenset(Cache.__struct_fields__),
    ("alerts",): frozenset(Alerts.__struct_fields__),
    ("logs",): frozenset(Logs.__struct_fields__),
}


def load(path: Path) -> Settings:
    """Return the checked settings in the file at `path`.

    Raises ConfigError: one message with the file, the key, the problem and what is expected.
    """
    contents = read_toml(path)
    programs = contents.get("programs", {})
    if not isinstance(programs, dict):
        raise ConfigError(_("%(path)s: [programs]: expected tables such as [programs.bot]") % {"path": path})
    program_keys: dict[TablePath, frozenset[str]] = {
        ("programs", name): frozenset(Program.__struct_fields__) for name in programs
    }
    check_keys(path, contents, {**_KEYS, **program_keys})
    settings = convert(path, {**contents, "programs": {}}, Settings)
    settings = msgspec.structs.replace(
        settings, programs={name: _program(path, name, table) for name, table in programs.items()}
    )
    _check_values(path, settings)
    state_dir = expand_home(path, settings.supervisor.state_dir)
    return msgspec.structs.replace(
        settings,
        supervisor=msgspec.structs.replace(settings.supervisor, state_dir=state_dir),
        programs=_with_defaults(settings),
    )


def file_fingerprint(path: Path) -> tuple[int, int, int] | None:
    """Return the modification time, inode and size of the file, or None if it is missing or unreadable."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


def _program(path: Path, name: str, table: Any) -> Program:
    if isinstance(table, dict) and table.get("ready") == "link":
        text = _('%(path)s: [programs.%(name)s] ready: "link" has a new name; write "notify"')
        raise ConfigError(text % {"path": path, "name": name})
    program = convert(path, table, Program, ("programs", name))

    def expand(command: tuple[str, ...]) -> tuple[str, ...]:
        return (expand_home(path, command[0]), *command[1:]) if command else ()

    return msgspec.structs.replace(
        program,
        command=expand(program.command),
        check=expand(program.check),
        on_failed=expand(program.on_failed),
        cwd=expand_home(path, program.cwd),
        listen=tuple(_address(path, name, entry) for entry in program.listen),
    )


def _address(path: Path, name: str, entry: str) -> str:
    """Return the one text of an address. Raises ConfigError."""
    if (address := listen.parse(expand_home(path, entry), path.parent)) is not None:
        return address
    text = _(
        '%(path)s: [programs.%(name)s] listen: "%(entry)s" is not an address; expected one such as "127.0.0.1:8080" or '
        '"[::1]:8080" with a port from 1 to 65535, or the path of a Unix socket such as "./shop.sock", at most '
        "%(limit)d bytes long"
    )
    params = {"path": path, "name": name, "entry": entry[:100], "limit": listen.MAX_PATH_BYTES}
    raise ConfigError(text % params)


def _check_addresses(path: Path, programs: Mapping[str, Program]) -> None:
    """Raise ConfigError if two sockets have the same address."""
    seen: dict[str, str] = {}
    for name, program in programs.items():
        for address in program.listen if program.enabled else ():
            if (other := seen.setdefault(address, name)) != name or program.listen.count(address) > 1:
                text = _(
                    '%(path)s: [programs.%(name)s] listen: "%(address)s" is already that of [programs.%(other)s]; '
                    "remove one of the two, or change it"
                )
                raise ConfigError(text % {"path": path, "name": name, "address": address, "other": other})


def _with_defaults(settings: Settings) -> dict[str, Program]:
    """Return the programs of the file, with the bot and, if `[dashboard] enabled` is true, the dashboard.

    The default commands are used where the file gives none. A program that the file calls "dashboard" stays what it is.
    """
    has_dashboard = settings.dashboard.get("enabled") is True
    programs = {**({} if "bot" in settings.programs else {"bot": DEFAULTS["bot"]}), **settings.programs}
    if has_dashboard:
        programs.setdefault("dashboard", DEFAULTS["dashboard"])  # last: programs start in this order
    return {name: _with_default_command(name, program, has_dashboard) for name, program in programs.items()}


def _with_default_command(name: str, program: Program, has_dashboard: bool) -> Program:
    """Return `program` with the default command of a program of that name, if the file does not give one."""
    if program.handover is None:
        program = msgspec.structs.replace(program, handover=name == "bot")
    if program.command:
        return program
    default = DEFAULTS[name]
    return msgspec.structs.replace(
        program,
        command=default.command,
        check=program.check or default.check,
        on_failed=program.on_failed or default.on_failed,
        drain=program.drain and default.drain,
        flush_cache=program.flush_cache and default.flush_cache,
        enabled=program.enabled and (name == "bot" or has_dashboard),
    )


def _check_values(path: Path, settings: Settings) -> None:
    if find_zone_file(settings.timezone) is None:
        text = _('%(path)s: timezone: unknown time zone "%(name)s"; expected an IANA name such as "Asia/Jakarta"')
        raise ConfigError(text % {"path": path, "name": settings.timezone[:64]})
    for number, url in enumerate(settings.alerts.urls, 1):
        if not _ALERT_URL.fullmatch(url):  # the message does not show it: it may be a secret all the same
            text = _('%(path)s: [alerts] urls: entry %(number)d is not a URL; expected one such as "tgram://…"')
            raise ConfigError(text % {"path": path, "number": number})
    if settings.alerts.ping_url and not _PING_URL.fullmatch(settings.alerts.ping_url):
        text = _('%(path)s: [alerts] ping_url: not a web address; expected one such as "https://hc-ping.com/…"')
        raise ConfigError(text % {"path": path})
    for name, program in settings.programs.items():
        if problem := program_problem(name, program):
            raise ConfigError(f"{path}: [programs.{name}]{problem}")
    _check_addresses(path, settings.programs)


def program_problem(name: str, program: Program) -> str | None:
    """Return what is wrong with the table `[programs.NAME]`, to follow its name, or None."""
    if name in _RESERVED_NAMES:
        return _(': the name "%(name)s" is reserved for the supervisor') % {"name": name}
    if not _PROGRAM_NAME.fullmatch(name):
        return _(": not a valid program name; expected up to 32 of a-z, 0-9, _ and -, starting with a letter")
    if not program.command and name not in DEFAULTS:
        text = _(' command: missing; expected a list of strings such as ["python", "-m", "%(name)s"]')
        return text % {"name": name}
    for key, words in (("command", program.command), ("check", program.check), ("on_failed", program.on_failed)):
        if (words and not words[0]) or any("\0" in word for word in words):
            return _(" %(key)s: expected a list that starts with the name of a program") % {"key": key}
    if program.restart_at and not _TIME_OF_DAY.fullmatch(program.restart_at):
        return _(' restart_at: expected a time of day from "00:00" to "23:59"')
    if "\0" in program.cwd:
        return _(" cwd: expected the path of a directory")
    for key in program.env:
        if not key or "=" in key or "\0" in key + program.env[key] or key.startswith("STOCKSUP_"):
            return _(' env: "%(key)s" cannot be set here') % {"key": key}
    return None
