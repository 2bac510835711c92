"""discord.py objects of the live message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from botapp.ui.live.render import Button, RenderedMessage

#: serves a click: takes the interaction and the custom id of the button
OnClick = Callable[[discord.Interaction[Any], str], Awaitable[None]]


class ClickView(discord.ui.View):
    """A persistent view: its buttons never time out and work across restarts."""

    def __init__(self, buttons: tuple[Button, ...], on_click: OnClick) -> None:
        super().__init__(timeout=None)
        for button in buttons:
            self.add_item(_ViewButton(button, on_click))


class _ViewButton(discord.ui.Button[ClickView]):
    def __init__(self, button: Button, on_click: OnClick) -> None:
        super().__init__(
            style=discord.ButtonStyle(button.style),
            label=button.label,
            emoji=button.emoji,
            custom_id=button.custom_id,
            disabled=button.disabled,
        )
        self._click_id = button.custom_id
        self._on_click = on_click

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await self._on_click(interaction, self._click_id)


def build_embeds(rendered: RenderedMessage) -> list[discord.Embed]:
    """Return the embeds of the live message."""
    description = "\n".join(line for line in (rendered.description, rendered.updated) if line)
    embed = discord.Embed(title=rendered.title, description=description, colour=rendered.colour)
    for name, value in rendered.fields:
        embed.add_field(name=name, value=value, inline=False)
    return [embed, *(discord.Embed(description=page, colour=rendered.colour) for page in rendered.pages)]
