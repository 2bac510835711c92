"""The tables of the shop's database, for SQLite and PostgreSQL.

Times are integers in milliseconds since 1970, amounts are integers in the base unit, so nothing is compared as text.
Constraints enforce what must be unique or must not be negative.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    literal_column,
    text,
)

metadata: Final = MetaData()

#: SQLite assigns row ids only to columns of type INTEGER, which have 64 bits there
_Id: Final = BigInteger().with_variant(Integer(), "sqlite")

#: accounts of members. `handle` as the member writes it; `handle_key` is `normalize_key` of it.
account: Final = Table(
    "account",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("handle", Text, nullable=False),
    Column("handle_key", Text, nullable=False, unique=True),
    Column("balance", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    CheckConstraint("balance >= 0", name="account_balance"),
)

#: the Discord user of an account. A separate table, so that a new handle changes neither balance nor history.
user_link: Final = Table(
    "user_link",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("account_id", _Id, ForeignKey("account.id"), nullable=False, unique=True),
    Column("linked_at_ms", BigInteger, nullable=False),
)

#: handles that members gave up. They stay reserved for a while, because deposits for them may still arrive.
released_handle: Final = Table(
    "released_handle",
    metadata,
    Column("handle_key", Text, primary_key=True),
    Column("account_id", _Id, ForeignKey("account.id"), nullable=False),
    Column("released_at_ms", BigInteger, nullable=False),
    Index("released_handle_of_account", "account_id"),
)

#: every change of every balance, append-only. The balance of an account is the sum of its entries.
ledger: Final = Table(
    "ledger",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("account_id", _Id, ForeignKey("account.id"), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("actor", Text, nullable=False),
    #: idempotency key of the request, so that it is applied once
    Column("key", Text, nullable=False, unique=True),
    Column("at_ms", BigInteger, nullable=False),
    Index("ledger_of_account", "account_id", "id"),
    CheckConstraint("amount <> 0", name="ledger_amount"),
)

product: Final = Table(
    "product",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("code", Text, nullable=False),
    Column("code_key", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("description", Text, nullable=False),
    #: a deleted product stays, for the purchases that reference it
    Column("active", Boolean, nullable=False),
    #: whether admins were notified of low stock; restocking resets it
    Column("low_told", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    CheckConstraint("price >= 0", name="product_price"),
)

purchase: Final = Table(
    "purchase",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("account_id", _Id, ForeignKey("account.id"), nullable=False),
    Column("product_id", _Id, ForeignKey("product.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("interaction_id", BigInteger, nullable=False, unique=True),
    Column("user_id", BigInteger, nullable=False),
    #: done or refunded
    Column("status", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("purchase_of_account", "account_id", "id"),
    Index("purchase_by_time", "at_ms"),
    CheckConstraint("quantity > 0", name="purchase_quantity"),
    CheckConstraint("unit_price >= 0", name="purchase_unit_price"),
    CheckConstraint("total = quantity * unit_price", name="purchase_total"),
    CheckConstraint("status IN ('done', 'refunded')", name="purchase_status"),
)

#: each item is one line of text. `digest` replaces it in unique indexes, because index keys have a maximum size.
stock_item: Final = Table(
    "stock_item",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("product_id", _Id, ForeignKey("product.id"), nullable=False),
    Column("content", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    #: available → sold (in `purchase_id`) or withdrawn; a refunded item is withdrawn and keeps its purchase
    Column("status", Text, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("added_at_ms", BigInteger, nullable=False),
    Column("purchase_id", _Id, ForeignKey("purchase.id")),
    Column("left_at_ms", BigInteger),
    CheckConstraint("(status = 'available') = (left_at_ms IS NULL)", name="stock_item_left"),
    CheckConstraint("status <> 'sold' OR purchase_id IS NOT NULL", name="stock_item_sold"),
    Index(
        "stock_item_available",
        "product_id",
        "id",
        sqlite_where=text("status = 'available'"),
        postgresql_where=text("status = 'available'"),
    ),
    Index(
        "stock_item_once",
        "product_id",
        "digest",
        unique=True,
        sqlite_where=text("status = 'available'"),
        postgresql_where=text("status = 'available'"),
    ),
    Index("stock_item_of_purchase", "purchase_id"),
    #: finds an item in other products
    Index("stock_item_digest", "digest"),
    Index(
        "stock_item_handed_out",
        "product_id",
        "digest",
        sqlite_where=text("purchase_id IS NOT NULL"),
        postgresql_where=text("purchase_id IS NOT NULL"),
    ),
    CheckConstraint("status IN ('available', 'sold', 'withdrawn')", name="stock_item_status"),
)

#: lines of an upload before they are published: written in many short transactions, moved in one
stock_staged: Final = Table(
    "stock_staged",
    metadata,
    Column("batch", Text, primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("content", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)

#: the outbox: deliveries that members have not received yet
delivery: Final = Table(
    "delivery",
    metadata,
    Column("purchase_id", _Id, ForeignKey("purchase.id"), primary_key=True, autoincrement=False),
    #: pending, sent (by direct message), shown (to the member only), failed (gave up; an admin must act)
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at_ms", BigInteger, nullable=False),
    Column("message_id", BigInteger),
    Column("language", Text, nullable=False),
    Index(
        "delivery_due",
        "next_attempt_at_ms",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    CheckConstraint("state IN ('pending', 'sent', 'shown', 'failed')", name="delivery_state"),
)

#: every deposit from a webhook or HTTP, refused ones too. `key` identifies its message or request.
deposit: Final = Table(
    "deposit",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("handle", Text, nullable=False),
    Column("account_id", _Id, ForeignKey("account.id")),
    Column("amount", BigInteger),
    #: why it was refused; empty if it was accepted
    Column("refusal", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

#: one per channel and language. State, not cache: a lost id would lead to a second live message.
live_message: Final = Table(
    "live_message",
    metadata,
    Column("channel_id", BigInteger, primary_key=True, autoincrement=False),
    Column("language", Text, primary_key=True),
    Column("message_id", BigInteger, nullable=False),
    #: fingerprint of the content sent last
    Column("shows", Text, nullable=False),
)

setting: Final = Table(
    "setting",
    metadata,
    Column("key", Text, primary_key=True),
    #: JSON
    Column("value", Text, nullable=False),
)

blacklist: Final = Table(
    "blacklist",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

admin_log: Final = Table(
    "admin_log",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    #: the Discord message or interaction that asked for it, so that it is done once; NULL: another program did it
    Column("request_id", BigInteger),
    Index("admin_log_request", "request_id", unique=True),
)

#: conditions of the partial indexes. A database uses such an index only if the query repeats its condition literally.
IS_AVAILABLE: Final = stock_item.c.status == literal_column("'available'")
IS_HANDED_OUT: Final = stock_item.c.purchase_id.is_not(None)
IS_PENDING: Final = delivery.c.state == literal_column("'pending'")
