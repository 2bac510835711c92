"""The settings of the supervisor: read, checked, with a default for everything.

Tables that belong to a program (`[discord]`, `[bot]`, `[store]`) are that program's to check.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from supervisor.config.paths import DEFAULT_STATE_DIR
from supervisor.configfile import DEFAULT_TIMEZONE

#: tables at the top of the file that programs check themselves
PROGRAM_TABLES: Final = ("discord", "bot", "store")

Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
FlushPolicy = Literal["all", "temporary", "expired", "none"]


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
