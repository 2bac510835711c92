"""Stock items: uploads, withdrawals by admins, and taking items for a purchase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from sqlalchemy import (
    Connection,
    Exists,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    union_all,
    update,
)

from botapp.store.db.tables import IS_AVAILABLE, IS_HANDED_OUT, account, product, purchase, stock_item, stock_staged
from botapp.store.domain import refusals
from botapp.store.domain.records import Product, StockAdded
from botapp.store.domain.rules import StockLine
from botapp.store.usecases.products import get_by_code, get_by_code_to_change

#: lines staged in one transaction: short enough not to delay purchases
STAGED_AT_ONCE = 1000

_OF_PRODUCT: Final = stock_item.c.product_id == bindparam("of_product")
_COUNT: Final = select(func.count()).select_from(stock_item).where(_OF_PRODUCT, IS_AVAILABLE)
_OLDEST: Final = (
    select(stock_item.c.id).where(_OF_PRODUCT, IS_AVAILABLE).order_by(stock_item.c.id).limit(bindparam("quantity"))
)
_TAKE: Final = (
    update(stock_item)
    .where(stock_item.c.id.in_(_OLDEST.scalar_subquery()), IS_AVAILABLE)
    .values(status=bindparam("becomes"), purchase_id=bindparam("belongs_to"), left_at_ms=bindparam("now_ms"))
    .returning(stock_item.c.id, stock_item.c.content)
)


class Movement(Struct, frozen=True):
    """Items of one product that entered or left the stock together."""

    #: added, sold or withdrawn
    kind: str
    quantity: int
    #: who added them, or the handle of the buyer; empty for withdrawals
    actor: str
    at_ms: int


def stage(connection: Connection, batch: str, lines: Sequence[StockLine]) -> None:
    """Store lines of an upload apart from the stock. Several calls make up one batch."""
    if lines:
        connection.execute(
            insert(stock_staged),
            [{"batch": batch, "line": line.number, "content": line.content, "digest": line.digest} for line in lines],
        )


def find_elsewhere(
    connection: Connection, batch: str, code: str, first: int = 1, last: int = 2**31 - 1
) -> tuple[tuple[int, str], ...]:
    """Return the staged lines whose item another product has or has sold, with its code; not what is not added anyway.

    `first` and `last` limit the line numbers, so that each transaction is short. Raises NoSuchProduct.
    """
    target = get_by_code(connection, code)
    other = stock_item.alias()
    query = (
        select(stock_staged.c.line, func.min(product.c.code))
        .join(other, other.c.digest == stock_staged.c.digest)
        .join(product, product.c.id == other.c.product_id)
        .where(stock_staged.c.batch == batch, stock_staged.c.line.between(first, last), product.c.id != target.id)
        .where((other.c.status == "available") | other.c.purchase_id.is_not(None))
        .where(~_is_in_stock(target.id), ~_is_sold_before(target.id))
        .group_by(stock_staged.c.line)
        .order_by(stock_staged.c.line)
    )
    return tuple((line, other_code) for line, other_code in connection.execute(query))


def publish(connection: Connection, batch: str, code: str, *, actor: str, now_ms: int) -> StockAdded:
    """Move a staged batch into the stock of a product, all at once. Skips items in stock and items sold before.

    Raises NoSuchProduct.
    """
    # locked: it must not be deleted meanwhile, nor its items sold between the checks and the insertion
    target = get_by_code_to_change(connection, code)
    in_stock, sold_before = _is_in_stock(target.id), _is_sold_before(target.id)
    of_batch = stock_staged.c.batch == batch
    query = select(stock_staged.c.line).where(of_batch, in_stock).order_by(stock_staged.c.line)
    duplicates = tuple(connection.execute(query).scalars())
    query = select(stock_staged.c.line).where(of_batch, sold_before, ~in_stock).order_by(stock_staged.c.line)
    sold = tuple(connection.execute(query).scalars())
    names = ("product_id", "content", "digest", "status", "added_by", "added_at_ms")
    new_items = (
        select(
            literal(target.id),
            stock_staged.c.content,
            stock_staged.c.digest,
            literal("available"),
            literal(actor),
            literal(now_ms),
        )
        .where(of_batch, ~in_stock, ~sold_before)
        .order_by(stock_staged.c.line)
    )
    insertion = insert(stock_item).from_select(names, new_items).execution_options(preserve_rowcount=True)
    added = connection.execute(insertion).rowcount
    if added:
        connection.execute(update(product).where(product.c.id == target.id).values(low_told=False))
    return StockAdded(added, duplicates, sold)


def unstage(connection: Connection, batch: str | None, limit: int = STAGED_AT_ONCE) -> int:
    """Delete up to `limit` staged lines of a batch, or of all batches; return how many were deleted."""
    chosen = select(stock_staged.c.batch, stock_staged.c.line).limit(limit)
    if batch is not None:
        chosen = chosen.where(stock_staged.c.batch == batch)
    rows = connection.execute(chosen).all()
    for name in {row.batch for row in rows}:
        last = max(row.line for row in rows if row.batch == name)
        connection.execute(delete(stock_staged).where(stock_staged.c.batch == name, stock_staged.c.line <= last))
    return len(rows)


def take_available(
    connection: Connection, product_id: int, quantity: int, *, status: str, purchase_id: int | None, now_ms: int
) -> tuple[str, ...]:
    """Take exactly `quantity` items of a locked product out of stock, oldest first; return their contents.

    Raises SoldOut.
    """
    of_product = {"of_product": product_id}
    values = {**of_product, "quantity": quantity, "becomes": status, "belongs_to": purchase_id, "now_ms": now_ms}
    rows = connection.execute(_TAKE, values).all()
    if len(rows) != quantity:
        raise refusals.SoldOut(len(rows) + connection.execute(_COUNT, of_product).scalar_one())
    return tuple(row.content for row in sorted(rows, key=lambda row: row.id))


def withdraw(connection: Connection, code: str, quantity: int, now_ms: int) -> tuple[Product, tuple[str, ...]]:
    """Take items out of stock, oldest first; return the product and their contents.

    Raises NoSuchProduct, StockTooSmall.
    """
    target = get_by_code_to_change(connection, code)
    try:
        items = take_available(connection, target.id, quantity, status="withdrawn", purchase_id=None, now_ms=now_ms)
    except refusals.SoldOut as problem:
        raise refusals.StockTooSmall(target.code, problem.available) from problem
    return target, items


def list_movements(connection: Connection, code: str, limit: int) -> list[Movement]:
    """Return what entered and left the stock, newest first. Raises NoSuchProduct."""
    target = get_by_code(connection, code)
    is_target = stock_item.c.product_id == target.id
    count = func.count()
    added_items = (
        select(literal("added").label("kind"), count.label("quantity"), stock_item.c.added_by.label("actor"))
        .add_columns(stock_item.c.added_at_ms.label("at_ms"))
        .where(is_target)
        .group_by(stock_item.c.added_by, stock_item.c.added_at_ms)
    )
    withdrawn = (
        select(literal("withdrawn"), count, literal(""), stock_item.c.left_at_ms)
        .where(is_target, stock_item.c.status == "withdrawn", stock_item.c.purchase_id.is_(None))
        .group_by(stock_item.c.left_at_ms)
    )
    sold = (
        select(literal("sold"), purchase.c.quantity, account.c.handle, purchase.c.at_ms)
        .join(account, account.c.id == purchase.c.account_id)
        .where(purchase.c.product_id == target.id)
    )
    every = union_all(added_items, withdrawn, sold).subquery()
    query = select(every).order_by(every.c.at_ms.desc()).limit(limit)
    return [Movement(*row) for row in connection.execute(query)]


def unstage_former_stock(connection: Connection, batch: str, code: str) -> tuple[int, ...]:
    """Delete staged lines whose item has left the stock before; return their numbers. Raises NoSuchProduct."""
    target = get_by_code(connection, code)
    left = select(stock_item.c.digest).where(stock_item.c.product_id == target.id, stock_item.c.left_at_ms.is_not(None))
    chosen = (stock_staged.c.batch == batch, stock_staged.c.digest.in_(left))
    lines = tuple(
        connection.execute(select(stock_staged.c.line).where(*chosen).order_by(stock_staged.c.line)).scalars()
    )
    if lines:
        connection.execute(delete(stock_staged).where(*chosen))
    return lines


def _is_in_stock(product_id: int) -> Exists:
    """Return the condition that the item of a staged line is in stock."""
    is_same = (stock_item.c.product_id == product_id) & (stock_item.c.digest == stock_staged.c.digest)
    return exists().where(is_same, IS_AVAILABLE)


def _is_sold_before(product_id: int) -> Exists:
    """Return the condition that the item of a staged line was sold; also if it was refunded: the buyer has seen it."""
    is_same = (stock_item.c.product_id == product_id) & (stock_item.c.digest == stock_staged.c.digest)
    return exists().where(is_same, IS_HANDED_OUT)
