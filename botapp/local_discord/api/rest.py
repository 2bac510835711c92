"""The REST API: pass requests to the world, and answer as Discord does."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import secrets
import time
from email.utils import formatdate
from typing import Any, Final

from aiohttp import BodyPartReader, web

from botapp.local_discord.api.faults import Fault, Faults
from botapp.local_discord.api.sessions import IDENTIFIES_PER_DAY, Sessions
from botapp.local_discord.peer_processes import PeerProcesses
from botapp.local_discord.world.world import RestResponse, Upload, World

log = logging.getLogger(__name__)

#: path of the API on this server
API: Final = "/api/v10"
_MAX_FILES: Final = 10
_ABOUT_INTERACTIONS: Final = ("/interactions/", "/webhooks/")
# High enough that no client waits because of them; a 429 is sent only as an injected fault.
_RATE_LIMIT_HEADERS: Final = {
    "X-RateLimit-Limit": "1000",
    "X-RateLimit-Remaining": "999",
    "X-RateLimit-Reset-After": "1.000",
    "Via": "1.1 local-discord",
}
_UNAUTHORIZED: Final = RestResponse(401, {"message": "401: Unauthorized", "code": 0})


class Rest:
    """The REST API, version 10, for one bot."""

    def __init__(self, world: World, sessions: Sessions, faults: Faults, peers: PeerProcesses) -> None:
        self._world = world
        self._sessions = sessions
        self._faults = faults
        self._peers = peers
        self.gateway_url = ""

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request below API."""
        path = request.path.removeprefix(API)
        # Before anything that takes time: the process may have ended afterwards.
        pid = self._peers.find(request.transport) if path.startswith(_ABOUT_INTERACTIONS) else None
        fault = self._faults.take(request.method, path)
        try:
            body, files = await _read(request)
        except (ValueError, RecursionError) as error:
            return respond(
                RestResponse(400, {"code": 50109, "message": f"The request body contains invalid JSON: {error}"})
            )
        one_way_s = self._sessions.settings.one_way_s
        if wait_s := one_way_s + (0.0 if fault is None else fault.delay_s):
            await asyncio.sleep(wait_s)
        response = self._respond(request, path, body, files, pid, fault)
        if one_way_s:
            await asyncio.sleep(one_way_s)
        return response

    def _respond(
        self, request: web.Request, path: str, body: Any, files: list[Upload], pid: int | None, fault: Fault | None
    ) -> web.Response:
        if fault is not None and fault.fails and not fault.after:
            return _respond_with_fault(fault, request)
        answer = self._answer(request, path, body, files, pid)
        log.log(logging.DEBUG if answer.status < 400 else logging.INFO, "%s %s %d", request.method, path, answer.status)
        if fault is not None and fault.fails:
            return _respond_with_fault(fault, request)
        return respond(answer, self._date())

    def _date(self) -> dict[str, str]:
        """Return the Date header of a wrong clock; the server itself adds a correct one."""
        offset_s = self._faults.clock_offset_s
        return {"Date": formatdate(time.time() + offset_s, usegmt=True)} if offset_s else {}

    def _answer(self, request: web.Request, path: str, body: Any, files: list[Upload], pid: int | None) -> RestResponse:
        # The token of an interaction authorizes its callback and its webhook.
        if path.split("/")[1] not in ("interactions", "webhooks") and not self._authorized(request):
            return _UNAUTHORIZED
        if request.method == "GET" and path in ("/gateway", "/gateway/bot"):
            return RestResponse(200, self._gateway())
        reason, params = request.headers.get("X-Audit-Log-Reason"), dict(request.query)
        answer = self._world.rest(request.method, path, body=body, params=params, files=files, reason=reason)
        if path.startswith(_ABOUT_INTERACTIONS):
            self._world.log_call(request.method, path, body, pid, answer)
        return answer

    def _authorized(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization", "")
        return secrets.compare_digest(given.encode(), f"Bot {self._sessions.token}".encode())

    def _gateway(self) -> dict[str, Any]:
        now_s = time.monotonic()
        limit = {
            "total": IDENTIFIES_PER_DAY,
            "remaining": self._sessions.identifies_left(now_s),
            "reset_after": int(self._sessions.reset_after_s(now_s) * 1000),
            "max_concurrency": 1,
        }
        return {"url": self.gateway_url, "shards": 1, "session_start_limit": limit}


def respond(answer: RestResponse, headers: dict[str, str] | None = None) -> web.Response:
    """Return the HTTP response. Its content type has no charset, because discord.py compares it literally."""
    headers = _RATE_LIMIT_HEADERS | {"X-RateLimit-Reset": f"{time.time() + 1:.3f}"} | (headers or {})
    if answer.body is None:
        return web.Response(status=answer.status, headers=headers)
    data = json.dumps(answer.body, separators=(",", ":")).encode()
    return web.Response(status=answer.status, body=data, content_type="application/json", headers=headers)


def _respond_with_fault(fault: Fault, request: web.Request) -> web.Response:
    if fault.drop and request.transport is not None:
        request.transport.abort()
    if fault.status is None:
        return web.Response(status=502)  # the connection is closed, so this is not sent
    if fault.html:
        return web.Response(status=fault.status, text=fault.html, content_type="text/html")
    if fault.status != 429:
        return respond(
            RestResponse(fault.status, {"code": fault.code, "message": fault.message or "an injected fault"})
        )
    body = {"message": "You are being rate limited.", "retry_after": fault.retry_after_s, "global": False}
    headers = {
        "Retry-After": f"{fault.retry_after_s:g}",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset-After": f"{fault.retry_after_s:.3f}",
        "X-RateLimit-Scope": "user",
    }
    answer = respond(RestResponse(429, body), headers)
    if not fault.via:
        del answer.headers["Via"]
    return answer


async def _read(request: web.Request) -> tuple[Any, list[Upload]]:
    """Return a request's JSON and its files. Raises ValueError."""
    if request.content_type.startswith("multipart/"):
        return await _read_form(request)
    data = await request.read()
    return (json.loads(data) if data else None), []


async def _read_form(request: web.Request) -> tuple[Any, list[Upload]]:
    body: Any = None
    files: list[Upload] = []
    read_bytes = 0
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise ValueError("a part of a form is a form itself")
        data = bytes(await part.read())
        read_bytes += len(data)
        if read_bytes > request.client_max_size or len(files) > _MAX_FILES:
            raise web.HTTPRequestEntityTooLarge(max_size=request.client_max_size, actual_size=read_bytes)
        if part.name == "payload_json":
            body = json.loads(data)
        elif part.filename is not None:
            files.append(Upload(part.filename, io.BytesIO(data)))
    if not isinstance(body, dict | None):
        raise ValueError("payload_json is not an object")
    described = {str(one.get("id")): one for one in (body or {}).get("attachments") or ()}
    for index, upload in enumerate(files):
        upload.description = described.get(str(index), {}).get("description")
    return body, files
