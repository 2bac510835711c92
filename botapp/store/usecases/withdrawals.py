"""Stock that an admin takes out: written down until it is in the admin's hands, so that a crash in between loses none.

What is handed over twice went to the same admin both times; what is never handed over stays written down.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, exists, select

from botapp.store.db.tables import product, stock_item
from botapp.store.domain import refusals
from botapp.store.usecases import key_value as settings
from botapp.store.usecases import products, stock

#: pieces of one withdrawal: what one file that Discord takes can hold
MAX_ITEMS: Final = 5000

_KEY: Final = "withdrawals"


class Withdrawal(Struct, frozen=True):
    """Pieces of one product that one admin took out together."""

    product_id: int
    #: names it, together with the product
    at_ms: int
    user_id: int
    language: str


class WithdrawalBatch(Struct, frozen=True):
    """A withdrawal with what it holds."""

    withdrawal: Withdrawal
    code: str
    #: the goods, one line each. Never to be logged.
    items: tuple[str, ...]


def begin(
    connection: Connection, code: str, pieces: int, *, user_id: int, language: str, now_ms: int
) -> WithdrawalBatch:
    """Take pieces out of stock for an admin, the oldest first. Raises NoSuchProduct, BadQuantity, SoldOut."""
    if not 1 <= pieces <= MAX_ITEMS:
        raise refusals.InvalidQuantity(MAX_ITEMS)
    product_id = products.get_by_code(connection, code).id
    while connection.execute(select(exists().where(*_withdrawn_at(product_id, now_ms)))).scalar():
        now_ms += 1  # no two withdrawals of a product have the same time, by which they are found again
    found, items = stock.withdraw(connection, code, pieces, now_ms)
    withdrawal = Withdrawal(found.id, now_ms, user_id, language)
    settings.put(connection, _KEY, [*_read_pending(connection), withdrawal])
    return WithdrawalBatch(withdrawal, found.code, items)


def list_pending(connection: Connection) -> list[WithdrawalBatch]:
    """Return what may not have been handed over, the oldest first."""
    return [_with_items(connection, one) for one in _read_pending(connection)]


def mark_delivered(connection: Connection, withdrawal: Withdrawal) -> None:
    """Note that a withdrawal is in its admin's hands."""
    left = [one for one in _read_pending(connection) if one != withdrawal]
    settings.put(connection, _KEY, left or None)


def _read_pending(connection: Connection) -> list[Withdrawal]:
    return settings.get(connection, _KEY, list[Withdrawal]) or []


def _with_items(connection: Connection, one: Withdrawal) -> WithdrawalBatch:
    query = select(stock_item.c.content).where(*_withdrawn_at(one.product_id, one.at_ms)).order_by(stock_item.c.id)
    code = connection.execute(select(product.c.code).where(product.c.id == one.product_id)).scalar_one()
    return WithdrawalBatch(one, code, tuple(connection.execute(query).scalars()))


def _withdrawn_at(product_id: int, at_ms: int) -> tuple[ColumnElement[Any], ...]:
    withdrawn = (stock_item.c.status == "withdrawn", stock_item.c.purchase_id.is_(None))
    return (stock_item.c.product_id == product_id, stock_item.c.left_at_ms == at_ms, *withdrawn)
