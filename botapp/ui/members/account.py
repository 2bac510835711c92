"""Panels about a member's account (registration, balance, orders) and about the shop's location. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from botapp.locale import _
from botapp.store.domain.money import Denomination
from botapp.store.domain.records import Account, Entry, Purchase, order_number
from botapp.store.domain.rules import MAX_HANDLE_CHARS, MIN_HANDLE_CHARS
from botapp.store.usecases.shop_location import ShopLocation
from botapp.ui import custom_ids
from botapp.ui.formatting import entry_kind_label, format_amount, format_number, format_price, format_time, quote
from botapp.ui.live.render import Button
from botapp.ui.members.panel import (
    BLUE,
    CALM,
    GOOD,
    MAX_LABEL_CHARS,
    MAX_TITLE_CHARS,
    Modal,
    Panel,
    Select,
    SelectOption,
    shorten,
)

#: the id of the modal's field
HANDLE: str = "handle"


def register_modal(member_name_label: str, account: Account | None) -> Modal:
    """Return the modal that asks for the member name."""
    return Modal(
        custom_id=custom_ids.build("register:form"),
        title=shorten(_("Register") if account is None else _("Change your %s") % member_name_label, MAX_TITLE_CHARS),
        field_id=HANDLE,
        label=shorten(member_name_label, MAX_TITLE_CHARS),
        value=account.handle if account is not None else "",
        placeholder=_("%(least)d–%(most)d letters, digits, . _ -")
        % {"least": MIN_HANDLE_CHARS, "most": MAX_HANDLE_CHARS},
        min_chars=MIN_HANDLE_CHARS,
        max_chars=MAX_HANDLE_CHARS,
    )


def registered_panel(account: Account, member_name_label: str, units: Sequence[Denomination]) -> Panel:
    """Return the answer after a registration or a change of the member name."""
    params = {
        "label": member_name_label,
        "member": quote(account.handle),
        "balance": format_price(account.balance, units),
    }
    text = _("Your %(label)s is %(member)s. Your balance: %(balance)s.") % params
    return Panel(text, _("✅ You are registered"), GOOD)


def register_first_panel(refusal: str) -> Panel:
    """Return a refusal with the Register button."""
    return Panel(refusal, buttons=(Button(custom_ids.REGISTER, _("Register"), "📝", style=BLUE),))


def balance_panel(account: Account, entries: Sequence[Entry], units: Sequence[Denomination]) -> Panel:
    """Return a balance with its latest transactions."""
    lines = [_entry_line(entry, units) for entry in entries] or [_("No transactions yet.")]
    title = _("💰 Balance of %s") % quote(account.handle)
    return Panel("\n".join([f"**{format_price(account.balance, units)}**", "", *lines]), title, GOOD)


def location_panel(world: ShopLocation) -> Panel:
    """Return the location of the shop in the game."""
    params = ((_("World"), world.world), (_("Owner"), world.owner), (_("Bot"), world.bot))
    fields = tuple((name, quote(value)) for name, value in params if value)
    text = "" if fields else _("The admins have not set the shop's world yet.")
    return Panel(text, _("🌍 World info"), CALM, fields)


def history_panel(orders: Sequence[Purchase], units: Sequence[Denomination]) -> Panel:
    """Return the latest orders, with a select that shows the items of one again."""
    title = _("🧾 Your last orders")
    if not orders:
        return Panel(_("You have not bought anything yet."), title, CALM)
    options = tuple(
        SelectOption(
            value=str(order.id),
            label=shorten(
                f"{order_number(order.id)} · {format_number(order.quantity)} × {order.product_name}", MAX_LABEL_CHARS
            ),
            description=shorten(format_amount(order.total, units), MAX_LABEL_CHARS),
            emoji="📦",
        )
        for order in orders
    )
    select = Select(custom_ids.build("history:pick"), _("Show the items of an order again"), options)
    return Panel("\n".join(_order_line(order, units) for order in orders), title, CALM, select=select)


def _entry_line(entry: Entry, units: Sequence[Denomination]) -> str:
    sign = "📥 +" if entry.amount > 0 else "📤 "
    what = entry_kind_label(entry.kind)
    if entry.kind in ("purchase", "refund"):
        what = f"{what} {order_number(int(entry.reference))}"
    return f"{sign}{format_amount(entry.amount, units)} · {what} · {format_time(entry.at_ms)}"


def _order_line(order: Purchase, units: Sequence[Denomination]) -> str:
    line = (
        f"**{order_number(order.id)}** · {format_number(order.quantity)} × {shorten(order.product_name, 80)} · "
        f"{format_amount(order.total, units)} · {format_time(order.at_ms)}"
    )
    return f"{line} · " + _("↩️ refunded") if order.status == "refunded" else line
