"""What members are shown on their ways through the shop: panels, forms and parcels, as words."""

from __future__ import annotations

import asyncio
import codecs

import pytest

from botapp import locale
from botapp.services.fulfilment.package import MAX_MESSAGE_CHARS, order_heading, pack
from botapp.store.domain import refusals
from botapp.store.domain.money import Denomination
from botapp.store.domain.records import Account, Entry, Order, Product, Purchase, Receipt
from botapp.store.domain.refusals import Refused
from botapp.store.domain.rules import MAX_ITEM_CHARS
from botapp.store.domain.text_file import split_lines
from botapp.store.member_api import Quote
from botapp.store.usecases.shop_location import ShopLocation
from botapp.ui.custom_ids import parse
from botapp.ui.members import account as visits
from botapp.ui.members import purchase as buying
from botapp.ui.members.components import build_message, build_modal
from botapp.ui.members.panel import Panel

UNITS = (Denomination("World Lock", "WL", 1), Denomination("Diamond Lock", "DL", 100))
ACCOUNT = Account(1, "budi", 1000, 0)
LONG = "x" * 300


@pytest.fixture(autouse=True)
def _english() -> None:
    locale.use("en")


def product(number: int = 1, name: str = "Steam", price: int = 120, stock: int = 5) -> Product:
    return Product(number, f"C{number}", name, price, "", stock)


def bought(purchase_id: int = 7, name: str = "Steam", quantity: int = 2) -> Purchase:
    return Purchase(purchase_id, 5, "budi", "C1", name, quantity, 120, 120 * quantity, "done", 1000)


def fits(panel: Panel) -> None:
    """Fail where Discord would refuse a panel."""

    async def check() -> None:
        message = build_message(panel)
        assert len(message["content"] or "") <= 2000
        embed = message["embed"]
        if embed is not None:
            assert len(embed) <= 6000
            assert len(embed.title) <= 256
            assert len(embed.description or "") <= 4096
            assert all(len(one.name) <= 256 and 0 < len(one.value) <= 1024 for one in embed.fields)
        if message["view"] is not None:
            assert message["view"].is_finished(), "discord.py is not to keep it"
            ids = [one.custom_id for one in message["view"].children]
            assert len(set(ids)) == len(ids) <= 25
            assert all(len(one) <= 100 and parse(one) for one in ids)

    asyncio.run(check())


# --- choosing ---


@pytest.mark.parametrize("page", range(4))
def test_product_pages(page: int) -> None:
    products = [product(number, f"P{number:02d}") for number in range(60)]
    panel = buying.product_list_panel(ACCOUNT, products, page, UNITS, 10)
    fits(panel)
    assert panel.select is not None
    shown = min(page, 2)
    expected = [str(number) for number in range(60)[shown * 25 : shown * 25 + 25]]
    assert [one.value for one in panel.select.options] == expected
    assert f"({shown + 1}/3)" in panel.select.placeholder
    assert [one.disabled for one in panel.buttons] == [shown == 0, shown == 2]


def test_sold_out_products_cannot_be_selected() -> None:
    panel = buying.product_list_panel(ACCOUNT, [product(1, "Tea", stock=0), product(2, "Milk")], 0, UNITS, 10)
    assert panel.select is not None
    assert [one.label for one in panel.select.options] == ["Milk"]
    assert "🔴 Tea: sold out" in panel.text
    assert panel.buttons == ()
    nothing = buying.product_list_panel(ACCOUNT, [product(1, "Tea", stock=0)], 0, UNITS, 10)
    assert nothing.select is None
    fits(nothing)
    fits(buying.product_list_panel(ACCOUNT, [], 0, UNITS, 10))


def test_long_names_fit() -> None:
    products = [product(number, LONG, 2**53 - 1, number % 2) for number in range(60)]
    for page in range(3):
        fits(buying.product_list_panel(ACCOUNT, products, page, UNITS, 10))
    fits(buying.confirmation_panel(Quote(product(name=LONG, price=2**53 - 1), 1000, 2**53 - 1), 2**63 - 1, UNITS, LONG))
    fits(visits.history_panel([bought(number, LONG) for number in range(10)], UNITS))
    fits(visits.location_panel(ShopLocation(LONG, LONG, LONG)))

    async def open_them() -> None:
        for form in (buying.quantity_modal(product(name=LONG), 1000), visits.register_modal("n" * 40, ACCOUNT)):
            modal = build_modal(form)
            assert len(modal.title) <= 45
            assert modal.is_finished()
            [field] = modal.to_dict()["components"][0]["components"]
            assert len(field["label"]) <= 45

    asyncio.run(open_them())


# --- how many, and confirming ---


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("1", 1), (" 12 ", 12), ("007", 7), ("", 0), ("-1", 0), ("1.5", 0), ("many", 0), ("٣", 0), ("9" * 30, 0)],
)
def test_parse_quantity(typed: str, expected: int) -> None:
    assert buying.parse_quantity(typed) == expected


def test_quantity_modal_names_the_maximum() -> None:
    assert "1 to 5" in buying.quantity_modal(product(stock=5), 100).label
    assert "1 to 3" in buying.quantity_modal(product(stock=5), 3).label


def test_confirmation_orders_what_it_shows() -> None:
    panel = buying.confirmation_panel(Quote(product(9), 2, 1000), 77, UNITS)
    fits(panel)
    fields = dict(panel.fields)
    assert fields["Total"] == "**2 DL 40 WL (240 WL)**"
    assert fields["Balance afterwards"] == "7 DL 60 WL (760 WL)"
    step = parse(panel.buttons[0].custom_id)
    assert step is not None
    assert buying.build_order(step.numbers, 5, "en") == Order(77, 5, 9, 2, 120, "en")


@pytest.mark.parametrize(
    ("problem", "leads_to"),
    [
        (refusals.SoldOut(0), ["buy:page"]),
        (refusals.SoldOut(2), ["buy:ask", "buy:page"]),
        (refusals.InsufficientBalance(5, 1), ["buy:ask", "buy:page"]),
        (refusals.InvalidQuantity(100), ["buy:ask", "buy:page"]),
        (refusals.NoSuchProduct(""), ["buy:page"]),
        (refusals.Maintenance(""), []),
        (refusals.Blacklisted(""), []),
    ],
)
def test_refusals_offer_the_next_step(problem: Refused, leads_to: list[str]) -> None:
    panel = buying.refusal_panel(problem, "no", 9)
    fits(panel)
    assert [(parse(one.custom_id) or ("",))[0] for one in panel.buttons] == leads_to


def test_receipt_texts() -> None:
    receipt = Receipt(bought(), ("a", "b"), 760)
    panel = buying.receipt_panel(receipt, "There.", UNITS)
    assert "#000007" in panel.title
    assert panel.text.splitlines() == [
        "2 × Steam for 2 DL 40 WL (240 WL)",
        "Your balance: 7 DL 60 WL (760 WL)",
        "There.",
    ]
    assert "#000007" in buying.already_bought_panel(receipt).text


# --- the account ---


def test_transaction_texts() -> None:
    entries = [
        Entry(-120, "purchase", "7", "5", 3000),
        Entry(120, "refund", "7", "admin", 2000),
        Entry(150, "deposit", "webhook", "webhook", 1000),
    ]
    panel = visits.balance_panel(ACCOUNT, entries, UNITS)
    fits(panel)
    assert panel.text.splitlines() == [
        "**10 DL (1,000 WL)**",
        "",
        "📤 -1 DL 20 WL · purchase #000007 · <t:3:R>",
        "📥 +1 DL 20 WL · refund #000007 · <t:2:R>",
        "📥 +1 DL 50 WL · deposit · <t:1:R>",
    ]


def test_typed_text_cannot_format_anything() -> None:
    account = Account(1, "__budi__", 0, 0)
    assert "`__budi__`" in visits.registered_panel(account, "GrowID", UNITS).text
    assert ("World", "`**big**`") in visits.location_panel(ShopLocation("**big**")).fields


# --- goods ---


def test_items_fit_a_message_or_become_a_file() -> None:
    small = pack(bought(), ["key-1", "key-2"])
    assert small.text.startswith(order_heading(7))
    assert "```\nkey-1\nkey-2\n```" in small.text
    assert small.files() == []
    one = pack(bought(name=LONG), ["k" * MAX_ITEM_CHARS])
    assert one.file is None
    assert len(one.text) <= MAX_MESSAGE_CHARS
    large = pack(bought(quantity=2), ["k" * 1000] * 2)
    assert large.file == f"{'k' * 1000}\n" * 2
    assert large.text.startswith(order_heading(7))
    assert "kk" not in large.text
    [file] = large.files()
    assert file.filename == "order-000007.txt"
    assert file.fp.read().isascii()


def test_items_that_break_formatting_become_a_file() -> None:
    assert pack(bought(), ["a```b"]).file == "a```b\n"


def test_repr_hides_the_items() -> None:
    assert "secret" not in repr(pack(bought(), ["secret"]))
    assert "secret" not in repr(pack(bought(), ["secret" * 1000]))


def test_file_that_is_not_ascii_is_marked_as_utf_8() -> None:
    """Discord's clients guess the encoding of a text file, and show other keys than were bought."""
    [file] = pack(bought(), ["clé-é" + "k" * 1500, "clé-2"] * 2).files()
    data = file.fp.read()
    assert data.startswith(codecs.BOM_UTF8)
    # and it can be uploaded again as it is
    assert split_lines(data, 10)[1] == "clé-2"
