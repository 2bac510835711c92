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

#: the kinds of database; the `store_url` fixture provides each of them
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
    """Migrate the tables without a backup."""
    return schema.migrate(connection, back_up=lambda: None)


class Stores:
    """Creates databases for tests: SQLite files, and databases of one PostgreSQL server that starts when needed."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._template = server.create()
        with opened(database_url(server.url(self._template), Path())) as database:
            database.run_sync(migrate)

    @contextmanager
    def postgres(self, *, migrated: bool = True) -> Iterator[str]:
        """Create a database on the server; yield its `[store] url`."""
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
    """A `[store] url` of a database with tables; "" stands for a SQLite file that does not exist yet."""
    if request.param == "sqlite":
        yield ""
        return
    with request.getfixturevalue("stores").postgres() as address:
        yield address


@pytest.fixture
def store_url(store_address: str, tmp_path: Path) -> URL:
    """The same as a SQLAlchemy URL."""
    return database_url(store_address, tmp_path / "shop.db")


@pytest.fixture
def database(store_url: URL) -> Iterator[Database]:
    """A database of the shop with its tables, on SQLite and on PostgreSQL."""
    with opened(store_url) as database:
        database.run_sync(migrate)
        yield database
