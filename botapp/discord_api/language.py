"""The language of an answer: that of the member's client, else that of the guild if its admins chose one."""

from __future__ import annotations

from typing import Any, Final

import discord
from discord.ext import commands

from botapp import locale

#: only the admins of such a guild choose its language; Discord sets "en-US" for all others
_COMMUNITY: Final = "COMMUNITY"


def interaction_language(interaction: discord.Interaction[Any]) -> str:
    """Return the language in which to answer an interaction, for `locale.speaking`."""
    return locale.choose(str(interaction.locale), _guild_language(interaction.guild))


def context_language(ctx: commands.Context[Any]) -> str:
    """Return the language in which to answer a command, for `locale.speaking`; a typed command names none."""
    if ctx.interaction is not None:
        return interaction_language(ctx.interaction)
    return locale.choose(_guild_language(ctx.guild))


def _guild_language(guild: discord.Guild | None) -> str | None:
    return str(guild.preferred_locale) if guild is not None and _COMMUNITY in guild.features else None
