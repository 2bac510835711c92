"""Taking items out of what is available: the one guarded update that no item passes twice."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from botapp.store import refusals
from botapp.store.tables import IS_AVAILABLE, product, stock_item


def take_available(
    connection: Connection, product_id: int, pieces: int, *, status: str, purchase_id: int | None, now_ms: int
) -> tuple[str, ...]:
    """Take exactly so many items out of stock, the oldest first; return their contents. Raises SoldOut.

    The product's row is locked first, so that takers of one product come one after the other.
    """
    connection.execute(select(product.c.id).where(product.c.id == product_id).with_for_update())
    available = (stock_item.c.product_id == product_id, IS_AVAILABLE)
    chosen = select(stock_item.c.id).where(*available).order_by(stock_item.c.id).limit(pieces)
    rows = connection.execute(
        update(stock_item)
        .where(stock_item.c.id.in_(chosen.scalar_subquery()), IS_AVAILABLE)
        .values(status=status, purchase_id=purchase_id, left_at_ms=now_ms)
        .returning(stock_item.c.id, stock_item.c.content)
    ).all()
    if len(rows) != pieces:
        rest = connection.execute(select(func.count()).select_from(stock_item).where(*available)).scalar_one()
        raise refusals.SoldOut(len(rows) + rest)
    return tuple(row.content for row in sorted(rows, key=lambda row: row.id))
