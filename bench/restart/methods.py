"""Three ways to restart the same bot: `stocksup restart`, `os.execv` in the bot, `supervisorctl restart`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.common.bot_environment import BotEnvironment, bot_environment
from bench.common.environment import CannotMeasure
from bench.common.supervisors import Supervisor, install_supervisors, start_stocksup, start_supervisord
from bench.restart.availability_probe import AvailabilityProbe

#: the bot that is measured
MODULE: Final = "bench.restart.probed_bot"
STOCKSUP: Final = "stocksup restart"
EXECV: Final = "os.execv in the bot"
SUPERVISORCTL: Final = "supervisorctl restart"
METHODS: Final = (STOCKSUP, EXECV, SUPERVISORCTL)
#: how long a command may take, in seconds
_COMMAND_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True)
class RestartMethod:
    """A running bot, and the way in which it is restarted."""

    name: str
    supervisor: Supervisor
    probe: AvailabilityProbe
    #: command line of the supervisor; empty without one
    control: tuple[str, ...]

    def restart(self) -> dict[str, Any]:
        """Restart the bot; return the downtime in seconds, and the report of the command. Raises CannotMeasure."""
        if not self.control:
            request = lambda: os.kill(self.supervisor.pid, signal.SIGUSR1)  # noqa: E731
            return {"measured_s": self.probe.measure_downtime_s(request)}
        options = ("--json",) if self.name == STOCKSUP else ("bot",)
        commands: list[subprocess.Popen[str]] = []
        downtime_s = self.probe.measure_downtime_s(lambda: commands.append(self._run("restart", *options)))
        output, _ = commands[0].communicate(timeout=_COMMAND_TIMEOUT_S)
        if commands[0].returncode:
            raise CannotMeasure(f"{self.name} failed: {output.strip()}")
        return {"measured_s": downtime_s, **(json.loads(output) if self.name == STOCKSUP else {})}

    def show_status(self) -> None:
        """Run the status command."""
        self._run("status").communicate(timeout=_COMMAND_TIMEOUT_S)

    def _run(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            (*self.control, *words),
            env=self.supervisor.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@contextmanager
def run_bot(name: str, directory: Path) -> Iterator[RestartMethod]:
    """Run a bot that is restarted by the method `name`; it ends with the block. Raises CannotMeasure."""
    address = directory / "probe"
    with (
        bot_environment(directory, MODULE, BENCH_PROBE=str(address)) as environment,
        AvailabilityProbe(address) as probe,
    ):
        supervisor, control = _start(name, environment)
        try:
            probe.wait_until_steady()
            yield RestartMethod(name, supervisor, probe, control)
        finally:
            supervisor.stop()


def _start(name: str, environment: BotEnvironment) -> tuple[Supervisor, tuple[str, ...]]:
    directory, command, environ = environment.directory, environment.command, environment.environ
    if name == STOCKSUP:
        stocksup = str(Path(sys.executable).parent / "stocksup")
        supervisor = start_stocksup(directory, command, environ)
        return supervisor, (stocksup, "--config", str(environment.config))
    if name == SUPERVISORCTL:
        control = (f"{install_supervisors()}/supervisorctl", "-c", str(directory / "supervisord.conf"))
        return start_supervisord(directory, command, environ), control
    return Supervisor(name, directory, command, environ), ()
