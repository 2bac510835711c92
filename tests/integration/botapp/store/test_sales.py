"""Sales reports on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from botapp.store.db.database import Database
from botapp.store.domain.records import Order
from botapp.store.domain.rules import Limits, parse_stock
from botapp.store.usecases import accounts, products, purchases, sales, stock
from botapp.store.usecases.sales import ProductSales

JAKARTA = ZoneInfo("Asia/Jakarta")


def ms(day: int, hour: int, minute: int = 0) -> int:
    return int(datetime(2026, 6, day, hour, minute, tzinfo=JAKARTA).timestamp() * 1000)


@pytest.fixture
def shop(database: Database) -> Database:
    """A shop with two products, and a member with a balance."""
    for code in ("A", "B"):
        database.run_sync(products.add, code, f"Product {code}", 10, "", 1)
        database.run_sync(stock.stage, code, parse_stock(f"{code}{number}" for number in range(50)).items)
        database.run_sync(stock.publish, code, code, actor="admin", now_ms=1)
    member = database.run_sync(accounts.register, 5, "Budi", 1)
    database.run_sync(
        accounts.post_entry, member.id, 10**6, kind="deposit", reference="", actor="", key="money", now_ms=1
    )
    return database


def buy(shop: Database, number: int, code: str, quantity: int, at_ms: int) -> int:
    """Buy, and return the order number."""
    found = shop.run_sync(products.get_by_code, code)
    order = Order(number, 5, found.id, quantity, 10, "en")
    return shop.run_sync(purchases.buy, order, Limits(100, 0), at_ms).purchase.id


def test_sales_are_counted_by_day_and_product(shop: Database) -> None:
    days = sales.last_days(JAKARTA, ms(3, 12), 2)
    assert shop.run_sync(sales.list_sales, days) == []
    buy(shop, 1, "A", 9, ms(1, 23, 59))
    buy(shop, 2, "A", 1, ms(2, 0))
    buy(shop, 3, "A", 2, ms(2, 23, 59))
    refunded = buy(shop, 4, "A", 3, ms(2, 12))
    buy(shop, 5, "B", 4, ms(3, 0))
    buy(shop, 6, "B", 5, ms(4, 0))
    shop.run_sync(purchases.refund, refunded, actor="admin", now_ms=ms(3, 1))
    found = sorted(shop.run_sync(sales.list_sales, days))
    assert found == [
        ProductSales(0, "A", "Product A", False, 3, 30),
        ProductSales(0, "A", "Product A", True, 3, 30),
        ProductSales(1, "B", "Product B", False, 4, 40),
    ]
    assert all(type(number) is int for one in found for number in (one.items, one.total))


def test_a_year_of_sales_is_one_query(shop: Database) -> None:
    buy(shop, 1, "A", 1, ms(2, 12))
    [one] = shop.run_sync(sales.list_sales, sales.last_days(JAKARTA, ms(3, 12), 366))
    assert (one.day, one.items) == (364, 1)
