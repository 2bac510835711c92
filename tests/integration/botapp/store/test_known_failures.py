"""Known failures of earlier shops in their database, by their number in the list of such failures."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import sqlite3
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Connection, event, exc, insert, select, update

from botapp.config.settings import Settings, Store
from botapp.store import verify
from botapp.store.db.database import Database
from botapp.store.db.tables import account, ledger, purchase, stock_item
from botapp.store.domain import refusals
from botapp.store.domain.records import Order
from botapp.store.domain.rules import Limits
from botapp.store.usecases import accounts, deposits, products, purchases, stock
from tests.support.shop.databases import opened
from tests.support.shop.populated_shop import (
    ACTOR,
    BUDI,
    SARI,
    balances,
    buy,
    everything,
    member,
    opened_shop,
    restock,
)

BUYERS = 24


def in_order(connection: Connection) -> list[str]:
    return list(verify.find_problems(connection))


def buy_in_a_process(address: str, first_user: int, turns: int) -> list[tuple[str, ...]]:
    """Act as a bot: buy for several members at once, as fast as they can click; return the items sold."""
    from sqlalchemy.engine import make_url

    with opened(make_url(address)) as database:

        async def click(number: int) -> tuple[str, ...]:
            user = first_user + number % BUYERS
            try:
                return (await database.run(buy, user, "A", 1, first_user * 1000 + number)).items
            except refusals.SoldOut:
                return ()

        async def all_at_once() -> list[tuple[str, ...]]:
            return await asyncio.gather(*(click(number) for number in range(turns)))

        return asyncio.run(all_at_once())


def test_01_no_double_sale(database: Database) -> None:
    """Two processes with many buyers each, and fewer items than clicks: every item is sold exactly once."""
    database.run_sync(products.add, "A", "A", 1, "", 1)
    database.run_sync(restock, "A", *(f"item-{number}" for number in range(40)))
    for number in range(BUYERS):
        for first in (1000, 2000):
            database.run_sync(member, first + number, f"user{first + number}", 100)
    address = database._url.render_as_string(hide_password=False)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        got = pool.starmap(buy_in_a_process, [(address, 1000, 30), (address, 2000, 30)], chunksize=1)
    items = [item for ones in got for its in ones for item in its]
    assert sorted(items) == sorted(f"item-{number}" for number in range(40))
    assert database.run_sync(in_order) == []
    assert sum(database.run_sync(balances).values()) == 2 * BUYERS * 100 - 40


def test_01_sold_item_is_never_available_again(database: Database) -> None:
    """A stale cache or list does not matter: the update itself has the guard."""
    opened_shop(database)
    first = database.run_sync(
        lambda connection: connection.execute(select(stock_item).order_by(stock_item.c.id).limit(1)).one()
    )
    assert first.status == "sold"
    with pytest.raises(refusals.SoldOut):
        database.run_sync(buy, BUDI, "STEAM", 5, 900)
    again = database.run_sync(
        lambda connection: connection.execute(select(stock_item).order_by(stock_item.c.id).limit(1)).one()
    )
    assert again == first


def test_02_purchase_never_waits_for_itself(database: Database) -> None:
    """A purchase uses one connection, whatever it queries, and runs on a thread other than the event loop's."""
    opened_shop(database)
    used: set[int] = set()
    threads: set[str] = set()
    engine = database._current_engine()

    def note(connection: Any, cursor: Any, *_: Any) -> None:
        import threading

        used.add(id(cursor.connection))
        threads.add(threading.current_thread().name)

    event.listen(engine, "before_cursor_execute", note)
    asyncio.run(database.run(buy, BUDI, "STEAM", 2, 700))
    event.remove(engine, "before_cursor_execute", note)
    assert len(used) == 1
    assert all(name.startswith("database") for name in threads)


def test_03_new_handle_changes_neither_balance_nor_history(database: Database) -> None:
    opened_shop(database)
    before = database.run_sync(accounts.get_by_handle, "budi")
    history = database.run_sync(purchases.list_by_account, before.id, 10)
    for handle in ("Budi", "BudiNew", "budi", "Budi.2"):
        assert database.run_sync(accounts.register, BUDI, handle, 9).balance == before.balance
    with pytest.raises(refusals.HandleTaken):
        database.run_sync(accounts.register, SARI, "budi.2", 9)
    after = database.run_sync(accounts.get_by_user, BUDI)
    assert after is not None
    assert (after.id, after.balance) == (before.id, before.balance)
    assert [one.id for one in database.run_sync(purchases.list_by_account, after.id, 10)] == [one.id for one in history]
    assert len(database.run_sync(accounts.list_entries, after.id, 10)) == 5


def test_04_large_denomination_pays_for_a_small_price(database: Database) -> None:
    """There is one balance, in the base unit, so change is automatic."""
    from botapp.store.domain.money import Denomination, format_in_denominations, parse_amount

    units = (Denomination("World Lock", "WL", 1), Denomination("Diamond Lock", "DL", 100))
    database.run_sync(products.add, "A", "A", parse_amount("50 WL", units), "", 1)
    database.run_sync(restock, "A", "one")
    database.run_sync(member, BUDI, "Budi", parse_amount("1 DL", units))
    assert format_in_denominations(database.run_sync(buy, BUDI, "A", 1, 1).balance, units, ".") == "50 WL"


def test_05_no_update_is_lost(database: Database) -> None:
    """Concurrent additions and subtractions from several threads: each takes effect exactly once."""
    database.run_sync(member, BUDI, "Budi", 500)

    async def change(number: int) -> None:
        given: dict[str, Any] = {"actor": ACTOR, "key": f"c{number // 2}", "now_ms": 1}
        await database.run(accounts.adjust_balance, "budi", 3, add=number % 4 < 2, **given)

    async def all_at_once() -> None:
        await asyncio.gather(*(change(number) for number in range(200)))

    asyncio.run(all_at_once())
    assert database.run_sync(accounts.get_by_handle, "budi").balance == 500
    assert database.run_sync(in_order) == []
    assert database.run_sync(lambda connection: len(connection.execute(select(ledger.c.id)).all())) == 101


@pytest.mark.parametrize("amount", [-1, 0, None])
def test_05_negative_deposit_is_refused_and_repeated_one_ignored(database: Database, amount: int | None) -> None:
    database.run_sync(member, BUDI, "Budi", 10)
    given: dict[str, Any] = {"source": "webhook", "handle": "budi", "refusal": "", "now_ms": 1}
    taken = database.run_sync(deposits.record, key="m1", amount=amount, **given)
    assert taken is not None and taken.deposit.refusal == "amount"
    # the same message later with another amount: it was processed before
    assert database.run_sync(deposits.record, key="m1", amount=100, **given) is None
    assert database.run_sync(balances) == {"Budi": 10}


class PowerCut(Exception):
    """Simulates the end of the process."""


def statements_of_a_purchase(database: Database) -> int:
    """Count the statements of a purchase, by rolling one back."""
    seen = [0]

    def count(*_: Any) -> None:
        seen[0] += 1

    engine = database._current_engine()
    event.listen(engine, "before_cursor_execute", count)

    def buy_and_undo(connection: Connection) -> None:
        buy(connection, BUDI, "STEAM", 2, 700)
        raise PowerCut

    with pytest.raises(PowerCut):
        database.run_sync(buy_and_undo)
    event.remove(engine, "before_cursor_execute", count)
    return seen[0]


def test_06_purchase_is_atomic(database: Database) -> None:
    """A purchase interrupted before any of its statements changes nothing; repeated, it happens once."""
    opened_shop(database)
    before = database.run_sync(everything)
    steps = statements_of_a_purchase(database)
    assert steps >= 9
    for at in range(steps):
        left = [at]

        def cut(*_: Any, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise PowerCut

        engine = database._current_engine()
        event.listen(engine, "before_cursor_execute", cut)
        with pytest.raises(PowerCut):
            database.run_sync(buy, BUDI, "STEAM", 2, 700)
        event.remove(engine, "before_cursor_execute", cut)
        assert database.run_sync(everything) == before, at
    assert database.run_sync(buy, BUDI, "STEAM", 2, 700).is_repeat is False
    assert database.run_sync(buy, BUDI, "STEAM", 2, 700).is_repeat is True
    assert database.run_sync(in_order) == []


def test_07_refund_concerns_its_own_order_only(database: Database) -> None:
    """Other members keep their items, and refunded items do not return to stock."""
    opened_shop(database)
    mine = database.run_sync(purchases.list_items, 1)
    others = database.run_sync(purchases.list_items, 3)
    in_stock = database.run_sync(products.get_by_code, "STEAM").stock
    database.run_sync(purchases.refund, 1, actor=ACTOR, now_ms=9)
    assert database.run_sync(purchases.list_items, 3) == others
    assert database.run_sync(products.get_by_code, "STEAM").stock == in_stock
    statuses = database.run_sync(
        lambda connection: {row.content: row.status for row in connection.execute(select(stock_item)).all()}
    )
    assert {statuses[item] for item in mine} == {"withdrawn"}
    assert {statuses[item] for item in others} == {"sold"}
    assert database.run_sync(balances)["Sari.X"] == 10


def test_13_times_are_numbers(database: Database) -> None:
    """Times are compared as numbers, never as text: a wait that ends on the same day does end."""
    for table in (account, ledger, purchase, stock_item):
        for column in table.columns:
            if column.name.endswith("_ms"):
                assert column.type.python_type is int
    opened_shop(database)
    noon_ms = 1_795_000_000_000
    limits = Limits(max_quantity=100, cooldown_s=3)
    found = database.run_sync(products.get_by_code, "STEAM")
    first = Order(800, BUDI, found.id, 1, 50, "id")
    database.run_sync(purchases.buy, first, limits, noon_ms)
    with pytest.raises(refusals.CooldownActive):
        database.run_sync(purchases.buy, Order(801, BUDI, found.id, 1, 50, "id"), limits, noon_ms + 2999)
    database.run_sync(purchases.buy, Order(801, BUDI, found.id, 1, 50, "id"), limits, noon_ms + 3000)
    # a clock that was set back does not make anybody wait forever
    database.run_sync(purchases.buy, Order(802, BUDI, found.id, 1, 50, "id"), limits, noon_ms - 10**10)


def test_14_closed_shop_leaves_nothing_behind(store_address: str, tmp_path: Any) -> None:
    """No singleton keeps the database, threads or locks of a previous bot."""
    from botapp.shop import Shop

    store = Store(url=store_address)
    settings = Settings(path=tmp_path / "config.toml", store=store)
    left: list[weakref.ref[Any]] = []

    async def live() -> None:
        shop = Shop(settings, lambda: None)
        await shop.open()
        await shop.run(products.add, f"A{len(left)}", "A", 1, "", 1)
        left.extend((weakref.ref(shop), weakref.ref(shop._database._database)))
        await shop.close()

    for _life in range(2):
        asyncio.run(live())
    gc.collect()
    assert [one() for one in left] == [None] * 4


def test_constraints_refuse_invalid_rows(database: Database) -> None:
    """Constraints are the last line of defence against a faulty use case."""
    opened_shop(database)
    bad: list[Any] = [
        update(account).values(balance=-1),
        update(stock_item).where(stock_item.c.status == "available").values(status="sold"),
        update(stock_item).where(stock_item.c.status == "sold").values(purchase_id=None),
        update(purchase).values(total=1),
        update(purchase).values(status="lost"),
        update(purchase).values(interaction_id=101),
        update(account).values(handle_key="same"),
        update(ledger).values(key="same"),
        update(ledger).values(amount=0),
        insert(ledger).values(account_id=999, amount=1, kind="x", reference="", actor="", key="k", at_ms=1),
    ]
    before = database.run_sync(everything)
    for statement in bad:
        with pytest.raises(exc.IntegrityError):
            database.run_sync(Connection.execute, statement)
    assert database.run_sync(everything) == before


def test_sqlite_writes_are_durable(tmp_path: Any) -> None:
    from botapp.store.db.database import database_url

    with opened(database_url("", tmp_path / "shop.db")) as database:

        def settings_of(connection: Connection) -> list[Any]:
            names = ("journal_mode", "synchronous", "foreign_keys")
            return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

        journal = "wal" if sqlite3.sqlite_version_info >= (3, 51, 3) else "truncate"
        assert database.run_sync(settings_of) == [journal, 2, 1]


def test_upload_and_purchases_run_concurrently(database: Database) -> None:
    """An upload and purchases at the same time, from several threads: both finish."""
    opened_shop(database)

    async def both() -> list[Any]:
        return await asyncio.gather(
            *(database.run(restock, "STEAM", f"fresh-{number}") for number in range(20)),
            *(database.run(buy, BUDI, "STEAM", 1, 6000 + number) for number in range(4)),
        )

    asyncio.run(both())
    assert database.run_sync(products.get_by_code, "STEAM").stock == 20
    assert database.run_sync(in_order) == []


def test_concurrent_uploads_of_the_same_lines_add_stock_once(database: Database) -> None:
    database.run_sync(products.add, "A", "A", 1, "", 1)
    from botapp.store.domain.rules import parse_stock

    lines = parse_stock(f"line-{number}" for number in range(50)).items
    for batch in ("b1", "b2"):
        database.run_sync(stock.stage, batch, lines)

    async def both() -> list[Any]:
        return await asyncio.gather(
            *(database.run(stock.publish, batch, "A", actor=ACTOR, now_ms=1) for batch in ("b1", "b2"))
        )

    assert sorted(one.added for one in asyncio.run(both())) == [0, 50]


def test_same_click_in_two_threads_buys_once(database: Database) -> None:
    """This happens when the old and the new bot both receive the click."""
    opened_shop(database)
    with ThreadPoolExecutor(2) as pool, opened(database._url) as other:
        got = list(pool.map(lambda one: one.run_sync(buy, BUDI, "STEAM", 1, 4242), [database, other]))
    assert sorted(one.is_repeat for one in got) == [False, True]
    assert got[0].items == got[1].items
    assert database.run_sync(in_order) == []
