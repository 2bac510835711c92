"""What admins type for orders and members, read. Pure."""

from __future__ import annotations

import re

#: largest number of an order that is looked for: what every database can hold
_MAX_ORDER = 2**63 - 1


def order_id(text: str) -> int | None:
    """Return the number of the order that "123" or "#000123" names; None: none."""
    found = re.fullmatch(r"#?\s*0*(\d{1,19})", text.strip(), re.ASCII)
    number = int(found[1]) if found else 0
    return number if 0 < number <= _MAX_ORDER else None


def user_id(text: str) -> int | None:
    """Return the Discord user that a mention or an id names; None: it is something else, such as a handle."""
    found = re.fullmatch(r"<@!?(\d{1,20})>|(\d{17,20})", text.strip(), re.ASCII)
    number = int(found[1] or found[2]) if found else 0
    return number if 0 < number < 2**63 else None
