"""In which language somebody is answered: that of the client, else that of the guild where somebody chose one."""

from __future__ import annotations

from typing import Any, Final

import discord
from discord.ext import commands

from botapp import locale

#: only such a guild has a language that somebody chose; all others have "en-US" because nobody was asked
_COMMUNITY: Final = "COMMUNITY"


def of_interaction(interaction: discord.Interaction[Any]) -> str:
    """Return the language in which an interaction is to be answered, for `locale.speaking`."""
    return locale.choose(str(interaction.locale), _of_guild(interaction.guild))


def of_context(ctx: commands.Context[Any]) -> str:
    """Return the language in which a command is to be answered, for `locale.speaking`; a typed one carries none."""
    if ctx.interaction is not None:
        return of_interaction(ctx.interaction)
    return locale.choose(_of_guild(ctx.guild))


def _of_guild(guild: discord.Guild | None) -> str | None:
    return str(guild.preferred_locale) if guild is not None and _COMMUNITY in guild.features else None
