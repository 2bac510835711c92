"""Admin commands about members' money."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import discord
from discord.ext import commands

from botapp.cogs.base import DEFAULT_ROWS, MAX_ROWS, Ctx, InvalidCommand, ShopCog, admin_command, rows
from botapp.locale import N_, _, choose, speaking
from botapp.store.domain import refusals
from botapp.store.domain.records import Account, Entry, Purchase, order_number
from botapp.store.usecases import accounts, deliveries, purchases
from botapp.ui.admin import shop_texts as admin_texts
from botapp.ui.admin.parsing import parse_order_id
from botapp.ui.formatting import format_amount, format_price, quote

if TYPE_CHECKING:
    from sqlalchemy import Connection


class BalancesCog(ShopCog):
    """Who has how much, and why."""

    title = N_("Balances")

    @admin_command(
        "addbal",
        N_("Add money to a member's balance"),
        "Budi 150",
        handle=N_("The name that the member has registered"),
        amount=N_("How much: 150, or with units"),
        unit=N_("The unit, where the amount is a number alone"),
    )
    async def addbal(self, ctx: Ctx, handle: str, amount: str, *, unit: str = "") -> None:
        """Add to a balance."""
        worth = self.amount(f"{amount} {unit}".strip())
        await self._adjust(ctx, handle, worth, add=True)

    @admin_command(
        "removebal",
        N_("Take money from a member's balance, after a question"),
        "Budi 150",
        handle=N_("The name that the member has registered"),
        amount=N_("How much: 150, or with units"),
        unit=N_("The unit, where the amount is a number alone"),
    )
    async def removebal(self, ctx: Ctx, handle: str, amount: str, *, unit: str = "") -> None:
        """Take from a balance."""
        worth = self.amount(f"{amount} {unit}".strip())
        found = await self.shop.read(accounts.get_by_handle, handle)
        if worth > found.balance:
            raise refusals.InsufficientBalance(worth, found.balance)
        facts = {
            "amount": format_price(worth, self.shop.units),
            "handle": quote(found.handle),
            "balance": format_price(found.balance, self.shop.units),
        }
        what = _("⚠️ Take %(amount)s from %(handle)s, who has %(balance)s?") % facts
        if await self.agreed(ctx, what, _("Take it")):
            await self._adjust(ctx, handle, worth, add=False)

    @admin_command(
        "checkbal",
        N_("Show a member's balance"),
        "Budi",
        handle=N_("The name that the member has registered"),
    )
    async def checkbal(self, ctx: Ctx, handle: str) -> None:
        """Show a balance."""
        found, user_id = await self.shop.read(_read_account, handle)
        await self.say(ctx, admin_texts.balance_line(found, self.shop.units, user_id))

    @admin_command(
        "resetuser",
        N_("Take a member's whole balance away, after a question"),
        "Budi",
        handle=N_("The name that the member has registered"),
    )
    async def resetuser(self, ctx: Ctx, handle: str) -> None:
        """Empty a balance."""
        found = await self.shop.read(accounts.get_by_handle, handle)
        facts = {"handle": quote(found.handle), "balance": format_price(found.balance, self.shop.units)}
        if not found.balance:
            await self.say(ctx, _("%s has nothing; nothing was done.") % quote(found.handle))
        elif await self.agreed(ctx, _("⚠️ Take all of %(handle)s's %(balance)s away?") % facts, _("Take all")):
            before = await self.act(
                ctx,
                lambda gone: f"{gone.handle} {gone.balance}" if gone.balance else None,
                accounts.reset_balance,
                found.handle,
                actor=str(ctx.author.id),
                key=_idempotency_key(ctx),
                now_ms=self.shop.now_ms(),
            )
            facts = {"handle": quote(before.handle), "balance": format_price(before.balance, self.shop.units)}
            await self.say(
                ctx, _("✅ %(handle)s has nothing now; it was %(balance)s. Account and history stay.") % facts
            )

    @admin_command(
        "trxhistory",
        N_("Show the last changes of a member's balance"),
        "Budi 20",
        handle=N_("The name that the member has registered"),
        count=N_("How many, the newest first"),
    )
    async def trxhistory(self, ctx: Ctx, handle: str, count: commands.Range[int, 1, MAX_ROWS] = DEFAULT_ROWS) -> None:
        """Show the ledger of one account."""
        found, entries = await self.shop.read(_read_entries, handle, count)
        facts = {"handle": quote(found.handle), "balance": format_price(found.balance, self.shop.units)}
        lines = [admin_texts.entry_line(one, self.shop.units) for one in entries]
        title = _("📒 %(handle)s has %(balance)s:") % facts
        await self.say(ctx, rows(lines, title, _("%s has no entries yet.") % quote(found.handle)))

    @admin_command(
        "refund",
        N_("Give the money of an order back, after a question"),
        "#000123",
        order=N_("The number of the order, such as #000123"),
    )
    async def refund(self, ctx: Ctx, order: str) -> None:
        """Give money back."""
        number = parse_order_id(order)
        if number is None:
            raise InvalidCommand(_("%s is no number of an order.") % quote(order[:30]))
        found = await self.shop.read(purchases.get, number)
        if found.status == "refunded":
            raise refusals.AlreadyRefunded(number)
        what = _("⚠️ Give the money of this order back? %s") % admin_texts.purchase_line(found, self.shop.units)
        if not await self.agreed(ctx, what, _("Give it back")):
            return
        actor, now_ms = str(ctx.author.id), self.shop.now_ms()
        detail = f"{order_number(number)} {found.handle} {found.total}"
        done, balance = await self.act(ctx, detail, purchases.refund, number, actor=actor, now_ms=now_ms)
        told = await self._notify_buyer(done, balance)
        facts = {
            "order": order_number(number),
            "handle": quote(done.handle),
            "total": format_price(done.total, self.shop.units),
            "balance": format_price(balance, self.shop.units),
        }
        text = _("✅ Order %(order)s was refunded: %(handle)s got %(total)s back and has %(balance)s.") % facts
        hint = _("The buyer was told.") if told else _("The buyer takes no direct messages, so please tell him.")
        await self.say(ctx, f"{text}\n{hint}")

    async def _adjust(self, ctx: Ctx, handle: str, worth: int, *, add: bool) -> None:
        account, done = await self.act(
            ctx,
            lambda result: f"{result[0].handle} {worth}" if result[1] else None,
            accounts.adjust_balance,
            handle,
            worth,
            add=add,
            actor=str(ctx.author.id),
            key=_idempotency_key(ctx),
            now_ms=self.shop.now_ms(),
        )
        facts = {
            "handle": quote(account.handle),
            "amount": format_amount(worth, self.shop.units),
            "balance": format_price(account.balance, self.shop.units),
        }
        if not done:
            await self.say(ctx, _("This was done before; nothing was done now. %(handle)s has %(balance)s.") % facts)
        elif add:
            await self.say(ctx, _("✅ %(handle)s got %(amount)s and has %(balance)s.") % facts)
        else:
            await self.say(ctx, _("✅ %(amount)s were taken from %(handle)s, who has %(balance)s now.") % facts)

    async def _notify_buyer(self, done: Purchase, balance: int) -> bool:
        """Tell a buyer of a refund, in the language of the purchase; return whether that was possible."""
        language = await self.shop.read(deliveries.get_language, done.id)
        with speaking(choose(language)):
            facts = {
                "order": order_number(done.id),
                "total": format_price(done.total, self.shop.units),
                "balance": format_price(balance, self.shop.units),
            }
            text = _("💸 Your order %(order)s was refunded: you got %(total)s back and have %(balance)s.") % facts
            try:
                user = self.bot.get_user(done.user_id) or await self.bot.fetch_user(done.user_id)
                await user.send(text)
            except (discord.HTTPException, aiohttp.ClientError, OSError):
                return False
        return True


def _idempotency_key(ctx: Ctx) -> str:
    """Return what names this command, so that it is never carried out twice: its message or interaction."""
    return f"admin:{ctx.message.id}"


def _read_account(connection: Connection, handle: str) -> tuple[Account, int | None]:
    found = accounts.get_by_handle(connection, handle)
    return found, accounts.get_user_id(connection, found.id)


def _read_entries(connection: Connection, handle: str, limit: int) -> tuple[Account, list[Entry]]:
    found = accounts.get_by_handle(connection, handle)
    return found, accounts.list_entries(connection, found.id, limit)
