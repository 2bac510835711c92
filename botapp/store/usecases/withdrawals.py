"""Withdrawals: stock that admins take out. Each stays recorded until the admin has received it, so a crash loses none.

A withdrawal may be delivered twice, but only to the same admin.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, exists, select

from botapp.store.db.tables import product, stock_item
from botapp.store.domain import refusals
from botapp.store.usecases import key_value, products, stock

#: largest withdrawal, in items: one file on Discord can hold it
MAX_ITEMS: Final = 5000

_KEY: Final = "withdrawals"


class Withdrawal(Struct, frozen=True):
    """Items of one product that one admin took out together."""

    product_id: int
    #: identifies the withdrawal, together with the product
    at_ms: int
    user_id: int
    language: str


class WithdrawalBatch(Struct, frozen=True):
    """A withdrawal and its items."""

    withdrawal: Withdrawal
    code: str
    #: contents of the items, one line each; secret, never log them
    items: tuple[str, ...]


def begin(
    connection: Connection, code: str, quantity: int, *, user_id: int, language: str, now_ms: int
) -> WithdrawalBatch:
    """Take items out of stock for an admin, oldest first. Raises NoSuchProduct, InvalidQuantity, StockTooSmall."""
    if not 1 <= quantity <= MAX_ITEMS:
        raise refusals.InvalidQuantity(MAX_ITEMS)
    product_id = products.get_by_code_to_change(connection, code).id
    while connection.execute(select(exists().where(*_withdrawn_at(product_id, now_ms)))).scalar():
        now_ms += 1  # the time identifies a withdrawal of a product, so it must be unique
    target, items = stock.withdraw(connection, code, quantity, now_ms)
    withdrawal = Withdrawal(target.id, now_ms, user_id, language)
    key_value.put(connection, _KEY, [*_read_pending_to_change(connection), withdrawal])
    return WithdrawalBatch(withdrawal, target.code, items)


def list_pending(connection: Connection) -> list[WithdrawalBatch]:
    """Return the withdrawals that may not have been delivered, oldest first."""
    return [_with_items(connection, withdrawal) for withdrawal in _read_pending(connection)]


def mark_delivered(connection: Connection, withdrawal: Withdrawal) -> None:
    """Record that an admin has received a withdrawal."""
    remaining = [other for other in _read_pending_to_change(connection) if other != withdrawal]
    key_value.put(connection, _KEY, remaining or None)


def _read_pending(connection: Connection) -> list[Withdrawal]:
    return key_value.get(connection, _KEY, list[Withdrawal]) or []


def _read_pending_to_change(connection: Connection) -> list[Withdrawal]:
    return key_value.get_to_change(connection, _KEY, list[Withdrawal]) or []


def _with_items(connection: Connection, withdrawal: Withdrawal) -> WithdrawalBatch:
    is_item = _withdrawn_at(withdrawal.product_id, withdrawal.at_ms)
    query = select(stock_item.c.content).where(*is_item).order_by(stock_item.c.id)
    code = connection.execute(select(product.c.code).where(product.c.id == withdrawal.product_id)).scalar_one()
    return WithdrawalBatch(withdrawal, code, tuple(connection.execute(query).scalars()))


def _withdrawn_at(product_id: int, at_ms: int) -> tuple[ColumnElement[Any], ...]:
    withdrawn = (stock_item.c.status == "withdrawn", stock_item.c.purchase_id.is_(None))
    return (stock_item.c.product_id == product_id, stock_item.c.left_at_ms == at_ms, *withdrawn)
