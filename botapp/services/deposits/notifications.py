"""Notifications about deposits: to the member of an accepted one, and to admins about a refused one."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import discord

from botapp.locale import _
from botapp.runtime.context import BotContext, ShopContext
from botapp.runtime.tasks import NotAccepting
from botapp.store.domain.identity import normalize_key
from botapp.store.domain.records import Deposit
from botapp.store.usecases.deposits import DepositResult
from botapp.ui.formatting import format_amount, quote

log = logging.getLogger(__name__)


class DepositNotifier:
    """Notifies members and admins about deposits. Failures are logged; the database has every deposit anyway."""

    def __init__(self, bot: BotContext, shop: ShopContext) -> None:
        self._bot = bot
        self._shop = shop

    def notify(self, results: Sequence[DepositResult], message: discord.Message | None = None) -> None:
        """Notify members and admins soon. `message` is the Discord message that reported the deposits, if any."""
        new = [result for result in results if not result.is_repeat]
        if not new:
            return
        for result in new:
            self._notify_admins(result.deposit, message)
        try:
            self._bot.tasks.spawn(_("deposits"), self._notify_members(new, message))
        except NotAccepting:
            log.info(
                _("deposit: booked while the bot was about to restart, member not notified: %s"), _deposit_keys(new)
            )

    def _notify_admins(self, deposit: Deposit, message: discord.Message | None) -> None:
        params = {"handle": deposit.handle, "key": deposit.key, "source": deposit.source}
        if not deposit.refusal:
            log.info(_("deposit %(key)s: booked for %(handle)s"), params)
            return
        by = message.author if message is not None else None
        log.warning(
            _("deposit %(key)s: refused for %(handle)s: %(why)s"), {**params, "why": refusal_text(deposit.refusal)}
        )
        text = _("🚫 Deposit refused: %(why)s. Name: %(handle)s, by %(by)s. `deposits` lists all deposits.") % {
            "why": refusal_text(deposit.refusal),
            "handle": quote(deposit.handle or "–"),
            "by": f"{quote(str(by))} ({by.id})" if by is not None else deposit.source,
        }
        if message is not None:
            text = f"{text}\n{message.jump_url}"
        whose = str(by.id) if by is not None and deposit.refusal == "forged" else normalize_key(deposit.handle)
        self._shop.notify(text, f"deposit:{deposit.refusal}:{whose}")

    async def _notify_members(self, results: Sequence[DepositResult], message: discord.Message | None) -> None:
        for result in results:
            if result.user_id is not None:
                await self._send_to(result.user_id, self._booked_text(result))
        if (
            message is not None
            and message.webhook_id is not None
            and all(result.deposit.refusal != "forged" for result in results)
        ):
            await self._add_reaction(message, all(not result.deposit.refusal for result in results))

    def _booked_text(self, result: DepositResult) -> str:
        units = self._shop.units
        params = {
            "amount": format_amount(result.deposit.amount or 0, units),
            "balance": format_amount(result.balance or 0, units),
        }
        return _("💰 Your deposit of %(amount)s has arrived. Balance: %(balance)s.") % params

    async def _send_to(self, user_id: int, text: str) -> None:
        try:
            user = await self._bot.fetch_user(user_id)
            await user.send(text)
        except discord.HTTPException as error:
            log.info(_("deposit: cannot notify user %(user)d: %(problem)s"), {"user": user_id, "problem": error})

    async def _add_reaction(self, message: discord.Message, booked: bool) -> None:
        """Show the result as a reaction. It is optional, and so is the permission for it."""
        try:
            await message.add_reaction("✅" if booked else "❌")
        except discord.HTTPException as error:
            log.debug("deposit: cannot add a reaction: %s", error)


def refusal_text(refusal: str) -> str:
    """Return why a deposit was refused, in the current language. Pure."""
    texts = {
        "forged": _("not sent by an allowed webhook"),
        "unreadable": _("the message of an allowed webhook cannot be read as a deposit"),
        "amount": _("the amount is not a whole number, not above zero, or above the largest balance"),
        "handle": _("no member is registered with this name"),
        "released": _("a member gave up this name less than 30 days ago; ask them whose money it is"),
    }
    return texts.get(refusal, refusal)


def _deposit_keys(results: Sequence[DepositResult]) -> str:
    return ", ".join(result.deposit.key for result in results)
