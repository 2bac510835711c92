"""Rendering of the live message, embed and buttons, from one snapshot. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal

from botapp.locale import _
from botapp.store.domain.money import Denomination
from botapp.store.domain.records import Product
from botapp.ui import custom_ids
from botapp.ui.formatting import format_amount, format_number, format_price, format_time
from botapp.ui.live.health import Mode, Visibility

#: below Discord's limits for an embed's fields, and a field's name and value
_MAX_FIELDS: Final = 25
_MAX_NAME_CHARS: Final = 200
_MAX_VALUE_CHARS: Final = 400
#: below Discord's limits for an embed's description (4096) and all embeds of a message (6000)
_MAX_PAGE_CHARS: Final = 4000
_MAX_CHARS: Final = 5400

Mood = Literal["open", "problems", "closed"]
_COLOURS: Final[dict[Mood, int]] = {"open": 0x2ECC71, "problems": 0xE67E22, "closed": 0x95A5A6}


@dataclass(frozen=True)
class Snapshot:
    """Everything that the live message depends on."""

    products: tuple[Product, ...]
    shown: Visibility
    #: what is broken, and since when, in seconds since 1970
    mode: Mode
    since_s: float
    #: the denominations of the shop's currency
    units: tuple[Denomination, ...]
    #: stock up to which a product counts as low
    low_stock: int
    #: time of the snapshot, in milliseconds since 1970
    at_ms: int
    #: whether the shop is closed on purpose
    closed: bool = False


@dataclass(frozen=True)
class Button:
    """One button under a message."""

    custom_id: str
    label: str
    emoji: str
    disabled: bool = False
    #: Discord's button style: 1 blue, 2 grey, 3 green, 4 red
    style: int = 2


@dataclass(frozen=True)
class RenderedMessage:
    """The contents of the live message, as data."""

    title: str
    description: str
    colour: int
    #: names and values of the fields
    fields: tuple[tuple[str, str], ...]
    buttons: tuple[Button, ...]
    #: the products as lines, if there are too many for fields
    pages: tuple[str, ...] = ()
    #: the time of the last update; empty unless the shop is open
    updated: str = ""

    def fingerprint(self) -> str:
        """Return a hash of the contents, without the time of the last update."""
        contents = asdict(self) | {"updated": bool(self.updated)}
        return hashlib.sha256(json.dumps(contents).encode()).hexdigest()[:32]


def render(snapshot: Snapshot) -> RenderedMessage:
    """Return the live message for `snapshot`, in the language in use."""
    mood: Mood = "closed" if snapshot.closed else "open" if snapshot.shown.stock else "problems"
    many = len(snapshot.products) > _MAX_FIELDS
    return RenderedMessage(
        title=_("🛒 Stock"),
        description=_description(mood, snapshot),
        colour=_COLOURS[mood],
        fields=_fields(snapshot) if mood == "open" and not many else (),
        pages=_pages(snapshot) if mood == "open" and many else (),
        buttons=live_buttons(enabled=mood == "open" and snapshot.shown.buttons),
        updated=_("Last update: %s") % format_time(snapshot.at_ms) if mood == "open" else "",
    )


def render_failed() -> RenderedMessage:
    """Return the live message of a bot that has failed for good, in the language in use."""
    return RenderedMessage(
        title=_("🛒 Stock"),
        description=_("🔒 The shop is closed, because the bot does not run. Please come back later."),
        colour=_COLOURS["closed"],
        fields=(),
        buttons=live_buttons(enabled=False),
    )


def live_buttons(*, enabled: bool) -> tuple[Button, ...]:
    """Return the buttons under the live message."""
    return (
        Button(custom_ids.REGISTER, _("Register"), "📝", not enabled, style=1),
        Button(custom_ids.BALANCE, _("Balance"), "💰", not enabled),
        Button(custom_ids.BUY, _("Buy"), "🛒", not enabled, style=3),
        Button(custom_ids.WORLD, _("World info"), "🌍", not enabled),
        Button(custom_ids.HISTORY, _("History"), "🧾", not enabled),
    )


def stock_light(stock: int, low_stock: int) -> str:
    """Return the emoji for a stock level: sold out, low (up to `low_stock`), or plenty."""
    return "🔴" if stock <= 0 else "🟡" if stock <= low_stock else "🟢"


def stock_label(product: Product) -> str:
    """Return the stock of a product as text."""
    return _("stock: %(count)s") % {"count": format_number(product.stock)} if product.stock > 0 else _("sold out")


def _description(mood: Mood, snapshot: Snapshot) -> str:
    if mood == "closed":
        return _("🔒 The shop is closed right now. Please come back later.")
    if mood == "problems":
        since = format_time(int(snapshot.since_s * 1000))
        text = {
            Mode.STOCK_BROKEN: _("⚠️ The stock has been unavailable since %s, so the buttons are disabled."),
            Mode.BUTTONS_BROKEN: _("⚠️ The buttons have not worked since %s, so the stock is hidden."),
        }.get(snapshot.mode, _("⚠️ Stock and buttons have not worked since %s."))
        return text % since + " " + _("The shop opens again by itself once this is fixed.")
    return _("Prices and stock are up to date.") if snapshot.products else _("There are no products yet.")


def _fields(snapshot: Snapshot) -> tuple[tuple[str, str], ...]:
    """Return one field per product; if they do not fit, the last field says how many are missing."""
    fields: list[tuple[str, str]] = []
    chars = 0
    for shown, product in enumerate(snapshot.products):
        field = _field(product, snapshot.units, snapshot.low_stock)
        chars += len(field[0]) + len(field[1])
        rest = len(snapshot.products) - shown
        if chars > _MAX_CHARS:
            fields.append(("…", _("and %s more; click Buy to see them all") % format_number(rest)))
            break
        fields.append(field)
    return tuple(fields)


def _pages(snapshot: Snapshot) -> tuple[str, ...]:
    """Return one line per product, in pages; if they do not fit, the last line says how many are missing."""
    pages: list[list[str]] = [[]]
    chars = page_chars = 0
    for shown, product in enumerate(snapshot.products):
        line = _line(product, snapshot.units, snapshot.low_stock)
        if chars + len(line) > _MAX_CHARS:
            pages[-1].append(
                _("and %s more; click Buy to see them all") % format_number(len(snapshot.products) - shown)
            )
            break
        if page_chars + len(line) > _MAX_PAGE_CHARS:
            pages.append([])
            page_chars = 0
        pages[-1].append(line)
        chars += len(line) + 1
        page_chars += len(line) + 1
    return tuple("\n".join(page) for page in pages)


def _line(product: Product, units: Sequence[Denomination], low_stock: int) -> str:
    light = stock_light(product.stock, low_stock)
    name, code = product.name[:_MAX_NAME_CHARS], product.code[:40]
    return f"{light} **{name}** `{code}` · {format_amount(product.price, units)} · {stock_label(product)}"


def _field(product: Product, units: Sequence[Denomination], low_stock: int) -> tuple[str, str]:
    value = _("price: %(price)s") % {"price": format_price(product.price, units)} + f" · {stock_label(product)}"
    if product.description:
        value += f"\n{product.description}"
    light = stock_light(product.stock, low_stock)
    return f"{light} {product.name[:_MAX_NAME_CHARS]} (`{product.code[:40]}`)", value[:_MAX_VALUE_CHARS]
