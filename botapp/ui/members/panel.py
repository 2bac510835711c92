"""What is answered to one member, in words: made of text, a list, buttons, or a form. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from botapp.ui.live.render import Button

#: what a select menu holds at most, and how long the words in it may be, in characters
MAX_OPTIONS: Final = 25
MAX_LABEL_CHARS: Final = 100
#: how long the title of a form may be, in characters, and the label of its field
MAX_TITLE_CHARS: Final = 45

#: looks of buttons, by Discord's numbers
BLUE: Final = 1
GREY: Final = 2
GREEN: Final = 3

#: colours of answers
CALM: Final = 0x5865F2
GOOD: Final = 0x2ECC71
WAITING: Final = 0xF1C40F


@dataclass(frozen=True)
class SelectOption:
    """One thing that can be chosen."""

    value: str
    label: str
    description: str
    emoji: str


@dataclass(frozen=True)
class Select:
    """A list of which one thing is chosen."""

    custom_id: str
    placeholder: str
    #: at least one, at most MAX_CHOICES
    options: tuple[SelectOption, ...]


@dataclass(frozen=True)
class Panel:
    """One answer. Without a title it is plain text."""

    text: str
    title: str = ""
    colour: int = CALM
    #: name and value of each, beside one another
    fields: tuple[tuple[str, str], ...] = ()
    select: Select | None = None
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class Modal:
    """A form with one short field."""

    custom_id: str
    title: str
    field_id: str
    label: str
    value: str
    placeholder: str
    min_chars: int
    max_chars: int


def shorten(text: str, max_chars: int) -> str:
    """Return `text`, or its beginning with an ellipsis where it is longer than `max_chars`."""
    return text if len(text) <= max_chars else text[: max_chars - 1] + "…"
