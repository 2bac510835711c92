"""What the shop's database holds, as frozen records; what use cases take and give."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

DeliveryState = Literal["pending", "sent", "shown", "failed"]


class Account(Struct, frozen=True):
    """Somebody's money here."""

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
    #: in the base unit, for one piece
    price: int
    description: str
    #: pieces that are available
    stock: int


class Order(Struct, frozen=True):
    """What a member has confirmed."""

    #: of the click that confirmed; the same is never bought twice
    interaction_id: int
    user_id: int
    product_id: int
    quantity: int
    #: the price of one piece that the member was shown
    unit_price: int
    #: in which the goods are to be delivered
    language: str


class Purchase(Struct, frozen=True):
    """A purchase as history shows it."""

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
    """What a purchase came to: what is owed to the member, and what is left."""

    purchase: Purchase
    #: the goods, one line each. Never to be logged.
    items: tuple[str, ...]
    #: of the account, after the purchase
    balance: int
    #: whether this click had bought already, and nothing was done now
    again: bool = False


class Delivery(Struct, frozen=True):
    """Goods that are owed."""

    purchase_id: int
    user_id: int
    state: DeliveryState
    #: how often sending was begun
    attempts: int
    language: str


class Deposit(Struct, frozen=True):
    """A deposit that came from outside, booked or refused."""

    key: str
    #: webhook or http
    source: str
    handle: str
    amount: int | None
    #: why it was refused; empty: it was booked
    refusal: str
    at_ms: int


class BlacklistEntry(Struct, frozen=True):
    """A user who may not use the shop."""

    user_id: int
    reason: str
    added_by: str
    at_ms: int


class StockAdded(Struct, frozen=True):
    """What an upload of stock came to."""

    added: int
    #: numbers of lines, from 1, whose item is in stock already or stands earlier in the upload
    duplicates: tuple[int, ...]
    #: the same, whose item was sold before
    sold_before: tuple[int, ...] = ()


def order_number(purchase_id: int) -> str:
    """Return the number of an order as members see it, and as it is looked for in their direct messages."""
    return f"#{purchase_id:06d}"
