"""What admins type for orders and members, read. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from botapp.store.domain.money import Denomination, InvalidAmount, parse_amount

#: largest number of an order that is looked for: what every database can hold
_MAX_ORDER = 2**63 - 1


def parse_order_id(text: str) -> int | None:
    """Return the number of the order that "123" or "#000123" names; None: none."""
    found = re.fullmatch(r"#?\s*0*(\d{1,19})", text.strip(), re.ASCII)
    number = int(found[1]) if found else 0
    return number if 0 < number <= _MAX_ORDER else None


def split_price(price: str, rest: str, units: Sequence[Denomination]) -> tuple[int, str]:
    """Return the amount that `price` and the beginning of `rest` name, as far as they name one, and what follows.

    "5" and "DL sent by DM" are 5 DL, "sent by DM". Quotes around what follows are taken off. Raises InvalidAmount.
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
    """Return the Discord user that a mention or an id names; None: it is something else, such as a handle."""
    found = re.fullmatch(r"<@!?(\d{1,20})>|(\d{17,20})", text.strip(), re.ASCII)
    number = int(found[1] or found[2]) if found else 0
    return number if 0 < number < 2**63 else None
