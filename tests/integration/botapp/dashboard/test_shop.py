"""The figures of the shop: those of the database, read on a connection that cannot write."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from sqlalchemy import Connection, Executable, exc, func, insert, select

from botapp.config.settings import Settings, Store
from botapp.dashboard.figures import shop as figures
from botapp.dashboard.figures.shop import ShopReader
from botapp.dashboard.figures.shop_access import ShopAccess
from botapp.store.db.database import Database, database_url
from botapp.store.db.errors import Unavailable
from botapp.store.db.tables import deposit, product, purchase, stock_item
from botapp.store.usecases import products
from tests.support.shop.databases import migrate, opened
from tests.support.shop.populated_shop import BUDI, buy, member, restock

DAY_MS = 86_400_000


def _execute(connection: Connection, statement: Executable) -> None:
    connection.execute(statement)


@pytest.fixture
def settings(store_address: str, tmp_path: Path) -> Settings:
    return Settings(path=tmp_path / "config.toml", store=Store(url=store_address, low_stock=3))


@pytest.fixture
def database(settings: Settings) -> Database:
    """The shop's database with two products, a purchase and deposits."""
    settings.database_file.parent.mkdir(parents=True)
    one = Database(database_url(settings.store.url, settings.database_file))
    one.run_sync(migrate)
    one.run_sync(products.add, "STEAM", "<b>Steam</b>", 50, "", 1)
    one.run_sync(products.add, "ROBUX", "Robux", 30, "", 2)
    one.run_sync(restock, "STEAM", "a", "b", "c", "d", "e", "f")
    one.run_sync(member, BUDI, "budi", 1000)
    one.run_sync(buy, BUDI, "STEAM", 2, 1)
    now_ms = int(time.time() * 1000)
    one.run_sync(_execute, purchase.update().values(at_ms=now_ms))
    rows = [("a", 70, "", now_ms), ("b", 5, "unreadable", now_ms), ("c", 900, "", 1000)]
    values = [
        {"key": key, "source": "test", "handle": "budi", "amount": amount, "refusal": refusal, "at_ms": at_ms}
        for key, amount, refusal, at_ms in rows
    ]
    one.run_sync(_execute, insert(deposit).values(values))
    return one


def test_the_figures_are_those_of_the_database(settings: Settings, database: Database) -> None:
    reader = ShopReader(settings)
    shown = reader.read(7)
    assert (len(shown.days), shown.days[-1].items, shown.days[-1].revenue) == (7, 2, 100)
    assert [(one.name, one.items, one.revenue) for one in shown.products] == [("<b>Steam</b>", 2, 100)]
    assert {one.code: (one.stock, one.is_low) for one in shown.stock} == {"STEAM": (4, False), "ROBUX": (0, True)}
    assert (shown.deposits, shown.deposited, shown.deposits_refused) == (1, 70, 1)
    assert (shown.deliveries_pending, shown.deliveries_failed, shown.backup_at_s) == (1, 0, None)
    counted = database.run_sync(
        lambda connection: connection.execute(select(func.sum(purchase.c.quantity))).scalar_one()
    )
    assert sum(day.items for day in shown.days) == counted
    reader.close()
    asyncio.run(database.close())


def test_totals_count_what_comes_after_the_start(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = ShopReader(settings)
    assert reader.read_totals().purchases == 0
    database.run_sync(buy, BUDI, "STEAM", 3, 2)
    row = {
        "key": "d",
        "source": "test",
        "handle": "budi",
        "amount": 40,
        "refusal": "",
        "at_ms": int(time.time() * 1000),
    }
    database.run_sync(_execute, insert(deposit).values(row))
    monkeypatch.setattr(figures, "_SETTLED_MS", DAY_MS)
    totals = reader.read_totals()
    assert (totals.purchases, totals.items, totals.revenue) == (1, 3, 150)
    assert totals.deposits == 0, "it may not be the last one of its time"
    monkeypatch.setattr(figures, "_SETTLED_MS", -DAY_MS)
    assert (reader.read_totals().deposits, reader.read_totals().deposited) == (1, 40)
    reader.close()
    asyncio.run(database.close())


def test_nothing_can_be_written(settings: Settings, database: Database) -> None:
    reader = ShopReader(settings)
    reader.read(1)
    with pytest.raises(Unavailable) as caught, reader._connect() as connection:
        connection.execute(product.update().values(price=0))
    assert isinstance(caught.value.__cause__, exc.DBAPIError)
    with pytest.raises(Unavailable), reader._connect() as connection:
        connection.execute(stock_item.delete())
    assert database.run_sync(products.get_by_code, "STEAM").price == 50
    reader.close()
    asyncio.run(database.close())


def test_a_statement_has_a_time_limit(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "TIMEOUT_S", 0.3)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    reader = ShopReader(settings)
    began_s = time.monotonic()
    with pytest.raises(Unavailable), reader._connect() as connection:
        connection.exec_driver_sql(endless)
    assert time.monotonic() - began_s < 5
    reader.close()
    asyncio.run(database.close())


def test_a_missing_database_is_not_created(tmp_path: Path) -> None:
    settings = Settings(path=tmp_path / "config.toml")
    settings.database_file.parent.mkdir(parents=True)
    with pytest.raises(Unavailable):
        ShopReader(settings).read(1)
    assert not settings.database_file.exists()


def test_it_is_read_once_for_all_who_look(tmp_path: Path) -> None:
    settings = Settings(path=tmp_path / "config.toml")
    settings.database_file.parent.mkdir(parents=True)
    with opened(database_url("", settings.database_file)) as database:
        database.run_sync(migrate)
        database.run_sync(products.add, "STEAM", "Steam", 50, "", 1)
    now_s = 100.0

    async def look() -> None:
        nonlocal now_s
        access = ShopAccess(settings, lambda: now_s)
        first = await access.read("read", 1)
        assert await access.read("read", 1) is first
        assert len((await access.read("read", 7)).days) == 7
        now_s += 11
        assert await access.read("read", 1) is not first
        access.close()

    asyncio.run(look())
