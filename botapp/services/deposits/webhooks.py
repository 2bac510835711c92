"""Deposits that webhooks report in channels: each is taken once, also what came while nobody was listening.

A channel is read from where it was read before, whenever a message comes, after each connection and every minute.
What was heard but cannot be read (the history may be forbidden) counts as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any, Final

import aiohttp
import discord
from sqlalchemy import Connection

from botapp.config.settings import Settings
from botapp.locale import _
from botapp.runtime.context import BotContext, ShopContext
from botapp.services.deposits.notifications import DepositNotifier
from botapp.services.deposits.parsing import ParsedReport, Patterns, extract_claims, message_text
from botapp.store.db.errors import Unavailable
from botapp.store.usecases import deposits
from botapp.store.usecases.deposits import DepositClaim, DepositResult
from supervisor.configfile import ConfigError

log = logging.getLogger(__name__)

#: time between two looks that nobody asked for, in seconds
POLL_INTERVAL_S: Final = 60.0
#: messages that are read at a time; Discord gives no more
BATCH: Final = 100
#: messages of a channel that are remembered until they have been looked at; the history has all
MAX_RECEIVED: Final = 500


class CannotRead(Exception):
    """A channel cannot be read now; the message is for people."""


class WebhookDeposits:
    """Takes the deposits of the channels in `[store.deposits] channel_ids`."""

    def __init__(self, bot: BotContext, shop: ShopContext, settings: Settings) -> None:
        """Raises ConfigError when a pattern cannot be used."""
        self._bot = bot
        self._shop = shop
        self._settings = settings.store.deposits
        try:
            self._patterns = Patterns(self._settings.member_name_pattern, self._settings.amount_pattern)
        except ValueError as error:
            text = _("%(path)s: [store.deposits] member_name_pattern or amount_pattern cannot be used: %(problem)s")
            raise ConfigError(text % {"path": settings.path, "problem": error}) from error
        self._notifier = DepositNotifier(bot, shop)
        self._received: dict[int, dict[int, discord.Message]] = {one: {} for one in self._settings.channel_ids}
        self._problems: dict[int, str] = {}
        self._lock = asyncio.Lock()
        self._queued = False

    def start(self, early: Iterable[discord.Message]) -> None:
        """Read the channels from now on, and the messages that came before. To be called once."""

        async def on_event(*_events: object) -> None:
            self.poll_soon()

        async def heard(message: discord.Message) -> None:
            self.receive(message)

        # a new connection may have missed messages; a channel or a permission may be there now
        for event in (
            "connect",
            "resumed",
            "guild_available",
            "guild_join",
            "guild_channel_update",
            "guild_role_update",
        ):
            self._bot.add_listener(on_event, f"on_{event}")
        self._bot.add_listener(heard, "on_message")
        for message in early:
            self.receive(message)
        self._bot.tasks.repeat(_("deposits"), POLL_INTERVAL_S, self._poll)

    def receive(self, message: discord.Message) -> None:
        """A message has come, anywhere."""
        heard = self._received.get(message.channel.id)
        if heard is None or message.author.id == self._bot.application_id:
            return
        heard[message.id] = message
        if len(heard) > MAX_RECEIVED:
            del heard[min(heard)]
        self.poll_soon()

    def poll_soon(self) -> None:
        """Read the channels; several calls in a row are one look."""
        if not self._queued and not self._bot.tasks.is_draining:
            self._queued = True
            self._bot.tasks.spawn(_("deposits"), self._poll())

    def health(self) -> dict[str, Any]:
        """Return how it is, as `status` shows it."""
        problem = next(iter(self._problems.values()), None)
        return {"is_healthy": problem is None, "last_error": problem}

    async def _poll(self) -> None:
        async with self._lock:
            self._queued = False
            for channel_id in self._settings.channel_ids:
                try:
                    await self._read_channel(channel_id)
                except CannotRead as error:
                    self._record_failure(channel_id, str(error))
                except Unavailable as error:
                    log.debug("deposits wait for the database: %s", error)
                    return
                else:
                    self._problems.pop(channel_id, None)

    def _record_failure(self, channel_id: int, problem: str) -> None:
        if self._problems.get(channel_id) != problem:
            log.error("%s", problem)
        self._problems[channel_id] = problem

    async def _read_channel(self, channel_id: int) -> None:
        """Take all that is new in a channel. Raises CannotRead, when what was heard is taken; Unavailable."""
        channel = self._bot.get_channel(channel_id)
        if not isinstance(channel, discord.TextChannel | discord.Thread | discord.VoiceChannel):
            if self._bot.is_ready():
                raise CannotRead(
                    _("cannot find channel %d, or it has no messages; correct [store.deposits] channel_ids")
                    % channel_id
                )
            return  # the servers are not known yet; that they are is told
        position = await self._shop.read(deposits.get_read_position, channel_id)
        try:
            if position is None:
                position = await self._initialize_position(channel)
            await self._catch_up(channel, position)
        except CannotRead:
            await self._record_received(channel_id)
            raise
        await self._record_received(channel_id)

    async def _initialize_position(self, channel: discord.abc.Messageable) -> int:
        """Return the newest message of a channel that was never read: what is older was booked by other means."""
        newest = [one.id for one in await self._history(channel, limit=1)]
        heard = self._received[_channel_id(channel)]
        before = [one for one in newest if one not in heard]
        # with an empty channel, or one whose first message came a moment ago: from now on
        position = before[0] if before else min(heard, default=discord.utils.time_snowflake(discord.utils.utcnow())) - 1
        await self._shop.read(deposits.set_read_position, _channel_id(channel), position)
        log.info(_("deposits in channel %d are taken from now on"), _channel_id(channel))
        return position

    async def _catch_up(self, channel: discord.abc.Messageable, position: int) -> None:
        while not self._bot.tasks.is_draining:
            found = await self._history(channel, limit=BATCH, after=discord.Object(position))
            kept = position
            for message in sorted(found, key=lambda one: one.id):
                if self._bot.tasks.is_draining:
                    return  # nothing is lost: the next life goes on from here
                position = message.id
                self._received[_channel_id(channel)].pop(message.id, None)
                if await self._record(message, up_to=position):
                    kept = position
            if kept != position:
                await self._shop.read(deposits.set_read_position, _channel_id(channel), position)
            if len(found) < BATCH:
                return

    async def _record_received(self, channel_id: int) -> None:
        """Take what was heard and is not in the history, or could not be read there."""
        heard = self._received[channel_id]
        for message_id in sorted(heard):
            await self._record(heard[message_id], up_to=None)
            del heard[message_id]

    async def _record(self, message: discord.Message, up_to: int | None) -> bool:
        """Take what a message reports, and remember that the channel is read up to there; False: it reports nothing."""
        if message.author.id == self._bot.application_id:
            return False
        text = message_text(message.content, [dict(one.to_dict()) for one in message.embeds])
        said, units = ParsedReport(message.id, message.webhook_id, text), self._shop.units
        # in a thread: the patterns are the owner's, and may take long
        claims = await asyncio.to_thread(extract_claims, said, self._patterns, self._settings.webhook_ids, units)
        if not claims:
            return False
        taken = await self._shop.read(_record_claims, claims, message.channel.id, up_to, self._shop.now_ms())
        self._notifier.notify(taken, message)
        return True

    async def _history(self, channel: discord.abc.Messageable, **options: Any) -> list[discord.Message]:
        """Return messages of a channel. Raises CannotRead."""
        assert isinstance(channel, discord.abc.GuildChannel | discord.Thread)
        # Discord shows no messages, and no error, to whom the history is forbidden
        if not channel.permissions_for(channel.guild.me).read_message_history:
            text = _(
                "may not read the history of channel %d, so deposits could be missed; give the bot Read Message History"
            )
            raise CannotRead(text % channel.id)
        try:
            return [one async for one in channel.history(**options)]
        except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            text = _("cannot read channel %(channel)d for deposits: %(problem)s; it is tried again")
            raise CannotRead(text % {"channel": channel.id, "problem": error}) from error


def _record_claims(
    connection: Connection, claims: list[DepositClaim], channel_id: int, up_to: int | None, now_ms: int
) -> list[DepositResult]:
    """Take claims and remember how far the channel has been read: both, or nothing."""
    taken = deposits.record_claims(connection, claims, source="webhook", now_ms=now_ms)
    if up_to is not None:
        deposits.set_read_position(connection, channel_id, up_to)
    return taken


def _channel_id(channel: discord.abc.Messageable) -> int:
    assert isinstance(channel, discord.abc.Snowflake)
    return channel.id
