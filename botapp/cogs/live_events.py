"""`LiveEvents`: looks after the live message when something in the guild has changed that it hangs on."""

from __future__ import annotations

import discord
from discord.ext import commands

from botapp.services.live_message.updater import LiveMessageUpdater


class LiveEvents(commands.Cog):
    """Hears what happens to messages, channels and roles."""

    def __init__(self, shopfront: LiveMessageUpdater) -> None:
        self._shopfront = shopfront

    @commands.Cog.listener()
    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """Post the live message again when it was deleted."""
        self._shopfront.message_deleted(event.message_id)

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """Post the live message again when it was deleted among others."""
        for message_id in event.message_ids:
            self._shopfront.message_deleted(message_id)

    @commands.Cog.listener()
    async def on_guild_channel_create(self, channel: discord.abc.GuildChannel) -> None:
        """A missing channel may be there now."""
        self._retry_if_unhealthy()

    @commands.Cog.listener()
    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        """A missing permission may be there now."""
        self._retry_if_unhealthy()

    @commands.Cog.listener()
    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        """A missing permission may be there now."""
        self._retry_if_unhealthy()

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """A missing channel may be there now."""
        self._retry_if_unhealthy()

    def _retry_if_unhealthy(self) -> None:
        if not self._shopfront.livestock.is_healthy():
            self._shopfront.refresh_soon()
