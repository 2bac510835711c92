"""A few questions to Discord by REST, for commands that run no bot: bounded in time and size, and never tried again."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any, Final

import aiohttp
from aiohttp import ClientError, ClientTimeout

from botapp.locale import _
from botapp.locale.os_errors import os_error_text

#: where Discord is, unless the settings name another
DISCORD: Final = "https://discord.com/api/v10"
#: how long one answer may take, in seconds
TIMEOUT_S: Final = 5.0
#: longest answer that is read
MAX_BYTES: Final = 8 * 1024 * 1024
#: flags of an application that may read what members write: verified, or in fewer than 100 servers
MESSAGE_CONTENT_FLAGS: Final = (1 << 18) | (1 << 19)

_BROKEN_OFF: Final = (
    aiohttp.ServerDisconnectedError,
    aiohttp.ClientPayloadError,
    aiohttp.ClientOSError,
    ConnectionResetError,
    BrokenPipeError,
)
UNKNOWN_CHANNEL: Final = 10003
MISSING_ACCESS: Final = 50001


class DiscordProblem(Exception):
    """Discord did not answer as asked; the message says why, for people."""


class TokenRefused(DiscordProblem):
    """Discord does not know the token."""


class Unreachable(DiscordProblem):
    """Nobody answers, or nobody who is Discord."""


class Denied(DiscordProblem):
    """Discord answered with an error.

    Attributes:
        status: HTTP status.
        code: Discord's own code for the error; 0 when it gave none.
    """

    def __init__(self, status: int, code: int, text: str) -> None:
        if status == 429:
            text = _("it is asked too often; wait a minute, then try again")
        elif status >= 500:
            text = _("it is in trouble itself; try again later")
        super().__init__(_("Discord answered %(status)d: %(text)s") % {"status": status, "text": text})
        self.status = status
        self.code = code


class DiscordRest:
    """A connection to Discord for as long as the `async with` block runs.

    Attributes:
        clock_offset_s: by how many seconds this machine's clock is ahead of Discord's, as of the last answer.
    """

    def __init__(self, base: str, token: str) -> None:
        """`base` is the address of another Discord's REST interface, or "" for Discord itself."""
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
        try:
            # the token is for this address alone: it does not follow a redirection
            async with self._session.get(self.base + path, allow_redirects=False) as response:
                self._note_date(response.headers.get("Date", ""))
                data = await _read(response)
                status = response.status
        except TimeoutError as error:
            raise Unreachable(self._cannot_reach(_("no answer within %d s") % TIMEOUT_S)) from error
        except (ClientError, OSError) as error:
            raise Unreachable(self._cannot_reach(why_unreachable(error))) from error
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

    def _note_date(self, date: str) -> None:
        try:
            # the header tells whole seconds: the middle of that second is the best guess
            self.clock_offset_s = time.time() - (parsedate_to_datetime(date).timestamp() + 0.5)
        except ValueError:
            self.clock_offset_s = None  # no date, or none that can be read


def reads_messages(application: dict[str, Any]) -> bool:
    """Tell whether Message Content Intent is on for an application, as /oauth2/applications/@me returns it."""
    return bool(int(application.get("flags") or 0) & MESSAGE_CONTENT_FLAGS)


def portal_of(application_id: int) -> str:
    """Return the address of the page with the bot's token and its intents."""
    return f"https://discord.com/developers/applications/{application_id}/bot"


def why_unreachable(error: ClientError | OSError) -> str:
    """Return why there was no connection, or why it did not last, in the language in use."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return _("its name cannot be looked up")
    if isinstance(error, aiohttp.ClientSSLError):
        return _("its certificate is not trusted; is this machine's clock right?")
    if isinstance(error, aiohttp.ClientResponseError):
        return _("it answered %(status)d") % {"status": error.status}
    if isinstance(error, TimeoutError):
        return _("no answer in time")
    if isinstance(error, _BROKEN_OFF) and not isinstance(error, aiohttp.ClientConnectorError):
        return _("the connection broke off")
    if isinstance(error, OSError):
        return os_error_text(error)
    return _("the connection failed (%(said)s)") % {"said": str(error) or type(error).__name__}


async def _read(response: aiohttp.ClientResponse) -> Any:
    data = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        data += chunk
        if len(data) > MAX_BYTES:
            raise ValueError(_("the answer is longer than %d bytes") % MAX_BYTES)
    try:
        return json.loads(data) if data else None
    except ValueError as error:
        # a page of a proxy, or of a provider's login: an error answer needs no words to be one
        if response.status != 200:
            return None
        raise ValueError(_("the answer is not Discord's")) from error
