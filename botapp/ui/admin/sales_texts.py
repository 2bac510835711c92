"""A report of sales in words: the table, and what is written into the picture. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from botapp.locale import N_, _
from botapp.store.domain.money import Denomination
from botapp.store.usecases.sales import SalesReport, SalesTotal
from botapp.ui.admin.sales_chart import Bar, Picture, Row
from botapp.ui.formatting import format_amount, format_number

#: products and days that are listed; the picture shows all days
MAX_PRODUCTS: Final = 15
MAX_DAYS: Final = 31
#: products in the picture
BEST: Final = 5
#: labels there is room for below the picture's days
_LABELS: Final = 10
#: longest block of lines, in characters, so that one message holds it
_BLOCK_CHARS: Final = 1600
#: width of names in the table; with the other columns a phone shows it without breaking lines
_NAME_CHARS: Final = 16

_MONTHS: Final = (
    N_("month|Jan"), N_("month|Feb"), N_("month|Mar"), N_("month|Apr"), N_("month|May"), N_("month|Jun"),
    N_("month|Jul"), N_("month|Aug"), N_("month|Sep"), N_("month|Oct"), N_("month|Nov"), N_("month|Dec"),
)  # fmt: skip


def title(days: int) -> str:
    """Return the title of a report."""
    return _("Sales today") if days == 1 else _("Sales of the last %d days") % days


def overview(report: SalesReport, units: Sequence[Denomination]) -> str:
    """Return all sales together, and each product."""
    parts = [_total(report.all, units)]
    if report.all.refunded:
        parts.append(_("Refunded (not included above): %s") % format_amount(report.all.refunded, units))
    if not report.products:
        return "\n".join([*parts, _("No sales.")])
    lines = [_line(name, found, units) for name, found in report.products[:MAX_PRODUCTS]]
    if more := report.products[MAX_PRODUCTS:]:
        lines.append(_line(_("others"), sum((found for _name, found in more), SalesTotal()), units))
    return "\n".join([*parts, _block(lines)])


def day_table(report: SalesReport, units: Sequence[Denomination]) -> str:
    """Return each day on which something was sold, the last ones if they are many."""
    lines = [_line(format_day(day), found, units) for day, found in report.days if found != SalesTotal()]
    return _block(lines[-MAX_DAYS:])


def picture(report: SalesReport, units: Sequence[Denomination]) -> Picture:
    """Return what the picture of a report shows."""
    every = -(-len(report.days) // _LABELS)
    # the last day has its label in any case
    labelled = set(range(len(report.days) - 1, -1, -every))
    bars = [
        Bar(format_day(day) if place in labelled else "", found.revenue, found.refunded)
        for place, (day, found) in enumerate(report.days)
    ]
    highest = max(bar.value + bar.refunded for bar in bars)
    return Picture(
        title=title(len(report.days)),
        total=_total(report.all, units),
        earned=_("Revenue"),
        refunded=_("Refunded"),
        bars=tuple(bars),
        ticks=tuple((height, format_amount(height, units)) for height in axis_ticks(highest)),
        best=_("Best-selling products"),
        rows=tuple(
            Row(name, found.revenue, format_amount(found.revenue, units)) for name, found in report.products[:BEST]
        ),
    )


def axis_ticks(highest: int) -> list[int]:
    """Return round heights for a scale from 0 to `highest` or a little more, at most six. Pure."""
    step, factors = 1, (2, 2.5, 2)
    place = 0
    while step * 5 < highest:
        step = int(step * factors[place % 3])
        place += 1
    return [step * count for count in range(max(1, -(-highest // step)) + 1)]


def format_day(day: date) -> str:
    """Return a day as "25 Nov"."""
    return f"{day.day} {_(_MONTHS[day.month - 1]).rpartition('|')[2]}"


def _total(found: SalesTotal, units: Sequence[Denomination]) -> str:
    params = {"revenue": format_amount(found.revenue, units), "count": format_number(found.items)}
    return _("%(revenue)s · %(count)s sold") % params


def _line(name: str, found: SalesTotal, units: Sequence[Denomination]) -> str:
    name = name.replace("`", "'")
    fitted = name if len(name) <= _NAME_CHARS else f"{name[: _NAME_CHARS - 1]}…"
    line = f"{fitted:<{_NAME_CHARS}} {format_number(found.items):>5}  {format_amount(found.revenue, units)}"
    return f"{line} (-{format_amount(found.refunded, units)})" if found.refunded else line


def _block(lines: Sequence[str]) -> str:
    """Return lines as a block; the first give way where there is no room for all."""
    while sum(len(line) + 1 for line in lines) > _BLOCK_CHARS:
        lines = lines[1:]
    return "\n".join(["```", *lines, "```"])
