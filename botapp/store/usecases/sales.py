"""Sales per product and per day, in the time zone of the shop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import BigInteger, Connection, Integer, and_, column, func, select, values

from botapp.store.db.tables import product, purchase


class DaySales(NamedTuple):
    """A day in the time zone of the shop."""

    date: date
    begins_at_ms: int
    ends_at_ms: int


class ProductSales(NamedTuple):
    """Sales of one product on one day; refunded purchases are counted apart."""

    #: index of the day, from 0
    day: int
    code: str
    name: str
    refunded: bool
    items: int
    #: in the base unit
    total: int


class SalesTotal(Struct, frozen=True):
    """Sums of sales."""

    items: int = 0
    #: in the base unit, without refunds
    revenue: int = 0
    refunded: int = 0

    def __add__(self, other: SalesTotal) -> SalesTotal:
        """Return the sum of both."""
        return SalesTotal(self.items + other.items, self.revenue + other.revenue, self.refunded + other.refunded)


class SalesReport(Struct, frozen=True):
    """The sales of a range of days."""

    #: each day, oldest first
    days: tuple[tuple[date, SalesTotal], ...]
    #: name and sums of each product, highest revenue first
    products: tuple[tuple[str, SalesTotal], ...]
    all: SalesTotal


def last_days(zone: ZoneInfo, now_ms: int, count: int) -> list[DaySales]:
    """Return the last `count` days of a time zone, oldest first; the last one contains `now_ms`. Pure.

    Days start at local midnight, so their length changes with daylight saving time.
    """
    today = datetime.fromtimestamp(now_ms / 1000, zone).date()
    dates = [today - timedelta(days=back) for back in range(count - 1, -2, -1)]
    begins = [int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000) for day in dates]
    return [DaySales(dates[index], begins[index], begins[index + 1]) for index in range(count)]


def list_sales(connection: Connection, days: Sequence[DaySales]) -> list[ProductSales]:
    """Return the sales of each of `days`, and whether they were refunded since."""
    numbered = [(number, day.begins_at_ms, day.ends_at_ms) for number, day in enumerate(days)]
    columns = (column("number", Integer), column("begins", BigInteger), column("ends", BigInteger))
    day = values(*columns, name="day").data(numbered).cte("days")
    refunded = purchase.c.status == "refunded"
    items, total = func.sum(purchase.c.quantity), func.sum(purchase.c.total)
    query = (
        select(day.c.number, product.c.code, product.c.name, refunded, items, total)
        .select_from(day)
        .join(purchase, and_(purchase.c.at_ms >= day.c.begins, purchase.c.at_ms < day.c.ends))
        .join(product, product.c.id == purchase.c.product_id)
        .group_by(day.c.number, product.c.id, product.c.code, product.c.name, refunded)
    )
    return [
        ProductSales(number, code, name, bool(is_refunded), int(count), int(amount))
        for number, code, name, is_refunded, count, amount in connection.execute(query)
    ]


def build_report(sales: Iterable[ProductSales], days: Sequence[DaySales]) -> SalesReport:
    """Return the sums of `sales` per day and per product. Pure."""
    by_day = [SalesTotal() for _ in days]
    by_code: dict[str, tuple[str, SalesTotal]] = {}
    for sale in sales:
        part = SalesTotal(refunded=sale.total) if sale.refunded else SalesTotal(sale.items, sale.total)
        by_day[sale.day] += part
        by_code[sale.code] = (sale.name, by_code.get(sale.code, ("", SalesTotal()))[1] + part)
    products = sorted(by_code.values(), key=lambda pair: (-pair[1].revenue, -pair[1].items, pair[0]))
    everything = sum(by_day, SalesTotal())
    return SalesReport(tuple(zip((day.date for day in days), by_day, strict=True)), tuple(products), everything)
