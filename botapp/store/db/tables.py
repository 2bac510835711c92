"""The tables of the shop's database, for SQLite and PostgreSQL alike.

Times are whole milliseconds since 1970, amounts whole base units: nothing is ever compared as text. What must be
unique or may not be negative, the database itself refuses.
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

#: SQLite numbers rows by itself only where the type is called INTEGER, which holds 64 bits there
_Id: Final = BigInteger().with_variant(Integer(), "sqlite")

#: who has money here. `handle` as its member writes it, `handle_key` the same without regard to case.
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

#: which Discord user an account belongs to: apart from it, so that a new handle touches neither money nor history
user_link: Final = Table(
    "user_link",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("account_id", _Id, ForeignKey("account.id"), nullable=False, unique=True),
    Column("linked_at_ms", BigInteger, nullable=False),
)

#: every change of every balance; rows are only ever added. The sum of an account's amounts is its balance.
ledger: Final = Table(
    "ledger",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("account_id", _Id, ForeignKey("account.id"), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("actor", Text, nullable=False),
    #: what was asked, so that the same is never done twice
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
    #: one that was deleted stays, for the purchases that name it
    Column("active", Boolean, nullable=False),
    #: whether admins have been told that it runs low; restocking arms that again
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

#: each item is one line of text. `digest` stands for it where it has to be unique: indexes bound their keys.
stock_item: Final = Table(
    "stock_item",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("product_id", _Id, ForeignKey("product.id"), nullable=False),
    Column("content", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    #: available → sold (in `purchase_id`) or withdrawn; what was refunded is withdrawn and keeps its purchase
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
    Index(
        "stock_item_handed_out",
        "product_id",
        "digest",
        sqlite_where=text("purchase_id IS NOT NULL"),
        postgresql_where=text("purchase_id IS NOT NULL"),
    ),
    CheckConstraint("status IN ('available', 'sold', 'withdrawn')", name="stock_item_status"),
)

#: lines of an upload before it counts: written in many short transactions, taken over in one
stock_staged: Final = Table(
    "stock_staged",
    metadata,
    Column("batch", Text, primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("content", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)

#: the outbox: goods that are owed to a member until they are seen to have arrived
delivery: Final = Table(
    "delivery",
    metadata,
    Column("purchase_id", _Id, ForeignKey("purchase.id"), primary_key=True, autoincrement=False),
    #: pending, sent (by direct message), shown (to the member alone), failed (given up, an admin has to look)
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

#: every deposit that came from outside, also those that were refused. `key` names the message or request it came by.
deposit: Final = Table(
    "deposit",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("handle", Text, nullable=False),
    Column("account_id", _Id, ForeignKey("account.id")),
    Column("amount", BigInteger),
    #: why it was refused; empty: it was booked
    Column("refusal", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

#: one per channel and language. State, not cache: a lost id is a second live message.
live_message: Final = Table(
    "live_message",
    metadata,
    Column("channel_id", BigInteger, primary_key=True, autoincrement=False),
    Column("language", Text, primary_key=True),
    Column("message_id", BigInteger, nullable=False),
    #: fingerprint of what was sent last
    Column("shows", Text, nullable=False),
)

setting: Final = Table(
    "setting",
    metadata,
    Column("key", Text, primary_key=True),
    #: as JSON
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
)

#: conditions of the partial indexes. A database uses such an index only where the condition is written out, as here.
IS_AVAILABLE: Final = stock_item.c.status == literal_column("'available'")
IS_HANDED_OUT: Final = stock_item.c.purchase_id.is_not(None)
IS_PENDING: Final = delivery.c.state == literal_column("'pending'")
