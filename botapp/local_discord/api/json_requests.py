"""Requests of the control API: read their JSON, and answer with JSON."""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
from aiohttp import web

from botapp.local_discord.api.faults import InvalidFault
from botapp.local_discord.world.members import ActionRefused
from botapp.local_discord.world.world import BackendError, Upload

log = logging.getLogger(__name__)

_MAX_FILENAME: Final = 200
_MAX_WAIT_S: Final = 60.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answer_json(handler: Callable[[web.Request], Awaitable[Any]]) -> Handler:
    """Return a handler that answers with the JSON that `handler` returns, or with {"error": …}."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(await handler(request))
        except ActionRefused as refusal:
            return _refuse(refusal.status, str(refusal))
        except BackendError as refusal:
            return _refuse(refusal.status, refusal.message)
        except (InvalidFault, msgspec.ValidationError) as error:
            return _refuse(400, str(error))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("invalid request %s %s", request.method, request.path, exc_info=True)
            return _refuse(400, f"invalid request: {error!r}")

    return answer


def _refuse(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)


def read_upload(described: Mapping[str, Any]) -> Upload:
    """Return the file that {"filename", "base64"} describe."""
    data = base64.b64decode(described["base64"], validate=True)
    return Upload(_filename(described["filename"]), io.BytesIO(data))


def _filename(text: Any) -> str:
    name = str(text)
    if not 0 < len(name) <= _MAX_FILENAME or any(char in "/\\" or not char.isprintable() for char in name):
        raise ActionRefused(f"not a file name: {name[:50]!r}", 400)
    return name


def read_number(text: Any) -> int:
    """Return an id. Raises ActionRefused."""
    if not (isinstance(text, int | str) and str(text).isascii() and str(text).isdecimal() and len(str(text)) <= 20):
        raise ActionRefused(f"not an id: {text!r}", 400)
    return int(text)


def read_wait_s(request: web.Request) -> float:
    """Return how long a request may wait, from its parameter `wait_s` (default 0)."""
    return min(float(request.query.get("wait_s", "0")), _MAX_WAIT_S)


async def read_object(request: web.Request) -> dict[str, Any]:
    """Return the JSON object in the body of a request. Raises ActionRefused."""
    given = json.loads(await request.read() or b"{}")
    if not isinstance(given, dict):
        raise ActionRefused("the body must be a JSON object", 400)
    return given


async def read_fields(request: web.Request, *names: str) -> dict[str, Any]:
    """Return the JSON object in the body, which has no other fields than `names`. Raises ActionRefused."""
    given = await read_object(request)
    unknown = sorted(given.keys() - set(names))
    if unknown:
        raise ActionRefused(f"unknown field {unknown[0]!r}; known: {', '.join(names)}", 400)
    return {"channel": "toko", "options": None} | given
