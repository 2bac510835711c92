"""The bot, with a probe: `python -m bench.restart.probed_bot`.

It is `python -m botapp` with two additions. From READY until its clean-up begins it answers every datagram at
`$BENCH_PROBE` on its own event loop, with an id of its own: an answer means that this process takes work. On SIGUSR1 it
ends as usual, and then becomes a new process by `os.execv`. Every end cleans up as for a restart: the message for
members at a stop would be extra work.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import botapp.bot
from botapp import startup
from botapp.config.settings import Settings
from botapp.drain import Drain
from supervisor.client import LifeEnvironment, Message

_PROCESS_ID: Final = os.urandom(8)
_MAX_PROBE_BYTES: Final = 64
_execv_requested = False


class ProbedBot(botapp.bot.ShopBot):
    """The bot with a probe."""

    _probe: socket.socket | None = None

    def __init__(
        self, settings: Settings, environment: LifeEnvironment | None, passed_sockets: Sequence[socket.socket] = ()
    ) -> None:
        super().__init__(settings, environment, passed_sockets)
        self.drain = ProbedDrain(self)

    async def on_connect(self) -> None:
        """READY: answer from now on."""
        loop = asyncio.get_running_loop()
        if self._probe is None:
            loop.add_signal_handler(signal.SIGUSR1, _end_and_execv)
            self._probe = _bind(os.environ["BENCH_PROBE"])
            loop.add_reader(self._probe, self._answer, self._probe)
        await super().on_connect()

    def close_probe(self) -> None:
        """Stop answering."""
        if self._probe is not None:
            asyncio.get_running_loop().remove_reader(self._probe)
            self._probe.close()

    def _answer(self, probe: socket.socket) -> None:
        _, sender = probe.recvfrom(_MAX_PROBE_BYTES)
        with suppress(BlockingIOError):  # the asker has not read the last answers yet
            probe.sendto(_PROCESS_ID, sender)


class ProbedDrain(Drain):
    """The drain of a bot with a probe."""

    def __init__(self, bot: ProbedBot) -> None:
        super().__init__(bot)
        self._probed_bot = bot

    async def clean_up(self, reason: str, deadline_s: float) -> Message:
        """Close the probe, then clean up as for a restart."""
        self._probed_bot.close_probe()
        return await super().clean_up("restart", deadline_s)


def _bind(path: str) -> socket.socket:
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    probe.setblocking(False)
    with suppress(FileNotFoundError):
        os.unlink(path)
    probe.bind(path)
    return probe


def _end_and_execv() -> None:
    global _execv_requested
    _execv_requested = True
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Run the bot to its end, and again if that was requested."""
    botapp.bot.ShopBot = ProbedBot  # type: ignore[misc]  # the bot that runs must be this one
    code = startup.run()
    sys.stdout.flush()
    sys.stderr.flush()
    if _execv_requested:
        os.execv(sys.executable, [sys.executable, "-m", "bench.restart.probed_bot"])
    os._exit(code)


if __name__ == "__main__":
    main()
