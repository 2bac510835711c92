"""Backups and exports: complete or absent, consistent while the shop sells, and made daily by the bot."""

from __future__ import annotations

import asyncio
import gzip
import multiprocessing
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy.engine import URL, make_url

from botapp.config.settings import Settings, Store
from botapp.runtime import state_file as state
from botapp.runtime.tasks import TaskRegistry
from botapp.services.backup import backup, restore, snapshot
from botapp.services.backup import export_format as portable
from botapp.services.backup.backup import EXPORT, SQLITE, export_shop, make_backup, verify_shop
from botapp.services.backup.files import DAILY, MIGRATION, RESTORE, DataProblem, list_backups
from botapp.services.backup.lock import DatabaseInUse, SharedLock, exclusive_lock
from botapp.services.backup.scheduler import BackupScheduler
from botapp.shop import Shop
from botapp.store.db import schema
from botapp.store.db.database import Database, database_url
from botapp.store.db.errors import Unavailable
from botapp.store.db.tables import account
from botapp.store.usecases import products
from tests.support.shop.databases import Stores, migrate, opened
from tests.support.shop.populated_shop import BUDI, balances, buy, everything, opened_shop, restock

#: settings that a copy keeps, and those it drops
APART = ("live_message", "setting", "stock_staged")


@pytest.fixture
def settings(store_address: str, tmp_path: Path) -> Settings:
    return Settings(path=tmp_path / "config.toml", store=Store(url=store_address))


@pytest.fixture
def shop(settings: Settings) -> Iterator[Database]:
    """A shop with data, opened as the bot of `settings` does."""
    with opened(database_url(settings.store.url, settings.database_file)) as database:
        database.run_sync(migrate)
        yield opened_shop(database)


def elsewhere(settings: Settings, name: str = "new", url: str = "") -> Settings:
    """Return the settings of another server."""
    directory = settings.path.parent / name
    directory.mkdir()
    return Settings(path=directory / "config.toml", store=Store(url=url))


def rows(settings: Settings) -> dict[str, Any]:
    with opened(database_url(settings.store.url, settings.database_file)) as database:
        return {name: rows for name, rows in database.run_sync(everything).items() if name not in APART}


def nothing_begun(directory: Path) -> bool:
    return not list(directory.rglob("*.part*"))


# --- backup ---


def test_backup_is_one_complete_private_file(shop: Database, settings: Settings) -> None:
    told: list[str] = []
    path = make_backup(settings, report=told.append)
    assert path.parent == settings.backup_dir
    assert path.name.endswith(SQLITE if shop._is_file else EXPORT)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [one.path for one in list_backups(settings.backup_dir)] == [path]
    assert told == restore.validate(path).problems == []
    assert nothing_begun(settings.path.parent)
    assert b"journal" not in b"".join(os.fsencode(one) for one in path.parent.iterdir())


def test_inconsistent_data_is_reported_and_saved(shop: Database, settings: Settings) -> None:
    shop.run_sync(lambda connection: connection.execute(account.update().values(balance=account.c.balance + 1)))
    told: list[str] = []
    path = make_backup(settings, report=told.append)
    assert [one.partition(":")[0] for one in told] == ["the database is inconsistent"] * 2
    assert len(restore.validate(path).problems) == len(verify_shop(settings).problems) == 2


def sell(address: str, is_ready: Any, is_over: Any, sold: Any) -> None:
    """Act as a bot that sells without a pause; `sold` counts its purchases."""
    with opened(make_url(address)) as database:
        while not is_over.is_set():
            number = 10_001 + sold.value
            database.run_sync(restock, "STEAM", f"line-{number}")
            database.run_sync(buy, BUDI, "STEAM", 1, number)
            sold.value += 1
            if sold.value == 3:
                is_ready.set()


@pytest.mark.parametrize("in_steps", [False, True])
def test_backup_is_consistent_while_another_process_sells(
    shop: Database, settings: Settings, in_steps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if in_steps:
        monkeypatch.setattr(snapshot, "ONE_STEP_BYTES", 0)
        monkeypatch.setattr(snapshot, "STEP_PAGES", 2)
        monkeypatch.setattr(snapshot, "PATIENCE_S", 0.5)
    shop.run_sync(lambda connection: connection.execute(account.update().values(balance=account.c.balance)))
    shop.run_sync(lambda connection: products.update_product(connection, "STEAM", price=0))
    # not forked from here, where there are open connections to the same database
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    is_ready, is_over, sold = context.Event(), context.Event(), context.Value("i")
    address = shop._url.render_as_string(hide_password=False)
    selling = context.Process(target=sell, args=(address, is_ready, is_over, sold))
    selling.start()
    assert is_ready.wait(60)
    made = [make_backup(settings, report=pytest.fail) for _ in range(3)]
    export_shop(settings, settings.path.parent / "x.gz", report=pytest.fail)
    is_over.set()
    selling.join(60)
    assert selling.exitcode == 0
    assert sold.value > 4
    for path in made:
        assert restore.validate(path).problems == []
    assert shop.run_sync(lambda connection: portable.is_empty(connection)) is False
    assert nothing_begun(settings.path.parent)


def test_failed_backup_leaves_no_file(shop: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("botapp.runtime.private_files.os.fsync", full)
    with pytest.raises(DataProblem, match="No space left on device; correct its permissions or free some space"):
        make_backup(settings)
    assert list_backups(settings.backup_dir) == []
    assert nothing_begun(settings.path.parent)


def test_missing_database_is_reported(tmp_path: Path) -> None:
    settings = Settings(path=tmp_path / "config.toml")
    for use in (make_backup, verify_shop):
        with pytest.raises(DataProblem, match=r"there is no database at .*shop\.db"):
            use(settings)
    assert nothing_begun(tmp_path)


def test_damaged_database_gives_no_backup(tmp_path: Path) -> None:
    settings = Settings(path=tmp_path / "config.toml")
    with opened(database_url("", settings.database_file)) as database:
        database.run_sync(migrate)
        opened_shop(database)
    overwrite_pages(settings.database_file)
    with pytest.raises(DataProblem, match=r"damaged.*data restore latest"):
        make_backup(settings)
    assert list_backups(settings.backup_dir) == []


def test_damaged_backup_is_no_reason_to_replace_the_shop(tmp_path: Path) -> None:
    settings = Settings(path=tmp_path / "config.toml")
    with opened(database_url("", settings.database_file)) as database:
        database.run_sync(migrate)
        opened_shop(database)
    file = make_backup(settings)
    overwrite_pages(file)
    with pytest.raises(DataProblem, match=r"damaged.*use another backup") as refused:
        restore.validate(file)
    assert "restore" not in str(refused.value)


def overwrite_pages(path: Path) -> None:
    """Overwrite some pages of a SQLite file."""
    content = bytearray(path.read_bytes())
    content[8192:40960] = b"\xa5" * (40960 - 8192)
    path.write_bytes(content)


def test_backup_waits_for_a_locked_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(path=tmp_path / "config.toml")
    with opened(database_url("", settings.database_file)) as database:
        database.run_sync(migrate)
    monkeypatch.setattr(snapshot, "LOCK_TIMEOUT_S", 0.1)
    with closing(sqlite3.connect(settings.database_file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DataProblem, match="locked by another process"):
            make_backup(settings)
        monkeypatch.setattr(snapshot, "LOCK_TIMEOUT_S", 60)
        letting_go = threading.Timer(0.2, other.execute, ("COMMIT",))
        letting_go.start()
        assert make_backup(settings).exists()
        letting_go.join()


# --- export, import, restore ---


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_export_can_be_imported_by_every_database(
    shop: Database, settings: Settings, target: str, stores: Stores, tmp_path: Path
) -> None:
    file = tmp_path / "shop.jsonl.gz"
    export_shop(settings, file, report=pytest.fail)
    assert file.stat().st_mode & 0o777 == 0o600
    with stores.postgres(migrated=False) as address:
        new = elsewhere(settings, url=address if target == "postgresql" else "")
        assert restore.import_into_empty(new, file).problems == []
        assert rows(new) == rows(settings)
        with opened(database_url(new.store.url, new.database_file)) as database:
            # new ids continue after the imported ones
            bought = database.run_sync(buy, BUDI, "STEAM", 1, 900)
            assert bought.purchase.id == 4
            database.run_sync(restock, "ROBUX", "fresh")
            database.run_sync(products.add, "NEW", "New", 1, "", 9)
        assert verify_shop(new).problems == []
        # and in the other direction
        export_shop(new, tmp_path / "back.jsonl.gz", report=pytest.fail)
        third = elsewhere(settings, "third")
        restore.import_into_empty(third, tmp_path / "back.jsonl.gz")
        assert rows(third) == rows(new)


def test_import_needs_an_empty_database(shop: Database, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "shop.jsonl.gz"
    export_shop(settings, file, report=pytest.fail)
    before = rows(settings)
    with pytest.raises(DataProblem, match=r"not empty, and data is never merged.*stocksup data restore"):
        restore.import_into_empty(settings, file)
    assert rows(settings) == before


def test_existing_file_is_not_overwritten(shop: Database, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "shop.jsonl.gz"
    file.write_text("mine")
    with pytest.raises(DataProblem, match="is not overwritten"):
        export_shop(settings, file, report=pytest.fail)
    assert file.read_text() == "mine"


@pytest.mark.parametrize("kind", ["of SQLite", "export"])
def test_restore_keeps_the_previous_database(shop: Database, settings: Settings, kind: str, tmp_path: Path) -> None:
    if kind == "export":
        file = tmp_path / "shop.jsonl.gz"
        export_shop(settings, file, report=pytest.fail)
    else:
        other = elsewhere(settings, "origin")
        with opened(database_url("", other.database_file)) as database:
            database.run_sync(migrate)
            opened_shop(database)
        file = make_backup(other)
    then = rows(settings)
    shop.run_sync(buy, BUDI, "STEAM", 2, 900)
    now = rows(settings)
    done = restore.restore(settings, file)
    assert rows(settings) == then
    assert done.problems == []
    assert done.kept is not None
    assert [one.reason for one in list_backups(settings.backup_dir)] == [RESTORE]
    # the open connection of the bot sees it, and both backups can be restored
    assert shop.run_sync(balances)["Budi"] == 1100
    restore.restore(settings, done.kept)
    assert rows(settings) == now
    assert nothing_begun(settings.path.parent)


def test_restore_is_refused_while_the_bot_runs(shop: Database, settings: Settings) -> None:
    path = make_backup(settings)
    shop.run_sync(buy, BUDI, "STEAM", 1, 900)
    now = rows(settings)
    use = SharedLock(settings)
    for use_file in (restore.restore, restore.import_into_empty):
        with pytest.raises(DatabaseInUse, match="stocksup stop bot"):
            use_file(settings, path)
    use.release()
    assert rows(settings) == now
    restore.restore(settings, path)


def test_bot_waits_for_a_running_restore(settings: Settings) -> None:
    from botapp.services.backup.lock import exclusive_lock

    async def live() -> None:
        shop = Shop(settings, lambda: None)
        with exclusive_lock(settings):
            await shop.open()
            with pytest.raises(Unavailable, match="being restored"):
                await shop.products()
        assert await shop.products() == ()
        with pytest.raises(DatabaseInUse), exclusive_lock(settings):
            pytest.fail("the bot uses it")
        await shop.close()
        with exclusive_lock(settings):
            return

    asyncio.run(live())


DAMAGES = ("cut off", "changed", "a row less", "more at the end", "nested", "something else")


# what a file says is found before either database is touched; one damage shows that on PostgreSQL
@pytest.mark.parametrize(
    ("store_address", "damage"),
    [*(("sqlite", damage) for damage in DAMAGES), ("postgresql", "a row less")],
    indirect=["store_address"],
)
def test_damaged_export_replaces_nothing(shop: Database, settings: Settings, damage: str, tmp_path: Path) -> None:
    file, bad = tmp_path / "good.gz", tmp_path / "bad.gz"
    export_shop(settings, file, report=pytest.fail)
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    if damage == "cut off":
        bad.write_bytes(file.read_bytes()[:-200])
    elif damage == "changed":
        bad.write_bytes(gzip.compress(b"".join(lines).replace(b'"Budi"', b'"Sudi"')))
    elif damage == "a row less":
        bad.write_bytes(gzip.compress(b"".join(line for line in lines if b'"steam-9"' not in line)))
    elif damage == "more at the end":
        bad.write_bytes(gzip.compress(b"".join([*lines, b"[1]\n"])))
    elif damage == "nested":
        bad.write_bytes(gzip.compress(b"".join([*lines[:1], b'{"x":' + b"[" * 100_000 + b"\n"])))
    else:
        bad.write_text("products, and so on")
    now = rows(settings)
    with pytest.raises(DataProblem, match="not a complete stocksup export"):
        restore.restore(settings, bad)
    assert rows(settings) == now
    assert list_backups(settings.backup_dir) == []


def test_foreign_database_replaces_nothing(shop: Database, settings: Settings, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE notes (words TEXT)")
    now = rows(settings)
    with pytest.raises(DataProblem, match="does not contain a shop"):
        restore.restore(settings, tmp_path / "other.db")
    assert rows(settings) == now


def test_restore_keeps_foreign_tables(stores: Stores, tmp_path: Path) -> None:
    """A PostgreSQL database may be shared; foreign tables are neither saved nor dropped."""
    with stores.postgres() as address:
        settings = Settings(path=tmp_path / "config.toml", store=Store(url=address))
        with opened(database_url(address, tmp_path)) as database:
            opened_shop(database)
            database.run_sync(
                lambda connection: connection.exec_driver_sql("CREATE TABLE notes AS SELECT 'mine' AS words")
            )
            restore.restore(settings, make_backup(settings))
            mine = database.run_sync(lambda connection: connection.exec_driver_sql("SELECT words FROM notes").scalar())
            assert mine == "mine"


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_unpacked_export_is_read(
    shop: Database, settings: Settings, target: str, stores: Stores, tmp_path: Path
) -> None:
    packed, file = tmp_path / "shop.jsonl.gz", tmp_path / "shop.jsonl"
    export_shop(settings, packed, report=pytest.fail)
    file.write_bytes(gzip.decompress(packed.read_bytes()))
    assert restore.validate(file).problems == []
    with stores.postgres(migrated=False) as address:
        new = elsewhere(settings, url=address if target == "postgresql" else "")
        assert restore.import_into_empty(new, file).problems == []
        assert restore.restore(new, file).problems == []


def test_damaged_unpacked_export_is_not_valid(tmp_path: Path) -> None:
    settings, packed, file = Settings(path=tmp_path / "config.toml"), tmp_path / "shop.jsonl.gz", tmp_path / "x.jsonl"
    with opened(database_url("", settings.database_file)) as database:
        database.run_sync(migrate)
        opened_shop(database)
    export_shop(settings, packed, report=pytest.fail)
    lines = gzip.decompress(packed.read_bytes())
    for damaged in (lines[:-1], lines[: len(lines) // 2], lines + lines[-80:], lines.replace(b"Budi", b"Bodi"), b""):
        file.write_bytes(damaged)
        with pytest.raises(DataProblem, match="not a complete stocksup export"):
            restore.validate(file)


def test_export_of_a_newer_program_is_refused(shop: Database, settings: Settings, tmp_path: Path) -> None:
    import hashlib

    file = tmp_path / "good.gz"
    export_shop(settings, file, report=pytest.fail)
    present = f'"schema":"{schema.VERSIONS[-1]}"'.encode()
    lines = gzip.decompress(file.read_bytes()).replace(present, b'"schema":"9999"').splitlines(keepends=True)
    lines[-1] = lines[-1].replace(lines[-1][-67:-3], hashlib.sha256(b"".join(lines[:-1])).hexdigest().encode())
    file.write_bytes(gzip.compress(b"".join(lines)))
    with pytest.raises(DataProblem, match=r"9999.*install the newer program"):
        restore.restore(settings, file)


def test_interrupted_restore_changes_nothing(
    shop: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_backup(settings)
    shop.run_sync(buy, BUDI, "STEAM", 1, 900)
    now = rows(settings)

    def cut(*_: object) -> None:
        raise DataProblem("cut off")

    monkeypatch.setattr("botapp.services.backup.live_message_state.read_from_backup", cut)
    with pytest.raises(DataProblem, match="cut off"):
        restore.restore(settings, path)
    assert rows(settings) == now
    assert nothing_begun(settings.path.parent)


def test_unreadable_database_is_copied_aside(tmp_path: Path) -> None:
    settings = Settings(path=tmp_path / "config.toml")
    with opened(database_url("", settings.database_file)) as database:
        database.run_sync(migrate)
        opened_shop(database)
    path = make_backup(settings)
    good = rows(settings)
    settings.database_file.write_bytes(b"nothing of a database " * 500)
    done = restore.restore(settings, restore.find_backup(settings, "latest", datetime.now(UTC)))
    assert rows(settings) == good
    assert done.kept is not None
    assert (done.kept / "shop.db").read_bytes().startswith(b"nothing of")
    assert path.exists()


def test_latest_backup_is_never_one_made_by_a_restore(shop: Database, settings: Settings) -> None:
    with pytest.raises(DataProblem, match="there are no backups"):
        restore.find_backup(settings, "latest", datetime.now(UTC))
    path = make_backup(settings)
    restore.restore(settings, path)
    assert restore.find_backup(settings, "latest", datetime.now(UTC)) == path
    assert restore.find_backup(settings, path.name, datetime.now(UTC)) == path
    assert restore.find_backup(settings, str(path), datetime.now(UTC)) == path


# --- location of the live message ---


def test_backup_contains_the_location_of_the_live_message(shop: Database, settings: Settings) -> None:
    message = state.LiveMessage(1400, 1500, "fingerprint")
    state.change(settings.state_file, live_messages=(message,), live_channel_id=1400, commands="of this place")
    new = elsewhere(settings)
    restore.restore(new, make_backup(settings))
    came = state.load(new.state_file)
    # the same message in the same channel, to be rendered again; the commands that Discord knows are read again
    assert came == state.State(live_messages=(state.LiveMessage(1400, 1500, ""),), live_channel_id=1400)
    assert rows(new) == rows(settings)
    # an existing live message is kept
    state.change(settings.state_file, live_messages=(state.LiveMessage(1400, 1600, "later"),))
    restore.restore(new, make_backup(settings))
    assert state.load(new.state_file) == came
    # and the shop's own settings do not contain it
    assert shop.run_sync(everything)["live_message"] == []


@pytest.mark.parametrize("damage", [Path.mkdir, lambda path: path.symlink_to("/etc/hostname"), os.mkfifo])
def test_something_else_in_place_of_the_lock_keeps_no_shop_closed(tmp_path: Path, damage: Any) -> None:
    settings = Settings(path=tmp_path / "config.toml")
    settings.state_dir.mkdir(parents=True)
    damage(settings.state_dir / "shop.lock")
    lock = SharedLock(settings)
    with pytest.raises(DatabaseInUse), exclusive_lock(settings):
        pass
    lock.release()
    with exclusive_lock(settings), pytest.raises(DatabaseInUse):
        SharedLock(settings)


# --- daily backups ---


def test_daily_backup_is_made_and_old_ones_are_deleted(shop: Database, settings: Settings) -> None:
    told: list[str] = []
    settings = replace(settings, store=replace(settings.store, backup_keep_days=3))
    keeper = BackupScheduler(settings, lambda text, key: told.append(text))
    now = datetime(2026, 3, 1, tzinfo=UTC)
    for _hours in range(24 * 6):
        asyncio.run(keeper.tick(now))
        now += timedelta(hours=1)
    made = list_backups(settings.backup_dir)
    assert len(made) == settings.store.backup_keep_days
    assert {one.reason for one in made} == {DAILY}
    assert keeper.health() == {"backups": {"is_healthy": True, "last_error": None, "last_at": made[0].at.isoformat()}}
    assert told == []


def test_failed_daily_backup_is_reported_once_and_retried(tmp_path: Path) -> None:
    settings = Settings(path=tmp_path / "config.toml")
    told: list[str] = []
    keeper = BackupScheduler(settings, lambda text, key: told.append(text))
    now = datetime(2026, 3, 1, tzinfo=UTC)
    for minutes in (0, 1, 11, 22):
        asyncio.run(keeper.tick(now + timedelta(minutes=minutes)))
    (said,) = told
    assert "there is no database" in said
    health = keeper.health()["backups"]
    assert health["is_healthy"] is False
    assert "there is no database" in health["last_error"]
    with opened(database_url("", settings.database_file)) as database:
        database.run_sync(migrate)
    asyncio.run(keeper.tick(now + timedelta(minutes=40)))
    assert keeper.health()["backups"]["is_healthy"] is True
    assert len(list_backups(settings.backup_dir)) == 1


def test_clock_that_was_ahead_delays_and_deletes_no_backup(tmp_path: Path) -> None:
    settings = Settings(path=tmp_path / "config.toml")
    keeper = BackupScheduler(settings, lambda text, key: None)
    now = datetime.now(UTC)
    asyncio.run(keeper.tick(now + timedelta(days=400)))  # fails: there is no database
    with opened(database_url("", settings.database_file)) as database:
        database.run_sync(migrate)
    for days in range(13, -1, -1):
        asyncio.run(keeper.tick(now - timedelta(days=days)))
    real = list_backups(settings.backup_dir)
    assert len(real) == 14
    asyncio.run(keeper.tick(now + timedelta(days=400)))
    asyncio.run(keeper.tick(now + timedelta(hours=1)))
    future, *left = list_backups(settings.backup_dir)
    assert left == real
    assert future.at > now + timedelta(days=399)
    assert keeper.health()["backups"]["last_at"] == real[0].at.isoformat(timespec="seconds")
    assert restore.find_backup(settings, "latest", now) == real[0].path
    # it is better than none
    assert restore.find_backup(elsewhere_only(settings, future.path), "latest", now).name == future.path.name


def elsewhere_only(settings: Settings, path: Path) -> Settings:
    """Return the settings of a place whose only backup is a copy of `path`."""
    other = elsewhere(settings, "only")
    other.backup_dir.mkdir(parents=True)
    (other.backup_dir / path.name).write_bytes(path.read_bytes())
    return other


def test_no_daily_backup_without_keep_days(tmp_path: Path) -> None:
    settings = Settings(path=tmp_path / "config.toml", store=Store(backup_keep_days=0))

    async def live() -> list[str]:
        tasks = TaskRegistry()
        keeper = BackupScheduler(settings, lambda text, key: None)
        keeper.start(tasks)
        assert keeper.health() == {}
        return tasks.pending

    assert asyncio.run(live()) == []


def test_stale_partial_files_are_deleted(shop: Database, settings: Settings) -> None:
    from botapp.services.backup.scheduler import run_due

    settings.backup_dir.mkdir(parents=True)
    old, fresh = (settings.backup_dir / name for name in ("old.part", "fresh.part"))
    for path in (old, fresh):
        path.touch()
    os.utime(old, (1, 1))
    run_due(settings, datetime.now(UTC))
    assert (old.exists(), fresh.exists()) == (False, True)


def test_backup_is_made_before_a_migration(shop: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot makes a backup before a migration; if that fails, it does not migrate."""
    seen: list[list[str]] = []

    def changed(connection: Any, *, back_up: Any) -> bool:
        back_up()
        seen.append([one.reason for one in list_backups(settings.backup_dir)])
        return True

    monkeypatch.setattr(schema, "migrate", changed)
    monkeypatch.setattr(schema, "VERSIONS", (*schema.VERSIONS, "9999"))

    async def live() -> None:
        one = Shop(settings, lambda: None)
        await one.open()
        await one.close()

    asyncio.run(live())
    assert seen == [[MIGRATION]]
    monkeypatch.setattr(backup, "write_atomically", None)
    with pytest.raises(TypeError):
        asyncio.run(live())
    assert len(seen) == 1


def test_displayed_urls_have_no_password(tmp_path: Path) -> None:
    url = "postgresql://shop:geheim@127.0.0.1:1/shop"
    settings = Settings(path=tmp_path / "config.toml", store=Store(url=url))
    for use in (make_backup, verify_shop):
        with pytest.raises(DataProblem) as refused:
            use(settings)
        assert "geheim" not in str(refused.value)
    assert isinstance(backup.shop_database_url(settings), URL)
