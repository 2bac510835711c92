"""Answer an interaction whose acknowledgement may have been lost."""

from __future__ import annotations

from typing import Any, Final

import discord

#: Discord's error code for a second acknowledgement
ALREADY_ACKNOWLEDGED: Final = 40060


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
