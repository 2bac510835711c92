"""The products on sale."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from botapp.store.db.tables import IS_AVAILABLE, product, stock_item
from botapp.store.domain import refusals
from botapp.store.domain.records import Product
from botapp.store.domain.rules import normalize_key, validate_code, validate_description, validate_name


def list_active(connection: Connection) -> list[Product]:
    """Return every product on sale, with its stock, by name."""
    return _select_products(connection, product.c.active.is_(True))


def get_by_code(connection: Connection, code: str) -> Product:
    """Return the product on sale with this code. Raises NoSuchProduct."""
    found = _select_products(connection, product.c.active.is_(True) & (product.c.code_key == normalize_key(code)))
    if not found:
        raise refusals.NoSuchProduct(code)
    return found[0]


def get(connection: Connection, product_id: int) -> Product:
    """Return the product on sale with this id. Raises NoSuchProduct."""
    found = _select_products(connection, product.c.active.is_(True) & (product.c.id == product_id))
    if not found:
        raise refusals.NoSuchProduct("")
    return found[0]


def add(connection: Connection, code: str, name: str, price: int, description: str, now_ms: int) -> Product:
    """Put a new product on sale. One that was deleted comes back under its code, as it is now.

    Raises CodeTaken, BadCode, BadText.
    """
    code, name, description = validate_code(code), validate_name(name), validate_description(description)
    key = normalize_key(code)
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
    return get_by_code(connection, code)


def update_product(
    connection: Connection,
    code: str,
    *,
    name: str | None = None,
    price: int | None = None,
    description: str | None = None,
) -> tuple[Product, Product]:
    """Change what is given of a product; return it before and after. Raises NoSuchProduct, BadText."""
    given: dict[str, Any] = {
        "name": validate_name(name) if name is not None else None,
        "price": price,
        "description": validate_description(description) if description is not None else None,
    }
    values = {key: value for key, value in given.items() if value is not None}
    before = get_by_code(connection, code)
    connection.execute(update(product).where(product.c.id == before.id).values(**values))
    return before, get_by_code(connection, code)


def delete(connection: Connection, code: str) -> Product:
    """Take a product off sale; return it. Raises NoSuchProduct, StillInStock."""
    found = get_by_code(connection, code)
    if found.stock:
        raise refusals.ProductInStock(found.code, found.stock)
    connection.execute(update(product).where(product.c.id == found.id).values(active=False))
    return found


def list_newly_low(connection: Connection, low_stock: int) -> list[Product]:
    """Return products that have come down to `low_stock` pieces, each once until it is restocked."""
    told = set(connection.execute(select(product.c.id).where(product.c.low_told)).scalars())
    low = []
    for found in list_active(connection):
        is_low = found.stock <= low_stock
        if is_low != (found.id in told):
            connection.execute(update(product).where(product.c.id == found.id).values(low_told=is_low))
            low += [found] if is_low else []
    return low


def _select_products(connection: Connection, wanted: ColumnElement[bool]) -> list[Product]:
    pieces = select(func.count()).where(stock_item.c.product_id == product.c.id, IS_AVAILABLE).scalar_subquery()
    columns = (product.c.id, product.c.code, product.c.name, product.c.price, product.c.description, pieces)
    query = select(*columns).where(wanted).order_by(product.c.name, product.c.id)
    return [Product(*row) for row in connection.execute(query)]
