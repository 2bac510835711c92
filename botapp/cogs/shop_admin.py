"""Admin commands about the shop: location, announcements, maintenance, blacklist, live message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import discord
from discord.ext import commands

from botapp.cogs.base import (
    DEFAULT_ROWS,
    MAX_ROWS,
    Ctx,
    ShopCog,
    admin_command,
    admin_group,
    format_list,
)
from botapp.cogs.setup import SetupCog
from botapp.locale import N_, _, speaking
from botapp.services.live_message.message import error_text
from botapp.store.domain import refusals
from botapp.store.domain.identity import parse_user_id
from botapp.store.usecases import access, accounts, admin_log, shop_location
from botapp.store.usecases.shop_location import ShopLocation
from botapp.ui.admin import shop_texts as admin_texts
from botapp.ui.formatting import quote

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: longest announcement, reason and world name, in characters
MAX_ANNOUNCEMENT_CHARS = 3500
MAX_REASON_CHARS = 300
MAX_PLACE_CHARS = 100
#: how many messages are searched for an announcement that a killed process may have posted
SEARCHED_MESSAGES = 200

Text = commands.Range[str, 1, MAX_PLACE_CHARS]


class ShopAdminCog(ShopCog):
    """The shop as a whole."""

    title = N_("Shop")

    @admin_command(
        "setworld",
        N_("Set where the shop is in the game, for the World info button"),
        "TOKOKITA Budi BotKita",
        world=N_("The name of the world"),
        owner=N_("The owner of the world"),
        bot=N_("The bot that takes deposits there"),
    )
    async def setworld(self, ctx: Ctx, world: Text, owner: Text = "", bot: Text = "") -> None:
        """Set the location of the shop."""
        await self.run_and_record(ctx, world, set_world, ShopLocation(world, owner, bot))
        params = {"world": quote(world), "owner": quote(owner or "–"), "bot": quote(bot or "–")}
        await self.say(ctx, _("✅ The shop is in %(world)s; owner: %(owner)s, bot: %(bot)s.") % params)

    @admin_command(
        "announcement",
        N_("Post an announcement in the shop's channel (asks for confirmation)"),
        "Restock tonight!",
        text=N_("The text of the announcement"),
    )
    async def announcement(self, ctx: Ctx, *, text: commands.Range[str, 1, MAX_ANNOUNCEMENT_CHARS]) -> None:
        """Post an announcement."""
        channel_id = self.bot.live_channel_id
        if not channel_id:
            await self.say(ctx, _("⚠️ No channel is chosen yet. Use `/setup` in the shop's channel."))
            return
        what = _("⚠️ Post this in <#%d>?") % channel_id
        if not await self.confirm(ctx, f"{text[:1500]}\n\n{what}", _("Post")):
            return
        with speaking(self.bot.settings.language):
            embed = discord.Embed(title=_("📢 Announcement"), description=text, colour=0xF1C40F)
        channel = self.bot.get_partial_messageable(channel_id)
        try:
            if not await self._is_posted(ctx, channel, text):
                # Discord posts it once within minutes, however often it is sent
                await channel.send(embed=embed, nonce=str(ctx.message.id))
        except discord.HTTPException as error:
            await self.say(ctx, _("❌ The announcement was not posted: %s") % error_text(error, channel_id))
            return
        await self.record(ctx, text[:100])
        await self.say(ctx, _("✅ The announcement was posted in <#%d>.") % channel_id)

    async def _is_posted(self, ctx: Ctx, channel: discord.abc.Messageable, text: str) -> bool:
        """Return whether a process that was killed has posted the announcement. Raises HTTPException."""
        if not self.is_repeated():
            return False
        me = self.bot.user.id if self.bot.user else 0
        async for message in channel.history(after=ctx.message, limit=SEARCHED_MESSAGES):
            if message.author.id == me and any(embed.description == text for embed in message.embeds):
                return True
        return False

    @admin_command(
        "maintenance",
        N_("Close the shop for members, or open it again"),
        "on Back in an hour",
        switch=N_("on closes the shop, off opens it"),
        reason=N_("The reason that members see"),
    )
    async def maintenance(
        self, ctx: Ctx, switch: Literal["on", "off"], *, reason: commands.Range[str, 0, MAX_REASON_CHARS] = ""
    ) -> None:
        """Close the shop or open it."""
        closed = switch == "on"
        await self.run_and_record(
            ctx, f"{switch} {reason}".rstrip(), access.set_maintenance, reason if closed else None
        )
        if closed:
            await self.say(ctx, _("🛠️ The shop is now closed for members. `maintenance off` opens it again."))
        else:
            await self.say(ctx, _("✅ The shop is open."))

    @admin_group("blacklist", N_("Ban members from the shop"))
    async def blacklist(self, ctx: Ctx) -> None:
        """Ban members, lift bans, list bans."""

    @admin_command(
        "add",
        N_("Ban a member from the shop"),
        "Budi chargeback",
        parent=blacklist,
        who=N_("A mention, a Discord ID, or the name they registered with"),
        reason=N_("The reason; the member sees it"),
    )
    async def blacklist_add(self, ctx: Ctx, who: str, *, reason: commands.Range[str, 0, MAX_REASON_CHARS] = "") -> None:
        """Ban a member."""
        now_ms, actor = self.shop.now_ms(), str(ctx.author.id)
        barred = await self.run_and_record(
            ctx, lambda user: f"{user} {reason}".rstrip(), blacklist_member, who, reason, actor, now_ms
        )
        await self.say(ctx, _("✅ <@%d> is banned from the shop.") % barred)

    @admin_command(
        "remove",
        N_("Lift the ban of a member"),
        "Budi",
        parent=blacklist,
        who=N_("A mention, a Discord ID, or the name they registered with"),
    )
    async def blacklist_remove(self, ctx: Ctx, who: str) -> None:
        """Lift a ban."""
        free = await self.run_and_record(ctx, str, unblacklist_member, who)
        await self.say(ctx, _("✅ <@%d> may use the shop again.") % free)

    @admin_command("list", N_("List the banned members and the reasons"), parent=blacklist)
    async def blacklist_list(self, ctx: Ctx) -> None:
        """Show the blacklist."""
        entries = await self.shop.read(access.list_blacklist)
        lines = [admin_texts.blacklist_line(entry) for entry in entries]
        await self.say(ctx, format_list(lines, _("⛔ Blacklist:"), _("The blacklist is empty.")))

    @admin_command("livestock", N_("Post the live message again, as the newest message of this channel"))
    async def livestock(self, ctx: Ctx) -> None:
        """Post the live message again."""
        message_id = self.bot.live_updater.message_id
        if ctx.channel.id == self.bot.live_channel_id and message_id is not None:
            # deleting it is enough: `LiveEvents` posts it again
            try:
                await self.bot.get_partial_messageable(ctx.channel.id).get_partial_message(message_id).delete()
            except discord.NotFound:
                self.bot.live_updater.message_deleted(message_id)
            await self.say(ctx, _("✅ The live message will be posted again in this channel."))
            return
        setup = self.bot.get_cog(SetupCog.__name__)
        assert isinstance(setup, SetupCog)
        await self.say(ctx, await setup.choose(ctx))

    @admin_command("adminlog", N_("Show the latest actions of admins"), "20", count=N_("How many, newest first"))
    async def adminlog(self, ctx: Ctx, count: commands.Range[int, 1, MAX_ROWS] = DEFAULT_ROWS) -> None:
        """Show the admin log."""
        actions = await self.shop.read(admin_log.list_latest, count)
        lines = [admin_texts.admin_action_line(action) for action in actions]
        await self.say(ctx, format_list(lines, _("🗒️ Actions of admins:"), _("No actions yet.")))


def set_world(connection: Connection, place: ShopLocation) -> None:
    """Set the location of the shop."""
    shop_location.put(connection, place)


def blacklist_member(connection: Connection, who: str, reason: str, actor: str, now_ms: int) -> int:
    """Put a member on the blacklist; return the user id. Raises NoSuchAccount."""
    barred = find_user(connection, who)
    access.add_to_blacklist(connection, barred, reason, actor=actor, now_ms=now_ms)
    return barred


def unblacklist_member(connection: Connection, who: str) -> int:
    """Take a member off the blacklist; return the user id. Raises NoSuchAccount, NotBlacklisted."""
    free = find_user(connection, who)
    access.remove_from_blacklist(connection, free)
    return free


def find_user(connection: Connection, who: str) -> int:
    """Return the user id for a mention, an id or a member name. Raises NoSuchAccount, AmbiguousUser."""
    if (named := parse_user_id(who)) is not None:
        _require_unambiguous(connection, who, named)
        return named
    owner = accounts.get_user_id(connection, accounts.get_by_handle(connection, who).id)
    if owner is None:
        raise refusals.NoSuchAccount(who)
    return owner


def _require_unambiguous(connection: Connection, who: str, named: int) -> None:
    """Raise AmbiguousUser if the id of one user is the member name of another; registration refuses such names now."""
    try:
        owner = accounts.get_user_id(connection, accounts.get_by_handle(connection, who).id)
    except refusals.NoSuchAccount:
        return
    if owner is not None and owner != named:
        raise refusals.AmbiguousUser(who, owner)
