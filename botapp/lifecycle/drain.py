"""The drain: clean up before this process ends, or before another one serves, and report to the supervisor."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, Protocol, get_args

from botapp.config.settings import FlushPolicy
from botapp.lifecycle.context import LifecycleBot
from botapp.locale import _

if TYPE_CHECKING:
    from botapp.lifecycle.serving import Serving
    from supervisor.client import Message

log = logging.getLogger(__name__)

#: time for background work when the process ends without a drain, in seconds
UNREQUESTED_DRAIN_S: Final = 5.0


class DrainableBot(LifecycleBot, Protocol):
    """The bot as its drain uses it."""

    serving: Serving


class Drain:
    """Drains the bot at most once at a time."""

    def __init__(self, bot: DrainableBot) -> None:
        self._bot = bot
        self._task: asyncio.Task[None] | None = None
        self._reason = ""
        self._deadline_s = 0.0
        self._report: Message = {}
        self._resume_timer: asyncio.TimerHandle | None = None

    def start(self, reason: str, deadline_s: float, flush: str | None) -> None:
        """Drain in the background, and send the report to the supervisor. A drain that still runs is kept.

        Args:
            reason: "restart" or "stop" before this process ends, "handover" before another one serves.
            deadline_s: time for background work, in seconds.
            flush: the flush policy that the supervisor read; None leaves it to our settings.
        """
        if self._task is None or self._task.done():
            self._reason, self._deadline_s = reason, deadline_s
            # the supervisor may have reloaded the configuration, this process has not
            self._bot.admin.flush = next((policy for policy in get_args(FlushPolicy) if policy == flush), None)
            self._task = asyncio.create_task(self._run(reason, deadline_s))

    @property
    def is_for_restart(self) -> bool:
        """Whether the bot has drained, or drains, because another process is to follow."""
        return self._task is not None and self._reason == "restart"

    async def finish(self) -> None:
        """Wait for the drain that runs; without one, drain now, as for a stop."""
        if self._task is not None and not self._task.done():
            await asyncio.wait({self._task}, timeout=UNREQUESTED_DRAIN_S)
        role = self._bot.serving.role
        if role == "retiring":
            await self._bot.tasks.drain(UNREQUESTED_DRAIN_S)
        elif role == "serving" and (self._task is None or self._reason == "handover"):
            await self.clean_up("stop", UNREQUESTED_DRAIN_S)

    def connection_changed(self, connected: bool) -> None:
        """Serve again if the supervisor that requested the drain stays away for as long as the drain may take."""
        if self._resume_timer is not None:
            self._resume_timer.cancel()
            self._resume_timer = None
        is_drained = self._task is not None and self._reason != "handover"
        if not connected and is_drained and not self._bot.is_ending:
            self._resume_timer = asyncio.get_running_loop().call_later(self._deadline_s, self._resume)

    async def clean_up(self, reason: str, deadline_s: float) -> Message:
        """Run the clean-up and return its report; before a stop, show members that the shop is closed."""
        stopping = reason == "stop"
        if stopping and self._bot.gateway.was_online:
            await self._bot.live_updater.close()
        result = await self._bot.admin._cleanup_before_restart(
            deadline_s, stopping=stopping, handing_over=reason == "handover"
        )
        return {
            "drained": list(result.drained),
            "cancelled": list(result.cancelled),
            "flushed_entries": result.flushed_entries,
            "steps": result.steps,
        }

    async def _run(self, reason: str, deadline_s: float) -> None:
        bot = self._bot
        if bot.serving.role == "serving":
            self._report = await self.clean_up(reason, deadline_s)
            if reason == "handover" and not await self._cut(deadline_s):
                return
        elif reason != "handover":  # else the supervisor repeats it
            await bot.tasks.drain(deadline_s)
        if bot.link is not None:
            bot.link.notify("drained", report=self._report)

    async def _cut(self, deadline_s: float) -> bool:
        """Let another process serve; return whether that was possible. If not, this one goes on serving."""
        bot = self._bot
        await bot.live_updater.abandon_update()
        bot.cache.suspend()
        try:
            bot.serving.cut(deadline_s)
        except OSError as error:
            log.error(_("cannot hand over: %s; serving again"), error)
            bot.cache.resume()
            self._serve_again()
            return False
        return True

    def _resume(self) -> None:
        log.warning(_("the supervisor that requested the drain is gone: serving again"))
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._serve_again()

    def _serve_again(self) -> None:
        self._bot.cache.unseal()
        self._bot.tasks.resume()
        self._bot.live_updater.reopen()
