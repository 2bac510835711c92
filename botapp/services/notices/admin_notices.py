"""What admins are told in channels of theirs: notices, products that run low, and each purchase.

All of it stands in the books until it has been written: a channel that is gone, a drain or a crash loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final

import discord

from botapp.config.settings import Store
from botapp.locale import _, of_process
from botapp.runtime.context import ShopContext
from botapp.runtime.tasks import TaskRegistry
from botapp.services.notices.channel_log import CannotWrite, ChannelLog
from botapp.store.db.errors import Unavailable
from botapp.store.domain.records import Product, Purchase, order_number
from botapp.store.usecases import notices
from botapp.ui.formatting import format_amount, format_number, quote

log = logging.getLogger(__name__)

#: how long news are gathered before they are written, in seconds
GATHER_S: Final = 1.0
#: time between two looks at what could not be written, in seconds
POLL_INTERVAL_S: Final = 60.0
#: purchases that are read at a time
BATCH: Final = 30
#: what is told of one matter once in that time, in seconds
QUIET_S: Final = 600.0
#: matters that are told in that time at most
MAX_MATTERS: Final = 20


class NotificationThrottle:
    """What was told a moment ago, so that nobody can make the bot say the same again and again. Pure."""

    def __init__(self) -> None:
        self._sent_at_s: dict[str, float] = {}

    def allow(self, key: str, now_s: float) -> bool:
        """Tell whether something about the matter `key` is to be said now; then it counts as said."""
        self._sent_at_s = {known: at_s for known, at_s in self._sent_at_s.items() if now_s - at_s < QUIET_S}
        if key in self._sent_at_s or len(self._sent_at_s) >= MAX_MATTERS:
            return False
        self._sent_at_s[key] = now_s
        return True


class AdminNotifier:
    """Writes into the notice channel and the purchase log, where they are set."""

    def __init__(
        self,
        shop: ShopContext,
        store: Store,
        tasks: TaskRegistry,
        messageable: Callable[[int], discord.PartialMessageable],
    ) -> None:
        self._shop = shop
        self._low_stock = store.low_stock
        self._tasks = tasks
        self._channel = _channel_log(messageable, store.notice_channel_id, "notice_channel_id")
        self._purchases = _channel_log(messageable, store.purchase_log_channel_id, "purchase_log_channel_id")
        self._new: list[str] = []
        self._throttle = NotificationThrottle()
        self._lock = asyncio.Lock()
        self._soon: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Write what waits from now on. To be called once."""
        if self._channel is not None or self._purchases is not None:
            self._tasks.repeat(_("notices"), POLL_INTERVAL_S, self._write_pending)

    def notify(self, text: str, key: str = "") -> None:
        """Have `text` told to admins; of what has the same `key` only the first in a while."""
        if self._channel is None or (key and not self._throttle.allow(key, time.monotonic())):
            return
        self._new = [*self._new, text][-notices.MAX_PENDING :]
        self.write_soon()

    def write_soon(self) -> None:
        """Look what there is to write; several calls in a row are one look."""
        if self._soon is None and (self._channel is not None or self._purchases is not None):
            self._soon = asyncio.get_running_loop().call_later(GATHER_S, self._write_now)

    def health(self) -> dict[str, Any]:
        """Return how the channels are that are set."""
        parts = {"notice_channel": self._channel, "purchase_log": self._purchases}
        return {name: part.health() for name, part in parts.items() if part is not None}

    def _write_now(self) -> None:
        self._soon = None
        if not self._tasks.is_draining:  # what stands in the books, the next life writes
            self._tasks.spawn(_("notices"), self._write_pending())

    async def _write_pending(self) -> None:
        # whoever caused this, all admins read it
        async with self._lock:
            with of_process():
                await self._write()

    async def _write(self) -> None:
        for write in (self._write_notices, self._write_purchases):
            try:
                while await write():
                    if self._tasks.is_draining:
                        return
            except Unavailable as error:
                log.debug("cannot read what is to be written: %s", error)
            except CannotWrite as error:
                log.debug("nothing was written: %s", error)

    async def _write_notices(self) -> bool:
        """Write one message of notices; return whether there was one."""
        if self._channel is None:
            return False
        fresh, self._new = self._new, []
        try:
            texts = await self._shop.read(notices.collect_pending, fresh, self._low_stock, low_stock_text)
        except Unavailable:
            self._new = [*fresh, *self._new]
            raise
        if not texts:
            return False
        count = await self._channel.write(texts)
        await self._shop.read(notices.remove_sent, count)
        return True

    async def _write_purchases(self) -> bool:
        """Write one message of purchases; return whether there was one."""
        if self._purchases is None:
            return False
        channel_id = self._purchases.channel_id
        found = await self._shop.read(notices.list_unlogged_purchases, channel_id, BATCH)
        if not found:
            return False
        count = await self._purchases.write([self._purchase_line(one) for one in found])
        await self._shop.read(notices.mark_logged, channel_id, found[count - 1].id)
        return True

    def _purchase_line(self, purchase: Purchase) -> str:
        facts = {
            "order": order_number(purchase.id),
            "handle": quote(purchase.handle),
            "pieces": format_number(purchase.quantity),
            "product": quote(purchase.product_name[:100]),
            "total": format_amount(purchase.total, self._shop.units),
        }
        return _("🧾 %(order)s · %(handle)s · %(pieces)s × %(product)s · %(total)s") % facts


def low_stock_text(product: Product) -> str:
    """Say that a product runs low."""
    facts = {"name": quote(product.name[:100]), "code": quote(product.code), "pieces": format_number(product.stock)}
    if not product.stock:
        return _("🔴 %(name)s (%(code)s) is sold out. Restock it: `addstock`.") % facts
    return _("🟡 %(name)s (%(code)s) runs low: %(pieces)s left. Restock it: `addstock`.") % facts


def _channel_log(
    messageable: Callable[[int], discord.PartialMessageable], channel_id: int, key: str
) -> ChannelLog | None:
    return ChannelLog(messageable, channel_id, key) if channel_id else None
