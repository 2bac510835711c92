"""The books of a shop that runs in another process, read and written as that process does it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from botapp.store import accounts, deposits
from botapp.store.database import Database, url_of
from botapp.store.records import Deposit

T = TypeVar("T")


class Books:
    """The shop's database of the instance below `directory`, which has the usual state directory."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "state" / "bot" / "shop.db"

    def run(self, use_case: Callable[..., T], *arguments: Any, **keywords: Any) -> T:
        """Run a use case as a transaction of its own."""
        database = Database(url_of("", self._file), may_create=False)
        try:
            return database.run_here(use_case, *arguments, **keywords)
        finally:
            asyncio.run(database.close())

    def balance(self, handle: str) -> int:
        """Return the balance of the account with this handle."""
        return self.run(accounts.of_handle, handle).balance

    def deposits(self, limit: int = 100) -> list[Deposit]:
        """Return the deposits that came from outside, the newest first."""
        return self.run(deposits.latest, limit)
