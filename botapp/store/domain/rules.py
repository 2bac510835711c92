"""What the shop allows: validation of names, amounts and stock, and the check of a purchase. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, NamedTuple

from msgspec import Struct

from botapp.store.domain import refusals
from botapp.store.domain.identity import has_one_script, normalize, remove_invisible
from botapp.store.domain.money import MAX_AMOUNT
from botapp.store.domain.records import Account, Order
from botapp.store.domain.refusals import Refused

MIN_HANDLE_CHARS: Final = 3
MAX_HANDLE_CHARS: Final = 30
#: how long a handle that a member gave up stays reserved: deposits for it may still arrive
RESERVED_MS: Final = 30 * 24 * 3600 * 1000
#: how many handles may be reserved for one member
MAX_RESERVED: Final = 5
#: longest item of stock, in characters: one item and its order number fit into a Discord message
MAX_ITEM_CHARS: Final = 1500
MAX_CODE_CHARS: Final = 32
#: longest product name, in characters: it fits into a select option and an embed title
MAX_NAME_CHARS: Final = 80
MAX_DESCRIPTION_CHARS: Final = 300


class ReleasedHandle(Struct, frozen=True):
    """A handle that a member gave up."""

    account_id: int
    released_at_ms: int


class Limits(Struct, frozen=True):
    """How much and how often one member may buy."""

    #: items in one purchase
    max_quantity: int = 100
    #: between two purchases of one account, in seconds
    cooldown_s: float = 3.0


class PurchaseContext(Struct, frozen=True):
    """Everything that decides about a purchase, read in its transaction."""

    #: why the shop is closed; None if it is open
    maintenance_reason: str | None
    #: why the user is on the blacklist; None if they are not
    blacklist_reason: str | None
    account: Account | None
    #: of the product, in the base unit; None if it is not on sale
    price: int | None
    #: of the account; None if it has never bought
    last_purchase_at_ms: int | None


class StockLine(NamedTuple):
    """One item of an upload."""

    #: line number, from 1
    number: int
    content: str
    digest: bytes


class ParsedStock(Struct, frozen=True):
    """The lines of an upload: valid items, and the numbers of the lines that are not."""

    items: tuple[StockLine, ...]
    blank: tuple[int, ...]
    oversize: tuple[int, ...]
    duplicates: tuple[int, ...]


def check_purchase(order: Order, context: PurchaseContext, limits: Limits, now_ms: int) -> Refused | None:
    """Return why `order` is refused, or None. Whether enough stock is left is decided later, by the update itself."""
    if (closed := check_access(context.maintenance_reason, context.blacklist_reason)) is not None:
        return closed
    if context.account is None:
        return refusals.NotRegistered()
    if not 1 <= order.quantity <= limits.max_quantity:
        return refusals.InvalidQuantity(limits.max_quantity)
    if context.price is None:
        return refusals.NoSuchProduct("")
    if context.price != order.unit_price:
        return refusals.PriceChanged(order.unit_price, context.price)
    wait_s = limits.cooldown_s - (now_ms - (context.last_purchase_at_ms or 0)) / 1000
    # wait_s > cooldown_s means the last purchase lies in the future: the clock was set back, so do not wait for it
    if context.last_purchase_at_ms is not None and 0 < wait_s <= limits.cooldown_s:
        return refusals.CooldownActive(wait_s)
    if context.account.balance < order.quantity * context.price:
        return refusals.InsufficientBalance(order.quantity * context.price, context.account.balance)
    return None


def check_access(maintenance_reason: str | None, blacklist_reason: str | None) -> Refused | None:
    """Return why a user may not use the shop, by button or command alike, or None."""
    if blacklist_reason is not None:
        return refusals.Blacklisted(blacklist_reason)
    return refusals.Maintenance(maintenance_reason) if maintenance_reason is not None else None


def validate_handle(text: str) -> str:
    """Return `text` as a normalized handle. Raises InvalidHandle."""
    handle = normalize(text)
    shown = remove_invisible(text).strip()[: 2 * MAX_HANDLE_CHARS]
    if not re.fullmatch(rf"[\w.-]{{{MIN_HANDLE_CHARS},{MAX_HANDLE_CHARS}}}", handle):
        raise refusals.InvalidHandle(shown)
    if re.fullmatch(r"\d{17,20}", handle):
        raise refusals.InvalidHandle(shown, "user_id")
    if not has_one_script(handle):
        raise refusals.InvalidHandle(shown, "scripts")
    return handle


def check_handle_change(
    account_id: int | None, of_handle: ReleasedHandle | None, own: Iterable[ReleasedHandle], now_ms: int
) -> Refused | None:
    """Return why a member may not take a handle that no account has now, or None.

    Args:
        account_id: of the member; None if they register.
        of_handle: who gave up that handle, if anybody did.
        own: the other handles that the member gave up, with the present one as given up now.
        now_ms: current time.
    """
    if of_handle is not None and of_handle.account_id != account_id and now_ms < of_handle.released_at_ms + RESERVED_MS:
        return refusals.HandleReserved(of_handle.released_at_ms + RESERVED_MS)
    until = sorted(one.released_at_ms + RESERVED_MS for one in own if now_ms < one.released_at_ms + RESERVED_MS)
    return refusals.TooManyHandles(until[0]) if len(until) > MAX_RESERVED else None


def validate_code(text: str) -> str:
    """Return `text` as a normalized product code: one word. Raises InvalidCode."""
    code = normalize(text)
    if not re.fullmatch(rf"[\w.-]{{1,{MAX_CODE_CHARS}}}", code) or not has_one_script(code):
        raise refusals.InvalidCode(remove_invisible(text).strip()[: 2 * MAX_CODE_CHARS])
    return code


def validate_name(text: str) -> str:
    """Return `text` as a product name on one line. Raises InvalidText."""
    name = " ".join(remove_invisible(text).split())
    if not normalize(name) or len(name) > MAX_NAME_CHARS:
        raise refusals.InvalidText("name", MAX_NAME_CHARS)
    return name


def validate_description(text: str) -> str:
    """Return `text` as a product description, which may be empty. Raises InvalidText."""
    description = remove_invisible(text).strip()
    if len(description) > MAX_DESCRIPTION_CHARS:
        raise refusals.InvalidText("description", MAX_DESCRIPTION_CHARS)
    return description


def validate_amount(amount: int) -> int:
    """Return an amount to add or take. Raises AmountOutOfRange."""
    if not 0 < amount <= MAX_AMOUNT:
        raise refusals.AmountOutOfRange(amount)
    return amount


def clean_item(line: str) -> str:
    """Return the item in a line of stock, as it is delivered; "" if nothing in the line is visible."""
    item = remove_invisible(line).strip()
    return item if normalize(item) else ""


def content_digest(content: str) -> bytes:
    """Return the digest that stands for an item in indexes: items that look the same have the same one."""
    return blake2b(normalize(content).encode(), digest_size=16).digest()


def parse_stock(lines: Iterable[str]) -> ParsedStock:
    """Return which of `lines` are valid items of stock. Of equal lines only the first is."""
    items, blank, oversize, duplicates = [], [], [], []
    seen: set[bytes] = set()
    for number, line in enumerate(lines, 1):
        content = clean_item(line)
        digest = content_digest(content)
        if not content:
            blank.append(number)
        elif len(content) > MAX_ITEM_CHARS:
            oversize.append(number)
        elif digest in seen:
            duplicates.append(number)
        else:
            seen.add(digest)
            items.append(StockLine(number, content, digest))
    return ParsedStock(tuple(items), tuple(blank), tuple(oversize), tuple(duplicates))
