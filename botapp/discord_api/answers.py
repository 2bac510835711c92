"""Acknowledge a command, and answer an interaction whose acknowledgement may have been lost."""

from __future__ import annotations

import logging
from typing import Any, Final

import discord
from discord.ext import commands

from botapp.locale import _

log = logging.getLogger(__name__)

#: Discord's error codes for a second acknowledgement, and for one that comes too late
ALREADY_ACKNOWLEDGED: Final = 40060
UNKNOWN_INTERACTION: Final = 10062


async def acknowledge(ctx: commands.Context[Any]) -> bool:
    """Acknowledge a command; return whether to carry it out. Raises HTTPException.

    Discord shows "the application did not respond" when the acknowledgement comes too late, and then the command must
    not be executed: the admin gives it again. When another process has acknowledged it, that one carries it out.
    """
    try:
        await ctx.defer(ephemeral=True)
    except discord.HTTPException as error:
        if error.code not in (ALREADY_ACKNOWLEDGED, UNKNOWN_INTERACTION):
            raise
        log.info(
            _("%(command)s: not executed, too late or already answered (%(why)s)"),
            {"command": ctx.command, "why": error},
        )
        return False
    return True


async def send_answer(interaction: discord.Interaction[Any], **message: Any) -> None:
    """Send a message as the first answer, or as a further one if Discord has a first one. Raises HTTPException."""
    if not interaction.response.is_done():
        try:
            await interaction.response.send_message(**message)
            return
        except discord.HTTPException as error:
            # the acknowledgement reached Discord, but every answer to it was lost
            if error.code != ALREADY_ACKNOWLEDGED:
                raise
    await interaction.followup.send(**message)
