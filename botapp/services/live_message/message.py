"""The live message of a channel: posted once, edited only on change, and found again after a restart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final

import discord
import msgspec

from botapp.discord_api.errors import connection_problem
from botapp.locale import _
from botapp.runtime import state_file as state
from botapp.ui import custom_ids
from botapp.ui.live.render import RenderedMessage
from botapp.ui.live.view import ClickView, OnClick, build_embeds

log = logging.getLogger(__name__)

#: number of recent messages searched for a live message before a new one is posted
SEARCHED_MESSAGES: Final = 50

_UNKNOWN_CHANNEL: Final = 10003
_UNKNOWN_MESSAGE: Final = 10008
_TOO_MANY_EDITS: Final = 30046


#: returns the channel of an id without a request to Discord
Messageable = Callable[[int], discord.PartialMessageable]


class CannotShow(Exception):
    """The live message cannot be shown; the message says why and what to do."""


class LiveMessage:
    """The live message of one channel and language. Its id is kept in the state file, not in the cache."""

    def __init__(
        self,
        messageable: Messageable,
        channel_id: int,
        state_file: Path,
        on_click: OnClick,
        language: str = "",
    ) -> None:
        """
        Args:
            messageable: returns the channel of an id without a request to Discord.
            channel_id: channel of the live message.
            state_file: where its id is stored.
            on_click: handles clicks on its buttons.
            language: of the message; empty means the language of the shop.
        """
        self._messageable = messageable
        #: channel of the live message
        self.channel_id = channel_id
        #: language of the message; empty means the language of the shop
        self.language = language
        self._state_file = state_file
        self._on_click = on_click
        self._current: state.LiveMessage | None = None
        self._is_located = False

    @property
    def message_id(self) -> int | None:
        """Id of the live message, or None."""
        return self._current.message_id if self._current else None

    @property
    def key(self) -> tuple[int, str]:
        """Identifies the live message: channel and language."""
        return self.channel_id, self.language

    def locate_again(self) -> None:
        """Make the next `show` check whether the live message still exists."""
        self._current, self._is_located = None, False

    def forget(self) -> None:
        """Forget a deleted message, so that the next `show` posts a new one."""
        self._store(None)

    async def show(self, rendered: RenderedMessage) -> bool:
        """Make the live message show `rendered`; return whether that took a request to Discord. Raises CannotShow."""
        try:
            if not self._is_located:
                await self._locate()
            if self._current is not None and self._current.shows == rendered.fingerprint():
                return False
            if self._current is None:
                await self._post(rendered)
            else:
                await self._edit(self._current, rendered)
        except discord.HTTPException as error:
            raise CannotShow(error_text(error, self.channel_id)) from error
        except state.StateError as error:
            raise CannotShow(str(error)) from error
        return True

    async def _locate(self) -> None:
        """Find the existing live message, even if its id was lost, and delete all others in the channel."""
        entries = state.load(self._state_file).live_messages
        stored = next((entry for entry in entries if (entry.channel_id, entry.language) == self.key), None)
        if stored is not None and not await self._exists(stored):
            stored = None
        others = {entry.message_id for entry in entries if (entry.channel_id, entry.language) != self.key}
        messages = [message for message in await self._own_messages() if message.id not in others]
        if stored is None and messages:
            stored = state.LiveMessage(self.channel_id, messages[0].id, "", self.language)
        self._store(stored)
        for message in messages:
            if stored is not None and message.id != stored.message_id:
                log.info(_("live message: deleted a second one in channel %d"), self.channel_id)
                await message.delete()
        self._is_located = True

    async def _exists(self, stored: state.LiveMessage) -> bool:
        try:
            await self._messageable(stored.channel_id).get_partial_message(stored.message_id).fetch()
        except discord.NotFound:
            return False
        return True

    async def _edit(self, stored: state.LiveMessage, rendered: RenderedMessage) -> None:
        message = self._messageable(stored.channel_id).get_partial_message(stored.message_id)
        try:
            await message.edit(embeds=build_embeds(rendered), view=ClickView(rendered.buttons, self._on_click))
        except asyncio.CancelledError:
            # it may show either now
            self._store(msgspec.structs.replace(stored, shows=""))
            raise
        except discord.HTTPException as error:
            if error.code not in (_UNKNOWN_MESSAGE, _TOO_MANY_EDITS):
                raise
            await self._post(rendered)
            if error.code == _TOO_MANY_EDITS:
                await message.delete()
            return
        self._store(msgspec.structs.replace(stored, shows=rendered.fingerprint()))

    async def _post(self, rendered: RenderedMessage) -> None:
        view = ClickView(rendered.buttons, self._on_click)
        message = await self._messageable(self.channel_id).send(embeds=build_embeds(rendered), view=view)
        log.info(_("live message: posted in channel %d"), self.channel_id)
        self._store(state.LiveMessage(self.channel_id, message.id, rendered.fingerprint(), self.language))

    async def _own_messages(self) -> list[discord.Message]:
        """Return the bot's live messages in the channel, newest first; none if its history is forbidden."""
        try:
            history = self._messageable(self.channel_id).history(limit=SEARCHED_MESSAGES)
            return [message async for message in history if _is_live_message(message)]
        except discord.Forbidden:
            return []

    def _store(self, current: state.LiveMessage | None) -> None:
        entries = state.load(self._state_file).live_messages
        rest = tuple(entry for entry in entries if (entry.channel_id, entry.language) != self.key)
        self._current = current
        updated = rest if current is None else (*rest, current)
        if updated != entries:
            state.change(self._state_file, live_messages=updated)


async def remove_others(messageable: Messageable, state_file: Path, wanted: Collection[tuple[int, str]]) -> None:
    """Delete old live messages that do not belong to the `wanted` channels and languages.

    Failures are logged and retried after the next start. Raises StateError.
    """
    for message in state.load(state_file).live_messages:
        if (message.channel_id, message.language) in wanted:
            continue
        try:
            await messageable(message.channel_id).get_partial_message(message.message_id).delete()
        except discord.NotFound:
            log.debug("live message: %d was already deleted", message.message_id)
        except discord.HTTPException as error:
            log.warning(_("live message: cannot delete an old one: %s"), error_text(error, message.channel_id))
            continue
        left = tuple(other for other in state.load(state_file).live_messages if other != message)
        state.change(state_file, live_messages=left)


def error_text(error: Exception, channel_id: int) -> str:
    """Return why the live message cannot be shown, and what to do."""
    if (problem := connection_problem(error)) is not None:
        return _("cannot reach Discord: %s; retrying") % problem
    if isinstance(error, discord.HTTPException):
        if error.code == _UNKNOWN_CHANNEL:
            text = _(
                "cannot find channel %d; run /setup in another channel, or correct [bot] live_channel_id if it is set"
            )
            return text % channel_id
        if error.code == 50001:
            return _("cannot see channel %d; give the bot the permission View Channel there") % channel_id
        if error.code == 50013:
            text = _("cannot write in channel %d; give the bot Send Messages and Embed Links there")
            return text % channel_id
        if error.code in (50008, 50024):
            return _("channel %d is not a text channel; run /setup in a text channel") % channel_id
        text = _("Discord answered %(status)d: %(text)s; retrying")
        return text % {"status": error.status, "text": error.text or error.code}
    return str(error)


def _is_live_message(message: discord.Message) -> bool:
    me: Any = message._state.user
    return message.author.id == me.id and any(
        getattr(item, "custom_id", None) in custom_ids.LIVE
        for row in message.components
        for item in getattr(row, "children", ())
    )
