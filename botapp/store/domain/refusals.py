"""Reasons why the shop refuses a request. `botapp.ui.members.refusals` renders them as sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from botapp.store.domain.records import AdminAction


class Refused(Exception):
    """The shop refused a request and changed nothing."""


@dataclass
class Maintenance(Refused):
    """The shop is closed to members."""

    reason: str


@dataclass
class Blacklisted(Refused):
    """The user is on the blacklist."""

    reason: str


class NotRegistered(Refused):
    """The user has no account."""


@dataclass
class NoSuchAccount(Refused):
    """No account has this handle."""

    handle: str


@dataclass
class InvalidHandle(Refused):
    """The text cannot be a handle: wrong characters, a Discord user id, or letters of several scripts."""

    handle: str
    reason: Literal["characters", "user_id", "scripts"] = "characters"


@dataclass
class HandleTaken(Refused):
    """The handle belongs to another member."""

    handle: str


@dataclass
class HandleReserved(Refused):
    """Another member gave up the handle a short time ago."""

    until_ms: int


@dataclass
class TooManyHandles(Refused):
    """The member has given up so many handles that they may take no other one now."""

    until_ms: int


@dataclass
class NoSuchProduct(Refused):
    """The product does not exist or is no longer on sale."""

    code: str


@dataclass
class CodeTaken(Refused):
    """Another product has this code."""

    code: str


@dataclass
class InvalidCode(Refused):
    """The text cannot be a product code."""

    code: str


@dataclass
class InvalidText(Refused):
    """A name or description is empty or too long; `field` is "name" or "description"."""

    field: str
    max_chars: int


@dataclass
class ProductInStock(Refused):
    """A product that has stock cannot be deleted."""

    code: str
    count: int


@dataclass
class InvalidQuantity(Refused):
    """The quantity is below one, or above the limit for one purchase."""

    max_quantity: int


@dataclass
class CooldownActive(Refused):
    """The member bought something a moment ago."""

    wait_s: float


@dataclass
class BalanceChanged(Refused):
    """The balance is not the one that the admin confirmed."""

    confirmed_balance: int
    current_balance: int


@dataclass
class PriceChanged(Refused):
    """The price is not the one that the member confirmed."""

    confirmed_price: int
    current_price: int


@dataclass
class SoldOut(Refused):
    """The stock holds fewer items than requested; `available` may be 0."""

    available: int


@dataclass
class StockTooSmall(Refused):
    """The stock holds fewer items than an admin wants to take out."""

    code: str
    available: int


@dataclass
class InsufficientBalance(Refused):
    """The balance is too small."""

    needed: int
    balance: int


@dataclass
class AmountOutOfRange(Refused):
    """The amount is not positive, or would make a balance larger than MAX_AMOUNT."""

    amount: int


@dataclass
class NoSuchPurchase(Refused):
    """No purchase has this number."""

    purchase_id: int


@dataclass
class AlreadyRefunded(Refused):
    """The purchase was refunded before."""

    purchase_id: int


@dataclass
class NotBlacklisted(Refused):
    """The user is not on the blacklist."""

    user_id: int


@dataclass
class AlreadyDone(Refused):
    """The command was executed before: its message or interaction came once more, or its process was killed."""

    done: AdminAction


@dataclass
class AmbiguousUser(Refused):
    """The text is the id of one user and the handle of another."""

    text: str
    #: the user who has this handle
    user_id: int
