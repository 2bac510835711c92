"""The one live message in its channel: posted once, edited only on change, found again over lives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final

import aiohttp
import discord
import msgspec

from botapp.discord_api.errors import connection_problem
from botapp.locale import _
from botapp.runtime import state_file as state
from botapp.ui import custom_ids
from botapp.ui.live.render import RenderedMessage
from botapp.ui.live.view import ClickView, OnClick, build_embeds

log = logging.getLogger(__name__)

#: how far back an own live message is looked for before a new one is posted
SEARCHED_MESSAGES: Final = 50

_UNKNOWN_CHANNEL: Final = 10003
_UNKNOWN_MESSAGE: Final = 10008
_TOO_MANY_EDITS: Final = 30046


#: gives the channel of an id, without asking Discord
Messageable = Callable[[int], discord.PartialMessageable]


class CannotShow(Exception):
    """The live message cannot be shown; the message says why and what to do."""


class LiveMessage:
    """The live message of one channel and language. Its id is remembered in a file, not in a cache."""

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
            messageable: gives the channel of an id, without asking Discord.
            channel_id: where the live message belongs.
            state_file: where its id is remembered.
            on_click: serves clicks on its buttons.
            language: its own; empty: that of the shop.
        """
        self._messageable = messageable
        #: where it belongs
        self.channel_id = channel_id
        #: its own language; empty: that of the shop
        self.language = language
        self._state_file = state_file
        self._on_click = on_click
        self._known: state.LiveMessage | None = None
        self._looked = False

    @property
    def message_id(self) -> int | None:
        """Id of the live message, if there is one."""
        return self._known.message_id if self._known else None

    @property
    def key(self) -> tuple[int, str]:
        """What tells it from other live messages: channel and language."""
        return self.channel_id, self.language

    def forget(self) -> None:
        """Note that the message has been deleted: the next `show` posts another."""
        self._remember(None)

    async def show(self, rendered: RenderedMessage) -> bool:
        """Make the live message show `rendered`; return whether Discord had to be told. Raises CannotShow."""
        try:
            if not self._looked:
                await self._look()
            if self._known is not None and self._known.shows == rendered.fingerprint():
                return False
            if self._known is None:
                await self._post(rendered)
            else:
                await self._edit(self._known, rendered)
        except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            raise CannotShow(error_text(error, self.channel_id)) from error
        except state.StateError as error:
            raise CannotShow(str(error)) from error
        return True

    async def _look(self) -> None:
        """Find the message of an earlier life, also one whose id was lost, and remove all but that one."""
        entries = state.load(self._state_file).live_messages
        known = next((one for one in entries if (one.channel_id, one.language) == self.key), None)
        if known is not None and not await self._is_there(known):
            known = None
        others = {one.message_id for one in entries if (one.channel_id, one.language) != self.key}
        found = [message for message in await self._own_messages() if message.id not in others]
        if known is None and found:
            known = state.LiveMessage(self.channel_id, found[0].id, "", self.language)
        self._remember(known)
        for message in found:
            if known is not None and message.id != known.message_id:
                log.info(_("A second live message in channel %d is removed"), self.channel_id)
                await message.delete()
        self._looked = True

    async def _is_there(self, known: state.LiveMessage) -> bool:
        try:
            await self._messageable(known.channel_id).get_partial_message(known.message_id).fetch()
        except discord.NotFound:
            return False
        return True

    async def _edit(self, known: state.LiveMessage, rendered: RenderedMessage) -> None:
        message = self._messageable(known.channel_id).get_partial_message(known.message_id)
        try:
            await message.edit(embeds=build_embeds(rendered), view=ClickView(rendered.buttons, self._on_click))
        except discord.HTTPException as error:
            if error.code not in (_UNKNOWN_MESSAGE, _TOO_MANY_EDITS):
                raise
            await self._post(rendered)
            if error.code == _TOO_MANY_EDITS:
                await message.delete()
            return
        self._remember(msgspec.structs.replace(known, shows=rendered.fingerprint()))

    async def _post(self, rendered: RenderedMessage) -> None:
        view = ClickView(rendered.buttons, self._on_click)
        message = await self._messageable(self.channel_id).send(embeds=build_embeds(rendered), view=view)
        log.info(_("Live message posted in channel %d"), self.channel_id)
        self._remember(state.LiveMessage(self.channel_id, message.id, rendered.fingerprint(), self.language))

    async def _own_messages(self) -> list[discord.Message]:
        """Return live messages of ours in the channel, newest first; none when its history may not be read."""
        try:
            history = self._messageable(self.channel_id).history(limit=SEARCHED_MESSAGES)
            return [message async for message in history if _is_live_message(message)]
        except discord.Forbidden:
            return []

    def _remember(self, known: state.LiveMessage | None) -> None:
        entries = state.load(self._state_file).live_messages
        rest = tuple(one for one in entries if (one.channel_id, one.language) != self.key)
        self._known = known
        fresh = rest if known is None else (*rest, known)
        if fresh != entries:
            state.change(self._state_file, live_messages=fresh)


async def remove_others(messageable: Messageable, state_file: Path, wanted: Collection[tuple[int, str]]) -> None:
    """Remove live messages of earlier times that do not belong to the `wanted` channels and languages.

    What goes wrong is logged; the next life tries again. Raises StateError.
    """
    for one in state.load(state_file).live_messages:
        if (one.channel_id, one.language) in wanted:
            continue
        try:
            await messageable(one.channel_id).get_partial_message(one.message_id).delete()
        except discord.NotFound:
            log.debug("somebody else has removed the live message %d", one.message_id)
        except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.warning(_("cannot remove an earlier live message: %s"), error_text(error, one.channel_id))
            continue
        left = tuple(other for other in state.load(state_file).live_messages if other != one)
        state.change(state_file, live_messages=left)


def error_text(error: Exception, channel_id: int) -> str:
    """Say for people why the live message cannot be shown, and what to do."""
    if isinstance(error, discord.HTTPException):
        if error.code == _UNKNOWN_CHANNEL:
            text = _(
                "cannot find channel %d; give /setup in another one, or correct [bot] live_channel_id if it is set"
            )
            return text % channel_id
        if error.code == 50001:
            return _("cannot see channel %d; give the bot the permission View Channel there") % channel_id
        if error.code == 50013:
            text = _("may not write in channel %d; give the bot Send Messages and Embed Links there")
            return text % channel_id
        if error.code in (50008, 50024):
            return _("channel %d is not a text channel; give /setup in one that is") % channel_id
        text = _("Discord answered %(status)d: %(text)s; it is tried again")
        return text % {"status": error.status, "text": error.text or error.code}
    if isinstance(error, asyncio.TimeoutError | TimeoutError):
        return _("Discord did not answer in time; it is tried again")
    return _("cannot reach Discord: %s; it is tried again") % (connection_problem(error) or error)


def _is_live_message(message: discord.Message) -> bool:
    me: Any = message._state.user
    return message.author.id == me.id and any(
        getattr(item, "custom_id", None) in custom_ids.LIVE
        for row in message.components
        for item in getattr(row, "children", ())
    )
