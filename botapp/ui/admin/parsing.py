"""Parsing of the order numbers and prices that admins type. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from botapp.store.domain.money import (
    AmountTooLarge,
    Denomination,
    InvalidAmount,
    MissingAmount,
    UnclearAmount,
    parse_amount,
)

#: largest integer that every database can hold
_MAX_ORDER = 2**63 - 1
#: most words in the name of a unit, which has at most 40 characters
_MAX_UNIT_WORDS = 20
#: a text in quotes
_QUOTED = re.compile(r'"([^"]*)"')


def parse_order_id(text: str) -> int | None:
    """Return the order id in "123" or "#000123", or None if there is none."""
    match = re.fullmatch(r"#?\s*0*(\d{1,19})", text.strip(), re.ASCII)
    number = int(match[1]) if match else 0
    return number if 0 < number <= _MAX_ORDER else None


def split_price(price: str, rest: str, units: Sequence[Denomination]) -> tuple[int, str]:
    """Return the amount that begins in `price` and may continue in `rest`, and the text after it.

    "5" and "DL sent by DM" are 5 DL and "sent by DM". Quotes around the text are removed. Raises MissingAmount,
    UnclearAmount if the text may belong to the amount: "1 DL 0.500 WL", "5 DL 2 weeks", and AmountTooLarge.
    """
    words = [price, *rest.split()]
    for count in range(len(words), 0, -1):
        try:
            amount = parse_amount(" ".join(words[:count]), units)
        except AmountTooLarge:
            raise
        except InvalidAmount:
            continue
        left = rest if count == 1 else rest.split(maxsplit=count - 1)[count - 1] if count <= len(rest.split()) else ""
        quoted = re.fullmatch(r'"(.*)"', left.strip(), re.DOTALL)
        is_unclear = count > 1 and left.strip() and re.fullmatch(r"[0-9.,]+", words[count - 1])
        if quoted is None and (is_unclear or _continues_amount(left, units)):
            raise UnclearAmount(" ".join(words))
        return amount, quoted[1] if quoted else left.strip()
    raise MissingAmount(price)


def remove_quotes(text: str) -> str:
    """Return `text` without the quotes around it, if it has any."""
    quoted = _QUOTED.fullmatch(text.strip())
    return quoted[1] if quoted else text.strip()


def has_items(arguments: str) -> bool:
    """Return whether items follow the code in the arguments of a typed `addstock`."""
    return len(arguments.split(maxsplit=1)) > 1


def _continues_amount(text: str, units: Sequence[Denomination]) -> bool:
    """Return whether `text` begins with a fraction, or with a number and a unit: it continues an amount wrongly."""
    if re.match(r"\s*[.,;+]\s*[0-9]", text):
        return True
    number = re.match(r"[\s+]*[0-9][0-9.,]*\s*", text)
    if number is None:
        return False
    words = text[number.end() :].split()
    return any(
        _is_unit(" ".join(words[:count]).rstrip(".,;+"), units)
        for count in range(1, min(len(words), _MAX_UNIT_WORDS) + 1)
    )


def _is_unit(text: str, units: Sequence[Denomination]) -> bool:
    try:
        return parse_amount(f"1 {text}", units) > 0
    except InvalidAmount:
        return False
