"""Where an instance keeps its files. Light: every command imports it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from supervisor.client import SOCKET_NAME
from supervisor.configfile import ConfigError, expand_home, read_intact, read_toml
from supervisor.locale import _

#: directory of an instance when `[supervisor] state_dir` is not set, relative to the configuration file
DEFAULT_STATE_DIR: Final = "state"
#: name of the file that a running supervisor locks
LOCK_NAME: Final = "supervisor.lock"


@dataclass(frozen=True)
class InstancePaths:
    """The files of one instance, all below its state directory."""

    #: absolute path of the state directory
    state_dir: Path

    @property
    def socket(self) -> Path:
        """The control socket."""
        return self.state_dir / SOCKET_NAME

    @property
    def lock(self) -> Path:
        """The file that the running supervisor of this state directory locks; holds its pid."""
        return self.state_dir / LOCK_NAME

    @property
    def journal(self) -> Path:
        """The state of each program, for the next supervisor."""
        return self.state_dir / "journal.jsonl"

    @property
    def history(self) -> Path:
        """The finished restarts, one line of JSON each, oldest first."""
        return self.state_dir / "history.jsonl"

    @property
    def alerts(self) -> Path:
        """The open incidents, and the alerts that are still to be sent."""
        return self.state_dir / "alerts.json"

    @property
    def supervisor_log(self) -> Path:
        """The supervisor's own log."""
        return self.log_of("supervisor")

    def log_of(self, program: str) -> Path:
        """Return the file that stdout and stderr of `program` are appended to."""
        return self.state_dir / "logs" / f"{program}.log"

    def held_log_of(self, program: str) -> Path:
        """Return the second name of the log file that the present life of `program` writes into."""
        return self.state_dir / "open-logs" / f"{program}.log"

    def logged_programs(self) -> list[str]:
        """Return the names of the programs that have a log."""
        names = {path.stem for path in self.supervisor_log.parent.glob("*.log")} - {self.supervisor_log.stem}
        return sorted(name for name in names if "." not in name)

    def cache_of(self, program: str) -> Path:
        """Return the directory that holds the cache directories of `program`."""
        return self.state_dir / "cache" / program


def intact_state_dir(config: Path) -> Path | None:
    """Return the state directory that a configuration with a mistake elsewhere names; None if it names none."""
    named = read_intact(config, "supervisor").get("state_dir")
    return config.parent / expand_home(config, named) if isinstance(named, str) and named else None


def state_dir_of(config: Path) -> Path:
    """Return the absolute state directory that the configuration file `config` names.

    Reads only this one key; `supervisor.config.loading.load` checks the file. Raises ConfigError.
    """
    table = read_toml(config).get("supervisor", {})
    named = table.get("state_dir", DEFAULT_STATE_DIR) if isinstance(table, dict) else DEFAULT_STATE_DIR
    if not isinstance(named, str) or not named:
        text = _("%(path)s: [supervisor] state_dir: expected the path of a directory")
        raise ConfigError(text % {"path": config})
    return config.parent / expand_home(config, named)
