"""The shop's database, opened beside a process that serves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from botapp.config.settings import Settings
from botapp.runtime import state_file
from botapp.services.shop_database import ShopDatabase
from botapp.store.db import schema
from botapp.store.db.database import Database, database_url
from botapp.store.db.errors import Unavailable
from botapp.store.usecases import products
from tests.support.shop.databases import opened


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(path=tmp_path / "config.toml")


@contextmanager
def serving(settings: Settings, version: str) -> Iterator[Database]:
    """A database with tables of `version`, as a process that serves has it open."""
    with opened(database_url("", settings.database_file)) as database:
        database.run_sync(lambda connection: schema.migrate(connection, back_up=lambda: None, to=version))
        yield database


def with_shop(settings: Settings, scene: Callable[[ShopDatabase], Awaitable[None]]) -> None:
    async def limited() -> None:
        shop = ShopDatabase(settings)
        try:
            await asyncio.wait_for(scene(shop), 30)
        finally:
            await shop.close()

    asyncio.run(limited())


def count_products(connection: Connection) -> int:
    return len(products.list_active(connection))


def test_a_migration_that_the_other_process_can_use_is_done_with_a_backup(settings: Settings) -> None:
    async def scene(shop: ShopDatabase) -> None:
        assert await shop.open_beside()
        assert database.run_sync(schema.get_version) == schema.VERSIONS[-1]
        assert len(list(settings.backup_dir.iterdir())) == 1
        assert database.run_sync(count_products) == await shop.run(count_products) == 0
        assert not settings.state_file.exists(), "the process that serves may change it"
        shop.record_creation()
        assert state_file.load(settings.state_file).database_created

    with serving(settings, "0003") as database:
        with_shop(settings, scene)


def test_another_migration_waits_until_the_process_is_alone(settings: Settings) -> None:
    async def scene(shop: ShopDatabase) -> None:
        assert not await shop.open_beside()
        assert database.run_sync(schema.get_version) == "0002"
        shop.record_creation()
        assert not settings.state_file.exists()
        await shop.open()
        assert await shop.run(schema.get_version) == schema.VERSIONS[-1]
        assert state_file.load(settings.state_file).database_created

    with serving(settings, "0002") as database:
        with_shop(settings, scene)


def test_a_database_that_does_not_exist_waits_until_the_process_is_alone(settings: Settings) -> None:
    async def scene(shop: ShopDatabase) -> None:
        assert not await shop.open_beside()
        await shop.open()
        assert await shop.run(count_products) == 0

    with_shop(settings, scene)


def test_a_lost_database_is_unavailable(settings: Settings) -> None:
    async def scene(shop: ShopDatabase) -> None:
        with pytest.raises(Unavailable):
            await shop.open_beside()
        assert not settings.database_file.exists()

    state_file.change(settings.state_file, database_created=True)
    with_shop(settings, scene)
