"""Two transactions that overlap on PostgreSQL: the second decides on what the first has written.

SQLite runs one transaction at a time, so there the question does not arise.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection, event, text

from botapp.store import verify
from botapp.store.db.database import Database, database_url
from botapp.store.domain import refusals
from botapp.store.domain.records import Order, Receipt
from botapp.store.domain.rules import Limits
from botapp.store.usecases import accounts, admin_log, deliveries, deposits, key_value, products, purchases, withdrawals
from tests.support.shop.databases import Stores, opened
from tests.support.shop.populated_shop import ACTOR, BUDI, SARI, buy, open_shop, restock

T = TypeVar("T")

#: what takes this long hangs, in seconds
PATIENCE_S = 30.0


@pytest.fixture
def shop(stores: Stores) -> Iterator[Database]:
    with stores.postgres() as address, opened(database_url(address, Path())) as database:
        database.run_sync(open_shop)
        yield database


def overlap(shop: Database, first: Callable[[Connection], object], second: Callable[[Connection], T]) -> Future[T]:
    """Run `second` while `first` has not committed yet; return how it ended."""
    with ThreadPoolExecutor(1) as threads:

        def both(connection: Connection) -> Future[T]:
            first(connection)
            later = threads.submit(shop.run_sync, second)
            deadline_s = time.monotonic() + PATIENCE_S
            while not later.done() and not _has_waiter(connection):
                assert time.monotonic() < deadline_s, "the second transaction neither ends nor waits"
                time.sleep(0.01)
            return later

        ended = shop.run_sync(both)
        ended.exception(PATIENCE_S)
    assert shop.run_sync(lambda connection: list(verify.find_problems(connection))) == []
    return ended


def _has_waiter(connection: Connection) -> bool:
    return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())


def order(code: str, key: int, *, cooldown_s: float = 0, quantity: int = 1) -> Callable[[Connection], Receipt]:
    """Return a use case in which Sari buys; she can pay 10."""

    def use_case(connection: Connection) -> Receipt:
        found = products.get_by_code(connection, code)
        limits = Limits(max_quantity=100, cooldown_s=cooldown_s)
        return purchases.buy(connection, Order(key, SARI, found.id, quantity, found.price, "id"), limits, 5000)

    return use_case


def test_cooldown_holds_for_two_products_at_once(shop: Database) -> None:
    shop.run_sync(accounts.adjust_balance, "Sari.X", 500, add=True, actor=ACTOR, key="more", now_ms=3)
    first, second = order("STEAM", 1, cooldown_s=3), order("ROBUX", 2, cooldown_s=3)
    assert isinstance(overlap(shop, first, second).exception(), refusals.CooldownActive)


def test_second_click_on_a_confirmation_gets_the_receipt(shop: Database) -> None:
    """The first click has taken the money, the last item and the turn, so whatever else is checked fails."""
    shop.run_sync(accounts.adjust_balance, "Sari.X", 20, add=True, actor=ACTOR, key="more", now_ms=3)
    one = order("ROBUX", 1, cooldown_s=3)
    assert overlap(shop, one, one).result().is_repeat


def test_reset_leaves_a_deposit_of_the_same_moment(shop: Database) -> None:
    before = shop.run_sync(accounts.get_by_handle, "Budi").balance

    def deposit(connection: Connection) -> object:
        return accounts.adjust_balance(connection, "Budi", 70, add=True, actor=ACTOR, key="d", now_ms=3)

    def reset(connection: Connection) -> int:
        return accounts.reset_balance(connection, "Budi", before, actor=ACTOR, key="r", now_ms=3).balance

    assert overlap(shop, deposit, reset).exception() == refusals.BalanceChanged(before, before + 70)
    assert shop.run_sync(accounts.get_by_handle, "Budi").balance == before + 70


def test_command_that_two_processes_execute_is_done_once(shop: Database) -> None:
    before = shop.run_sync(accounts.get_by_handle, "Budi").balance

    def command(key: str) -> Callable[[Connection], object]:
        # the ledger's own key differs, so that only the request can tell
        def add(connection: Connection) -> object:
            return accounts.adjust_balance(connection, "Budi", 70, add=True, actor=ACTOR, key=key, now_ms=3)

        who = admin_log.AdminLogEntry(ACTOR, "addbal", 3, request_id=5)
        return lambda connection: admin_log.run_and_record(connection, who, "Budi 70", add)

    assert isinstance(overlap(shop, command("a"), command("b")).exception(), refusals.AlreadyDone)
    assert shop.run_sync(accounts.get_by_handle, "Budi").balance == before + 70


def test_product_is_not_deleted_while_stock_arrives(shop: Database) -> None:
    shop.run_sync(products.add, "NEW", "New", 5, "", 1)
    publish: Callable[[Connection], int] = lambda connection: restock(connection, "NEW", "new-1")  # noqa: E731
    ended = overlap(shop, publish, lambda connection: products.delete(connection, "NEW"))
    assert isinstance(ended.exception(), refusals.ProductInStock)


def test_stock_does_not_arrive_while_the_product_is_deleted(shop: Database) -> None:
    shop.run_sync(products.add, "NEW", "New", 5, "", 1)
    ended = overlap(
        shop, lambda connection: products.delete(connection, "NEW"), lambda connection: restock(connection, "NEW", "n")
    )
    assert isinstance(ended.exception(), refusals.NoSuchProduct)


def test_item_sold_during_an_upload_of_the_same_item_is_not_added_again(shop: Database) -> None:
    def sell_the_last(connection: Connection) -> object:
        restock(connection, "ROBUX", "robux-9")
        return buy(connection, BUDI, "ROBUX", 2, 900)

    assert overlap(shop, sell_the_last, lambda connection: restock(connection, "ROBUX", "robux-9")).result() == 0


def test_deleted_product_comes_back_once(shop: Database) -> None:
    def add(connection: Connection) -> object:
        return products.add(connection, "GONE", "Back", 5, "", 9)

    assert isinstance(overlap(shop, add, add).exception(), refusals.CodeTaken)


def test_two_withdrawals_of_one_moment_keep_their_items_apart(shop: Database) -> None:
    def withdraw(user_id: int) -> Callable[[Connection], tuple[str, ...]]:
        return lambda connection: (
            withdrawals.begin(connection, "STEAM", 1, user_id=user_id, language="id", now_ms=8000).items
        )

    overlap(shop, withdraw(1), withdraw(2)).result()
    pending = shop.run_sync(withdrawals.list_pending)
    assert [len(one.items) for one in pending] == [1, 1]
    assert {one.withdrawal.user_id for one in pending} == {1, 2}


def test_withdrawal_that_was_delivered_does_not_come_back(shop: Database) -> None:
    begun = shop.run_sync(withdrawals.begin, "STEAM", 1, user_id=1, language="id", now_ms=8000)

    def begin_another(connection: Connection) -> object:
        return withdrawals.begin(connection, "STEAM", 1, user_id=2, language="id", now_ms=9000)

    def deliver(connection: Connection) -> None:
        withdrawals.mark_delivered(connection, begun.withdrawal)

    overlap(shop, begin_another, deliver).result()
    assert [one.withdrawal.user_id for one in shop.run_sync(withdrawals.list_pending)] == [2]


def test_delivery_is_attempted_by_one_of_two_processes(shop: Database) -> None:
    due = next(one for one in shop.run_sync(deliveries.list_due, 10**9) if one.purchase_id == 3)

    def attempt(connection: Connection) -> bool:
        return deliveries.begin_attempt(connection, due, 5000)

    assert overlap(shop, attempt, attempt).result() is False


def test_value_is_changed_by_one_after_the_other(shop: Database) -> None:
    def append(connection: Connection) -> None:
        value = key_value.get_to_change(connection, "list", list[int]) or []
        key_value.put(connection, "list", [*value, len(value)])

    overlap(shop, append, append).result()
    assert shop.run_sync(key_value.get, "list", list[int]) == [0, 1]
    overlap(shop, append, lambda connection: key_value.put(connection, "list", None)).result()
    assert shop.run_sync(key_value.get, "list", list[int]) is None


def test_deposit_reaches_a_member_who_is_changing_names(shop: Database) -> None:
    """A deposit that was booked belongs to its account, whatever that is called a moment later."""

    def rename(connection: Connection) -> object:
        return accounts.register(connection, BUDI, "Budi2", 9)

    claim = deposits.DepositClaim("http:x", "Budi", 5, "")

    def deposit(connection: Connection) -> object:
        return deposits.record_once(connection, claim, source="http", now_ms=9)

    result = overlap(shop, rename, deposit).result()
    assert isinstance(result, deposits.DepositResult)
    assert (result.deposit.refusal, result.user_id) == ("", BUDI)


def test_deposit_that_two_processes_read_is_booked_once(shop: Database) -> None:
    before = shop.run_sync(accounts.get_by_handle, "Budi").balance
    claims = [deposits.DepositClaim(f"message:5:{number}", "Budi", 7, "") for number in range(2)]

    def read(connection: Connection) -> list[deposits.DepositResult]:
        return deposits.record_claims(connection, claims, source="webhook", now_ms=9)

    assert overlap(shop, read, read).result() == []
    assert shop.run_sync(accounts.get_by_handle, "Budi").balance == before + 14


def test_each_name_that_a_member_gives_up_is_reserved(shop: Database) -> None:
    """One change of the name begins right after another one has read the present name."""

    def rename(handle: str) -> None:
        shop.run_sync(accounts.register, BUDI, handle, 9)

    begun: list[Future[None]] = []
    with ThreadPoolExecutor(1) as threads:

        def interrupt(connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
            if "user_link" not in statement or threading.current_thread() is not threading.main_thread() or begun:
                return
            begun.append(threads.submit(rename, "Budi2"))
            deadline_s = time.monotonic() + PATIENCE_S
            while not begun[0].done() and not _has_waiter(connection):
                assert time.monotonic() < deadline_s, "the other transaction neither ends nor waits"
                time.sleep(0.01)

        event.listen(shop._current_engine(), "after_cursor_execute", interrupt)
        rename("Budi3")
        begun[0].result(PATIENCE_S)
    names = {"Budi", "Budi2", "Budi3"}
    reserved = {name for name in names if shop.run_sync(accounts.is_reserved, name, 10)}
    assert len(reserved) == 2
    [current] = names - reserved
    assert shop.run_sync(accounts.get_by_handle, current).handle == current
