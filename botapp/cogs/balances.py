"""Admin commands about members' money."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from botapp.cogs.base import DEFAULT_ROWS, MAX_ROWS, Ctx, InvalidCommand, ShopCog, admin_command, format_list
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
    """Balances and transactions."""

    title = N_("Balances")

    @admin_command(
        "addbal",
        N_("Add money to a member's balance"),
        "Budi 150",
        member=N_("A mention, a Discord ID, or the name they registered with"),
        amount=N_("The amount: 150, or with units"),
        unit=N_("The unit, if the amount is only a number"),
    )
    async def addbal(self, ctx: Ctx, member: str, amount: str, *, unit: str = "") -> None:
        """Add money to a balance."""
        worth = self.parse_amount(f"{amount} {unit}".strip())
        await self._adjust(ctx, member, worth, add=True)

    @admin_command(
        "removebal",
        N_("Take money from a member's balance (asks for confirmation)"),
        "Budi 150",
        member=N_("A mention, a Discord ID, or the name they registered with"),
        amount=N_("The amount: 150, or with units"),
        unit=N_("The unit, if the amount is only a number"),
    )
    async def removebal(self, ctx: Ctx, member: str, amount: str, *, unit: str = "") -> None:
        """Take money from a balance."""
        worth = self.parse_amount(f"{amount} {unit}".strip())
        account = await self.shop.read(accounts.find, member)
        if worth > account.balance:
            raise refusals.InsufficientBalance(worth, account.balance)
        params = {
            "amount": format_price(worth, self.shop.units),
            "member": quote(account.handle),
            "balance": format_price(account.balance, self.shop.units),
        }
        what = _("⚠️ Take %(amount)s from %(member)s? The balance is %(balance)s.") % params
        if await self.confirm(ctx, what, _("Take it")):
            await self._adjust(ctx, member, worth, add=False)

    @admin_command(
        "checkbal",
        N_("Show a member's balance"),
        "Budi",
        member=N_("A mention, a Discord ID, or the name they registered with"),
    )
    async def checkbal(self, ctx: Ctx, member: str) -> None:
        """Show a balance."""
        account, user_id = await self.shop.read(_read_account, member)
        await self.say(ctx, admin_texts.balance_line(account, self.shop.units, user_id))

    @admin_command(
        "resetuser",
        N_("Set a member's balance to zero (asks for confirmation)"),
        "Budi",
        member=N_("A mention, a Discord ID, or the name they registered with"),
    )
    async def resetuser(self, ctx: Ctx, member: str) -> None:
        """Set a balance to zero."""
        account = await self.shop.read(accounts.find, member)
        params = {"member": quote(account.handle), "balance": format_price(account.balance, self.shop.units)}
        if not account.balance:
            await self.say(ctx, _("The balance of %s is already zero. Nothing was changed.") % quote(account.handle))
        elif await self.confirm(
            ctx, _("⚠️ Set the balance of %(member)s to zero? It is %(balance)s.") % params, _("Set to zero")
        ):
            before = await self.run_and_record(
                ctx,
                lambda gone: f"{gone.handle} {gone.balance}" if gone.balance else None,
                accounts.reset_balance,
                account.handle,
                account.balance,
                actor=str(ctx.author.id),
                key=_idempotency_key(ctx),
                now_ms=self.shop.now_ms(),
            )
            params = {"member": quote(before.handle), "balance": format_price(before.balance, self.shop.units)}
            await self.say(
                ctx,
                _("✅ The balance of %(member)s is now zero; it was %(balance)s. Account and history are kept.")
                % params,
            )

    @admin_command(
        "trxhistory",
        N_("Show the latest transactions of a member"),
        "Budi 20",
        member=N_("A mention, a Discord ID, or the name they registered with"),
        count=N_("How many, newest first"),
    )
    async def trxhistory(self, ctx: Ctx, member: str, count: commands.Range[int, 1, MAX_ROWS] = DEFAULT_ROWS) -> None:
        """Show the transactions of an account."""
        account, entries = await self.shop.read(_read_entries, member, count)
        params = {"member": quote(account.handle), "balance": format_price(account.balance, self.shop.units)}
        lines = [admin_texts.entry_line(entry, self.shop.units) for entry in entries]
        title = _("📒 Balance of %(member)s: %(balance)s") % params
        await self.say(ctx, format_list(lines, title, _("%s has no transactions yet.") % quote(account.handle)))

    @admin_command(
        "refund",
        N_("Refund an order (asks for confirmation)"),
        "#000123",
        order=N_("The order number, such as #000123"),
    )
    async def refund(self, ctx: Ctx, order: str) -> None:
        """Refund an order."""
        number = parse_order_id(order)
        if number is None:
            raise InvalidCommand(_("%s is not a valid order number.") % quote(order[:30]))
        account = await self.shop.read(purchases.get, number)
        if account.status == "refunded":
            raise refusals.AlreadyRefunded(number)
        what = _("⚠️ Refund this order? %s") % admin_texts.purchase_line(account, self.shop.units)
        if not await self.confirm(ctx, what, _("Refund")):
            return
        actor, now_ms = str(ctx.author.id), self.shop.now_ms()
        detail = f"{order_number(number)} {account.handle} {account.total}"
        done, balance = await self.run_and_record(ctx, detail, purchases.refund, number, actor=actor, now_ms=now_ms)
        was_notified = await self._notify_buyer(done, balance)
        params = {
            "order": order_number(number),
            "member": quote(done.handle),
            "total": format_price(done.total, self.shop.units),
            "balance": format_price(balance, self.shop.units),
        }
        text = _("✅ Order %(order)s was refunded: %(member)s got %(total)s back. Balance: %(balance)s.") % params
        hint = (
            _("The buyer was notified.")
            if was_notified
            else _("The buyer's direct messages are closed, so please tell them yourself.")
        )
        await self.say(ctx, f"{text}\n{hint}")

    async def _adjust(self, ctx: Ctx, member: str, worth: int, *, add: bool) -> None:
        account, done = await self.run_and_record(
            ctx,
            lambda result: f"{result[0].handle} {worth}" if result[1] else None,
            accounts.adjust_balance,
            member,
            worth,
            add=add,
            actor=str(ctx.author.id),
            key=_idempotency_key(ctx),
            now_ms=self.shop.now_ms(),
        )
        params = {
            "member": quote(account.handle),
            "amount": format_amount(worth, self.shop.units),
            "balance": format_price(account.balance, self.shop.units),
        }
        if not done:
            await self.say(
                ctx, _("This was already done. Nothing was changed. Balance of %(member)s: %(balance)s.") % params
            )
        elif add:
            await self.say(ctx, _("✅ Added %(amount)s to %(member)s. Balance: %(balance)s.") % params)
        else:
            await self.say(ctx, _("✅ Took %(amount)s from %(member)s. Balance: %(balance)s.") % params)

    async def _notify_buyer(self, done: Purchase, balance: int) -> bool:
        """Notify a buyer of a refund, in the language of the purchase; return whether that was possible."""
        language = await self.shop.read(deliveries.get_language, done.id)
        with speaking(choose(language)):
            params = {
                "order": order_number(done.id),
                "total": format_price(done.total, self.shop.units),
                "balance": format_price(balance, self.shop.units),
            }
            text = (
                _("💸 Your order %(order)s was refunded: you got %(total)s back. Your balance: %(balance)s.") % params
            )
            try:
                user = self.bot.get_user(done.user_id) or await self.bot.fetch_user(done.user_id)
                await user.send(text)
            except discord.HTTPException:
                return False
        return True


def _idempotency_key(ctx: Ctx) -> str:
    """Return the idempotency key of this command: its message or interaction."""
    return f"admin:{ctx.message.id}"


def _read_account(connection: Connection, member: str) -> tuple[Account, int | None]:
    account = accounts.find(connection, member)
    return account, accounts.get_user_id(connection, account.id)


def _read_entries(connection: Connection, member: str, limit: int) -> tuple[Account, list[Entry]]:
    account = accounts.find(connection, member)
    return account, accounts.list_entries(connection, account.id, limit)
