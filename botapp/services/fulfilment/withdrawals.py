"""Stock that an admin took out, on its way to the admin: by direct message, and again until it has arrived."""

from __future__ import annotations

import io
import logging

import aiohttp
import discord

from botapp.locale import _, speaking
from botapp.runtime.context import BotContext, ShopContext
from botapp.store.db.errors import Unavailable
from botapp.store.usecases import withdrawals
from botapp.store.usecases.withdrawals import WithdrawalBatch
from botapp.ui.formatting import format_number, quote

log = logging.getLogger(__name__)


class Unreachable(Exception):
    """Somebody cannot be reached by direct message now."""


class WithdrawalDelivery:
    """Hands withdrawals over. What was not handed over stays written down, and is tried again by the next life."""

    def __init__(self, bot: BotContext, shop: ShopContext) -> None:
        self._bot = bot
        self._shop = shop

    async def announce(self, who: discord.User | discord.Member, code: str, pieces: int) -> bool:
        """Announce items by direct message; return whether that was possible. Nobody can tell it otherwise."""
        facts = {"pieces": format_number(pieces), "code": quote(code)}
        try:
            await who.send(_("📤 You take %(pieces)s out of %(code)s; they follow as a file.") % facts)
        except discord.Forbidden:
            return False
        return True

    async def send(self, who: discord.abc.Messageable, batch: WithdrawalBatch) -> None:
        """Send items by direct message, and note that. Raises Unreachable when they could not be sent."""
        facts = {"pieces": format_number(len(batch.items)), "code": quote(batch.code)}
        text = _("📤 %(pieces)s out of %(code)s:") % facts
        try:
            # with the same nonce Discord sends the same message once, also if the answer to the first try was lost
            await who.send(text, file=self.as_file(batch), nonce=str(batch.withdrawal.at_ms))
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning(_("cannot hand %s over by direct message; it is kept"), quote(batch.code))
            raise Unreachable from error
        await self.mark_delivered(batch)

    async def mark_delivered(self, batch: WithdrawalBatch) -> None:
        """Note that items are in their admin's hands."""
        try:
            await self._shop.read(withdrawals.mark_delivered, batch.withdrawal)
        except Unavailable as error:
            log.warning(_("items were handed over, and may be once more: %s"), error)

    async def deliver_pending(self) -> None:
        """Hand over what an earlier life took out of stock and may not have handed over."""
        try:
            left = await self._shop.read(withdrawals.list_pending)
        except Unavailable as error:
            log.warning(_("cannot tell what an earlier life has not handed over: %s"), error)
            return
        for batch in left:
            with speaking(batch.withdrawal.language):
                try:
                    await self.send(await self._bot.fetch_user(batch.withdrawal.user_id), batch)
                except (Unreachable, discord.HTTPException, aiohttp.ClientError, OSError):
                    log.warning(_("%s waits to be handed over to an admin"), quote(batch.code))

    def as_file(self, batch: WithdrawalBatch) -> discord.File:
        """Return the items as a file, one a line."""
        text = "".join(f"{item}\n" for item in batch.items)
        return discord.File(io.BytesIO(text.encode()), f"stock-{batch.withdrawal.at_ms}.txt")
