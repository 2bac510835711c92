"""What is said about deposits from outside: to the member whose it is, and to admins where one was refused."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import aiohttp
import discord

from botapp.locale import _
from botapp.runtime.context import BotContext, ShopContext
from botapp.runtime.tasks import NotAccepting
from botapp.store.domain.records import Deposit
from botapp.store.domain.rules import normalize_key
from botapp.store.usecases.deposits import DepositResult
from botapp.ui.formatting import format_amount, quote

log = logging.getLogger(__name__)


class DepositNotifier:
    """Tells what became of deposits. What cannot be told is logged; the books have it anyway."""

    def __init__(self, bot: BotContext, shop: ShopContext) -> None:
        self._bot = bot
        self._shop = shop

    def notify(self, taken: Sequence[DepositResult], message: discord.Message | None = None) -> None:
        """Have everybody told whom it concerns, soon. `message` is the one that reported it, if it was one."""
        new = [one for one in taken if not one.is_repeat]
        if not new:
            return
        for one in new:
            self._notify_admins(one.deposit, message)
        try:
            self._bot.tasks.spawn(_("deposits"), self._notify_members(new, message))
        except NotAccepting:
            log.info(_("booked while the bot was about to restart, so its member was not told: %s"), _deposit_keys(new))

    def _notify_admins(self, deposit: Deposit, message: discord.Message | None) -> None:
        facts = {"handle": deposit.handle, "key": deposit.key, "source": deposit.source}
        if not deposit.refusal:
            log.info(_("deposit %(key)s booked for %(handle)s"), facts)
            return
        by = message.author if message is not None else None
        log.warning(
            _("deposit %(key)s for %(handle)s refused: %(why)s"), {**facts, "why": refusal_text(deposit.refusal)}
        )
        text = _("🚫 Deposit refused: %(why)s. Name: %(handle)s, by %(by)s. `deposits` lists all of them.") % {
            "why": refusal_text(deposit.refusal),
            "handle": quote(deposit.handle or "–"),
            "by": f"{quote(str(by))} ({by.id})" if by is not None else deposit.source,
        }
        if message is not None:
            text = f"{text}\n{message.jump_url}"
        whose = str(by.id) if by is not None and deposit.refusal == "forged" else normalize_key(deposit.handle)
        self._shop.notify(text, f"deposit:{deposit.refusal}:{whose}")

    async def _notify_members(self, taken: Sequence[DepositResult], message: discord.Message | None) -> None:
        for one in taken:
            if one.user_id is not None:
                await self._send_to(one.user_id, self._booked_text(one))
        if (
            message is not None
            and message.webhook_id is not None
            and all(one.deposit.refusal != "forged" for one in taken)
        ):
            await self._add_reaction(message, all(not one.deposit.refusal for one in taken))

    def _booked_text(self, taken: DepositResult) -> str:
        units = self._shop.units
        facts = {
            "amount": format_amount(taken.deposit.amount or 0, units),
            "balance": format_amount(taken.balance or 0, units),
        }
        return _("💰 Your deposit of %(amount)s has arrived. Balance: %(balance)s.") % facts

    async def _send_to(self, user_id: int, text: str) -> None:
        try:
            user = await self._bot.fetch_user(user_id)
            await user.send(text)
        except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info(
                _("user %(user)d cannot be told about a deposit: %(problem)s"), {"user": user_id, "problem": error}
            )

    async def _add_reaction(self, message: discord.Message, booked: bool) -> None:
        """Show at the message what became of it. That is not needed, and so is the permission for it."""
        try:
            await message.add_reaction("✅" if booked else "❌")
        except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.debug("cannot mark the message of a deposit: %s", error)


def refusal_text(refusal: str) -> str:
    """Say why a deposit was refused, in the language in use. Pure."""
    known = {
        "forged": _("not by an allowed webhook"),
        "unreadable": _("the message of an allowed webhook cannot be read as a deposit"),
        "amount": _("the amount is not above zero, or more than a balance can be"),
        "handle": _("nobody is registered with this name"),
    }
    return known.get(refusal, refusal)


def _deposit_keys(taken: Sequence[DepositResult]) -> str:
    return ", ".join(one.deposit.key for one in taken)
