"""Fifty buyers at once through the shop's own code, and the same statements sent by the database's driver alone."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, event, text

from botapp.store.db import schema
from botapp.store.db.database import POOL_SIZE, Database, database_url
from botapp.store.domain.records import Order
from botapp.store.domain.rules import Limits, parse_stock
from botapp.store.usecases import accounts, products, purchases, stock

BUYERS: Final = 50
PRODUCTS: Final = 5
PRICE: Final = 7
#: limits that refuse no purchase
LIMITS: Final = Limits(max_quantity=10, cooldown_s=0)
#: ids of purchases and interactions begin here, so that they differ from all other numbers in a statement
_FIRST_PURCHASE: Final = 10**12
_FIRST_INTERACTION: Final = 10**15

Statement = tuple[str, Any]


class Market:
    """A shop with stock for `pieces` purchases, and buyers who can pay for them."""

    def __init__(self, url: str, file: Path, pieces: int) -> None:
        """`url` as in `[store] url`; if it is empty the database is `file`."""
        self.file, self.url = file, url
        self.database = Database(database_url(url, file))
        self._interactions = itertools.count(_FIRST_INTERACTION)
        run = self.database.run_sync
        run(schema.migrate, back_up=lambda: None)
        for number in range(PRODUCTS):
            run(products.add, f"P{number}", f"Product {number}", PRICE, "", 1)
            lines = parse_stock(f"key-{number}-{piece}" for piece in range(pieces // PRODUCTS + 1))
            run(stock.stage, "batch", lines.items)
            run(stock.publish, "batch", f"P{number}", actor="bench", now_ms=1)
            while run(stock.unstage, "batch"):
                pass
        for user in range(1, BUYERS + 1):
            run(accounts.register, user, f"buyer{user}", 1)
            run(accounts.adjust_balance, f"buyer{user}", 10**9, add=True, actor="bench", key=f"money-{user}", now_ms=1)
        self._product_ids = [product.id for product in run(products.list_active)]

    def order(self, user: int) -> Order:
        """Return the next order of a buyer."""
        return Order(next(self._interactions), user, self._product_ids[user % PRODUCTS], 1, PRICE, "en")

    async def buy(self, purchases_per_buyer: int) -> list[float]:
        """Let every buyer buy, one purchase after the other; return the seconds that each purchase took."""
        waits_s: list[float] = []

        async def buy_all(user: int) -> None:
            for _ in range(purchases_per_buyer):
                began_s = time.perf_counter()
                await self.database.run(purchases.buy, self.order(user), LIMITS, 2)
                waits_s.append(time.perf_counter() - began_s)

        await asyncio.gather(*(buy_all(user) for user in range(1, BUYERS + 1)))
        return waits_s

    # --- the driver alone ---

    def replay(self, count: int) -> float:
        """Send the statements of `count` purchases by the driver alone; return purchases per second."""
        users = range(1, (POOL_SIZE if self.url else PRODUCTS) + 1)
        scripts = [self._capture(user) for user in users]
        return self._replay_postgres(scripts, count) if self.url else self._replay_sqlite(scripts, count)

    def set_first_id(self) -> None:
        """Let the ids of purchases begin where `replay` can tell them from other numbers; call before any purchase."""
        self.database.run_sync(self._set_first_id)

    def _set_first_id(self, connection: Connection) -> None:
        if self.url:
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('purchase', 'id'), {_FIRST_PURCHASE})"))
            return
        # SQLite counts on from the highest id
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        connection.execute(
            text(
                "INSERT INTO purchase (id, account_id, product_id, quantity, unit_price, total, interaction_id,"
                f" user_id, status, at_ms) VALUES ({_FIRST_PURCHASE}, 1, 1, 1, 0, 0, 1, 1, 'done', 1)"
            )
        )

    def _capture(self, user: int) -> list[Statement]:
        """Return the statements that one purchase sends to the database."""
        sent: list[Statement] = []

        def record(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            if not statement.startswith("BEGIN"):
                sent.append((statement, parameters))

        engine = self.database._current_engine()
        event.listen(engine, "before_cursor_execute", record)
        self.database.run_sync(purchases.buy, self.order(user), LIMITS, 2)
        event.remove(engine, "before_cursor_execute", record)
        return sent

    def _replay_sqlite(self, scripts: Sequence[list[Statement]], count: int) -> float:
        connection = sqlite3.connect(self.file, isolation_level=None)
        for pragma in ("journal_mode=TRUNCATE", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        began_s = time.perf_counter()
        for number in range(count):
            connection.execute("BEGIN IMMEDIATE")
            _send(scripts[number % len(scripts)], next(self._interactions), connection.execute)
            connection.execute("COMMIT")
        took_s = time.perf_counter() - began_s
        connection.close()
        return count / took_s

    def _replay_postgres(self, scripts: Sequence[list[Statement]], count: int) -> float:
        each = count // len(scripts)

        def work(script: list[Statement], connection: psycopg.Connection[Any]) -> None:
            for _ in range(each):
                _send(script, next(self._interactions), connection.execute)
                connection.commit()

        connections = [psycopg.connect(self.url) for _ in scripts]
        threads = [threading.Thread(target=work, args=pair) for pair in zip(scripts, connections, strict=True)]
        began_s = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took_s = time.perf_counter() - began_s
        for connection in connections:
            connection.close()
        return each * len(scripts) / took_s


def _send(script: list[Statement], interaction: int, execute: Callable[..., Any]) -> None:
    """Send the statements of one purchase with new ids."""
    purchase = 0
    for statement, parameters in script:
        values: Any
        if isinstance(parameters, dict):
            values = dict(zip(parameters, _replace_ids(parameters.values(), interaction, purchase), strict=True))
        else:
            values = tuple(_replace_ids(parameters, interaction, purchase))
        cursor = execute(statement, values)
        if statement.startswith("INSERT INTO purchase"):
            purchase = cursor.fetchone()[0]
        elif cursor.description is not None:
            cursor.fetchall()


def _replace_ids(values: Any, interaction: int, purchase: int) -> Iterator[Any]:
    """Yield the values, with the ids of the captured purchase replaced; some are the last part of a text."""
    for value in values:
        prefix, colon, digits = str(value).rpartition(":")
        if not isinstance(value, int | str) or not digits.isdigit() or int(digits) < _FIRST_PURCHASE:
            yield value
            continue
        new = interaction if int(digits) >= _FIRST_INTERACTION else purchase
        yield f"{prefix}{colon}{new}" if isinstance(value, str) else new
