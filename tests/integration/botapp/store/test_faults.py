"""The world goes wrong under the shop's database: it says so in words, and is well again by itself."""

from __future__ import annotations

import asyncio
import os
import pwd
import resource
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

import botapp.store.db.database
from botapp.config.settings import Settings, Store
from botapp.shop import Shop
from botapp.store import verify
from botapp.store.db import schema
from botapp.store.db.database import Database, database_url
from botapp.store.db.errors import Unavailable
from botapp.store.usecases import products
from tests.support.shop import postgres
from tests.support.shop.databases import migrate, opened
from tests.support.shop.populated_shop import BUDI, balances, buy, opened_shop, restock
from tests.support.shop.postgres import Postgres


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def shop(file: Path) -> Iterator[Database]:
    with opened(database_url("", file)) as database:
        database.run_sync(migrate)
        yield opened_shop(database)


def fails(database: Database, *words: str) -> None:
    """See that a use of the database fails, and that its error and its health say why, and nothing of the stock."""
    with pytest.raises(Unavailable) as refused:
        database.run_sync(restock, "STEAM", "a secret line", now_ms=99)
    for said in (str(refused.value), str(database.health()["last_error"])):
        assert all(word in said for word in words), said
        assert "secret" not in said
    assert database.health()["is_healthy"] is False


def is_well(database: Database) -> None:
    """See that the database works, and says so."""
    before = database.run_sync(products.get_by_code, "STEAM").stock
    database.run_sync(restock, "STEAM", f"line-{before}")
    assert database.run_sync(products.get_by_code, "STEAM").stock == before + 1
    assert database.health()["is_healthy"] is True
    assert database.health()["last_error"] is None
    assert database.run_sync(lambda connection: list(verify.find_problems(connection))) == []


def test_a_file_that_is_taken_away_is_not_made_anew_and_found_again(shop: Database, file: Path) -> None:
    aside = file.with_name("aside.db")
    file.rename(aside)
    fails(shop, str(file), "stocksup data restore")
    assert not file.exists()
    aside.rename(file)
    is_well(shop)


def test_a_file_that_is_replaced_is_the_one_that_counts(shop: Database, file: Path) -> None:
    other = file.with_name("other.db")
    shutil.copy(file, other)
    shop.run_sync(buy, BUDI, "STEAM", 1, 900)
    old = file.with_name("old.db")
    os.link(file, old)
    os.replace(other, file)
    # what was bought since is not in it, and nothing more goes to the old one
    assert shop.run_sync(balances)["Budi"] == 1100
    before = old.read_bytes()
    is_well(shop)
    assert old.read_bytes() == before


@contextmanager
def limited(bytes_allowed: int) -> Iterator[None]:
    """Let no file of this process grow beyond that: to whoever writes the disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_allowed, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_loses_nothing(shop: Database, file: Path) -> None:
    before = shop.run_sync(balances)
    lines = [f"{number}-{'x' * 1000}" for number in range(100)]
    with limited(file.stat().st_size), pytest.raises(Unavailable, match="the disk"):
        shop.run_sync(restock, "STEAM", *lines)
    assert shop.health()["is_healthy"] is False
    assert shop.run_sync(balances) == before
    is_well(shop)


def test_on_a_full_disk_that_can_still_be_read_the_database_is_not_well(shop: Database) -> None:
    with limited(0):
        assert shop.run_sync(products.get_by_code, "STEAM").stock, "nothing is known of it yet"
        fails(shop, "the disk")
        with pytest.raises(Unavailable, match="the disk"):
            shop.run_sync(products.list_active)
        assert shop.health()["is_healthy"] is False
    assert shop.run_sync(products.list_active)
    is_well(shop)
    with opened(shop._url) as later, limited(0), pytest.raises(Unavailable, match="the disk"):
        later.run_sync(products.list_active)  # a new life sees it at once


def test_a_database_that_reached_its_largest_size_says_that_the_disk_is_full(shop: Database) -> None:
    def fill(connection: object) -> None:
        shop._current_engine().raw_connection().driver_connection.execute("PRAGMA max_page_count=1")  # type: ignore[union-attr]

    shop.run_sync(fill)
    with pytest.raises(Unavailable, match="the disk is full; free some space"):
        shop.run_sync(restock, "STEAM", *(f"{number}-{'x' * 1000}" for number in range(100)))
    is_well(shop)


def test_a_database_that_somebody_else_holds_is_waited_for_and_then_said(
    shop: Database, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(botapp.store.db.database, "LOCK_TIMEOUT_S", 0.2)
    shop._dispose_engine()
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        fails(shop, "locked by another process")
        other.execute("COMMIT")
        is_well(shop)


def test_a_damaged_file_is_said_and_one_that_is_put_in_its_place_counts(shop: Database, file: Path) -> None:
    good = file.read_bytes()
    shop._dispose_engine()
    file.write_bytes(b"no database at all, but long enough to be looked at " * 100)
    fails(shop, "it is damaged", "stocksup data restore")
    fresh = file.with_name("fresh")
    fresh.write_bytes(good)
    os.replace(fresh, file)
    is_well(shop)


@contextmanager
def as_somebody_else() -> Iterator[None]:
    """Have no more rights than any user: root may write to everything."""
    if os.geteuid():
        yield
        return
    os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_may_not_be_written_to_is_said() -> None:
    with tempfile.TemporaryDirectory() as name, opened(database_url("", Path(name, "shop.db"))) as shop:
        directory, file = Path(name), Path(name, "shop.db")
        directory.chmod(0o777)
        with as_somebody_else():
            shop.run_sync(migrate)
            opened_shop(shop)
            shop._dispose_engine()
            file.chmod(0o400)
            fails(shop, str(file), "Permission denied")
            file.chmod(0o600)
            is_well(shop)


def test_a_crash_in_the_middle_of_a_commit_is_undone(shop: Database, file: Path) -> None:
    """Another process dies with half of its pages written; its journal brings the file back."""
    before = shop.run_sync(balances)
    pid = os.fork()
    if pid == 0:
        connection = sqlite3.connect(file, isolation_level=None)
        connection.execute("PRAGMA cache_size=1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE account SET balance = balance + 1000000")
        # more than the cache holds: pages go to the file before the commit
        connection.execute("CREATE TABLE rest AS SELECT randomblob(1000000) AS it")
        os._exit(1)
    os.waitpid(pid, 0)
    assert file.with_name("shop.db-journal").stat().st_size > 0
    assert shop.run_sync(balances) == before
    is_well(shop)


# --- PostgreSQL ---


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A server that a test may stop."""
    with postgres.server() as server:
        yield server


def test_a_server_that_is_stopped_and_comes_back(server: Postgres) -> None:
    name = server.create()
    with opened(database_url(server.url(name), Path())) as database:
        database.run_sync(migrate)
        opened_shop(database)
        server.stop()
        for _again in range(2):
            fails(database, "postgresql://shop@/", "cannot connect")
        server.start()
        is_well(database)


def test_a_shop_opens_while_the_server_is_away_and_finds_it_later(server: Postgres, tmp_path: Path) -> None:
    address = server.url(server.create())
    server.stop()

    async def live() -> int:
        shop = Shop(Settings(path=tmp_path / "config.toml", store=Store(url=address)), lambda: None)
        await shop.open()
        with pytest.raises(Unavailable, match="cannot connect"):
            await shop.products()
        assert shop.health()["database"]["is_healthy"] is False
        server.start()
        await shop.run(products.add, "A", "A", 1, "", 1)
        listed = await shop.products()
        await shop.close()
        return len(listed)

    assert asyncio.run(live()) == 1


def test_a_database_that_the_server_does_not_have_is_said(server: Postgres) -> None:
    with (
        opened(database_url(server.url("nowhere"), Path())) as database,
        pytest.raises(Unavailable, match="does not exist"),
    ):
        database.run_sync(schema.get_version)


def test_a_server_that_ends_a_connection_in_a_transaction_loses_nothing(server: Postgres) -> None:
    """The transaction is undone by the server, and done again by us: once."""
    with opened(database_url(server.url(server.create()), Path())) as database:
        database.run_sync(migrate)
        opened_shop(database)
        cut: list[int] = []

        def buy_and_be_cut(connection: Connection) -> int:
            bought = buy(connection, BUDI, "STEAM", 1, 900)
            if not cut:
                cut.append(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
                with database._current_engine().begin() as other:
                    other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": cut[0]})
            return int(connection.execute(text("SELECT 1")).scalar_one()) + bought.balance

        assert database.run_sync(buy_and_be_cut) == 1051
        assert database.run_sync(balances)["Budi"] == 1050
        is_well(database)


def test_a_server_that_lets_itself_only_be_read_is_not_well(server: Postgres) -> None:
    with opened(database_url(server.url(server.create()), Path())) as database:
        database.run_sync(migrate)
        opened_shop(database)

        def let_write(may: str) -> None:
            with database._current_engine().begin() as connection:
                connection.exec_driver_sql("SET TRANSACTION READ WRITE")
                connection.exec_driver_sql(f"SET SESSION default_transaction_read_only = {may}")

        let_write("on")
        assert database.run_sync(products.list_active), "nothing is known of it yet"
        fails(database, "read-only")
        with pytest.raises(Unavailable, match="read-only"):
            database.run_sync(products.list_active)
        let_write("off")
        is_well(database)


def test_who_read_before_another_one_failed_does_not_say_that_all_is_well(server: Postgres) -> None:
    with opened(database_url(server.url(server.create()), Path())) as database:
        database.run_sync(migrate)
        opened_shop(database)

        def read_while_another_fails(connection: Connection) -> None:
            products.list_active(connection)
            with pytest.raises(Unavailable):
                database.run_sync(lambda other: other.exec_driver_sql("SELECT * FROM nowhere"))

        database.run_sync(read_while_another_fails)
        assert database.health()["is_healthy"] is False
        is_well(database)
