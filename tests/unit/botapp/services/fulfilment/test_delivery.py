"""Deliveries from the outbox: searched, repeated, given up; with a real database and a fake Discord."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from botapp import locale
from botapp.services.fulfilment.delivery import DeliveryService
from botapp.services.fulfilment.package import order_heading
from botapp.store.db.database import Database, database_url
from botapp.store.domain.records import Order
from botapp.store.domain.rules import Limits
from botapp.store.usecases import accounts, deliveries, purchases
from tests.support.shop.products import stock_up
from tests.support.shop.shop_database import Books

BOT, BUYER = 1, 5
BOUGHT_MS = 1_700_000_000_000
GOODS = "steam-00"


class Channel:
    """Direct messages with the buyer."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.nonces: list[str] = []
        self.sending: Exception | None = None
        self.looking: Exception | None = None

    async def send(self, content: str, *, files: list[Any], nonce: str) -> Any:
        if self.sending is not None:
            raise self.sending
        message = SimpleNamespace(id=len(self.messages) + 100, author=SimpleNamespace(id=BOT), content=content)
        self.messages.append(message)
        self.nonces.append(nonce)
        return message

    async def history(self, *, limit: int, after: discord.Object | None) -> AsyncIterator[Any]:
        if self.looking is not None:
            raise self.looking
        for message in self.messages:
            if (
                after is None
                or not hasattr(message, "at_ms")
                or discord.utils.time_snowflake(time_of(message)) > after.id
            ):
                yield message


def time_of(message: Any) -> datetime:
    return datetime.fromtimestamp(message.at_ms / 1000, UTC)


class Scene:
    """A purchase with a pending delivery, and the delivery service."""

    def __init__(self, database: Database) -> None:
        self.books = Books(database)
        self.channel = Channel()
        self.now_ms = BOUGHT_MS
        self.told: list[str] = []
        self.restart()
        self.books.do(accounts.register, BUYER, "buyer", BOUGHT_MS)
        self.books.deposit("buyer", 50_000)
        order = Order(77, BUYER, 1, 1, 50_000, "en")
        self.books.do(purchases.buy, order, Limits(), BOUGHT_MS)

    def restart(self) -> None:
        async def run(use_case: Any, *arguments: Any) -> Any:
            return self.books.do(use_case, *arguments)

        async def create_dm(user: discord.Object) -> Channel:
            assert user.id == BUYER
            return self.channel

        shop: Any = SimpleNamespace(run=run, read=run, now_ms=lambda: self.now_ms, notify=self.told.append)
        self.tasks = SimpleNamespace(is_quiesced=False)
        client: Any = SimpleNamespace(create_dm=create_dm, user=SimpleNamespace(id=BOT), tasks=self.tasks)
        self.delivery = DeliveryService(shop, client)

    def poll(self, *, after_ms: int = 0) -> None:
        self.now_ms += after_ms
        asyncio.run(self.delivery.poll())

    def parcels(self) -> int:
        return sum(GOODS in message.content for message in self.channel.messages)

    def state(self) -> str:
        from sqlalchemy import select

        from botapp.store.db.tables import delivery

        return str(self.books.do(lambda connection: connection.execute(select(delivery.c.state)).scalar_one()))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    locale.use("id")
    stock_up(tmp_path)
    database = Database(database_url("", tmp_path / "state" / "bot" / "shop.db"))
    yield Scene(database)
    asyncio.run(database.close())


def http_error(status: int, code: int) -> discord.HTTPException:
    kind = discord.Forbidden if status == 403 else discord.HTTPException
    return kind(SimpleNamespace(status=status, reason=""), {"code": code, "message": "no"})  # type: ignore[arg-type]


def test_first_poll_delivers_everything_pending(scene: Scene) -> None:
    scene.poll()
    assert (scene.parcels(), scene.state()) == (1, "sent")
    assert scene.channel.messages[0].content.startswith(order_heading(1))
    assert scene.channel.nonces == ["order-000001"]
    scene.poll(after_ms=10**9)
    assert scene.parcels() == 1


def test_delivered_message_is_found_and_not_sent_again(scene: Scene) -> None:
    mine = SimpleNamespace(id=9, author=SimpleNamespace(id=BOT), content=f"{order_heading(1)} · 1 × Steam 10\n{GOODS}")
    scene.channel.messages = [mine]
    scene.poll()
    assert (scene.parcels(), scene.state(), scene.channel.nonces) == (1, "sent", [])


@pytest.mark.parametrize(
    ("author", "content"), [(BUYER, order_heading(1)), (BOT, "order #000001 was refunded"), (BOT, order_heading(2))]
)
def test_message_that_mentions_the_order_is_not_a_delivery(scene: Scene, author: int, content: str) -> None:
    scene.channel.messages = [SimpleNamespace(id=9, author=SimpleNamespace(id=author), content=content)]
    scene.poll()
    assert (scene.parcels(), scene.state()) == (1, "sent")


#: how far the clock was ahead for a minute, in ms
AHEAD_MS = 400 * 86_400_000


def test_order_made_while_the_clock_was_ahead_is_due_at_once(scene: Scene) -> None:
    scene.channel.sending = http_error(500, 0)
    scene.poll()
    scene.poll(after_ms=AHEAD_MS)  # the next attempt is due in 400 days
    scene.channel.sending = None
    scene.poll(after_ms=-AHEAD_MS)
    assert (scene.parcels(), scene.state()) == (1, "sent")


def test_delivery_of_an_order_from_the_future_is_found(scene: Scene) -> None:
    scene.now_ms -= AHEAD_MS
    mine = SimpleNamespace(
        id=9, author=SimpleNamespace(id=BOT), content=order_heading(1) + f" {GOODS}", at_ms=scene.now_ms
    )
    scene.channel.messages = [mine]
    scene.poll()
    assert (scene.parcels(), scene.state(), scene.channel.nonces) == (1, "sent", [])


def test_nothing_is_sent_if_the_search_fails(scene: Scene) -> None:
    scene.channel.looking = http_error(500, 0)
    scene.poll()
    assert (scene.parcels(), scene.state()) == (0, "pending")
    scene.channel.looking = None
    scene.poll(after_ms=deliveries.retry_delay_ms(2))
    assert (scene.parcels(), scene.state()) == (1, "sent")


def test_later_polls_wait_until_a_delivery_is_due(scene: Scene) -> None:
    scene.channel.sending = http_error(403, 50007)
    scene.poll()
    scene.channel.sending = None
    scene.poll(after_ms=1000)
    assert scene.parcels() == 0
    scene.poll(after_ms=deliveries.retry_delay_ms(2))
    assert scene.parcels() == 1


def test_poll_skips_a_delivery_in_progress(scene: Scene) -> None:
    with scene.delivery.delivering(1):
        scene.poll(after_ms=10**9)
        assert scene.parcels() == 0
    scene.poll()
    assert scene.parcels() == 1


def test_quiesced_bot_starts_no_delivery(scene: Scene) -> None:
    scene.tasks.is_quiesced = True
    scene.poll(after_ms=10**9)
    assert (scene.parcels(), scene.state()) == (0, "pending")


def test_undeliverable_order_is_given_up_and_reported_once(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.channel.sending = http_error(403, 50007)
    for _ in range(deliveries.MAX_ATTEMPTS + 3):
        scene.poll(after_ms=10**9)
    assert scene.state() == "failed"
    [told] = scene.told
    assert "#000001" in told
    assert f"<@{BUYER}>" in told
    assert GOODS not in told + caplog.text
    assert sum("#000001" in record.message for record in caplog.records if record.levelname == "ERROR") == 1


def test_delivery_uses_the_language_of_the_click(scene: Scene) -> None:
    long = "x" * 1490
    scene.books.restock("STEAM10", *(f"{long}{number:02d}" for number in range(2)))
    scene.books.deposit("buyer", 100_000_000)
    scene.poll()
    order = Order(78, BUYER, 1, 13, 50_000, "en")
    scene.books.do(purchases.buy, order, Limits(), BOUGHT_MS + 10_000)
    scene.poll(after_ms=10**9)
    assert "Your items are in the file" in scene.channel.messages[-1].content
