"""The products on sale."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from botapp.store.db.tables import IS_AVAILABLE, product, stock_item
from botapp.store.domain import refusals
from botapp.store.domain.identity import normalize_key
from botapp.store.domain.records import Product
from botapp.store.domain.rules import validate_code, validate_description, validate_name


def list_active(connection: Connection) -> list[Product]:
    """Return every product on sale with its stock, by name."""
    return _select_products(connection, product.c.active.is_(True))


def get_by_code(connection: Connection, code: str) -> Product:
    """Return the product on sale with this code. Raises NoSuchProduct."""
    matches = _select_products(connection, product.c.active.is_(True) & (product.c.code_key == normalize_key(code)))
    if not matches:
        raise refusals.NoSuchProduct(code)
    return matches[0]


def get_by_code_to_change(connection: Connection, code: str) -> Product:
    """Do the same as `get_by_code`, and lock the product until the transaction ends. Raises NoSuchProduct."""
    is_named = (product.c.code_key == normalize_key(code), product.c.active.is_(True))
    if connection.execute(select(product.c.id).where(*is_named).with_for_update()).first() is None:
        raise refusals.NoSuchProduct(code)
    # a new statement, which sees what the transaction before has written
    return get_by_code(connection, code)


def get(connection: Connection, product_id: int) -> Product:
    """Return the product on sale with this id. Raises NoSuchProduct."""
    matches = _select_products(connection, product.c.active.is_(True) & (product.c.id == product_id))
    if not matches:
        raise refusals.NoSuchProduct("")
    return matches[0]


def add(connection: Connection, code: str, name: str, price: int, description: str, now_ms: int) -> Product:
    """Put a new product on sale. A deleted one with this code comes back with the new values.

    Raises CodeTaken, InvalidCode, InvalidText.
    """
    code, name, description = validate_code(code), validate_name(name), validate_description(description)
    key = normalize_key(code)
    query = select(product.c.id, product.c.active).where(product.c.code_key == key).with_for_update()
    existing = connection.execute(query).first()
    if existing is not None and existing.active:
        raise refusals.CodeTaken(code)
    values: dict[str, Any] = {"code": code, "name": name, "price": price, "description": description, "active": True}
    # a new product has no stock yet, which needs no notice
    values["low_told"] = True
    if existing is not None:
        connection.execute(update(product).where(product.c.id == existing.id).values(values))
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
    """Change the given fields of a product; return it before and after. Raises NoSuchProduct, InvalidText."""
    changes: dict[str, Any] = {
        "name": validate_name(name) if name is not None else None,
        "price": price,
        "description": validate_description(description) if description is not None else None,
    }
    values = {key: value for key, value in changes.items() if value is not None}
    before = get_by_code_to_change(connection, code)
    connection.execute(update(product).where(product.c.id == before.id).values(**values))
    return before, get_by_code(connection, code)


def delete(connection: Connection, code: str) -> Product:
    """Take a product off sale; return it. Raises NoSuchProduct, ProductInStock."""
    existing = get_by_code_to_change(connection, code)
    if existing.stock:
        raise refusals.ProductInStock(existing.code, existing.stock)
    connection.execute(update(product).where(product.c.id == existing.id).values(active=False))
    return existing


def list_newly_low(connection: Connection, low_stock: int) -> list[Product]:
    """Return products whose stock has fallen to `low_stock` items, each once until it is restocked."""
    notified = set(connection.execute(select(product.c.id).where(product.c.low_told)).scalars())
    low = []
    for candidate in list_active(connection):
        is_low = candidate.stock <= low_stock
        if is_low != (candidate.id in notified):
            connection.execute(update(product).where(product.c.id == candidate.id).values(low_told=is_low))
            low += [candidate] if is_low else []
    return low


def _select_products(connection: Connection, condition: ColumnElement[bool]) -> list[Product]:
    stock = select(func.count()).where(stock_item.c.product_id == product.c.id, IS_AVAILABLE).scalar_subquery()
    columns = (product.c.id, product.c.code, product.c.name, product.c.price, product.c.description, stock)
    query = select(*columns).where(condition).order_by(product.c.name, product.c.id)
    return [Product(*row) for row in connection.execute(query)]
