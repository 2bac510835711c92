"""The queue of notices for admins and the position of the purchase log, in the database, so that crashes lose none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, text

from botapp.store.domain.records import Product, Purchase
from botapp.store.usecases import key_value, products, purchases

#: longest queue; beyond it the oldest notices are dropped
MAX_PENDING: Final = 50

_PENDING: Final = "notices"
_PURCHASE_LOG: Final = "purchase_log"


class PurchaseLogPosition(Struct, frozen=True):
    """The last purchase that the purchase log contains."""

    channel_id: int
    purchase_id: int


def collect_pending(
    connection: Connection, new: Sequence[str], low_stock: int, describe: Callable[[Product], str]
) -> list[str]:
    """Return the pending notices, oldest first: those in the queue, `new` ones, and products that now run low."""
    added = [*new, *map(describe, products.list_newly_low(connection, low_stock))]
    queued = key_value.get_to_change(connection, _PENDING, list[str]) or []
    if not added:
        return queued
    pending = [*queued, *added][-MAX_PENDING:]
    key_value.put(connection, _PENDING, pending)
    return pending


def remove_sent(connection: Connection, count: int) -> None:
    """Remove the first `count` notices, which were sent."""
    queued = key_value.get_to_change(connection, _PENDING, list[str]) or []
    key_value.put(connection, _PENDING, queued[count:] or None)


def list_unlogged_purchases(connection: Connection, channel_id: int, limit: int) -> list[Purchase]:
    """Return the first purchases that the log of this channel lacks. A new log starts with the next purchase."""
    if connection.dialect.name == "postgresql":
        # ids are assigned before transactions commit; wait for running ones, so that no purchase is skipped
        connection.execute(text("LOCK TABLE purchase IN SHARE MODE"))
    log = key_value.get(connection, _PURCHASE_LOG, PurchaseLogPosition)
    if log is None or log.channel_id != channel_id:
        key_value.put(connection, _PURCHASE_LOG, PurchaseLogPosition(channel_id, purchases.get_latest_id(connection)))
        return []
    return purchases.list_after(connection, log.purchase_id, limit)


def mark_logged(connection: Connection, channel_id: int, purchase_id: int) -> None:
    """Store the last purchase that the log of this channel contains."""
    key_value.put(connection, _PURCHASE_LOG, PurchaseLogPosition(channel_id, purchase_id))
