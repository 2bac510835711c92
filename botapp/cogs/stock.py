"""Admin commands about stock. Only the admin sees the items; they never appear in a log."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import discord
from discord.ext import commands

from botapp.cogs.base import DEFAULT_ROWS, MAX_ROWS, Ctx, ShopCog, admin_command, format_list
from botapp.cogs.context import CogBot, CogShop
from botapp.discord_api import language
from botapp.discord_api.errors import connection_problem
from botapp.locale import N_, _, speaking
from botapp.services.fulfilment.stock_file import MAX_BYTES, MAX_LINES, CannotFetch, TooLarge
from botapp.services.fulfilment.stock_uploads import StockUploader
from botapp.services.fulfilment.withdrawals import Unreachable, WithdrawalDelivery
from botapp.store.db.errors import OutcomeUnknown, Unavailable
from botapp.store.domain import refusals
from botapp.store.domain.refusals import Refused
from botapp.store.domain.text_file import NotText
from botapp.store.usecases import stock, withdrawals
from botapp.store.usecases.products import get_by_code
from botapp.ui.admin import shop_texts as admin_texts
from botapp.ui.admin.parsing import has_items
from botapp.ui.formatting import format_number, quote

log = logging.getLogger(__name__)

#: attempts to delete a public stock file, and the pause between two of them in seconds
DELETE_ATTEMPTS: Final = 3
DELETE_RETRY_S: Final = 1.0


class PublicUpload(commands.CheckFailure):
    """Items were sent where others can read them, as a file or as text."""


class StockCog(ShopCog):
    """Stock uploads and withdrawals."""

    title = N_("Stock")

    def __init__(self, bot: CogBot, shop: CogShop) -> None:
        super().__init__(bot, shop)
        self._uploads = StockUploader(shop)
        self._handing_over = WithdrawalDelivery(bot, shop)

    def finish_unfinished(self) -> None:
        """Finish the transfers that earlier processes have begun."""
        self.bot.tasks.spawn(_("unfinished stock transfers"), self._resume_unfinished())

    async def cog_check(self, ctx: commands.Context[Any]) -> bool:
        """Allow admins only, and no items that others can read. Raises NotAnAdmin, PublicUpload."""
        await super().cog_check(ctx)
        if ctx.interaction is None and ctx.guild is not None:
            arguments = ctx.view.buffer[ctx.view.index :]
            if ctx.message.attachments or (ctx.command is self.addstock and has_items(arguments)):
                raise PublicUpload
        return True

    async def cog_command_error(self, ctx: commands.Context[Any], error: Exception) -> None:
        """Answer a refused or wrong command, or a public upload."""
        if not isinstance(error, PublicUpload):
            await super().cog_command_error(ctx, error)
            return
        with speaking(language.context_language(ctx)):
            await self._delete_public_upload(ctx)

    @admin_command(
        "addstock",
        N_("Add stock from a .txt file, one item per line; only you see the answer"),
        "STEAM10",
        code=N_("The product's code"),
        file=N_("A .txt file with one item per line"),
    )
    async def addstock(self, ctx: Ctx, code: str, file: discord.Attachment) -> None:
        """Add stock."""
        product = await self.shop.read(get_by_code, code)
        message = await self.say(ctx, _("📥 Reading the file for %s…") % quote(product.code))

        async def progress(done: int, of: int) -> None:
            params = {"done": format_number(done), "of": format_number(of), "code": quote(product.code)}
            if message is not None:
                await _edit_progress(message, _("📥 %(code)s: %(done)s of %(of)s lines…") % params)

        try:
            if file.size > MAX_BYTES:
                raise TooLarge
            upload = await self._uploads.upload(self.log_entry(ctx), product.code, file.url, progress)
            self.mark_changed()
        except TooLarge:
            params = {"lines": format_number(MAX_LINES), "size": format_number(MAX_BYTES // 1024 // 1024)}
            text = (
                _("❌ Nothing was added: the limit is %(lines)s lines and %(size)s MiB per file. Split the file.")
                % params
            )
        except NotText as problem:
            text = _("❌ Nothing was added: line %d is not UTF-8 text. Please save the file as UTF-8.") % problem.line
        except CannotFetch:
            text = _("⚠️ Nothing was added: cannot download the file from Discord. Please try again in a moment.")
        else:
            text = admin_texts.upload_report(upload)
        if message is not None:
            await message.edit(content=text)

    @admin_command(
        "reducestock",
        N_("Take items out of stock and receive them by direct message (asks for confirmation)"),
        "STEAM10 5",
        code=N_("The product's code"),
        count=N_("How many, oldest first"),
    )
    async def reducestock(self, ctx: Ctx, code: str, count: commands.Range[int, 1, withdrawals.MAX_ITEMS]) -> None:
        """Take items out of stock."""
        product = await self.shop.read(get_by_code, code)
        if count > product.stock:
            raise refusals.StockTooSmall(product.code, product.stock)
        params = {"count": format_number(count), "code": quote(product.code), "stock": format_number(product.stock)}
        what = (
            _(
                "⚠️ Take %(count)s of %(stock)s out of the stock of %(code)s? You will receive the items by direct "
                "message."
            )
            % params
        )
        if not await self.confirm(ctx, what, _("Take them out")):
            return
        announcement = await self._handing_over.announce(ctx.author, product.code, count)
        if announcement is None and ctx.interaction is None:
            text = _(
                "❌ Nothing was taken out: your direct messages are closed, and others could read the items here. Open "
                "your direct messages, or use `/reducestock` to receive the items here as a file that only you see."
            )
            await self.say(ctx, text)
            return
        if announcement is not None:
            await self._handing_over.deliver_pending()
        handful = await self._take_out(ctx, product.code, count, announcement)
        params = {"count": format_number(count), "code": quote(product.code)}
        try:
            if announcement is not None:
                await self._handing_over.send(ctx.author, handful)
                text = _("✅ Items of %(code)s taken out: %(count)s. They are in your direct messages.") % params
            else:
                file = self._handing_over.as_file(handful)
                text = _("✅ Items of %(code)s taken out: %(count)s. See the file.") % params
                if await self.say(ctx, text, file=file) is not None:
                    await self._handing_over.mark_delivered(handful)
                return
        except Unreachable:
            text = _(
                "⚠️ Items of %(code)s taken out: %(count)s. They could not be sent to you. They are kept, and will be "
                "sent by direct message after the next restart."
            )
            text %= params
        await self.say(ctx, text)

    @admin_command(
        "stockhistory",
        N_("Show the stock movements of a product"),
        "STEAM10 20",
        code=N_("The product's code"),
        count=N_("How many, newest first"),
    )
    async def stockhistory(self, ctx: Ctx, code: str, count: commands.Range[int, 1, MAX_ROWS] = DEFAULT_ROWS) -> None:
        """Show stock movements."""
        movements = await self.shop.read(stock.list_movements, code, count)
        lines = [admin_texts.movement_line(movement) for movement in movements]
        title = _("📦 Stock movements of %s:") % quote(code)
        await self.say(ctx, format_list(lines, title, _("%s has no stock movements.") % quote(code)))

    async def _take_out(
        self, ctx: Ctx, code: str, count: int, announcement: discord.Message | None
    ) -> withdrawals.WithdrawalBatch:
        """Take items out of stock. If that fails, nothing follows the announcement, so it is deleted."""
        try:
            return await self.run_and_record(
                ctx,
                f"{code} {count}",
                withdrawals.begin,
                code,
                count,
                user_id=ctx.author.id,
                language=language.context_language(ctx),
                now_ms=self.shop.now_ms(),
            )
        except (Refused, Unavailable) as error:
            if announcement is not None and not isinstance(error, OutcomeUnknown):
                await self._handing_over.take_back(announcement)
            raise

    async def _resume_unfinished(self) -> None:
        await self._uploads.delete_leftovers()
        await self._handing_over.deliver_pending()

    async def _delete_public_upload(self, ctx: commands.Context[Any]) -> None:
        """Delete a message with public items and explain how to upload them."""
        log.warning(_("stock file uploaded in public by %s"), f"{ctx.author} ({ctx.author.id})")
        hint = _(
            "Please use `/addstock`, where only you and I see the file, or send the file to me in a direct message. "
            "Others may have read the items: treat them as exposed."
        )
        if (problem := await _delete_with_retries(ctx.message)) is not None:
            log.error(_("public stock file: cannot delete the message: %s"), problem)
            text = _("🚨 **Delete this message NOW: everyone here can read your stock.** I cannot delete it: %s.")
            nothing = _("Nothing was added.")
            await self.say(ctx, f"{text % problem} {nothing} {hint}")
            return
        text = _("🚨 Your message with the items was deleted, because everyone here could read it. Nothing was added.")
        mention = f"<@{ctx.author.id}> "
        await ctx.send(f"{mention}{text} {hint}")


async def _delete_with_retries(message: discord.Message) -> str | None:
    """Delete a message; return why that failed, or None if the message is gone."""
    for attempt in range(DELETE_ATTEMPTS):
        if attempt:
            await asyncio.sleep(DELETE_RETRY_S)
        try:
            await message.delete()
        except discord.NotFound:
            return None
        except discord.Forbidden:
            return _("give me the permission Manage Messages here")
        except discord.HTTPException as error:
            problem = connection_problem(error) or str(error)
        else:
            return None
    return problem


async def _edit_progress(message: discord.Message, text: str) -> None:
    """Show the progress of an upload; a failure does not stop the upload."""
    try:
        await message.edit(content=text)
    except discord.HTTPException as error:
        log.info(_("upload: cannot show the progress: %s"), error)
