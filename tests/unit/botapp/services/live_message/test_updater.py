"""How often the live message is updated."""

from __future__ import annotations

import asyncio
from typing import cast

from botapp.config.settings import Store
from botapp.runtime.tasks import TaskRegistry
from botapp.services.live_message.message import LiveMessage
from botapp.services.live_message.updater import LiveMessageUpdater
from botapp.store.domain.records import Product
from botapp.ui.live.render import RenderedMessage


class Shown:
    """A live message that only records what it shows."""

    channel_id, language, message_id, key = 1, "", 1, (1, "")

    def __init__(self) -> None:
        self.edits: list[RenderedMessage] = []

    async def show(self, rendered: RenderedMessage) -> bool:
        self.edits.append(rendered)
        return True


def test_many_changes_cause_few_edits() -> None:
    """Failure 11: 71 rate-limit answers on the live message in four minutes."""
    shown, left = Shown(), 1000

    async def products() -> tuple[Product, ...]:
        return (Product(1, "A", "A", 1, "", left),)

    async def live() -> None:
        nonlocal left
        tasks = TaskRegistry()
        front = LiveMessageUpdater(tasks, Store(), products, edit_interval_s=0.05)
        front.place([cast(LiveMessage, shown)])
        front.refresh_soon()
        await asyncio.sleep(0)
        assert not tasks.pending, "no refresh before it serves"
        front.start()
        await asyncio.sleep(0)
        while left:
            left -= 1
            front.refresh_soon()
        while not shown.edits or "🔴" not in shown.edits[-1].fields[0][0]:
            await asyncio.sleep(0.01)
        await tasks.drain(1.0)

    asyncio.run(live())
    assert len(shown.edits) <= 3
