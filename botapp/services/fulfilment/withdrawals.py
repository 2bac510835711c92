"""Deliver withdrawn stock to the admin by direct message, with retries."""

from __future__ import annotations

import logging

import discord

from botapp.locale import _, speaking
from botapp.runtime.context import BotContext, ShopContext
from botapp.services.fulfilment.package import text_attachment
from botapp.store.db.errors import Unavailable
from botapp.store.usecases import withdrawals
from botapp.store.usecases.withdrawals import WithdrawalBatch
from botapp.ui.formatting import format_number, quote

log = logging.getLogger(__name__)


class Unreachable(Exception):
    """The admin cannot be reached by direct message now."""


class WithdrawalDelivery:
    """Delivers withdrawals. A failed one stays recorded, and the next process retries it."""

    def __init__(self, bot: BotContext, shop: ShopContext) -> None:
        self._bot = bot
        self._shop = shop

    async def announce(self, who: discord.User | discord.Member, code: str, count: int) -> discord.Message | None:
        """Announce items by direct message; return the message. None: the admin accepts none, as only this shows."""
        params = {"count": format_number(count), "code": quote(code)}
        try:
            return await who.send(_("📤 Items out of %(code)s: %(count)s. They follow as a file.") % params)
        except discord.Forbidden:
            return None

    async def take_back(self, announcement: discord.Message) -> None:
        """Delete the announcement of items that were not taken out. A failure is logged."""
        try:
            await announcement.delete()
        except discord.HTTPException as error:
            log.warning(_("withdrawal: nothing was taken out, but its announcement is still there: %s"), error)

    async def send(self, who: discord.abc.Messageable, batch: WithdrawalBatch) -> None:
        """Send items by direct message, and record that. Raises Unreachable if it fails."""
        params = {"count": format_number(len(batch.items)), "code": quote(batch.code)}
        text = _("📤 Items out of %(code)s: %(count)s") % params
        try:
            # Discord rejects a second message with the same nonce, in case the first response was lost
            await who.send(text, file=self.as_file(batch), nonce=str(batch.withdrawal.at_ms))
        except discord.HTTPException as error:
            log.warning(_("withdrawal: cannot send %s by direct message; the items are kept"), quote(batch.code))
            raise Unreachable from error
        await self.mark_delivered(batch)

    async def mark_delivered(self, batch: WithdrawalBatch) -> None:
        """Record that the admin has received the items."""
        try:
            await self._shop.read(withdrawals.mark_delivered, batch.withdrawal)
        except Unavailable as error:
            log.warning(_("withdrawal: delivered, but cannot record it, so it may be delivered again: %s"), error)

    async def deliver_pending(self) -> None:
        """Deliver withdrawals that may not have been delivered before the restart."""
        try:
            left = await self._shop.read(withdrawals.list_pending)
        except Unavailable as error:
            log.warning(_("withdrawal: cannot read pending withdrawals: %s"), error)
            return
        for batch in left:
            with speaking(batch.withdrawal.language):
                try:
                    await self.send(await self._bot.fetch_user(batch.withdrawal.user_id), batch)
                except (Unreachable, discord.HTTPException):
                    log.warning(_("withdrawal: %s is still to be delivered to an admin"), quote(batch.code))

    def as_file(self, batch: WithdrawalBatch) -> discord.File:
        """Return the items as a file, one per line."""
        text = "".join(f"{item}\n" for item in batch.items)
        return text_attachment(text, f"stock-{batch.withdrawal.at_ms}.txt")
