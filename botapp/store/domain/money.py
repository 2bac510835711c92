"""Amounts of money: one integer in the base unit; denominations exist for showing and typing only. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct

#: largest amount there can be, in the base unit; every language's numbers can hold it exactly
MAX_AMOUNT: Final = 2**53 - 1
#: longest text that is read as an amount, in characters
MAX_TEXT_CHARS: Final = 200


class Denomination(Struct, frozen=True, forbid_unknown_fields=True):
    """One denomination."""

    #: as members write it out, such as "Diamond Lock"
    name: Annotated[str, Meta(min_length=1, max_length=40)]
    #: as it is shown, such as "DL"
    short: Annotated[str, Meta(min_length=1, max_length=10)]
    #: how many of the base unit it is worth; the base unit itself: 1
    value: Annotated[int, Meta(ge=1, le=MAX_AMOUNT)]


class InvalidAmount(ValueError):
    """A text is no amount of money; `part` is what could not be read."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


_ITEM: Final = re.compile(
    r"\s*(?P<count>[0-9]{1,3}(?:[.,][0-9]{3})+|[0-9]+)(?!\d)\s*(?P<unit>[^\W\d_](?:[^\d,;+]*[^\s\d,;+])?)?"
    r"\s*(?P<end>[,;+]|$)"
)


def parse(text: str, units: Sequence[Denomination]) -> int:
    """Return the amount, in the base unit, that `text` names: "150", "1 DL 50 WL", "1 World Lock, 2 Diamond Lock".

    A number alone counts base units. Thousands may be apart with "." or ",". Raises InvalidAmount.
    """
    if not text.strip() or len(text) > MAX_TEXT_CHARS:
        raise InvalidAmount(text[:MAX_TEXT_CHARS])
    values = _values(units)
    total, at = 0, 0
    rest = re.sub(r"(?<=[^\W\d_])\s+(?=\d)", ", ", text)  # "1 DL 50 WL" is a list too
    while at < len(rest):
        found = _ITEM.match(rest, at)
        value = values.get(_folded(found["unit"] or "")) if found else None
        # half of one cannot be told from one and half of a hundred: "1,5" is no list, as "1 DL, 5 WL" is
        if found is None or value is None or (found["end"] == "," and not found["unit"]):
            raise InvalidAmount(rest[at:].strip())
        total += int(re.sub(r"[.,]", "", found["count"])) * value
        at = found.end()
    if total > MAX_AMOUNT:
        raise InvalidAmount(text)
    return total


def split(amount: int, units: Sequence[Denomination]) -> list[tuple[int, Denomination]]:
    """Return `amount` in as few pieces as can be: (how many, of which unit), the greatest first; never empty."""
    greatest_first = sorted(units, key=lambda unit: unit.value, reverse=True)
    pieces = []
    rest = abs(amount)
    for unit in greatest_first:
        count, rest = divmod(rest, unit.value)
        if count:
            pieces.append((count, unit))
    return pieces or [(0, greatest_first[-1])]


def grouped(number: int, separator: str) -> str:
    """Return `number` with its thousands apart."""
    return f"{number:,}".replace(",", separator)


def in_units(amount: int, units: Sequence[Denomination], separator: str) -> str:
    """Return `amount` in denominations, such as "1 DL 50 WL"; one that is owed begins with a minus."""
    text = " ".join(f"{grouped(count, separator)} {unit.short}" for count, unit in split(amount, units))
    return f"-{text}" if amount < 0 else text


def in_base(amount: int, units: Sequence[Denomination], separator: str) -> str:
    """Return `amount` in the base unit, such as "150 WL"."""
    base = min(units, key=lambda unit: unit.value)
    return f"{grouped(amount, separator)} {base.short}"


def problem_of(units: Sequence[Denomination]) -> str | None:
    """Return which unit makes `units` unusable, by its name; None: they are good. A base unit has to be there."""
    seen: set[str] = set()
    for unit in units:
        for name in {_folded(unit.name), _folded(unit.short)}:
            if not re.match(r"[^\W\d_]", name) or re.search(r"[\d,;+]", name) or name in seen:
                return unit.name
            seen.add(name)
    return None if any(unit.value == 1 for unit in units) else "1"


def _values(units: Sequence[Denomination]) -> dict[str, int]:
    values = {"": 1}
    for unit in units:
        for name in (unit.name, unit.short):
            values[_folded(name)] = values[_folded(name) + "s"] = unit.value
    return values


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
