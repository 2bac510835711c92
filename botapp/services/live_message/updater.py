"""Keep the live message up to date: render it from one snapshot whenever something changes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
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
from botapp.ui.live import reposts
from botapp.ui.live.health import HealthReport, LiveHealth, Visibility, Which
from botapp.ui.live.render import Snapshot, render
from botapp.ui.views.live_stock_view import LiveStockManager

log = logging.getLogger(__name__)

#: time between two polls of the database without a known change, in seconds
POLL_INTERVAL_S: Final = 30.0
#: time limit for closing the live message, in seconds
CLOSE_TIMEOUT_S: Final = 5.0
#: time limit for a cancelled update to end, in seconds
ABANDON_TIMEOUT_S: Final = 1.0


class LiveMessageUpdater:
    """Reads the stock, decides by `LiveHealth` what may be shown, and updates the live message."""

    def __init__(
        self,
        tasks: TaskRegistry,
        store: Store,
        read_products: Callable[[], Awaitable[tuple[Product, ...]]],
        *,
        edit_interval_s: float = 2.0,
        probe_buttons: Callable[[], HealthReport] = lambda: HealthReport("buttons", is_healthy=True),
        on_health: Callable[[], None] = lambda: None,
        on_error: Callable[[LiveHealth], None] = lambda health: None,
    ) -> None:
        """
        Args:
            store: settings of the shop.
            read_products: may raise Unavailable.
            edit_interval_s: minimum time between two edits, in seconds.
            probe_buttons: reports whether clicks can be answered: `buttons`, or `gateway` if Discord is the cause.
            on_health: called when the health has changed.
            on_error: called after each error.
        """
        self.products: tuple[Product, ...] = ()
        #: combined health of stock and buttons
        self.link = LiveHealth(since_s=time.time())
        self.livestock = LiveStockManager(on_report=self._on_livestock_report)
        self.buttons = LiveButtonManager(on_report=self._on_buttons_report)
        self.livestock.set_listener(self.buttons.on_livestock_status_change)
        self.buttons.set_listener(self.livestock.on_button_status_change)
        self._tasks = tasks
        self._store = store
        self._read_products = read_products
        self._live_messages: list[LiveMessage] = []
        self._edit_interval_s = edit_interval_s
        self._probe_buttons = probe_buttons
        self._on_health = on_health
        self._on_error = on_error
        self._closed = False
        self._started = False
        self._lock = asyncio.Lock()
        #: the task that updates now
        self._updating: asyncio.Task[Any] | None = None
        self._edited_at_s = float("-inf")
        #: recent deletions of a live message by others, in seconds of the event loop's clock
        self._deletions_s: tuple[float, ...] = ()
        #: timer of the next refresh
        self._due: asyncio.TimerHandle | None = None
        self._retry: asyncio.TimerHandle | None = None
        #: what the next report of the live stock and of the buttons is about
        self._about: Which = "livestock"
        self._buttons_report_is_about: Which = "buttons"

    @property
    def channel_id(self) -> int | None:
        """The channel of the first live message, or None."""
        return self._live_messages[0].channel_id if self._live_messages else None

    @property
    def message_id(self) -> int | None:
        """Id of the first live message, or None."""
        return self._live_messages[0].message_id if self._live_messages else None

    @property
    def keys(self) -> set[tuple[int, str]]:
        """Channels and languages of the live messages."""
        return {message.key for message in self._live_messages}

    def may_serve(self) -> bool:
        """Return whether a click may be handled now; check it before every operation."""
        return health_link.can_serve(self.link)

    def health(self) -> dict[str, Any]:
        """Return what members see and since when, the errors of the last hour and the last recoveries, for `status`.

        Members see what Discord has accepted: `outdated` is an earlier state, because the last edit failed.
        """
        state, problem = self._seen_by_members()
        recoveries = [
            {
                "state": recovery.mode.value,
                "at": round(recovery.ended_s, 1),
                "lasted_s": round(recovery.ended_s - recovery.began_s, 1),
            }
            for recovery in self.link.recoveries
        ]
        return {
            "state": state,
            "is_healthy": problem is None,
            "last_error": problem,
            # neither the choice of a channel nor Discord's refusal is repaired by a restart
            "external": problem is not None,
            "since": round(health_link.seen_since_s(self.link), 1),
            "errors_last_hour": health_link.count_errors(self.link, time.time()),
            "recoveries": recoveries,
        }

    def _seen_by_members(self) -> tuple[str, str | None]:
        """Return the code of what members see, and why it is not the current state; None if it is."""
        if not self._live_messages:
            return "no_channel", _("no channel is chosen; use /setup in the shop's channel")
        if self.link.edit_error is None:
            return self.link.mode.value, None
        is_posted = all(message.message_id is not None for message in self._live_messages)
        return ("outdated" if is_posted else "not_shown"), self.link.edit_error

    async def replace_first(self, live_message: LiveMessage) -> None:
        """Replace the first live message, and show it now. Raises CannotShow; it is retried then."""
        async with self._lock:
            others = [message for message in self._live_messages if message.language]
            self._live_messages = [live_message, *others]
            try:
                await self._show()
            except CannotShow as error:
                await self._report_livestock(str(error), about="edit")
                raise
            self.link = health_link.show_elsewhere(self.link, time.time())

    def place(self, live_messages: Sequence[LiveMessage]) -> None:
        """Show these live messages; the first one belongs to the chosen channel. Without any, no channel is chosen."""
        self._live_messages = list(live_messages)

    def start(self) -> None:
        """Keep the live message up to date from now on. Call it once, when Discord and the database are usable."""
        self._started = True
        self._tasks.repeat(_("live message"), POLL_INTERVAL_S, self._refresh)

    def refresh_soon(self) -> None:
        """Update the live message as soon as it may be edited; several calls in a row cause one update.

        Does nothing before `start`, which updates it.
        """
        if self._started and self._due is None and not self._tasks.is_quiesced:
            loop = asyncio.get_running_loop()
            with locale.of_process():  # all members read it, so it uses the language of the process
                self._due = loop.call_at(max(loop.time(), self._edited_at_s + self._edit_interval_s), self._refresh_now)

    def message_deleted(self, message_id: int) -> None:
        """Post a live message again after it was deleted."""
        for message in self._live_messages:
            if message.message_id == message_id:
                message.forget()
                now_s = asyncio.get_running_loop().time()
                self._deletions_s = (*reposts.keep_recent(self._deletions_s, now_s), now_s)
                self.refresh_soon()

    def channels_changed(self, channel_ids: Collection[int]) -> None:
        """Look for the live messages of these channels again: a channel was deleted, or the bot was removed from it."""
        for message in self._live_messages:
            if message.channel_id in channel_ids:
                message.locate_again()
        self.refresh_soon()

    async def close(self) -> None:
        """Show that the shop is closed, with disabled buttons. Failures are logged."""
        self._closed = True
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S), self._lock:
                await self._show()
        except CannotShow as error:
            log.warning(_("live message: cannot show that the shop is closed: %s"), error)
        except TimeoutError:
            log.warning(_("live message: cannot show that the shop is closed: %s"), _("Discord did not answer in time"))

    def reopen(self) -> None:
        """Show that the shop is open again."""
        self._closed = False
        self.refresh_soon()

    async def abandon_update(self) -> None:
        """Cancel an update that is still in progress: another process shows the live messages from now on."""
        if self._lock.locked() and self._updating is not None and not self._updating.done():
            self._updating.cancel()
            await asyncio.wait({self._updating}, timeout=ABANDON_TIMEOUT_S)

    def reset(self) -> None:
        """Forget all errors, here and in both managers. Part of the clean-up before a restart."""
        self.livestock.reset()
        self.buttons.reset()
        self.link = LiveHealth(since_s=time.time())

    def _refresh_now(self) -> None:
        self._due = None
        if not self._tasks.is_quiesced:
            self._tasks.spawn(_("live message"), self._refresh())

    async def _refresh(self) -> None:
        """Check stock and buttons, and update the live message."""
        async with self._lock:
            self._updating = asyncio.current_task()
            if self._due is not None:
                self._due.cancel()
                self._due = None
            probed = self._probe_buttons()
            self._buttons_report_is_about = probed.which
            await self.buttons.report(probed.is_healthy, probed.error)
            error = await self._probe_stock()
            # only a successful edit repairs a failed edit, not a successful read of the stock
            if error is None and self.link.edit_error is not None:
                self._step(HealthReport("livestock", is_healthy=True))
            else:
                await self._report_livestock(error)
            await self._show_or_report()

    async def _probe_stock(self) -> str | None:
        """Read the products and render them once; return the problem, if there is one."""
        try:
            products = await self._read_products()
        except Unavailable:
            return _("Database connection failed")  # the health of the database has the reason
        try:
            render(self._snapshot(products, Visibility(stock=True, buttons=True)))
        except Exception:  # a product that cannot be rendered must not keep an old price visible
            log.exception(_("live message: cannot render it"))
            return _("cannot render the live message; the reason is in the bot's log")
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
            # it was rendered before the recovery was known
            self.refresh_soon()

    async def _show(self) -> None:
        """Show the current state in every live message. Raises CannotShow if one of them fails."""
        snapshot = self._snapshot(self.products, health_link.decide_visibility(self.link))
        problems = []
        for message in self._live_messages:
            with locale.speaking(message.language) if message.language else locale.of_process():
                rendered = render(snapshot)
            try:
                if message.message_id is None:
                    self._require_repost()
                if await message.show(rendered):
                    self._edited_at_s = asyncio.get_running_loop().time()
            except CannotShow as error:
                problems.append(str(error))
        if problems:
            raise CannotShow("; ".join(problems))

    def _require_repost(self) -> None:
        """Raise CannotShow if a live message that something keeps deleting is to be posted again later."""
        now_s = asyncio.get_running_loop().time()
        next_s = reposts.next_post_s(self._deletions_s)
        if next_s is not None and now_s < next_s:
            text = _(
                "the live message was deleted %(count)d times within %(window)d minutes; find out who or which bot "
                "deletes it; it is posted again after a growing pause"
            )
            raise CannotShow(text % {"count": len(self._deletions_s), "window": round(reposts.WINDOW_S / 60)})

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
        self._step(HealthReport(self._buttons_report_is_about, is_healthy, error))

    def _step(self, event: HealthReport | None) -> None:
        """Apply an event to the combined health, and act on the result."""
        before, now_s = self.link, time.time()
        self.link = health_link.step(before, event, now_s)
        if (before.mode, before.all_healthy) != (self.link.mode, self.link.all_healthy):
            self._on_health()
            self.refresh_soon()
        if event is not None and not event.is_healthy:
            self._on_error(self.link)
        wait_s = health_link.next_check_s(self.link, now_s)
        if wait_s is not None and self._retry is None and not self._tasks.is_quiesced:
            self._retry = asyncio.get_running_loop().call_later(wait_s, self._retry_now)

    def _retry_now(self) -> None:
        self._retry = None
        self._step(None)
        self.refresh_soon()
