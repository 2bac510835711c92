"""Use cases for members. Each checks first whether the member may use the shop."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from sqlalchemy import Connection

from botapp.store.domain import refusals
from botapp.store.domain.records import Account, Entry, Order, Product, Purchase, Receipt
from botapp.store.domain.rules import Limits
from botapp.store.usecases import access, accounts, products, purchases, shop_location
from botapp.store.usecases.shop_location import ShopLocation

#: how many ledger entries, and how many purchases, members see
SHOWN_ENTRIES: Final = 3
SHOWN_ORDERS: Final = 10


class Quote(Struct, frozen=True):
    """A purchase that the member can confirm now."""

    product: Product
    quantity: int
    #: of the member's account, in the base unit
    balance: int


def registration(connection: Connection, user_id: int) -> Account | None:
    """Return the member's account, or None if they may register. Raises Blacklisted, Maintenance."""
    access.require_access(connection, user_id)
    return accounts.get_by_user(connection, user_id)


def register(connection: Connection, user_id: int, handle: str, now_ms: int) -> Account:
    """Create the member's account or change its handle, like `accounts.register`. Raises a Refused."""
    access.require_access(connection, user_id)
    return accounts.register(connection, user_id, handle, now_ms)


def balance(connection: Connection, user_id: int) -> tuple[Account, list[Entry]]:
    """Return the member's account and its last ledger entries. Raises Blacklisted, Maintenance, NotRegistered."""
    account = _require_account(connection, user_id)
    return account, accounts.list_entries(connection, account.id, SHOWN_ENTRIES)


def orders(connection: Connection, user_id: int) -> list[Purchase]:
    """Return the member's last purchases, newest first. Raises Blacklisted, Maintenance, NotRegistered."""
    return purchases.list_by_account(connection, _require_account(connection, user_id).id, SHOWN_ORDERS)


def order(connection: Connection, user_id: int, purchase_id: int) -> tuple[Purchase, tuple[str, ...]]:
    """Return one of the member's own purchases with its items. Raises Blacklisted, Maintenance, NoSuchPurchase."""
    access.require_access(connection, user_id)
    purchase = purchases.get(connection, purchase_id)
    if purchase.user_id != user_id:
        raise refusals.NoSuchPurchase(purchase_id)
    return purchase, purchases.list_items(connection, purchase_id)


def location(connection: Connection, user_id: int) -> ShopLocation:
    """Return the location of the shop in its game. Raises Blacklisted, Maintenance."""
    access.require_access(connection, user_id)
    return shop_location.get(connection)


def catalogue(connection: Connection, user_id: int) -> tuple[Account, list[Product]]:
    """Return the member's account and the products on sale. Raises Blacklisted, Maintenance, NotRegistered."""
    return _require_account(connection, user_id), products.list_active(connection)


def product(connection: Connection, user_id: int, product_id: int) -> Product:
    """Return a product that the member has selected, if it has stock.

    Raises Blacklisted, Maintenance, NotRegistered, NoSuchProduct, SoldOut.
    """
    _require_account(connection, user_id)
    selected = products.get(connection, product_id)
    if selected.stock == 0:
        raise refusals.SoldOut(0)
    return selected


def quote(connection: Connection, user_id: int, product_id: int, quantity: int, limits: Limits) -> Quote:
    """Return the purchase that the member would confirm. It reserves nothing: `purchases.buy` decides.

    Raises Blacklisted, Maintenance, NotRegistered, NoSuchProduct, InvalidQuantity, SoldOut, InsufficientBalance.
    """
    balance = _require_account(connection, user_id).balance
    selected = product(connection, user_id, product_id)
    if not 1 <= quantity <= limits.max_quantity:
        # the same range that the form names
        raise refusals.InvalidQuantity(min(selected.stock, limits.max_quantity))
    if selected.stock < quantity:
        raise refusals.SoldOut(selected.stock)
    if balance < quantity * selected.price:
        raise refusals.InsufficientBalance(quantity * selected.price, balance)
    return Quote(selected, quantity, balance)


def buy(connection: Connection, order: Order, limits: Limits, now_ms: int) -> Receipt:
    """Buy like `purchases.buy`, but never return the receipt of another member. Raises a Refused."""
    receipt = purchases.buy(connection, order, limits, now_ms)
    if receipt.purchase.user_id != order.user_id:
        raise refusals.NoSuchPurchase(receipt.purchase.id)
    return receipt


def _require_account(connection: Connection, user_id: int) -> Account:
    access.require_access(connection, user_id)
    account = accounts.get_by_user(connection, user_id)
    if account is None:
        raise refusals.NotRegistered()
    return account
