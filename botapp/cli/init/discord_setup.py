"""Discord requests of `init`: check the token, and wait until the bot is in a server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from botapp.discord_api.rest import DiscordProblem, DiscordRest, TokenRefused, has_message_content_intent
from botapp.locale import _

#: poll interval for the bot's servers, in seconds; without a gateway session Discord sends no event
ASK_INTERVAL_S: Final = 2.0
#: maximum time to wait, in seconds
WAIT_LIMIT_S: Final = 15 * 60.0


@dataclass(frozen=True)
class Application:
    """The application of a token."""

    id: int
    name: str
    #: whether Message Content Intent is on
    has_message_content_intent: bool
    #: names of the bot's servers
    servers: tuple[str, ...]


def ask(api_base: str, token: str) -> Application:
    """Return the application of the token. Raises TokenRefused, DiscordProblem."""
    return asyncio.run(_ask(api_base, token))


def wait_for_server(api_base: str, token: str, say: Callable[[str], None]) -> Application | None:
    """Return the application once its bot is in a server; None: not within WAIT_LIMIT_S.

    `say` is told what keeps it from knowing, such as a lost network, which is waited out. Raises TokenRefused.
    """
    return asyncio.run(_wait_for_server(api_base, token, say))


async def _ask(api_base: str, token: str) -> Application:
    async with DiscordRest(api_base, token) as rest:
        return await _look(rest)


async def _look(rest: DiscordRest) -> Application:
    application = await rest.get("/oauth2/applications/@me")
    servers = await rest.get("/users/@me/guilds")
    names = tuple(str(one["name"]) for one in servers)
    return Application(int(application["id"]), str(application["name"]), has_message_content_intent(application), names)


async def _wait_for_server(api_base: str, token: str, say: Callable[[str], None]) -> Application | None:
    waiting = _("waiting until the bot is in a server; Ctrl-C to do that later")
    try:
        async with asyncio.timeout(WAIT_LIMIT_S), DiscordRest(api_base, token) as rest:
            while True:
                try:
                    application = await _look(rest)
                    if application.servers:
                        return application
                    say(waiting)
                except TokenRefused:
                    raise
                except DiscordProblem as problem:
                    say(_("still waiting: %s") % problem)
                await asyncio.sleep(ASK_INTERVAL_S)
    except TimeoutError:
        return None
