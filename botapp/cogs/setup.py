"""`SetupCog`: `/setup` chooses the channel of the live message."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from botapp.discord_api import permissions
from botapp.discord_api import slash_commands as slash
from botapp.discord_api.answers import acknowledge
from botapp.locale import N_, _
from botapp.runtime.state_file import StateError
from botapp.runtime.tasks import NotAccepting
from botapp.services.live_message.message import CannotShow
from botapp.ui.admin import setup_dialog
from botapp.ui.admin.setup_dialog import SetupRequest

if TYPE_CHECKING:
    from botapp.cogs.context import CogBot

log = logging.getLogger(__name__)


class SetupCog(commands.Cog):
    """The `/setup` command."""

    def __init__(self, bot: CogBot) -> None:
        self.bot = bot

    @commands.hybrid_command(name="setup", **slash.command_attributes(N_("Show the live message in this channel")))  # type: ignore[arg-type]
    @app_commands.guild_only()
    async def setup(self, ctx: commands.Context[commands.Bot]) -> None:
        """Show the live message in this channel."""
        try:
            with self.bot.tasks.track(f"setup · {ctx.author}"):
                # Discord expects an answer within three seconds, and posting may take longer
                if await acknowledge(ctx):
                    await self._reply(ctx, await self.choose(ctx))
        except NotAccepting:
            await ctx.reply(_("🔄 The bot is restarting. Please try again in a moment."), ephemeral=True)

    async def choose(self, ctx: commands.Context[commands.Bot]) -> str:
        """Move the live message to the channel of `ctx`, if possible; return the answer."""
        request = self._build_request(ctx)
        if (problem := setup_dialog.refusal(request)) is not None:
            log.info(
                _("/setup refused for %(who)s: %(answer)s"),
                {"who": f"{ctx.author} ({ctx.author.id})", "answer": problem},
            )
            return problem
        try:
            await self.bot.move_live_message(ctx.channel.id)
        except StateError as error:
            return setup_dialog.channel_not_saved(str(error))
        except CannotShow as error:
            return setup_dialog.not_shown(str(error))
        log.info(
            _("live message: moved to channel %(channel)d by %(who)s"),
            {"who": f"{ctx.author} ({ctx.author.id})", "channel": ctx.channel.id},
        )
        return setup_dialog.channel_chosen()

    def _build_request(self, ctx: commands.Context[commands.Bot]) -> SetupRequest:
        channel = ctx.channel
        is_text_channel = isinstance(channel, discord.TextChannel)
        missing: list[str] = []
        if isinstance(channel, discord.TextChannel):
            missing = permissions.missing_names(channel.permissions_for(channel.guild.me))
        return SetupRequest(
            is_admin=self.bot.is_admin(ctx.author),
            is_text_channel=is_text_channel,
            missing=missing,
            configured_id=self.bot.settings.bot.live_channel_id,
        )

    async def _reply(self, ctx: commands.Context[commands.Bot], text: str) -> None:
        """Answer in the channel, or by direct message if the bot may not write there."""
        try:
            await ctx.reply(text, ephemeral=True)
        except discord.Forbidden:
            try:
                await ctx.author.send(text)
            except discord.Forbidden:
                log.warning(_("cannot answer %(who)s: %(text)s"), {"who": ctx.author, "text": text})
