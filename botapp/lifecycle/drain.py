"""The drain: clean up before this process ends, report to the supervisor, serve again if the supervisor is gone."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, get_args

from botapp.config.settings import FlushPolicy
from botapp.locale import _

if TYPE_CHECKING:
    from botapp.lifecycle.context import LifecycleBot
    from supervisor.client import Message

log = logging.getLogger(__name__)

#: time for background work when the process ends without a drain, in seconds
UNREQUESTED_DRAIN_S: Final = 5.0


class Drain:
    """Drains the bot at most once at a time."""

    def __init__(self, bot: LifecycleBot) -> None:
        self._bot = bot
        self._task: asyncio.Task[None] | None = None
        self._reason = ""
        self._deadline_s = 0.0
        self._resume_timer: asyncio.TimerHandle | None = None

    def start(self, reason: str, deadline_s: float, flush: str | None) -> None:
        """Drain in the background, and send the report to the supervisor. A drain that still runs is kept.

        Args:
            reason: "restart" or "stop".
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
        if self._task is None:
            await self.clean_up("stop", UNREQUESTED_DRAIN_S)
        elif not self._task.done():
            await asyncio.wait({self._task}, timeout=UNREQUESTED_DRAIN_S)

    def connection_changed(self, connected: bool) -> None:
        """Serve again if the supervisor that requested the drain stays away for as long as the drain may take."""
        if self._resume_timer is not None:
            self._resume_timer.cancel()
            self._resume_timer = None
        if not connected and self._task is not None and not self._bot.is_ending:
            self._resume_timer = asyncio.get_running_loop().call_later(self._deadline_s, self._resume)

    async def clean_up(self, reason: str, deadline_s: float) -> Message:
        """Run the clean-up and return its report; before a stop, show members that the shop is closed."""
        stopping = reason == "stop"
        if stopping and self._bot.gateway.was_online:
            await self._bot.live_updater.close()
        result = await self._bot.admin._cleanup_before_restart(deadline_s, stopping=stopping)
        return {
            "drained": list(result.drained),
            "cancelled": list(result.cancelled),
            "flushed_entries": result.flushed_entries,
            "steps": result.steps,
        }

    async def _run(self, reason: str, deadline_s: float) -> None:
        report = await self.clean_up(reason, deadline_s)
        if self._bot.link is not None:
            self._bot.link.notify("drained", report=report)

    def _resume(self) -> None:
        log.warning(_("the supervisor that requested the drain is gone: serving again"))
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._bot.cache.unseal()
        self._bot.tasks.resume()
        self._bot.live_updater.reopen()
