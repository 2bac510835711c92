"""What members ask for at the counter. Whether they may use the shop at all is looked at with each."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from sqlalchemy import Connection

from botapp.store.domain import refusals
from botapp.store.domain.records import Account, Entry, Order, Product, Purchase, Receipt
from botapp.store.domain.rules import Limits
from botapp.store.usecases import access, accounts, products, purchases, shop_location
from botapp.store.usecases.shop_location import ShopLocation

#: last changes of a balance, and last purchases, that members are shown
SHOWN_ENTRIES: Final = 3
SHOWN_ORDERS: Final = 10


class Quote(Struct, frozen=True):
    """A purchase that could be confirmed now."""

    product: Product
    quantity: int
    #: of the account that would pay
    balance: int


def registration(connection: Connection, user_id: int) -> Account | None:
    """Return the account whose handle a member may change; None: he may have one. Raises Barred, Maintenance."""
    access.require_access(connection, user_id)
    return accounts.get_by_user(connection, user_id)


def register(connection: Connection, user_id: int, handle: str, now_ms: int) -> Account:
    """Give a member an account, or his account a new handle. Raises Barred, Maintenance, BadHandle, HandleTaken."""
    access.require_access(connection, user_id)
    return accounts.register(connection, user_id, handle, now_ms)


def balance(connection: Connection, user_id: int) -> tuple[Account, list[Entry]]:
    """Return a member's account and its last entries. Raises Barred, Maintenance, NotRegistered."""
    found = _require_account(connection, user_id)
    return found, accounts.list_entries(connection, found.id, SHOWN_ENTRIES)


def orders(connection: Connection, user_id: int) -> list[Purchase]:
    """Return a member's last purchases, the newest first. Raises Barred, Maintenance, NotRegistered."""
    return purchases.list_by_account(connection, _require_account(connection, user_id).id, SHOWN_ORDERS)


def order(connection: Connection, user_id: int, purchase_id: int) -> tuple[Purchase, tuple[str, ...]]:
    """Return a purchase of a member's own with its goods. Raises Barred, Maintenance, NoSuchPurchase."""
    access.require_access(connection, user_id)
    found = purchases.get(connection, purchase_id)
    if found.user_id != user_id:
        raise refusals.NoSuchPurchase(purchase_id)
    return found, purchases.list_items(connection, purchase_id)


def location(connection: Connection, user_id: int) -> ShopLocation:
    """Return where the shop is in its game. Raises Barred, Maintenance."""
    access.require_access(connection, user_id)
    return shop_location.get(connection)


def catalogue(connection: Connection, user_id: int) -> tuple[Account, list[Product]]:
    """Return a member's account and what he can choose from. Raises Barred, Maintenance, NotRegistered."""
    return _require_account(connection, user_id), products.list_active(connection)


def product(connection: Connection, user_id: int, product_id: int) -> Product:
    """Return a product that a member has chosen, and that there is.

    Raises Barred, Maintenance, NotRegistered, NoSuchProduct, SoldOut.
    """
    _require_account(connection, user_id)
    found = products.get(connection, product_id)
    if found.stock == 0:
        raise refusals.SoldOut(0)
    return found


def quote(connection: Connection, user_id: int, product_id: int, quantity: int, limits: Limits) -> Quote:
    """Return what a member would confirm. Nothing is held back for him: `purchases.buy` decides.

    Raises Barred, Maintenance, NotRegistered, NoSuchProduct, BadQuantity, SoldOut, NotEnough.
    """
    balance = _require_account(connection, user_id).balance
    found = product(connection, user_id, product_id)
    if not 1 <= quantity <= limits.max_quantity:
        raise refusals.InvalidQuantity(limits.max_quantity)
    if found.stock < quantity:
        raise refusals.SoldOut(found.stock)
    if balance < quantity * found.price:
        raise refusals.InsufficientBalance(quantity * found.price, balance)
    return Quote(found, quantity, balance)


def buy(connection: Connection, order: Order, limits: Limits, now_ms: int) -> Receipt:
    """Buy as `purchases.buy` does, and show nobody the receipt of somebody else. Raises a Refused."""
    receipt = purchases.buy(connection, order, limits, now_ms)
    if receipt.purchase.user_id != order.user_id:
        raise refusals.NoSuchPurchase(receipt.purchase.id)
    return receipt


def _require_account(connection: Connection, user_id: int) -> Account:
    access.require_access(connection, user_id)
    found = accounts.get_by_user(connection, user_id)
    if found is None:
        raise refusals.NotRegistered()
    return found
