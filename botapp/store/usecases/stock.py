"""Items of stock: how they come in, and how an admin takes them out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, bindparam, delete, exists, func, insert, literal, select, union_all, update

from botapp.store.db.tables import IS_AVAILABLE, IS_HANDED_OUT, account, product, purchase, stock_item, stock_staged
from botapp.store.domain import refusals
from botapp.store.domain.records import Product, StockAdded
from botapp.store.domain.rules import StockLine
from botapp.store.usecases.products import get_by_code

#: lines that are staged in one transaction: short enough that a purchase hardly notices
STAGED_AT_ONCE = 1000

_OF_PRODUCT: Final = stock_item.c.product_id == bindparam("of_product")
_LOCK: Final = select(product.c.id).where(product.c.id == bindparam("of_product")).with_for_update()
_COUNT: Final = select(func.count()).select_from(stock_item).where(_OF_PRODUCT, IS_AVAILABLE)
_OLDEST: Final = (
    select(stock_item.c.id).where(_OF_PRODUCT, IS_AVAILABLE).order_by(stock_item.c.id).limit(bindparam("pieces"))
)
_TAKE: Final = (
    update(stock_item)
    .where(stock_item.c.id.in_(_OLDEST.scalar_subquery()), IS_AVAILABLE)
    .values(status=bindparam("becomes"), purchase_id=bindparam("belongs_to"), left_at_ms=bindparam("now_ms"))
    .returning(stock_item.c.id, stock_item.c.content)
)


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
    found = get_by_code(connection, code)
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


def lock_product(connection: Connection, product_id: int) -> None:
    """Let takers of one product come one after the other: whoever takes locks it first."""
    connection.execute(_LOCK, {"of_product": product_id})


def take_available(
    connection: Connection, product_id: int, pieces: int, *, status: str, purchase_id: int | None, now_ms: int
) -> tuple[str, ...]:
    """Take exactly so many items of a locked product out of stock, the oldest first; return their contents.

    Raises SoldOut.
    """
    of_product = {"of_product": product_id}
    values = {**of_product, "pieces": pieces, "becomes": status, "belongs_to": purchase_id, "now_ms": now_ms}
    rows = connection.execute(_TAKE, values).all()
    if len(rows) != pieces:
        raise refusals.SoldOut(len(rows) + connection.execute(_COUNT, of_product).scalar_one())
    return tuple(row.content for row in sorted(rows, key=lambda row: row.id))


def withdraw(connection: Connection, code: str, pieces: int, now_ms: int) -> tuple[Product, tuple[str, ...]]:
    """Take pieces out of stock, the oldest first; return the product and their contents.

    Raises NoSuchProduct, SoldOut.
    """
    found = get_by_code(connection, code)
    lock_product(connection, found.id)
    items = take_available(connection, found.id, pieces, status="withdrawn", purchase_id=None, now_ms=now_ms)
    return found, items


def list_movements(connection: Connection, code: str, limit: int) -> list[Movement]:
    """Return what came into and went out of stock, the newest first. Raises NoSuchProduct."""
    found = get_by_code(connection, code)
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


def unstage_former_stock(connection: Connection, batch: str, code: str) -> tuple[int, ...]:
    """Forget staged lines whose item has been in stock and has left it; return their numbers. Raises NoSuchProduct."""
    found = get_by_code(connection, code)
    gone = select(stock_item.c.digest).where(stock_item.c.product_id == found.id, stock_item.c.left_at_ms.is_not(None))
    chosen = (stock_staged.c.batch == batch, stock_staged.c.digest.in_(gone))
    lines = tuple(
        connection.execute(select(stock_staged.c.line).where(*chosen).order_by(stock_staged.c.line)).scalars()
    )
    if lines:
        connection.execute(delete(stock_staged).where(*chosen))
    return lines
