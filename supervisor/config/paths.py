"""Where the configuration is and where an instance keeps its files. Light, for the commands' sake."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from supervisor.client import SOCKET_NAME
from supervisor.locale import LANGUAGES, _, of_terminal
from supervisor.locale import third_party as foreign

#: directory of an instance when `[supervisor] state_dir` is not set, relative to the configuration file
DEFAULT_STATE_DIR: Final = "state"
#: IANA name of the time zone when `timezone` is not set
DEFAULT_TIMEZONE: Final = "Asia/Jakarta"


class ConfigError(Exception):
    """A mistake in the configuration: one message with place, cause and remedy. Exit code 78."""


@dataclass(frozen=True)
class InstancePaths:
    """The files of one instance, all below its state directory."""

    #: absolute path of the state directory
    state_dir: Path

    @property
    def socket(self) -> Path:
        """The door."""
        return self.state_dir / SOCKET_NAME

    @property
    def lock(self) -> Path:
        """Locked by the one supervisor of this state directory; holds its pid."""
        return self.state_dir / "supervisor.lock"

    @property
    def journal(self) -> Path:
        """What survives the supervisor."""
        return self.state_dir / "journal.jsonl"

    @property
    def history(self) -> Path:
        """The restarts, one line of JSON each, oldest first."""
        return self.state_dir / "history.jsonl"

    @property
    def alerts(self) -> Path:
        """The alerts that are still to be sent, and what the owner was told of."""
        return self.state_dir / "alerts.json"

    @property
    def supervisor_log(self) -> Path:
        """The supervisor's own log."""
        return self.log_of("supervisor")

    def log_of(self, program: str) -> Path:
        """The file that stdout and stderr of `program` are appended to."""
        return self.state_dir / "logs" / f"{program}.log"

    def cache_of(self, program: str) -> Path:
        """The directory below which the cache directories of the lives of `program` stand."""
        return self.state_dir / "cache" / program


def find_config(explicit: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the absolute path of the configuration file in use.

    The order is `--config`, `$STOCKSUP_CONFIG`, `./config.toml`, `~/.config/stocksup/config.toml`,
    `/etc/stocksup/config.toml`. Raises ConfigError when a named file, or every one of the others, is missing.
    """
    named = explicit or (Path(environ["STOCKSUP_CONFIG"]) if environ.get("STOCKSUP_CONFIG") else None)
    if named is not None:
        origin = "--config" if explicit else "$STOCKSUP_CONFIG"
        if not _exists(named):
            text = _("cannot open %(path)s: there is no such file; correct %(origin)s")
            raise ConfigError(text % {"path": named, "origin": origin})
        return named.absolute()
    home = Path(environ["HOME"]) / ".config/stocksup/config.toml" if environ.get("HOME") else None
    places = [Path("config.toml"), *([home] if home else []), Path("/etc/stocksup/config.toml")]
    for place in places:
        if _exists(place):
            return place.absolute()
    text = _(
        "no config.toml found (looked for %(places)s); write one, name one with --config FILE, "
        "or see everything without one: stocksup demo"
    )
    raise ConfigError(text % {"places": ", ".join(str(place) for place in places)})


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        text = _("cannot open %(path)s: %(why)s; mend its permissions, or run this as the user it belongs to")
        raise ConfigError(text % {"path": path, "why": foreign.why(error)}) from error
    return True


def language_of(explicit: Path | None = None, environ: Mapping[str, str] = os.environ) -> str:
    """Return the language of the configuration in use; the terminal's where there is none that can be read."""
    try:
        named = read_toml(find_config(explicit, environ)).get("language", LANGUAGES[0])
    except ConfigError:
        return of_terminal(environ)
    return named if named in LANGUAGES else of_terminal(environ)


def read_toml(path: Path) -> dict[str, Any]:
    """Return what is in the TOML file at `path`. Raises ConfigError when it cannot be read or is not TOML."""
    import tomli

    try:
        with path.open("rb") as file:
            return tomli.load(file)
    except OSError as error:
        text = _("cannot open %(path)s: %(why)s; mend its path or its permissions")
        raise ConfigError(text % {"path": path, "why": foreign.why(error)}) from error
    except UnicodeDecodeError as error:
        text = _("%(path)s: not UTF-8 text at byte %(byte)d; save it as UTF-8")
        raise ConfigError(text % {"path": path, "byte": error.start}) from error
    except tomli.TOMLDecodeError as error:
        text = _("%(path)s: not valid TOML: %(problem)s")
        raise ConfigError(text % {"path": path, "problem": foreign.of_toml(error)}) from error


def state_dir_of(config: Path) -> Path:
    """Return the absolute state directory that the configuration file `config` names.

    Only this one key is looked at; `supervisor.config.settings.load` checks the file. Raises ConfigError.
    """
    table = read_toml(config).get("supervisor", {})
    named = table.get("state_dir", DEFAULT_STATE_DIR) if isinstance(table, dict) else DEFAULT_STATE_DIR
    if not isinstance(named, str) or not named:
        text = _("%(path)s: [supervisor] state_dir: expected the path of a directory")
        raise ConfigError(text % {"path": config})
    return config.parent / named
