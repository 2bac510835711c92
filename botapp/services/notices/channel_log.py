"""A channel that the bot writes lines into, as many to a message as fit, and whether that works."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

import aiohttp
import discord

from botapp.locale import _

log = logging.getLogger(__name__)

#: longest message that Discord takes, in characters
MAX_MESSAGE_CHARS: Final = 2000


class CannotWrite(Exception):
    """Nothing could be written now. That is logged and shown in `status`; what was not written waits."""


class ChannelLog:
    """One channel by its id, with its health."""

    def __init__(
        self, messageable: Callable[[int], discord.PartialMessageable], channel_id: int, key: str,
    ) -> None:  # fmt: skip
        """`key` is the key of the configuration that names the channel."""
        self.channel_id = channel_id
        self._messageable = messageable
        self._key = key
        self._error: str | None = None

    async def write(self, lines: Sequence[str]) -> int:
        """Write the first of `lines` as one message; return how many those were. Raises CannotWrite."""
        count = count_fitting(lines)
        content = "\n".join(lines[:count])[:MAX_MESSAGE_CHARS]
        try:
            await self._messageable(self.channel_id).send(content, suppress_embeds=True)
        except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            self._failed(error)
            raise CannotWrite(self._error) from error
        if self._error is not None:
            log.info(_("channel %(channel)d can be written into again"), {"channel": self.channel_id})
        self._error = None
        return count

    def health(self) -> dict[str, Any]:
        """Return how it is, as `status` shows it."""
        return {"is_healthy": self._error is None, "last_error": self._error}

    def _failed(self, error: Exception) -> None:
        facts = {"key": self._key, "channel": self.channel_id, "problem": getattr(error, "text", "") or str(error)}
        if isinstance(error, discord.NotFound):
            text = _("there is no channel %(channel)d any more; correct [store] %(key)s") % facts
        elif isinstance(error, discord.Forbidden):
            text = _("may not write into channel %(channel)d of [store] %(key)s; give the bot Send Messages") % facts
        else:
            text = _("cannot write into channel %(channel)d of [store] %(key)s: %(problem)s; it is tried again") % facts
        if text != self._error:
            log.error("%s", text)
        self._error = text


def count_fitting(lines: Sequence[str]) -> int:
    """Return how many of `lines` fit into one message; at least one, cut short where it is too long."""
    room = MAX_MESSAGE_CHARS
    for count, line in enumerate(lines):
        # Discord counts what is beyond the basic plane twice
        room -= len(line.encode("utf-16-le")) // 2 + (1 if count else 0)
        if room < 0:
            return max(1, count)
    return len(lines)
