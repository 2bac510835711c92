"""The admin command about sales."""

from __future__ import annotations

import io
import logging
from hashlib import blake2b
from typing import Final
from zoneinfo import ZoneInfo

import discord
import msgspec
from discord.ext import commands

from botapp.cogs.base import Ctx, ShopCog, admin_command
from botapp.locale import N_, _
from botapp.store.db.limits import LONG_USE_CASE_TIMEOUT_S, time_limit
from botapp.store.usecases import sales
from botapp.ui.admin import sales_texts
from botapp.ui.admin.sales_chart import CannotDraw, Picture, draw

log = logging.getLogger(__name__)

#: days of a report by default, and at most
DEFAULT_DAYS = 7
MAX_DAYS = 366
#: cache time of a chart, in seconds
CHART_CACHE_S: Final = 86_400.0


class SalesCog(ShopCog):
    """Sales."""

    title = N_("Sales")

    @admin_command(
        "sales",
        N_("Show the sales of the last days as a table and a chart"),
        "30",
        days=N_("How many days, including today"),
    )
    async def sales(self, ctx: Ctx, days: commands.Range[int, 1, MAX_DAYS] = DEFAULT_DAYS) -> None:
        """Show the sales."""
        period = sales.last_days(ZoneInfo(self.bot.settings.timezone), self.shop.now_ms(), days)
        with time_limit(LONG_USE_CASE_TIMEOUT_S):
            report = sales.build_report(await self.shop.read(sales.list_sales, period), period)
        title = f"**📈 {sales_texts.title(days)}**"
        await self.say(ctx, f"{title}\n{sales_texts.overview(report, self.shop.units)}")
        if report.products:
            picture = await self._picture(sales_texts.picture(report, self.shop.units))
            await self.say(ctx, sales_texts.day_table(report, self.shop.units), file=picture)

    async def _picture(self, picture: Picture) -> discord.File | None:
        """Return the chart, or None if it cannot be drawn; the log says why."""
        # the key is a hash of everything that is drawn, so a cached chart is never out of date
        key = f"sales picture {blake2b(msgspec.json.encode(picture), digest_size=16).hexdigest()}"
        try:
            png = await self.bot.cache.get_or_set(key, lambda: draw(picture), expires_in=CHART_CACHE_S)
            return discord.File(io.BytesIO(png), "sales.png")
        except CannotDraw as error:
            log.error(_("cannot draw the sales chart: %s"), error)
            return None
