"""Panels of the purchase flow: product list, quantity, confirmation, receipt. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from botapp.locale import _
from botapp.store.domain import refusals
from botapp.store.domain.money import Denomination
from botapp.store.domain.records import Account, Order, Product, Receipt, order_number
from botapp.store.domain.refusals import Refused
from botapp.store.member_api import Quote
from botapp.ui import custom_ids
from botapp.ui.formatting import format_amount, format_number, format_price
from botapp.ui.live.render import Button, stock_light
from botapp.ui.members.panel import (
    BLUE,
    CALM,
    GOOD,
    GREEN,
    MAX_LABEL_CHARS,
    MAX_OPTIONS,
    MAX_TITLE_CHARS,
    WAITING,
    Modal,
    Panel,
    Select,
    SelectOption,
    shorten,
)

#: the id of the modal's field
QUANTITY: Final = "quantity"
#: longest quantity, in characters
_QUANTITY_CHARS: Final = 6
_NAME_CHARS: Final = 80


def product_list_panel(
    account: Account, products: Sequence[Product], page: int, units: Sequence[Denomination], low_stock: int
) -> Panel:
    """Return a page of products, counted from 0; a page after the last is the last."""
    title = _("🛒 What would you like?")
    if not products:
        return Panel(_("There are no products yet."), title, CALM)
    pages = -(-len(products) // MAX_OPTIONS)
    page = min(page, pages - 1)
    shown = products[page * MAX_OPTIONS : (page + 1) * MAX_OPTIONS]
    lines = [_("Your balance: %s") % format_price(account.balance, units)]
    lines += [
        _("%(light)s %(name)s: sold out")
        % {"light": stock_light(0, low_stock), "name": shorten(product.name, _NAME_CHARS)}
        for product in shown
        if not product.stock
    ]
    options = tuple(_product_option(product, units, low_stock) for product in shown if product.stock)
    placeholder = _("Choose a product")
    if pages > 1:
        placeholder += f" ({page + 1}/{pages})"
    select = Select(custom_ids.build("buy:pick"), placeholder, options) if options else None
    return Panel("\n".join(lines), title, CALM, select=select, buttons=_page_buttons(page, pages))


def quantity_modal(product: Product, max_quantity: int) -> Modal:
    """Return the modal that asks for the quantity."""
    most = min(product.stock, max_quantity)
    return Modal(
        custom_id=custom_ids.build("buy:count", product.id),
        title=shorten(product.name, MAX_TITLE_CHARS),
        field_id=QUANTITY,
        label=shorten(_("How many? (1 to %s)") % format_number(most), MAX_TITLE_CHARS),
        value="1",
        placeholder="",
        min_chars=1,
        max_chars=_QUANTITY_CHARS,
    )


def parse_quantity(text: str) -> int:
    """Return the quantity, or 0 if it is not a number; the shop refuses 0."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _QUANTITY_CHARS else 0


def confirmation_panel(offer: Quote, key: int, units: Sequence[Denomination], note: str = "") -> Panel:
    """Return the panel that asks for confirmation.

    Args:
        key: id of the interaction that this panel answers. However often it is confirmed, the shop sells once per key.
        note: a text above it, such as a change of the price.
    """
    product, total = offer.product, offer.quantity * offer.product.price
    yes = custom_ids.build("buy:yes", product.id, offer.quantity, product.price, key)
    fields = (
        (_("Product"), shorten(product.name, _NAME_CHARS)),
        (_("Quantity"), format_number(offer.quantity)),
        (_("Unit price"), format_price(product.price, units)),
        (_("Total"), f"**{format_price(total, units)}**"),
        (_("Your balance"), format_price(offer.balance, units)),
        (_("Balance afterwards"), format_price(offer.balance - total, units)),
    )
    buttons = (
        Button(yes, _("Buy"), "✅", style=GREEN),
        Button(custom_ids.build("buy:no"), _("Cancel"), "✖️"),
    )
    return Panel(note, _("🛒 Confirm your order"), WAITING, fields, buttons=buttons)


def build_order(numbers: Sequence[int], user_id: int, language: str) -> Order:
    """Return the order of a click on the confirmation button."""
    product_id, quantity, unit_price, key = numbers
    return Order(
        interaction_id=key,
        user_id=user_id,
        product_id=product_id,
        quantity=quantity,
        unit_price=unit_price,
        language=language,
    )


def receipt_panel(receipt: Receipt, delivered: str, units: Sequence[Denomination]) -> Panel:
    """Return the panel after a purchase; `delivered` says where the items are."""
    purchase = receipt.purchase
    params = {
        "items": f"{format_number(purchase.quantity)} × {shorten(purchase.product_name, _NAME_CHARS)}",
        "paid": format_price(purchase.total, units),
    }
    lines = (
        _("%(items)s for %(paid)s") % params,
        _("Your balance: %s") % format_price(receipt.balance, units),
        delivered,
    )
    return Panel("\n".join(lines), _("✅ Order %s") % order_number(purchase.id), GOOD)


def bought_panel(receipt: Receipt, units: Sequence[Denomination]) -> Panel:
    """Return the receipt for a new message, if the member's own message cannot be updated; it leads to the order."""
    delivered = _("📨 Your items arrive by direct message; History shows them too.")
    return replace(receipt_panel(receipt, delivered, units), buttons=(_history_button(),))


def already_bought_panel(receipt: Receipt) -> Panel:
    """Return the answer to a repeated confirmation."""
    text = _("You have already bought this: order %s. You did not pay twice. History shows its items again.")
    return Panel(text % order_number(receipt.purchase.id), buttons=(_history_button(),))


def cancelled_panel() -> Panel:
    """Return the answer to Cancel."""
    return Panel(_("Nothing was bought."), buttons=(_choose_again_button(),))


def refusal_panel(problem: Refused, refusal: str, product_id: int | None) -> Panel:
    """Return a refusal with the buttons for the next step."""
    match problem:
        case refusals.InvalidQuantity() | refusals.InsufficientBalance() if product_id is not None:
            again = Button(custom_ids.build("buy:ask", product_id), _("Change quantity"), "🔢", style=BLUE)
            return Panel(refusal, buttons=(again, _choose_again_button()))
        case refusals.SoldOut(available=left) if left and product_id is not None:
            again = Button(custom_ids.build("buy:ask", product_id), _("Change quantity"), "🔢", style=BLUE)
            return Panel(refusal, buttons=(again, _choose_again_button()))
        case refusals.SoldOut() | refusals.NoSuchProduct():
            return Panel(refusal, buttons=(_choose_again_button(),))
    return Panel(refusal)


def _history_button() -> Button:
    return Button(custom_ids.build("history"), _("History"), "🧾")


def _choose_again_button() -> Button:
    return Button(custom_ids.build("buy:page", 0), _("Choose another product"), "🛒")


def _product_option(product: Product, units: Sequence[Denomination], low_stock: int) -> SelectOption:
    stock = _("stock: %(count)s") % {"count": format_number(product.stock)}
    return SelectOption(
        value=str(product.id),
        label=shorten(product.name, MAX_LABEL_CHARS),
        description=shorten(f"{format_amount(product.price, units)} · {stock}", MAX_LABEL_CHARS),
        emoji=stock_light(product.stock, low_stock),
    )


def _page_buttons(page: int, pages: int) -> tuple[Button, ...]:
    if pages == 1:
        return ()
    # custom ids of a message must differ, so the disabled button carries its own page
    before = Button(custom_ids.build("buy:page", max(0, page - 1)), _("Back"), "◀️", page == 0)
    after = Button(custom_ids.build("buy:page", page + 1), _("Next"), "▶️", page == pages - 1)
    return before, after
