"""The supervisor's settings: one record per table of config.toml, with a default for every key."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from supervisor.config.listen import MAX_SOCKETS
from supervisor.config.paths import DEFAULT_STATE_DIR
from supervisor.configfile import DEFAULT_TIMEZONE

#: tables at the top of the file that the bot and the dashboard check
PROGRAM_TABLES: Final = ("discord", "bot", "store", "dashboard")

Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
FlushPolicy = Literal["all", "temporary", "expired", "none"]


class Program(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table `[programs.NAME]`: how to run one program."""

    #: command to run; "python" as the first word is the running interpreter
    command: tuple[str, ...] = ()
    #: command to run before a restart, while the old process runs; if it fails, the restart is cancelled. Empty: none
    check: tuple[str, ...] = ()
    #: command to run when the program has failed for good (FATAL), at most 60 seconds long; its environment says why.
    #: Empty: none
    on_failed: tuple[str, ...] = ()
    #: additional environment variables
    env: dict[str, str] = {}
    #: working directory, relative to the configuration file; empty: the directory of that file
    cwd: str = ""
    #: TCP addresses and paths of Unix sockets (relative to the configuration file) that the supervisor listens on for
    #: the program, such as "127.0.0.1:8080", "[::1]:8080" or "./shop.sock". It passes them to each process as
    #: sd_listen_fds(3) says; who connects during a restart waits
    listen: Annotated[tuple[str, ...], msgspec.Meta(max_length=MAX_SOCKETS)] = ()
    #: whether to run the program
    enabled: bool = True
    #: "notify": the program reports on the control socket; a number: it is ready after this many seconds
    ready: Literal["notify"] | Annotated[float, msgspec.Meta(ge=0, le=86_400)] = "notify"
    #: when to restart a program that exits by itself
    restart: Literal["always", "on-failure", "never"] = "always"
    #: whether the program finishes its work before it is stopped (needs a connection to the control socket)
    drain: bool = True
    #: whether the next process gets ready beside the old one, and takes over without a pause (needs a program that can
    #: do that, see docs/reference/control-socket.md)
    handover: bool | None = None
    #: time after a hand-over in which the old process can serve again, in seconds
    probation_s: Seconds = 10.0
    #: whether the program has cache directories, which a restart rotates
    flush_cache: bool = True
    #: maximum time to become ready, in seconds
    start_timeout_s: Seconds = 60.0
    #: maximum time to finish its work, in seconds
    drain_timeout_s: Seconds = 30.0
    #: maximum time from SIGTERM to exit, in seconds; then SIGKILL
    stop_timeout_s: Seconds = 10.0
    #: time without a heartbeat after which the program is restarted, in seconds
    heartbeat_timeout_s: Seconds = 30.0
    #: time that the program may stay unhealthy before it is restarted, in seconds; 0: no limit
    unhealthy_timeout_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 3600.0
    #: reported delay of its event loop at which the program is unhealthy, in milliseconds; 0: no limit
    max_loop_lag_ms: Annotated[float, msgspec.Meta(ge=0, le=86_400_000)] = 5000.0
    #: reported errors of its components within `error_window_s` after which the program is restarted; 0: no limit
    max_errors: Count = 0
    #: time window for `max_errors`, in seconds
    error_window_s: Seconds = 300.0
    #: resident memory above which the program is restarted, in bytes; 0: no limit
    memory_max: Annotated[int, msgspec.Meta(ge=0)] = 0
    #: maximum number of restarts per hour for a hanging or unhealthy program; after more, it fails. 0: no limit
    max_recoveries_per_hour: Count = 3
    #: time of the daily restart in `timezone`, such as "04:00"; empty: none
    restart_at: str = ""
    #: maximum number of crashes within `crash_window_s`; after more, the program fails. A crash after at least 10
    #: seconds of service does not count. 0: no limit
    max_crashes: Count = 5
    #: time window for `max_crashes`, and for the alert about repeated crashes, in seconds
    crash_window_s: Seconds = 300.0
    #: maximum number of starts per day; Discord resets a token at 1000 IDENTIFYs a day. 0: no limit
    max_starts_per_day: Count = 900


class Cache(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[cache]`: what a restart clears from the cache."""

    #: entries cleared at a restart
    flush_on_restart: FlushPolicy = "all"
    #: entries cleared after a crash
    flush_on_crash: FlushPolicy = "temporary"
    #: maximum size of the cache files, in bytes: half for temporary entries, half for permanent ones
    max_bytes: Annotated[int, msgspec.Meta(ge=1_048_576)] = 256 * 1024 * 1024


class Alerts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[alerts]`: notifications to the owner, even when the bot is down."""

    #: Apprise URLs, such as "tgram://…"; anyone who knows one can send there. Empty: no alerts
    urls: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=1000)], ...], msgspec.Meta(max_length=10)] = ()
    #: URL of a service that alerts you when it hears nothing: a check of healthchecks.io (or of a service with the same
    #: paths), or a push monitor of Uptime Kuma. It is requested every minute; anyone who knows it can do that too.
    #: Empty: none
    ping_url: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    #: free disk space in the state directory below which an alert is sent, in bytes; 0: never
    disk_low_bytes: Annotated[int, msgspec.Meta(ge=0)] = 256 * 1024 * 1024


class Logs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[logs]`: rotation and format of log files."""

    #: size at which a file is rotated, in bytes; 0: never
    max_bytes: Annotated[int, msgspec.Meta(ge=0)] = 10 * 1024 * 1024
    #: age at which a file is rotated, in days; 0: never
    max_age_days: Annotated[float, msgspec.Meta(ge=0, le=36_500)] = 7.0
    #: number of rotated files to keep; 0: all
    keep: Count = 8
    #: format of log lines, of the supervisor and of programs that support it
    format: Literal["text", "json"] = "text"


class Supervisor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[supervisor]`."""

    #: directory for all data of this instance, relative to the configuration file
    state_dir: Annotated[str, msgspec.Meta(min_length=1)] = DEFAULT_STATE_DIR


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; the tables of programs are not checked."""

    #: language for members, admins and operators
    language: Literal["id", "en"] = "id"
    #: time zone of displayed times, an IANA name
    timezone: str = DEFAULT_TIMEZONE
    supervisor: Supervisor = Supervisor()
    cache: Cache = Cache()
    alerts: Alerts = Alerts()
    logs: Logs = Logs()
    #: the tables of the bot and of the dashboard, as in the file
    discord: dict[str, Any] = {}
    bot: dict[str, Any] = {}
    store: dict[str, Any] = {}
    dashboard: dict[str, Any] = {}
    programs: dict[str, Program] = {}


#: the main program, unless the file configures it
BOT: Final = Program(
    command=("python", "-m", "botapp"),
    check=("python", "-m", "botapp", "--check"),
    on_failed=("python", "-m", "botapp.report_failure"),
    handover=True,
)
#: the program that `[dashboard] enabled` adds
DASHBOARD: Final = Program(command=("python", "-m", "botapp.dashboard"), drain=False, flush_cache=False, handover=False)
#: the programs that need no command in the file
DEFAULTS: Final = {"bot": BOT, "dashboard": DASHBOARD}
