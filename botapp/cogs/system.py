"""Admin commands about the bot itself, and the help."""

from __future__ import annotations

import asyncio
import time
from typing import Literal

from botapp.cogs.base import Ctx, ShopCog, admin_command, admin_group, help_sections
from botapp.config.loading import load
from botapp.locale import N_, _
from botapp.runtime import login_links
from botapp.services import system_info as machine_facts
from botapp.services.backup.files import DataProblem
from botapp.ui.admin import cache_texts, system_texts
from botapp.ui.admin.help import help_pages
from botapp.ui.formatting import format_number, quote
from supervisor.configfile import ConfigError


class SystemCog(ShopCog):
    """Status, cache, backup and help."""

    @admin_command("status", N_("Show the health of the bot"))
    async def status(self, ctx: Ctx) -> None:
        """Show the health of the bot."""
        await self.say(ctx, system_texts.status_text(self.bot.health(), self.bot.life, self.bot.started_at_s))

    @admin_command("systeminfo", N_("Show versions, memory and disk of the bot's host"))
    async def systeminfo(self, ctx: Ctx) -> None:
        """Show facts about the host."""
        host = await asyncio.to_thread(
            machine_facts.read_host_facts, self.bot.settings.state_dir, self.bot.started_at_s
        )
        await self.say(ctx, system_texts.host_lines(host))

    @admin_group("cache", N_("Show or clear the bot's cache"))
    async def cache(self, ctx: Ctx) -> None:
        """Show or clear the cache."""

    @admin_command("stats", N_("Show the cache statistics"), parent=cache)
    async def cache_stats(self, ctx: Ctx) -> None:
        """Show the cache."""
        await self.say(ctx, "\n".join(cache_texts.describe(self.bot.cache.get_stats())))

    @admin_command(
        "clear",
        N_("Clear the cache: expired entries, temporary ones, or all (asks for confirmation)"),
        "temporary",
        parent=cache,
        what=N_("What to clear"),
    )
    async def cache_clear(self, ctx: Ctx, what: Literal["expired", "temporary", "all"] = "expired") -> None:
        """Clear the cache."""
        cache = self.bot.cache
        if what == "all" and not await self.confirm(ctx, _("⚠️ Clear the whole cache?"), _("Clear")):
            return
        clear = {"expired": cache.clear_expired, "temporary": cache.clear_temporary, "all": cache.clear}[what]
        removed = await clear()
        await self.record(ctx, what)
        await self.say(ctx, _("✅ Entries removed from the cache: %s") % format_number(removed))

    @admin_command("backup", N_("Back up the shop's database now, into a file on the server"))
    async def backup(self, ctx: Ctx) -> None:
        """Make a backup. It stays on the server."""
        # rarely needed, so imported on demand
        from botapp.services.backup.backup import make_backup

        warnings: list[str] = []
        try:
            path = await asyncio.to_thread(make_backup, self.bot.settings, report=warnings.append)
        except (DataProblem, ConfigError) as error:
            await self.say(ctx, _("❌ The backup failed: %s") % error)
            return
        await self.record(ctx, path.name)
        lines = [_("✅ Backup created on the server: %s") % quote(str(path)), *(f"⚠️ {warning}" for warning in warnings)]
        await self.say(ctx, "\n".join(lines))

    @admin_command("dashboard", N_("Log in to the dashboard: get a link that works once"))
    async def dashboard(self, ctx: Ctx) -> None:
        """Create a login link, which only its requester sees."""
        try:
            # read now, so that switching the dashboard on needs no restart of the bot
            settings = await asyncio.to_thread(load, self.bot.settings.path)
            if not settings.dashboard.enabled:
                await self.say(ctx, system_texts.dashboard_is_off())
                return
            await self.record(ctx, "")
            link = await asyncio.to_thread(
                login_links.create_link, settings.dashboard.url, settings.dashboard_key, time.time()
            )
        except (ConfigError, OSError) as error:
            await self.say(ctx, _("❌ There is no link now: %s") % error)
            return
        text = system_texts.login_link(link, is_local=not settings.dashboard.public_url)
        if ctx.interaction is not None:
            await self.say(ctx, text)
        elif await self._send_direct_message(ctx, text) is not None:
            await self.say(ctx, _("✉️ The link is in your direct messages."))
        else:
            await self.say(ctx, _("❌ Your direct messages are closed; use /dashboard."))

    @admin_command("adminhelp", N_("Show all admin commands"))
    async def adminhelp(self, ctx: Ctx) -> None:
        """Show all commands."""
        for page in help_pages(help_sections(self.bot.cogs.values()), self.bot.settings.bot.prefix):
            await self.say(ctx, page)
