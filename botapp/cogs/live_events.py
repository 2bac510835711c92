"""`LiveEvents`: updates the live message after changes in the guild."""

from __future__ import annotations

import discord
from discord.ext import commands

from botapp.services.live_message.updater import LiveMessageUpdater


class LiveEvents(commands.Cog):
    """Handles events of messages, channels and roles."""

    def __init__(self, live_updater: LiveMessageUpdater) -> None:
        self._live_updater = live_updater

    @commands.Cog.listener()
    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """Post the live message again when it was deleted."""
        self._live_updater.message_deleted(event.message_id)

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """Post the live message again when it was deleted in bulk."""
        for message_id in event.message_ids:
            self._live_updater.message_deleted(message_id)

    @commands.Cog.listener()
    async def on_guild_channel_create(self, channel: discord.abc.GuildChannel) -> None:
        """Retry: a missing channel may exist now."""
        self._retry_if_unhealthy()

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Notice a live message that is gone with its channel."""
        self._live_updater.channels_changed({channel.id})

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Notice that the bot was removed, or that the guild was deleted."""
        self._live_updater.channels_changed({channel.id for channel in guild.channels})

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
        """Look for the live message where the bot was invited again."""
        self._live_updater.channels_changed({channel.id for channel in guild.channels})

    def _retry_if_unhealthy(self) -> None:
        if not self._live_updater.livestock.is_healthy():
            self._live_updater.refresh_soon()
