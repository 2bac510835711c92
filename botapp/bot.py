"""`ShopBot`: creates the parts of the bot, connects them, and passes Discord's events on to them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import discord
import yarl
from discord.ext import commands

from botapp.cogs.admin import AdminCog
from botapp.cogs.confirmations import Confirmations
from botapp.cogs.live_events import LiveEvents
from botapp.cogs.setup import SetupCog
from botapp.config.settings import Settings
from botapp.discord_api import http_calls, permissions, slash_commands
from botapp.discord_api.command_errors import reply_command_failed
from botapp.discord_api.gateway_events import GatewayReader, skip_unreadable_events
from botapp.discord_api.gateway_status import OFFLINE_GRACE_S, GatewayStatus
from botapp.discord_api.handover.commands import read_replayable
from botapp.discord_api.handover.intake import Intake
from botapp.discord_api.handover.missed_events import MissedEvents
from botapp.ext.cache_manager import CacheManager
from botapp.interactions.dispatcher import InteractionDispatcher
from botapp.lifecycle.drain import Drain
from botapp.lifecycle.preparation import too_few_identifies
from botapp.lifecycle.requests import SupervisorRequests
from botapp.lifecycle.serving import Serving
from botapp.locale import _
from botapp.runtime.exits import TryLater
from botapp.runtime.tasks import TaskRegistry
from botapp.services.health import BotHealth
from botapp.services.live_message.placement import LiveMessagePlacement
from botapp.services.live_message.restart_notice import TemporaryMessage
from botapp.services.live_message.self_restart import SelfRestart
from botapp.services.live_message.updater import LiveMessageUpdater
from botapp.shop_loader import LazyCommandTree, ShopLoader, was_database_created
from botapp.ui import custom_ids
from botapp.ui.admin import restart_dialog
from botapp.ui.admin.help import unknown_command
from botapp.ui.custom_ids import Step
from botapp.ui.live import render
from botapp.ui.live.health import HealthReport
from botapp.ui.live.view import ClickView
from supervisor.client import LifeEnvironment, Message

if TYPE_CHECKING:
    import socket

    from botapp.store.domain.records import Product

log = logging.getLogger(__name__)

#: attempts to open the first session before the bot exits, to be started again later
MAX_FIRST_ATTEMPTS: Final = 3
#: time to close the gateway session, in seconds
CLOSE_TIMEOUT_S: Final = 2.0
#: codes that close the gateway's connection: the session is over; the next process resumes it
ENDS_SESSION: Final = 1000
KEEPS_SESSION: Final = 4000


def configure_discord_py(settings: Settings) -> None:
    """Make discord.py use the Discord that the settings name, and survive its bad moments."""
    http_calls.install()
    discord.client.DiscordWebSocket = GatewayReader  # type: ignore[misc]  # discord.py has no parameter for it
    # the bot does not use voice: without its libraries discord.py would warn
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    if settings.discord.api_base:
        discord.http.Route.BASE = settings.discord.api_base
    if settings.discord.gateway:
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord.gateway)


class ShopBot(commands.Bot):
    """The bot of one process. It sets `unreachable` when it cannot open a first session."""

    live_updater: LiveMessageUpdater

    def __init__(
        self, settings: Settings, environment: LifeEnvironment | None, passed_sockets: Sequence[socket.socket] = ()
    ) -> None:
        """`environment` is None without a supervisor."""
        super().__init__(
            command_prefix=settings.bot.prefix,
            tree_cls=LazyCommandTree,
            # phone keyboards capitalize the first letter and add spaces
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
        self.passed_sockets = passed_sockets
        #: the number of this life; None without a supervisor
        self.life = environment.life if environment else None
        #: the start of this process, in seconds since 1970
        self.started_at_s = time.time()
        #: whether this process is about to end
        self.is_ending = False
        self.unreachable = asyncio.Event()
        self._connecting: asyncio.Task[Any] | None = None
        #: reads what arrived while no process served, while this one connects; None once it is used
        self._missed: MissedEvents | None = None
        self._reading: asyncio.Task[None] | None = None
        self.intake = Intake(self._connection.parsers, self._is_replayable)
        self.gateway = GatewayStatus(skipped=skip_unreadable_events(self._connection.parsers))
        is_prepared = environment is not None and environment.is_prepared
        self.loader = ShopLoader(is_beside=is_prepared)
        self.cache = CacheManager(max_bytes=settings.cache.max_bytes)
        self.tasks = TaskRegistry(on_change=self._report_pending)
        self.link = SupervisorRequests(self).create_link(environment) if environment else None
        self.confirmations = Confirmations()
        self.admin = AdminCog(self, self.confirmations)
        self.drain = Drain(self)
        self.serving = Serving(self, is_prepared=is_prepared)
        self._connect_live_message()

    def _connect_live_message(self) -> None:
        """Create what shows the live message, and what answers clicks on it."""
        settings, messageable = self.settings, self.get_partial_messageable
        self.interactions = InteractionDispatcher(self.tasks, lambda: self.live_updater, self._serve_step, self)
        self.placement = LiveMessagePlacement(settings, messageable, self.interactions.serve_live)
        self.restart_notice = TemporaryMessage(messageable, settings.state_file, self.tasks.sleep)
        self_restart = SelfRestart(self.link, self.tasks, settings.state_file, self.loader.notify)
        self.live_updater = LiveMessageUpdater(
            self.tasks,
            settings.store,
            self._read_products,
            edit_interval_s=settings.bot.edit_interval_s,
            probe_buttons=self._probe_buttons,
            on_health=self.send_heartbeat,
            on_error=self_restart.check,
        )
        self._health = BotHealth(
            self.live_updater, self.cache, self._measure_gateway, self.loader.health, self.interactions.clicks.report
        )

    # --- events of Discord ---

    async def setup_hook(self) -> None:
        """Serve the buttons of earlier processes, add the commands, and begin to load the shop.

        Raises TryLater if this process cannot open a session beside that of another one.
        """
        if self.serving.role == "serving":
            self._missed = self._read_missed()
        self.loader.start(self)
        await self.tree.set_translator(slash_commands.CommandTranslator())
        self.add_view(ClickView(render.live_buttons(enabled=True), self.interactions.serve_live))
        await self.add_cog(self.confirmations)
        await self.add_cog(self.admin)
        await self.add_cog(SetupCog(self))
        await self.add_cog(LiveEvents(self.live_updater))
        if self.serving.role == "prepared":
            limits = await self.http.request(discord.http.Route("GET", "/gateway/bot"))
            if (problem := too_few_identifies(limits)) is not None:
                raise TryLater(problem)
        elif not was_database_created(self.settings):
            # at the very first start, "ready" means that the shop can be used
            await self.loader.finish()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Count the session; the supervisor limits how many a day has."""
        self.gateway.identifies += 1
        await super().before_identify_hook(shard_id, initial=initial)

    async def on_connect(self) -> None:
        """Record READY. The bot serves from the first one on."""
        self.gateway.mark_online()
        self.send_heartbeat()

    async def on_resumed(self) -> None:
        """Update the live message after a lost connection."""
        self.gateway.mark_online()
        self.send_heartbeat()
        self.live_updater.refresh_soon()

    async def on_disconnect(self) -> None:
        """Record the lost connection. discord.py reconnects, except when the very first connection fails."""
        if self.gateway.mark_offline():
            # members need not hear of a short outage
            asyncio.get_running_loop().call_later(OFFLINE_GRACE_S, self.live_updater.refresh_soon)
        self.send_heartbeat()
        never_open = getattr(self, "ws", None) is None
        # a prepared process has until the supervisor's deadline
        gives_up = self.gateway.failed_attempts >= MAX_FIRST_ATTEMPTS and self.serving.role == "serving"
        if not self.gateway.was_online and (never_open or gives_up):
            self.unreachable.set()

    async def on_message(self, message: discord.Message, /) -> None:
        """Process a command, and keep messages for the shop while it is loading."""
        self.loader.keep(message)
        try:
            await self.process_commands(message)
        finally:
            self.finish(message.id)

    async def process_commands(self, message: discord.Message, /) -> None:
        """Process the command of a message; one of the shop waits until the shop is open."""
        await self.loader.wait_for_command(self, message)
        await super().process_commands(message)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Serve buttons, selects and forms, except the live message's buttons: those have a view."""
        data: dict[str, Any] = dict(interaction.data or {})
        custom_id = str(data.get("custom_id", ""))
        if not custom_id.startswith(custom_ids.PREFIX) or custom_id in custom_ids.LIVE:
            return
        if (step := custom_ids.parse(custom_id)) is not None:
            await self.interactions.serve(interaction, step)
        elif interaction.message is None or not self.confirmations.is_waiting(interaction.message.id):
            await self.interactions.answer_unknown(interaction, custom_id)

    async def on_command_error(self, context: commands.Context[Any], exception: commands.CommandError, /) -> None:
        """Reply to a failed command whose cog does not, and to an unknown one."""
        cog_replies = context.cog is not None and context.cog.has_error_handler()
        if isinstance(exception, commands.CommandNotFound):
            names = [command.qualified_name for command in self.commands]
            is_admin = self.is_admin(context.author)
            text = unknown_command(context.invoked_with or "", names, self.settings.bot.prefix, is_admin=is_admin)
            if text:
                await context.reply(text)
        elif not cog_replies:
            await reply_command_failed(context, exception)

    # --- what the process before has left ---

    def _read_missed(self) -> MissedEvents | None:
        """Begin to read what arrived while no process served; return None if no session of another process is left."""
        session, token = self.intake.earlier_session, self.http.token
        if session is None or not token:
            return None
        missed = MissedEvents(self.gateway.opened)
        self._reading = asyncio.create_task(missed.read(session, token))
        return missed

    async def take_over_events(self, *, reads_missed: bool = False) -> None:
        """Finish the clicks that earlier processes have left, and serve those that no process has received.

        `reads_missed`: whether the process before was killed just now, and a part of its last events is still there.
        """
        missed, self._missed = self._missed, None
        if missed is None and reads_missed:
            missed = self._read_missed()
        taken_over, count = self.intake.replay_left(self.application_id or 0), 0
        if missed is not None:
            await missed.is_caught_up.wait()
            count = missed.hand_on(lambda name, data: self._connection.parsers[name](data))
            if missed.problem is not None:
                log.info(_("session of the process before: not resumed (%s)"), missed.problem)
        if taken_over or count:
            text = _("process before: taken over (%(left)d events in progress, %(missed)d events not received)")
            log.info(text, {"left": taken_over, "missed": count})

    def is_restarting(self) -> bool:
        """Return whether the next process is about to finish what this one leaves."""
        return self.drain.is_for_restart

    def finish(self, event_id: int) -> None:
        """Record that an interaction or a message is finished, unless its task is cancelled: it is replayed then."""
        task = asyncio.current_task()
        if task is None or not task.cancelling():
            self.intake.finish(event_id)

    def _is_replayable(self, event: str, data: Mapping[str, Any]) -> bool:
        """Return whether the next process can finish an event that this one has begun."""
        if custom_ids.is_step(data):
            return True
        command = read_replayable(event, data, self.settings.bot.prefix)
        return command is not None and self._is_admin(command.user_id, command.role_ids, command.server_id)

    # --- what the parts need of the bot ---

    def health(self) -> Message:
        """Return the health of the bot, as `status` shows it."""
        return self._health.report()

    def send_heartbeat(self) -> None:
        """Send a heartbeat now: the health has changed."""
        if self.link is not None:
            self.link.send_heartbeat()

    def is_admin(self, author: discord.abc.User) -> bool:
        """Return whether the author may give admin commands."""
        if isinstance(author, discord.Member):
            return self._is_admin(author.id, [role.id for role in author.roles], author.guild.id)
        return self._is_admin(author.id, (), None)

    def _is_admin(self, user_id: int, role_ids: Collection[int], server_id: int | None) -> bool:
        return restart_dialog.is_admin(
            user_id,
            role_ids,
            server_id=server_id,
            admin_ids=self.settings.bot.admin_ids,
            admin_role_ids=self.settings.bot.admin_role_ids,
            owner_ids=permissions.owner_ids(self.application),
        )

    @property
    def live_channel_id(self) -> int:
        """The channel of the live message; 0 if none is chosen."""
        return self.placement.channel_id

    async def move_live_message(self, channel_id: int) -> None:
        """Move the live message to another channel, for later processes too.

        Raises StateError when the choice cannot be saved, CannotShow when the message cannot be shown there yet.
        """
        live_message = self.placement.choose(channel_id)
        await self.loader.wait()
        await self.live_updater.replace_first(live_message)
        await self.placement.remove_others(self.live_updater.keys)

    async def measure_loop_lag(self) -> None:
        """Measure how late the event loop wakes a sleeping task."""
        await self._health.measure_loop_lag()

    async def _serve_step(self, interaction: discord.Interaction[Any], step: Step) -> None:
        if (shop := await self.loader.wait_for(interaction)) is not None:
            await shop.flows.serve(interaction, step)

    def _measure_gateway(self) -> dict[str, Any]:
        self.gateway.measure_latency(self.latency)
        return self.gateway.health()

    def _probe_buttons(self) -> HealthReport:
        """Report whether clicks on the buttons can be answered."""
        self.gateway.measure_latency(self.latency)
        if (problem := self.gateway.problem()) is not None:
            return HealthReport("gateway", is_healthy=False, error=problem)
        no_views = None if self.persistent_views else _("no buttons are registered")
        return HealthReport("buttons", no_views is None, no_views)

    async def _read_products(self) -> tuple[Product, ...]:
        return await (await self.loader.wait()).products()

    def _report_pending(self, pending: list[str]) -> None:
        if self.link is not None:
            self.link.notify("draining", pending=pending)

    # --- the end ---

    async def end(self) -> None:
        """Drain, unless the supervisor did, and leave Discord."""
        self.is_ending = True
        await self.drain.finish()
        await self.leave(keep_session=self.drain.is_for_restart)

    async def connect(self, *, reconnect: bool = True) -> None:
        """Open a session, and serve its events until it cannot be opened again."""
        self._connecting = asyncio.current_task()
        await super().connect(reconnect=reconnect)

    async def close(self) -> None:
        """Close the connections to Discord. discord.py calls this too, when Discord refuses the token."""
        if not self.tasks.is_draining:
            await self.tasks.cancel()  # work that cleans up needs the connections
        await super().close()

    async def leave(self, *, keep_session: bool = True) -> None:
        """Close the connection to the gateway, the cache and the shop; the next process resumes the session if kept.

        The session of a process that does not serve ends.
        """
        self.is_ending = True
        keep_session = keep_session and self.serving.role == "serving"
        self.loader.cancel()
        if self._reading is not None:
            self._reading.cancel()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                if getattr(self, "ws", None) is not None and self.ws.open:
                    if not keep_session and self._connecting is not None:
                        # while it reads, discord.py closes with a code that keeps the session
                        self._connecting.cancel()
                        await asyncio.wait({self._connecting})
                    await self.ws.close(code=KEEPS_SESSION if keep_session else ENDS_SESSION)
                await self.close()
        except TimeoutError:
            log.warning(_("Discord did not close the connection in time"))
        self.intake.close(keep_session=keep_session)
        self.cache.close()
        if self.loader.shop is not None:
            await self.loader.shop.close()
