"""The answer to a command that failed unexpectedly."""

from __future__ import annotations

import logging
from typing import Any

import discord
from discord.ext import commands

from botapp.discord_api.answers import send_answer
from botapp.locale import _

log = logging.getLogger(__name__)

#: characters of a command's name in the log: anybody can type one
_MAX_NAME_CHARS = 50


async def reply_command_failed(context: commands.Context[Any], exception: Exception) -> None:
    """Log why the command failed, and reply that it did."""
    cause = getattr(exception, "original", exception)
    if isinstance(cause, discord.Forbidden):
        # the bot may not write there, so it cannot reply either
        log.error(
            _("may not answer %(command)s in channel %(channel)d: %(why)s; give the bot Send Messages there"),
            {"command": context.invoked_with, "channel": context.channel.id, "why": cause.text},
        )
        return
    log.error(_("command %s failed"), f"{context.prefix}{context.invoked_with}"[:_MAX_NAME_CHARS], exc_info=cause)
    text = _("❌ That did not work; the reason is in the bot's log.")
    if context.interaction is not None:
        await send_answer(context.interaction, content=text, ephemeral=True)
    else:
        await context.reply(text)
