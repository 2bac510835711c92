"""Loads and opens the shop in the background: its libraries take longer to import than Discord takes to connect.

Requests that need the shop wait for it. Where Discord expects an answer within seconds, the member is told to retry.
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

from botapp.discord_api import language, slash_commands
from botapp.discord_api.http_calls import replayed_application
from botapp.locale import _, speaking
from botapp.runtime import state_file
from botapp.runtime.state_file import StateError

if TYPE_CHECKING:
    from botapp.cogs.context import ShopHost
    from botapp.config.settings import Settings
    from botapp.shop import Shop

log = logging.getLogger(__name__)

#: how long an interaction waits for the shop, in seconds; Discord allows three for an answer
MAX_WAIT_S: Final = 2.0
#: the database is unhealthy when the shop opens more slowly than this, in seconds
SLOW_S: Final = 10.0
#: messages kept for the shop; the oldest are dropped
MAX_KEPT_MESSAGES: Final = 1000


class ShopLoader:
    """Loads the shop of one process."""

    #: None until it is loaded; `is_open` says whether it can be used
    shop: Shop | None = None

    def __init__(self, *, is_beside: bool = False) -> None:
        """`is_beside`: whether another process serves meanwhile, so that the database must stay usable for it."""
        self._is_beside = is_beside
        self._opened = asyncio.Event()
        self._started_at_s = time.monotonic()
        self._task: asyncio.Task[None] | None = None
        #: messages that came before the shop read them itself: some report deposits
        self._messages: deque[discord.Message] = deque(maxlen=MAX_KEPT_MESSAGES)
        self._keeps_messages = True

    @property
    def is_open(self) -> bool:
        """Whether the shop is open."""
        return self._opened.is_set()

    def start(self, bot: ShopHost) -> None:
        """Begin to load the shop and to add its parts to `bot`. To be called once."""
        self._task = asyncio.create_task(self._load(bot))

    @property
    def is_loaded(self) -> bool:
        """Whether the shop is open, or can be opened by `open_alone`."""
        return self._task is not None and self._task.done()

    @property
    def must_be_alone(self) -> bool:
        """Whether the shop is loaded, and can be opened only when no other process serves."""
        return self.is_loaded and not self.is_open

    async def finish(self) -> None:
        """Wait until the shop is loaded. Raises ConfigError, TryLater, and whatever else stopped it."""
        assert self._task is not None, "start() comes first"
        await self._task

    async def open_alone(self) -> None:
        """Open the shop, if it is loaded, when no other process serves any more. Raises ConfigError."""
        if self.must_be_alone and self.shop is not None:
            await self.shop.open()
            self._opened.set()

    def cancel(self) -> None:
        """Stop loading."""
        if self._task is not None:
            self._task.cancel()

    def health(self) -> dict[str, Any]:
        """Return the health of the shop's parts by name; None for a part that is still opening."""
        if self.shop is not None and self.is_open:
            return self.shop.health()
        if time.monotonic() - self._started_at_s < SLOW_S:
            return {"database": None}
        problem = _("the shop has not opened yet: its database does not answer, or another process has locked it")
        return {"database": {"is_healthy": False, "last_error": problem, "external": True}}

    def keep(self, message: discord.Message) -> None:
        """Keep a message for the shop, until the shop reads messages itself."""
        if self._keeps_messages:
            self._messages.append(message)

    def take_messages(self) -> list[discord.Message]:
        """Return the messages that were kept, and keep no more."""
        self._keeps_messages = False
        messages = list(self._messages)
        self._messages.clear()
        return messages

    def notify(self, text: str) -> None:
        """Queue a notification to the admins, if the shop is loaded."""
        if self.shop is not None:
            self.shop.notify(text)

    async def wait(self) -> Shop:
        """Return the shop once it is open."""
        await self._opened.wait()
        assert self.shop is not None
        return self.shop

    async def wait_for_command(self, bot: ShopHost, message: discord.Message) -> None:
        """Wait for the shop if the message has a command that may be one of the shop's."""
        if not self.is_open and not message.author.bot:
            context = await bot.get_context(message)
            if context.invoked_with and context.command is None:
                await self.wait()

    async def wait_for(self, interaction: discord.Interaction[Any]) -> Shop | None:
        """Return the shop once it is open; None if that takes too long, and then the member is told."""
        try:
            return await asyncio.wait_for(self.wait(), MAX_WAIT_S)
        except TimeoutError:
            with speaking(language.interaction_language(interaction)):
                text = _("⏳ The shop is just opening. Please try again in a moment.")
                await interaction.response.send_message(text, ephemeral=True)
            return None

    async def _load(self, bot: ShopHost) -> None:
        module = await asyncio.to_thread(importlib.import_module, "botapp.shop")
        shop: Shop = module.Shop(bot.settings, bot.live_updater.refresh_soon, bot.send_heartbeat)
        self.shop = shop
        is_open = True
        if self._is_beside:
            is_open = await shop.open_beside()
        else:
            await shop.open()
        await shop.add_to(bot)
        slash_commands.describe(bot.walk_commands())
        if is_open:
            self._opened.set()
        bot.send_heartbeat()


def was_database_created(settings: Settings) -> bool:
    """Return whether an earlier process created the shop's database."""
    try:
        return state_file.expect(settings.state_file).database_created
    except StateError:
        return False  # the shop logs the error


class LazyCommandTree(app_commands.CommandTree[Any]):
    """Slash commands; those of the shop are added only when it opens."""

    async def _call(self, interaction: discord.Interaction[Any]) -> None:
        """Execute a command, and record that it is finished: discord.py has no event for one that fails."""
        try:
            await super()._call(interaction)
        finally:
            interaction.client.finish(interaction.id)

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Wait for the shop if the command is unknown so far; return whether to go on."""
        data: dict[str, Any] = dict(interaction.data or {})
        name = str(data.get("name", ""))
        if self.get_command(name) is not None:
            return True
        loader: ShopLoader = interaction.client.loader
        if replayed_application.get() is not None:
            # the process that has begun it may have done it: "try again" would be wrong
            await loader.wait()
            return True
        try:
            return await loader.wait_for(interaction) is not None
        except discord.HTTPException as error:
            log.info(_("cannot tell a member that the shop is opening: %s"), error)
            return False
