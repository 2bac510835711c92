"""Answers to one member as data: text, select, buttons, modal. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from botapp.ui.live.render import Button

#: most options of a select, and longest label, in characters
MAX_OPTIONS: Final = 25
MAX_LABEL_CHARS: Final = 100
#: longest title of a modal, and longest label of its field, in characters
MAX_TITLE_CHARS: Final = 45

#: Discord's button styles
BLUE: Final = 1
GREY: Final = 2
GREEN: Final = 3

#: embed colours
CALM: Final = 0x5865F2
GOOD: Final = 0x2ECC71
WAITING: Final = 0xF1C40F


@dataclass(frozen=True)
class SelectOption:
    """One option of a select."""

    value: str
    label: str
    description: str
    emoji: str


@dataclass(frozen=True)
class Select:
    """A select menu for one choice."""

    custom_id: str
    placeholder: str
    #: at least one, at most MAX_OPTIONS
    options: tuple[SelectOption, ...]


@dataclass(frozen=True)
class Panel:
    """One answer: an embed, or plain text if it has no title."""

    text: str
    title: str = ""
    colour: int = CALM
    #: names and values of inline fields
    fields: tuple[tuple[str, str], ...] = ()
    select: Select | None = None
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class Modal:
    """A modal with one short field."""

    custom_id: str
    title: str
    field_id: str
    label: str
    value: str
    placeholder: str
    min_chars: int
    max_chars: int


def shorten(text: str, max_chars: int) -> str:
    """Return `text`, cut to `max_chars` with an ellipsis if it is longer."""
    return text if len(text) <= max_chars else text[: max_chars - 1] + "…"
