"""What the shop allows. Pure: facts in, a refusal or None out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final, NamedTuple

from msgspec import Struct

from botapp.store.domain import refusals
from botapp.store.domain.money import MAX_AMOUNT
from botapp.store.domain.records import Account, Order
from botapp.store.domain.refusals import Refused

MIN_HANDLE_CHARS: Final = 3
MAX_HANDLE_CHARS: Final = 30
#: longest item of stock, in characters; one and its order number fit into a message
MAX_ITEM_CHARS: Final = 1500
MAX_CODE_CHARS: Final = 32
#: of a product's name: what a list to choose from, and a title, can show
MAX_NAME_CHARS: Final = 80
MAX_DESCRIPTION_CHARS: Final = 300


class Limits(Struct, frozen=True):
    """How much, and how often, one member may buy."""

    #: pieces in one purchase
    max_quantity: int = 100
    #: between two purchases of one account, in seconds
    cooldown_s: float = 3.0


class PurchaseContext(Struct, frozen=True):
    """All that decides about a purchase, read in its transaction."""

    #: why the shop is closed; None: it is open
    maintenance: str | None
    #: why the user is barred; None: he is not
    barred: str | None
    account: Account | None
    #: of the product, in the base unit; None: it is not on sale
    price: int | None
    #: of the account; None: never
    last_purchase_at_ms: int | None


class StockLine(NamedTuple):
    """One item of an upload."""

    #: from 1
    number: int
    content: str
    digest: bytes


class ParsedStock(Struct, frozen=True):
    """The lines of an upload: what can be stock, and the numbers of those that cannot."""

    items: tuple[StockLine, ...]
    blank: tuple[int, ...]
    oversize: tuple[int, ...]
    duplicates: tuple[int, ...]


def objection(order: Order, facts: PurchaseContext, limits: Limits, now_ms: int) -> Refused | None:
    """Return why `order` is refused. None: it is not, as far as can be known before items are claimed."""
    if (closed := access(facts.maintenance, facts.barred)) is not None:
        return closed
    if facts.account is None:
        return refusals.NotRegistered()
    if not 1 <= order.quantity <= limits.max_quantity:
        return refusals.InvalidQuantity(limits.max_quantity)
    if facts.price is None:
        return refusals.NoSuchProduct("")
    if facts.price != order.unit_price:
        return refusals.PriceChanged(order.unit_price, facts.price)
    wait_s = limits.cooldown_s - (now_ms - (facts.last_purchase_at_ms or 0)) / 1000
    # a purchase from the future: the clock was set back, and nobody is to wait for that
    if facts.last_purchase_at_ms is not None and 0 < wait_s <= limits.cooldown_s:
        return refusals.TooSoon(wait_s)
    if facts.account.balance < order.quantity * facts.price:
        return refusals.InsufficientBalance(order.quantity * facts.price, facts.account.balance)
    return None


def access(maintenance: str | None, barred: str | None) -> Refused | None:
    """Return why a user may not use the shop at all, by button or command alike; None: he may."""
    if barred is not None:
        return refusals.Blacklisted(barred)
    return refusals.Maintenance(maintenance) if maintenance is not None else None


def checked_handle(text: str) -> str:
    """Return a handle as its member writes it. Raises BadHandle."""
    handle = unicodedata.normalize("NFKC", text.strip())
    if not re.fullmatch(rf"[\w.-]{{{MIN_HANDLE_CHARS},{MAX_HANDLE_CHARS}}}", handle):
        raise refusals.InvalidHandle(text.strip()[: 2 * MAX_HANDLE_CHARS])
    return handle


def checked_code(text: str) -> str:
    """Return the code of a product: one word. Raises BadCode."""
    code = unicodedata.normalize("NFKC", text.strip())
    if not re.fullmatch(rf"[\w.-]{{1,{MAX_CODE_CHARS}}}", code):
        raise refusals.InvalidCode(text.strip()[: 2 * MAX_CODE_CHARS])
    return code


def checked_name(text: str) -> str:
    """Return the name of a product in one line. Raises BadText."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= MAX_NAME_CHARS:
        raise refusals.InvalidText("name", MAX_NAME_CHARS)
    return name


def checked_description(text: str) -> str:
    """Return the description of a product; it may be empty. Raises BadText."""
    if len(text.strip()) > MAX_DESCRIPTION_CHARS:
        raise refusals.InvalidText("description", MAX_DESCRIPTION_CHARS)
    return text.strip()


def key_of(name: str) -> str:
    """Return a handle or code without regard to case: what has to be unique."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()


def checked_amount(amount: int) -> int:
    """Return an amount that is to be added or taken. Raises BadAmount."""
    if not 0 < amount <= MAX_AMOUNT:
        raise refusals.BadAmount(amount)
    return amount


def digest_of(content: str) -> bytes:
    """Return what stands for an item where it has to be unique."""
    return blake2b(content.encode(), digest_size=16).digest()


def sort_lines(lines: Iterable[str]) -> ParsedStock:
    """Return which of `lines` can be items of stock. The first of equal ones can."""
    items, blank, oversize, duplicates = [], [], [], []
    seen: set[bytes] = set()
    for number, content in _numbered(lines):
        digest = digest_of(content)
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


def _numbered(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, 1):
        # what databases and messages cannot carry, or nobody could see
        yield number, line.replace("\0", "").strip().lstrip("\ufeff")
