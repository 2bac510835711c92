"""The bot, with a probe: `python -m bench.restart.probed_bot`.

While it serves, that is until its clean-up begins or another process takes over, it answers every datagram at
`$BENCH_PROBE` on its own event loop, with an id of its own: an answer means that this process takes work.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from bench.common import execv_bot
from botapp.config.settings import Settings
from botapp.lifecycle.serving import Serve, Serving
from supervisor.client import LifeEnvironment, Message

_PROCESS_ID: Final = os.urandom(8)
_MAX_PROBE_BYTES: Final = 64


class ProbedBot(execv_bot.ExecvBot):
    """The bot with a probe."""

    _probe: socket.socket | None = None

    def __init__(
        self, settings: Settings, environment: LifeEnvironment | None, passed_sockets: Sequence[socket.socket] = ()
    ) -> None:
        super().__init__(settings, environment, passed_sockets)
        self.drain = ProbedDrain(self)
        self.serving = ProbedServing(self, is_prepared=environment is not None and environment.is_prepared)

    def open_probe(self) -> None:
        """Answer from now on."""
        self._probe = _bind(os.environ["BENCH_PROBE"])
        asyncio.get_running_loop().add_reader(self._probe, self._answer, self._probe)

    def close_probe(self) -> None:
        """Stop answering."""
        if self._probe is not None:
            asyncio.get_running_loop().remove_reader(self._probe)
            self._probe.close()

    def _answer(self, probe: socket.socket) -> None:
        _, sender = probe.recvfrom(_MAX_PROBE_BYTES)
        with suppress(BlockingIOError):  # the asker has not read the last answers yet
            probe.sendto(_PROCESS_ID, sender)


class ProbedDrain(execv_bot.RestartDrain):
    """The drain of a bot with a probe."""

    def __init__(self, bot: ProbedBot) -> None:
        super().__init__(bot)
        self._probed_bot = bot

    async def clean_up(self, reason: str, deadline_s: float) -> Message:
        """Close the probe, then clean up."""
        if reason != "handover":
            self._probed_bot.close_probe()
        return await super().clean_up(reason, deadline_s)


class ProbedServing(Serving):
    """The service of a bot with a probe."""

    def __init__(self, bot: ProbedBot, *, is_prepared: bool) -> None:
        super().__init__(bot, is_prepared=is_prepared)
        self._probed_bot = bot

    def _begin(self, order: Serve, handed_over: int | None) -> None:
        self._probed_bot.open_probe()
        super()._begin(order, handed_over)

    def cut(self, deadline_s: float) -> None:
        """Close the probe: another process serves."""
        self._probed_bot.close_probe()
        super().cut(deadline_s)


def _bind(path: str) -> socket.socket:
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    probe.setblocking(False)
    with suppress(FileNotFoundError):
        os.unlink(path)
    probe.bind(path)
    return probe


if __name__ == "__main__":
    execv_bot.run(ProbedBot)
