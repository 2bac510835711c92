"""discord.py objects of panels and modals. They do not wait for clicks: the custom ids carry all state."""

from __future__ import annotations

from typing import Any

import discord

from botapp.ui.members.panel import Modal, Panel


def build_message(panel: Panel) -> dict[str, Any]:
    """Return a panel as the arguments of a message edit."""
    embed = None
    if panel.title:
        embed = discord.Embed(title=panel.title, description=panel.text or None, colour=panel.colour)
        for name, value in panel.fields:
            embed.add_field(name=name, value=value)
    return {"content": None if embed else panel.text, "embed": embed, "view": _build_view(panel)}


def build_new_message(panel: Panel) -> dict[str, Any]:
    """Return a panel as the arguments of a new message, which cannot have empty parts."""
    return {name: part for name, part in build_message(panel).items() if part is not None}


def build_modal(form: Modal) -> discord.ui.Modal:
    """Return a modal as a discord.py object."""
    modal = discord.ui.Modal(title=form.title, timeout=None, custom_id=form.custom_id)
    field: discord.ui.TextInput[Any] = discord.ui.TextInput(
        label=form.label,
        custom_id=form.field_id,
        default=form.value or None,
        placeholder=form.placeholder or None,
        min_length=form.min_chars,
        max_length=form.max_chars,
    )
    modal.add_item(field)
    modal.stop()
    return modal


def _build_view(panel: Panel) -> discord.ui.View | None:
    if panel.select is None and not panel.buttons:
        return None
    view = discord.ui.View(timeout=None)
    if panel.select is not None:
        options = [
            discord.SelectOption(
                label=option.label, value=option.value, description=option.description, emoji=option.emoji
            )
            for option in panel.select.options
        ]
        select = panel.select
        view.add_item(discord.ui.Select(custom_id=select.custom_id, placeholder=select.placeholder, options=options))
    for button in panel.buttons:
        view.add_item(
            discord.ui.Button(
                style=discord.ButtonStyle(button.style),
                label=button.label,
                emoji=button.emoji or None,
                custom_id=button.custom_id,
                disabled=button.disabled,
            )
        )
    # discord.py would keep every view that is not stopped, for ever
    view.stop()
    return view
