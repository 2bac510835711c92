"""The shop bot: wires Discord, the link, the shop's front and the clean-up together."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, Final, get_args

import discord
import yarl
from discord.ext import commands

from botapp.cogs.admin import AdminCog
from botapp.cogs.confirmations import Confirmations
from botapp.cogs.live_events import LiveEvents
from botapp.cogs.setup import SetupCog
from botapp.config.settings import FlushPolicy, Settings
from botapp.discord_api import slash_commands as slash
from botapp.discord_api.gateway_status import OFFLINE_GRACE_S, GatewayStatus
from botapp.ext.cache_manager import CacheManager
from botapp.interactions.dispatcher import InteractionDispatcher
from botapp.locale import _
from botapp.runtime import state_file as state
from botapp.runtime.log import reopen
from botapp.runtime.state_file import StateError
from botapp.runtime.supervisor_link import SupervisorLink
from botapp.runtime.tasks import TaskRegistry
from botapp.services.live_message.message import LiveMessage, remove_others
from botapp.services.live_message.restart_notice import TemporaryMessage
from botapp.services.live_message.self_restart import SelfRestart
from botapp.services.live_message.updater import LiveMessageUpdater
from botapp.shop_loader import LazyCommandTree, ShopLoader, has_books
from botapp.ui import custom_ids
from botapp.ui.admin import restart_dialog
from botapp.ui.custom_ids import Step
from botapp.ui.live import render
from botapp.ui.live.view import ClickView
from supervisor.client import LifeEnvironment, Message

if TYPE_CHECKING:
    from botapp.store.domain.records import Product

log = logging.getLogger(__name__)

#: tries to open the first session before the bot gives up until later
FIRST_TRIES: Final = 3
#: how often the event loop's lag is measured, in seconds
LAG_INTERVAL_S: Final = 2.0
#: how long background work may take when nobody asked for a drain before the end, in seconds
SHORT_DRAIN_S: Final = 5.0
#: how long closing the gateway session may take, in seconds
CLOSE_TIMEOUT_S: Final = 2.0


def point_at(settings: Settings) -> None:
    """Make discord.py speak with the Discord that the settings name."""
    # a shop has no voice: that libraries for it are missing is nothing to warn of
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    if settings.discord.api_base:
        discord.http.Route.BASE = settings.discord.api_base
    if settings.discord.gateway:
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord.gateway)


class ShopBot(commands.Bot):
    """The bot. `ending` is set once it is to end; who set it reads `unreachable` for the reason."""

    #: opens the shop, and ends with why that failed; there from `setup_hook` on
    opens: asyncio.Task[None] | None = None

    def __init__(self, settings: Settings, surroundings: LifeEnvironment | None) -> None:
        super().__init__(
            command_prefix=settings.bot.prefix,
            tree_cls=LazyCommandTree,
            # keyboards of phones begin with a capital letter, and put spaces
            case_insensitive=True,
            strip_after_prefix=True,
            intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=True),
            help_command=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.settings = settings
        self.loader = ShopLoader()
        self.tasks = TaskRegistry(on_change=self._tell_pending)
        self.cache = CacheManager(max_bytes=settings.cache.max_bytes)
        self.link = self._make_link(surroundings) if surroundings else None
        self.interactions = InteractionDispatcher(self.tasks, lambda: self.live_updater, self._serve_step)
        self.self_restart = SelfRestart(self.link, self.tasks, settings.state_file, self.loader.notify)
        self.live_updater = LiveMessageUpdater(
            self.tasks,
            settings.store,
            self._read_products,
            self._live_messages(),
            edit_interval_s=settings.bot.edit_interval_s,
            probe_buttons=self._probe_buttons,
            on_health=self.send_heartbeat,
            on_error=self.self_restart.check,
        )
        self.confirmations = Confirmations()
        self.admin = AdminCog(self, self.confirmations)
        self.restart_notice = TemporaryMessage(self.get_partial_messageable, settings.state_file, self.tasks.sleep)
        #: set when no session could be opened at all
        self.unreachable = asyncio.Event()
        #: whether this life is about to end
        self.ending = False
        self._started_at_s = time.time()
        self.gateway = GatewayStatus()
        self._lag_s = 0.0
        self._ticket: Message | None = None
        self._drain: asyncio.Task[None] | None = None
        self._drain_deadline_s = 0.0
        self._serve_again: asyncio.TimerHandle | None = None

    # --- Discord ---

    async def setup_hook(self) -> None:
        """Make buttons of earlier lives work again, and begin to open the shop."""
        self.opens = asyncio.create_task(self.loader.run(self))
        await self.tree.set_translator(slash.CommandTranslator())
        self.add_view(ClickView(render.live_buttons(enabled=True), self.interactions.serve_live))
        await self.add_cog(self.confirmations)
        await self.add_cog(self.admin)
        await self.add_cog(SetupCog(self))
        await self.add_cog(LiveEvents(self.live_updater))
        if not has_books(self.settings):
            await self.opens  # the first life of all: whoever has started it goes on with the shop, once it is ready

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Count sessions that are begun; all but the first are told to the supervisor, who counts the day's."""
        self.gateway.identifies += 1
        await super().before_identify_hook(shard_id, initial=initial)

    async def on_connect(self) -> None:
        """READY: members are served from here on."""
        was_ready = self.gateway.was_up
        self.gateway.up()
        self.send_heartbeat()
        if was_ready:
            return
        if self.link is not None:
            self.link.report_ready()
        log.info(_("Ready as %(user)s, life %(life)s"), {"user": self.user, "life": self.life or "-"})
        if self.live_updater.channel_id is None:
            log.warning(_("no channel is chosen, so there is no live message; give /setup in the channel of the shop"))
        self.start_serving()
        if not self.tasks.is_draining:
            self.tasks.spawn(_("live messages"), self._tidy())
        self.tasks.repeat(_("loop lag"), LAG_INTERVAL_S, self._measure_lag)

    async def on_resumed(self) -> None:
        """The session goes on after a lost connection."""
        self.gateway.up()
        self.send_heartbeat()
        self.live_updater.refresh_soon()

    async def on_disconnect(self) -> None:
        """The connection is lost; discord.py opens another."""
        if self.gateway.down():
            # one that comes back soon is not worth a word to members
            asyncio.get_running_loop().call_later(OFFLINE_GRACE_S, self.live_updater.refresh_soon)
        self.send_heartbeat()
        # discord.py cannot try again by itself when not even the first connection came about
        never_open = getattr(self, "ws", None) is None
        if not self.gateway.was_up and (never_open or self.gateway.lost_tries >= FIRST_TRIES):
            self.unreachable.set()

    async def on_message(self, message: discord.Message, /) -> None:
        """Somebody wrote: perhaps a command, perhaps something that the shop has to know."""
        self.loader.hear(message)
        await self.process_commands(message)

    async def process_commands(self, message: discord.Message, /) -> None:
        """Do what a message orders; a command that is not known yet waits for the shop."""
        await self.loader.wait_for_command(self, message)
        await super().process_commands(message)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Serve what members click, choose and fill in; the buttons of the live message have a view of their own."""
        data: dict[str, Any] = dict(interaction.data or {})
        custom_id = str(data.get("custom_id", ""))
        if not custom_id.startswith(custom_ids.PREFIX) or custom_id in custom_ids.LIVE:
            return
        if (step := custom_ids.parse(custom_id)) is not None:
            await self.interactions.serve(interaction, step)
        elif interaction.message is None or not self.confirmations.is_waiting(interaction.message.id):
            await self.interactions.answer_unknown(interaction)

    async def on_command_error(self, context: commands.Context[Any], exception: commands.CommandError, /) -> None:
        """A command failed, and nobody else answers."""
        answers_itself = context.cog is not None and context.cog.has_error_handler()
        if not answers_itself and not isinstance(exception, commands.CommandNotFound):
            await self.command_failed(context, exception)

    async def command_failed(self, context: commands.Context[Any], exception: Exception) -> None:
        """Say that a command has failed; the log says why."""
        cause = getattr(exception, "original", exception)
        if isinstance(cause, discord.Forbidden):
            # the answer could not be sent, and so could not this one
            text = _("may not answer %(command)s in channel %(channel)d: %(why)s; give the bot Send Messages there")
            facts = {"command": context.invoked_with, "channel": context.channel.id, "why": cause.text}
            log.error(text, facts)
            return
        log.error(_("Command %s failed"), f"{context.prefix}{context.invoked_with}"[:50], exc_info=cause)
        await context.reply(_("❌ That did not work; the bot's log says why."), ephemeral=True)

    def is_admin(self, author: discord.abc.User) -> bool:
        """Tell whether somebody may give admin commands."""
        return restart_dialog.is_admin(
            author.id,
            [role.id for role in getattr(author, "roles", [])],
            admin_ids=self.settings.bot.admin_ids,
            admin_role_ids=self.settings.bot.admin_role_ids,
            owner_ids=self.application_owner_ids(),
        )

    @property
    def live_channel_id(self) -> int:
        """The channel of the live message; 0: none is chosen."""
        return self.settings.bot.live_channel_id or self._chosen_channel_id()

    @property
    def started_at_s(self) -> float:
        """When this life began, in seconds since 1970."""
        return self._started_at_s

    async def move_live_message(self, channel_id: int) -> None:
        """Have the live message in another channel from now on, also in later lives.

        Raises StateError when that cannot be remembered, CannotShow when it cannot be shown there yet.
        """
        state.change(self.settings.state_file, live_channel_id=channel_id)
        await self.loader.wait()
        await self.live_updater.replace_first(self._live_message_in(channel_id))
        await self._tidy()

    def application_owner_ids(self) -> frozenset[int]:
        """Return the users who own the application: its owner, or the members of its team."""
        application = self.application
        if application is None:
            return frozenset()
        if application.team is not None:
            return frozenset(member.id for member in application.team.members)
        return frozenset({application.owner.id})

    # --- the supervisor ---

    @property
    def life(self) -> int | None:
        """Number of this life; None without a supervisor."""
        return self.link.environment.life if self.link else None

    def health(self) -> Message:
        """Return how the bot is, as `status` shows it."""
        return {
            "livestock": self.live_updater.livestock.get_status(),
            "buttons": self.live_updater.buttons.get_status(),
            "visibility": self.live_updater.health(),
            "gateway": self.gateway.health(self.latency),
            **self.loader.health(),
            "cache": self.cache.health(),
            "loop_lag_ms": round(self._lag_s * 1000, 1),
        }

    async def end(self) -> None:
        """Finish what is under way, unless a drain has done so, and leave Discord."""
        self.ending = True
        if self._drain is None:
            await self._finish("stop", SHORT_DRAIN_S)
        elif not self._drain.done():
            await asyncio.wait({self._drain}, timeout=SHORT_DRAIN_S)
        await self.leave()

    async def leave(self) -> None:
        """End the gateway session for good and close every connection."""
        self.ending = True
        if self.opens is not None:
            self.opens.cancel()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                if getattr(self, "ws", None) is not None and self.ws.open:
                    await self.ws.close(code=1000)
                await self.close()
        except TimeoutError:
            log.warning(_("Discord did not close the connection in time"))
        self.cache.close()
        if self.loader.shop is not None:
            await self.loader.shop.close()

    def _make_link(self, surroundings: LifeEnvironment) -> SupervisorLink:
        return SupervisorLink(
            surroundings,
            {
                "welcome": self._on_welcome,
                "drain": self._on_drain,
                "cache": self._on_cache,
                "reopen": self._on_reopen,
            },
            health=self.health,
            extra_starts=lambda: max(0, self.gateway.identifies - 1),
            writes_traceback=True,
            on_ready=self._on_ready_heard,
            on_connected=self._on_link,
        )

    async def _on_welcome(self, message: Message) -> Message:
        self._ticket = message.get("ticket") or self._ticket
        return {}

    async def _on_drain(self, message: Message) -> Message:
        if self._drain is None or self._drain.done():
            work = self._drain_and_report(str(message["reason"]), float(message["deadline_s"]), message.get("flush"))
            self._drain = asyncio.create_task(work)
        return {}

    async def _on_cache(self, message: Message) -> Message:
        if message["action"] == "stats":
            return {"stats": self.cache.get_stats()}
        clear = {
            "expired": self.cache.clear_expired,
            "temporary": self.cache.clear_temporary,
            "all": self.cache.clear,
        }
        return {"removed": await clear[message["scope"]]()}

    async def _on_reopen(self, message: Message) -> Message:
        reopen()
        return {}

    def _on_ready_heard(self, report: Message | None) -> None:
        ticket, self._ticket = self._ticket, None
        if report is not None and restart_dialog.is_announced(report):
            log.info(_("Back again after a restart asked for by %s"), report["requested_by"])
        if self.tasks.is_draining:
            return
        if ticket is not None:
            self.tasks.spawn(_("back again"), self._say_back_again(ticket, report))
        channel_id = self.live_updater.channel_id
        if ticket is None and channel_id is not None and restart_dialog.is_announced(report):
            text = restart_dialog.back_again(self.life or 0, None)
            self.tasks.spawn(_("back again"), self.restart_notice.show(channel_id, text))
        else:
            self.tasks.spawn(_("back again"), self.restart_notice.remove())

    async def _say_back_again(self, ticket: Message, report: Message | None) -> None:
        """Tell whoever asked for the restart that it is done, where it was asked for."""
        text = restart_dialog.back_again(self.life or 0, report)
        channel = self.get_partial_messageable(int(ticket["channel_id"]))
        try:
            await channel.get_partial_message(int(ticket["message_id"])).edit(content=text, view=None)
        except discord.NotFound:
            await channel.send(text)

    def _on_link(self, connected: bool) -> None:
        """A drained life whose supervisor is gone for too long serves again."""
        if self._serve_again is not None:
            self._serve_again.cancel()
            self._serve_again = None
        if not connected and self._drain is not None and not self.ending:
            loop = asyncio.get_running_loop()
            self._serve_again = loop.call_later(self._drain_deadline_s, self._reopen)

    async def _drain_and_report(self, reason: str, deadline_s: float, flush: str | None) -> None:
        self._drain_deadline_s = deadline_s
        # the supervisor has read the settings again, which we have not
        self.admin.flush = next((one for one in get_args(FlushPolicy) if one == flush), None)
        report = await self._finish(reason, deadline_s)
        if self.link is not None:
            self.link.notify("drained", report=report)

    async def _finish(self, reason: str, deadline_s: float) -> Message:
        """Run the clean-up; on a planned stop members see that the shop is closed."""
        if reason == "stop" and self.gateway.was_up:
            await self.live_updater.close()
        result = await self.admin._cleanup_before_restart(deadline_s)
        return {
            "drained": list(result.drained),
            "cancelled": list(result.cancelled),
            "flushed_entries": result.flushed_entries,
            "steps": result.steps,
        }

    def _reopen(self) -> None:
        log.warning(_("The supervisor that asked for the drain is gone: serving again"))
        if self._drain is not None:
            self._drain.cancel()
            self._drain = None
        self.cache.unseal()
        self.tasks.resume()
        self.live_updater.reopen()

    def _tell_pending(self, pending: list[str]) -> None:
        if self.link is not None:
            self.link.notify("draining", pending=pending)

    # --- small things ---

    async def _serve_step(self, interaction: discord.Interaction[Any], step: Step) -> None:
        if (shop := await self.loader.wait_for(interaction)) is not None:
            await shop.flows.serve(interaction, step)

    def _probe_buttons(self) -> str | None:
        """Say why clicks on the buttons cannot be served; None: they can."""
        no_views = None if self.persistent_views else _("no buttons are registered")
        return self.gateway.problem(self.latency) or no_views

    async def _read_products(self) -> tuple[Product, ...]:
        return await (await self.loader.wait()).products()

    def _chosen_channel_id(self) -> int:
        """Return the channel that `/setup` has chosen; 0: none, or nobody knows any more."""
        try:
            return state.load(self.settings.state_file).live_channel_id
        except StateError as error:
            log.error(_("cannot tell which channel was chosen: %s"), error)
            return 0

    def _live_messages(self) -> list[LiveMessage]:
        chosen = self.live_channel_id
        further = [self._live_message_in(one.channel_id, one.language) for one in self.settings.bot.live]
        return [*([self._live_message_in(chosen)] if chosen else []), *further]

    def _live_message_in(self, channel_id: int, language: str = "") -> LiveMessage:
        state_file = self.settings.state_file
        return LiveMessage(self.get_partial_messageable, channel_id, state_file, self.interactions.serve_live, language)

    async def _tidy(self) -> None:
        """Remove live messages of earlier settings."""
        try:
            await remove_others(self.get_partial_messageable, self.settings.state_file, self.live_updater.keys)
        except StateError as error:
            log.warning(_("cannot remove an earlier live message: %s"), error)

    def start_serving(self) -> None:
        """Show the live message and tell Discord the commands, if Discord has let us in and the shop is open."""
        if self.gateway.was_up and self.loader.done:
            self.live_updater.start()
            if not self.tasks.is_draining:
                self.tasks.spawn(_("slash commands"), slash.sync_if_changed(self.tree, self.settings.state_file))

    def send_heartbeat(self) -> None:
        """Tell the supervisor how the bot is, now: something has changed."""
        if self.link is not None:
            self.link.send_heartbeat()

    async def _measure_lag(self) -> None:
        loop = asyncio.get_running_loop()
        planned = loop.time() + 0.05
        await asyncio.sleep(0.05)
        self._lag_s = max(0.0, loop.time() - planned)
