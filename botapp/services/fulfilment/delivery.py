"""Deliver purchased items by direct message, with retries, but not twice.

A purchase queues its delivery in the transaction that charges the member, so nothing is lost whenever the bot ends. A
message carries the order number as its nonce, so Discord rejects a duplicate within minutes. A later attempt first
searches the direct messages.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Final

import discord
from sqlalchemy import Connection

from botapp import locale
from botapp.locale import _
from botapp.runtime.context import BotContext, ShopContext
from botapp.services.fulfilment.package import Package, order_heading, pack
from botapp.store.db.errors import Unavailable
from botapp.store.domain.records import Delivery, DeliveryState, Purchase, order_number
from botapp.store.usecases import deliveries, purchases

log = logging.getLogger(__name__)

#: time between two polls of the outbox, in seconds
POLL_INTERVAL_S: Final = 15.0
#: tolerated clock difference, in ms, and how many messages of a buyer are searched for an order
_CLOCK_SLACK_MS: Final = 10 * 60_000
_SEARCHED_MESSAGES: Final = 1000
_DISCORD_EPOCH_MS: Final = 1420070400000
#: the member accepts no direct messages; or bot and member share no server any more
_CLOSED_CODES: Final = (50007, 50278)


class Outcome(Enum):
    """The result of a delivery attempt."""

    #: delivered by direct message
    SENT = "sent"
    #: shown to the member only, as an ephemeral message
    SHOWN = "shown"
    #: the member accepts no direct messages
    CLOSED = "closed"
    #: failed; retried later
    LATER = "later"


class DeliveryService:
    """Delivers purchases, immediately and from the outbox."""

    def __init__(self, shop: ShopContext, client: BotContext) -> None:
        self._shop = shop
        self._client = client
        #: purchases that their own interaction is delivering now
        self._delivering: set[int] = set()
        self._expects_unfinished = True

    @contextmanager
    def delivering(self, purchase_id: int) -> Iterator[None]:
        """Reserve a delivery for this block, so that `poll` leaves it alone."""
        self._delivering.add(purchase_id)
        try:
            yield
        finally:
            self._delivering.discard(purchase_id)

    async def send(self, purchase: Purchase, items: tuple[str, ...]) -> Outcome:
        """Send the items by direct message, in the current language. Failures are logged and stay in the outbox."""
        package = pack(purchase, items)
        with locale.of_process():
            try:
                channel = await self._client.create_dm(discord.Object(purchase.user_id))
                message_id = await _send(channel, package)
            except discord.HTTPException as error:
                return _outcome_of_error(purchase.id, error)
            await self._record_outcome(purchase.id, Outcome.SENT, message_id)
            return Outcome.SENT

    async def mark_shown(self, purchase_id: int) -> None:
        """Record that the items were shown to the member."""
        await self._record_outcome(purchase_id, Outcome.SHOWN, None)

    def expect_unfinished(self) -> None:
        """Make the next poll take all pending deliveries: the processes that made them have ended."""
        self._expects_unfinished = True

    async def poll(self) -> None:
        """Deliver what is due."""
        horizon_ms = purchases.FIRST_CHECK_MS if self._expects_unfinished else 0
        try:
            due = await self._shop.read(deliveries.list_due, self._shop.now_ms() + horizon_ms)
            self._expects_unfinished = False
            for delivery in due:
                if delivery.purchase_id not in self._delivering and not self._client.tasks.is_quiesced:
                    with self.delivering(delivery.purchase_id):
                        await self._retry(delivery)
        except Unavailable:
            return  # the health of the database and the live message report it; the next poll retries

    async def _retry(self, delivery: Delivery) -> None:
        if not await self._shop.run(deliveries.begin_attempt, delivery, self._shop.now_ms()):
            if delivery.attempts >= deliveries.MAX_ATTEMPTS:
                self._report_failure(delivery)
            return
        purchase, items = await self._shop.read(_read_purchase, delivery.purchase_id)
        try:
            message_id = await self._find_message(purchase)
        except discord.HTTPException as error:
            # do not send without this search: it could be the second time
            log.warning(_("order %(order)s: not delivered yet, retrying: %(why)s"), _log_params(purchase.id, error))
            return
        if message_id is not None:
            await self._record_outcome(purchase.id, Outcome.SENT, message_id)
        else:
            with locale.speaking(delivery.language):
                await self.send(purchase, items)

    async def _find_message(self, purchase: Purchase) -> int | None:
        """Return the id of the message that has already delivered the items, or None."""
        channel = await self._client.create_dm(discord.Object(purchase.user_id))
        since: discord.Object | None = None
        if purchase.at_ms <= self._shop.now_ms() + _CLOCK_SLACK_MS:
            since = discord.Object(max(0, purchase.at_ms - _CLOCK_SLACK_MS - _DISCORD_EPOCH_MS) << 22)
        # without `since` the newest messages are searched: the clock was ahead when the order was made
        me = self._client.user
        async for message in channel.history(limit=_SEARCHED_MESSAGES, after=since):
            if me is not None and message.author.id == me.id and message.content.startswith(order_heading(purchase.id)):
                return message.id
        return None

    def _report_failure(self, delivery: Delivery) -> None:
        params = {"order": order_number(delivery.purchase_id), "user": delivery.user_id, "times": delivery.attempts}
        text = _("order %(order)s: cannot deliver to user %(user)d, gave up after %(times)d attempts")
        log.error(text, params)
        remedy = _("Ask them to click History, which shows the items again, or refund the order: `refund`.")
        self._shop.notify(f"📭 {text % params} (<@{delivery.user_id}>). {remedy}")

    async def _record_outcome(self, purchase_id: int, outcome: Outcome, message_id: int | None) -> None:
        state: DeliveryState = "sent" if outcome is Outcome.SENT else "shown"
        try:
            await self._shop.run(deliveries.finish, purchase_id, state, message_id)
        except Unavailable as error:
            # the next attempt finds the message in the direct messages
            log.warning(_("order %(order)s: delivered, but cannot record it: %(why)s"), _log_params(purchase_id, error))


async def _send(channel: discord.DMChannel, package: Package) -> int:
    message = await channel.send(package.text, files=package.files(), nonce=f"order-{package.number.removeprefix('#')}")
    return message.id


def _read_purchase(connection: Connection, purchase_id: int) -> tuple[Purchase, tuple[str, ...]]:
    return purchases.get(connection, purchase_id), purchases.list_items(connection, purchase_id)


def _outcome_of_error(purchase_id: int, error: discord.HTTPException) -> Outcome:
    if error.code in _CLOSED_CODES:
        log.info(_("order %(order)s: %(why)s"), _log_params(purchase_id, _("the buyer accepts no direct messages")))
        return Outcome.CLOSED
    log.warning(_("order %(order)s: not delivered yet, retrying: %(why)s"), _log_params(purchase_id, error))
    return Outcome.LATER


def _log_params(purchase_id: int, why: object) -> dict[str, object]:
    return {"order": order_number(purchase_id), "why": why}
