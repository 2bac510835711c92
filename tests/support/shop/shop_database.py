"""The database of a running shop, opened beside it: for admin actions and for verification."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from botapp.store import verify
from botapp.store.db.database import Database, database_url
from botapp.store.domain.records import Deposit
from botapp.store.domain.rules import parse_stock
from botapp.store.usecases import accounts, deposits, products, stock

_KEYS = itertools.count(1)


class Books:
    """Runs use cases with `database.run_sync`, each in its own transaction, like the bot."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.do = database.run_sync

    def deposit(self, handle: str, amount: int) -> None:
        """Add to a balance."""
        key = f"test:{next(_KEYS)}"
        self.do(accounts.adjust_balance, handle, amount, add=True, actor="test", key=key, now_ms=now_ms())

    def deposits(self, limit: int = 100) -> list[Deposit]:
        """Return the deposits from webhooks and HTTP, newest first."""
        return self.do(deposits.list_latest, limit)

    def balance(self, handle: str) -> int:
        """Return a balance."""
        return self.do(accounts.get_by_handle, handle).balance

    def left(self, code: str) -> int:
        """Return how many items of a product are in stock."""
        return self.do(products.get_by_code, code).stock

    def restock(self, code: str, *items: str) -> None:
        """Add items to a product's stock."""
        self.do(stock.stage, code, parse_stock(items).items)
        self.do(stock.publish, code, code, actor="test", now_ms=now_ms())
        self.do(stock.unstage, code, len(items))

    def problems(self) -> list[str]:
        """Return the problems of the database."""
        return self.do(lambda connection: list(verify.find_problems(connection)))


def now_ms() -> int:
    """Return the current time in milliseconds, as the shop stores it."""
    return int(time.time() * 1000)


def books_of(directory: Path) -> Books:
    """Return the database of the instance in `directory`."""
    return Books(Database(database_url("", directory / "state" / "bot" / "shop.db"), create_if_missing=False))


@contextmanager
def books(directory: Path) -> Iterator[Books]:
    """Open the database of the instance in `directory`; at the end it must be consistent."""
    database = Database(database_url("", directory / "state" / "bot" / "shop.db"), create_if_missing=False)
    try:
        one = Books(database)
        yield one
        assert one.problems() == []
    finally:
        asyncio.run(database.close())
