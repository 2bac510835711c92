"""A shop with data in every table."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from botapp.store.db.database import Database
from botapp.store.db.tables import account, metadata
from botapp.store.domain.records import Order, Receipt
from botapp.store.domain.rules import Limits, parse_stock
from botapp.store.usecases import (
    access,
    accounts,
    admin_log,
    deliveries,
    deposits,
    products,
    purchases,
    stock,
)
from botapp.store.usecases import (
    key_value as settings,
)

#: no cooldown between two purchases
LIMITS = Limits(max_quantity=100, cooldown_s=0)
BUDI, SARI = 900_000_000_000_000_001, 900_000_000_000_000_002
ACTOR = "admin"


def restock(connection: Connection, code: str, *lines: str, now_ms: int = 10) -> int:
    """Add lines to the stock like an upload; return how many were added."""
    batch = f"{code}:{lines[:1]}"
    stock.stage(connection, batch, parse_stock(lines).items)
    added = stock.publish(connection, batch, code, actor=ACTOR, now_ms=now_ms).added
    stock.unstage(connection, batch, len(lines))
    return added


def member(connection: Connection, user_id: int, handle: str, balance: int = 0) -> None:
    """Register a member with a balance."""
    accounts.register(connection, user_id, handle, 1)
    if balance:
        accounts.adjust_balance(connection, handle, balance, add=True, actor=ACTOR, key=f"start:{handle}", now_ms=2)


def buy(connection: Connection, user_id: int, code: str, quantity: int, interaction_id: int) -> Receipt:
    """Buy like a click that confirms the current price."""
    found = products.get_by_code(connection, code)
    order = Order(interaction_id, user_id, found.id, quantity, found.price, "id")
    return purchases.buy(connection, order, LIMITS, 1000 + interaction_id)


def open_shop(connection: Connection) -> None:
    """Fill empty tables: members, products, stock, purchases, a refund, deposits and admin actions."""
    products.add(connection, "STEAM", "Steam 10", 50, "A key; ünïcode ✓", 1)
    products.add(connection, "ROBUX", "Robux 400", 30, "", 2)
    products.add(connection, "GONE", "No longer sold", 1, "", 3)
    products.delete(connection, "GONE")
    restock(connection, "STEAM", *(f"steam-{number}" for number in range(10)))
    restock(connection, "ROBUX", "robux-1 ✓", "robux-2")
    member(connection, BUDI, "Budi", 1000)
    member(connection, SARI, "Sari.X", 60)
    buy(connection, BUDI, "STEAM", 3, 101)
    second = buy(connection, BUDI, "ROBUX", 1, 102)
    buy(connection, SARI, "STEAM", 1, 103)
    purchases.refund(connection, second.purchase.id, actor=ACTOR, now_ms=2000)
    stock.withdraw(connection, "STEAM", 2, 2100)
    deliveries.finish(connection, 1, "sent", 777)
    given: dict[str, Any] = {"source": "webhook", "refusal": "", "now_ms": 2200}
    deposits.record(connection, key="m1", handle="budi", amount=250, **given)
    deposits.record(connection, key="m2", handle="nobody", amount=5, **given)
    access.add_to_blacklist(connection, 666, "fraud", actor=ACTOR, now_ms=2300)
    settings.put(connection, "world", {"world": "BUYHERE", "owner": "Budi"})
    admin_log.record(connection, ACTOR, "addproduct", "STEAM", 1)


def balances(connection: Connection) -> dict[str, int]:
    """Return all balances by handle."""
    return {row.handle: row.balance for row in connection.execute(select(account)).all()}


def everything(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables."""
    return {
        table.name: sorted((tuple(row) for row in connection.execute(select(table)).all()), key=repr)
        for table in metadata.sorted_tables
    }


def opened_shop(database: Database) -> Database:
    """Fill a database."""
    database.run_sync(open_shop)
    return database
