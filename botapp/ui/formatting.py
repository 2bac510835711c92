"""How money, times and numbers are said, in the language in use. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from botapp.locale import N_, _
from botapp.store.domain import money
from botapp.store.domain.money import Denomination

_BARS: Final = "▁▂▃▄▅▆▇█"
_ENTRY_KINDS: Final = {
    "purchase": N_("purchase"),
    "refund": N_("refund"),
    "deposit": N_("deposit"),
    "admin_add": N_("added by an admin"),
    "admin_remove": N_("removed by an admin"),
    "reset": N_("set to zero by an admin"),
}


def format_number(value: int) -> str:
    """Return a number with its thousands apart."""
    return money.group_thousands(value, _separator())


def format_amount(value: int, units: Sequence[Denomination]) -> str:
    """Return an amount of base units in denominations, such as "1 DL 50 WL"."""
    return money.format_in_denominations(value, units, _separator())


def format_price(value: int, units: Sequence[Denomination]) -> str:
    """Return an amount in denominations, and in the base unit where that says it differently."""
    said, base = format_amount(value, units), money.format_in_base_unit(value, units, _separator())
    return said if said == base else f"{said} ({base})"


def format_time(at_ms: int, style: Literal["R", "f", "d"] = "R") -> str:
    """Return a time as Discord shows it: in each reader's own language and time zone."""
    return f"<t:{at_ms // 1000}:{style}>"


def entry_kind_label(kind: str) -> str:
    """Return what kind of change of a balance an entry is."""
    return _(_ENTRY_KINDS.get(kind, kind))


def quote(text: str) -> str:
    """Return somebody's words as code, so that nothing in them is taken for formatting or a mention."""
    return f"`{text.replace('`', chr(39))}`"


def format_decimal(value: float, digits: int) -> str:
    """Return a number with so many digits after the decimal mark."""
    return f"{value:.{digits}f}".replace(".", _("decimal mark|.").rpartition("|")[2])


def _separator() -> str:
    return _("thousands separator|,").rpartition("|")[2]


def sparkline(counts: Sequence[int]) -> str:
    """Return counts as a small chart of one line; the highest bar is the highest count."""
    most = max(counts, default=0)
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // most) if most else 0] for count in counts)
