"""Stock as admins bring it and take it out: privately, by line, and without a lost item or a line in a log."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from botapp.local_discord.ids import ADMIN_ID
from botapp.store.db.tables import product, stock_item
from botapp.store.domain.rules import parse_stock
from botapp.store.usecases import products, stock, withdrawals
from botapp.ui import custom_ids
from tests.support.discord.bot_process import BotProcess
from tests.support.shop.admin_shop import AdminShop, admin_shop
from tests.support.shop.shop import text

SECRET = "SECRET-KEY"
BALANCE = custom_ids.build("balance")


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[AdminShop, BotProcess]]:
    with admin_shop(tmp_path / "bot") as (one, bot):
        yield one, bot
        assert SECRET not in bot.log


@pytest.fixture
def shop(pair: tuple[AdminShop, BotProcess]) -> AdminShop:
    pair[0].wait_for_commands()
    return pair[0]


def pieces(shop: AdminShop, code: str = "ROBUX") -> int:
    return shop.books(products.get_by_code, code).stock


def secrets(*names: str) -> bytes:
    return "".join(f"{SECRET}-{name}\n" for name in names).encode()


def items(shop: AdminShop, code: str = "ROBUX") -> list[str]:
    query = select(stock_item.c.content).join(product).where(product.c.code == code).order_by(stock_item.c.id)
    return shop.books(lambda connection: list(connection.execute(query).scalars()))


def add(shop: AdminShop, data: bytes, code: str = "ROBUX") -> str:
    """Add a file by the slash command and return the report."""
    begun = shop.discord.command("Admin", "addstock", code=code, file=("stock.txt", data))
    answer = shop.discord.interaction(begun, wait_s=8)["messages"][0]
    assert answer["ephemeral"]
    return text(
        shop.discord.wait_for_message(
            "Admin", lambda one: one["id"] == answer["id"] and "📥" not in text(one), timeout_s=60
        )
    )


def attachments(shop: AdminShop, channel: str) -> list[bytes]:
    """Return the files that Admin sees in a channel, in their order."""
    urls = [file["url"] for one in shop.discord.view("Admin", channel) for file in one["attachments"]]
    found = []
    for url in urls:
        with urllib.request.urlopen(url) as response:
            found.append(response.read())
    return found


def test_upload_report_by_line(shop: AdminShop) -> None:
    long = b"x" * 1501
    data = b"\xef\xbb\xbf" + secrets("a", "b").replace(b"\n", b"\r\n") + b"\r\n  \r\n" + secrets("a") + long
    report = add(shop, data)
    assert "✅ Items added to `ROBUX`: 2" in report
    assert "Empty: 2 (lines 3–4)" in report
    assert ": 1 (line 5)" in report
    assert "Too long: 1 (line 6)" in report
    assert SECRET not in report
    report = add(shop, secrets("new", "b"))
    assert "`ROBUX`: 1" in report
    assert "line 2" in report
    assert "⚠️" in add(shop, secrets("b"))
    assert pieces(shop) == 3
    shop.wait_for_text("stock: 3")  # the live message
    assert "1 added · <@" in shop.typed("!stockhistory ROBUX")
    assert "no product `NONE`" in shop.slash("addstock", code="NONE", file=("a.txt", b"a"))
    assert "no product `NONE`" in shop.typed("!stockhistory NONE")


def test_invalid_stock_file_is_refused(shop: AdminShop) -> None:
    assert "line 2 " in add(shop, secrets("a") + b"\xff\xfe\n")
    assert "200,000 lines" in add(shop, b"a\n" * 200_001)
    assert pieces(shop) == 0
    assert "line 2 " in add(shop, secrets("a") + b"b\0c\n")
    assert pieces(shop) == 0
    assert add(shop, secrets("a").decode().encode("utf-16")).startswith("✅")
    # without a mark, and the same item with an invisible character
    assert add(shop, f"{SECRET}-b\r\n{SECRET}\u200b-b\r\n".encode("utf-16-le")).startswith("✅")
    assert items(shop) == [secrets("a").decode().strip(), f"{SECRET}-b"]
    assert "`STEAM10`" not in add(shop, b"steam-x\n")
    report = add(shop, b"x\nsteam-05\n")
    assert "Another product" in report
    assert "line 2; `STEAM10`" in report
    wrong = shop.typed("!addstock ROBUX")
    assert "`!addstock CODE FILE`" in wrong


def test_typed_upload_by_direct_message(shop: AdminShop) -> None:
    shop.typed("!addstock ROBUX", channel="dm", files={"a.txt": secrets("a", "b")})
    shop.wait_for_text("`ROBUX`: 2", channel="dm")


def test_public_upload_is_deleted(shop: AdminShop) -> None:
    files = {"a.txt": secrets("a")}
    cases = [(words, files) for words in ("!addstock ROBUX", "!addstock", "!stockhistory ROBUX")]
    for words, attached in [*cases, (f"!addstock ROBUX\n{SECRET}-a", None)]:
        sent = shop.discord.say("Admin", words, files=attached)
        said = text(shop.wait_for_text("🚨"))
        assert "/addstock" in said
        assert sent not in {one["id"] for one in shop.discord.view("Budi")}
        shop.discord.delete_message(str(shop.wait_for_text("🚨")["id"]))
    assert pieces(shop) == 0


def test_public_upload_without_permission_to_delete(pair: tuple[AdminShop, BotProcess]) -> None:
    shop, bot = pair
    shop.discord.deny("manage_messages")
    said = shop.typed("!addstock ROBUX", files={"a.txt": secrets("a")})
    assert "🚨 **Delete this message NOW" in said
    assert "Manage Messages" in said
    assert "public stock file" in bot.log
    assert pieces(shop) == 0
    # a member's file never becomes stock
    assert "⛔" in shop.typed("!addstock ROBUX", by="Budi", files={"a.txt": b"x"})


def test_a_hundred_thousand_lines_while_members_click(shop: AdminShop) -> None:
    data = "".join(f"{SECRET}-{number:06d}\n" for number in range(100_000)).encode()
    began_s = time.monotonic()
    begun = shop.discord.command("Admin", "addstock", code="ROBUX", file=("stock.txt", data))
    acks, seen = [], set()
    while True:
        words = [text(one) for one in shop.discord.view("Admin") if "100,000" in text(one)]
        seen |= {one for one in words if "of 100,000 lines" in one}
        if any("`ROBUX`: 100,000" in one for one in words):
            break
        click = shop.discord.interaction(shop.discord.click("Budi", BALANCE), wait_s=30)
        assert click["state"] == "answered"
        acks.append(click["ack_ms"])
    print(f"{time.monotonic() - began_s:.1f} s, {len(acks)} clicks, slowest {max(acks):.0f} ms, {len(seen)} edits")
    assert acks
    assert seen
    assert pieces(shop) == 100_000
    assert shop.books(stock.unstage, None) == 0
    assert shop.discord.interaction(begun)["state"] == "answered"


def test_unfinished_upload_is_discarded_at_start(tmp_path: Path) -> None:
    with admin_shop(tmp_path / "bot") as (shop, bot):
        bot.end()
        shop.books(stock.stage, "half", parse_stock([f"{SECRET}-{number}" for number in range(1500)]).items)
        with BotProcess(shop.place, shop.discord) as later:
            shop.discord.wait_for_bot()
            shop.wait_for_commands()
            assert add(shop, secrets("a")).startswith("✅")
            assert shop.books(stock.unstage, None) == 0
            assert "1500" in later.log
            assert SECRET not in later.log


def test_stock_is_taken_out_by_direct_message(shop: AdminShop) -> None:
    add(shop, secrets("a", "b", "c"))
    assert "stock of `ROBUX` is 3" in shop.typed("!reducestock ROBUX 4")
    after_yes(shop, "!reducestock ROBUX 2", "✅ Items of")
    assert attachments(shop, "dm") == [secrets("a", "b")]
    assert not any(SECRET in text(one) for one in shop.discord.view("Admin"))
    assert pieces(shop) == 1
    assert shop.books(withdrawals.list_pending) == []
    assert "2 taken out" in shop.typed("!stockhistory ROBUX")
    assert "`!reducestock CODE COUNT`" in shop.typed("!reducestock ROBUX 0")
    assert "`!reducestock CODE COUNT`" in shop.typed("!reducestock ROBUX all")


def test_announced_items_that_are_gone_are_not_announced_any_more(shop: AdminShop) -> None:
    add(shop, secrets("a", "b", "c"))
    assert "⚠️" in shop.typed("!reducestock ROBUX 3")
    shop.books(stock.withdraw, "ROBUX", 1, 1)
    shop.discord.say("Admin", "ya")
    shop.wait_for_text("stock of `ROBUX` is 2")
    assert not [one for one in shop.discord.view("Admin", "dm") if text(one).startswith("📤")]
    assert pieces(shop) == 2


def after_yes(shop: AdminShop, command: str, then: str) -> str:
    """Type a command, agree, and return what follows."""
    assert "⚠️" in shop.typed(command)
    shop.discord.say("Admin", "ya")
    return text(shop.wait_for_text(then))


def test_typed_withdrawal_with_closed_direct_messages(shop: AdminShop) -> None:
    add(shop, secrets("a", "b"))
    shop.discord.faults(dm_closed=["Admin"])
    said = after_yes(shop, "!reducestock ROBUX 2", "❌")
    assert "/reducestock" in said
    assert pieces(shop) == 2


def test_slash_withdrawal_with_closed_direct_messages(shop: AdminShop) -> None:
    add(shop, secrets("a", "b"))
    shop.discord.faults(dm_closed=["Admin"])
    begun = shop.discord.command("Admin", "reducestock", code="ROBUX", count=2)
    question = shop.discord.interaction(begun, wait_s=5)["messages"][0]
    shop.discord.click("Admin", "stocksup:v1:confirm:yes", message_id=question["id"])
    assert shop.wait_for_text("`ROBUX` taken out")["ephemeral"]
    assert attachments(shop, "toko")[-1] == secrets("a", "b")
    # recorded after the answer
    shop.discord.wait_for(lambda: shop.books(withdrawals.list_pending) == [])


def test_pending_withdrawals_are_sent_after_a_crash(tmp_path: Path) -> None:
    with admin_shop(tmp_path / "bot") as (shop, bot):
        shop.wait_for_commands()
        add(shop, secrets("a", "b"))
        bot.end()
        for _time in range(2):  # of the same moment, and yet two
            shop.books(withdrawals.begin, "ROBUX", 1, user_id=ADMIN_ID, language="id", now_ms=1000)
        with BotProcess(shop.place, shop.discord) as later:
            shop.discord.wait_for(lambda: len(attachments(shop, "dm")) == 2)
            assert attachments(shop, "dm") == [secrets("a"), secrets("b")]
            shop.wait_for_text("`ROBUX`: 1", channel="dm")
            later.end()
        assert shop.books(withdrawals.list_pending) == []
