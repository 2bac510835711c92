"""Custom ids of buttons, selects and modals. They carry all state, so that any process can serve them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

#: the prefix of all our custom ids
PREFIX: Final = "stocksup:"
#: the version changes with the meaning of the ids
_V1: Final = f"{PREFIX}v1:"
#: longest custom id that Discord accepts, in characters
MAX_CHARS: Final = 100

#: every step, and how many numbers it carries
_STEPS: Final = {
    "register": 0,
    "balance": 0,
    "buy": 0,
    "world": 0,
    "history": 0,
    #: the modal with the member name
    "register:form": 0,
    #: show a page of products: its number, from 0
    "buy:page": 1,
    #: the select of products; its value is the product id
    "buy:pick": 0,
    #: ask for the quantity: product id
    "buy:ask": 1,
    #: the modal with the quantity: product id
    "buy:count": 1,
    #: confirm: product id, quantity, unit price, and the id of the interaction that asked for confirmation
    "buy:yes": 4,
    "buy:no": 0,
    #: the select of orders; its value is the order id
    "history:pick": 0,
}
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")


class Step(NamedTuple):
    """A step of a member, with its numbers."""

    #: a key of `_STEPS`
    name: str
    numbers: tuple[int, ...] = ()


def build(name: str, *numbers: int) -> str:
    """Return the custom id of a step. It carries a fixed number of `numbers`, none below zero."""
    assert _STEPS[name] == len(numbers)
    return _V1 + ":".join([name, *map(str, numbers)])


def parse(custom_id: str) -> Step | None:
    """Return the step of a custom id, or None if it is unknown or of another version."""
    if not custom_id.startswith(_V1) or len(custom_id) > MAX_CHARS:
        return None
    words = custom_id.removeprefix(_V1).split(":")
    for count in range(len(words)):
        name, numbers = ":".join(words[: len(words) - count]), words[len(words) - count :]
        if _STEPS.get(name) == count and all(map(_NUMBER.fullmatch, numbers)):
            return Step(name, tuple(map(int, numbers)))
    return None


def is_step(interaction: Mapping[str, Any]) -> bool:
    """Return whether an interaction, as the gateway sends it, is a step of a member."""
    data = interaction.get("data")
    return isinstance(data, dict) and parse(str(data.get("custom_id", ""))) is not None


REGISTER: Final = build("register")
BALANCE: Final = build("balance")
BUY: Final = build("buy")
WORLD: Final = build("world")
HISTORY: Final = build("history")
#: the buttons of the live message
LIVE: Final = (REGISTER, BALANCE, BUY, WORLD, HISTORY)
#: the buttons of questions to admins
CONFIRM_YES: Final = f"{_V1}confirm:yes"
CONFIRM_NO: Final = f"{_V1}confirm:no"
RESTART_YES: Final = f"{_V1}restart:yes"
RESTART_NO: Final = f"{_V1}restart:no"
ANSWERS: Final = (CONFIRM_YES, CONFIRM_NO, RESTART_YES, RESTART_NO)
