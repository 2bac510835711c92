"""What admins can look up about money: deposits from outside, sales; and what they are told in their channel."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from PIL import Image

from botapp.local_discord.ids import ADMIN_CHANNEL_ID, BUDI_ID, LIVE_CHANNEL_ID
from botapp.store.domain.records import Order
from botapp.store.domain.rules import Limits
from botapp.store.usecases import accounts, deposits, products, purchases
from botapp.store.usecases.deposits import DepositClaim
from tests.support.discord.bot_process import BotProcess, write_config
from tests.support.discord.control import local_discord
from tests.support.shop.admin_shop import AdminShop, admin_shop
from tests.support.shop.member import Customer
from tests.support.shop.shop import text
from tests.support.shop.shop_database import books_of

DAY_MS = 86_400_000


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[AdminShop]:
    with admin_shop(tmp_path / "bot") as (one, _bot):
        yield one


def buy(shop: AdminShop, quantity: int, days_ago: int) -> int:
    """Let Budi have bought something; return the order's number."""
    found = shop.books(products.get_by_code, "STEAM10")
    order = Order(random.getrandbits(60), BUDI_ID, found.id, quantity, found.price, "en")
    at_ms = int(time.time() * 1000) - days_ago * DAY_MS
    return shop.books(purchases.buy, order, Limits(100, 0), at_ms).purchase.id


def test_deposits_are_listed(shop: AdminShop) -> None:
    assert "message:" not in shop.typed("!deposits")
    claims = [
        DepositClaim("message:1:0", "budi", 201, ""),
        DepositClaim("message:2:0", "who`s", 5, ""),
        DepositClaim("message:3:0", "budi", None, ""),
        DepositClaim("message:4:0", "", None, "unreadable"),
        DepositClaim("message:5:0", "budi", 7, "forged"),
    ]
    shop.books(deposits.record_claims, claims, source="webhook", now_ms=1_750_000_000_000)
    everything = shop.typed("!deposits")
    assert "✅ <t:1750000000:R> · `budi` · 2 DL 1 WL · `message:1:0`" in everything
    assert "`who's` · 5 WL · " in everything
    assert everything.index("message:5") < everything.index("message:1"), "newest first"
    for command in ("!deposits refused", "!deposits 50 refused"):
        refused = shop.typed(command)
        assert refused.count("❌") == 4
        assert "message:1:0" not in refused
    assert shop.typed("!deposits 2").count("message:") == 2
    shop.wait_for_commands()
    assert shop.slash("deposits", which="refused", count=1).count("❌") == 1
    assert shop.typed("!deposits 0").count("message:") == 1
    assert "`!deposits [COUNT] [all|refused]`" in shop.typed("!deposits none")
    assert "⛔" in shop.typed("!deposits", by="Budi")


def test_sales_table_and_chart(shop: AdminShop) -> None:
    assert "0 WL · 0 sold" in shop.typed("!sales")
    shop.books(accounts.adjust_balance, "Budi", 10**6, add=True, actor="test", key="much", now_ms=1)
    buy(shop, 2, 40)
    buy(shop, 3, 3)
    refunded = buy(shop, 1, 1)
    buy(shop, 2, 0)
    shop.books(purchases.refund, refunded, actor="admin", now_ms=1)
    assert "2,500 DL · 5 sold" in shop.typed("!sales")
    days = shop.discord.wait_for_message("Admin", lambda one: one["attachments"])
    assert text(days).count(" DL") == 3, "three days on which something was bought, one of them with a refund"
    [attached] = days["attachments"]
    assert attached["filename"] == "sales.png"
    with urlopen(attached["url"]) as answer:
        image = Image.open(io.BytesIO(answer.read()))
    assert image.size[0] >= 1000
    shop.wait_for_commands()
    assert "**📈 Sales of the last 60 days**\n3,500 DL · 7 sold" in shop.slash("sales", days=60)
    assert "Sales today" in shop.typed("!sales 1")
    assert "`!sales [DAYS]`" in shop.typed("!sales 0")
    assert "⛔" in shop.typed("!sales", by="Budi")


def test_purchase_log_and_low_stock_notice(tmp_path: Path) -> None:
    place = tmp_path / "bot"
    channels = f"purchase_log_channel_id = {ADMIN_CHANNEL_ID}\nnotice_channel_id = {ADMIN_CHANNEL_ID}\nlow_stock = 11"
    write_config(place, f'language = "en"\n[store]\n{channels}', channel_id=LIVE_CHANNEL_ID)
    books = books_of(place)
    books.do(accounts.register, BUDI_ID, "Budi", 1)
    books.deposit("Budi", 10**6)
    with local_discord() as discord, BotProcess(place, discord):
        Customer(discord, "Budi").buys("Steam 10", "2")
        line = discord.wait_for_message("Admin", lambda one: "🧾" in text(one), channel="admin")
        assert text(line) == "🧾 #000001 · `Budi` · 2 × `Steam 10` · 100,000 C"
        told = discord.wait_for_message("Admin", lambda one: "running low" in text(one), channel="admin")
        assert "`Steam 10` (`STEAM10`) is running low: 10 left" in text(told)
