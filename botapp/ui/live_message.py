"""The one live message in its channel: posted once, edited only on change, found again over lives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import aiohttp
import discord
import msgspec

from botapp import state
from botapp.discord_words import problem
from botapp.locale import _
from botapp.ui import custom_ids
from botapp.ui.live_view import ClickView, OnClick, embed_of
from botapp.ui.render import Rendered

log = logging.getLogger(__name__)

#: how far back an own live message is looked for before a new one is posted
SEARCHED_MESSAGES: Final = 50

_UNKNOWN_CHANNEL: Final = 10003
_UNKNOWN_MESSAGE: Final = 10008
_TOO_MANY_EDITS: Final = 30046


class CannotShow(Exception):
    """The live message cannot be shown; the message says why and what to do."""


class LiveMessage:
    """The live message of one channel. Its id is remembered in a file, not in a cache."""

    def __init__(
        self,
        messageable: Callable[[int], discord.PartialMessageable],
        channel_id: int,
        state_file: Path,
        on_click: OnClick,
    ) -> None:
        """
        Args:
            messageable: gives the channel of an id, without asking Discord.
            channel_id: where the live message belongs.
            state_file: where its id is remembered.
            on_click: serves clicks on its buttons.
        """
        self._messageable = messageable
        #: where it belongs
        self.channel_id = channel_id
        self._state_file = state_file
        self._on_click = on_click
        self._known: state.LiveMessage | None = None
        self._looked = False

    @property
    def message_id(self) -> int | None:
        """Id of the live message, if there is one."""
        return self._known.message_id if self._known else None

    def forget(self) -> None:
        """Note that the message has been deleted: the next `show` posts another."""
        self._remember(None)

    async def show(self, rendered: Rendered) -> bool:
        """Make the live message show `rendered`; return whether Discord had to be told. Raises CannotShow."""
        try:
            if not self._looked:
                await self._look()
            fingerprint = rendered.fingerprint()
            if self._known is not None and self._known.shows == fingerprint:
                return False
            if self._known is None:
                await self._post(rendered)
            else:
                await self._edit(self._known, rendered)
        except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            raise CannotShow(explain(error, self.channel_id)) from error
        except state.StateError as error:
            raise CannotShow(str(error)) from error
        return True

    async def _look(self) -> None:
        """Find the message of an earlier life, if it is still there."""
        known = state.load(self._state_file).live_message
        if known is not None:
            message = self._messageable(known.channel_id).get_partial_message(known.message_id)
            try:
                if known.channel_id == self.channel_id:
                    await message.fetch()
                else:
                    await message.delete()
                    known = None
            except discord.NotFound:
                known = None
        self._known = known
        self._looked = True

    async def _edit(self, known: state.LiveMessage, rendered: Rendered) -> None:
        message = self._messageable(known.channel_id).get_partial_message(known.message_id)
        try:
            await message.edit(embed=embed_of(rendered), view=ClickView(rendered.buttons, self._on_click))
        except discord.HTTPException as error:
            if error.code not in (_UNKNOWN_MESSAGE, _TOO_MANY_EDITS):
                raise
            self._remember(None)
            if error.code == _TOO_MANY_EDITS:
                await message.delete()
            await self._post(rendered)
            return
        self._remember(msgspec.structs.replace(known, shows=rendered.fingerprint()))

    async def _post(self, rendered: Rendered) -> None:
        """Post the message, unless one is there whose id was lost; then that one is used again."""
        found = await self._own_messages()
        for extra in found[1:]:
            await extra.delete()
        embed, view = embed_of(rendered), ClickView(rendered.buttons, self._on_click)
        if found:
            await found[0].edit(embed=embed, view=view)
            message: discord.Message = found[0]
        else:
            message = await self._messageable(self.channel_id).send(embed=embed, view=view)
            log.info(_("Live message posted in channel %d"), self.channel_id)
        self._remember(state.LiveMessage(self.channel_id, message.id, rendered.fingerprint()))

    async def _own_messages(self) -> list[discord.Message]:
        """Return live messages of ours in the channel, newest first; none when its history may not be read."""
        try:
            history = self._messageable(self.channel_id).history(limit=SEARCHED_MESSAGES)
            return [message async for message in history if _is_live_message(message)]
        except discord.Forbidden:
            return []

    def _remember(self, known: state.LiveMessage | None) -> None:
        self._known = known
        state.change(self._state_file, live_message=known)


def explain(error: Exception, channel_id: int) -> str:
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
    return _("cannot reach Discord: %s; it is tried again") % (problem(error) or error)


def _is_live_message(message: discord.Message) -> bool:
    me: Any = message._state.user
    return message.author.id == me.id and any(
        getattr(item, "custom_id", None) in (*custom_ids.LIVE, *custom_ids.FORMER_LIVE)
        for row in message.components
        for item in getattr(row, "children", ())
    )
