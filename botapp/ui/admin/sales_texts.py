"""The sales report: its tables, and the contents of its chart. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from botapp.locale import N_, _
from botapp.store.domain.money import Denomination
from botapp.store.usecases.sales import SalesReport, SalesTotal
from botapp.ui.admin.sales_chart import Bar, Picture, Row
from botapp.ui.formatting import format_amount, format_number

#: most products and days in the tables; the chart shows all days
MAX_PRODUCTS: Final = 15
MAX_DAYS: Final = 31
#: products in the chart
BEST: Final = 5
#: most labels below the days of the chart
_LABELS: Final = 10
#: longest block of lines, in characters; it must fit one message
_BLOCK_CHARS: Final = 1600
#: width of names in the table; narrow enough for a phone
_NAME_CHARS: Final = 16

_MONTHS: Final = (
    N_("month|Jan"), N_("month|Feb"), N_("month|Mar"), N_("month|Apr"), N_("month|May"), N_("month|Jun"),
    N_("month|Jul"), N_("month|Aug"), N_("month|Sep"), N_("month|Oct"), N_("month|Nov"), N_("month|Dec"),
)  # fmt: skip


def title(days: int) -> str:
    """Return the title of the report."""
    return _("Sales today") if days == 1 else _("Sales of the last %d days") % days


def overview(report: SalesReport, units: Sequence[Denomination]) -> str:
    """Return the totals and a table of the products."""
    parts = [_total(report.all, units)]
    if report.all.refunded:
        parts.append(_("Refunded (not included above): %s") % format_amount(report.all.refunded, units))
    if not report.products:
        return "\n".join([*parts, _("No sales.")])
    lines = [_line(name, total, units) for name, total in report.products[:MAX_PRODUCTS]]
    if more := report.products[MAX_PRODUCTS:]:
        lines.append(_line(_("others"), sum((total for _name, total in more), SalesTotal()), units))
    return "\n".join([*parts, _block(lines)])


def day_table(report: SalesReport, units: Sequence[Denomination]) -> str:
    """Return a table of the latest days with sales."""
    lines = [_line(format_day(day), total, units) for day, total in report.days if total != SalesTotal()]
    return _block(lines[-MAX_DAYS:])


def picture(report: SalesReport, units: Sequence[Denomination]) -> Picture:
    """Return the contents of the chart."""
    every = -(-len(report.days) // _LABELS)
    # count from the end, so that the last day has a label
    labelled = set(range(len(report.days) - 1, -1, -every))
    bars = [
        Bar(format_day(day) if place in labelled else "", total.revenue, total.refunded)
        for place, (day, total) in enumerate(report.days)
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
            Row(name, total.revenue, format_amount(total.revenue, units)) for name, total in report.products[:BEST]
        ),
    )


def axis_ticks(highest: int) -> list[int]:
    """Return at most six round heights for an axis from 0 to `highest` or a little more."""
    step, factors = 1, (2, 2.5, 2)
    place = 0
    while step * 5 < highest:
        step = int(step * factors[place % 3])
        place += 1
    return [step * count for count in range(max(1, -(-highest // step)) + 1)]


def format_day(day: date) -> str:
    """Return a day as "25 Nov"."""
    return f"{day.day} {_(_MONTHS[day.month - 1]).rpartition('|')[2]}"


def _total(total: SalesTotal, units: Sequence[Denomination]) -> str:
    params = {"revenue": format_amount(total.revenue, units), "count": format_number(total.items)}
    return _("%(revenue)s · %(count)s sold") % params


def _line(name: str, total: SalesTotal, units: Sequence[Denomination]) -> str:
    name = name.replace("`", "'")
    fitted = name if len(name) <= _NAME_CHARS else f"{name[: _NAME_CHARS - 1]}…"
    line = f"{fitted:<{_NAME_CHARS}} {format_number(total.items):>5}  {format_amount(total.revenue, units)}"
    return f"{line} (-{format_amount(total.refunded, units)})" if total.refunded else line


def _block(lines: Sequence[str]) -> str:
    """Return the lines as a code block; the first lines are dropped if there are too many."""
    while sum(len(line) + 1 for line in lines) > _BLOCK_CHARS:
        lines = lines[1:]
    return "\n".join(["```", *lines, "```"])
