"""What admins are still to be told, and what has been told: kept with the books, so that no crash loses it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, text

from botapp.store.domain.records import Product, Purchase
from botapp.store.usecases import key_value as settings
from botapp.store.usecases import products, purchases

#: notices that wait at most; the newest count for more than the oldest
MAX_PENDING: Final = 50

_PENDING: Final = "notices"
_PURCHASE_LOG: Final = "purchase_log"


class PurchaseLogPosition(Struct, frozen=True):
    """How far the purchase log has come."""

    channel_id: int
    purchase_id: int


def collect_pending(
    connection: Connection, fresh: Sequence[str], low_stock: int, in_words: Callable[[Product], str]
) -> list[str]:
    """Return what is to be told, the oldest first: what waits already, `fresh`, and what has begun to run low."""
    found = [*fresh, *map(in_words, products.list_newly_low(connection, low_stock))]
    known = settings.get(connection, _PENDING, list[str]) or []
    if not found:
        return known
    all_of_it = [*known, *found][-MAX_PENDING:]
    settings.put(connection, _PENDING, all_of_it)
    return all_of_it


def remove_sent(connection: Connection, count: int) -> None:
    """Remember that the first `count` of what waits have been told."""
    settings.put(connection, _PENDING, (settings.get(connection, _PENDING, list[str]) or [])[count:] or None)


def list_unlogged_purchases(connection: Connection, channel_id: int, limit: int) -> list[Purchase]:
    """Return the first purchases that are not in the log of this channel yet. A new log begins with the next one."""
    if connection.dialect.name == "postgresql":
        # numbers are given before transactions end: waiting for those under way, none of them is passed over
        connection.execute(text("LOCK TABLE purchase IN SHARE MODE"))
    log = settings.get(connection, _PURCHASE_LOG, PurchaseLogPosition)
    if log is None or log.channel_id != channel_id:
        settings.put(connection, _PURCHASE_LOG, PurchaseLogPosition(channel_id, purchases.get_latest_id(connection)))
        return []
    return purchases.list_after(connection, log.purchase_id, limit)


def mark_logged(connection: Connection, channel_id: int, purchase_id: int) -> None:
    """Remember that the log of this channel has come up to a purchase."""
    settings.put(connection, _PURCHASE_LOG, PurchaseLogPosition(channel_id, purchase_id))
