"""Admin commands about stock. What is in stock is seen by the admin alone, and never by a log."""

from __future__ import annotations

import logging
from typing import Any

import discord
from discord.ext import commands

from botapp.cogs.base import DEFAULT_ROWS, MAX_ROWS, Ctx, ShopCog, admin_command, rows
from botapp.cogs.context import CogBot, CogShop
from botapp.discord_api import language
from botapp.locale import N_, _, speaking
from botapp.services.fulfilment.stock_file import MAX_BYTES, MAX_LINES, CannotFetch, NotText, TooLarge
from botapp.services.fulfilment.stock_uploads import StockUploader
from botapp.services.fulfilment.withdrawals import Unreachable, WithdrawalDelivery
from botapp.store.usecases import stock, withdrawals
from botapp.store.usecases.products import get_by_code
from botapp.ui.admin import shop_texts as admin_texts
from botapp.ui.formatting import format_number, quote

log = logging.getLogger(__name__)


class PublicUpload(commands.CheckFailure):
    """A file of stock was uploaded where others can read it."""


class StockCog(ShopCog):
    """What comes into stock, and what an admin takes out."""

    title = N_("Stock")

    def __init__(self, bot: CogBot, shop: CogShop) -> None:
        super().__init__(bot, shop)
        self._uploads = StockUploader(shop)
        self._handing_over = WithdrawalDelivery(bot, shop)

    async def cog_load(self) -> None:
        """Mend what an earlier life left half done; a life that ends already leaves that to the next."""
        if not self.bot.tasks.is_draining:
            self.bot.tasks.spawn(_("stock of an earlier life"), self._resume_unfinished())

    async def cog_check(self, ctx: commands.Context[Any]) -> bool:
        """Let admins pass, but no file that others can read. Raises NotAnAdmin, PublicUpload."""
        await super().cog_check(ctx)
        if ctx.interaction is None and ctx.guild is not None and ctx.message.attachments:
            raise PublicUpload
        return True

    async def cog_command_error(self, ctx: commands.Context[Any], error: Exception) -> None:
        """Answer whoever may not, has given the command wrongly, or has uploaded a file for all to read."""
        if not isinstance(error, PublicUpload):
            await super().cog_command_error(ctx, error)
            return
        with speaking(language.context_language(ctx)):
            await self._delete_public_upload(ctx)

    @admin_command(
        "addstock",
        N_("Add stock from a .txt file, one item a line; only you see it"),
        "STEAM10",
        code=N_("The product's code"),
        file=N_("A .txt file with one item a line"),
    )
    async def addstock(self, ctx: Ctx, code: str, file: discord.Attachment) -> None:
        """Add stock."""
        product = await self.shop.read(get_by_code, code)
        message = await self.say(ctx, _("📥 Reading the file for %s…") % quote(product.code))

        async def progress(done: int, of: int) -> None:
            facts = {"done": format_number(done), "of": format_number(of), "code": quote(product.code)}
            if message is not None:
                await _edit_progress(message, _("📥 %(code)s: %(done)s of %(of)s lines…") % facts)

        try:
            if file.size > MAX_BYTES:
                raise TooLarge
            batch, name, actor = str(ctx.message.id), str(ctx.command), str(ctx.author.id)
            upload = await self._uploads.upload(batch, product.code, file.url, actor, name, progress)
        except TooLarge:
            facts = {"lines": format_number(MAX_LINES), "bytes": format_number(MAX_BYTES // 1024 // 1024)}
            text = (
                _("❌ Nothing was added: a file has at most %(lines)s lines and %(bytes)s MiB. Please split it.")
                % facts
            )
        except NotText as problem:
            text = (
                _("❌ Nothing was added: line %d is no text in UTF-8. Please save the file as UTF-8 text.")
                % problem.line
            )
        except CannotFetch:
            text = _("⚠️ Nothing was added: Discord did not hand the file over. Please try again in a moment.")
        else:
            text = admin_texts.upload_report(upload)
        if message is not None:
            await message.edit(content=text)

    @admin_command(
        "reducestock",
        N_("Take items out of stock, after a question; they come to you by direct message"),
        "STEAM10 5",
        code=N_("The product's code"),
        pieces=N_("How many, the oldest first"),
    )
    async def reducestock(self, ctx: Ctx, code: str, pieces: commands.Range[int, 1, withdrawals.MAX_ITEMS]) -> None:
        """Take stock out."""
        found = await self.shop.read(get_by_code, code)
        facts = {"pieces": format_number(pieces), "code": quote(found.code), "stock": format_number(found.stock)}
        what = _("⚠️ Take %(pieces)s of %(stock)s out of %(code)s? They come to you by direct message.") % facts
        if not await self.agreed(ctx, what, _("Take them out")):
            return
        is_open = await self._handing_over.announce(ctx.author, found.code, pieces)
        if not is_open and ctx.interaction is None:
            text = _(
                "❌ Nothing was taken out: you take no direct messages from me, and here others would read it. Open "
                "your direct messages, or give the command as `/reducestock`: then you get the items as a file here."
            )
            await self.say(ctx, text)
            return
        if is_open:
            await self._handing_over.deliver_pending()
        handful = await self.act(
            ctx,
            f"{found.code} {pieces}",
            withdrawals.begin,
            found.code,
            pieces,
            user_id=ctx.author.id,
            language=language.context_language(ctx),
            now_ms=self.shop.now_ms(),
        )
        facts = {"pieces": format_number(pieces), "code": quote(found.code)}
        try:
            if is_open:
                await self._handing_over.send(ctx.author, handful)
                text = _("✅ %(pieces)s taken out of %(code)s; you have them by direct message.") % facts
            else:
                file = self._handing_over.as_file(handful)
                text = _("✅ %(pieces)s taken out of %(code)s: here they are.") % facts
                if await self.say(ctx, text, file=file) is not None:
                    await self._handing_over.mark_delivered(handful)
                return
        except Unreachable:
            text = _(
                "⚠️ %(pieces)s were taken out of %(code)s, and could not be handed to you now. They are kept, and come "
                "to you by direct message after the next restart."
            )
            text %= facts
        await self.say(ctx, text)

    @admin_command(
        "stockhistory",
        N_("Show what came into and went out of a product's stock"),
        "STEAM10 20",
        code=N_("The product's code"),
        count=N_("How many, the newest first"),
    )
    async def stockhistory(self, ctx: Ctx, code: str, count: commands.Range[int, 1, MAX_ROWS] = DEFAULT_ROWS) -> None:
        """Show movements of stock."""
        moved = await self.shop.read(stock.list_movements, code, count)
        lines = [admin_texts.movement_line(one) for one in moved]
        title = _("📦 What came into and went out of %s:") % quote(code)
        await self.say(ctx, rows(lines, title, _("%s never had any stock.") % quote(code)))

    async def _resume_unfinished(self) -> None:
        await self._uploads.delete_leftovers()
        await self._handing_over.deliver_pending()

    async def _delete_public_upload(self, ctx: commands.Context[Any]) -> None:
        """Take a file away that others can read, and say how it is done."""
        log.warning(_("%s has uploaded a file of stock where others can read it"), f"{ctx.author} ({ctx.author.id})")
        hint = _(
            "Please use `/addstock`, whose file only you and I see, or send the file in a direct message to me. "
            "Somebody may have read it: consider the items in it as seen."
        )
        try:
            await ctx.message.delete()
        except discord.NotFound:
            log.info(_("the message with the file was gone already"))
        except discord.HTTPException as error:
            log.error(_("cannot take a public file of stock away: %s"), error.text or error.status)
            text = _(
                "🚨 **Take this message away NOW: everybody here can read your stock.** I may not do it myself (give "
                "me Manage Messages here). Nothing was added."
            )
            await self.say(ctx, f"{text} {hint}")
            return
        text = _("🚨 Your message with the file is gone: everybody here could have read it. Nothing was added.")
        mention = f"<@{ctx.author.id}> "
        await ctx.send(f"{mention}{text} {hint}")


async def _edit_progress(message: discord.Message, text: str) -> None:
    """Say how far it is, if that can be said: it is no reason to stop."""
    try:
        await message.edit(content=text)
    except discord.HTTPException as error:
        log.info(_("cannot say how far an upload is: %s"), error)
