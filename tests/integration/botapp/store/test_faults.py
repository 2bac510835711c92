"""Faults of the disk and of the server: the database reports them, and recovers by itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import resource
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text

import botapp.store.db.database
from botapp.config.settings import Settings, Store
from botapp.shop import Shop
from botapp.store import verify
from botapp.store.db import limits, schema
from botapp.store.db.database import POOL_SIZE, Database, database_url
from botapp.store.db.errors import OutcomeUnknown, Unavailable
from botapp.store.db.place import find_problem
from botapp.store.usecases import products, withdrawals
from tests.support.shop import lost_commits, postgres
from tests.support.shop.databases import migrate, opened
from tests.support.shop.lost_commits import Cut
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
    """Check that the database fails, and that its error and health explain it without showing any stock."""
    with pytest.raises(Unavailable) as refused:
        database.run_sync(restock, "STEAM", "a secret line", now_ms=99)
    for said in (str(refused.value), str(database.health()["last_error"])):
        assert all(word in said for word in words), said
        assert "secret" not in said
    assert database.health()["is_healthy"] is False


def is_well(database: Database) -> None:
    """Check that the database works and is healthy."""
    before = database.run_sync(products.get_by_code, "STEAM").stock
    database.run_sync(restock, "STEAM", f"line-{before}")
    assert database.run_sync(products.get_by_code, "STEAM").stock == before + 1
    assert database.health()["is_healthy"] is True
    assert database.health()["last_error"] is None
    assert database.run_sync(lambda connection: list(verify.find_problems(connection))) == []


def test_deleted_file_is_not_recreated_and_found_when_restored(shop: Database, file: Path) -> None:
    aside = file.with_name("aside.db")
    file.rename(aside)
    fails(shop, str(file), "stocksup data restore")
    assert not file.exists()
    aside.rename(file)
    is_well(shop)


@pytest.mark.parametrize("put", [Path.touch, Path.mkdir, os.mkfifo], ids=["empty", "directory", "pipe"])
def test_what_is_in_place_of_the_file_is_named_without_a_use(
    shop: Database, file: Path, put: Callable[[Path], None]
) -> None:
    """A probe notices the loss, so that the health shows it while no one buys."""
    shop.run_sync(products.get_by_code, "STEAM")
    asyncio.run(shop.probe())
    assert shop.health()["is_healthy"] is True
    aside = file.rename(file.with_name("aside.db"))
    put(file)
    asyncio.run(shop.probe())
    assert shop.health()["is_healthy"] is False
    assert str(find_problem(file)) in shop.health()["last_error"]
    fails(shop, str(file), "stocksup data restore")
    file.rmdir() if file.is_dir() else file.unlink()
    aside.rename(file)
    asyncio.run(shop.probe())
    is_well(shop)


def test_emptied_file_is_noticed(shop: Database, file: Path) -> None:
    good = file.read_bytes()
    os.truncate(file, 0)
    asyncio.run(shop.probe())
    fails(shop, str(find_problem(file)))
    file.write_bytes(good)
    is_well(shop)


def test_new_file_that_is_still_empty_is_no_loss(tmp_path: Path) -> None:
    with opened(database_url("", tmp_path / "new.db")) as database:
        database.run_sync(lambda connection: None)
        database.run_sync(migrate)
        assert database.error is None


@pytest.mark.parametrize("put", [Path.mkdir, os.mkfifo], ids=["directory", "pipe"])
def test_first_start_refuses_what_is_no_file(tmp_path: Path, put: Callable[[Path], None]) -> None:
    put(tmp_path / "new.db")
    with opened(database_url("", tmp_path / "new.db")) as database:
        fails(database, str(find_problem(tmp_path / "new.db")))


def test_replaced_file_is_reopened(shop: Database, file: Path) -> None:
    other = file.with_name("other.db")
    shutil.copy(file, other)
    shop.run_sync(buy, BUDI, "STEAM", 1, 900)
    old = file.with_name("old.db")
    os.link(file, old)
    os.replace(other, file)
    # purchases made since are not in it, and nothing is written to the old file any more
    assert shop.run_sync(balances)["Budi"] == 1100
    before = old.read_bytes()
    is_well(shop)
    assert old.read_bytes() == before


@pytest.mark.parametrize("left", [b"", "tables"], ids=["0 bytes", "no tables"])
def test_shop_does_not_open_empty_in_place_of_the_one_that_was_there(tmp_path: Path, left: bytes | str) -> None:
    settings = Settings(path=tmp_path / "config.toml")
    file = settings.database_file

    async def live() -> None:
        shop = Shop(settings, lambda: None)
        await shop.open()
        await shop.run(products.add, "A", "A", 1, "", 1)
        await shop.close()
        aside = file.rename(file.with_name("aside.db"))
        if isinstance(left, bytes):
            file.write_bytes(left)
        else:
            sqlite3.connect(file).execute("VACUUM").close()
        shop = Shop(settings, lambda: None)
        await shop.open()
        with pytest.raises(Unavailable, match="stocksup data restore latest"):
            await shop.products()
        assert shop.health()["database"]["is_healthy"] is False
        os.replace(aside, file)
        await shop.products()
        assert shop.health()["database"]["is_healthy"] is True
        await shop.close()

    asyncio.run(live())


@contextmanager
def limited(bytes_allowed: int) -> Iterator[None]:
    """Limit the size of this process's files, which looks like a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_allowed, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_full_disk_loses_nothing(shop: Database, file: Path) -> None:
    before = shop.run_sync(balances)
    lines = [f"{number}-{'x' * 1000}" for number in range(100)]
    with limited(file.stat().st_size), pytest.raises(Unavailable, match="disk"):
        shop.run_sync(restock, "STEAM", *lines)
    assert shop.health()["is_healthy"] is False
    assert shop.run_sync(balances) == before
    is_well(shop)


def test_full_disk_is_unhealthy_even_if_readable(shop: Database) -> None:
    with limited(0):
        assert shop.run_sync(products.get_by_code, "STEAM").stock, "nothing is known of it yet"
        fails(shop, "disk")
        with pytest.raises(Unavailable, match="disk"):
            shop.run_sync(products.list_active)
        assert shop.health()["is_healthy"] is False
    assert shop.run_sync(products.list_active)
    is_well(shop)
    with opened(shop._url) as later, limited(0), pytest.raises(Unavailable, match="disk"):
        later.run_sync(products.list_active)  # a restarted bot can read it at once


def test_database_at_its_size_limit_reports_a_full_disk(shop: Database) -> None:
    def fill(connection: object) -> None:
        shop._current_engine().raw_connection().driver_connection.execute("PRAGMA max_page_count=1")  # type: ignore[union-attr]

    shop.run_sync(fill)
    with pytest.raises(Unavailable, match="the disk is full; free some space"):
        shop.run_sync(restock, "STEAM", *(f"{number}-{'x' * 1000}" for number in range(100)))
    is_well(shop)


def test_locked_database_is_waited_for_then_reported(
    shop: Database, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(botapp.store.db.database, "LOCK_TIMEOUT_S", 0.2)
    shop._dispose_engine()
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        fails(shop, "locked by another process")
        other.execute("COMMIT")
        is_well(shop)


def test_damaged_file_is_reported_and_its_replacement_used(shop: Database, file: Path) -> None:
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
    """Drop root privileges, because root can write to every file."""
    if os.geteuid():
        yield
        return
    os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


def test_read_only_file_is_reported() -> None:
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


def test_crash_during_a_commit_is_rolled_back(shop: Database, file: Path) -> None:
    """Another process dies with half of its pages written; its journal restores the file."""
    before = shop.run_sync(balances)
    pid = os.fork()
    if pid == 0:
        connection = sqlite3.connect(file, isolation_level=None)
        connection.execute("PRAGMA cache_size=1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE account SET balance = balance + 1000000")
        # exceeds SQLite's page cache, so that pages reach the file before the commit
        connection.execute("CREATE TABLE rest AS SELECT randomblob(1000000) AS it")
        os._exit(1)
    os.waitpid(pid, 0)
    assert file.with_name("shop.db-journal").stat().st_size > 0
    assert shop.run_sync(balances) == before
    is_well(shop)


# --- PostgreSQL ---


@pytest.fixture(scope="module")
def module_server() -> Iterator[Postgres]:
    with postgres.server() as server:
        yield server


@pytest.fixture
def server(module_server: Postgres) -> Postgres:
    """A server that a test can stop."""
    if not module_server.is_running:
        module_server.start()
    return module_server


def test_stopped_server_is_reported_and_recovers(server: Postgres) -> None:
    name = server.create()
    with opened(database_url(server.url(name), Path())) as database:
        database.run_sync(migrate)
        opened_shop(database)
        server.stop()
        for _again in range(2):
            fails(database, "postgresql://shop@/", "cannot connect")
        server.start()
        is_well(database)


def test_shop_opens_without_its_server_and_connects_later(server: Postgres, tmp_path: Path) -> None:
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


def test_missing_database_on_the_server_is_reported(server: Postgres) -> None:
    with (
        opened(database_url(server.url("nowhere"), Path())) as database,
        pytest.raises(Unavailable, match="does not exist"),
    ):
        database.run_sync(schema.get_version)


def test_connection_lost_in_a_transaction_loses_nothing(server: Postgres) -> None:
    """The server rolls the transaction back, and the database repeats it, once."""
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


def test_read_only_server_is_unhealthy(server: Postgres) -> None:
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


def test_earlier_success_does_not_hide_a_later_failure(server: Postgres) -> None:
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


def test_silent_server_ends_no_use_case_late(server: Postgres) -> None:
    """A server behind a cut network sends no error. Its warm connections must keep no one waiting."""

    async def live(database: Database) -> None:
        changes = asyncio.Event()
        database._on_health = changes.set
        pause = text("SELECT pg_sleep(0.2)")
        await asyncio.gather(*(database.run(lambda connection: connection.execute(pause)) for _ in range(POOL_SIZE)))
        with server.silent():
            with limits.time_limit(1.0):
                asked = [database.run(products.list_active) for _ in range(POOL_SIZE + 4)]
                ended = await asyncio.gather(*asked, return_exceptions=True)
            assert all(isinstance(one, Unavailable) for one in ended), ended
            assert not any(isinstance(one, OutcomeUnknown) for one in ended)
            # a new connection says something else than a warm one
            assert database.health()["is_healthy"] is False
            assert changes.is_set()
        changes.clear()
        await database.probe()
        assert database.health()["is_healthy"] is True
        assert changes.is_set()
        assert await database.run(products.list_active)

    with opened(database_url(server.url(server.create()), Path())) as database:
        database.run_sync(migrate)
        opened_shop(database)
        asyncio.run(live(database))
        is_well(database)


def test_silent_server_is_noticed_while_no_one_uses_it(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botapp.store.db.database, "PROBE_TIMEOUT_S", 0.5)

    async def live(database: Database) -> None:
        await database.probe()
        with server.silent():
            await database.probe()
            assert database.health()["is_healthy"] is False
            with pytest.raises(Unavailable, match="does not answer"):
                await database.run(products.list_active)  # at once: it is known to be silent
        await database.probe()
        assert database.health()["is_healthy"] is True
        assert await database.run(products.list_active)

    with opened(database_url(server.url(server.create()), Path())) as database:
        database.run_sync(migrate)
        opened_shop(database)
        asyncio.run(live(database))


@pytest.mark.parametrize("cut", Cut)
def test_lost_answer_to_a_commit_changes_nothing_twice(server: Postgres, cut: Cut) -> None:
    """A withdrawal has no key of its own: it must neither be repeated nor reported as failed when it went through."""
    name = server.create()
    with opened(database_url(server.url(name), Path())) as database:
        database.run_sync(migrate)
        opened_shop(database)
    with (
        lost_commits.proxy(server.directory, postgres.PORT) as proxy,
        opened(database_url(server.url(name, port=lost_commits.PORT), Path())) as database,
    ):
        before = database.run_sync(products.get_by_code, "STEAM").stock
        proxy.cut = cut
        done = database.run_sync(withdrawals.begin, "STEAM", 1, user_id=1, language="id", now_ms=9000)
        assert proxy.count == 1
        assert [one.items for one in database.run_sync(withdrawals.list_pending)] == [done.items]
        assert database.run_sync(products.get_by_code, "STEAM").stock == before - 1
        is_well(database)


def test_commit_of_a_server_that_falls_silent_is_reported_as_unknown(server: Postgres) -> None:
    with opened(database_url(server.url(server.create()), Path())) as database, contextlib.ExitStack() as silence:
        database.run_sync(migrate)
        opened_shop(database)

        def add_and_fall_silent(connection: Connection) -> None:
            products.add(connection, "NEW", "New", 5, "", 1)
            engine = database._current_engine()
            event.listen(engine, "commit", lambda _connection: silence.enter_context(server.silent()), once=True)

        with limits.time_limit(1.0), pytest.raises(OutcomeUnknown, match="does not answer"):
            database.run_sync(add_and_fall_silent)
        silence.close()
        is_well(database)
