"""Items of stock: how they come in, and how an admin takes them out."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection, delete, exists, insert, literal, select, update

from botapp.store.db.tables import IS_AVAILABLE, IS_HANDED_OUT, product, purchase, stock_item, stock_staged
from botapp.store.domain.records import Product, StockAdded
from botapp.store.domain.rules import StockLine
from botapp.store.usecases.products import of_code
from botapp.store.usecases.reservations import lock, take_available

#: lines that are staged in one transaction: short enough that a purchase hardly notices
STAGED_AT_ONCE = 1000


class Movement(Struct, frozen=True):
    """Pieces of one product that came or went together."""

    #: added, sold or withdrawn
    what: str
    pieces: int
    #: who added them, or the handle of who bought them
    who: str
    at_ms: int


def stage(connection: Connection, batch: str, lines: Sequence[StockLine]) -> None:
    """Write lines of an upload down, beside the stock. Several calls make one batch."""
    if lines:
        connection.execute(
            insert(stock_staged),
            [{"batch": batch, "line": one.number, "content": one.content, "digest": one.digest} for one in lines],
        )


def publish(connection: Connection, batch: str, code: str, *, actor: str, now_ms: int) -> StockAdded:
    """Make a staged batch stock of a product, all at once. What is in stock, or was sold before, is passed over.

    Raises NoSuchProduct.
    """
    found = of_code(connection, code)
    in_stock = exists().where(
        stock_item.c.product_id == found.id,
        stock_item.c.digest == stock_staged.c.digest,
        IS_AVAILABLE,
    )
    # somebody has it already: also what was refunded has been seen
    sold_before = exists().where(
        stock_item.c.product_id == found.id,
        stock_item.c.digest == stock_staged.c.digest,
        IS_HANDED_OUT,
    )
    of_batch = stock_staged.c.batch == batch
    query = select(stock_staged.c.line).where(of_batch, in_stock).order_by(stock_staged.c.line)
    duplicates = tuple(connection.execute(query).scalars())
    query = select(stock_staged.c.line).where(of_batch, sold_before, ~in_stock).order_by(stock_staged.c.line)
    sold = tuple(connection.execute(query).scalars())
    names = ("product_id", "content", "digest", "status", "added_by", "added_at_ms")
    fresh = (
        select(
            literal(found.id),
            stock_staged.c.content,
            stock_staged.c.digest,
            literal("available"),
            literal(actor),
            literal(now_ms),
        )
        .where(of_batch, ~in_stock, ~sold_before)
        .order_by(stock_staged.c.line)
    )
    counted = insert(stock_item).from_select(names, fresh).execution_options(preserve_rowcount=True)
    added = connection.execute(counted).rowcount
    if added:
        connection.execute(update(product).where(product.c.id == found.id).values(low_told=False))
    return StockAdded(added, duplicates, sold)


def unstage(connection: Connection, batch: str | None, limit: int = STAGED_AT_ONCE) -> int:
    """Forget up to `limit` staged lines of a batch, or of all batches; return how many there were."""
    chosen = select(stock_staged.c.batch, stock_staged.c.line).limit(limit)
    if batch is not None:
        chosen = chosen.where(stock_staged.c.batch == batch)
    rows = connection.execute(chosen).all()
    for one in {row.batch for row in rows}:
        last = max(row.line for row in rows if row.batch == one)
        connection.execute(delete(stock_staged).where(stock_staged.c.batch == one, stock_staged.c.line <= last))
    return len(rows)


def withdraw(connection: Connection, code: str, pieces: int, now_ms: int) -> tuple[Product, tuple[str, ...]]:
    """Take pieces out of stock, the oldest first; return the product and their contents.

    Raises NoSuchProduct, SoldOut.
    """
    found = of_code(connection, code)
    lock(connection, found.id)
    items = take_available(connection, found.id, pieces, status="withdrawn", purchase_id=None, now_ms=now_ms)
    return found, items


def movements(connection: Connection, code: str, limit: int) -> list[Movement]:
    """Return what came into and went out of stock, the newest first. Raises NoSuchProduct."""
    from sqlalchemy import func, union_all

    from botapp.store.db.tables import account

    found = of_code(connection, code)
    mine = stock_item.c.product_id == found.id
    count = func.count()
    came = (
        select(literal("added").label("what"), count.label("pieces"), stock_item.c.added_by.label("who"))
        .add_columns(stock_item.c.added_at_ms.label("at_ms"))
        .where(mine)
        .group_by(stock_item.c.added_by, stock_item.c.added_at_ms)
    )
    withdrawn = (
        select(literal("withdrawn"), count, literal(""), stock_item.c.left_at_ms)
        .where(mine, stock_item.c.status == "withdrawn", stock_item.c.purchase_id.is_(None))
        .group_by(stock_item.c.left_at_ms)
    )
    sold = (
        select(literal("sold"), purchase.c.quantity, account.c.handle, purchase.c.at_ms)
        .join(account, account.c.id == purchase.c.account_id)
        .where(purchase.c.product_id == found.id)
    )
    every = union_all(came, withdrawn, sold).subquery()
    query = select(every).order_by(every.c.at_ms.desc()).limit(limit)
    return [Movement(*row) for row in connection.execute(query)]


def unstage_gone(connection: Connection, batch: str, code: str) -> tuple[int, ...]:
    """Forget staged lines whose item has been in stock and has left it; return their numbers. Raises NoSuchProduct."""
    found = of_code(connection, code)
    gone = select(stock_item.c.digest).where(stock_item.c.product_id == found.id, stock_item.c.left_at_ms.is_not(None))
    chosen = (stock_staged.c.batch == batch, stock_staged.c.digest.in_(gone))
    lines = tuple(
        connection.execute(select(stock_staged.c.line).where(*chosen).order_by(stock_staged.c.line)).scalars()
    )
    if lines:
        connection.execute(delete(stock_staged).where(*chosen))
    return lines
