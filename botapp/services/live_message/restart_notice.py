"""A message that removes itself after a while, and is never left behind, however its life ends."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import aiohttp
import discord

from botapp.locale import _
from botapp.runtime import state_file as state
from botapp.runtime.state_file import StateError

log = logging.getLogger(__name__)

#: how long it stands, in seconds
SHOWN_S: Final = 30.0


class TemporaryMessage:
    """At most one message at a time. Its id is remembered in a file, so that the next life finds it after a crash."""

    def __init__(
        self,
        messageable: Callable[[int], discord.PartialMessageable],
        state_file: Path,
        rest: Callable[[float], Awaitable[None]],
    ) -> None:
        """
        Args:
            messageable: gives the channel of an id, without asking Discord.
            state_file: where the message's id is remembered.
            rest: waits so many seconds, or until this life is to end.
        """
        self._messageable = messageable
        self._state_file = state_file
        self._rest = rest

    async def show(self, channel_id: int, text: str) -> None:
        """Post `text`, and come back when it is removed again. What goes wrong is logged."""
        await self.remove()
        try:
            message = await self._messageable(channel_id).send(text)
            try:
                state.change(self._state_file, temporary_message=state.TemporaryMessageState(channel_id, message.id))
                await self._rest(SHOWN_S)
            finally:
                await self.remove()
        except (discord.HTTPException, aiohttp.ClientError, OSError, StateError) as error:
            log.warning(
                _("cannot say in channel %(channel)d that the bot is back: %(why)s"),
                {"channel": channel_id, "why": error},
            )

    async def remove(self) -> None:
        """Take away the message that stands, also one of an earlier life. What goes wrong is logged."""
        try:
            standing = state.load(self._state_file).temporary_message
            if standing is None:
                return
            try:
                await self._messageable(standing.channel_id).get_partial_message(standing.message_id).delete()
            except discord.NotFound:
                log.debug("somebody else has removed the passing message")
            state.change(self._state_file, temporary_message=None)
        except (discord.HTTPException, aiohttp.ClientError, OSError, StateError) as error:
            log.warning(_("cannot remove the message that the bot is back; the next life does: %s"), error)
