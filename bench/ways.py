"""Ways to run and restart the same bot: stocksup, `os.execv` by the bot itself, supervisord."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Final

from bench.stage import BOT, END_TIMEOUT_S, CannotMeasure, Stage, end

STOCKSUP: Final = Path(sys.executable).parent / "stocksup"
#: how long a command may take, in seconds
COMMAND_TIMEOUT_S: Final = 60.0


class Way(ABC):
    """One way to keep the bot running."""

    name: str

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    @abstractmethod
    def start(self) -> None:
        """Start the bot. Raises CannotMeasure."""

    @abstractmethod
    def restart(self) -> None:
        """Ask for a restart, and do not wait for it."""

    def settle(self) -> dict[str, Any]:
        """Wait for what `restart` began, and return what it reported. Raises CannotMeasure."""
        return {}

    @abstractmethod
    def end(self) -> None:
        """End the bot and whatever keeps it running."""


class CommandWay(Way):
    """A way with a supervisor and a command that speaks with it."""

    restart_command: tuple[str, ...]
    status_command: tuple[str, ...]
    #: process id of the supervisor
    pid: int
    _asked: subprocess.Popen[str] | None = None

    def restart(self) -> None:
        """Run the command that restarts the bot."""
        self._asked = subprocess.Popen(
            self.restart_command, env=self.stage.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def settle(self) -> dict[str, Any]:
        """Wait for the end of the command; return what it said, if that is JSON."""
        assert self._asked is not None
        said, _ = self._asked.communicate(timeout=COMMAND_TIMEOUT_S)
        if self._asked.returncode:
            raise CannotMeasure(f"{self.name} cannot restart the bot: {said.strip()}")
        return dict(json.loads(said)) if said.startswith("{") else {}


class Stocksup(CommandWay):
    """`stocksup restart`."""

    name = "stocksup restart"

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._command = (str(STOCKSUP), "--config", str(stage.config))
        self.restart_command = (*self._command, "restart", "--json")
        self.status_command = (*self._command, "status")

    def start(self) -> None:
        """Start the supervisor as a user does; back when the bot is ready."""
        self._run("start")
        self.pid = int(json.loads(self._run("status", "--json"))["supervisor"]["pid"])

    def end(self) -> None:
        """`stocksup stop`."""
        self._run("stop")

    def _run(self, *words: str) -> str:
        command = (*self._command, *words)
        done = subprocess.run(
            command, env=self.stage.environ, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False
        )
        if done.returncode:
            raise CannotMeasure(f"stocksup {words[0]} failed: {done.stderr.strip()}")
        return done.stdout


class Execv(Way):
    """The bot cleans up, ends itself and becomes a new process by `os.execv`; nobody watches it."""

    name = "os.execv in the bot"
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the bot alone."""
        with (self.stage.directory / "bot.log").open("ab") as log:
            self._process = subprocess.Popen(
                BOT, env=self.stage.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def restart(self) -> None:
        """Tell the bot to begin anew."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGUSR1)

    def end(self) -> None:
        """End the bot."""
        if self._process is not None:
            end(self._process)


class Supervisord(CommandWay):
    """`supervisorctl restart`, supervisord with its own defaults."""

    name = "supervisorctl restart"
    _process: subprocess.Popen[bytes] | None = None

    def __init__(self, stage: Stage, peer_bin: Path) -> None:
        super().__init__(stage)
        self._config = stage.directory / "supervisord.conf"
        self._daemon = (str(peer_bin / "supervisord"), "--nodaemon", "-c", str(self._config))
        control = (str(peer_bin / "supervisorctl"), "-c", str(self._config))
        self.restart_command = (*control, "restart", "bot")
        self.status_command = (*control, "status")

    def start(self) -> None:
        """Start supervisord with the one program."""
        self._config.write_text(_supervisord_config(self.stage))
        with (self.stage.directory / "supervisord.out").open("ab") as log:
            self._process = subprocess.Popen(self._daemon, env=self.stage.environ, stdout=log, stderr=log)
        self.pid = self._process.pid

    def end(self) -> None:
        """End supervisord, which ends the bot."""
        if self._process is not None:
            end(self._process)


def _supervisord_config(stage: Stage) -> str:
    here = stage.directory
    return f"""
[unix_http_server]
file={here}/supervisor.sock
[supervisord]
logfile={here}/supervisord.log
pidfile={here}/supervisord.pid
childlogdir={here}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{here}/supervisor.sock
[program:bot]
command={" ".join(BOT)}
directory={here}
stdout_logfile={here}/bot.log
redirect_stderr=true
stopwaitsecs={END_TIMEOUT_S:.0f}
"""
