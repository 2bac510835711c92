"""The answer to the question for the currency: parse it, show it, write it as TOML. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec
import tomlkit

from botapp.store.domain.money import Denomination, find_invalid_unit

Currency = tuple[Denomination, ...]

#: currencies that an answer may name
PRESETS: Final[dict[str, Currency]] = {
    "coin": (Denomination("Coin", "C", 1),),
    "growtopia": (
        Denomination("World Lock", "WL", 1),
        Denomination("Diamond Lock", "DL", 100),
        Denomination("Blue Gem Lock", "BGL", 10_000),
    ),
    "rupiah": (Denomination("Rupiah", "Rp", 1),),
}
#: what members call the name they register with, where the currency tells it
LABELS: Final = {"growtopia": "GrowID"}
DEFAULT: Final = "coin"
#: longest label of the member name, in characters
MAX_LABEL_CHARS: Final = 40

#: "Diamond Lock DL 100" or "Diamond Lock DL = 100"; without a value 1
_UNIT: Final = re.compile(r"(?P<name>\S.*?)\s+(?P<short>\S+?)(?:(?:\s*=\s*|\s+)(?P<value>\d{1,16}))?")


def parse(text: str) -> Currency | None:
    """Return the currency in an answer, or None: a name of `PRESETS`, or units such as "World Lock WL 1, Diamond …"."""
    if (preset := PRESETS.get(text.strip().lower())) is not None:
        return preset
    matches = [_UNIT.fullmatch(part.strip()) for part in text.split(",")]
    fields = [{**match.groupdict(), "value": int(match["value"] or 1)} for match in matches if match is not None]
    try:
        units = tuple(msgspec.convert(fields, list[Denomination]))
    except msgspec.ValidationError:
        return None
    is_valid = len(fields) == len(matches) <= 20 and find_invalid_unit(units) is None
    return units if is_valid and [unit.value for unit in units].count(1) == 1 else None


def parse_label(text: str) -> str | None:
    """Return the label of the member name in an answer, or None."""
    label = " ".join(text.split())
    return label if label and label.isprintable() and len(label) <= MAX_LABEL_CHARS else None


def preset_label(currency: Currency, default: str) -> str:
    """Return the label of the member name in shops with this currency."""
    return next((label for name, label in LABELS.items() if PRESETS[name] == currency), default)


def describe(currency: Sequence[Denomination]) -> str:
    """Return a currency as `parse` reads it."""
    return ", ".join(f"{unit.name} {unit.short} {unit.value}" for unit in currency)


def as_toml(currency: Sequence[Denomination]) -> str:
    """Return a currency as the value of `[store] currency`, one unit a line."""
    units = [
        f"    {{ name = {_quoted(unit.name)}, short = {_quoted(unit.short)}, value = {unit.value} }},\n"
        for unit in currency
    ]
    return f"[\n{''.join(units)}]"


def _quoted(text: str) -> str:
    return tomlkit.string(text).as_string()
