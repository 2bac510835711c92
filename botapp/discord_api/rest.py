"""A REST client for commands that run without a bot: bounded in time and size, without retries."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any, Final

import aiohttp
from aiohttp import ClientError, ClientTimeout

from botapp.locale import _
from botapp.locale.os_errors import os_error_text

#: the REST API, unless the settings name another
DISCORD: Final = "https://discord.com/api/v10"
#: timeout of a request, in seconds
TIMEOUT_S: Final = 5.0
#: longest response
MAX_BYTES: Final = 8 * 1024 * 1024
#: flags of an application with Message Content Intent: verified, or in fewer than 100 servers
MESSAGE_CONTENT_FLAGS: Final = (1 << 18) | (1 << 19)

_CONNECTION_LOST: Final = (
    aiohttp.ServerDisconnectedError,
    aiohttp.ClientPayloadError,
    aiohttp.ClientOSError,
    ConnectionResetError,
    BrokenPipeError,
)
UNKNOWN_CHANNEL: Final = 10003
UNKNOWN_MEMBER: Final = 10007
UNKNOWN_USER: Final = 10013
MISSING_ACCESS: Final = 50001


class DiscordProblem(Exception):
    """A request to Discord failed; the message says why."""


class TokenRefused(DiscordProblem):
    """Discord refused the token."""


class Unreachable(DiscordProblem):
    """No server answered, or one that is not Discord."""


class Denied(DiscordProblem):
    """Discord answered with an error status.

    Attributes:
        status: HTTP status.
        code: Discord's error code; 0 if there is none.
    """

    def __init__(self, status: int, code: int, text: str) -> None:
        if status == 429:
            text = _("too many requests; wait a minute, then try again")
        elif status >= 500:
            text = _("server error; try again later")
        elif not text:
            text = _("without a reason of Discord's; a proxy or Cloudflare may block this host, so try again later")
        super().__init__(_("Discord answered %(status)d: %(text)s") % {"status": status, "text": text})
        self.status = status
        self.code = code


class DiscordRest:
    """A connection to Discord, open inside its `async with` block.

    Attributes:
        clock_offset_s: how many seconds this host's clock is ahead of Discord's; None if unknown.
    """

    def __init__(self, base: str, token: str) -> None:
        """`base` is the base URL of another Discord's REST API, or "" for discord.com."""
        self.base = base or DISCORD
        self.clock_offset_s: float | None = None
        headers = {"Authorization": f"Bot {token}", "User-Agent": f"DiscordBot (stocksup, {version('stocksup')})"}
        self._headers = headers

    async def __aenter__(self) -> DiscordRest:
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=ClientTimeout(total=TIMEOUT_S))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, path: str) -> Any:
        """Return the JSON at `path` (below /api/v10). Raises TokenRefused, Denied, Unreachable."""
        return await self._request("GET", path)

    async def edit_message(self, channel_id: int, message_id: int, contents: Mapping[str, Any]) -> None:
        """Edit a message of the bot. `contents`: as in Discord's API. Raises TokenRefused, Denied, Unreachable."""
        await self._request("PATCH", f"/channels/{channel_id}/messages/{message_id}", contents)

    async def _request(self, method: str, path: str, contents: Mapping[str, Any] | None = None) -> Any:
        try:
            # no redirects: the token is for this address only
            url = self.base + path
            async with self._session.request(method, url, json=contents, allow_redirects=False) as response:
                self._measure_clock(response.headers.get("Date", ""))
                data = await _read(response)
                status = response.status
        except TimeoutError as error:
            raise Unreachable(self._cannot_reach(_("no answer within %d s") % TIMEOUT_S)) from error
        except (ClientError, OSError) as error:
            raise Unreachable(self._cannot_reach(unreachable_text(error))) from error
        except ValueError as error:
            raise Unreachable(self._cannot_reach(str(error))) from error
        if status == 401:
            raise TokenRefused(_("Discord refused the token"))
        if status != 200:
            problem = data if isinstance(data, dict) else {}
            code = problem.get("code")
            raise Denied(status, code if isinstance(code, int) else 0, str(problem.get("message", ""))[:200])
        return data

    def _cannot_reach(self, problem: str) -> str:
        text = _("cannot reach Discord at %(address)s: %(problem)s; check the network, then try again")
        return text % {"address": self.base, "problem": problem}

    def _measure_clock(self, date: str) -> None:
        try:
            # the header has whole seconds: assume the middle of that second
            self.clock_offset_s = time.time() - (parsedate_to_datetime(date).timestamp() + 0.5)
        except ValueError:
            self.clock_offset_s = None  # the header is missing or invalid


def has_message_content_intent(application: dict[str, Any]) -> bool:
    """Return whether Message Content Intent is on for an application, as /oauth2/applications/@me returns it."""
    return bool(int(application.get("flags") or 0) & MESSAGE_CONTENT_FLAGS)


def portal_url(application_id: int) -> str:
    """Return the URL of the page with the bot's token and intents."""
    return f"https://discord.com/developers/applications/{application_id}/bot"


def is_connection_lost(error: BaseException) -> bool:
    """Return whether the connection was lost before the answer: Discord may have done what was asked."""
    return isinstance(error, _CONNECTION_LOST) and not isinstance(error, aiohttp.ClientConnectorError)


def unreachable_text(error: ClientError | OSError) -> str:
    """Return why the connection failed, in the language in use."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return _("its name cannot be resolved")
    if isinstance(error, aiohttp.ClientSSLError):
        return _("its certificate is not trusted; check this host's clock")
    if isinstance(error, aiohttp.ClientResponseError):
        return _("it answered %(status)d") % {"status": error.status}
    if isinstance(error, TimeoutError):
        return _("no answer in time")
    if is_connection_lost(error):
        return _("the connection was lost")
    if isinstance(error, OSError):
        return os_error_text(error)
    return _("the connection failed (%(problem)s)") % {"problem": str(error) or type(error).__name__}


async def _read(response: aiohttp.ClientResponse) -> Any:
    data = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        data += chunk
        if len(data) > MAX_BYTES:
            raise ValueError(_("the answer is longer than %d bytes") % MAX_BYTES)
    try:
        return json.loads(data) if data else None
    except (ValueError, RecursionError) as error:
        # a page of a proxy or a login portal; an error status alone says enough
        if response.status != 200:
            return None
        raise ValueError(_("the answer does not come from Discord")) from error
