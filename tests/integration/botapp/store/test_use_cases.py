"""Every use case of the shop, on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, select, update

from botapp.store import verify
from botapp.store.db.database import Database
from botapp.store.db.tables import account, delivery, stock_item
from botapp.store.domain import refusals, rules
from botapp.store.domain.money import MAX_AMOUNT
from botapp.store.domain.records import Account, Delivery, Order
from botapp.store.domain.rules import Limits, parse_stock
from botapp.store.usecases import (
    access,
    accounts,
    admin_log,
    deliveries,
    deposits,
    products,
    purchases,
    stock,
)
from botapp.store.usecases import (
    key_value as settings,
)
from tests.support.shop.populated_shop import ACTOR, BUDI, LIMITS, SARI, buy, member, opened_shop, restock


@pytest.fixture
def shop(database: Database) -> Database:
    return opened_shop(database)


# --- accounts ---


def test_member_registers(database: Database) -> None:
    made = database.run_sync(accounts.register, BUDI, "  Budi ", 5)
    assert made == Account(made.id, "Budi", 0, 5)
    assert database.run_sync(accounts.get_by_user, BUDI) == made
    assert database.run_sync(accounts.get_by_handle, "BUDI") == made
    assert database.run_sync(accounts.get_user_id, made.id) == BUDI
    assert database.run_sync(accounts.get_by_user, SARI) is None
    assert database.run_sync(accounts.get_user_id, made.id + 1) is None


def test_handle_belongs_to_one_member(database: Database) -> None:
    database.run_sync(accounts.register, BUDI, "Budi", 5)
    with pytest.raises(refusals.HandleTaken):
        database.run_sync(accounts.register, SARI, "bUDI", 6)
    # with other capitals it is still the member's own
    assert database.run_sync(accounts.register, BUDI, "BUDI", 7).handle == "BUDI"


@pytest.mark.parametrize("handle", ["ab", "a" * 31, "a b c", "", "abc;", "\0ab"])
def test_invalid_handle_is_refused(database: Database, handle: str) -> None:
    with pytest.raises(refusals.InvalidHandle):
        database.run_sync(accounts.register, BUDI, handle, 5)
    assert database.run_sync(accounts.get_by_user, BUDI) is None


def test_balance_has_a_maximum(database: Database) -> None:
    database.run_sync(accounts.register, BUDI, "Budi", 5)

    def add(amount: int, key: str) -> None:
        database.run_sync(accounts.adjust_balance, "Budi", amount, add=True, actor=ACTOR, key=key, now_ms=6)

    add(MAX_AMOUNT, "all there is")
    with pytest.raises(refusals.AmountOutOfRange):
        add(1, "one more")
    claim = deposits.DepositClaim("message", "Budi", 1, "")
    [taken] = database.run_sync(deposits.record_claims, [claim], source="webhook", now_ms=7)
    assert taken.deposit.refusal == "amount"
    assert database.run_sync(accounts.get_by_handle, "Budi").balance == MAX_AMOUNT
    assert not database.run_sync(lambda connection: list(verify.find_problems(connection)))


def test_unknown_handle_is_refused(database: Database) -> None:
    with pytest.raises(refusals.NoSuchAccount) as refused:
        database.run_sync(accounts.get_by_handle, "nobody")
    assert refused.value.handle == "nobody"


def test_admins_name_members_by_name_mention_or_id(database: Database) -> None:
    database.run_sync(member, BUDI, "Budi")
    for named in ("budi", f"<@{BUDI}>", f"<@!{BUDI}>", str(BUDI)):
        assert database.run_sync(accounts.find, named).handle == "Budi"
    for named in ("sari", f"<@{SARI}>", str(SARI), "<@0>", "<@&1>"):
        with pytest.raises(refusals.NoSuchAccount):
            database.run_sync(accounts.find, named)


def test_id_that_is_the_name_of_another_member_is_ambiguous(database: Database) -> None:
    """Older versions accepted such names."""
    database.run_sync(member, BUDI, "Budi")
    database.run_sync(member, SARI, "Sari")
    rename = update(account).where(account.c.handle == "Sari").values(handle=str(BUDI), handle_key=str(BUDI))
    database.run_sync(lambda connection: connection.execute(rename))
    with pytest.raises(refusals.AmbiguousUser) as refused:
        adjust(database, 100, add=True, key="c1", named=str(BUDI))
    assert refused.value.user_id == SARI
    assert adjust(database, 100, add=True, key="c1", named=f"<@{BUDI}>")[0].handle == "Budi"


def adjust(database: Database, amount: int, *, add: bool, key: str, named: str = "budi") -> tuple[Account, bool]:
    return database.run_sync(accounts.adjust_balance, named, amount, add=add, actor=ACTOR, key=key, now_ms=9)


def test_each_admin_command_changes_a_balance_once(database: Database) -> None:
    database.run_sync(member, BUDI, "Budi")
    assert adjust(database, 100, add=True, key="c1")[0].balance == 100
    assert adjust(database, 100, add=True, key="c1")[1] is False
    assert adjust(database, 30, add=False, key="c2")[0].balance == 70
    with pytest.raises(refusals.InsufficientBalance) as refused:
        adjust(database, 71, add=False, key="c3")
    assert refused.value == refusals.InsufficientBalance(71, 70)
    found = database.run_sync(accounts.get_by_user, BUDI)
    assert found is not None
    entries = database.run_sync(accounts.list_entries, found.id, 10)
    assert [(one.amount, one.kind) for one in entries] == [(-30, "admin_remove"), (100, "admin_add")]
    assert database.run_sync(accounts.list_entries, found.id, 1) == entries[:1]


@pytest.mark.parametrize("amount", [0, -1, MAX_AMOUNT + 1])
def test_amount_must_be_positive_and_storable(database: Database, amount: int) -> None:
    database.run_sync(member, BUDI, "Budi")
    with pytest.raises(refusals.AmountOutOfRange):
        adjust(database, amount, add=True, key="c1")


def test_reset_empties_the_balance_with_a_ledger_entry(database: Database) -> None:
    database.run_sync(member, BUDI, "Budi", 80)
    with pytest.raises(refusals.BalanceChanged):
        database.run_sync(accounts.reset_balance, "budi", 79, actor=ACTOR, key="r", now_ms=9)
    before = database.run_sync(accounts.reset_balance, "budi", 80, actor=ACTOR, key="r", now_ms=9)
    assert before.balance == 80
    assert database.run_sync(accounts.get_by_handle, "budi").balance == 0
    assert database.run_sync(accounts.reset_balance, "budi", 0, actor=ACTOR, key="r2", now_ms=9).balance == 0
    assert database.run_sync(lambda connection: list(verify.find_problems(connection))) == []


# --- products ---


def test_product_is_added_changed_and_deleted(database: Database) -> None:
    database.run_sync(products.add, "STEAM", "Steam", 50, "A key", 1)
    with pytest.raises(refusals.CodeTaken):
        database.run_sync(products.add, "steam", "Other", 1, "", 2)
    before, after = database.run_sync(
        lambda connection: products.update_product(connection, "steam", price=60, name="Steam 10")
    )
    assert (before.price, after.price, after.name, after.description) == (50, 60, "Steam 10", "A key")
    database.run_sync(restock, "STEAM", "a")
    with pytest.raises(refusals.ProductInStock) as refused:
        database.run_sync(products.delete, "STEAM")
    assert refused.value.count == 1
    database.run_sync(stock.withdraw, "STEAM", 1, 3)
    database.run_sync(products.delete, "STEAM")
    for use_case in (products.get_by_code, products.delete):
        with pytest.raises(refusals.NoSuchProduct):
            database.run_sync(use_case, "STEAM")
    assert database.run_sync(products.list_active) == []
    assert database.run_sync(products.add, "STEAM", "Steam again", 5, "", 4).name == "Steam again"


def test_products_are_listed_by_name_with_their_stock(shop: Database) -> None:
    listed = shop.run_sync(products.list_active)
    assert [(one.code, one.stock) for one in listed] == [("ROBUX", 1), ("STEAM", 4)]
    assert shop.run_sync(products.get, listed[0].id) == listed[0]
    with pytest.raises(refusals.NoSuchProduct):
        shop.run_sync(products.get, 999)


# --- stock ---


def test_upload_skips_items_in_stock(database: Database) -> None:
    database.run_sync(products.add, "A", "A", 1, "", 1)
    database.run_sync(restock, "A", "one", "two")
    lines = parse_stock(["two", "three", "", "x" * (rules.MAX_ITEM_CHARS + 1), "three", " four\r"])
    assert (lines.blank, lines.oversize, lines.duplicates) == ((3,), (4,), (5,))
    database.run_sync(stock.stage, "b", lines.items)
    adding = database.run_sync(stock.publish, "b", "a", actor=ACTOR, now_ms=9)
    assert (adding.added, adding.duplicates) == (2, (1,))
    assert database.run_sync(products.get_by_code, "A").stock == 4
    assert database.run_sync(stock.withdraw, "A", 4, 10)[1] == ("one", "two", "three", "four")


def test_sold_items_are_skipped_and_withdrawn_ones_accepted(shop: Database) -> None:
    # an admin uploads last week's file again
    shop.run_sync(stock.stage, "b", parse_stock(["steam-0", "new", "steam-9", "steam-4"]).items)
    adding = shop.run_sync(stock.publish, "b", "STEAM", actor=ACTOR, now_ms=1)
    assert (adding.added, adding.duplicates, adding.sold_before) == (2, (3,), (1,))


def test_staged_lines_are_not_stock_and_deleted_in_steps(database: Database) -> None:
    database.run_sync(products.add, "A", "A", 1, "", 1)
    for batch in ("b1", "b2"):
        database.run_sync(stock.stage, batch, parse_stock(["one", "two", "three"]).items)
    assert database.run_sync(products.get_by_code, "A").stock == 0
    assert [database.run_sync(stock.unstage, "b1", 2) for _ in range(3)] == [2, 1, 0]
    assert database.run_sync(stock.unstage, None, 10) == 3
    with pytest.raises(refusals.NoSuchProduct):
        database.run_sync(stock.publish, "b1", "none", actor=ACTOR, now_ms=1)


def test_former_stock_is_removed_from_an_upload(shop: Database) -> None:
    shop.run_sync(stock.stage, "b", parse_stock(["steam-0", "new", "steam-9", "steam-4"]).items)
    # sold, new, in stock, withdrawn
    assert shop.run_sync(stock.unstage_former_stock, "b", "STEAM") == (1, 4)
    assert shop.run_sync(stock.publish, "b", "STEAM", actor=ACTOR, now_ms=1).added == 1


def test_withdrawal_cannot_exceed_the_stock(shop: Database) -> None:
    with pytest.raises(refusals.StockTooSmall) as refused:
        shop.run_sync(stock.withdraw, "STEAM", 5, 1)
    assert refused.value.available == 4
    assert shop.run_sync(products.get_by_code, "STEAM").stock == 4


def test_stock_movements_are_listed(shop: Database) -> None:
    told = shop.run_sync(stock.list_movements, "steam", 10)
    assert [(one.kind, one.quantity, one.actor) for one in told] == [
        ("withdrawn", 2, ""),
        ("sold", 1, "Sari.X"),
        ("sold", 3, "Budi"),
        ("added", 10, ACTOR),
    ]
    assert len(shop.run_sync(stock.list_movements, "steam", 2)) == 2


# --- purchases ---


def test_purchase_changes_everything_at_once(shop: Database) -> None:
    receipt = shop.run_sync(buy, BUDI, "STEAM", 2, 500)
    assert receipt.items == ("steam-6", "steam-7")
    assert (receipt.purchase.total, receipt.purchase.status, receipt.is_repeat) == (100, "done", False)
    assert receipt.balance == 1000 - 150 + 250 - 100
    number = receipt.purchase.id
    assert shop.run_sync(purchases.get, number) == receipt.purchase
    assert shop.run_sync(purchases.list_items, number) == receipt.items
    owed = shop.run_sync(deliveries.list_due, 10**12)
    assert (owed[-1].purchase_id, owed[-1].user_id, owed[-1].language) == (number, BUDI, "id")
    account = shop.run_sync(accounts.get_by_handle, "budi")
    assert [one.id for one in shop.run_sync(purchases.list_by_account, account.id, 2)] == [number, 2]


def test_the_same_click_buys_once(shop: Database) -> None:
    first = shop.run_sync(buy, BUDI, "STEAM", 2, 500)
    again = shop.run_sync(buy, BUDI, "STEAM", 2, 500)
    assert (again.is_repeat, again.items, again.purchase) == (True, first.items, first.purchase)
    assert again.balance == first.balance


def order(shop: Database, **changed: Any) -> Order:
    found = shop.run_sync(products.get_by_code, "STEAM")
    given = {"interaction_id": 500, "user_id": BUDI, "product_id": found.id, "quantity": 1, "unit_price": 50}
    return Order(**{**given, "language": "id", **changed})


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"user_id": 12345}, refusals.NotRegistered()),
        ({"quantity": 0}, refusals.InvalidQuantity(100)),
        ({"quantity": 101}, refusals.InvalidQuantity(100)),
        ({"quantity": -3}, refusals.InvalidQuantity(100)),
        ({"product_id": 999}, refusals.NoSuchProduct("")),
        ({"unit_price": 49}, refusals.PriceChanged(49, 50)),
        ({"quantity": 5}, refusals.SoldOut(4)),
        ({"user_id": SARI}, refusals.InsufficientBalance(50, 10)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, refusals.Refused) else "",
)
def test_refused_purchase_changes_nothing(shop: Database, changed: dict[str, Any], refusal: refusals.Refused) -> None:
    with pytest.raises(type(refusal)) as refused:
        shop.run_sync(purchases.buy, order(shop, **changed), LIMITS, 5000)
    assert vars(refused.value) == vars(refusal)
    assert shop.run_sync(products.get_by_code, "STEAM").stock == 4
    assert shop.run_sync(accounts.get_by_handle, "budi").balance == 1100
    assert shop.run_sync(lambda connection: list(verify.find_problems(connection))) == []


def test_cooldown_between_two_purchases(shop: Database) -> None:
    limits = Limits(max_quantity=100, cooldown_s=3)
    shop.run_sync(purchases.buy, order(shop), limits, 10_000)
    with pytest.raises(refusals.CooldownActive) as refused:
        shop.run_sync(purchases.buy, order(shop, interaction_id=501), limits, 12_000)
    assert refused.value.wait_s == pytest.approx(1)
    shop.run_sync(purchases.buy, order(shop, interaction_id=501), limits, 13_000)


def test_free_product_can_be_bought(database: Database) -> None:
    database.run_sync(products.add, "FREE", "Free", 0, "", 1)
    database.run_sync(restock, "FREE", "gift")
    database.run_sync(member, BUDI, "Budi")
    assert database.run_sync(buy, BUDI, "FREE", 1, 1).items == ("gift",)
    assert database.run_sync(purchases.refund, 1, actor=ACTOR, now_ms=9)[1] == 0
    assert database.run_sync(lambda connection: list(verify.find_problems(connection))) == []


def test_refund_is_paid_once(shop: Database) -> None:
    before = shop.run_sync(accounts.get_by_handle, "sari.x").balance
    done, balance = shop.run_sync(purchases.refund, 3, actor=ACTOR, now_ms=9)
    assert (done.status, balance) == ("refunded", before + 50)
    with pytest.raises(refusals.AlreadyRefunded):
        shop.run_sync(purchases.refund, 3, actor=ACTOR, now_ms=10)
    with pytest.raises(refusals.NoSuchPurchase):
        shop.run_sync(purchases.refund, 999, actor=ACTOR, now_ms=10)


# --- deliveries ---


def test_delivery_is_pending_until_finished(shop: Database) -> None:
    owed = shop.run_sync(deliveries.list_due, 10**12)
    assert [one.purchase_id for one in owed] == [2, 3]
    assert shop.run_sync(deliveries.list_due, 0) == []
    assert len(shop.run_sync(deliveries.list_due, 10**12, 1)) == 1
    assert shop.run_sync(deliveries.begin_attempt, owed[1], 5000) is True
    sent = Delivery(1, BUDI, "sent", 1, "id")
    assert shop.run_sync(deliveries.begin_attempt, sent, 5000) is False
    shop.run_sync(deliveries.finish, 3, "shown", 42)
    assert shop.run_sync(deliveries.begin_attempt, replace(owed[1], attempts=2), 5000) is False
    # a finished delivery does not fail later
    shop.run_sync(deliveries.finish, 3, "failed")
    query = select(delivery.c.state, delivery.c.message_id).where(delivery.c.purchase_id == 3)
    assert tuple(shop.run_sync(lambda connection: connection.execute(query).one())) == ("shown", 42)


def test_delivery_fails_after_the_last_attempt(shop: Database) -> None:
    due = shop.run_sync(deliveries.list_due, 10**12)[1]
    attempts = range(due.attempts, due.attempts + deliveries.MAX_ATTEMPTS)
    tried = [shop.run_sync(deliveries.begin_attempt, replace(due, attempts=number), 5000) for number in attempts]
    assert tried[-1] is False and all(tried[:-1])
    assert [one.purchase_id for one in shop.run_sync(deliveries.list_due, 10**15)] == [2]


# --- deposits ---


def take(connection: Connection, key: str, handle: str, amount: int | None, refusal: str = "") -> Any:
    given: dict[str, Any] = {"key": key, "handle": handle, "amount": amount, "refusal": refusal}
    return deposits.record(connection, **given, source="webhook", now_ms=7)


def test_deposit_is_booked_once_and_all_are_listed(database: Database) -> None:
    database.run_sync(member, BUDI, "Budi")
    booked = database.run_sync(take, "m1", "BUDI", 5)
    assert (booked.balance, booked.user_id) == (5, BUDI)
    assert database.run_sync(take, "m1", "BUDI", 5) is None
    for key, handle, amount, refusal in (
        ("m2", "nobody", 5, "handle"),
        ("m3", "budi", -5, "amount"),
        ("m4", "budi", 0, "amount"),
        ("m5", "budi", None, "amount"),
    ):
        done = database.run_sync(take, key, handle, amount)
        assert (done.deposit.refusal, done.balance) == (refusal, None)
    done = database.run_sync(take, "m6", "budi", 99, "forged")
    assert (done.deposit.refusal, done.balance) == ("forged", None)
    assert database.run_sync(accounts.get_by_handle, "budi").balance == 5
    assert [one.key for one in database.run_sync(deposits.list_latest, 3)] == ["m6", "m5", "m4"]
    assert len(database.run_sync(deposits.list_latest, 10, refused_only=True)) == 5


# --- access, key-value store, admin log ---


def test_blacklist_and_maintenance_refuse_access(shop: Database) -> None:
    shop.run_sync(access.require_access, BUDI)
    with pytest.raises(refusals.Blacklisted) as barred:
        shop.run_sync(access.require_access, 666)
    assert barred.value.reason == "fraud"
    shop.run_sync(access.add_to_blacklist, 666, "other", actor=ACTOR, now_ms=9)
    shop.run_sync(access.add_to_blacklist, 666, "", actor=ACTOR, now_ms=9)
    assert [(one.user_id, one.reason) for one in shop.run_sync(access.list_blacklist)] == [(666, "other")]
    shop.run_sync(access.remove_from_blacklist, 666)
    with pytest.raises(refusals.NotBlacklisted):
        shop.run_sync(access.remove_from_blacklist, 666)
    shop.run_sync(access.set_maintenance, "counting")
    with pytest.raises(refusals.Maintenance) as closed:
        shop.run_sync(access.require_access, BUDI)
    assert closed.value.reason == "counting"
    with pytest.raises(refusals.Maintenance):
        shop.run_sync(purchases.buy, order(shop), LIMITS, 5000)
    shop.run_sync(access.set_maintenance, None)
    shop.run_sync(access.require_access, BUDI)


def test_values_are_stored_changed_and_deleted(database: Database) -> None:
    assert database.run_sync(settings.get, "a", int) is None
    database.run_sync(settings.put, "a", 1)
    database.run_sync(settings.put, "a", 2)
    assert database.run_sync(settings.get, "a", int) == 2
    database.run_sync(settings.put, "a", None)
    assert database.run_sync(settings.get, "a", int) is None


def test_admin_log_is_listed_newest_first(database: Database) -> None:
    for number in range(3):
        database.run_sync(admin_log.record, ACTOR, "addbal", f"{number}", number)
    assert [one.detail for one in database.run_sync(admin_log.list_latest, 2)] == ["2", "1"]


def test_taking_too_many_items_takes_none(shop: Database) -> None:
    from botapp.store.usecases.stock import take_available

    def claim(connection: Connection, pieces: int) -> tuple[str, ...]:
        found = products.get_by_code_to_change(connection, "ROBUX")
        return take_available(connection, found.id, pieces, status="withdrawn", purchase_id=None, now_ms=9)

    with pytest.raises(refusals.SoldOut):
        shop.run_sync(claim, 2)
    query = select(stock_item.c.id).where(stock_item.c.status == "withdrawn", stock_item.c.left_at_ms == 9)
    assert shop.run_sync(lambda connection: connection.execute(query).all()) == []
    assert shop.run_sync(claim, 1) == ("robux-2",)
