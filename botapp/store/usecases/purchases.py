"""Purchases and refunds: each happens completely or not at all."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, func, insert, select, update

from botapp.store.db.tables import account, delivery, product, purchase, stock_item
from botapp.store.domain import refusals, rules
from botapp.store.domain.records import Order, Purchase, Receipt
from botapp.store.domain.rules import Limits, PurchaseContext
from botapp.store.usecases import accounts
from botapp.store.usecases.access import blacklist_reason, maintenance_reason
from botapp.store.usecases.stock import take_available

#: time from a purchase to the first check of the outbox whether its items were delivered, in ms
FIRST_CHECK_MS: Final = 60_000

_PURCHASES: Final[Select[Any]] = (
    select(
        purchase.c.id,
        purchase.c.user_id,
        account.c.handle,
        product.c.code,
        product.c.name,
        purchase.c.quantity,
        purchase.c.unit_price,
        purchase.c.total,
        purchase.c.status,
        purchase.c.at_ms,
    )
    .select_from(purchase)
    .join(account, account.c.id == purchase.c.account_id)
    .join(product, product.c.id == purchase.c.product_id)
)
_BY_INTERACTION: Final = _PURCHASES.where(purchase.c.interaction_id == bindparam("interaction_id"))
_LAST_PURCHASE: Final = (
    select(purchase.c.at_ms)
    .where(purchase.c.account_id == bindparam("account_id"))
    .order_by(purchase.c.id.desc())
    .limit(1)
)
_LOCKED_PRODUCT: Final = (
    select(product.c.code, product.c.name, product.c.price)
    .where(product.c.id == bindparam("of_product"), product.c.active.is_(True))
    .with_for_update()
)
_INSERT_PURCHASE: Final = insert(purchase).returning(purchase.c.id)
_INSERT_DELIVERY: Final = insert(delivery)


def buy(connection: Connection, order: Order, limits: Limits, now_ms: int) -> Receipt:
    """Execute `order`: take the items out of stock, charge the account, store the purchase and queue the delivery.

    Repeating an interaction returns its receipt and buys nothing. Raises a Refused.
    """
    # every transaction locks in this order: product, account, setting. Only what is read after that decides.
    row = connection.execute(_LOCKED_PRODUCT, {"of_product": order.product_id}).first()
    buyer = accounts.get_by_user_to_change(connection, order.user_id)
    if (earlier := _get_receipt(connection, order.interaction_id)) is not None:
        return earlier
    context = PurchaseContext(
        maintenance_reason=maintenance_reason(connection),
        blacklist_reason=blacklist_reason(connection, order.user_id),
        account=buyer,
        price=row.price if row is not None else None,
        last_purchase_at_ms=_last_purchase_at_ms(connection, buyer.id) if buyer is not None else None,
    )
    if (problem := rules.check_purchase(order, context, limits, now_ms)) is not None:
        raise problem
    assert buyer is not None
    assert row is not None
    total = order.quantity * row.price
    values = {
        "account_id": buyer.id,
        "product_id": order.product_id,
        "quantity": order.quantity,
        "unit_price": row.price,
        "total": total,
        "interaction_id": order.interaction_id,
        "user_id": order.user_id,
        "status": "done",
        "at_ms": now_ms,
    }
    number = connection.execute(_INSERT_PURCHASE, values).scalar_one()
    items = take_available(
        connection, order.product_id, order.quantity, status="sold", purchase_id=number, now_ms=now_ms
    )
    balance = _charge(connection, buyer.id, total, number, order, now_ms) if total else buyer.balance
    owed = {"purchase_id": number, "state": "pending", "attempts": 1, "language": order.language}
    connection.execute(_INSERT_DELIVERY, {**owed, "next_attempt_at_ms": now_ms + FIRST_CHECK_MS})
    done = Purchase(
        number, order.user_id, buyer.handle, row.code, row.name, order.quantity, row.price, total, "done", now_ms
    )
    return Receipt(done, items, balance)


def refund(connection: Connection, purchase_id: int, *, actor: str, now_ms: int) -> tuple[Purchase, int]:
    """Refund a purchase; return it and the new balance. Its items do not return to stock, because the member has
    seen them. Raises NoSuchPurchase, AlreadyRefunded.
    """
    row = connection.execute(
        select(purchase.c.account_id, purchase.c.total).where(purchase.c.id == purchase_id)
    ).first()
    if row is None:
        raise refusals.NoSuchPurchase(purchase_id)
    guarded = update(purchase).where(purchase.c.id == purchase_id, purchase.c.status == "done")
    if connection.execute(guarded.values(status="refunded")).rowcount != 1:
        raise refusals.AlreadyRefunded(purchase_id)
    sold = (stock_item.c.purchase_id == purchase_id, stock_item.c.status == "sold")
    connection.execute(update(stock_item).where(*sold).values(status="withdrawn"))
    key = f"refund:{purchase_id}"
    balance = None
    if row.total:
        balance = accounts.post_entry(
            connection, row.account_id, row.total, kind="refund", reference=str(purchase_id), actor=actor, key=key,
            now_ms=now_ms,
        )  # fmt: skip
    if balance is None:
        balance = connection.execute(select(account.c.balance).where(account.c.id == row.account_id)).scalar_one()
    return get(connection, purchase_id), balance


def get(connection: Connection, purchase_id: int) -> Purchase:
    """Return a purchase. Raises NoSuchPurchase."""
    row = connection.execute(_PURCHASES.where(purchase.c.id == purchase_id)).first()
    if row is None:
        raise refusals.NoSuchPurchase(purchase_id)
    return Purchase(*row)


def list_by_account(connection: Connection, account_id: int, limit: int) -> list[Purchase]:
    """Return the last purchases of an account, newest first."""
    query = _PURCHASES.where(purchase.c.account_id == account_id).order_by(purchase.c.id.desc()).limit(limit)
    return [Purchase(*row) for row in connection.execute(query)]


def list_after(connection: Connection, purchase_id: int, limit: int) -> list[Purchase]:
    """Return the purchases after `purchase_id`, oldest first."""
    query = _PURCHASES.where(purchase.c.id > purchase_id).order_by(purchase.c.id).limit(limit)
    return [Purchase(*row) for row in connection.execute(query)]


def get_latest_id(connection: Connection) -> int:
    """Return the number of the last purchase; 0 if there is none."""
    return connection.execute(select(func.max(purchase.c.id))).scalar() or 0


def list_items(connection: Connection, purchase_id: int) -> tuple[str, ...]:
    """Return the items of a purchase, one line each."""
    query = select(stock_item.c.content).where(stock_item.c.purchase_id == purchase_id).order_by(stock_item.c.id)
    return tuple(connection.execute(query).scalars())


def _charge(connection: Connection, account_id: int, total: int, number: int, order: Order, now_ms: int) -> int:
    balance = accounts.post_entry(
        connection,
        account_id,
        -total,
        kind="purchase",
        reference=str(number),
        actor=str(order.user_id),
        key=f"purchase:{order.interaction_id}",
        now_ms=now_ms,
    )
    assert balance is not None, "the interaction is new, as checked before"
    return balance


def _get_receipt(connection: Connection, interaction_id: int) -> Receipt | None:
    row = connection.execute(_BY_INTERACTION, {"interaction_id": interaction_id}).first()
    if row is None:
        return None
    done = Purchase(*row)
    buyer = accounts.get_by_user(connection, done.user_id)
    return Receipt(done, list_items(connection, done.id), buyer.balance if buyer is not None else 0, is_repeat=True)


def _last_purchase_at_ms(connection: Connection, account_id: int) -> int | None:
    return connection.execute(_LAST_PURCHASE, {"account_id": account_id}).scalar()
