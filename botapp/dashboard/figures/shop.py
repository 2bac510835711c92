"""Reads the shop's database and the backup directory, when someone looks. The connection cannot write.

A reader of a SQLite file with a rollback journal delays the shop's next commit. So each statement is a transaction of
its own, none reads items or balances, and each has a time limit.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy
from msgspec import Struct
from sqlalchemy import Connection, Engine, event, exc, func, select
from sqlalchemy.pool import NullPool

from botapp.config.settings import Settings
from botapp.locale import _
from botapp.services.backup.files import DataProblem, list_backups
from botapp.store.db import limits
from botapp.store.db.database import database_url
from botapp.store.db.errors import Unavailable
from botapp.store.db.tables import delivery, deposit, purchase
from botapp.store.usecases import products, sales

#: time limit of all statements for one answer, in seconds
TIMEOUT_S: Final = 2.0
_LOCK_TIMEOUT_S: Final = 1.0
#: instructions of SQLite between two looks at the clock
_STEPS: Final = 10_000
#: rows younger than this are counted later: transactions may end in another order than their ids, in milliseconds
_SETTLED_MS: Final = 15_000


class DaySold(Struct, frozen=True):
    """The sales of one day, amounts in the base unit."""

    date: str
    items: int
    revenue: int
    refunded: int


class ProductSold(Struct, frozen=True):
    """The sales of one product."""

    name: str
    items: int
    revenue: int


class ProductStock(Struct, frozen=True):
    """The stock of one product on sale."""

    code: str
    name: str
    stock: int
    is_low: bool


class Shop(Struct, frozen=True):
    """What the shop's database says."""

    days: list[DaySold]
    products: list[ProductSold]
    stock: list[ProductStock]
    #: deposits since the first of the days: how many were accepted, their sum, and how many were refused
    deposits: int
    deposited: int
    deposits_refused: int
    #: deliveries that wait, and those that an admin must look at
    deliveries_pending: int
    deliveries_failed: int
    #: seconds since 1970; None without a backup
    backup_at_s: float | None


class Totals(Struct):
    """What was sold and deposited since the dashboard started."""

    purchases: int = 0
    items: int = 0
    revenue: int = 0
    deposits: int = 0
    deposited: int = 0
    deposits_refused: int = 0


class ShopReader:
    """Reads one shop. Only one thread may use it. Methods raise Unavailable."""

    def __init__(self, settings: Settings) -> None:
        """Open nothing yet."""
        self._settings = settings
        self._zone = ZoneInfo(settings.timezone)
        self._engine: Engine | None = None
        self._totals = Totals()
        self._last_ids: dict[str, int] = {}

    def close(self) -> None:
        """Close the connections."""
        if self._engine is not None:
            self._engine.dispose()

    def read(self, days: int) -> Shop:
        """Return the figures of the last `days` days, today included."""
        with self._connect() as connection:
            return self._read(connection, days)

    def read_stock(self) -> tuple[list[ProductStock], int, int, float | None]:
        """Return the stock, the waiting and the failed deliveries, and the time of the last backup."""
        with self._connect() as connection:
            pending, failed = _count_deliveries(connection)
            return self._list_stock(connection), pending, failed, self._last_backup_s()

    def read_totals(self) -> Totals:
        """Return what was sold and deposited since the first call; only rows that are new are read."""
        with self._connect() as connection:
            settled_ms = int(time.time() * 1000) - _SETTLED_MS
            for table in (purchase, deposit):
                if table.name not in self._last_ids:
                    self._last_ids[table.name] = connection.execute(select(func.max(table.c.id))).scalar() or 0
            for row in self._new_rows(connection, purchase, settled_ms):
                self._totals.purchases += 1
                self._totals.items += row.quantity
                self._totals.revenue += row.total
            for row in self._new_rows(connection, deposit, settled_ms):
                self._totals.deposits += not row.refusal
                self._totals.deposited += 0 if row.refusal else row.amount or 0
                self._totals.deposits_refused += bool(row.refusal)
        return self._totals

    def _new_rows(self, connection: Connection, table: sqlalchemy.Table, settled_ms: int) -> list[Any]:
        last = self._last_ids[table.name]
        query = select(table).where(table.c.id > last, table.c.at_ms <= settled_ms).order_by(table.c.id).limit(10_000)
        rows = list(connection.execute(query))
        if rows:
            self._last_ids[table.name] = rows[-1].id
        return rows

    def _read(self, connection: Connection, days: int) -> Shop:
        dates = sales.last_days(self._zone, int(time.time() * 1000), days)
        report = sales.build_report(sales.list_sales(connection, dates), dates)
        since = deposit.c.at_ms >= dates[0].begins_at_ms
        refused = deposit.c.refusal != ""
        accepted = select(func.count(), func.sum(deposit.c.amount)).where(since, ~refused)
        count, amount = connection.execute(accepted).one()
        pending, failed = _count_deliveries(connection)
        return Shop(
            days=[DaySold(day.isoformat(), one.items, one.revenue, one.refunded) for day, one in report.days],
            products=[ProductSold(name, one.items, one.revenue) for name, one in report.products],
            stock=self._list_stock(connection),
            deposits=int(count),
            deposited=int(amount or 0),
            deposits_refused=int(connection.execute(select(func.count()).where(since, refused)).scalar_one()),
            deliveries_pending=pending,
            deliveries_failed=failed,
            backup_at_s=self._last_backup_s(),
        )

    def _list_stock(self, connection: Connection) -> list[ProductStock]:
        low = self._settings.store.low_stock
        return [
            ProductStock(one.code, one.name, one.stock, one.stock <= low) for one in products.list_active(connection)
        ]

    def _last_backup_s(self) -> float | None:
        try:
            backups = list_backups(self._settings.backup_dir)
        except DataProblem as error:
            raise Unavailable(str(error)) from error
        return backups[0].at.timestamp() if backups else None

    def _connect(self) -> _Connecting:
        if self._engine is None:
            self._engine = _create_engine(self._settings)
        return _Connecting(self._engine)


class _Connecting:
    """A connection whose errors are `Unavailable`, with a time limit for everything in the block."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._deadline = limits.deadline(time.monotonic() + TIMEOUT_S)
        self._connection: Connection | None = None

    def __enter__(self) -> Connection:
        self._deadline.__enter__()
        try:
            self._connection = self._engine.connect()
        except exc.DBAPIError as error:
            self._deadline.__exit__(None, None, None)
            raise Unavailable(_explain(error)) from error
        return self._connection

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        assert self._connection is not None
        try:
            self._connection.close()
        finally:
            self._deadline.__exit__(None, None, None)
        if isinstance(error, exc.DBAPIError):
            raise Unavailable(_explain(error)) from error


def _explain(error: exc.DBAPIError) -> str:
    return _("the shop's database cannot be read: %s") % " ".join(str(error.orig).split())


def _count_deliveries(connection: Connection) -> tuple[int, int]:
    query = select(delivery.c.state, func.count()).where(delivery.c.state.in_(("pending", "failed")))
    counts = {state: int(count) for state, count in connection.execute(query.group_by(delivery.c.state))}
    return counts.get("pending", 0), counts.get("failed", 0)


def _create_engine(settings: Settings) -> Engine:
    url = database_url(settings.store.url, settings.database_file)
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(Path(str(url.database)))
    from botapp.store.db import postgres

    engine = postgres.create_engine(url, pool_size=1)
    event.listen(engine, "connect", _forbid_writing)
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _forbid_writing(connection: Any, record: object) -> None:
    connection.execute("SET default_transaction_read_only = on")
    connection.commit()


def _sqlite_engine(path: Path) -> Engine:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True, timeout=_LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False,
        )  # fmt: skip
        connection.execute("PRAGMA query_only = ON")
        # 1 ends the statement
        connection.set_progress_handler(lambda: int(limits.remaining_s() <= 0), _STEPS)
        return connection

    # a new connection each time: the file may have been replaced by a restore
    return sqlalchemy.create_engine("sqlite://", creator=connect, poolclass=NullPool)
