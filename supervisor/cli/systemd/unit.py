"""Render and parse the unit file of the service. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from supervisor.cli.errors import CommandError
from supervisor.client import EXIT_BAD_CONFIG
from supervisor.locale import _

if TYPE_CHECKING:
    from supervisor.config.settings import Settings

#: default name of the service
DEFAULT_NAME: Final = "stocksup"
#: time that the supervisor itself needs to exit, in seconds
SUPERVISOR_EXIT_S: Final = 30.0

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
#: our mark: systemd ignores sections that start with X-
_MARK: Final = "[X-Stocksup]"
_MARKED: Final = re.compile(rf'^{re.escape(_MARK)}\nConfig=(".*")(?:\n|\Z)', re.MULTILINE)
#: directories for which the service gets an empty file system of its own
_TEMPORARY: Final = ("/tmp", "/var/tmp")  # not used, only named

#: restrictions of a system service. Left out on purpose: PrivateTmp= and RemoveIPC= clean up when the supervisor exits,
#: while the bot still runs; PrivateUsers= would hide the bot from the next supervisor, which takes it over;
#: ProcSubset=pid hides /proc/stat; MemoryDenyWriteExecute= breaks programs with a JIT
_SYSTEM_ONLY: Final = """\
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=read-only
ProtectProc=invisible
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
PrivateDevices=yes
PrivateMounts=yes
DevicePolicy=closed
"""

#: restrictions that a user's service manager, which has no privileges, can apply too
_EVERYWHERE: Final = """\
NoNewPrivileges=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
UMask=0077
"""


@dataclass(frozen=True)
class UnitFields:
    """The fields of a unit."""

    #: name of the service, without ".service"
    name: str
    #: absolute path of the configuration
    config: Path
    #: the command `stocksup`: an absolute path and its first arguments
    stocksup: tuple[str, ...]
    #: absolute path of the program `kill`
    kill: str
    #: absolute state directory
    state_dir: Path
    #: time until everything has certainly exited, in seconds
    stop_timeout_s: int
    #: name of its user; None: a user service
    user: str | None = None
    #: files that systemd passes as credentials, by name
    credentials: Mapping[str, Path] = field(default_factory=dict)


def validate_name(name: str) -> str:
    """Return `name` if it is a valid name of a service. Raises CommandError."""
    if not _NAME.fullmatch(name) or name.endswith((".service", ".")):
        text = _("--name %(name)s: expected up to 64 letters, digits, _, - and ., without .service") % {"name": name}
        raise CommandError(text)
    return name


def stop_timeout_s(settings: Settings) -> int:
    """Return the maximum time to stop all programs one after the other, in seconds."""
    from supervisor.lifecycle.restart_sequence import FLUSH_TIMEOUT_S, KILL_TIMEOUT_S

    enabled = [program for program in settings.programs.values() if program.enabled]
    each = (
        (program.drain_timeout_s if program.drain else 0) + program.stop_timeout_s + KILL_TIMEOUT_S + FLUSH_TIMEOUT_S
        for program in enabled
    )
    return math.ceil(sum(each) + SUPERVISOR_EXIT_S)


def text(facts: UnitFields) -> str:
    """Return the unit. Raises CommandError when a path cannot be written in one."""
    of_system = facts.user is not None
    for program in (facts.stocksup[0], facts.kill):
        # systemd accepts no program whose path contains one of these, however it is quoted
        if set(program) & set("\"'\\"):
            raise CommandError(_("cannot write %(path)s in a unit; rename it") % {"path": repr(program)})
    needed = [facts.config, facts.state_dir, Path(facts.stocksup[0])]
    command = [*facts.stocksup, "--config", str(facts.config), "start", "--foreground"]
    lines = [
        _comment(_("Created and updated by `stocksup service install`; removed by `stocksup service uninstall`.")),
        "[Unit]",
        f"Description={_plain(f'stocksup ({facts.config})')}",
        *(["Wants=network-online.target", "After=network-online.target"] if of_system else []),
        "StartLimitIntervalSec=300",
        "StartLimitBurst=10",
        "",
        "[Service]",
        "Type=notify",
        "NotifyAccess=main",
        *([f"User={facts.user}"] if of_system else []),
        # the colon turns off variable expansion
        f"ExecStart=:{_words(command)}",
        f"ExecReload={_words([facts.kill])} -HUP $MAINPID",
        _comment(_("The programs keep running without the supervisor; the next one takes them over.")),
        "KillMode=process",
        "OOMPolicy=continue",
        "Restart=on-failure",
        "RestartSec=2",
        _comment(_("78: the configuration must be corrected first.")),
        f"RestartPreventExitStatus={EXIT_BAD_CONFIG}",
        _comment(_("Longer than all programs may take to finish their work and exit.")),
        f"TimeoutStopSec={facts.stop_timeout_s}",
        "WatchdogSec=60",
        *(_of_system(facts, needed) if of_system else []),
        *_EVERYWHERE.splitlines(),
        "",
        "[Install]",
        f"WantedBy={'multi-user.target' if of_system else 'default.target'}",
        "",
        _MARK,
        f"Config={json.dumps(str(facts.config), ensure_ascii=False)}",
    ]
    return "\n".join(lines) + "\n"


def _comment(text: str) -> str:
    return f"# {text}"


def _of_system(facts: UnitFields, needed: Sequence[Path]) -> list[str]:
    free = [place for place in _TEMPORARY if not any(one.is_relative_to(place) for one in needed)]
    return [
        # one parent directory for all instances, so that no name can clash with another service
        f"StateDirectory=stocksup/{facts.name}",
        f"CacheDirectory=stocksup/{facts.name}",
        "StateDirectoryMode=0700",
        "CacheDirectoryMode=0700",
        f"ReadWritePaths={_words([str(facts.state_dir)])}",
        *(f"TemporaryFileSystem={place}:mode=1777,nosuid,nodev" for place in free),
        *(f"LoadCredential={name}:{_plain(str(path))}" for name, path in facts.credentials.items()),
        *_SYSTEM_ONLY.splitlines(),
    ]


def config_of(unit: str) -> Path | None:
    """Return the configuration of our unit, or None if the unit is not ours."""
    found = _MARKED.search(unit)
    try:
        return Path(json.loads(found[1])) if found else None
    except ValueError:
        return None


def _words(words: Sequence[str]) -> str:
    """Return `words` quoted for a command line of systemd: `\\` and `"` escaped, `%` doubled."""
    return " ".join(f'"{_percent(_writable(word)).replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34))}"'
                    for word in words)  # fmt: skip


def _plain(value: str) -> str:
    """Return `value` for a setting that systemd does not unquote."""
    if value != value.strip() or value.endswith("\\"):
        raise CommandError(_("cannot write %(path)s in a unit; rename it") % {"path": repr(value)})
    return _percent(_writable(value))


def _percent(value: str) -> str:
    return value.replace("%", "%%")


def _writable(value: str) -> str:
    """Return `value` if a unit can contain it: UTF-8 text without control characters. Raises CommandError."""
    if any(not char.isprintable() for char in value):
        raise CommandError(_("cannot write %(path)s in a unit; rename it") % {"path": repr(value)})
    return value
