"""The products on sale."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from botapp.store.db.tables import IS_AVAILABLE, product, stock_item
from botapp.store.domain import refusals
from botapp.store.domain.records import Product
from botapp.store.domain.rules import checked_code, checked_description, checked_name, key_of


def on_sale(connection: Connection) -> list[Product]:
    """Return every product on sale, with its stock, by name."""
    return _products(connection, product.c.active.is_(True))


def of_code(connection: Connection, code: str) -> Product:
    """Return the product on sale with this code. Raises NoSuchProduct."""
    found = _products(connection, product.c.active.is_(True) & (product.c.code_key == key_of(code)))
    if not found:
        raise refusals.NoSuchProduct(code)
    return found[0]


def of_id(connection: Connection, product_id: int) -> Product:
    """Return the product on sale with this id. Raises NoSuchProduct."""
    found = _products(connection, product.c.active.is_(True) & (product.c.id == product_id))
    if not found:
        raise refusals.NoSuchProduct("")
    return found[0]


def add(connection: Connection, code: str, name: str, price: int, description: str, now_ms: int) -> Product:
    """Put a new product on sale. One that was deleted comes back under its code, as it is now.

    Raises CodeTaken, BadCode, BadText.
    """
    code, name, description = checked_code(code), checked_name(name), checked_description(description)
    key = key_of(code)
    there = connection.execute(select(product.c.id, product.c.active).where(product.c.code_key == key)).first()
    if there is not None and there.active:
        raise refusals.CodeTaken(code)
    values: dict[str, Any] = {"code": code, "name": name, "price": price, "description": description, "active": True}
    # that a new product has no stock yet is no news
    values["low_told"] = True
    if there is not None:
        connection.execute(update(product).where(product.c.id == there.id).values(values))
    else:
        connection.execute(insert(product).values(**values, code_key=key, created_at_ms=now_ms))
    return of_code(connection, code)


def change(
    connection: Connection,
    code: str,
    *,
    name: str | None = None,
    price: int | None = None,
    description: str | None = None,
) -> tuple[Product, Product]:
    """Change what is given of a product; return it before and after. Raises NoSuchProduct, BadText."""
    given: dict[str, Any] = {
        "name": checked_name(name) if name is not None else None,
        "price": price,
        "description": checked_description(description) if description is not None else None,
    }
    values = {key: value for key, value in given.items() if value is not None}
    before = of_code(connection, code)
    connection.execute(update(product).where(product.c.id == before.id).values(**values))
    return before, of_code(connection, code)


def delete(connection: Connection, code: str) -> Product:
    """Take a product off sale; return it. Raises NoSuchProduct, StillInStock."""
    found = of_code(connection, code)
    if found.stock:
        raise refusals.StillInStock(found.code, found.stock)
    connection.execute(update(product).where(product.c.id == found.id).values(active=False))
    return found


def running_low(connection: Connection, low_stock: int) -> list[Product]:
    """Return products that have come down to `low_stock` pieces, each once until it is restocked."""
    told = set(connection.execute(select(product.c.id).where(product.c.low_told)).scalars())
    low = []
    for found in on_sale(connection):
        is_low = found.stock <= low_stock
        if is_low != (found.id in told):
            connection.execute(update(product).where(product.c.id == found.id).values(low_told=is_low))
            low += [found] if is_low else []
    return low


def _products(connection: Connection, wanted: ColumnElement[bool]) -> list[Product]:
    pieces = select(func.count()).where(stock_item.c.product_id == product.c.id, IS_AVAILABLE).scalar_subquery()
    columns = (product.c.id, product.c.code, product.c.name, product.c.price, product.c.description, pieces)
    query = select(*columns).where(wanted).order_by(product.c.name, product.c.id)
    return [Product(*row) for row in connection.execute(query)]
