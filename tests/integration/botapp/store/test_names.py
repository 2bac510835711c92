"""Names and items that look the same are the same in the database, and a given up name is reserved."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from botapp.cogs import shop_admin
from botapp.store.db.database import Database
from botapp.store.db.tables import account
from botapp.store.domain import refusals, rules
from botapp.store.domain.rules import parse_stock
from botapp.store.usecases import access, accounts, deposits, products, stock
from tests.support.shop.populated_shop import ACTOR, BUDI, SARI, buy, member, restock

DAY_MS = 24 * 3600 * 1000


def deposit(database: Database, key: str, handle: str, now_ms: int) -> Any:
    [result] = database.run_sync(
        deposits.record_claims, [deposits.DepositClaim(key, handle, 100, "")], source="webhook", now_ms=now_ms
    )
    return result.deposit.refusal, result.user_id


@pytest.mark.parametrize("mark", ["\u200b", "\u2060", "\ufeff", "\u200d", "\u00ad"])
def test_name_with_an_invisible_character_belongs_to_its_owner(database: Database, mark: str) -> None:
    database.run_sync(member, BUDI, f"Bu{mark}di")
    for text in ("Budi", f"budi{mark}", f"{mark}BUDI"):
        with pytest.raises(refusals.HandleTaken):
            database.run_sync(accounts.register, SARI, text, 5)
        assert database.run_sync(accounts.get_by_handle, text).handle == "Budi"
        assert deposit(database, text, text, 6) == ("", BUDI)


def test_given_up_name_stays_reserved_for_30_days(database: Database) -> None:
    database.run_sync(accounts.register, BUDI, "Budi", 1)
    database.run_sync(accounts.register, BUDI, "Budi_2", 2)
    until_ms = 2 + 30 * DAY_MS
    # a deposit for the old name reaches no stranger
    with pytest.raises(refusals.HandleReserved) as refused:
        database.run_sync(accounts.register, SARI, "bu\u200bDI", until_ms - 1)
    assert refused.value.until_ms == until_ms
    assert database.run_sync(accounts.get_by_user, SARI) is None
    assert deposit(database, "d1", "budi", until_ms - 1) == ("released", None)
    assert deposit(database, "d2", "budi", until_ms) == ("handle", None)
    database.run_sync(accounts.register, SARI, "Budi", until_ms)
    assert deposit(database, "d3", "budi", until_ms) == ("", SARI)


def test_member_takes_a_given_up_name_back(database: Database) -> None:
    for number, name in enumerate(("Budi", "Budi_2", "BUDI", "budi_2", "Budi_2")):
        database.run_sync(accounts.register, BUDI, name, number)
    with pytest.raises(refusals.HandleReserved):
        database.run_sync(accounts.register, SARI, "Budi", 9)
    with pytest.raises(refusals.HandleTaken):
        database.run_sync(accounts.register, SARI, "Budi_2", 9)


def test_member_cannot_reserve_names_without_limit(database: Database) -> None:
    for number in range(rules.MAX_RESERVED + 1):
        database.run_sync(accounts.register, BUDI, f"Budi_{number}", number)
    with pytest.raises(refusals.TooManyHandles) as refused:
        database.run_sync(accounts.register, BUDI, "Budi_more", DAY_MS)
    assert refused.value.until_ms == 1 + rules.RESERVED_MS
    # back to an earlier one is possible
    assert database.run_sync(accounts.register, BUDI, "Budi_0", DAY_MS).handle == "Budi_0"
    database.run_sync(accounts.register, BUDI, "Budi_more", refused.value.until_ms + 1)


def test_code_with_an_invisible_character_is_the_same_product(database: Database) -> None:
    database.run_sync(products.add, "STE\u200bAM", "Steam", 5, "", 1)
    assert database.run_sync(products.get_by_code, "steam\ufeff").code == "STEAM"
    with pytest.raises(refusals.CodeTaken):
        database.run_sync(products.add, "\u2060STEAM", "Other", 5, "", 2)
    with pytest.raises(refusals.InvalidText):
        database.run_sync(products.update_product, "STEAM", name="\u3164")


def test_item_with_an_invisible_character_is_not_sold_twice(database: Database) -> None:
    database.run_sync(products.add, "A", "A", 1, "", 1)
    database.run_sync(member, BUDI, "Budi", 10)
    assert database.run_sync(restock, "A", "AAAA-1111", "AAAA\u200b-1111", "\ufeffAAAA-1111", "\u200b") == 1
    assert database.run_sync(restock, "A", "AAAA-1111\u2060", "BBBB\u200b-2222") == 1
    assert database.run_sync(buy, BUDI, "A", 2, 7).items == ("AAAA-1111", "BBBB-2222")
    assert database.run_sync(restock, "A", "A\u200bAAA-1111") == 0


def test_item_of_another_product_is_reported(database: Database) -> None:
    for code in ("A", "B", "C"):
        database.run_sync(products.add, code, code, 1, "", 1)
    database.run_sync(member, BUDI, "Budi", 10)
    database.run_sync(restock, "A", "sold", "taken", "available")
    database.run_sync(buy, BUDI, "A", 1, 7)
    database.run_sync(stock.withdraw, "A", 1, 8)
    lines = parse_stock(["new", "AVAILABLE", "avail\u200bable", "sold", "taken", "available"])
    database.run_sync(stock.stage, "b", lines.items)
    assert database.run_sync(stock.find_elsewhere, "b", "B") == ((3, "A"), (4, "A"))
    assert database.run_sync(stock.find_elsewhere, "b", "B", 4, 5) == ((4, "A"),)
    assert database.run_sync(stock.find_elsewhere, "b", "A") == ()
    assert database.run_sync(stock.publish, "b", "B", actor=ACTOR, now_ms=9).added == 5
    # what is not added again needs no report
    assert database.run_sync(stock.find_elsewhere, "b", "B") == ()
    database.run_sync(stock.stage, "c", parse_stock(["new", "x"]).items)
    assert database.run_sync(stock.find_elsewhere, "c", "C") == ((1, "B"),)


def test_number_that_is_an_id_and_a_name_bars_no_one(database: Database) -> None:
    """Such names are refused now, but a database may have one."""
    database.run_sync(member, BUDI, "Budi")
    database.run_sync(
        lambda connection: connection.execute(update(account).values(handle=str(SARI), handle_key=str(SARI)))
    )
    with pytest.raises(refusals.AmbiguousUser) as refused:
        database.run_sync(shop_admin.blacklist_member, str(SARI), "", ACTOR, 5)
    assert refused.value.user_id == BUDI
    assert database.run_sync(access.list_blacklist) == []
    assert database.run_sync(shop_admin.blacklist_member, f"<@{SARI}>", "", ACTOR, 5) == SARI
    with pytest.raises(refusals.AmbiguousUser):
        database.run_sync(shop_admin.unblacklist_member, str(SARI))
    # the id of the member who has this name is clear
    assert database.run_sync(shop_admin.blacklist_member, str(BUDI), "", ACTOR, 5) == BUDI
