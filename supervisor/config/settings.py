"""The settings of the supervisor: read, checked, with a default for everything.

Tables that belong to a program (`[discord]`, `[bot]`, `[store]`) are that program's to check.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec

from supervisor.alerts.urls import is_address
from supervisor.config.paths import DEFAULT_STATE_DIR, DEFAULT_TIMEZONE, ConfigError, read_toml
from supervisor.locale import N_, _
from supervisor.locale import third_party as foreign

#: tables at the top of the file that programs check themselves
PROGRAM_TABLES: Final = ("discord", "bot", "store")

Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
FlushPolicy = Literal["all", "temporary", "expired", "none"]

_T = TypeVar("_T")

_PROGRAM_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_TIME_OF_DAY: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_ZONES: Final = Path("/usr/share/zoneinfo")
_RESERVED_NAMES: Final = frozenset({"supervisor"})


class Program(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table `[programs.NAME]`: how one program is run."""

    #: what to run; a first word "python" is the running interpreter
    command: tuple[str, ...] = ()
    #: what to run before a restart while the old life serves; empty: nothing is checked
    check: tuple[str, ...] = ()
    #: added to the environment of each life
    env: dict[str, str] = {}
    #: directory a life starts in, relative to the configuration file; empty: that file's directory
    cwd: str = ""
    #: whether the program is run at all
    enabled: bool = True
    #: "notify": the program says so at the door; a number: seconds it has to stay alive
    ready: Literal["notify"] | Annotated[float, msgspec.Meta(ge=0, le=86_400)] = "notify"
    #: what to do when the program ends by itself
    restart: Literal["always", "on-failure", "never"] = "always"
    #: whether a life is asked to finish its work before it is stopped (needs the link)
    drain: bool = True
    #: whether the program has cache directories that are switched between lives
    flush_cache: bool = True
    #: how long a life may take to become ready
    start_timeout_s: Seconds = 60.0
    #: how long a life may take to finish its work
    drain_timeout_s: Seconds = 30.0
    #: how long a life may take from TERM to its end
    stop_timeout_s: Seconds = 10.0
    #: silence on the link after which a life is taken for hung
    heartbeat_timeout_s: Seconds = 30.0
    #: how long a life may be unwell without a pause before it gets a successor; 0: for ever
    unhealthy_timeout_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 3600.0
    #: delay of its loop, as it tells it, from which on a life counts as unwell; 0: no limit
    max_loop_lag_ms: Annotated[float, msgspec.Meta(ge=0, le=86_400_000)] = 5000.0
    #: errors of its parts within `error_window_s`, as it tells them, after which a life gets a successor; 0: no limit
    max_errors: Count = 0
    #: how far back errors are counted
    error_window_s: Seconds = 300.0
    #: resident memory in bytes above which a life gets a successor; 0: no limit
    memory_max: Annotated[int, msgspec.Meta(ge=0)] = 0
    #: new lives within an hour for what hangs or is unwell, after which the supervisor gives up; 0: no limit
    max_recoveries_per_hour: Count = 3
    #: time of day, in `timezone`, at which the program gets a new life, such as "04:00"; empty: never
    restart_at: str = ""
    #: crashes within `crash_window_s` after which the supervisor gives up; 0: never
    max_crashes: Count = 5
    #: how far back crashes are counted
    crash_window_s: Seconds = 300.0
    #: lives started within a day; 0: no limit. Discord resets a token at 1000 IDENTIFYs a day
    max_starts_per_day: Count = 900


class Cache(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[cache]`: what the next life sees of the old one's cache."""

    #: what a restart takes away: everything, what is temporary, what has expired, or nothing
    flush_on_restart: FlushPolicy = "all"
    #: the same after a crash
    flush_on_crash: FlushPolicy = "temporary"
    #: the most that the files of the cache may take, in bytes: half for temporary entries, half for permanent ones
    max_bytes: Annotated[int, msgspec.Meta(ge=1_048_576)] = 256 * 1024 * 1024


class Alerts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[alerts]`: who is told, without the bot's help, of what the owner has to know."""

    #: addresses as Apprise writes them, such as "tgram://…"; whoever knows one may write there. Empty: nobody is told
    urls: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=1000)], ...], msgspec.Meta(max_length=10)] = ()
    #: free space of the state directory's disk below which it is nearly full; 0: never
    disk_low_bytes: Annotated[int, msgspec.Meta(ge=0)] = 256 * 1024 * 1024


class Logs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[logs]`: when a log file is moved away, how many old ones stay, how lines are written."""

    #: a file of this size is moved away; 0: whatever its size
    max_bytes: Annotated[int, msgspec.Meta(ge=0)] = 10 * 1024 * 1024
    #: a file that was begun so long ago is moved away; 0: however old it is
    max_age_days: Annotated[float, msgspec.Meta(ge=0, le=36_500)] = 7.0
    #: old files that stay beside the present one; 0: all
    keep: Count = 8
    #: how the supervisor, and programs that ask for it, write a line
    format: Literal["text", "json"] = "text"


class Supervisor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[supervisor]`."""

    #: directory of everything this instance keeps, relative to the configuration file
    state_dir: Annotated[str, msgspec.Meta(min_length=1)] = DEFAULT_STATE_DIR


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file, but for the tables of programs."""

    #: language of what members, admins and operators read
    language: Literal["id", "en"] = "id"
    #: IANA name of the time zone in which times are shown
    timezone: str = DEFAULT_TIMEZONE
    supervisor: Supervisor = Supervisor()
    cache: Cache = Cache()
    alerts: Alerts = Alerts()
    logs: Logs = Logs()
    #: tables of programs, as they stand in the file
    discord: dict[str, Any] = {}
    bot: dict[str, Any] = {}
    store: dict[str, Any] = {}
    programs: dict[str, Program] = {}


#: the main program; a file that names none of its keys runs this
BOT: Final = Program(command=("python", "-m", "botapp"), check=("python", "-m", "botapp", "--check"))


def load(path: Path) -> Settings:
    """Return the checked settings in the file at `path`.

    Raises ConfigError: one message with file, key, what is wrong and what was expected.
    """
    table = read_toml(path)
    _refuse_unknown_keys(path, table)
    programs = table.pop("programs", {})
    if not isinstance(programs, dict):
        raise ConfigError(_("%(path)s: [programs]: expected tables such as [programs.bot]") % {"path": path})
    settings = _convert(path, "", table, Settings)
    settings = msgspec.structs.replace(
        settings,
        programs={name: _convert(path, f"programs.{name}", one, Program) for name, one in programs.items()},
    )
    _check_values(path, settings)
    programs = {"bot": BOT, **settings.programs} if "bot" not in settings.programs else settings.programs
    return msgspec.structs.replace(settings, programs={name: _filled(name, one) for name, one in programs.items()})


def stamp(path: Path) -> tuple[int, int, int] | None:
    """Return what is another as soon as the file at `path` is; None: it is not there, or not for us to see."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _convert(path: Path, place: str, table: Any, kind: type[_T]) -> _T:
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(_explain(path, place, str(error))) from error


def _is_timezone(name: str) -> bool:
    """Tell whether `name` is an IANA time zone; without `zoneinfo`, whose memory a supervisor need not spend."""
    if not re.fullmatch(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", name):
        return False
    if _ZONES.is_dir():
        return (_ZONES / name).is_file()
    import zoneinfo

    return name in zoneinfo.available_timezones()


def _filled(name: str, program: Program) -> Program:
    """Return `program` with the bot's own command where the file names none."""
    if name != "bot" or program.command:
        return program
    return msgspec.structs.replace(program, command=BOT.command, check=program.check or BOT.check)


def _check_values(path: Path, settings: Settings) -> None:
    if not _is_timezone(settings.timezone):
        text = _('%(path)s: timezone: "%(name)s" is not known; expected an IANA name such as "Asia/Jakarta"')
        raise ConfigError(text % {"path": path, "name": settings.timezone})
    for number, url in enumerate(settings.alerts.urls, 1):
        if not is_address(url):  # what it is stays unsaid: it may be a secret all the same
            text = _('%(path)s: [alerts] urls: number %(number)d is no address; expected one such as "tgram://…"')
            raise ConfigError(text % {"path": path, "number": number})
    for name, program in settings.programs.items():
        if problem := _problem_of(name, program):
            raise ConfigError(f"{path}: [programs.{name}]{problem}")


def _problem_of(name: str, program: Program) -> str | None:
    """Return what is wrong with the table of a program, behind its name; None: nothing."""
    if name in _RESERVED_NAMES:
        return _(': the name "%(name)s" is taken by the supervisor itself') % {"name": name}
    if not _PROGRAM_NAME.fullmatch(name):
        return _(": not a name for a program; expected up to 32 of a-z, 0-9, _ and -, beginning with a letter")
    if not program.command and name != "bot":
        text = _(' command: missing; expected a list of strings such as ["python", "-m", "%(name)s"]')
        return text % {"name": name}
    for key, words in (("command", program.command), ("check", program.check)):
        if (words and not words[0]) or any("\0" in word for word in words):
            return _(" %(key)s: expected a list that begins with the name of a program") % {"key": key}
    if program.restart_at and not _TIME_OF_DAY.fullmatch(program.restart_at):
        return _(' restart_at: expected a time of day from "00:00" to "23:59"')
    if "\0" in program.cwd:
        return _(" cwd: expected the path of a directory")
    for key in program.env:
        if not key or "=" in key or "\0" in key + program.env[key] or key.startswith("STOCKSUP_"):
            return _(' env: "%(key)s" cannot be set here') % {"key": key}
    return None


def _refuse_unknown_keys(path: Path, table: dict[str, Any]) -> None:
    """Raise ConfigError, with a near name, for the first key that nobody knows."""
    known: dict[str, frozenset[str]] = {
        "": frozenset(Settings.__struct_fields__),
        "supervisor": frozenset(Supervisor.__struct_fields__),
        "cache": frozenset(Cache.__struct_fields__),
        "alerts": frozenset(Alerts.__struct_fields__),
        "logs": frozenset(Logs.__struct_fields__),
    }
    places: list[tuple[str, Any]] = [("", table), *((name, table.get(name)) for name in known if name)]
    programs = table.get("programs")
    if isinstance(programs, dict):
        places += [(f"programs.{name}", one) for name, one in programs.items()]
    for place, content in places:
        names = known.get(place, frozenset(Program.__struct_fields__))
        for key in content if isinstance(content, dict) else ():
            if key not in names:
                raise ConfigError(_unknown(path, place, key, names))


def _unknown(path: Path, place: str, key: str, names: frozenset[str]) -> str:
    where = f"[{place}] {key}" if place else key
    import difflib

    near = difflib.get_close_matches(key, sorted(names), n=1)
    text = _("%(place)s: unknown key; expected one of %(names)s")
    if near:
        text = _("%(place)s: unknown key; did you mean '%(near)s'?")
    facts = {"place": f"{path}: {where}", "near": "".join(near), "names": ", ".join(sorted(names))}
    return text % facts


#: what may stand where a key takes one of a few words
_CHOICES: Final = {
    "language": N_('"id" or "en"'),
    "format": N_('"text" or "json"'),
    "ready": N_('"notify" or a number of seconds'),
    "restart": N_('"always", "on-failure" or "never"'),
    "flush_on_restart": N_('"all", "temporary", "expired" or "none"'),
    "flush_on_crash": N_('"all", "temporary", "expired" or "none"'),
}


def _explain(path: Path, place: str, problem: str) -> str:
    """Turn msgspec's "Expected `int`, got `str` - at `$.max_bytes`" into a message for people."""
    what, _dash, where = problem.partition(" - at `$")
    names = [*place.split("."), *re.split(r"[.`]+", where)]
    names = [name for name in (re.sub(r"\[[\d.]*\]?", "", name) for name in names) if name.strip("].")]
    key = f"[{'.'.join(names[:-1])}] {names[-1]}" if len(names) > 1 else "".join(names)
    said = f"{path}: {key or _('the file')}: {foreign.of_types(what)}"
    if what.startswith("Invalid enum value"):
        said += _("; expected %(choices)s") % {"choices": _(_CHOICES[names[-1]])}
    return said
