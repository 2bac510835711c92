"""The schema of a database is compared with that of the program, on SQLite and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from botapp.store.db.comparison import find_differences, split_definitions
from botapp.store.db.database import Database
from tests.support.shop.populated_shop import opened_shop

#: a statement that changes the schema, and a word of the difference
CHANGES = {
    "an index less": ("DROP INDEX stock_item_once", "stock_item_once"),
    "another index": ("CREATE INDEX mine ON ledger (amount)", "mine"),
    "a column more": ("ALTER TABLE product ADD COLUMN hidden INTEGER", "hidden"),
}
POSTGRES_CHANGES = {
    "a check less": ("ALTER TABLE account DROP CONSTRAINT account_balance", "account_balance"),
    "a weaker check": (
        "ALTER TABLE account DROP CONSTRAINT account_balance, ADD CONSTRAINT account_balance CHECK (balance >= -9)",
        "-9",
    ),
    "a unique less": ("ALTER TABLE ledger DROP CONSTRAINT ledger_key_key", "ledger_key_key"),
    "a foreign key less": ("ALTER TABLE purchase DROP CONSTRAINT purchase_product_id_fkey", "purchase_product_id_fkey"),
    "a trigger": (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TRIGGER thief AFTER INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION f()",
        "thief",
    ),
    "a rule": ("CREATE RULE thief AS ON INSERT TO ledger DO ALSO UPDATE account SET balance = 0", "thief"),
    "a view in place of a table": ("DROP TABLE admin_log; CREATE VIEW admin_log AS SELECT 1 AS id", "admin_log"),
}
SQLITE_CHANGES = {
    "a trigger": (
        "CREATE TRIGGER thief AFTER INSERT ON ledger BEGIN UPDATE account SET balance = 0; END",
        "thief",
    ),
    "a view": ("CREATE VIEW thief AS SELECT * FROM account", "thief"),
    "a table": ("CREATE TABLE mine (id INTEGER)", "mine"),
}


def differences(database: Database, *statements: str) -> list[str]:
    """Execute the statements, and return the differences after them."""

    def execute(connection: Connection) -> None:
        for statement in statements:
            connection.execute(text(statement))

    database.run_sync(execute)
    return database.run_sync(lambda connection: list(find_differences(connection)))


def test_migrated_database_has_no_difference(database: Database) -> None:
    opened_shop(database)
    assert differences(database) == []
    assert differences(database) == [], "nothing is left of the comparison"


@pytest.mark.parametrize("change", CHANGES)
def test_change_is_found(database: Database, change: str) -> None:
    statement, word = CHANGES[change]
    [found] = differences(database, statement)
    assert word in found


@pytest.mark.parametrize("store_address", ["sqlite"], indirect=True)
@pytest.mark.parametrize("change", SQLITE_CHANGES)
def test_change_is_found_in_sqlite(database: Database, change: str) -> None:
    statement, word = SQLITE_CHANGES[change]
    [found] = differences(database, statement)
    assert word in found


@pytest.mark.parametrize("store_address", ["postgresql"], indirect=True)
@pytest.mark.parametrize("change", POSTGRES_CHANGES)
def test_change_is_found_in_postgresql(database: Database, change: str) -> None:
    statement, word = POSTGRES_CHANGES[change]
    assert any(word in found for found in differences(database, statement))


@pytest.mark.parametrize("store_address", ["sqlite"], indirect=True)
def test_check_that_was_removed_is_found_in_sqlite(database: Database, tmp_path: Path) -> None:
    """SQLite cannot drop a CHECK, but a file that was written by hand may lack it."""
    opened_shop(database)
    removed = differences(
        database,
        "CREATE TABLE other AS SELECT * FROM admin_log",
        "DROP TABLE admin_log",
        "ALTER TABLE other RENAME TO admin_log",
    )
    assert any("PRIMARY KEY (id)" in one for one in removed)


def test_definitions_are_split_at_commas_outside_of_brackets() -> None:
    statement = "CREATE TABLE t (\n a TEXT DEFAULT 'x,(y', \n\tCHECK (a IN ('b', 'c')), \"d\" INTEGER) STRICT"
    assert split_definitions(statement) == ["a TEXT DEFAULT 'x,(y'", "CHECK (a IN ('b', 'c'))", "d INTEGER", "STRICT"]
