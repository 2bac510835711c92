"""A temporary message, deleted after SHOWN_S even across a crash."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import discord

from botapp.locale import _
from botapp.runtime import state_file as state
from botapp.runtime.state_file import StateError

log = logging.getLogger(__name__)

#: how long the message is shown, in seconds
SHOWN_S: Final = 30.0


class TemporaryMessage:
    """Shows at most one message at a time. Its id is in the state file, so that the next process can delete it."""

    def __init__(
        self,
        messageable: Callable[[int], discord.PartialMessageable],
        state_file: Path,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """
        Args:
            messageable: returns the channel of an id without a request to Discord.
            state_file: where the id of the message is stored.
            sleep: waits for a number of seconds, or until the bot drains.
        """
        self._messageable = messageable
        self._state_file = state_file
        self._sleep = sleep

    async def show(self, channel_id: int, text: str) -> None:
        """Post `text`, and return when it is deleted again. Failures are logged."""
        await self.remove()
        try:
            message = await self._messageable(channel_id).send(text)
            try:
                state.change(self._state_file, temporary_message=state.TemporaryMessageState(channel_id, message.id))
                await self._sleep(SHOWN_S)
            finally:
                await self.remove()
        except (discord.HTTPException, StateError) as error:
            log.warning(
                _("restart notice: cannot post in channel %(channel)d: %(why)s"),
                {"channel": channel_id, "why": error},
            )

    async def remove(self) -> None:
        """Delete the current message, also one from before a restart. Failures are logged."""
        try:
            existing = state.load(self._state_file).temporary_message
            if existing is None:
                return
            try:
                await self._messageable(existing.channel_id).get_partial_message(existing.message_id).delete()
            except discord.NotFound:
                log.debug("restart notice: was already deleted")
            state.change(self._state_file, temporary_message=None)
        except (discord.HTTPException, StateError) as error:
            log.warning(_("restart notice: cannot delete it, the next start retries: %s"), error)
