"""`LiveEvents`: updates the live message after changes in the guild."""

from __future__ import annotations

import discord
from discord.ext import commands

from botapp.services.live_message.updater import LiveMessageUpdater


class LiveEvents(commands.Cog):
    """Handles events of messages, channels and roles."""

    def __init__(self, shopfront: LiveMessageUpdater) -> None:
        self._shopfront = shopfront

    @commands.Cog.listener()
    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """Post the live message again when it was deleted."""
        self._shopfront.message_deleted(event.message_id)

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """Post the live message again when it was deleted in bulk."""
        for message_id in event.message_ids:
            self._shopfront.message_deleted(message_id)

    @commands.Cog.listener()
    async def on_guild_channel_create(self, channel: discord.abc.GuildChannel) -> None:
        """Retry: a missing channel may exist now."""
        self._retry_if_unhealthy()

    @commands.Cog.listener()
    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        """Retry: a missing permission may be granted now."""
        self._retry_if_unhealthy()

    @commands.Cog.listener()
    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        """Retry: a missing permission may be granted now."""
        self._retry_if_unhealthy()

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Retry: a missing channel may exist now."""
        self._retry_if_unhealthy()

    def _retry_if_unhealthy(self) -> None:
        if not self._shopfront.livestock.is_healthy():
            self._shopfront.refresh_soon()
