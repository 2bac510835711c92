"""Frozen records: rows of the database, and arguments and results of the use cases."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

DeliveryState = Literal["pending", "sent", "shown", "failed"]


class Account(Struct, frozen=True):
    """The account of a member."""

    id: int
    handle: str
    #: in the base unit
    balance: int
    created_at_ms: int


class Entry(Struct, frozen=True):
    """One change of a balance."""

    amount: int
    #: purchase, refund, deposit, admin_add, admin_remove or reset
    kind: str
    reference: str
    actor: str
    at_ms: int


class Product(Struct, frozen=True):
    """One product on sale."""

    id: int
    code: str
    name: str
    #: of one item, in the base unit
    price: int
    description: str
    #: number of available items
    stock: int


class Order(Struct, frozen=True):
    """A purchase that a member has confirmed."""

    #: of the confirming click; one interaction never buys twice
    interaction_id: int
    user_id: int
    product_id: int
    quantity: int
    #: price of one item that the member confirmed
    unit_price: int
    #: language of the delivery
    language: str


class Purchase(Struct, frozen=True):
    """A purchase, with the names that history shows."""

    id: int
    user_id: int
    handle: str
    product_code: str
    product_name: str
    quantity: int
    unit_price: int
    total: int
    #: done or refunded
    status: str
    at_ms: int


class Receipt(Struct, frozen=True):
    """The result of a purchase: the items to deliver and the new balance."""

    purchase: Purchase
    #: contents of the items, one line each; secret, never log them
    items: tuple[str, ...]
    #: of the account, after the purchase
    balance: int
    #: whether this interaction had already bought, so that nothing was done now
    is_repeat: bool = False


class Delivery(Struct, frozen=True):
    """A delivery in the outbox."""

    purchase_id: int
    user_id: int
    state: DeliveryState
    #: attempts that were started
    attempts: int
    language: str


class Deposit(Struct, frozen=True):
    """A deposit from a webhook or HTTP, accepted or refused."""

    key: str
    #: webhook or http
    source: str
    handle: str
    amount: int | None
    #: why it was refused; empty if it was accepted
    refusal: str
    at_ms: int


class BlacklistEntry(Struct, frozen=True):
    """A user on the blacklist."""

    user_id: int
    reason: str
    added_by: str
    at_ms: int


class AdminAction(Struct, frozen=True):
    """One action of an admin, as the admin log has it."""

    actor: str
    action: str
    detail: str
    at_ms: int


class StockAdded(Struct, frozen=True):
    """The result of a stock upload."""

    added: int
    #: numbers of the lines, from 1, whose item is already in stock or appears earlier in the upload
    duplicates: tuple[int, ...]
    #: numbers of the lines whose item was sold before
    sold_before: tuple[int, ...] = ()


def order_number(purchase_id: int) -> str:
    """Return the order number that members see, and that identifies the delivery in their direct messages."""
    return f"#{purchase_id:06d}"
