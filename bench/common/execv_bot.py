"""What a measured bot adds to `python -m botapp`.

On SIGUSR1 it ends as usual, and then becomes a new process by `os.execv`. Every end cleans up as for a restart: the
message for members at a stop would be extra work.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import botapp.bot
from botapp import startup
from botapp.lifecycle.drain import Drain

if TYPE_CHECKING:
    import socket

    from botapp.config.settings import Settings
    from supervisor.client import LifeEnvironment, Message

_execv_requested = False


class RestartDrain(Drain):
    """The drain of a bot that is only ever restarted."""

    async def clean_up(self, reason: str, deadline_s: float) -> Message:
        """Clean up as for a restart, unless another process takes over."""
        return await super().clean_up(reason if reason == "handover" else "restart", deadline_s)


class ExecvBot(botapp.bot.ShopBot):
    """The bot that can replace itself."""

    def __init__(
        self, settings: Settings, environment: LifeEnvironment | None, passed_sockets: Sequence[socket.socket] = ()
    ) -> None:
        super().__init__(settings, environment, passed_sockets)
        self.drain = RestartDrain(self)

    async def on_connect(self) -> None:
        """READY: replace this process on SIGUSR1."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, _end_and_execv)
        await super().on_connect()


def _end_and_execv() -> None:
    global _execv_requested
    _execv_requested = True
    os.kill(os.getpid(), signal.SIGTERM)


def run(bot: type[ExecvBot]) -> None:
    """Run the bot to its end, and again if that was requested."""
    botapp.bot.ShopBot = bot  # type: ignore[misc]  # the bot that runs must be this one
    code = startup.run()
    sys.stdout.flush()
    sys.stderr.flush()
    if _execv_requested:
        os.execv(sys.executable, sys.orig_argv)
    os._exit(code)
