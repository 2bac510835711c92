"""Texts for admins about products, stock and money. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from botapp.locale import N_, _
from botapp.store.domain.money import Denomination
from botapp.store.domain.records import Account, AdminAction, BlacklistEntry, Entry, Product, Purchase, order_number
from botapp.store.usecases.stock import Movement
from botapp.ui.formatting import entry_kind_label, format_amount, format_number, format_price, format_time, quote

#: most line numbers to list
MAX_NAMED: Final = 20

_MOVED: Final = {"added": N_("added"), "sold": N_("sold"), "withdrawn": N_("taken out")}
_FIELDS: Final = {"name": N_("name"), "price": N_("price"), "description": N_("description")}


class UploadSummary(Struct, frozen=True):
    """The outcome of a stock upload."""

    code: str
    added: int
    #: line numbers, from 1
    duplicates: tuple[int, ...]
    sold_before: tuple[int, ...]
    blank: tuple[int, ...]
    oversize: tuple[int, ...]
    #: line numbers of added items that another product has or has sold, and the code of that product
    elsewhere: tuple[tuple[int, str], ...] = ()


def product_line(product: Product, units: Sequence[Denomination]) -> str:
    """Return a product in one line."""
    params = {
        "code": quote(product.code),
        "name": product.name,
        "price": format_price(product.price, units),
        "stock": format_number(product.stock),
    }
    return _("%(code)s %(name)s · %(price)s · %(stock)s in stock") % params


def field_name(field: str) -> str:
    """Return the label of a product field."""
    return _(_FIELDS[field])


def _count_lines(numbers: Sequence[int]) -> dict[str, str]:
    text = _("line %s") if len(numbers) == 1 else _("lines %s")
    return {"count": format_number(len(numbers)), "lines": text % line_numbers(numbers)}


def upload_report(upload: UploadSummary) -> str:
    """Return the report about a stock upload. It contains line numbers but none of the items."""
    lines = [
        _("✅ Items added to %(code)s: %(count)s") % {"count": format_number(upload.added), "code": quote(upload.code)}
    ]
    if not upload.added:
        lines = [_("⚠️ Nothing was added to %s.") % quote(upload.code)]
    for what, numbers in (
        (_("Already in stock, or repeated in the file"), upload.duplicates),
        (_("Already sold"), upload.sold_before),
        (_("Empty"), upload.blank),
        (_("Too long"), upload.oversize),
    ):
        if numbers:
            lines.append(_("%(reason)s: %(count)s (%(lines)s)") % {"reason": what, **_count_lines(numbers)})
    if not upload.added and len(lines) == 1:
        lines.append(_("The file is empty."))
    if upload.elsewhere:
        params = {
            **_count_lines([line for line, _code in upload.elsewhere]),
            "codes": ", ".join(quote(code) for code in sorted({code for _line, code in upload.elsewhere})[:MAX_NAMED]),
        }
        text = _(
            "⚠️ Another product has or has sold the same items, so they could be sold twice: %(count)s (%(lines)s; "
            "%(codes)s). If this is a mistake, take them out with `reducestock`."
        )
        lines.append(text % params)
    return "\n".join(lines)


def line_numbers(numbers: Iterable[int], most: int = MAX_NAMED) -> str:
    """Return line numbers in short form, such as "2, 5–9, 12", and "…" after `most` parts."""
    spans: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    parts = [str(first) if first == last else f"{first}–{last}" for first, last in spans[:most]]
    return ", ".join(parts + ["…"] * (len(spans) > most))


def movement_line(movement: Movement) -> str:
    """Return a stock movement in one line."""
    params = {
        "time": format_time(movement.at_ms, "f"),
        "count": format_number(movement.quantity),
        "kind": _(_MOVED[movement.kind]),
    }
    who = (
        f" · {format_actor(movement.actor) if movement.kind == 'added' else quote(movement.actor)}"
        if movement.actor
        else ""
    )
    return _("%(time)s · %(count)s %(kind)s") % params + who


def entry_line(entry: Entry, units: Sequence[Denomination]) -> str:
    """Return a transaction in one line."""
    sign = "+" if entry.amount > 0 else ""
    what = entry_kind_label(entry.kind)
    if entry.kind in ("purchase", "refund") and entry.reference.isdecimal():
        what = f"{what} {order_number(int(entry.reference))}"
    return f"{format_time(entry.at_ms, 'f')} · **{sign}{format_amount(entry.amount, units)}** · {what}"


def balance_line(account: Account, units: Sequence[Denomination], user_id: int | None) -> str:
    """Return the balance of an account and its owner."""
    whose = f" (<@{user_id}>)" if user_id is not None else ""
    params = {"member": quote(account.handle) + whose, "balance": format_price(account.balance, units)}
    return _("💰 Balance of %(member)s: %(balance)s") % params


def purchase_line(purchase: Purchase, units: Sequence[Denomination]) -> str:
    """Return a purchase in one line."""
    params = {
        "order": order_number(purchase.id),
        "count": format_number(purchase.quantity),
        "product": quote(purchase.product_code),
        "total": format_price(purchase.total, units),
        "member": quote(purchase.handle),
        "time": format_time(purchase.at_ms, "f"),
    }
    return _("%(order)s: %(count)s × %(product)s, %(total)s, bought by %(member)s %(time)s") % params


def blacklist_line(entry: BlacklistEntry) -> str:
    """Return a blacklist entry in one line."""
    reason = f" · {quote(entry.reason)}" if entry.reason else ""
    return f"<@{entry.user_id}> (`{entry.user_id}`){reason} · {format_actor(entry.added_by)} {format_time(entry.at_ms)}"


def admin_action_line(action: AdminAction) -> str:
    """Return an action of an admin in one line."""
    detail = f" {quote(action.detail)}" if action.detail else ""
    return f"{format_time(action.at_ms, 'f')} · {format_actor(action.actor)} · **{action.action}**{detail}"


def format_actor(who: str) -> str:
    """Return the mention of a member, or the name of a program."""
    return f"<@{who}>" if who.isdecimal() else quote(who)
