"""Reads the gateway's messages: what discord.py cannot read ends neither the process nor the session."""

from __future__ import annotations

import logging
import zlib
from collections import Counter
from collections.abc import Callable, MutableMapping
from typing import Any, Final

from discord.gateway import DiscordWebSocket

from botapp.discord_api.http_calls import UNREADABLE, DiscordUnreachable
from botapp.locale import _

log = logging.getLogger(__name__)

#: discord.py closes with this code when it wants to resume the session
RESUMABLE_CLOSE_CODE: Final = 4000


class GatewayReader(DiscordWebSocket):
    """A gateway connection that is opened again when a message of it cannot be read.

    Attributes:
        on_sequence: called with the number of the last event, after each message; None until the session is open.
    """

    on_sequence: Callable[[int], None] | None = None

    @classmethod
    async def from_client(cls, client: Any, **options: Any) -> GatewayReader:
        """Open a connection, as DiscordWebSocket does, that reports its sequence numbers to the client's intake."""
        connection = await super().from_client(client, **options)
        connection.on_sequence = client.intake.record_sequence
        return connection

    async def received_message(self, msg: Any, /) -> None:
        """Process a message. Raises DiscordUnreachable if it is unreadable: discord.py reconnects after a pause."""
        try:
            await super().received_message(msg)
        except (*UNREADABLE, zlib.error) as error:
            problem = f"{type(error).__name__}: {error}"[:200]
            await self.close(RESUMABLE_CLOSE_CODE)
            raise DiscordUnreachable(_("a message of the gateway cannot be read (%s)") % problem) from error
        if self.sequence is not None and self.on_sequence is not None:
            self.on_sequence(self.sequence)


def skip_unreadable_events(parsers: MutableMapping[str, Callable[[Any], None]]) -> Counter[str]:
    """Make each parser skip events that it cannot read; return the counter of skipped events by type.

    READY is an exception: without it there is no session.
    """
    skipped: Counter[str] = Counter()
    for name, parse in parsers.items():
        if name != "READY":
            parsers[name] = _skipping(name, parse, skipped)
    return skipped


def _skipping(name: str, parse: Callable[[Any], None], skipped: Counter[str]) -> Callable[[Any], None]:
    def parse_or_skip(data: Any) -> None:
        try:
            parse(data)
        except UNREADABLE as error:
            skipped[name] += 1
            # the first of each type is enough: a server that sends one sends many
            level = logging.WARNING if skipped[name] == 1 else logging.DEBUG
            problem = f"{type(error).__name__}: {error}"[:200]
            text = _("gateway: event skipped, because it cannot be read (%(event)s: %(problem)s)")
            log.log(level, text, {"event": name, "problem": problem})

    return parse_or_skip
