"""What admins are told about products, stock and money. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from botapp.locale import N_, _
from botapp.store.domain.money import Denomination
from botapp.store.domain.records import Account, BlacklistEntry, Entry, Product, Purchase, order_number
from botapp.store.usecases.admin_log import AdminAction
from botapp.store.usecases.stock import Movement
from botapp.ui.formatting import entry_kind_label, format_amount, format_number, format_price, format_time, quote

#: how many numbers of lines are named before the rest is only counted
MAX_NAMED: Final = 20

_MOVED: Final = {"added": N_("added"), "sold": N_("sold"), "withdrawn": N_("taken out")}
_FIELDS: Final = {"name": N_("name"), "price": N_("price"), "description": N_("description")}


class UploadSummary(Struct, frozen=True):
    """What became of the lines of a file."""

    code: str
    added: int
    #: numbers of lines, from 1
    duplicates: tuple[int, ...]
    sold_before: tuple[int, ...]
    blank: tuple[int, ...]
    oversize: tuple[int, ...]


def product_line(one: Product, units: Sequence[Denomination]) -> str:
    """Return a product in one line."""
    params = {
        "code": quote(one.code),
        "name": one.name,
        "price": format_price(one.price, units),
        "stock": format_number(one.stock),
    }
    return _("%(code)s %(name)s · %(price)s · %(stock)s in stock") % params


def field_name(field: str) -> str:
    """Return what a field of a product is called."""
    return _(_FIELDS[field])


def upload_report(upload: UploadSummary) -> str:
    """Return the report about a file of stock, by line; nothing of what stood in them."""
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
            params = {"reason": what, "count": format_number(len(numbers)), "lines": line_numbers(numbers)}
            lines.append(_("%(reason)s: %(count)s (lines %(lines)s)") % params)
    return "\n".join(lines)


def line_numbers(numbers: Iterable[int]) -> str:
    """Return numbers of lines in short: "2, 5–9, 12"; after MAX_NAMED of those, "…"."""
    spans: list[tuple[int, int]] = []
    for one in sorted(numbers):
        if spans and one == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], one)
        else:
            spans.append((one, one))
    said = [str(first) if first == last else f"{first}–{last}" for first, last in spans[:MAX_NAMED]]
    return ", ".join(said + ["…"] * (len(spans) > MAX_NAMED))


def movement_line(one: Movement) -> str:
    """Return what came into or went out of stock, in one line."""
    params = {"time": format_time(one.at_ms, "f"), "count": format_number(one.quantity), "kind": _(_MOVED[one.kind])}
    who = f" · {format_actor(one.actor) if one.kind == 'added' else quote(one.actor)}" if one.actor else ""
    return _("%(time)s · %(count)s %(kind)s") % params + who


def entry_line(one: Entry, units: Sequence[Denomination]) -> str:
    """Return a change of a balance in one line."""
    sign = "+" if one.amount > 0 else ""
    what = entry_kind_label(one.kind)
    if one.kind in ("purchase", "refund") and one.reference.isdecimal():
        what = f"{what} {order_number(int(one.reference))}"
    return f"{format_time(one.at_ms, 'f')} · **{sign}{format_amount(one.amount, units)}** · {what}"


def balance_line(account: Account, units: Sequence[Denomination], user_id: int | None) -> str:
    """Return how much an account has, and whose it is."""
    whose = f" (<@{user_id}>)" if user_id is not None else ""
    params = {"member": quote(account.handle) + whose, "balance": format_price(account.balance, units)}
    return _("💰 Balance of %(member)s: %(balance)s") % params


def purchase_line(one: Purchase, units: Sequence[Denomination]) -> str:
    """Return a purchase in one line."""
    params = {
        "order": order_number(one.id),
        "count": format_number(one.quantity),
        "product": quote(one.product_code),
        "total": format_price(one.total, units),
        "member": quote(one.handle),
        "time": format_time(one.at_ms, "f"),
    }
    return _("%(order)s: %(count)s × %(product)s, %(total)s, bought by %(member)s %(time)s") % params


def blacklist_line(one: BlacklistEntry) -> str:
    """Return an entry of the blacklist in one line."""
    reason = f" · {quote(one.reason)}" if one.reason else ""
    return f"<@{one.user_id}> (`{one.user_id}`){reason} · {format_actor(one.added_by)} {format_time(one.at_ms)}"


def admin_action_line(one: AdminAction) -> str:
    """Return what an admin did, in one line."""
    detail = f" {quote(one.detail)}" if one.detail else ""
    return f"{format_time(one.at_ms, 'f')} · {format_actor(one.actor)} · **{one.action}**{detail}"


def format_actor(who: str) -> str:
    """Return who did something: a member by mention, a program by name."""
    return f"<@{who}>" if who.isdecimal() else quote(who)
