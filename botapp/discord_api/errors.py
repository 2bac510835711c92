"""Explain failures of the connection to Discord."""

from __future__ import annotations

import aiohttp
import discord

from botapp.discord_api.http_calls import DiscordUnreachable
from botapp.discord_api.rest import unreachable_text
from botapp.locale import _


def connection_problem(error: BaseException) -> str | None:
    """Return why Discord could not be reached, in the language in use; None if `error` has another cause."""
    if isinstance(error, DiscordUnreachable):
        return error.text
    if isinstance(error, discord.ConnectionClosed):
        return _("Discord closed the connection (code %(code)s)") % {"code": error.code}
    if isinstance(error, discord.GatewayNotFound):
        return _("Discord did not name its gateway")
    if isinstance(error, discord.HTTPException) and (error.status == 429 or error.status >= 500):
        return _("Discord answered %(status)d") % {"status": error.status}
    return unreachable_text(error) if isinstance(error, aiohttp.ClientError | OSError | TimeoutError) else None
