"""Putting what an earlier bot left into the shop: all of it in one transaction, or nothing."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection

from botapp.config.settings import Settings
from botapp.locale import _
from botapp.services.backup import snapshot
from botapp.services.backup.backup import scratch_file, shop_database_url
from botapp.services.backup.files import DataProblem
from botapp.services.backup.legacy_files import LegacyProduct, LegacyShop
from botapp.services.backup.lock import SharedLock
from botapp.store.db import schema
from botapp.store.db.database import Database
from botapp.store.db.errors import Unavailable
from botapp.store.domain.refusals import NoSuchProduct
from botapp.store.usecases import admin_log, products, stock

#: who has done it, in the books
ACTOR: Final = "import"


class ImportResult(Struct, frozen=True):
    """What became, or would become, of one product."""

    code: str
    #: whether it was not on sale before
    new: bool
    #: items that came into stock
    added: int
    #: lines that were passed over: empty, standing earlier in the file or in stock, sold or withdrawn before
    blank: tuple[int, ...]
    duplicates: tuple[int, ...]
    gone: tuple[int, ...]


def dry_run(settings: Settings, found: LegacyShop) -> list[ImportResult]:
    """Return what `run_import` would do, done on a copy of the database. Raises DataProblem, ConfigError."""
    url = shop_database_url(settings)
    batch = secrets.token_hex(8)
    there = url.get_backend_name() != "sqlite" or Path(str(url.database)).exists()
    if not there:
        with closing(snapshot.open_in_memory()) as raw, snapshot.engine_for(raw).begin() as connection:
            return _simulate(connection, batch, found)
    with scratch_file(settings.state_dir) as scratch, snapshot.open_snapshot(url, scratch) as connection:
        return _simulate(connection, batch, found)


def run_import(settings: Settings, found: LegacyShop) -> list[ImportResult]:
    """Put products and stock into the shop, also while the bot sells. Raises DataProblem, ConfigError."""
    batch = secrets.token_hex(8)
    lock = SharedLock(settings)
    database = Database(shop_database_url(settings))
    try:
        with _as_data_problem():
            database.run_sync(schema.migrate, back_up=_refuse_to_migrate)
            try:
                for wanted in found.products:
                    items = wanted.stock.items
                    for at in range(0, len(items), stock.STAGED_AT_ONCE):
                        chosen = items[at : at + stock.STAGED_AT_ONCE]
                        database.run_sync(stock.stage, _batch_name(batch, wanted), chosen)
                return database.run_sync(_publish_all, batch, found, int(time.time() * 1000))
            finally:
                for wanted in found.products:
                    while database.run_sync(stock.unstage, _batch_name(batch, wanted)):
                        continue
    finally:
        asyncio.run(database.close())
        lock.release()


class _as_data_problem(nullcontext[None]):
    """Turns a database that cannot be used into a problem."""

    def __exit__(self, *excinfo: object) -> None:
        if isinstance(excinfo[1], Unavailable | schema.SchemaTooNew):
            raise DataProblem(str(excinfo[1])) from excinfo[1]


def _simulate(connection: Connection, batch: str, found: LegacyShop) -> list[ImportResult]:
    with _as_data_problem():
        schema.migrate(connection, back_up=_skip_backup)
    for wanted in found.products:
        stock.stage(connection, _batch_name(batch, wanted), wanted.stock.items)
    return _publish_all(connection, batch, found, 0)


def _publish_all(connection: Connection, batch: str, found: LegacyShop, now_ms: int) -> list[ImportResult]:
    done = [_publish(connection, _batch_name(batch, wanted), wanted, now_ms) for wanted in found.products]
    detail = ", ".join(f"{one.code} +{one.added}" for one in done)
    admin_log.record(connection, ACTOR, "import", detail[:1000], now_ms)
    return done


def _publish(connection: Connection, batch: str, wanted: LegacyProduct, now_ms: int) -> ImportResult:
    try:
        there = products.get_by_code(connection, wanted.code)
    except NoSuchProduct:
        there = None
        products.add(connection, wanted.code, wanted.name, wanted.price, wanted.description, now_ms)
    if there is not None and (there.name, there.price) != (wanted.name, wanted.price):
        text = _(
            "%(code)s (line %(line)d) is on sale already with another name or price: %(name)s, %(price)d; "
            "change it there or in the list"
        )
        facts = {"code": wanted.code, "line": wanted.line, "name": there.name, "price": there.price}
        raise DataProblem(text % facts)
    gone = stock.unstage_former_stock(connection, batch, wanted.code)
    adding = stock.publish(connection, batch, wanted.code, actor=ACTOR, now_ms=now_ms)
    duplicates = tuple(sorted({*wanted.stock.duplicates, *adding.duplicates}))
    blank = wanted.stock.blank
    return ImportResult(wanted.code, there is None, adding.added, blank, duplicates, gone)


def _batch_name(batch: str, wanted: LegacyProduct) -> str:
    return f"import:{batch}:{wanted.line}"


def _refuse_to_migrate() -> None:
    raise DataProblem(_("the database is of an older version; start the bot once, which brings it up to date"))


def _skip_backup() -> None:
    """It is a copy."""
