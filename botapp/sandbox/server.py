"""The local Discord as one HTTP server: REST, gateway, attachments, control and page, on the loopback only."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from botapp.sandbox import ids
from botapp.sandbox.control import Control
from botapp.sandbox.faults import Faults
from botapp.sandbox.feed import Feed
from botapp.sandbox.gateway import Gateway
from botapp.sandbox.members import Members
from botapp.sandbox.rest import API, Rest, respond
from botapp.sandbox.sessions import Sessions
from botapp.sandbox.world import Answer, World

#: largest request, in bytes; Discord's own limit for uploads is 25 MiB
MAX_BODY_BYTES: Final = 26 * 1024 * 1024
_SHUTDOWN_TIMEOUT_S: Final = 0.2
_PAGE: Final = Path(__file__).parent / "page"
_PAGE_TYPES: Final = {"page.js": "text/javascript", "page.css": "text/css"}
_PAGE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_LOOPBACK_NAMES: Final = {"127.0.0.1", "localhost", "::1"}
_COLOURS: Final = ("#5865f2", "#3ba55d", "#faa61a", "#ed4245", "#eb459e", "#00a8fc")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """The whole local Discord. `start` serves on a listening socket, `stop` ends every connection."""

    def __init__(self, token: str, *, identify_limit: bool = False) -> None:
        feed, faults, sessions = Feed(), Faults(), Sessions(token)
        sessions.identify_limit = identify_limit
        self._gateway = Gateway(sessions, feed)
        self._world = World(self._gateway.broadcast, feed.publish)
        self._gateway.world = self._world
        self._rest = Rest(self._world, sessions, faults)
        control = Control(self._world, Members(self._world), self._gateway, faults, feed, identify_limit=identify_limit)
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_loopback_only])
        app.add_routes(control.routes())
        app.add_routes(
            [
                web.get("/", _get_page),
                web.get("/page/{name}", _get_page_file),
                web.get("/gateway", self._gateway.handle),
                web.get("/gateway/", self._gateway.handle),
                web.get("/avatars/{user_id}.svg", _get_avatar),
                web.get("/attachments/{channel_id}/{attachment_id}/{filename}", self._get_attachment),
                web.route("*", API + "/{path:.*}", self._rest.handle),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_TIMEOUT_S)

    async def start(self, listening: socket.socket) -> None:
        """Serve on a socket that listens already."""
        host, port = listening.getsockname()[:2]
        self._gateway.url = self._rest.gateway_url = f"ws://{host}:{port}/gateway"
        self._world.serve_attachments_at(f"http://{host}:{port}")
        await self._runner.setup()
        await web.SockSite(self._runner, listening).start()

    async def stop(self) -> None:
        """Close the gateway's connections, then everything."""
        await self._gateway.close_all(1001, "The local Discord ends.")
        await self._runner.cleanup()

    def sessions_open(self) -> int:
        """Return how many gateway sessions have a connection."""
        return sum(1 for session in self._gateway.snapshot() if session["connected"])

    async def _get_attachment(self, request: web.Request) -> web.StreamResponse:
        found = self._world.attachment(request.path)
        if found is None:
            return respond(Answer(404, {"message": "404: Not Found", "code": 0}))
        data, content_type = found
        # What a bot uploaded is never run as a page of this server.
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
        return web.Response(body=data, content_type=content_type.partition(";")[0], headers=headers)


@web.middleware
async def _loopback_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests that a page from elsewhere could have made: a foreign Host or a foreign Origin."""
    host = request.headers.get("Host", "")
    origin = request.headers.get("Origin")
    if _hostname(f"//{host}") not in _LOOPBACK_NAMES:
        return web.json_response({"error": f"this server answers on the loopback only, not as {host!r}"}, status=403)
    if origin is not None and origin != f"http://{host}":
        return web.json_response({"error": f"requests from {origin!r} are refused"}, status=403)
    return await handler(request)


def _hostname(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None  # an address that cannot be read is none of ours


async def _get_page(request: web.Request) -> web.StreamResponse:
    page = (_PAGE / "index.html").read_bytes()
    return web.Response(body=page, content_type="text/html", charset="utf-8", headers=_PAGE_HEADERS)


async def _get_page_file(request: web.Request) -> web.StreamResponse:
    name = request.match_info["name"]
    if name not in _PAGE_TYPES:
        raise web.HTTPNotFound
    data = (_PAGE / name).read_bytes()
    return web.Response(body=data, content_type=_PAGE_TYPES[name], charset="utf-8", headers=_PAGE_HEADERS)


async def _get_avatar(request: web.Request) -> web.StreamResponse:
    user_id = request.match_info["user_id"]
    names = {str(member_id): name for name, member_id in ids.MEMBERS.items()} | {str(ids.BOT_ID): ids.BOT_NAME}
    letter = names.get(user_id, "?")[0]
    colour = _COLOURS[hashlib.sha256(user_id.encode()).digest()[0] % len(_COLOURS)]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><circle cx="20" cy="20" r="20" fill="{colour}"/>'
        f'<text x="20" y="27" font-family="sans-serif" font-size="20" text-anchor="middle" fill="#fff">{letter}</text>'
        "</svg>"
    )
    return web.Response(text=svg, content_type="image/svg+xml", headers={"Cache-Control": "max-age=3600"})
