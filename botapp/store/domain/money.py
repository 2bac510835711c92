"""Amounts of money: integers in the base unit. Denominations exist for display and input only. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct

from botapp.store.domain.identity import normalize_key, remove_invisible

#: largest amount, in the base unit; a float64 holds it exactly
MAX_AMOUNT: Final = 2**53 - 1
#: longest text accepted as an amount, in characters
MAX_TEXT_CHARS: Final = 200


class Denomination(Struct, frozen=True, forbid_unknown_fields=True):
    """A denomination of the shop's currency."""

    #: full name, such as "Diamond Lock"
    name: Annotated[str, Meta(min_length=1, max_length=40)]
    #: abbreviation, such as "DL"
    short: Annotated[str, Meta(min_length=1, max_length=10)]
    #: value in base units; 1 for the base unit itself
    value: Annotated[int, Meta(ge=1, le=MAX_AMOUNT)]


class InvalidAmount(ValueError):
    """A text is not an amount of money; `part` is the part that could not be read."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


class AmountTooLarge(InvalidAmount):
    """The amount is above MAX_AMOUNT."""


class MissingAmount(InvalidAmount):
    """A text does not begin with an amount; the end of an unquoted name may stand there."""


class UnclearAmount(InvalidAmount):
    """It is not clear where the amount at the beginning of a text ends."""


#: a number, the unit if there is one, and what separates it from the next. "0.500" and "1,234.567" are no numbers:
#: thousands have no leading zero, and one separator throughout
_ITEM: Final = re.compile(
    r"\s*(?P<count>[1-9][0-9]{0,2}(?:(?P<separator>[.,])[0-9]{3})(?:(?P=separator)[0-9]{3})*|[0-9]+)(?!\d)"
    r"\s*(?P<unit>[^\W\d_](?:[^\d,;+]*[^\s\d,;+])?)?\s*(?P<end>[,;+]|\Z)"
)


def parse_amount(text: str, units: Sequence[Denomination]) -> int:
    """Return the amount in base units for a text such as "150", "1 DL 50 WL", "1 World Lock, 2 Diamond Lock".

    A number without a unit means base units. Thousands may be separated by "." or ",". Raises InvalidAmount, and
    AmountTooLarge.
    """
    text = remove_invisible(text[: MAX_TEXT_CHARS + 1])
    if not text.strip() or len(text) > MAX_TEXT_CHARS:
        raise InvalidAmount(text[:MAX_TEXT_CHARS])
    values = _unit_values(units)
    total, at = 0, 0
    separators = set()
    rest = re.sub(r"(?<=[^\W\d_])\s+(?=\d)", ", ", text)  # separate "1 DL 50 WL"
    while at < len(rest):
        match = _ITEM.match(rest, at)
        value = values.get(normalize_key(match["unit"] or "")) if match else None
        # "1,5" is ambiguous (a fraction, or a list), so a list separated by commas needs units: "1 DL, 5 WL"
        if match is None or value is None or (match["end"] == "," and not match["unit"]):
            raise InvalidAmount(rest[at:].strip())
        separators |= {match["separator"]} - {None}
        total += int(re.sub(r"[.,]", "", match["count"])) * value
        at = match.end()
    if len(separators) > 1:
        raise InvalidAmount(text)
    if total > MAX_AMOUNT:
        raise AmountTooLarge(text)
    return total


def split_amount(amount: int, units: Sequence[Denomination]) -> list[tuple[int, Denomination]]:
    """Return `amount` as the fewest denominations: pairs (count, unit), largest unit first, never empty."""
    largest_first = sorted(units, key=lambda unit: unit.value, reverse=True)
    parts = []
    rest = abs(amount)
    for unit in largest_first:
        count, rest = divmod(rest, unit.value)
        if count:
            parts.append((count, unit))
    return parts or [(0, largest_first[-1])]


def group_thousands(number: int, separator: str) -> str:
    """Return `number` with `separator` between thousands."""
    return f"{number:,}".replace(",", separator)


def format_in_denominations(amount: int, units: Sequence[Denomination], separator: str) -> str:
    """Return `amount` in denominations, such as "1 DL 50 WL"; a negative one starts with a minus."""
    text = " ".join(f"{group_thousands(count, separator)} {unit.short}" for count, unit in split_amount(amount, units))
    return f"-{text}" if amount < 0 else text


def format_in_base_unit(amount: int, units: Sequence[Denomination], separator: str) -> str:
    """Return `amount` in the base unit, such as "150 WL"."""
    base = min(units, key=lambda unit: unit.value)
    return f"{group_thousands(amount, separator)} {base.short}"


def find_invalid_unit(units: Sequence[Denomination]) -> str | None:
    """Return the name of the unit that makes `units` unusable ("1" if there is no base unit), or None."""
    seen: set[str] = set()
    for unit in units:
        for name in {normalize_key(unit.name), normalize_key(unit.short)}:
            if not re.match(r"[^\W\d_]", name) or re.search(r"[\d,;+]", name) or name in seen:
                return unit.name
            seen.add(name)
    return None if any(unit.value == 1 for unit in units) else "1"


def _unit_values(units: Sequence[Denomination]) -> dict[str, int]:
    names = {normalize_key(name): unit.value for unit in units for name in (unit.name, unit.short)}
    # a name that the owner chose has precedence over an invented plural
    return {"": 1, **{f"{name}s": value for name, value in names.items()}, **names}
