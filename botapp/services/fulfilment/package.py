"""Goods as a member gets them: as text, or as a file where they do not fit into a message. Pure but for `files`."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import discord

from botapp.locale import _
from botapp.store.domain.records import Purchase, order_number
from botapp.ui.formatting import format_number

#: what a message holds, in characters
MAX_MESSAGE_CHARS: Final = 2000
_NAME_CHARS: Final = 80


@dataclass(frozen=True)
class Package:
    """What is sent. The goods are in none of what this shows of itself: it must not get into a log."""

    #: of the order, as members see it
    number: str
    #: the whole message, or what stands above the file
    text: str = field(repr=False)
    #: the content of the file; None: all is in the text
    file: str | None = field(default=None, repr=False)

    def files(self) -> list[discord.File]:
        """Return the file to be sent, if there is one; good for one request."""
        if self.file is None:
            return []
        name = f"order-{self.number.removeprefix('#')}.txt"
        return [discord.File(io.BytesIO(self.file.encode()), name)]


def pack(purchase: Purchase, items: Sequence[str]) -> Package:
    """Return the goods of a purchase as they are sent, in the language in use."""
    name = purchase.product_name[:_NAME_CHARS]
    head = f"{order_heading(purchase.id)} · {format_number(purchase.quantity)} × {name}"
    lines = "\n".join(items)
    text = f"{head}\n```\n{lines}\n```"
    if len(text) <= MAX_MESSAGE_CHARS and "```" not in lines:
        return Package(order_number(purchase.id), text)
    note = _("Your goods are in the file, one a line.")
    return Package(order_number(purchase.id), f"{head}\n{note}", lines + "\n")


def order_heading(purchase_id: int) -> str:
    """Return what a message with the goods of an order begins with, in every language, and no other message."""
    return f"📦 **{order_number(purchase_id)}**"
