"""What a button, a list or a form of the shop does is all in its custom id, so that any life can serve it. Pure."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

#: all that is ours begins with this
PREFIX: Final = "stocksup:"
#: the version changes when the meaning of the ids does
_V1: Final = f"{PREFIX}v1:"
#: longest custom id that Discord takes, in characters
MAX_CHARS: Final = 100

#: every step there is, and how many numbers it carries
_STEPS: Final = {
    "register": 0,
    "balance": 0,
    "buy": 0,
    "world": 0,
    "history": 0,
    #: the form with the handle
    "register:form": 0,
    #: another page of products: its number, from 0
    "buy:page": 1,
    #: the list of products; its value is the product's id
    "buy:pick": 0,
    #: ask how many pieces of a product: its id
    "buy:ask": 1,
    #: the form with the quantity: the product's id
    "buy:count": 1,
    #: confirmed: product, quantity, price of one piece, and the id of the interaction that asked for confirmation
    "buy:yes": 4,
    "buy:no": 0,
    #: the list of own orders; its value is the order's id
    "history:pick": 0,
}
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")


class Step(NamedTuple):
    """What somebody wants done."""

    #: one of the names above
    name: str
    numbers: tuple[int, ...] = ()


def build(name: str, *numbers: int) -> str:
    """Return the custom id of a step; `numbers` are as many as the step carries, none below zero."""
    assert _STEPS[name] == len(numbers)
    return _V1 + ":".join([name, *map(str, numbers)])


def parse(custom_id: str) -> Step | None:
    """Return the step that a custom id names; None: it is none of these, or of another version."""
    if not custom_id.startswith(_V1) or len(custom_id) > MAX_CHARS:
        return None
    words = custom_id.removeprefix(_V1).split(":")
    for count in range(len(words)):
        name, numbers = ":".join(words[: len(words) - count]), words[len(words) - count :]
        if _STEPS.get(name) == count and all(_NUMBER.fullmatch(one) for one in numbers):
            return Step(name, tuple(map(int, numbers)))
    return None


REGISTER: Final = build("register")
BALANCE: Final = build("balance")
BUY: Final = build("buy")
WORLD: Final = build("world")
HISTORY: Final = build("history")
#: the buttons of the live message
LIVE: Final = (REGISTER, BALANCE, BUY, WORLD, HISTORY)
