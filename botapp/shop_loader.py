"""The shop opens while the bot serves already: what it stands on takes longer to load than Discord to let us in.

What is asked of the shop meanwhile waits for it; where Discord wants an answer soon, it is said that it opens.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import discord
from discord import app_commands

from botapp.discord_api import language
from botapp.discord_api import slash_commands as slash
from botapp.locale import _, speaking
from botapp.runtime import state_file as state
from botapp.runtime.state_file import StateError

if TYPE_CHECKING:
    from botapp.cogs.context import ShopHost
    from botapp.config.settings import Settings
    from botapp.shop import Shop

log = logging.getLogger(__name__)

#: how long an interaction waits for the shop, in seconds: Discord gives three for the answer
PATIENCE_S: Final = 2.0
#: an opening that takes longer than this counts as a fault, in seconds
SLOW_S: Final = 30.0
#: messages that are kept for the shop until it is open; of more than these the oldest are forgotten
MAX_HEARD: Final = 1000


class ShopLoader:
    """How far this life's shop is."""

    #: None until it is loaded; it is open when `wait` returns
    shop: Shop | None = None

    def __init__(self) -> None:
        self._done = asyncio.Event()
        self._since_s = time.monotonic()
        #: messages that came while it was not open: some report deposits
        self.heard: deque[discord.Message] = deque(maxlen=MAX_HEARD)

    @property
    def done(self) -> bool:
        """Whether the shop is open."""
        return self._done.is_set()

    def health(self) -> dict[str, Any]:
        """Return how the parts of the shop are, as `status` shows them; None for one that is just opening."""
        if self.shop is not None and self.done:
            return self.shop.health()
        if time.monotonic() - self._since_s < SLOW_S:
            return {"database": None}
        problem = _("the shop has not opened yet: its database does not answer, or somebody holds it")
        return {"database": {"is_healthy": False, "last_error": problem, "external": True}}

    def hear(self, message: discord.Message) -> None:
        """A message has come, anywhere; while the shop does not hear by itself, it is kept for it."""
        if not self.done:
            self.heard.append(message)

    async def run(self, bot: ShopHost) -> None:
        """Load the shop, open it, and give `bot` its part. To be called once. Raises ConfigError."""
        module = await asyncio.to_thread(importlib.import_module, "botapp.shop")
        shop: Shop = module.Shop(bot.settings, bot.live_updater.refresh_soon)
        self.shop = shop
        await shop.open()
        await shop.add_to(bot, self.heard)
        slash.describe(bot.walk_commands())
        self._done.set()
        self.heard.clear()
        bot.start_serving()
        bot.send_heartbeat()

    def notify(self, text: str) -> None:
        """Have admins told something, where there is a shop to do so."""
        if self.shop is not None:
            self.shop.notify(text)

    async def wait(self) -> Shop:
        """Return the shop as soon as it is open."""
        await self._done.wait()
        assert self.shop is not None
        return self.shop

    async def wait_for_command(self, bot: ShopHost, message: discord.Message) -> None:
        """Return at once, or, where a message orders what is not known yet, when the shop is open."""
        if not self.done and not message.author.bot:
            context = await bot.get_context(message)
            if context.invoked_with and context.command is None:
                await self.wait()

    async def wait_for(self, interaction: discord.Interaction[Any]) -> Shop | None:
        """Return the shop as soon as it is open; None: that takes too long, which whoever waits has been told."""
        try:
            return await asyncio.wait_for(self.wait(), PATIENCE_S)
        except TimeoutError:
            with speaking(language.interaction_language(interaction)):
                text = _("⏳ The shop is just opening. Please try again in a moment.")
                await interaction.response.send_message(text, ephemeral=True)
            return None


def has_books(settings: Settings) -> bool:
    """Tell whether an earlier life has made the shop's database."""
    try:
        return state.load(settings.state_file).database_created
    except StateError:
        return False  # why it cannot be told, the shop says


class LazyCommandTree(app_commands.CommandTree[Any]):
    """Slash commands, those of the shop too, which are there only once it is open."""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Wait for the shop where a command is not known yet; return whether to go on."""
        data: dict[str, Any] = dict(interaction.data or {})
        name = str(data.get("name", ""))
        if self.get_command(name) is not None:
            return True
        try:
            loader: ShopLoader = interaction.client.loader
            return await loader.wait_for(interaction) is not None
        except discord.HTTPException as error:
            log.info(_("a member could not be told: %s"), error)
            return False
