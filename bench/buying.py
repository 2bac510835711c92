"""Fifty buyers at once through the shop's own code, and the same statements sent by nobody but the driver."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
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
#: no purchase is refused here
LIMITS: Final = Limits(max_quantity=10, cooldown_s=0)
#: ids of purchases and interactions begin there, so that they can be told from all other numbers in a statement
_FIRST_PURCHASE: Final = 10**12
_FIRST_INTERACTION: Final = 10**15
#: how often the loop is looked at, in seconds
_TICK_S: Final = 0.002

Statement = tuple[str, Any]


@dataclass
class Bought:
    """What many purchases took."""

    rate_per_s: float
    #: of each purchase, from the order to its receipt, in seconds
    waits_s: list[float] = field(default_factory=list)
    #: longest time that the event loop did nothing else, in seconds
    longest_hold_s: float = 0.0

    @property
    def p99_s(self) -> float:
        """The time within which 99 of 100 purchases were done, in seconds."""
        return statistics.quantiles(self.waits_s, n=100)[98]


class Market:
    """A shop with stock for `pieces` purchases and buyers who can pay for them."""

    def __init__(self, url: str, file: Path, pieces: int) -> None:
        """`url` as in `[store] url`; where it is empty the database is `file`."""
        self.file, self.url = file, url
        self.database = Database(database_url(url, file))
        self._interactions = itertools.count(_FIRST_INTERACTION)
        run = self.database.run_sync
        run(schema.migrate, back_up=lambda: None)
        for number in range(PRODUCTS):
            run(products.add, f"P{number}", f"Product {number}", PRICE, "", 1)
            run(stock.stage, "batch", parse_stock(f"key-{number}-{one}" for one in range(pieces // PRODUCTS + 1)).items)
            run(stock.publish, "batch", f"P{number}", actor="bench", now_ms=1)
            while run(stock.unstage, "batch"):
                pass
        for user in range(1, BUYERS + 1):
            run(accounts.register, user, f"buyer{user}", 1)
            run(accounts.adjust_balance, f"buyer{user}", 10**9, add=True, actor="bench", key=f"money-{user}", now_ms=1)
        self.product_ids = [one.id for one in run(products.list_active)]

    def order(self, user: int) -> Order:
        """Return the next order of a buyer."""
        return Order(next(self._interactions), user, self.product_ids[user % PRODUCTS], 1, PRICE, "en")

    async def buy(self, each: int) -> Bought:
        """Let every buyer buy `each` times, one purchase after the other."""
        waits_s: list[float] = []
        watch = _Watch()
        watching = asyncio.create_task(watch.run())

        async def one(user: int) -> None:
            for _ in range(each):
                began_s = time.perf_counter()
                await self.database.run(purchases.buy, self.order(user), LIMITS, 2)
                waits_s.append(time.perf_counter() - began_s)

        began_s = time.perf_counter()
        await asyncio.gather(*(one(user) for user in range(1, BUYERS + 1)))
        took_s = time.perf_counter() - began_s
        watching.cancel()
        return Bought(len(waits_s) / took_s, waits_s, watch.longest_s)

    def statements(self, user: int) -> list[Statement]:
        """Return what one purchase of `user` sends to the database."""
        sent: list[Statement] = []

        def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            if not statement.startswith("BEGIN"):
                sent.append((statement, parameters))

        engine = self.database._current_engine()
        event.listen(engine, "before_cursor_execute", note)
        self.database.run_sync(purchases.buy, self.order(user), LIMITS, 2)
        event.remove(engine, "before_cursor_execute", note)
        return sent

    def begin_high(self) -> None:
        """Have numbers of purchases begin where `buy_plainly` can tell them apart; to be called before any purchase."""
        self.database.run_sync(self._start_high)

    def buy_plainly(self, purchases_wanted: int) -> float:
        """Send the same statements by the driver alone; return purchases a second."""
        if not self.url:
            scripts = [self.statements(user) for user in range(1, PRODUCTS + 1)]
            return self._plain_sqlite(scripts, purchases_wanted)
        scripts = [self.statements(user) for user in range(1, POOL_SIZE + 1)]
        return self._plain_postgres(scripts, purchases_wanted)

    def _plain_sqlite(self, scripts: Sequence[list[Statement]], wanted: int) -> float:
        connection = sqlite3.connect(self.file, isolation_level=None)
        for pragma in ("journal_mode=TRUNCATE", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        began_s = time.perf_counter()
        for number in range(wanted):
            connection.execute("BEGIN IMMEDIATE")
            _send(scripts[number % len(scripts)], next(self._interactions), connection.execute)
            connection.execute("COMMIT")
        took_s = time.perf_counter() - began_s
        connection.close()
        return wanted / took_s

    def _plain_postgres(self, scripts: Sequence[list[Statement]], wanted: int) -> float:
        def work(script: list[Statement], connection: psycopg.Connection[Any]) -> None:
            for _ in range(wanted // len(scripts)):
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
        return wanted // len(scripts) * len(scripts) / took_s

    def _start_high(self, connection: Connection) -> None:
        if self.url:
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('purchase', 'id'), {_FIRST_PURCHASE})"))
            return
        # SQLite counts on from the highest number there is
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        connection.execute(
            text(
                "INSERT INTO purchase (id, account_id, product_id, quantity, unit_price, total, interaction_id,"
                f" user_id, status, at_ms) VALUES ({_FIRST_PURCHASE}, 1, 1, 1, 0, 0, 1, 1, 'done', 1)"
            )
        )


class _Watch:
    """Notes the longest time that the event loop was held."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            began_s = time.perf_counter()
            await asyncio.sleep(_TICK_S)
            self.longest_s = max(self.longest_s, time.perf_counter() - began_s - _TICK_S)


def _send(script: list[Statement], interaction: int, execute: Callable[..., Any]) -> None:
    """Send the statements of one purchase, as those of another."""
    number = 0
    for statement, parameters in script:
        cursor = execute(statement, _renewed(parameters, interaction, number))
        if statement.startswith("INSERT INTO purchase"):
            number = cursor.fetchone()[0]
        elif cursor.description is not None:
            cursor.fetchall()


def _renewed(parameters: Any, interaction: int, number: int) -> Any:
    if isinstance(parameters, dict):
        return dict(zip(parameters, _new_values(parameters.values(), interaction, number), strict=True))
    return tuple(_new_values(parameters, interaction, number))


def _new_values(values: Any, interaction: int, number: int) -> Iterator[Any]:
    for value in values:
        if isinstance(value, str):
            word, _, digits = value.rpartition(":")
            if digits.isdigit() and int(digits) >= _FIRST_PURCHASE:
                new = interaction if int(digits) >= _FIRST_INTERACTION else number
                yield f"{word}:{new}" if word else str(new)
            else:
                yield value
        elif isinstance(value, int) and value >= _FIRST_INTERACTION:
            yield interaction
        elif isinstance(value, int) and value >= _FIRST_PURCHASE:
            yield number
        else:
            yield value
