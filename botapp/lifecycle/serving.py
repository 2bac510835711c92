"""Starts what only one process of the bot may do at a time: it edits, delivers, syncs, and reads the state file."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from botapp.discord_api import slash_commands
from botapp.locale import _
from botapp.services.health import LAG_INTERVAL_S

if TYPE_CHECKING:
    from botapp.lifecycle.context import LifecycleBot
    from botapp.shop import Shop

log = logging.getLogger(__name__)


class Serving:
    """Lets one process serve."""

    def __init__(self, bot: LifecycleBot) -> None:
        self._bot = bot

    async def run(self) -> None:
        """Serve as soon as the session is open. What loads meanwhile, the shop, follows when it is open."""
        await self._bot.gateway.opened.wait()
        self._begin()
        self._start_work(await self._bot.loader.wait())

    def _begin(self) -> None:
        """Read what earlier processes have left, and report ready."""
        bot = self._bot
        bot.live_updater.place(bot.placement.live_messages())
        if bot.link is not None:
            bot.link.report_ready()
        log.info(_("ready as %(user)s (process %(life)s)"), {"user": bot.user, "life": bot.life or "-"})
        if bot.live_updater.channel_id is None:
            log.warning(_("live message: not posted, because no channel is chosen; use /setup in the shop's channel"))
        bot.tasks.repeat(_("loop lag"), LAG_INTERVAL_S, bot.measure_loop_lag)
        if not bot.tasks.is_quiesced:
            bot.tasks.spawn(_("clicks of the process before"), bot.take_over_events())
            bot.tasks.spawn(_("live messages"), bot.placement.remove_others(bot.live_updater.keys))

    def _start_work(self, shop: Shop) -> None:
        """Start the work that needs the shop."""
        bot = self._bot
        bot.live_updater.start()
        shop.start(bot.tasks, bot.loader.take_messages())
        if not bot.tasks.is_quiesced:
            shop.finish_unfinished(bot.tasks)
            sync = slash_commands.sync_if_changed(bot.tree, bot.settings.state_file)
            bot.tasks.spawn(_("slash commands"), sync)
