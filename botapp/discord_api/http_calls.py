"""Every call of discord.py to Discord's REST API: bounded in time, and with one kind of error.

discord.py raises HTTPException when Discord refuses a call. When Discord cannot be reached, it raises whatever the
network library, the system or the JSON reader raises. Here all of these become DiscordUnreachable, which is an
HTTPException: code that handles a refusal handles a lost connection too.

A call is repeated when its connection is lost before the answer: Discord may have done what was asked, or not. A
repeated call does nothing twice: a message has a nonce, Discord refuses to acknowledge an interaction twice, and every
other call sets a state. Only the further message of an interaction, which has no nonce, may appear twice; its member
alone sees it.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from typing import Any, Final

import aiohttp
import discord
from discord.http import HTTPClient, MultipartParameters
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from botapp.discord_api.answers import ALREADY_ACKNOWLEDGED
from botapp.discord_api.rest import is_connection_lost, unreachable_text
from botapp.locale import _

#: longest time that a call may take, waits for rate limits included, in seconds
CALL_TIMEOUT_S: Final = 60.0
#: the same for a call with files, and for the download of one, in seconds
FILES_TIMEOUT_S: Final = 300.0
#: Discord accepts the acknowledgement of an interaction within this time, in seconds
ACKNOWLEDGE_TIMEOUT_S: Final = 3.0
#: attempts at a call that is answered with 429
MAX_ATTEMPTS: Final = 5
#: attempts at a call whose connection is lost, and the pause before the last of them, in seconds. The second one is
#: made at once: what it shows may be out of date after the member's next click
MAX_LOST: Final = 3
LOST_PAUSE_S: Final = 0.2
#: what discord.py raises when an answer or event has another form than Discord's
UNREADABLE: Final = (ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError)
#: longest error text of a call, in characters: a proxy answers with a page of HTML
MAX_ERROR_CHARS: Final = 200
#: read this much of it, in characters
_MAX_READ_CHARS: Final = 10_000
_TAG: Final = re.compile(r"<[^<>]*>")


#: the id of the application, in tasks that finish an interaction which an earlier process has begun; else None
replayed_application: ContextVar[int | None] = ContextVar("replayed_application", default=None)

#: the token of the interaction that an earlier process has deferred, and perhaps answered; None: there is none
_deferred_before: ContextVar[str | None] = ContextVar("deferred_before", default=None)

#: type of an acknowledgement that shows "thinking…" until the first further message replaces it
_DEFERRED: Final = 5
#: types of an acknowledgement that shows a message: discord.com/developers, "Interaction Callback Type"
_SHOWS_MESSAGE: Final = frozenset({4, 7})
#: what the edit of a message takes of a new one
_EDITABLE: Final = frozenset({"content", "embeds", "components", "allowed_mentions"})


class DiscordUnreachable(discord.HTTPException):
    """Discord could not be reached, or what answered is not Discord. The text says why, in the language in use."""

    def __init__(self, problem: str) -> None:
        """`problem` is one line."""
        Exception.__init__(self, problem)
        self.status = self.code = 0
        self.text = problem


class DiscordHTTP(HTTPClient):
    """The REST client of the bot. Its calls raise discord.HTTPException and nothing else."""

    async def request(self, route: Any, *, files: Sequence[discord.File] | None = None, **options: Any) -> Any:
        """Send a request, as HTTPClient does."""
        call = super().request
        return await _call(lambda: call(route, files=files, **options), files or ())

    def send_message(self, channel_id: Any, *, params: MultipartParameters) -> Any:
        """Send a message, as HTTPClient does, with a nonce: Discord then posts it once, however often it is sent."""
        return super().send_message(channel_id, params=_with_nonce(params))

    async def get_from_cdn(self, url: str) -> bytes:
        """Download an attachment, as HTTPClient does."""
        call = super().get_from_cdn
        content: bytes = await _call(lambda: call(url), timeout_s=FILES_TIMEOUT_S)
        return content


class DiscordWebhooks(AsyncWebhookAdapter):
    """The REST client of interactions. Its calls raise discord.HTTPException and nothing else."""

    async def request(
        self, route: Any, session: Any, *, files: Sequence[discord.File] | None = None, **options: Any
    ) -> Any:
        """Send a request, as AsyncWebhookAdapter does."""
        call = super().request
        if _is_first_message(route) and not files:
            # as an edit it can be repeated: an earlier process may have sent it already
            route, payload = _original(route.webhook_id, route.webhook_token), _editable(options["payload"])
            options = {**options, "payload": payload, "params": None}
            _deferred_before.set(None)
        is_acknowledgement = route.path.endswith("/callback")
        timeout_s = ACKNOWLEDGE_TIMEOUT_S if is_acknowledgement and not files else None
        attempts = 0

        async def send() -> Any:
            nonlocal attempts
            attempts += 1
            try:
                return await call(route, session, files=files, **options)
            except discord.HTTPException as error:
                if not is_acknowledgement or error.code != ALREADY_ACKNOWLEDGED:
                    raise
                application_id = replayed_application.get()
                if attempts == 1 and application_id is None:
                    raise
                if attempts == 1 and (options.get("payload") or {}).get("type") == _DEFERRED:
                    _deferred_before.set(route.webhook_token)
                if attempts == 1 and application_id is not None and (shown := _shown_message(options)) is not None:
                    # an earlier process has acknowledged it: show there what this answer shows
                    await call(_original(application_id, route.webhook_token), session, payload=shown)
                # an earlier attempt has succeeded; discord.py fetches the message if the answer has none
                return {"interaction": {"id": route.webhook_id}}

        return await _call(send, files or (), timeout_s=timeout_s)


def install() -> None:
    """Make discord.py use these clients, in this task and those that it starts. Call it before a Client is created."""
    discord.client.HTTPClient = DiscordHTTP  # type: ignore[attr-defined]  # there is no parameter for it
    async_context.set(DiscordWebhooks())  # type: ignore[no-untyped-call]


async def _call(
    send: Callable[[], Awaitable[Any]], files: Sequence[discord.File] = (), *, timeout_s: float | None = None
) -> Any:
    """Return the answer to a call; try again after a rate limit or a lost connection. Raises discord.HTTPException."""
    limit_s = timeout_s or (FILES_TIMEOUT_S if files else CALL_TIMEOUT_S)
    limited = lost = 0
    try:
        async with asyncio.timeout(limit_s):
            while True:
                try:
                    return _require_json(await send())
                except discord.HTTPException as error:
                    limited += 1
                    if limited == MAX_ATTEMPTS or (wait_s := _retry_after_s(error)) is None:
                        raise
                except (aiohttp.ClientError, OSError) as error:
                    lost += 1
                    if lost == MAX_LOST or not is_connection_lost(error):
                        raise
                    wait_s = 0.0 if lost == 1 else LOST_PAUSE_S
                await asyncio.sleep(wait_s)
                for file in files:
                    file.reset(seek=True)
    except discord.HTTPException as error:
        _shorten(error)
        raise
    except (aiohttp.ClientError, OSError) as error:
        raise DiscordUnreachable(unreachable_text(error)) from error
    except UNREADABLE as error:
        problem = _one_line(f"{type(error).__name__}: {error}")
        raise DiscordUnreachable(_("the answer does not come from Discord (%s)") % problem) from error


def _shown_message(options: dict[str, Any]) -> dict[str, Any] | None:
    """Return what an acknowledgement shows, as the edit of a message; None if it shows nothing."""
    payload = options.get("payload") or {}
    if payload.get("type") not in _SHOWS_MESSAGE:
        return None
    return _editable(payload.get("data") or {})


def _editable(message: dict[str, Any]) -> dict[str, Any]:
    """Return what the edit of a message takes of a new one."""
    return {key: value for key, value in message.items() if key in _EDITABLE}


def _is_first_message(route: Any) -> bool:
    """Return whether a call sends the message that replaces the "thinking…" of an earlier process."""
    is_new = route.method == "POST" and route.path == "/webhooks/{webhook_id}/{webhook_token}"
    return bool(is_new and _deferred_before.get() == route.webhook_token)


def _original(application_id: int, token: str) -> discord.http.Route:
    """Return the address of an interaction's first answer."""
    path = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
    return discord.http.Route("PATCH", path, webhook_id=application_id, webhook_token=token)


def _with_nonce(params: MultipartParameters) -> MultipartParameters:
    """Return the parameters of a new message with a nonce, unless they have one."""
    nonce = {"nonce": secrets.token_hex(12), "enforce_nonce": True}
    if not params.multipart:
        return params._replace(payload=nonce | (params.payload or {}))
    described, *files = params.multipart
    payload = nonce | json.loads(described["value"])
    return params._replace(multipart=[{**described, "value": json.dumps(payload)}, *files])


def _require_json(answer: Any) -> Any:
    """Return the answer. Raises DiscordUnreachable for a page of HTML."""
    if isinstance(answer, str) and answer:
        raise DiscordUnreachable(_("the answer does not come from Discord (%s)") % _one_line(answer))
    return answer


def _retry_after_s(error: discord.HTTPException) -> float | None:
    """Return how long to wait before the next attempt; None if there should be none.

    discord.py takes a 429 without the header Via for a ban, but proxies and compatible servers omit it.
    """
    if error.status != 429:
        return None
    try:
        return max(0.0, float(error.response.headers.get("Retry-After", "")))
    except ValueError:
        return None


def _shorten(error: discord.HTTPException) -> None:
    """Cut the text of the error to one line."""
    error.text = _one_line(error.text)
    error.args = (_one_line(str(error)),)


def _one_line(text: str) -> str:
    """Return the text in one line, without the tags of a page, and cut."""
    line = " ".join(_TAG.sub(" ", text[:_MAX_READ_CHARS]).split())
    return line if len(line) <= MAX_ERROR_CHARS else line[: MAX_ERROR_CHARS - 1] + "…"
