"""What was sold: per product, and per day of the shop's time zone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import BigInteger, Connection, Integer, and_, column, func, select, values

from botapp.store.db.tables import product, purchase


class DaySales(NamedTuple):
    """A day of the shop's time zone."""

    date: date
    begins_at_ms: int
    ends_at_ms: int


class ProductSales(NamedTuple):
    """What was sold of one product on one day; what was refunded later is apart."""

    #: which of the days, from 0
    day: int
    code: str
    name: str
    refunded: bool
    pieces: int
    #: in the base unit
    total: int


class SalesTotal(Struct, frozen=True):
    """What sales come to."""

    pieces: int = 0
    #: in the base unit, without what was refunded
    revenue: int = 0
    refunded: int = 0

    def __add__(self, other: SalesTotal) -> SalesTotal:
        """Return both together."""
        return SalesTotal(self.pieces + other.pieces, self.revenue + other.revenue, self.refunded + other.refunded)


class SalesReport(Struct, frozen=True):
    """The sales of some days."""

    #: each day, the oldest first
    days: tuple[tuple[date, SalesTotal], ...]
    #: name of each product that was sold, the one with the greatest revenue first
    products: tuple[tuple[str, SalesTotal], ...]
    all: SalesTotal


def last_days(zone: ZoneInfo, now_ms: int, count: int) -> list[DaySales]:
    """Return the last `count` days of a time zone, the oldest first; the last is the one that `now_ms` is in. Pure.

    A day begins where the calendar says so, also where clocks are changed.
    """
    today = datetime.fromtimestamp(now_ms / 1000, zone).date()
    dates = [today - timedelta(days=back) for back in range(count - 1, -2, -1)]
    begins = [int(datetime(one.year, one.month, one.day, tzinfo=zone).timestamp() * 1000) for one in dates]
    return [DaySales(dates[index], begins[index], begins[index + 1]) for index in range(count)]


def list_sales(connection: Connection, days: Sequence[DaySales]) -> list[ProductSales]:
    """Return what was bought on each of `days`, and whether it was refunded since."""
    numbered = [(number, day.begins_at_ms, day.ends_at_ms) for number, day in enumerate(days)]
    columns = (column("number", Integer), column("begins", BigInteger), column("ends", BigInteger))
    day = values(*columns, name="day").data(numbered).cte("days")
    refunded = purchase.c.status == "refunded"
    pieces, total = func.sum(purchase.c.quantity), func.sum(purchase.c.total)
    query = (
        select(day.c.number, product.c.code, product.c.name, refunded, pieces, total)
        .select_from(day)
        .join(purchase, and_(purchase.c.at_ms >= day.c.begins, purchase.c.at_ms < day.c.ends))
        .join(product, product.c.id == purchase.c.product_id)
        .group_by(day.c.number, product.c.id, product.c.code, product.c.name, refunded)
    )
    return [
        ProductSales(number, code, name, bool(is_refunded), int(count), int(amount))
        for number, code, name, is_refunded, count, amount in connection.execute(query)
    ]


def build_report(found: Iterable[ProductSales], days: Sequence[DaySales]) -> SalesReport:
    """Return the sums of what was sold. Pure."""
    by_day = [SalesTotal() for _ in days]
    by_code: dict[str, tuple[str, SalesTotal]] = {}
    for one in found:
        part = SalesTotal(refunded=one.total) if one.refunded else SalesTotal(one.pieces, one.total)
        by_day[one.day] += part
        by_code[one.code] = (one.name, by_code.get(one.code, ("", SalesTotal()))[1] + part)
    products = sorted(by_code.values(), key=lambda pair: (-pair[1].revenue, -pair[1].pieces, pair[0]))
    everything = sum(by_day, SalesTotal())
    return SalesReport(tuple(zip((day.date for day in days), by_day, strict=True)), tuple(products), everything)
