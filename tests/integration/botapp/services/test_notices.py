"""Notices for admins, with a real shop database and fake channels."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from botapp.config.settings import Settings, Store
from botapp.runtime.tasks import TaskRegistry
from botapp.services.notices import admin_notices as notices
from botapp.services.notices.admin_notices import AdminNotifier, NotificationThrottle
from botapp.shop import Shop
from botapp.store.domain.money import Denomination
from botapp.store.domain.records import Order
from botapp.store.domain.rules import Limits, parse_stock
from botapp.store.usecases import accounts, products, purchases, stock
from botapp.store.usecases.notices import list_unlogged_purchases

NOTICE_CHANNEL, LOG_CHANNEL = 1, 2
UNITS = (Denomination("World Lock", "WL", 1), Denomination("Diamond Lock", "DL", 100))


class Channel:
    """A channel that accepts or refuses messages."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.refusal: type[discord.HTTPException] | None = None
        self.changed = asyncio.Event()

    async def send(self, content: str, **_options: Any) -> None:
        """Accept a message."""
        await asyncio.sleep(0)
        self.changed.set()
        if self.refusal is not None:
            raise self.refusal(SimpleNamespace(status=403, reason="no"), "no")  # type: ignore[arg-type]
        assert len(content) <= 2000
        self.messages.append(content)

    @property
    def lines(self) -> list[str]:
        """All lines written so far."""
        return "\n".join(self.messages).splitlines()

    async def until(self, met: Callable[[Channel], bool]) -> None:
        """Wait until the condition holds."""
        async with asyncio.timeout(10):
            while not met(self):
                self.changed.clear()
                await self.changed.wait()


class Scene:
    """The notifier of one bot process, with two channels."""

    def __init__(self, directory: Path) -> None:
        store = Store(
            currency=UNITS, low_stock=3, notice_channel_id=NOTICE_CHANNEL, purchase_log_channel_id=LOG_CHANNEL
        )
        self.shop = Shop(Settings(path=directory / "config.toml", language="en", store=store), lambda: None)
        self.tasks = TaskRegistry()
        self.channels = {NOTICE_CHANNEL: Channel(), LOG_CHANNEL: Channel()}
        self.notices = self.shop.notices = AdminNotifier(
            self.shop,
            store,
            self.tasks,
            self.channels.__getitem__,  # type: ignore[arg-type]
        )

    @property
    def notice(self) -> Channel:
        """The notice channel."""
        return self.channels[NOTICE_CHANNEL]

    @property
    def log(self) -> Channel:
        """The purchase log."""
        return self.channels[LOG_CHANNEL]

    async def furnish(self, pieces: int) -> None:
        """Add a product with stock, and a member with a balance."""
        await self.shop.open()
        await self.shop.read(products.add, "STEAM", "Steam `10`", 120, "", 1)
        await self.restock(pieces)
        member = await self.shop.read(accounts.register, 5, "Budi", 1)
        await self.shop.read(
            accounts.post_entry, member.id, 10**9, kind="deposit", reference="", actor="", key="money", now_ms=1
        )
        await self.notices._write_pending()  # the log starts here

    async def restock(self, pieces: int) -> None:
        """Add stock."""
        batch = str(random.random())
        lines = parse_stock(f"secret-{batch}-{number}" for number in range(pieces))
        await self.shop.read(stock.stage, batch, lines.items)
        await self.shop.read(stock.publish, batch, "STEAM", actor="admin", now_ms=1)

    async def buy(self, quantity: int = 1, *, noticed: bool = True) -> None:
        """Buy like a member, without a cooldown."""
        order = Order(random.getrandbits(60), 5, 1, quantity, 120, "en")
        receipt = await self.shop.run(purchases.buy, order, Limits(100, 0), self.shop.now_ms())
        if noticed:
            self.shop.purchased(receipt)

    async def end(self) -> None:
        """End this process."""
        await self.tasks.drain(5)
        await self.shop.close()


def lives(directory: Path, *stories: Callable[[Scene], Awaitable[None]]) -> None:
    """Provide a scene of the same shop for each simulated process."""

    async def all_of_them() -> None:
        for story in stories:
            scene = Scene(directory)
            try:
                await story(scene)
            finally:
                await scene.end()

    asyncio.run(all_of_them())


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "GATHER_S", 0.01)


def test_each_purchase_is_logged_in_order_without_its_items(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.furnish(200)
        for _ in range(70):
            await scene.buy(2)
        await scene.log.until(lambda log: len(log.lines) >= 70)
        assert scene.log.lines == [
            f"🧾 #{number:06d} · `Budi` · 2 × `Steam '10'` · 2 DL 40 WL" for number in range(1, 71)
        ]
        assert "secret" not in "".join(scene.log.messages)

    lives(tmp_path, story)


def test_simultaneous_notices_are_one_message(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.furnish(100)
        await asyncio.gather(*(scene.buy() for _ in range(20)))
        await scene.log.until(lambda log: len(log.lines) >= 20)
        assert len(scene.log.messages) <= 3

    lives(tmp_path, story)


def test_new_log_starts_with_the_next_purchase(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.furnish(100)
        await scene.buy(noticed=False)
        other_channel = 99
        assert await scene.shop.read(list_unlogged_purchases, other_channel, 10) == []
        await scene.buy(noticed=False)
        assert [one.id for one in await scene.shop.read(list_unlogged_purchases, other_channel, 10)] == [2]

    lives(tmp_path, story)


@pytest.mark.parametrize("refusal", [discord.Forbidden, discord.NotFound])
def test_forbidden_channel_is_logged_once_and_loses_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, refusal: type[discord.HTTPException]
) -> None:
    async def refused(scene: Scene) -> None:
        await scene.furnish(100)
        scene.log.refusal = refusal
        for _ in range(3):
            await scene.buy()
            await scene.notices._write_pending()
        assert scene.log.messages == []
        health = scene.notices.health()
        assert not health["purchase_log"]["is_healthy"]
        assert "purchase_log_channel_id" in health["purchase_log"]["last_error"]
        assert health["notice_channel"]["is_healthy"]

    async def recover(scene: Scene) -> None:
        await scene.notices._write_pending()
        assert len(scene.log.lines) == 3
        await scene.notices._write_pending()
        assert len(scene.log.lines) == 3
        assert scene.notices.health()["purchase_log"]["is_healthy"]

    with caplog.at_level(logging.ERROR):
        lives(tmp_path, refused, recover)
    assert len([one for one in caplog.records if "purchase_log_channel_id" in one.getMessage()]) == 1


def test_low_stock_is_reported_once_until_restocked(tmp_path: Path) -> None:
    async def first(scene: Scene) -> None:
        await scene.furnish(5)
        await scene.buy()
        await scene.log.until(lambda log: len(log.lines) == 1)
        assert scene.notice.messages == [], "4 are not few"
        scene.notice.refusal = discord.Forbidden
        await scene.buy(2)
        await scene.notice.until(lambda channel: channel.changed.is_set())

    async def second(scene: Scene) -> None:
        await scene.notices._write_pending()
        assert scene.notice.lines == ["🟡 `Steam '10'` (`STEAM`) is running low: 2 left. Restock it with `addstock`."]
        await scene.buy(2)
        await scene.log.until(lambda log: len(log.lines) >= 1)
        await scene.notices._write_pending()
        assert len(scene.notice.lines) == 1, "it is the same shortage"
        await scene.restock(10)
        await scene.notices._write_pending()
        await scene.buy(10)
        await scene.notice.until(lambda channel: len(channel.lines) == 2)
        assert "is sold out" in scene.notice.lines[1]

    lives(tmp_path, first, second)


def test_new_product_is_not_reported_as_low_stock(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.furnish(0)
        await scene.notices._write_pending()
        assert scene.notice.messages == []

    lives(tmp_path, story)


def test_notices_with_one_key_are_throttled(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.shop.open()
        for _ in range(5):
            scene.shop.notify("again and again", "key")
        scene.shop.notify("something else")
        await scene.notice.until(lambda channel: "something else" in channel.lines)
        assert scene.notice.lines == ["again and again", "something else"]

    lives(tmp_path, story)


def test_number_of_notice_keys_is_limited_over_time() -> None:
    repeats = NotificationThrottle()
    told = [repeats.allow(f"matter {number}", 100.0) for number in range(50)]
    assert told == [True] * notices.MAX_MATTERS + [False] * (50 - notices.MAX_MATTERS)
    assert not repeats.allow("matter 0", 100.0 + notices.QUIET_S - 1)
    assert repeats.allow("matter 0", 100.0 + notices.QUIET_S)


def test_draining_bot_writes_nothing_and_the_next_process_continues(tmp_path: Path) -> None:
    async def draining(scene: Scene) -> None:
        await scene.furnish(100)
        await scene.tasks.drain(1)
        await scene.buy()
        await asyncio.sleep(0.05)
        assert scene.log.messages == []

    async def after(scene: Scene) -> None:
        scene.notices.start()
        await scene.log.until(lambda log: len(log.lines) == 1)

    lives(tmp_path, draining, after)


def test_notice_of_a_quiesced_bot_is_written_by_the_next_process(tmp_path: Path) -> None:
    async def quiesced(scene: Scene) -> None:
        await scene.furnish(100)
        await scene.tasks.quiesce(1)
        scene.shop.notify("refused")
        await asyncio.sleep(0.05)
        assert scene.notice.messages == []

    async def after(scene: Scene) -> None:
        scene.notices.start()
        await scene.notice.until(lambda channel: channel.lines == ["refused"])

    lives(tmp_path, quiesced, after)
