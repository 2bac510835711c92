"""One normalization of names, codes and items; names that members gave up stay reserved.

Rows of earlier versions may hold texts that differ only in characters that are invisible. They get the keys of the
present rules: of two accounts or products that would have the same key, the newer one gets its number added to its
name, and of two equal items in stock, or of one that was sold before, the newer one is withdrawn.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from botapp.store.domain.identity import normalize, normalize_key
from botapp.store.domain.rules import clean_item, content_digest

revision = "0003"
down_revision = "0002"
#: the version before computes other keys
USABLE_BY_PREVIOUS = False

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: longest start of a name to which a number is added, in characters
_KEPT_CHARS: Final = 20

_account = sa.table("account", sa.column("id"), sa.column("handle"), sa.column("handle_key"))
_product = sa.table("product", sa.column("id"), sa.column("code"), sa.column("code_key"), sa.column("name"))
_item = sa.table(
    "stock_item",
    *map(sa.column, ("id", "product_id", "content", "digest", "status", "purchase_id", "left_at_ms")),
)
_IS_AVAILABLE: Final = _item.c.status == "available"
_IS_HANDED_OUT: Final = _item.c.purchase_id.is_not(None)
_admin_log = sa.table("admin_log", *map(sa.column, ("actor", "action", "detail", "at_ms")))


def upgrade() -> None:
    """Create the table of reserved names, and normalize what is there."""
    op.create_table(
        "released_handle",
        sa.Column("handle_key", sa.Text(), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("released_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("handle_key"),
    )
    op.create_index("released_handle_of_account", "released_handle", ["account_id"])
    op.create_index("stock_item_digest", "stock_item", ["digest"])
    connection, now_ms = op.get_bind(), int(time.time() * 1000)
    changes = _normalize_names(connection, _account, "handle", "member")
    changes += _normalize_names(connection, _product, "code", "product")
    _name_products(connection)
    changes += _normalize_items(connection, now_ms)
    for change in changes:
        entry = {"actor": "migration", "action": "normalize", "detail": change, "at_ms": now_ms}
        connection.execute(sa.insert(_admin_log).values(entry))


def _normalize_names(connection: sa.Connection, table: sa.TableClause, column: str, kind: str) -> list[str]:
    """Update names and their keys; return what has changed."""
    name_column, key_column = table.c[column], table.c[f"{column}_key"]
    rows = connection.execute(sa.select(table.c.id, name_column, key_column).order_by(table.c.id)).all()
    keys = {row[2] for row in rows}
    changes = []
    for number, name, key in rows:
        new_key = normalize_key(name)
        if new_key == key:
            continue
        new_name = "".join(normalize(name).split())
        if not new_name or normalize_key(new_name) in keys - {key}:
            new_name = f"{new_name[:_KEPT_CHARS] or kind}-{number}"
        keys = keys - {key} | {normalize_key(new_name)}
        values = {name_column: new_name, key_column: normalize_key(new_name)}
        connection.execute(sa.update(table).where(table.c.id == number).values(values))
        changes.append(f"{kind} {name} → {new_name}")
    return changes


def _name_products(connection: sa.Connection) -> None:
    """Name a product after its code if nothing in its name is visible."""
    for number, code, name in connection.execute(sa.select(_product.c.id, _product.c.code, _product.c.name)).all():
        if not normalize(name):
            connection.execute(sa.update(_product).where(_product.c.id == number).values(name=code))


def _normalize_items(connection: sa.Connection, now_ms: int) -> list[str]:
    """Update digests, and withdraw available items that are empty or equal another one; return what was withdrawn."""
    # only items with unusual characters change: the others are not kept in memory
    rows = connection.execute(sa.select(_item).order_by(_item.c.id)).yield_per(1000)
    changed = [row for row in rows if _needs_change(row)]
    withdrawn: Counter[int] = Counter()
    # first what was handed out: an available item may equal it
    for row in sorted(changed, key=lambda row: row.status == "available"):
        digest, content = content_digest(row.content), clean_item(row.content)
        equal = (_item.c.product_id == row.product_id) & (_item.c.digest == digest) & (_item.c.id != row.id)
        is_mine = _item.c.id == row.id
        if row.status == "available":
            is_known = _has_rows(connection, equal & (_IS_AVAILABLE | _IS_HANDED_OUT))
            values = {"digest": digest, "content": content or row.content}
            if is_known or not content:
                withdrawn[row.product_id] += _withdraw(connection, is_mine, now_ms)
            connection.execute(sa.update(_item).where(is_mine).values(values))
        elif row.purchase_id is None:
            connection.execute(sa.update(_item).where(is_mine).values(digest=digest))
        elif not _has_rows(connection, equal & _IS_HANDED_OUT):
            # else it was sold twice, and `stocksup data verify` would report that for ever
            withdrawn[row.product_id] += _withdraw(connection, equal & _IS_AVAILABLE, now_ms)
            connection.execute(sa.update(_item).where(is_mine).values(digest=digest))
    codes = {row.id: row.code for row in connection.execute(sa.select(_product.c.id, _product.c.code))}
    return [f"stock of {codes[number]}: withdrew {count}" for number, count in sorted(withdrawn.items()) if count]


def _needs_change(row: Any) -> bool:
    is_dirty = row.status == "available" and clean_item(row.content) != row.content
    return is_dirty or content_digest(row.content) != bytes(row.digest)


def _has_rows(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> bool:
    return connection.execute(sa.select(_item.c.id).where(condition).limit(1)).first() is not None


def _withdraw(connection: sa.Connection, condition: sa.ColumnElement[bool], now_ms: int) -> int:
    values = {"status": "withdrawn", "left_at_ms": now_ms}
    return connection.execute(sa.update(_item).where(condition).values(values)).rowcount
