"""A channel that the bot writes lines to, as many per message as fit, and its health."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

import discord

from botapp.locale import _

log = logging.getLogger(__name__)

#: maximum length of a message, in characters
MAX_MESSAGE_CHARS: Final = 2000


class CannotWrite(Exception):
    """Nothing could be written now. The failure is logged and shown in `status`; the lines stay pending."""


class ChannelLog:
    """Writes to one channel."""

    def __init__(
        self, messageable: Callable[[int], discord.PartialMessageable], channel_id: int, key: str,
    ) -> None:  # fmt: skip
        """`key` is the configuration key that names the channel."""
        self.channel_id = channel_id
        self._messageable = messageable
        self._key = key
        self._error: str | None = None

    async def write(self, lines: Sequence[str]) -> int:
        """Write the first of `lines` as one message; return how many. Raises CannotWrite."""
        count = count_fitting(lines)
        content = "\n".join(lines[:count])[:MAX_MESSAGE_CHARS]
        try:
            await self._messageable(self.channel_id).send(content, suppress_embeds=True)
        except discord.HTTPException as error:
            self._failed(error)
            raise CannotWrite(self._error) from error
        if self._error is not None:
            log.info(_("channel %(channel)d: works again"), {"channel": self.channel_id})
        self._error = None
        return count

    def health(self) -> dict[str, Any]:
        """Return the health of the channel, as `status` shows it."""
        return {"is_healthy": self._error is None, "last_error": self._error}

    def _failed(self, error: Exception) -> None:
        params = {"key": self._key, "channel": self.channel_id, "problem": getattr(error, "text", "") or str(error)}
        if isinstance(error, discord.NotFound):
            text = _("cannot find channel %(channel)d; correct [store] %(key)s") % params
        elif isinstance(error, discord.Forbidden):
            text = _("cannot write in channel %(channel)d of [store] %(key)s; give the bot Send Messages") % params
        else:
            text = _("cannot write in channel %(channel)d of [store] %(key)s: %(problem)s; retrying") % params
        if text != self._error:
            log.error("%s", text)
        self._error = text


def count_fitting(lines: Sequence[str]) -> int:
    """Return how many of `lines` fit into one message; at least one, even if it must be truncated."""
    room = MAX_MESSAGE_CHARS
    for count, line in enumerate(lines):
        # Discord counts characters beyond the BMP twice
        room -= len(line.encode("utf-16-le")) // 2 + (1 if count else 0)
        if room < 0:
            return max(1, count)
    return len(lines)
