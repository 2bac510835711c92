"""Why the shop refuses something. Each is a kind of its own with its facts; `botapp.ui.members.refusals` says them."""

from __future__ import annotations

from dataclasses import dataclass


class Refused(Exception):
    """Something was asked that the shop does not do now. Nothing has changed."""


@dataclass
class Maintenance(Refused):
    """The shop is closed for members."""

    reason: str


@dataclass
class Blacklisted(Refused):
    """The user is on the blacklist."""

    reason: str


class NotRegistered(Refused):
    """The user has no account yet."""


@dataclass
class NoSuchAccount(Refused):
    """No account has this handle."""

    handle: str


@dataclass
class InvalidHandle(Refused):
    """A handle that cannot be one."""

    handle: str


@dataclass
class HandleTaken(Refused):
    """The handle is somebody else's."""

    handle: str


@dataclass
class NoSuchProduct(Refused):
    """There is no such product, or no longer."""

    code: str


@dataclass
class CodeTaken(Refused):
    """Another product has this code."""

    code: str


@dataclass
class InvalidCode(Refused):
    """A code that cannot be one."""

    code: str


@dataclass
class InvalidText(Refused):
    """A name or description that is empty or too long; `what` is name or description."""

    what: str
    most: int


@dataclass
class StillInStock(Refused):
    """A product with stock is not deleted."""

    code: str
    pieces: int


@dataclass
class InvalidQuantity(Refused):
    """Fewer than one piece, or more than may be bought at once."""

    largest: int


@dataclass
class TooSoon(Refused):
    """The member bought a moment ago."""

    wait_s: float


@dataclass
class PriceChanged(Refused):
    """The price is not the one that was confirmed."""

    confirmed: int
    now: int


@dataclass
class SoldOut(Refused):
    """Not as many pieces are left; `left` may be 0."""

    left: int


@dataclass
class InsufficientBalance(Refused):
    """The balance is too small."""

    needed: int
    balance: int


@dataclass
class BadAmount(Refused):
    """An amount that is not above zero, or makes more than can be counted."""

    amount: int


@dataclass
class NoSuchPurchase(Refused):
    """There is no purchase of this number."""

    purchase_id: int


@dataclass
class AlreadyRefunded(Refused):
    """The purchase was refunded before."""

    purchase_id: int


@dataclass
class NotBlacklisted(Refused):
    """The user is not on the blacklist."""

    user_id: int
