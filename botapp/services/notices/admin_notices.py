"""Notices for admins in their channels: events, low stock, and each purchase.

They stay in the database until they are sent, so a deleted channel, a drain or a crash loses none.
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

#: how long notices are collected before they are sent, in seconds
GATHER_S: Final = 1.0
#: time between two attempts to send what is pending, in seconds
POLL_INTERVAL_S: Final = 60.0
#: purchases per read
BATCH: Final = 30
#: time in which notices with the same key are sent once, in seconds
QUIET_S: Final = 600.0
#: maximum number of keys in that time
MAX_MATTERS: Final = 20


class NotificationThrottle:
    """Limits repeated notices, so that no one can make the bot flood a channel. Pure."""

    def __init__(self) -> None:
        self._sent_at_s: dict[str, float] = {}

    def allow(self, key: str, now_s: float) -> bool:
        """Return whether a notice with `key` may be sent now, and record it if so."""
        self._sent_at_s = {sent: at_s for sent, at_s in self._sent_at_s.items() if now_s - at_s < QUIET_S}
        if key in self._sent_at_s or len(self._sent_at_s) >= MAX_MATTERS:
            return False
        self._sent_at_s[key] = now_s
        return True


class AdminNotifier:
    """Writes to the notice channel and to the purchase log, if they are configured."""

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
        """Start writing what is pending. Call it once."""
        if self._channel is not None or self._purchases is not None:
            self._tasks.repeat(_("notices"), POLL_INTERVAL_S, self._write_pending)

    def notify(self, text: str, key: str = "") -> None:
        """Queue `text` for admins; of notices with the same `key` only the first one in QUIET_S."""
        if self._channel is None or (key and not self._throttle.allow(key, time.monotonic())):
            return
        self._new = [*self._new, text][-notices.MAX_PENDING :]
        self.write_soon()

    def write_soon(self) -> None:
        """Write what is pending; several calls in a row cause one write."""
        if self._soon is None and (self._channel is not None or self._purchases is not None):
            self._soon = asyncio.get_running_loop().call_later(GATHER_S, self._write_now)

    def health(self) -> dict[str, Any]:
        """Return the health of the configured channels."""
        parts = {"notice_channel": self._channel, "purchase_log": self._purchases}
        return {name: part.health() for name, part in parts.items() if part is not None}

    def _write_now(self) -> None:
        self._soon = None
        if not self._tasks.is_draining:
            self._tasks.spawn(_("notices"), self._write_pending())

    async def _write_pending(self) -> None:
        # all admins read it, so it uses the language of the process
        async with self._lock:
            with of_process():
                await self._write()

    async def _write(self) -> None:
        for write in (self._write_notices, self._write_purchases):
            try:
                while await write():
                    continue
            except Unavailable as error:
                log.debug("notices: cannot read what is pending: %s", error)
            except CannotWrite as error:
                log.debug("notices: nothing written: %s", error)

    async def _write_notices(self) -> bool:
        """Write one message of notices; return whether there were any. When quiesced, store the new ones only."""
        if self._channel is None:
            return False
        new, self._new = self._new, []
        try:
            texts = await self._shop.read(notices.collect_pending, new, self._low_stock, low_stock_text)
        except Unavailable:
            self._new = [*new, *self._new]
            raise
        if not texts or self._tasks.is_quiesced:
            return False  # the next process writes what is in the database
        count = await self._channel.write(texts)
        await self._shop.read(notices.remove_sent, count)
        return True

    async def _write_purchases(self) -> bool:
        """Write one message of purchases; return whether there were any."""
        if self._purchases is None or self._tasks.is_quiesced:
            return False
        channel_id = self._purchases.channel_id
        purchases = await self._shop.read(notices.list_unlogged_purchases, channel_id, BATCH)
        if not purchases:
            return False
        count = await self._purchases.write([self._purchase_line(purchase) for purchase in purchases])
        await self._shop.read(notices.mark_logged, channel_id, purchases[count - 1].id)
        return True

    def _purchase_line(self, purchase: Purchase) -> str:
        params = {
            "order": order_number(purchase.id),
            "handle": quote(purchase.handle),
            "count": format_number(purchase.quantity),
            "product": quote(purchase.product_name[:100]),
            "total": format_amount(purchase.total, self._shop.units),
        }
        return _("🧾 %(order)s · %(handle)s · %(count)s × %(product)s · %(total)s") % params


def low_stock_text(product: Product) -> str:
    """Return the notice about a product with low stock."""
    params = {"name": quote(product.name[:100]), "code": quote(product.code), "count": format_number(product.stock)}
    if not product.stock:
        return _("🔴 %(name)s (%(code)s) is sold out. Restock it with `addstock`.") % params
    return _("🟡 %(name)s (%(code)s) is running low: %(count)s left. Restock it with `addstock`.") % params


def _channel_log(
    messageable: Callable[[int], discord.PartialMessageable], channel_id: int, key: str
) -> ChannelLog | None:
    return ChannelLog(messageable, channel_id, key) if channel_id else None
