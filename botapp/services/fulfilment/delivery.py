"""Bringing goods to who bought them: by direct message, and again until they have arrived, but not twice.

A purchase owes its goods in the transaction that takes the money, so nothing is lost whenever the bot ends. What was
sent carries the order's number as its nonce, by which Discord refuses to send it again within minutes; whoever tries
later looks into the direct messages first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Final

import aiohttp
import discord
from sqlalchemy import Connection

from botapp import locale
from botapp.locale import _
from botapp.runtime.context import BotContext, ShopContext
from botapp.services.fulfilment.package import Package, order_heading, pack
from botapp.store.db.errors import Unavailable
from botapp.store.domain.records import Delivery as Owed
from botapp.store.domain.records import DeliveryState, Purchase, order_number
from botapp.store.usecases import deliveries, purchases

log = logging.getLogger(__name__)

#: time between two looks at what is owed, in seconds
POLL_INTERVAL_S: Final = 15.0
#: how far a clock may be off, in ms, and messages of one buyer that are looked through for an order
_CLOCK_SLACK_MS: Final = 10 * 60_000
_SEARCHED_MESSAGES: Final = 1000
_DISCORD_EPOCH_MS: Final = 1420070400000
#: no direct messages are taken; or there is no guild any more in which bot and member are both
_CLOSED_CODES: Final = (50007, 50278)


class Outcome(Enum):
    """What has become of goods."""

    #: they arrived by direct message
    SENT = "sent"
    #: the member alone has been shown them
    SHOWN = "shown"
    #: the member takes no direct messages
    CLOSED = "closed"
    #: it is tried again
    LATER = "later"


class DeliveryService:
    """Delivers what was bought, at once and later."""

    def __init__(self, shop: ShopContext, client: BotContext, is_draining: Callable[[], bool]) -> None:
        """`is_draining` tells whether nothing new is to be begun."""
        self._shop = shop
        self._client = client
        self._is_draining = is_draining
        #: purchases whose own click delivers them now
        self._delivering: set[int] = set()
        self._is_first_poll = True

    @contextmanager
    def delivering(self, purchase_id: int) -> Iterator[None]:
        """Deliver in this block; nobody else does meanwhile."""
        self._delivering.add(purchase_id)
        try:
            yield
        finally:
            self._delivering.discard(purchase_id)

    async def send(self, purchase: Purchase, items: tuple[str, ...]) -> Outcome:
        """Send the goods by direct message, in the language in use; what goes wrong is logged, and they stay owed."""
        what = pack(purchase, items)
        with locale.of_process():
            try:
                channel = await self._client.create_dm(discord.Object(purchase.user_id))
                message_id = await _send(channel, what)
            except discord.HTTPException as error:
                return _outcome_of_error(purchase.id, error)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                log.warning(_("order %(order)s is sent later: %(why)s"), _log_params(purchase.id, error))
                return Outcome.LATER
            await self._record_outcome(purchase.id, Outcome.SENT, message_id)
            return Outcome.SENT

    async def mark_shown(self, purchase_id: int) -> None:
        """Note that the member alone has been shown the goods."""
        await self._record_outcome(purchase_id, Outcome.SHOWN, None)

    async def poll(self) -> None:
        """Deliver what is owed and due. In a new life that is all that was not tried again yet: nobody else does."""
        horizon_ms = purchases.FIRST_CHECK_MS if self._is_first_poll else 0
        try:
            due = await self._shop.read(deliveries.list_due, self._shop.now_ms() + horizon_ms)
            self._is_first_poll = False
            for owed in due:
                if owed.purchase_id not in self._delivering and not self._is_draining():
                    with self.delivering(owed.purchase_id):
                        await self._retry(owed)
        except Unavailable:
            return  # health and the live message say so; the next look comes

    async def _retry(self, owed: Owed) -> None:
        if not await self._shop.run(deliveries.begin_attempt, owed.purchase_id, self._shop.now_ms()):
            if owed.attempts >= deliveries.MAX_ATTEMPTS:
                self._report_failure(owed)
            return
        purchase, items = await self._shop.read(_read_purchase, owed.purchase_id)
        try:
            found = await self._find_message(purchase)
        except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            # without having looked nothing is sent: it could be the second time
            log.warning(_("order %(order)s is sent later: %(why)s"), _log_params(purchase.id, error))
            return
        if found is not None:
            await self._record_outcome(purchase.id, Outcome.SENT, found)
        else:
            with locale.speaking(owed.language):
                await self.send(purchase, items)

    async def _find_message(self, purchase: Purchase) -> int | None:
        """Return the message that has brought these goods already, if there is one."""
        channel = await self._client.create_dm(discord.Object(purchase.user_id))
        since = discord.Object(max(0, purchase.at_ms - _CLOCK_SLACK_MS - _DISCORD_EPOCH_MS) << 22)
        me = self._client.user
        async for message in channel.history(limit=_SEARCHED_MESSAGES, after=since):
            if me is not None and message.author.id == me.id and message.content.startswith(order_heading(purchase.id)):
                return message.id
        return None

    def _report_failure(self, owed: Owed) -> None:
        facts = {"order": order_number(owed.purchase_id), "user": owed.user_id, "times": owed.attempts}
        text = _("The goods of order %(order)s could not be brought to user %(user)d in %(times)d attempts")
        log.error(text, facts)
        remedy = _("Ask them to click History, which shows the goods again, or give the money back: `refund`.")
        self._shop.notify(f"📭 {text % facts} (<@{owed.user_id}>). {remedy}")

    async def _record_outcome(self, purchase_id: int, outcome: Outcome, message_id: int | None) -> None:
        state: DeliveryState = "sent" if outcome is Outcome.SENT else "shown"
        try:
            await self._shop.run(deliveries.finish, purchase_id, state, message_id)
        except Unavailable as error:
            # it is found in the direct messages when it is due
            log.warning(
                _("order %(order)s has arrived, which could not be noted: %(why)s"), _log_params(purchase_id, error)
            )


async def _send(channel: discord.DMChannel, what: Package) -> int:
    message = await channel.send(what.text, files=what.files(), nonce=f"order-{what.number.removeprefix('#')}")
    return message.id


def _read_purchase(connection: Connection, purchase_id: int) -> tuple[Purchase, tuple[str, ...]]:
    return purchases.get(connection, purchase_id), purchases.list_items(connection, purchase_id)


def _outcome_of_error(purchase_id: int, error: discord.HTTPException) -> Outcome:
    if error.code in _CLOSED_CODES:
        log.info(_("order %(order)s: %(why)s"), _log_params(purchase_id, _("the buyer takes no direct messages")))
        return Outcome.CLOSED
    log.warning(_("order %(order)s is sent later: %(why)s"), _log_params(purchase_id, error))
    return Outcome.LATER


def _log_params(purchase_id: int, why: object) -> dict[str, object]:
    return {"order": order_number(purchase_id), "why": why}
