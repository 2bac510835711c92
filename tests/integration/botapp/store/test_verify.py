"""Every check of the verification: a consistent shop passes all, and each inconsistency fails the right one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import Connection, text

from botapp.store import verify
from botapp.store.db.database import Database, database_url
from botapp.store.verify import find_problems
from tests.support.shop.databases import migrate, opened
from tests.support.shop.populated_shop import opened_shop

#: statements that make a shop inconsistent, and the problems to find; constraints in their way are removed first
BROKEN = {
    "a coin more": (["UPDATE account SET balance = balance + 1 WHERE id = 1"], ["account Budi: the balance is 1101"]),
    "an entry less": (["DELETE FROM ledger WHERE kind = 'admin_add' AND account_id = 2"], ["account Sari.X"]),
    "both, so that the sums agree": (
        ["DELETE FROM ledger WHERE key = 'purchase:103'", "UPDATE account SET balance = balance + 50 WHERE id = 2"],
        ["order 3 costs 50"],
    ),
    "an order that was not paid in full": (
        ["UPDATE ledger SET amount = -49 WHERE key = 'purchase:103'", "UPDATE account SET balance = 11 WHERE id = 2"],
        ["order 3 costs 50"],
    ),
    "a missing item": (
        ["UPDATE stock_item SET purchase_id = NULL, status = 'withdrawn' WHERE content = 'steam-0'"],
        ["order 1: the quantity is 3, but the number of its items is 2"],
    ),
    "an item sold twice": (
        ["UPDATE stock_item SET purchase_id = 3 WHERE content = 'steam-0'"],
        [
            "order 1: the quantity is 3, but the number of its items is 2",
            "order 3: the quantity is 1, but the number of its items is 2",
        ],
    ),
    "the same key sold twice": (
        [
            "UPDATE stock_item SET digest = (SELECT digest FROM stock_item WHERE content = 'steam-0')"
            " WHERE purchase_id = 3"
        ],
        ["was sold 2 times, first in order 1 and last in order 3"],
    ),
    "a sold item that is available again": (
        [
            "UPDATE stock_item SET status = 'available', left_at_ms = NULL WHERE content = 'steam-0'",
        ],
        ["item 1 is available, but its order 1 is done"],
    ),
    "an item of another product": (
        ["UPDATE stock_item SET product_id = 2 WHERE content = 'steam-0'"],
        ["item 1 belongs to product 2, but its order 1 to another product"],
    ),
    "a refund without a ledger entry": (
        ["DELETE FROM ledger WHERE kind = 'refund'", "UPDATE account SET balance = balance - 30 WHERE id = 1"],
        ["order 2 of 30 was refunded, but the ledger has no entry"],
    ),
    "a ledger entry without a refund": (
        [
            "UPDATE purchase SET status = 'done' WHERE id = 2",
            "UPDATE stock_item SET status = 'sold' WHERE purchase_id = 2",
        ],
        ["refunds an order that was not refunded"],
    ),
    "a deleted order": (
        [
            "DELETE FROM delivery WHERE purchase_id = 3",
            "DELETE FROM stock_item WHERE purchase_id = 3",
            "DELETE FROM purchase WHERE id = 3",
        ],
        ["pays for an order that does not exist"],
    ),
    "an order without a delivery": (["DELETE FROM delivery WHERE purchase_id = 3"], ["order 3 has no delivery"]),
    "a delivery without an order": (
        ["INSERT INTO delivery VALUES (99, 'pending', 1, 0, NULL, 'id')"],
        ["a delivery belongs to order 99, which does not exist"],
    ),
    "an item of a deleted order": (
        ["UPDATE stock_item SET purchase_id = 99 WHERE content = 'steam-0'"],
        [
            "item 1 belongs to a product or an order that does not exist",
            "order 1: the quantity is 3, but the number of its items is 2",
        ],
    ),
    "an item of a deleted product": (
        ["UPDATE stock_item SET product_id = 99 WHERE content = 'steam-9'"],
        ["item 10 belongs to a product or an order that does not exist"],
    ),
    "an order of a deleted account": (
        ["UPDATE purchase SET account_id = 99 WHERE id = 3"],
        ["order 3 belongs to an account or a product that does not exist", "order 3 costs 50"],
    ),
    "a member with a deleted account": (
        ["INSERT INTO user_link VALUES (5, 99, 0)"],
        ["user 5 has an account that does not exist"],
    ),
    "an account without a user": (["DELETE FROM user_link WHERE account_id = 1"], ["account Budi belongs to no user"]),
    "an entry of a deleted account": (
        ["INSERT INTO ledger VALUES (99, 99, 5, 'admin_add', '', '', 'k', 0)"],
        ["ledger entry 99 belongs to an account that does not exist"],
    ),
    "a deposit without a ledger entry": (
        ["DELETE FROM ledger WHERE kind = 'deposit'", "UPDATE account SET balance = balance - 250 WHERE id = 1"],
        ["deposit m1 of 250 was accepted, but the ledger has no entry"],
    ),
    "a refused deposit with a ledger entry": (
        ["UPDATE deposit SET refusal = 'forged' WHERE key = 'm1'"],
        ["belongs to a deposit that does not exist or was refused"],
    ),
}


def found_in(database: Database) -> list[str]:
    return database.run_sync(lambda connection: list(find_problems(connection)))


def take_off_constraints(connection: Connection) -> None:
    """Remove the constraints, as a damaged disk or manual edits would ignore them."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
        return
    connection.execute(text("SET session_replication_role = replica"))
    look = sqlalchemy.inspect(connection)
    for table in look.get_table_names():
        for one in look.get_check_constraints(table):
            connection.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{one["name"]}"'))


def test_consistent_shop_has_no_problems(database: Database) -> None:
    assert found_in(database) == []
    assert found_in(opened_shop(database)) == []


def broken(database: Database, statements: list[str]) -> list[str]:
    """Fill a database, make it inconsistent, and return the problems found."""
    opened_shop(database)
    if database._is_file:
        # this pragma has no effect within a transaction
        database._current_engine().raw_connection().driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]

    def break_them(connection: Connection) -> None:
        take_off_constraints(connection)
        for statement in statements:
            assert connection.execute(text(statement)).rowcount >= 1, statement

    database.run_sync(break_them)
    return found_in(database)


@pytest.mark.parametrize(("statements", "expected"), BROKEN.values(), ids=list(BROKEN))
def test_each_inconsistency_is_found(database: Database, statements: list[str], expected: list[str]) -> None:
    found = broken(database, statements)
    for words in expected:
        assert any(words in one for one in found), found
    # and no check reports a false problem
    assert len(found) == len(expected), found


def test_every_check_has_a_test_case(tmp_path: Path) -> None:
    """A check that no case triggers might as well be missing."""
    said: list[str] = []
    for number, (statements, _expected) in enumerate(BROKEN.values()):
        with opened(database_url("", tmp_path / f"{number}.db")) as database:
            database.run_sync(migrate)
            said += broken(database, statements)
    for words, _query in verify._checks():
        pattern = ".+".join(map(re.escape, words.split("%s")))
        assert any(re.fullmatch(pattern, one) for one in said), words
