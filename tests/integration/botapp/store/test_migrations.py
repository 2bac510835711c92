"""Migrate from every schema version to the current one, with rows; and refuse what cannot be migrated."""

from __future__ import annotations

import hashlib
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import alembic.command
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, event, inspect, text
from sqlalchemy.engine import URL

from botapp.store import verify
from botapp.store.db import schema
from botapp.store.db.database import Database, create_engine, database_url
from botapp.store.db.tables import metadata
from botapp.store.domain.rules import content_digest
from tests.support.shop.databases import KINDS, Stores, migrate, opened
from tests.support.shop.populated_shop import everything, open_shop


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables."""
    if request.param == "sqlite":
        with opened(database_url("", tmp_path / "shop.db")) as database:
            yield database
        return
    stores: Stores = request.getfixturevalue("stores")
    with stores.postgres(migrated=False) as address, opened(database_url(address, tmp_path)) as database:
        yield database


def upgrade(connection: Connection, before: Callable[[], None], to: str) -> bool:
    return schema.migrate(connection, back_up=before, to=to)


def fail() -> None:
    raise AssertionError("there is nothing yet that a backup could save")


def test_first_start_creates_the_tables_without_a_backup(empty: Database) -> None:
    assert empty.run_sync(schema.migrate, back_up=fail) is True
    assert empty.run_sync(schema.migrate, back_up=fail) is False
    assert empty.run_sync(schema.get_version) == schema.VERSIONS[-1]


@pytest.mark.parametrize("version", schema.VERSIONS)
def test_every_version_is_migrated_with_its_rows(empty: Database, version: str) -> None:
    empty.run_sync(upgrade, fail, version)
    old = empty.run_sync(rows_of_any_version)
    asked: list[str] = []
    changed = empty.run_sync(schema.migrate, back_up=lambda: asked.append("backup"))
    assert asked == (["backup"] if changed else [])
    assert changed == (version != schema.VERSIONS[-1])
    assert empty.run_sync(schema.get_version) == schema.VERSIONS[-1]
    new = empty.run_sync(everything)
    for table, rows in old.items():
        # columns and tables may have been added since, but none of these rows may be missing
        assert len(new[table]) == len(rows), table


def rows_of_any_version(connection: Connection) -> dict[str, list[Any]]:
    """Fill the tables of a schema version with suitable rows, and return them."""
    version = schema.get_version(connection)
    if version == schema.VERSIONS[-1]:
        open_shop(connection)
        return {table: list(rows) for table, rows in everything(connection).items()}
    rows = ROWS_OF[version or ""]
    insert_rows(connection, rows)
    # the migration itself adds to the admin log
    return {table: list(values) for table, values in rows.items() if table != "admin_log"}


def insert_rows(connection: Connection, rows: dict[str, list[dict[str, Any]]]) -> None:
    tables = MetaData()
    tables.reflect(connection)
    for name, values in rows.items():
        connection.execute(tables.tables[name].insert(), values)


def test_upgrade_to_0003_normalizes_names_and_items(empty: Database) -> None:
    empty.run_sync(upgrade, fail, "0002")
    empty.run_sync(insert_rows, ROWS_OF["0002"])
    assert empty.run_sync(upgrade, lambda: None, "0003") is True
    names = empty.run_sync(select_rows, "SELECT handle, handle_key FROM account ORDER BY id")
    assert names == [("Budi", "budi"), ("Budi-2", "budi-2"), ("member-3", "member-3"), ("Sari", "sari")]
    products = empty.run_sync(select_rows, "SELECT code, code_key, name FROM product ORDER BY id")
    assert products == [("A", "a", "Alpha"), ("A-2", "a-2", "A-2")]
    items = empty.run_sync(select_rows, "SELECT id, status, content FROM stock_item ORDER BY id")
    assert [(number, status) for number, status, _content in items] == [
        (1, "sold"),
        (2, "withdrawn"),
        (3, "available"),
        (4, "withdrawn"),
        (5, "withdrawn"),
        (6, "available"),
        (7, "sold"),
        (8, "sold"),
        (9, "withdrawn"),
        (10, "available"),
    ]
    assert (items[5][2], items[9][2]) == ("BBBB-2222", "AAAA-1111")
    digests = dict(empty.run_sync(select_rows, "SELECT content, digest FROM stock_item WHERE status = 'available'"))
    assert all(bytes(digest) == content_digest(content) for content, digest in digests.items())
    entries = empty.run_sync(select_rows, "SELECT detail FROM admin_log WHERE actor = 'migration' ORDER BY id")
    assert [detail.split()[0] for (detail,) in entries] == ["member", "member", "member", "product", "stock"]
    assert entries[-1] == ("stock of A: withdrew 3",)
    assert empty.run_sync(lambda connection: list(verify.find_problems(connection))) == []


def select_rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(text(query))]


def _item_0002(number: int, content: str, status: str = "available", purchase_id: int | None = None) -> dict[str, Any]:
    digest = hashlib.blake2b(content.encode(), digest_size=16).digest()
    left_at_ms = None if status == "available" else 9
    return {
        "id": number, "product_id": 2 if number == 10 else 1, "content": content, "digest": digest, "status": status,
        "added_by": "x", "added_at_ms": 1, "purchase_id": purchase_id, "left_at_ms": left_at_ms,
    }  # fmt: skip


def _rows_of_0002() -> dict[str, list[dict[str, Any]]]:
    """Rows with characters that are invisible, which version 0002 accepted."""
    handles = ["Budi", "Budi\u1160", "\u1160\u1160\u1160", "Sa\u1160ri"]
    numbers = range(1, len(handles) + 1)
    bought = {
        "quantity": 1,
        "unit_price": 5,
        "total": 5,
        "status": "done",
        "at_ms": 3,
        "account_id": 1,
        "product_id": 1,
    }
    paid = {"amount": -5, "kind": "purchase", "reference": "", "actor": "", "account_id": 1, "at_ms": 3}
    given = {"amount": 20, "kind": "admin_add", "reference": "", "actor": "x", "at_ms": 2}
    product = {"price": 5, "description": "", "active": True, "low_told": False, "created_at_ms": 1}
    return {
        "account": [
            {"id": number, "handle": name, "handle_key": name.lower(), "balance": 20, "created_at_ms": 1}
            | ({"balance": 5} if number == 1 else {})
            for number, name in zip(numbers, handles, strict=True)
        ],
        "user_link": [{"user_id": 100 + number, "account_id": number, "linked_at_ms": 1} for number in numbers],
        "ledger": [
            *({**given, "account_id": number, "key": f"start:{number}"} for number in numbers),
            *({**paid, "key": f"purchase:{number}"} for number in (11, 12, 13)),
        ],
        "product": [
            {"id": 1, "code": "A", "code_key": "a", "name": "Alpha", **product},
            {"id": 2, "code": "A\u1160", "code_key": "a\u1160", "name": "\u3164", **product},
        ],
        "purchase": [{"id": number, "interaction_id": 10 + number, "user_id": 101, **bought} for number in (1, 2, 3)],
        "delivery": [
            {"purchase_id": number, "state": "sent", "attempts": 1, "next_attempt_at_ms": 0, "language": "id"}
            for number in (1, 2, 3)
        ],
        "stock_item": [
            _item_0002(1, "sold\u200b-1", "sold", 1),
            _item_0002(2, "sold-1"),
            _item_0002(3, "AAAA-1111"),
            _item_0002(4, "AAAA\u200b-1111"),
            _item_0002(5, "\u200b"),
            _item_0002(6, "BBBB\u2060-2222"),
            _item_0002(7, "twice-1", "sold", 2),
            _item_0002(8, "twice\u200b-1", "sold", 3),
            _item_0002(9, "gone\u200b-1", "withdrawn"),
            # equal items of two products stay
            _item_0002(10, "AAAA\ufeff-1111"),
        ],
        "admin_log": [{"actor": "x", "action": "addproduct", "detail": "A", "at_ms": 1}],
    }


ROWS_OF: dict[str, dict[str, list[dict[str, Any]]]] = {
    "0002": _rows_of_0002(),
    "0003": {
        "account": [{"id": 1, "handle": "Budi", "handle_key": "budi", "balance": 5, "created_at_ms": 1}],
        "released_handle": [{"handle_key": "budi-2", "account_id": 1, "released_at_ms": 1}],
        "admin_log": [{"actor": "x", "action": "addbal", "detail": "Budi 5", "at_ms": number} for number in (1, 2)],
    },
}


def test_version_0003_goes_on_after_the_migration(empty: Database) -> None:
    """It writes the admin log without the new column."""
    empty.run_sync(upgrade, fail, "0003")
    empty.run_sync(insert_rows, ROWS_OF["0003"])
    assert schema.pending_usable_by_previous("0003")
    empty.run_sync(upgrade, lambda: None, "0004")
    empty.run_sync(insert_rows, {"admin_log": ROWS_OF["0003"]["admin_log"]})
    assert empty.run_sync(select_rows, "SELECT request_id FROM admin_log") == [(None,)] * 4


@pytest.mark.parametrize(("version", "is_usable"), [(None, False), ("0002", False), ("0003", True), ("0004", True)])
def test_whether_the_version_before_can_go_on(version: str | None, is_usable: bool) -> None:
    assert schema.pending_usable_by_previous(version) is is_usable
    assert schema.pending_usable_by_previous(schema.VERSIONS[-1])
    with pytest.raises(schema.SchemaTooNew):
        schema.pending_usable_by_previous("9999")


def test_migrated_tables_match_the_code(database: Database) -> None:
    """Columns, types, indexes and keys, as Alembic compares them."""

    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    assert database.run_sync(differences) == []


def test_constraints_match_the_code(database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """CHECK constraints and conditions of partial indexes, which Alembic does not compare."""
    found = database.run_sync(conditions)
    assert {"account_balance", "ledger_amount", "stock_item_once", "delivery_due"} <= set(found)
    if "sqlite" in request.node.callspec.id:
        url = database_url("", tmp_path / "of-the-code.db")
    else:
        stores: Stores = request.getfixturevalue("stores")
        with stores.postgres(migrated=False) as address:
            assert found == made_by_the_code(database_url(address, tmp_path))
        return
    assert found == made_by_the_code(url)


def made_by_the_code(url: URL) -> dict[str, str]:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            metadata.create_all(connection)
            return conditions(connection)
    finally:
        engine.dispose()


def conditions(connection: Connection) -> dict[str, str]:
    """Return the conditions in a database by constraint and index name."""
    look = inspect(connection)
    found: dict[str, str] = {}
    for table in look.get_table_names():
        found |= {str(one["name"]): str(one["sqltext"]) for one in look.get_check_constraints(table)}
        for index in look.get_indexes(table):
            where = [str(value) for key, value in index.get("dialect_options", {}).items() if key.endswith("where")]
            found[str(index["name"])] = f"{index['column_names']} {index['unique']} {where}"
    return found


def test_newer_database_is_refused_and_unchanged(database: Database) -> None:
    database.run_sync(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(schema.SchemaTooNew, match=r"9999.*install the newer program"):
        database.run_sync(migrate)
    assert database.run_sync(schema.get_version) == "9999"


class PowerCut(Exception):
    """Simulates the end of the process."""


@pytest.mark.parametrize("statement", [0, 1, 5, 12, 20])
def test_interrupted_migration_changes_nothing(empty: Database, statement: int) -> None:
    """SQLite too rolls back changes to tables within a transaction."""
    left = [statement]

    def cut(connection: Any, cursor: Any, words: str, *_: Any) -> None:
        if words.lstrip().startswith(("CREATE", "INSERT", "ALTER", "DROP")):
            left[0] -= 1
            if left[0] < 0:
                raise PowerCut

    engine = empty._current_engine()
    event.listen(engine, "before_cursor_execute", cut)
    with pytest.raises(PowerCut):
        empty.run_sync(migrate)
    event.remove(engine, "before_cursor_execute", cut)
    assert empty.run_sync(lambda connection: inspect(connection).get_table_names()) == []
    assert empty.run_sync(migrate) is True


def test_failed_backup_prevents_the_migration(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    empty.run_sync(migrate)
    before = empty.run_sync(schema.get_version)
    monkeypatch.setattr(schema, "VERSIONS", (*schema.VERSIONS, "next"))

    def fail() -> None:
        raise PowerCut

    with pytest.raises(PowerCut):
        empty.run_sync(schema.migrate, back_up=fail)
    assert empty.run_sync(schema.get_version) == before


def test_second_of_two_concurrent_migrations_does_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes see an old version: one makes a backup and migrates, the other one waits."""
    monkeypatch.setattr(schema, "VERSIONS", (*schema.VERSIONS, "next"))

    def upgrade_to_next(config: Any, to: str) -> None:
        statement = text("UPDATE alembic_version SET version_num = :to")
        config.attributes["connection"].execute(statement, {"to": to})

    monkeypatch.setattr(alembic.command, "upgrade", upgrade_to_next)
    asked: list[str] = []
    first, both = threading.Event(), threading.Event()

    def before() -> None:
        asked.append("backup")
        if len(asked) > 1:
            both.set()
        first.set()
        # long enough for the other one to get here too, if nothing stops it
        both.wait(0.5)

    with ThreadPoolExecutor(2) as pool, opened(database._url) as other:
        one = pool.submit(database.run_sync, schema.migrate, back_up=before, to="next")
        assert first.wait(30)
        two = pool.submit(other.run_sync, schema.migrate, back_up=before, to="next")
        assert (one.result(30), two.result(30)) == (True, False)
    assert asked == ["backup"]
    assert database.run_sync(schema.get_version) == "next"


def test_concurrent_processes_migrate_once(empty: Database) -> None:
    context = multiprocessing.get_context("spawn")
    url = empty._url.render_as_string(hide_password=False)
    with context.Pool(3) as pool:
        done = pool.map(migrate_elsewhere, [url] * 3, chunksize=1)
    assert sorted(done) == [False, False, True]
    assert empty.run_sync(schema.get_version) == schema.VERSIONS[-1]


def migrate_elsewhere(address: str) -> bool:
    from sqlalchemy.engine import make_url

    with opened(make_url(address)) as database:
        return database.run_sync(migrate)
