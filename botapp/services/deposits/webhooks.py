"""Deposits from webhooks in channels: each is recorded once, also those that arrived while the bot was down.

A channel is read from its last position: for each message, after each connection, and every minute. Messages that were
received but are not in the history (it may be forbidden) are processed too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any, Final

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

#: time between two polls, in seconds
POLL_INTERVAL_S: Final = 60.0
#: messages per request; Discord returns at most 100
BATCH: Final = 100
#: received messages stored per channel until they are processed; the history has all of them
MAX_RECEIVED: Final = 500


class CannotRead(Exception):
    """A channel cannot be read now; the message says why and what to do."""


class WebhookDeposits:
    """Records the deposits of the channels in `[store.deposits] channel_ids`."""

    def __init__(self, bot: BotContext, shop: ShopContext, settings: Settings) -> None:
        """Raises ConfigError if a pattern is unusable."""
        self._bot = bot
        self._shop = shop
        self._settings = settings.store.deposits
        try:
            self._patterns = Patterns(self._settings.member_name_pattern, self._settings.amount_pattern)
        except ValueError as error:
            text = _("%(path)s: [store.deposits] member_name_pattern or amount_pattern is unusable: %(problem)s")
            raise ConfigError(text % {"path": settings.path, "problem": error}) from error
        self._notifier = DepositNotifier(bot, shop)
        channel_ids = self._settings.channel_ids
        self._received: dict[int, dict[int, discord.Message]] = {channel_id: {} for channel_id in channel_ids}
        self._problems: dict[int, str] = {}
        self._lock = asyncio.Lock()
        self._queued = False

    def start(self, early: Iterable[discord.Message]) -> None:
        """Start reading the channels, beginning with the messages that have already arrived. Call it once."""

        async def on_event(*_events: object) -> None:
            self.poll_soon()

        async def received(message: discord.Message) -> None:
            self.receive(message)

        # a new connection may have missed messages; a channel or a permission may exist now
        for event in (
            "connect",
            "resumed",
            "guild_available",
            "guild_join",
            "guild_channel_update",
            "guild_role_update",
        ):
            self._bot.add_listener(on_event, f"on_{event}")
        self._bot.add_listener(received, "on_message")
        for message in early:
            self.receive(message)
        self._bot.tasks.repeat(_("deposits"), POLL_INTERVAL_S, self._poll)

    def receive(self, message: discord.Message) -> None:
        """Queue a message, if it is in one of the channels."""
        received = self._received.get(message.channel.id)
        if received is None or message.author.id == self._bot.application_id:
            return
        received[message.id] = message
        if len(received) > MAX_RECEIVED:
            del received[min(received)]
        self.poll_soon()

    def poll_soon(self) -> None:
        """Read the channels; several calls in a row cause one poll."""
        if not self._queued and not self._bot.tasks.is_draining:
            self._queued = True
            self._bot.tasks.spawn(_("deposits"), self._poll())

    def health(self) -> dict[str, Any]:
        """Return the health of the channels, as `status` shows it."""
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
                    log.debug("deposits: waiting for the database: %s", error)
                    return
                else:
                    self._problems.pop(channel_id, None)

    def _record_failure(self, channel_id: int, problem: str) -> None:
        if self._problems.get(channel_id) != problem:
            log.error("%s", problem)
        self._problems[channel_id] = problem

    async def _read_channel(self, channel_id: int) -> None:
        """Record all new deposits of a channel. Raises CannotRead after recording received messages; Unavailable."""
        channel = self._bot.get_channel(channel_id)
        if not isinstance(channel, discord.TextChannel | discord.Thread | discord.VoiceChannel):
            if self._bot.is_ready():
                raise CannotRead(
                    _("cannot find channel %d, or it has no messages; correct [store.deposits] channel_ids")
                    % channel_id
                )
            return  # the bot does not know its servers yet; an event reports that it does
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
        """Return the newest message of a channel that was never read: older deposits were handled by other means."""
        newest = [message.id for message in await self._history(channel, limit=1)]
        received = self._received[_channel_id(channel)]
        before = [message_id for message_id in newest if message_id not in received]
        # an empty channel, or one whose first message has just arrived: start now
        position = (
            before[0] if before else min(received, default=discord.utils.time_snowflake(discord.utils.utcnow())) - 1
        )
        await self._shop.read(deposits.set_read_position, _channel_id(channel), position)
        log.info(_("deposits: reading channel %d from now on"), _channel_id(channel))
        return position

    async def _catch_up(self, channel: discord.abc.Messageable, position: int) -> None:
        while not self._bot.tasks.is_quiesced:
            messages = await self._history(channel, limit=BATCH, after=discord.Object(position))
            stored = position
            for message in sorted(messages, key=lambda message: message.id):
                if self._bot.tasks.is_quiesced:
                    return  # the next process continues here
                position = message.id
                self._received[_channel_id(channel)].pop(message.id, None)
                if await self._record(message, up_to=position):
                    stored = position
            if stored != position:
                await self._shop.read(deposits.set_read_position, _channel_id(channel), position)
            if len(messages) < BATCH:
                return

    async def _record_received(self, channel_id: int) -> None:
        """Record deposits of received messages that the history lacks or that could not be read there."""
        received = self._received[channel_id]
        for message_id in sorted(received):
            await self._record(received[message_id], up_to=None)
            del received[message_id]

    async def _record(self, message: discord.Message, up_to: int | None) -> bool:
        """Record the deposits of a message and the position of the channel; return whether there were any."""
        if message.author.id == self._bot.application_id:
            return False
        text = message_text(message.content, [dict(embed.to_dict()) for embed in message.embeds])
        report, units = ParsedReport(message.id, message.webhook_id, text), self._shop.units
        # in a thread, because patterns of the owner may take long
        claims = await asyncio.to_thread(extract_claims, report, self._patterns, self._settings.webhook_ids, units)
        if not claims:
            return False
        results = await self._shop.read(_record_claims, claims, message.channel.id, up_to, self._shop.now_ms())
        self._notifier.notify(results, message)
        return True

    async def _history(self, channel: discord.abc.Messageable, **options: Any) -> list[discord.Message]:
        """Return messages of a channel. Raises CannotRead."""
        assert isinstance(channel, discord.abc.GuildChannel | discord.Thread)
        # without this permission Discord returns no messages and no error
        if not channel.permissions_for(channel.guild.me).read_message_history:
            text = _(
                "cannot read the history of channel %d, so deposits could be missed; give the bot Read Message History"
            )
            raise CannotRead(text % channel.id)
        try:
            return [message async for message in channel.history(**options)]
        except discord.HTTPException as error:
            text = _("cannot read channel %(channel)d for deposits: %(problem)s; retrying")
            raise CannotRead(text % {"channel": channel.id, "problem": error}) from error


def _record_claims(
    connection: Connection, claims: list[DepositClaim], channel_id: int, up_to: int | None, now_ms: int
) -> list[DepositResult]:
    """Record claims and the position of the channel in one transaction."""
    results = deposits.record_claims(connection, claims, source="webhook", now_ms=now_ms)
    if up_to is not None:
        deposits.set_read_position(connection, channel_id, up_to)
    return results


def _channel_id(channel: discord.abc.Messageable) -> int:
    assert isinstance(channel, discord.abc.Snowflake)
    return channel.id
