"""The environment of a program and of its check. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from supervisor.config import timezone
from supervisor.config.diff import MAIN
from supervisor.config.settings import BOT, Program

#: variables that are set for each life or check
_OF_LIFE: Final = frozenset(
    {"STOCKSUP_SOCKET", "STOCKSUP_PROGRAM", "STOCKSUP_LIFE", "STOCKSUP_LOG_FILE", "STOCKSUP_LOG_FORMAT"}
    | {"STOCKSUP_JOURNAL", "STOCKSUP_CHECK", "STOCKSUP_ON_FAILED", "STOCKSUP_CACHE_DIR", "STOCKSUP_CACHE_PERM_DIR"}
)
#: variables that systemd sets for the supervisor alone
_OF_SYSTEMD: Final = frozenset(
    {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM"}
    | {"LISTEN_FDS", "LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDNAMES"}
)
#: secrets that the main program alone needs
_OF_MAIN: Final = frozenset({"DISCORD_TOKEN"})


def of_program(name: str, program: Program, config: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a program and of its check, without the variables that identify a life.

    Args:
        name: the name of the program.
        program: its settings.
        config: the configuration file.
        inherited: the environment of the supervisor.
    """
    is_main = name == MAIN or program.command == BOT.command
    dropped = _OF_LIFE | _OF_SYSTEMD | (frozenset() if is_main else _OF_MAIN)
    kept = {name: value for name, value in timezone.restore_inherited(inherited).items() if name not in dropped}
    return {**kept, "STOCKSUP_CONFIG": str(config), **program.env}


def of_helper(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process that is no program: without secrets."""
    return {name: value for name, value in inherited.items() if name not in _OF_MAIN}
