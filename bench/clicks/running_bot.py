"""A bot under one of the schemes, and the clicks around its restarts and kills."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.clicks.trial import Trial, read_trial
from bench.common.bot_environment import BotEnvironment, bot_environment
from bench.common.environment import CannotMeasure
from bench.common.supervisors import Supervisor, install_supervisors, start_loop, start_stocksup, start_supervisord
from tests.support.discord.control import DiscordControl
from tests.support.shop.member import Customer

STOCKSUP: Final = "stocksup"
#: the bot replaces itself by `os.execv`; a loop starts it again when it was killed. Nothing is handed over
LOOP: Final = "os.execv, bare loop"
SUPERVISORD: Final = "supervisord"
SCHEMES: Final = (STOCKSUP, LOOP, SUPERVISORD)

MODULE: Final = "bench.clicks.measured_bot"
CLICKS_PER_S: Final = 50
#: how long members click before a restart, and how long at least after it, in seconds
STEADY_S: Final = 2.0
AFTER_S: Final = 3.0
#: how long members click with the next process, in seconds. A process that ends sooner has failed to start
SETTLE_S: Final = 1.5
#: how long handlers may take after the last click, twice over because another process may begin them again, in seconds
FINISH_S: Final = 15.0
_MEMBER: Final = "Budi"
_BUTTON: Final = "stocksup:v1:balance"
_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True)
class Clicks:
    """Clicks that have ended, and whose handlers may still run."""

    press_id: str
    #: the last interaction before them
    since: str
    #: the restart or kill, in seconds since 1970
    at_s: float
    earlier_pid: int
    #: when every handler is done, in seconds of `time.monotonic`
    due_s: float


class RunningBot:
    """A bot that is restarted and killed while a member clicks. Every method may raise CannotMeasure."""

    def __init__(
        self, scheme: str, supervisor: Supervisor, discord: DiscordControl, command: tuple[str, ...] | None
    ) -> None:
        """`command` restarts the bot; None if the bot does that itself."""
        self.scheme = scheme
        self._supervisor = supervisor
        self._discord = discord
        self._command = command
        self._last_id = "0"

    def prepare(self, latency_ms: float) -> None:
        """Wait until the bot serves, register the member, and set how long a round trip takes."""
        self._discord.wait_for_shop()
        Customer(self._discord, _MEMBER).register(_MEMBER)
        self._discord.faults(latency_ms=latency_ms)
        self._skip_interactions()

    def click_around(self, event: str, phase: random.Random) -> Clicks:
        """Let the member click before, during and after a restart, a kill or an upgrade (`event`)."""
        sessions = self._count_sessions()
        press_id = self._discord.start_press(_MEMBER, _BUTTON, rate_per_s=CLICKS_PER_S)
        time.sleep(STEADY_S + phase.random() / CLICKS_PER_S)
        pid = self._find_pid()
        at_s, began_s = time.time(), time.monotonic()
        if event == "kill":
            os.kill(pid, signal.SIGKILL)
        else:
            self._restart(pid, event)
        self._wait_for(lambda: self._count_sessions() > sessions, f"{self.scheme}: no process has connected")
        time.sleep(max(SETTLE_S, began_s + AFTER_S - time.monotonic()))
        self._discord.stop_press(press_id)
        return Clicks(press_id, self._last_id, at_s, pid, time.monotonic() + FINISH_S)

    def collect(self, clicks: Clicks) -> Trial:
        """Return what became of the clicks, once their handlers are done."""
        numbers = self._discord.press(clicks.press_id, wait_s=max(0.0, clicks.due_s - time.monotonic()))
        if numbers["pending"]:
            raise CannotMeasure(f"{self.scheme}: {numbers['pending']} clicks have not ended")
        interactions = self._discord.interactions(since=clicks.since)["interactions"]
        self._skip_interactions()
        return read_trial(numbers, interactions, clicks.at_s, clicks.earlier_pid)

    def _restart(self, pid: int, event: str) -> None:
        if self._command is None:
            os.kill(pid, signal.SIGUSR1)
            return
        command = self._command if event == "restart" else (*self._command[:-1], event)
        done = subprocess.run(
            command, env=self._supervisor.environ, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
        if done.returncode:
            raise CannotMeasure(f"{self.scheme}: the restart failed: {(done.stdout + done.stderr).strip()}")

    def _find_pid(self) -> int:
        """Return the process that answered last."""
        for one in reversed(self._discord.interactions(since=self._last_id)["interactions"]):
            if one["acknowledged"] and one["acknowledged"]["pid"]:
                return int(one["acknowledged"]["pid"])
        raise CannotMeasure(f"{self.scheme}: the bot does not answer")

    def _count_sessions(self) -> int:
        """Return the number of the newest session."""
        return max((session["number"] for session in self._discord.sessions()["sessions"]), default=0)

    def _skip_interactions(self) -> None:
        for one in self._discord.interactions(since=self._last_id)["interactions"][-1:]:
            self._last_id = one["interaction_id"]

    def _wait_for(self, is_so: Callable[[], bool], problem: str) -> None:
        deadline_s = time.monotonic() + _TIMEOUT_S
        while not is_so():
            if time.monotonic() > deadline_s:
                raise CannotMeasure(problem)
            time.sleep(0.05)


@contextmanager
def run_bot(scheme: str, directory: Path, environ: Mapping[str, str], latency_ms: float) -> Iterator[RunningBot]:
    """Run a bot under `scheme`, with round trips of `latency_ms`; it ends with the block. Raises CannotMeasure."""
    without = {"BENCH_NO_HANDOVER": "1"} if scheme == LOOP else {}
    with bot_environment(directory, MODULE, **environ, **without) as environment:
        supervisor, command = _start(scheme, environment)
        try:
            bot = RunningBot(scheme, supervisor, DiscordControl(environment.port, timeout_s=_TIMEOUT_S), command)
            bot.prepare(latency_ms)
            yield bot
        finally:
            supervisor.stop()


def _start(scheme: str, environment: BotEnvironment) -> tuple[Supervisor, tuple[str, ...] | None]:
    start = {STOCKSUP: start_stocksup, LOOP: start_loop, SUPERVISORD: start_supervisord}[scheme]
    supervisor = start(environment.directory, environment.command, environment.environ)
    if scheme == STOCKSUP:
        stocksup = str(Path(sys.executable).parent / "stocksup")
        return supervisor, (stocksup, "--config", str(environment.config), "restart")
    if scheme == SUPERVISORD:
        config = str(environment.directory / "supervisord.conf")
        return supervisor, (f"{install_supervisors()}/supervisorctl", "-c", config, "restart", "bot")
    return supervisor, None
