"""Package the items of a purchase: as text, or as a file if they exceed one message. Pure but for `files`."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import discord

from botapp.locale import _
from botapp.store.domain.records import Purchase, order_number
from botapp.ui.formatting import format_number

#: maximum length of a message, in characters
MAX_MESSAGE_CHARS: Final = 2000
_NAME_CHARS: Final = 80


@dataclass(frozen=True)
class Package:
    """What is sent to the member. Its repr hides the items, so that they never get into a log."""

    #: order number, as members see it
    number: str
    #: the whole message, or the text above the file
    text: str = field(repr=False)
    #: content of the file; None if everything is in the text
    file: str | None = field(default=None, repr=False)

    def files(self) -> list[discord.File]:
        """Return the file to send, if there is one; it can be used for one request."""
        if self.file is None:
            return []
        name = f"order-{self.number.removeprefix('#')}.txt"
        return [text_attachment(self.file, name)]


def pack(purchase: Purchase, items: Sequence[str]) -> Package:
    """Return the package of a purchase, in the current language."""
    name = purchase.product_name[:_NAME_CHARS]
    head = f"{order_heading(purchase.id)} · {format_number(purchase.quantity)} × {name}"
    lines = "\n".join(items)
    text = f"{head}\n```\n{lines}\n```"
    if len(text) <= MAX_MESSAGE_CHARS and "```" not in lines:
        return Package(order_number(purchase.id), text)
    note = _("Your items are in the file, one per line.")
    return Package(order_number(purchase.id), f"{head}\n{note}", lines + "\n")


def text_attachment(text: str, name: str) -> discord.File:
    """Return a text file to send. It has a byte order mark unless it is ASCII: Discord's clients guess the encoding."""
    return discord.File(io.BytesIO(text.encode("ascii" if text.isascii() else "utf-8-sig")), name)


def order_heading(purchase_id: int) -> str:
    """Return how the message of a delivery starts, in every language, and no other message does."""
    return f"📦 **{order_number(purchase_id)}**"
