"""The demo's shop: some products with stock, in a database of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from botapp.locale import _
from botapp.store.db import schema
from botapp.store.db.database import Database, database_url
from botapp.store.domain.rules import parse_stock
from botapp.store.usecases import products, stock


class DemoProduct(NamedTuple):
    """One product with its stock."""

    code: str
    name: str
    #: in the base unit
    price: int
    description: str
    items: tuple[str, ...]


def _vouchers(beginning: str, pieces: int) -> tuple[str, ...]:
    return tuple(f"{beginning}-{number:04d}-DEMO" for number in range(1, pieces + 1))


def demo_goods() -> tuple[DemoProduct, ...]:
    """Return what the demo sells, in the language in use."""
    steam_text, nitro_text = _("Voucher code, sent by direct message"), _("Available again soon")
    return (
        DemoProduct("STEAM10", "Steam Wallet 10", 120, steam_text, _vouchers("STEAM", 24)),
        DemoProduct("ROBUX400", "Robux 400", 65, "", _vouchers("ROBUX", 7)),
        DemoProduct("NITRO1", _("Nitro 1 month"), 4500, nitro_text, ()),
    )


def furnish(file: Path, goods: Sequence[DemoProduct]) -> None:
    """Make the shop's database in `file` with `goods`; one that is there stays as it is."""
    if file.exists():
        return
    database = Database(database_url("", file))
    now_ms = int(time.time() * 1000)
    database.run_sync(schema.migrate, back_up=lambda: None)
    for one in goods:
        database.run_sync(products.add, one.code, one.name, one.price, one.description, now_ms)
        database.run_sync(stock.stage, one.code, parse_stock(one.items).items)
        database.run_sync(stock.publish, one.code, one.code, actor="demo", now_ms=now_ms)
        database.run_sync(stock.unstage, one.code, len(one.items))
    database.close_sync()
