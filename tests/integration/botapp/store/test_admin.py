"""Admin actions: logged in the transaction that performs them, and withdrawals kept until delivered."""

from __future__ import annotations

import functools

import pytest
from sqlalchemy import Connection

from botapp.store.db.database import Database
from botapp.store.domain import refusals
from botapp.store.domain.records import AdminAction
from botapp.store.domain.rules import MAX_DESCRIPTION_CHARS, MAX_NAME_CHARS
from botapp.store.usecases import admin_log, deliveries, products, withdrawals
from botapp.store.usecases.admin_log import AdminLogEntry
from tests.support.shop.populated_shop import opened_shop


def who(request_id: int) -> AdminLogEntry:
    """Return what the admin log says of one command."""
    return AdminLogEntry("7", "changeprice", 5, request_id)


@pytest.fixture
def shop(database: Database) -> Database:
    return opened_shop(database)


def a_product(database: Database) -> str:
    return max(database.run_sync(products.list_active), key=lambda one: one.stock).code


def test_action_and_log_entry_are_one_transaction(shop: Database) -> None:
    code = a_product(shop)
    shop.run_sync(
        admin_log.run_and_record, who(1), "new price", functools.partial(products.update_product, code=code, price=9)
    )
    with pytest.raises(refusals.NoSuchProduct):
        shop.run_sync(
            admin_log.run_and_record, who(2), "never", functools.partial(products.update_product, code="none", price=9)
        )

    def count(_connection: Connection) -> int:
        return 3

    def nothing(_connection: Connection) -> None:
        return None

    assert shop.run_sync(admin_log.run_and_record, who(2), lambda result: f"{result} pieces", count) == 3
    shop.run_sync(admin_log.run_and_record, who(3), lambda result: result, nothing)
    assert [one.detail for one in shop.run_sync(admin_log.list_latest, 9)][:2] == ["3 pieces", "new price"]


def test_a_request_is_executed_once(shop: Database) -> None:
    code = a_product(shop)

    def change_price(request_id: int, price: int) -> None:
        change = functools.partial(products.update_product, code=code, price=price)
        shop.run_sync(admin_log.run_and_record, who(request_id), f"{code} {price}", change)

    change_price(2**62, 9)
    shop.run_sync(admin_log.require_new, 1)
    for _time in range(2):
        with pytest.raises(refusals.AlreadyDone) as refusal:
            change_price(2**62, 10)
        assert refusal.value.done == AdminAction("7", "changeprice", f"{code} 9", 5)
    with pytest.raises(refusals.AlreadyDone):
        shop.run_sync(admin_log.require_new, 2**62)
    assert shop.run_sync(products.get_by_code, code).price == 9
    change_price(1, 11)
    assert shop.run_sync(products.get_by_code, code).price == 11


def test_actions_of_programs_have_no_request(shop: Database) -> None:
    for _time in range(2):
        shop.run_sync(admin_log.record, "stocksup data import", "import", "3 products", 5)
    assert [one.action for one in shop.run_sync(admin_log.list_latest, 2)] == ["import", "import"]


@pytest.mark.parametrize("code", ["", "two words", "x" * 33, "a`b", "a\nb"])
def test_invalid_code_is_refused(database: Database, code: str) -> None:
    with pytest.raises(refusals.InvalidCode):
        database.run_sync(products.add, code, "Name", 1, "", 1)


def test_names_and_descriptions_have_a_maximum_length(database: Database) -> None:
    for name, text in (("", ""), ("x" * (MAX_NAME_CHARS + 1), ""), ("Name", "x" * (MAX_DESCRIPTION_CHARS + 1))):
        with pytest.raises(refusals.InvalidText):
            database.run_sync(products.add, "CODE", name, 1, text, 1)
    made = database.run_sync(products.add, " CODE ", "  Two \n words ", 1, " about ", 1)
    assert (made.code, made.name, made.description) == ("CODE", "Two words", "about")
    with pytest.raises(refusals.InvalidText):
        database.run_sync(products.update_product, "CODE", name="x" * (MAX_NAME_CHARS + 1))
    assert database.run_sync(products.update_product, "code", description="")[1].description == ""


def test_withdrawal_is_pending_until_delivered(shop: Database) -> None:
    code = a_product(shop)
    before = shop.run_sync(products.get_by_code, code).stock
    first, second = (
        shop.run_sync(withdrawals.begin, code, 1, user_id=7, language="id", now_ms=1000) for _time in range(2)
    )
    assert first.withdrawal != second.withdrawal
    assert len({*first.items, *second.items}) == 2
    assert shop.run_sync(products.get_by_code, code).stock == before - 2
    assert shop.run_sync(withdrawals.list_pending) == [first, second]
    shop.run_sync(withdrawals.mark_delivered, first.withdrawal)
    shop.run_sync(withdrawals.mark_delivered, first.withdrawal)
    assert shop.run_sync(withdrawals.list_pending) == [second]
    shop.run_sync(withdrawals.mark_delivered, second.withdrawal)
    assert shop.run_sync(withdrawals.list_pending) == []


@pytest.mark.parametrize("pieces", [-1, 0, withdrawals.MAX_ITEMS + 1])
def test_withdrawal_quantity_is_limited(shop: Database, pieces: int) -> None:
    with pytest.raises(refusals.InvalidQuantity):
        shop.run_sync(withdrawals.begin, a_product(shop), pieces, user_id=7, language="id", now_ms=1000)
    with pytest.raises(refusals.StockTooSmall):
        shop.run_sync(withdrawals.begin, a_product(shop), 1000, user_id=7, language="id", now_ms=1000)
    assert shop.run_sync(withdrawals.list_pending) == []


def test_unknown_order_has_no_language(shop: Database) -> None:
    assert shop.run_sync(deliveries.get_language, 999) is None
