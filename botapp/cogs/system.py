"""Admin commands about the bot itself, and the help about all of them."""

from __future__ import annotations

import asyncio
import time
from typing import Literal

from botapp.cogs.base import Ctx, ShopCog, admin_command, admin_group, chapters, nothing_else
from botapp.locale import N_, _
from botapp.services import system_info as machine_facts
from botapp.services.backup.files import DataProblem
from botapp.ui.admin import cache_texts as cache_report
from botapp.ui.admin import system_texts
from botapp.ui.admin.help import help_pages
from botapp.ui.formatting import format_number, quote
from supervisor.configfile import ConfigError


class SystemCog(ShopCog):
    """The bot itself."""

    @admin_command("status", N_("Show how the bot is"))
    async def status(self, ctx: Ctx) -> None:
        """Show how the bot is."""
        await self.say(ctx, system_texts.status_text(self.bot.health(), self.bot.life, self.bot.started_at_s))

    @admin_command("systeminfo", N_("Show what the bot runs on: versions, memory, disk"))
    async def systeminfo(self, ctx: Ctx) -> None:
        """Show the machine."""
        facts = await asyncio.to_thread(
            machine_facts.read_host_facts, self.bot.settings.state_dir, self.bot.started_at_s
        )
        await self.say(ctx, system_texts.host_lines(facts))

    @admin_group("cache", N_("What is kept for quick answers"))
    async def cache(self, ctx: Ctx) -> None:
        """What is kept for quick answers."""

    @admin_command("stats", N_("Show what is in the cache"), parent=cache)
    async def cache_stats(self, ctx: Ctx) -> None:
        """Show the cache."""
        await self.say(ctx, "\n".join(cache_report.lines(self.bot.cache.get_stats(), time.time())))

    @admin_command(
        "clear",
        N_("Empty the cache: what has expired, what is temporary, or, after a question, all"),
        "temporary",
        parent=cache,
        what=N_("What is to go"),
    )
    async def cache_clear(self, ctx: Ctx, what: Literal["expired", "temporary", "all"] = "expired") -> None:
        """Empty the cache."""
        cache = self.bot.cache
        if what == "all" and not await self.agreed(ctx, _("⚠️ Empty the whole cache?"), _("Empty it")):
            return
        clear = {"expired": cache.clear_expired, "temporary": cache.clear_temporary, "all": cache.clear}[what]
        await self.act(ctx, what, nothing_else)
        removed = await clear()
        await self.say(ctx, _("✅ Taken out of the cache: %s.") % format_number(removed))

    @admin_command("backup", N_("Make a backup of the shop's books now, into a file on the server"))
    async def backup(self, ctx: Ctx) -> None:
        """Make a backup; it never leaves the server."""
        # loaded when it is needed, which is seldom
        from botapp.services.backup.backup import make_backup

        await self.act(ctx, "", nothing_else)
        wrong: list[str] = []
        try:
            path = await asyncio.to_thread(make_backup, self.bot.settings, tell=wrong.append)
        except (DataProblem, ConfigError) as error:
            await self.say(ctx, _("❌ There is no backup: %s") % error)
            return
        lines = [_("✅ Backup made, on the server: %s") % quote(str(path)), *(f"⚠️ {one}" for one in wrong)]
        await self.say(ctx, "\n".join(lines))

    @admin_command("adminhelp", N_("Show all admin commands"))
    async def adminhelp(self, ctx: Ctx) -> None:
        """Show all commands."""
        for page in help_pages(chapters(self.bot.cogs.values()), self.bot.settings.bot.prefix):
            await self.say(ctx, page)
