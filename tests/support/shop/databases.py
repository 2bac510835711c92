"""Databases for tests of the shop: the same test runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from botapp.store.db import schema
from botapp.store.db.database import Database, database_url
from tests.support.shop import postgres
from tests.support.shop.postgres import Postgres

#: what the shop's database may stand on; the `store_url` fixture takes each in turn
KINDS = ("sqlite", "postgresql")


@contextmanager
def opened(url: URL) -> Iterator[Database]:
    """Open a database for a test, and close it."""
    database = Database(url)
    try:
        yield database
    finally:
        asyncio.run(database.close())


def migrate(connection: Connection) -> bool:
    """Bring the tables up to date, without a backup before."""
    return schema.migrate(connection, back_up=lambda: None)


class Stores:
    """Makes databases for tests: files, and databases of one server that is started when it is first needed."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._template = server.create()
        with opened(database_url(server.url(self._template), Path())) as database:
            database.run_sync(migrate)

    @contextmanager
    def postgres(self, *, migrated: bool = True) -> Iterator[str]:
        """Make a database on the server; yield its address, as it may stand in `[store] url`."""
        name = self._server.create(self._template if migrated else "template0")
        try:
            yield self._server.url(name)
        finally:
            self._server.drop(name)


@pytest.fixture(scope="session")
def stores() -> Iterator[Stores]:
    """A server for the whole run."""
    if not postgres.is_there():
        pytest.skip("PostgreSQL is not installed: apt install postgresql-15, or which version there is")
    with postgres.server() as server:
        yield Stores(server)


@pytest.fixture(params=KINDS)
def store_address(request: pytest.FixtureRequest) -> Iterator[str]:
    """An address for `[store] url`, of a database that has its tables; "" stands for a SQLite file yet to be made."""
    if request.param == "sqlite":
        yield ""
        return
    with request.getfixturevalue("stores").postgres() as address:
        yield address


@pytest.fixture
def store_url(store_address: str, tmp_path: Path) -> URL:
    """The same, as the store's code takes it."""
    return database_url(store_address, tmp_path / "shop.db")


@pytest.fixture
def database(store_url: URL) -> Iterator[Database]:
    """A database of the shop with its tables, on SQLite and on PostgreSQL."""
    with opened(store_url) as database:
        database.run_sync(migrate)
        yield database
