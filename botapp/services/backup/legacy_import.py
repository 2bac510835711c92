"""Import the shop of an earlier bot in one transaction."""

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
from botapp.store.db.limits import LONG_USE_CASE_TIMEOUT_S, time_limit
from botapp.store.db.place import is_missing
from botapp.store.domain.records import Product
from botapp.store.domain.refusals import NoSuchProduct
from botapp.store.usecases import admin_log, products, stock

#: actor of the import in the ledger and in the admin log
ACTOR: Final = "import"


class ImportResult(Struct, frozen=True):
    """The import of one product, made or simulated."""

    code: str
    #: whether it was not on sale before
    new: bool
    #: items added to stock
    added: int
    #: skipped lines: empty; earlier in the file or already in stock; sold or withdrawn before
    blank: tuple[int, ...]
    duplicates: tuple[int, ...]
    gone: tuple[int, ...]
    #: added lines whose item another product has or has sold, and the code of that product
    elsewhere: tuple[tuple[int, str], ...]


def dry_run(settings: Settings, shop: LegacyShop) -> list[ImportResult]:
    """Return the results that `run_import` would have, from a copy of the database. Raises DataProblem, ConfigError."""
    url = shop_database_url(settings)
    batch = secrets.token_hex(8)
    exists = url.get_backend_name() != "sqlite" or not is_missing(Path(str(url.database)))
    if not exists:
        with closing(snapshot.open_in_memory()) as raw, snapshot.engine_for(raw).begin() as connection:
            return _simulate(connection, batch, shop)
    with scratch_file(settings.state_dir) as scratch, snapshot.open_snapshot(url, scratch) as connection:
        return _simulate(connection, batch, shop)


def run_import(settings: Settings, shop: LegacyShop) -> list[ImportResult]:
    """Import products and stock, also while the bot runs. Raises DataProblem, ConfigError."""
    batch = secrets.token_hex(8)
    lock = SharedLock(settings)
    database = Database(shop_database_url(settings))
    try:
        with _as_data_problem():
            database.run_sync(schema.migrate, back_up=_refuse_to_migrate)
            try:
                for product in shop.products:
                    items = product.stock.items
                    for at in range(0, len(items), stock.STAGED_AT_ONCE):
                        chosen = items[at : at + stock.STAGED_AT_ONCE]
                        database.run_sync(stock.stage, _batch_name(batch, product), chosen)
                with time_limit(LONG_USE_CASE_TIMEOUT_S):
                    return database.run_sync(_publish_all, batch, shop, int(time.time() * 1000))
            finally:
                for product in shop.products:
                    while database.run_sync(stock.unstage, _batch_name(batch, product)):
                        continue
    finally:
        asyncio.run(database.close())
        lock.release()


class _as_data_problem(nullcontext[None]):
    """Turns an unusable database into a DataProblem."""

    def __exit__(self, *excinfo: object) -> None:
        if isinstance(excinfo[1], Unavailable | schema.SchemaTooNew):
            raise DataProblem(str(excinfo[1])) from excinfo[1]


def _simulate(connection: Connection, batch: str, shop: LegacyShop) -> list[ImportResult]:
    with _as_data_problem():
        schema.migrate(connection, back_up=_skip_backup)
    for product in shop.products:
        stock.stage(connection, _batch_name(batch, product), product.stock.items)
    return _publish_all(connection, batch, shop, 0)


def _publish_all(connection: Connection, batch: str, shop: LegacyShop, now_ms: int) -> list[ImportResult]:
    problems = [problem for product in shop.products if (problem := _find_conflict(connection, product))]
    if problems:
        raise DataProblem("\n".join(problems))
    results = [_publish(connection, _batch_name(batch, product), product, now_ms) for product in shop.products]
    detail = ", ".join(f"{result.code} +{result.added}" for result in results)
    admin_log.record(connection, ACTOR, "import", detail[:1000], now_ms)
    return results


def _find_product(connection: Connection, code: str) -> Product | None:
    try:
        return products.get_by_code(connection, code)
    except NoSuchProduct:
        return None


def _find_conflict(connection: Connection, product: LegacyProduct) -> str | None:
    """Return how a product on sale differs from the list, or None. A list without a description agrees with any."""
    existing = _find_product(connection, product.code)
    if existing is None:
        return None
    params = {"code": product.code, "line": product.line, "name": existing.name, "price": existing.price}
    if (existing.name, existing.price) != (product.name, product.price):
        text = _(
            "%(code)s (line %(line)d) is already on sale with another name or price: %(name)s, %(price)d; "
            "change it in the shop or in the list"
        )
        return text % params
    if product.description not in ("", existing.description):
        text = _(
            "%(code)s (line %(line)d) is already on sale with another description; change it in the shop, or remove it "
            "from the list"
        )
        return text % params
    return None


def _publish(connection: Connection, batch: str, product: LegacyProduct, now_ms: int) -> ImportResult:
    existing = _find_product(connection, product.code)
    if existing is None:
        products.add(connection, product.code, product.name, product.price, product.description, now_ms)
    gone = stock.unstage_former_stock(connection, batch, product.code)
    elsewhere = stock.find_elsewhere(connection, batch, product.code)
    result = stock.publish(connection, batch, product.code, actor=ACTOR, now_ms=now_ms)
    duplicates = tuple(sorted({*product.stock.duplicates, *result.duplicates}))
    return ImportResult(product.code, existing is None, result.added, product.stock.blank, duplicates, gone, elsewhere)


def _batch_name(batch: str, product: LegacyProduct) -> str:
    return f"import:{batch}:{product.line}"


def _refuse_to_migrate() -> None:
    raise DataProblem(_("the database has an older schema version; start the bot once to migrate it"))


def _skip_backup() -> None:
    """Do nothing: the database is a copy."""
