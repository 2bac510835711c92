"""Parsing of the order numbers, prices and users that admins type. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from botapp.store.domain.money import Denomination, InvalidAmount, parse_amount

#: largest integer that every database can hold
_MAX_ORDER = 2**63 - 1


def parse_order_id(text: str) -> int | None:
    """Return the order id in "123" or "#000123", or None if there is none."""
    match = re.fullmatch(r"#?\s*0*(\d{1,19})", text.strip(), re.ASCII)
    number = int(match[1]) if match else 0
    return number if 0 < number <= _MAX_ORDER else None


def split_price(price: str, rest: str, units: Sequence[Denomination]) -> tuple[int, str]:
    """Return the amount that begins in `price` and may continue in `rest`, and the text after it.

    "5" and "DL sent by DM" are 5 DL and "sent by DM". Quotes around the text are removed. Raises InvalidAmount.
    """
    words = [price, *rest.split()]
    for count in range(len(words), 0, -1):
        try:
            amount = parse_amount(" ".join(words[:count]), units)
        except InvalidAmount:
            continue
        left = rest if count == 1 else rest.split(maxsplit=count - 1)[count - 1] if count <= len(rest.split()) else ""
        quoted = re.fullmatch(r'"(.*)"', left.strip(), re.DOTALL)
        return amount, quoted[1] if quoted else left.strip()
    raise InvalidAmount(price)


def parse_user_id(text: str) -> int | None:
    """Return the user id in a mention or an id, or None if the text is something else, such as a member name."""
    match = re.fullmatch(r"<@!?(\d{1,20})>|(\d{17,20})", text.strip(), re.ASCII)
    number = int(match[1] or match[2]) if match else 0
    return number if 0 < number < 2**63 else None
