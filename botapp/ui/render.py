"""From one snapshot to the live message, embed and buttons together. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Final, Literal

from botapp.locale import _
from botapp.store.records import Product
from botapp.ui.health_link import Shown

#: custom ids begin with this; the version changes when their meaning does
ID_PREFIX: Final = "stocksup:"
STOCK_ID: Final = "stocksup:v1:stock"
STATUS_ID: Final = "stocksup:v1:status"

#: stock up to which a product is marked as running low
LOW_STOCK: Final = 10

Mood = Literal["open", "trouble", "closed"]
_COLOURS: Final[dict[Mood, int]] = {"open": 0x2ECC71, "trouble": 0xE67E22, "closed": 0x95A5A6}


@dataclass(frozen=True)
class Snapshot:
    """All that the live message depends on."""

    products: tuple[Product, ...]
    shown: Shown
    #: whether the shop is closed on purpose
    closed: bool = False


@dataclass(frozen=True)
class Button:
    """One button under a message."""

    custom_id: str
    label: str
    emoji: str
    disabled: bool = False
    #: Discord's number of its look: 1 blue, 2 grey, 3 green, 4 red
    style: int = 2


@dataclass(frozen=True)
class Rendered:
    """The live message in words; what is sent is made of this alone."""

    title: str
    description: str
    colour: int
    #: name and value of each field
    fields: tuple[tuple[str, str], ...]
    buttons: tuple[Button, ...]

    def fingerprint(self) -> str:
        """Return a short text that differs when the message does."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:32]


def render(snapshot: Snapshot) -> Rendered:
    """Return the live message for `snapshot`, in the language in use."""
    mood: Mood = "closed" if snapshot.closed else "open" if snapshot.shown.stock else "trouble"
    return Rendered(
        title=_("🛒 Live stock"),
        description=_description(mood, snapshot),
        colour=_COLOURS[mood],
        fields=tuple(_field(product) for product in snapshot.products) if mood == "open" else (),
        buttons=buttons(enabled=mood == "open" and snapshot.shown.buttons),
    )


def buttons(*, enabled: bool) -> tuple[Button, ...]:
    """Return the buttons under the live message."""
    return (
        Button(STOCK_ID, _("Stock"), "📦", not enabled),
        Button(STATUS_ID, _("Status"), "🩺", not enabled),
    )


def stock_list(products: tuple[Product, ...]) -> str:
    """Return prices and stock as the answer to one member, at most 2000 characters."""
    if not products:
        return _("There are no products yet.")
    lines = [f"{mark(one.stock)} **{one.name}** (`{one.code}`) · {price(one.price)} · {stock(one)}" for one in products]
    text = "\n".join(lines)
    return text if len(text) <= 2000 else text[:1999] + "…"


def price(amount: int) -> str:
    """Return an amount of the shop's base unit with its thousands apart."""
    return f"{amount:,}".replace(",", _("thousands separator|,").rpartition("|")[2])


def mark(pieces: int) -> str:
    """Return the light for so many pieces in stock."""
    return "🔴" if pieces <= 0 else "🟡" if pieces <= LOW_STOCK else "🟢"


def stock(product: Product) -> str:
    """Return in words how much of a product there is."""
    return _("stock: %(pieces)s") % {"pieces": price(product.stock)} if product.stock > 0 else _("sold out")


def _description(mood: Mood, snapshot: Snapshot) -> str:
    if mood == "closed":
        return _("🔒 The shop is closed for a moment. It opens again by itself.")
    if mood == "trouble":
        return _("⚠️ Stock cannot be shown right now, so the buttons are off. It is being looked after.")
    return _("Prices and stock are up to date.") if snapshot.products else _("There are no products yet.")


def _field(product: Product) -> tuple[str, str]:
    value = _("price: %(price)s") % {"price": price(product.price)} + f" · {stock(product)}"
    if product.description:
        value += f"\n{product.description}"
    return f"{mark(product.stock)} {product.name} (`{product.code}`)", value
