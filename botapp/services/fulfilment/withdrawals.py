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
from botapp.ui.formatting import number, quoted

log = logging.getLogger(__name__)


class Closed(Exception):
    """Somebody cannot be reached by direct message now."""


class WithdrawalDelivery:
    """Hands withdrawals over. What was not handed over stays written down, and is tried again by the next life."""

    def __init__(self, bot: BotContext, shop: ShopContext) -> None:
        self._bot = bot
        self._shop = shop

    async def can_reach(self, who: discord.User | discord.Member, code: str, pieces: int) -> bool:
        """Announce items by direct message; return whether that was possible. Nobody can tell it otherwise."""
        facts = {"pieces": number(pieces), "code": quoted(code)}
        try:
            await who.send(_("📤 You take %(pieces)s out of %(code)s; they follow as a file.") % facts)
        except discord.Forbidden:
            return False
        return True

    async def by_message(self, who: discord.abc.Messageable, handful: WithdrawalBatch) -> None:
        """Send items by direct message, and note that. Raises Closed when they could not be sent."""
        facts = {"pieces": number(len(handful.items)), "code": quoted(handful.code)}
        text = _("📤 %(pieces)s out of %(code)s:") % facts
        try:
            # with the same nonce Discord sends the same message once, also if the answer to the first try was lost
            await who.send(text, file=self.file_of(handful), nonce=str(handful.withdrawal.at_ms))
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning(_("cannot hand %s over by direct message; it is kept"), quoted(handful.code))
            raise Closed from error
        await self.note(handful)

    async def note(self, handful: WithdrawalBatch) -> None:
        """Note that items are in their admin's hands."""
        try:
            await self._shop.read(withdrawals.done, handful.withdrawal)
        except Unavailable as error:
            log.warning(_("items were handed over, and may be once more: %s"), error)

    async def hand_over_pending(self) -> None:
        """Hand over what an earlier life took out of stock and may not have handed over."""
        try:
            left = await self._shop.read(withdrawals.pending)
        except Unavailable as error:
            log.warning(_("cannot tell what an earlier life has not handed over: %s"), error)
            return
        for handful in left:
            with speaking(handful.withdrawal.language):
                try:
                    await self.by_message(await self._bot.fetch_user(handful.withdrawal.user_id), handful)
                except (Closed, discord.HTTPException, aiohttp.ClientError, OSError):
                    log.warning(_("%s waits to be handed over to an admin"), quoted(handful.code))

    def file_of(self, handful: WithdrawalBatch) -> discord.File:
        """Return the items as a file, one a line."""
        text = "".join(f"{item}\n" for item in handful.items)
        return discord.File(io.BytesIO(text.encode()), f"stock-{handful.withdrawal.at_ms}.txt")
