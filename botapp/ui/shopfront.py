"""What members see of the shop, kept true: products, live message, and the health of both managers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from botapp import locale
from botapp.background import Background
from botapp.config import Store
from botapp.locale import _
from botapp.store.records import Product
from botapp.store.unavailable import Unavailable
from botapp.ui.buttons.live_buttons import LiveButtonManager
from botapp.ui.health_link import retry_delay_s, shown
from botapp.ui.live_message import CannotShow, LiveMessage
from botapp.ui.render import Snapshot, render
from botapp.ui.views.live_stock_view import LiveStockManager

log = logging.getLogger(__name__)

#: time between two looks at the database, in seconds
LOOK_INTERVAL_S: Final = 30.0
#: least time between two looks after changes, in seconds: Discord takes about 3 edits of a message in 6 s
LOOK_PAUSE_S: Final = 2.0
#: how long closing the live message may take, in seconds
CLOSE_TIMEOUT_S: Final = 5.0


class Shopfront:
    """Renders the live message from one snapshot whenever something it depends on has changed."""

    def __init__(
        self,
        background: Background,
        store: Store,
        read_products: Callable[[], Awaitable[tuple[Product, ...]]],
        live_message: LiveMessage | None,
        on_health: Callable[[], None] = lambda: None,
    ) -> None:
        """`store` is how this shop is set up; `read_products` may raise Unavailable.

        `live_message` is None while no channel is chosen.
        `on_health` is called when health has changed.
        """
        self.products: tuple[Product, ...] = ()
        self.livestock = LiveStockManager(on_change=self._status_changed)
        self.buttons = LiveButtonManager(on_change=self._status_changed)
        self.livestock.set_listener(self.buttons.on_livestock_status_change)
        self.buttons.set_listener(self.livestock.on_button_status_change)
        self._background = background
        self._store = store
        self._on_health = on_health
        self._read_products = read_products
        self._live_message = live_message
        self._closed = False
        self._lock = asyncio.Lock()
        self._queued = False
        self._failures = 0
        self._retry: asyncio.TimerHandle | None = None
        self._next_look: asyncio.TimerHandle | None = None
        self._looking: asyncio.Task[None] | None = None
        self._last_look_s = 0.0
        # a message that could not be shown is no reason to show less in the next try
        self._posting_failed = False

    @property
    def channel_id(self) -> int | None:
        """The channel that is chosen for the live message; None: none is."""
        return self._live_message.channel_id if self._live_message else None

    @property
    def message_id(self) -> int | None:
        """Id of the live message, if there is one."""
        return self._live_message.message_id if self._live_message else None

    async def move(self, live_message: LiveMessage) -> None:
        """Show `live_message` from now on, at once. Raises CannotShow; it is tried again then."""
        async with self._lock:
            self._live_message = live_message
            try:
                await self._show()
            except CannotShow as error:
                self._posting_failed = True
                await self.livestock._update_status(False, str(error))
                raise

    def serve(self) -> None:
        """Keep the live message true from now on. To be called once, when messages can be sent."""
        self._background.every(_("live message"), LOOK_INTERVAL_S, self._look)

    def refresh_soon(self) -> None:
        """Bring the live message up to date; several calls in a row make one edit."""
        if self._queued or self._background.draining:
            return
        self._queued = True
        with locale.of_process():  # whoever caused this, everybody reads it
            self._background.spawn(_("live message"), self._refresh())

    def look_soon(self) -> None:
        """Look what has changed, or been mended; many calls make one look, and edits stay within Discord's limits."""
        if self._next_look is None and not self._background.draining:
            loop = asyncio.get_running_loop()
            with locale.of_process():
                self._next_look = loop.call_at(self._last_look_s + LOOK_PAUSE_S, self._look_now)

    def _look_now(self) -> None:
        self._next_look = None
        if self._looking is not None and not self._looking.done():
            self._last_look_s = asyncio.get_running_loop().time()
            self.look_soon()  # the one under way may have read too early
        elif not self._background.draining:
            self._last_look_s = asyncio.get_running_loop().time()
            self._looking = self._background.spawn(_("live message"), self._look())

    def message_deleted(self) -> None:
        """The live message is gone: post it again."""
        if self._live_message is not None:
            self._live_message.forget()
            self.refresh_soon()

    async def close(self) -> None:
        """Show that the shop is closed, with the buttons off. What goes wrong is logged."""
        self._closed = True
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S), self._lock:
                await self._show()
        except CannotShow as error:
            log.warning(_("cannot show that the shop is closed: %s"), error)
        except TimeoutError:
            log.warning(_("cannot show that the shop is closed: %s"), _("Discord did not answer in time"))

    def reopen(self) -> None:
        """Show an open shop again."""
        self._closed = False
        self.refresh_soon()

    def _status_changed(self) -> None:
        self._on_health()
        self.refresh_soon()
        if not (self.livestock.is_healthy() and self.buttons.is_healthy()):
            self._look_again()

    def _look_again(self) -> None:
        """Give what is broken another chance, later each time it stays broken."""
        if self._retry is None:
            self._failures += 1
            self._retry = asyncio.get_running_loop().call_later(retry_delay_s(self._failures), self._retry_now)

    def _retry_now(self) -> None:
        self._retry = None
        self.look_soon()

    async def _look(self) -> None:
        """See how stock and buttons are, and bring the live message up to date."""
        try:
            self.products = await self._read_products()
        except Unavailable as error:
            await self.livestock._update_status(False, str(error))
        else:
            if not self._posting_failed:
                await self.livestock._update_status(True)
        await self.buttons._update_status(True)
        await self._refresh()

    async def _refresh(self) -> None:
        async with self._lock:
            self._queued = False
            try:
                await self._show()
            except CannotShow as error:
                self._posting_failed = True
                await self.livestock._update_status(False, str(error))
            else:
                if self._posting_failed:
                    self._posting_failed = False
                    await self.livestock._update_status(True)
        if self.livestock.is_healthy() and self.buttons.is_healthy():
            self._failures = 0
        else:
            self._look_again()

    async def _show(self) -> None:
        if self._live_message is None:
            return
        stock_healthy = self.livestock.is_healthy() or self._posting_failed
        seen = shown(stock_healthy, self.buttons.is_healthy())
        at_ms = int(time.time() * 1000)
        snapshot = Snapshot(self.products, seen, self._store.currency, self._store.low_stock, at_ms, self._closed)
        await self._live_message.show(render(snapshot))
