"""What members see of the shop, kept true: one live message, rendered from one snapshot, whenever something changes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from botapp import locale
from botapp.config.settings import Store
from botapp.locale import _
from botapp.runtime.tasks import TaskRegistry
from botapp.services.live_message.message import CannotShow, LiveMessage
from botapp.store.db.errors import Unavailable
from botapp.store.domain.records import Product
from botapp.ui.buttons.live_buttons import LiveButtonManager
from botapp.ui.live import health as health_link
from botapp.ui.live.health import HealthReport, LiveHealth, Visibility, Which
from botapp.ui.live.render import Snapshot, render
from botapp.ui.views.live_stock_view import LiveStockManager

log = logging.getLogger(__name__)

#: time between two looks at the database when nothing is known to have changed, in seconds
POLL_INTERVAL_S: Final = 30.0
#: how long closing the live message may take, in seconds
CLOSE_TIMEOUT_S: Final = 5.0


class LiveMessageUpdater:
    """Looks at the stock, decides by `health_link` what may be shown, and brings the live message up to date."""

    def __init__(
        self,
        tasks: TaskRegistry,
        store: Store,
        read_products: Callable[[], Awaitable[tuple[Product, ...]]],
        live_messages: Sequence[LiveMessage],
        *,
        edit_interval_s: float = 2.0,
        probe_buttons: Callable[[], str | None] = lambda: None,
        on_health: Callable[[], None] = lambda: None,
        on_error: Callable[[LiveHealth], None] = lambda health: None,
    ) -> None:
        """
        Args:
            store: how this shop is set up.
            read_products: may raise Unavailable.
            live_messages: the first is that of the channel that is chosen; none while there is none.
            edit_interval_s: shortest time between two edits, in seconds.
            probe_buttons: says why buttons do not work; None: they do.
            on_health: called when health has changed.
            on_error: called after each error.
        """
        self.products: tuple[Product, ...] = ()
        #: what is known between live stock and live buttons
        self.link = LiveHealth(since_s=time.time())
        self.livestock = LiveStockManager(on_report=self._on_livestock_report)
        self.buttons = LiveButtonManager(on_report=self._on_buttons_report)
        self.livestock.set_listener(self.buttons.on_livestock_status_change)
        self.buttons.set_listener(self.livestock.on_button_status_change)
        self._tasks = tasks
        self._store = store
        self._read_products = read_products
        self._live_messages = list(live_messages)
        self._edit_interval_s = edit_interval_s
        self._probe_buttons = probe_buttons
        self._on_health = on_health
        self._on_error = on_error
        self._closed = False
        self._started = False
        self._lock = asyncio.Lock()
        self._edited_at_s = float("-inf")
        #: a look that is due already or will be
        self._due: asyncio.TimerHandle | None = None
        self._retry: asyncio.TimerHandle | None = None
        #: what the live stock's next report is about
        self._about: Which = "livestock"

    @property
    def channel_id(self) -> int | None:
        """The channel of the first live message; None: there is none."""
        return self._live_messages[0].channel_id if self._live_messages else None

    @property
    def message_id(self) -> int | None:
        """Id of the first live message, if there is one."""
        return self._live_messages[0].message_id if self._live_messages else None

    @property
    def keys(self) -> set[tuple[int, str]]:
        """Channels and languages that live messages belong into."""
        return {one.key for one in self._live_messages}

    def may_serve(self) -> bool:
        """Tell whether a click may be served now: to be asked before every operation."""
        return health_link.can_serve(self.link)

    def health(self) -> dict[str, Any]:
        """Return what members see and since when, errors of the last hour and the last recoveries, for `status`."""
        recoveries = [
            {"state": one.mode.value, "at": round(one.ended_s, 1), "lasted_s": round(one.ended_s - one.began_s, 1)}
            for one in self.link.recoveries
        ]
        return {
            "state": self.link.mode.value,
            "since": round(self.link.since_s, 1),
            "errors_last_hour": health_link.count_errors(self.link, time.time()),
            "recoveries": recoveries,
        }

    async def replace_first(self, live_message: LiveMessage) -> None:
        """Show `live_message` in place of the first, at once. Raises CannotShow; it is tried again then."""
        async with self._lock:
            others = [one for one in self._live_messages if one.language]
            self._live_messages = [live_message, *others]
            try:
                await self._show()
            except CannotShow as error:
                await self._report_livestock(str(error), about="edit")
                raise

    def start(self) -> None:
        """Keep the live message true from now on. To be called once, when messages can be sent and stock be read."""
        self._started = True
        self._tasks.repeat(_("live message"), POLL_INTERVAL_S, self._refresh)

    def refresh_soon(self) -> None:
        """Bring the live message up to date, as soon as it may be edited; many calls in a row make one look.

        Before `start` that is left to it.
        """
        if self._started and self._due is None and not self._tasks.is_draining:
            loop = asyncio.get_running_loop()
            with locale.of_process():  # whoever caused this, everybody reads it
                self._due = loop.call_at(max(loop.time(), self._edited_at_s + self._edit_interval_s), self._refresh_now)

    def message_deleted(self, message_id: int) -> None:
        """A message is gone: if it was a live message, post it again."""
        for one in self._live_messages:
            if one.message_id == message_id:
                one.forget()
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

    def reset(self) -> None:
        """Begin anew: forget errors. Done before the end of a life, when both managers are."""
        self.livestock.reset()
        self.buttons.reset()
        self.link = LiveHealth(since_s=time.time())

    def _refresh_now(self) -> None:
        self._due = None
        if not self._tasks.is_draining:
            self._tasks.spawn(_("live message"), self._refresh())

    async def _refresh(self) -> None:
        """See how stock and buttons are, and bring the live message up to date."""
        async with self._lock:
            if self._due is not None:
                self._due.cancel()
                self._due = None
            problem = self._probe_buttons()
            await self.buttons.report(problem is None, problem)
            error = await self._probe_stock()
            # an edit that was refused is mended by one that is taken, not by a look at the stock
            if error is None and self.link.edit_error is not None:
                self._step(HealthReport("livestock", is_healthy=True))
            else:
                await self._report_livestock(error)
            await self._show_or_report()

    async def _probe_stock(self) -> str | None:
        """Read the products and try whether they can be shown; return what is wrong."""
        try:
            products = await self._read_products()
        except Unavailable:
            return _("Database connection failed")  # why, its own health says
        try:
            render(self._snapshot(products, Visibility(stock=True, buttons=True)))
        except Exception:  # no product that cannot be shown is to keep an old price in sight
            log.exception(_("the live message cannot be rendered"))
            return _("the live message cannot be rendered; the bot's log says why")
        self.products = products
        return None

    async def _show_or_report(self) -> None:
        try:
            await self._show()
        except CannotShow as error:
            await self._report_livestock(str(error), about="edit")
            return
        if self.link.edit_error is not None:
            self._step(HealthReport("edit", is_healthy=True))
            if self.link.livestock_error is None:
                await self._report_livestock(None)
            # it was rendered while nothing was known of the recovery
            self.refresh_soon()

    async def _show(self) -> None:
        """Show what is to be seen now, in every live message that can be. Raises CannotShow: one could not."""
        snapshot = self._snapshot(self.products, health_link.decide_visibility(self.link))
        problems = []
        for one in self._live_messages:
            with locale.speaking(one.language) if one.language else locale.of_process():
                rendered = render(snapshot)
            try:
                if await one.show(rendered):
                    self._edited_at_s = asyncio.get_running_loop().time()
            except CannotShow as error:
                problems.append(str(error))
        if problems:
            raise CannotShow("; ".join(problems))

    def _snapshot(self, products: tuple[Product, ...], seen: Visibility) -> Snapshot:
        at_ms = int(time.time() * 1000)
        link, store = self.link, self._store
        return Snapshot(products, seen, link.mode, link.since_s, store.currency, store.low_stock, at_ms, self._closed)

    async def _report_livestock(self, error: str | None, *, about: Which = "livestock") -> None:
        self._about = about
        try:
            await self.livestock.report(error is None, error)
        finally:
            self._about = "livestock"

    def _on_livestock_report(self, is_healthy: bool, error: str | None) -> None:
        self._step(HealthReport(self._about, is_healthy, error))

    def _on_buttons_report(self, is_healthy: bool, error: str | None) -> None:
        self._step(HealthReport("buttons", is_healthy, error))

    def _step(self, event: HealthReport | None) -> None:
        """Let the link know, and follow what comes of it."""
        before, now_s = self.link, time.time()
        self.link = health_link.step(before, event, now_s)
        if (before.mode, before.all_healthy) != (self.link.mode, self.link.all_healthy):
            self._on_health()
            self.refresh_soon()
        if event is not None and not event.is_healthy:
            self._on_error(self.link)
        wait_s = health_link.next_check_s(self.link, now_s)
        if wait_s is not None and self._retry is None and not self._tasks.is_draining:
            self._retry = asyncio.get_running_loop().call_later(wait_s, self._retry_now)

    def _retry_now(self) -> None:
        self._retry = None
        self._step(None)
        self.refresh_soon()
