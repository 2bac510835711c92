"""Taking items out of what is available: the one guarded update that no item passes twice."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, func, select, update

from botapp.store.db.tables import IS_AVAILABLE, product, stock_item
from botapp.store.domain import refusals

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


def lock(connection: Connection, product_id: int) -> None:
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
