"""Formatting of money, times and numbers in the language in use. Pure."""

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
    """Return a number with thousands separators."""
    return money.group_thousands(value, _separator())


def format_amount(value: int, units: Sequence[Denomination]) -> str:
    """Return an amount of base units in denominations, such as "1 DL 50 WL"."""
    return money.format_in_denominations(value, units, _separator())


def format_price(value: int, units: Sequence[Denomination]) -> str:
    """Return an amount in denominations, followed by the base unit if that differs."""
    text, base = format_amount(value, units), money.format_in_base_unit(value, units, _separator())
    return text if text == base else f"{text} ({base})"


def format_time(at_ms: int, style: Literal["R", "f", "d"] = "R") -> str:
    """Return a Discord timestamp, which each client shows in its own language and time zone."""
    return f"<t:{at_ms // 1000}:{style}>"


def entry_kind_label(kind: str) -> str:
    """Return the label of a kind of transaction."""
    return _(_ENTRY_KINDS.get(kind, kind))


def quote(text: str) -> str:
    """Return `text` as inline code, so that Discord formats nothing in it and mentions no member."""
    return f"`{text.replace('`', chr(39))}`"


def format_decimal(value: float, digits: int) -> str:
    """Return a number with `digits` after the decimal mark."""
    return f"{value:.{digits}f}".replace(".", _("decimal mark|.").rpartition("|")[2])


def _separator() -> str:
    return _("thousands separator|,").rpartition("|")[2]


def sparkline(counts: Sequence[int]) -> str:
    """Return a chart of one line, scaled to the highest count."""
    most = max(counts, default=0)
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // most) if most else 0] for count in counts)
