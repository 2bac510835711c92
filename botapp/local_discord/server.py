"""One HTTP server for the local Discord: REST, gateway, attachments, control API and page; loopback only."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from botapp.local_discord.api.control import Control
from botapp.local_discord.api.event_feed import EventFeed
from botapp.local_discord.api.faults import Faults
from botapp.local_discord.api.gateway import Gateway
from botapp.local_discord.api.gateway_settings import GatewaySettings
from botapp.local_discord.api.presses import Presses
from botapp.local_discord.api.rest import API, Rest, respond
from botapp.local_discord.api.sessions import Sessions
from botapp.local_discord.api.static_files import page_routes
from botapp.local_discord.api.supervisor_view import SupervisorView
from botapp.local_discord.api.switches import Switches
from botapp.local_discord.peer_processes import PeerProcesses
from botapp.local_discord.world.members import Members
from botapp.local_discord.world.world import RestResponse, World

#: largest request, in bytes; Discord's own limit for uploads is 25 MiB
MAX_BODY_BYTES: Final = 26 * 1024 * 1024
_SHUTDOWN_TIMEOUT_S: Final = 0.2
_LOOPBACK_NAMES: Final = {"127.0.0.1", "localhost", "::1"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """The local Discord. `start` serves on a listening socket, `stop` closes every connection."""

    def __init__(self, token: str, *, identify_limit: bool = False) -> None:
        self._feed = feed = EventFeed()
        faults, peers = Faults(), PeerProcesses()
        sessions = Sessions(token, GatewaySettings(identify_limit=identify_limit))
        self._gateway = Gateway(sessions, feed, peers)
        self._world = World(self._gateway.broadcast, feed.publish)
        self._gateway.world = self._world
        self._rest = Rest(self._world, sessions, faults, peers)
        self.supervisor_view = SupervisorView(feed)
        members = Members(self._world)
        control = Control(self._world, members, self._gateway, feed, self.supervisor_view)
        self._presses = Presses(self._world, members, feed, control.start_interaction_timeout)
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_loopback_only])
        app.add_routes(control.routes())
        app.add_routes(Switches(self._world, members, self._gateway, faults).routes())
        app.add_routes(self._presses.routes())
        app.add_routes(page_routes())
        app.add_routes(
            [
                web.get("/gateway", self._gateway.handle),
                web.get("/gateway/", self._gateway.handle),
                web.get("/attachments/{channel_id}/{attachment_id}/{filename}", self._get_attachment),
                web.route("*", API + "/{path:.*}", self._rest.handle),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_TIMEOUT_S)

    async def start(self, listening: socket.socket) -> None:
        """Serve on `listening`, a socket that already listens."""
        host, port = listening.getsockname()[:2]
        self._gateway.url = self._rest.gateway_url = f"ws://{host}:{port}/gateway"
        self._world.set_attachment_base_url(f"http://{host}:{port}")
        await self._runner.setup()
        await web.SockSite(self._runner, listening).start()

    async def stop(self) -> None:
        """Close the gateway's connections, then the server."""
        self._presses.stop_all()
        await self._gateway.close_all(1001, "The local Discord ends.")
        await self._runner.cleanup()

    def count_open_sessions(self) -> int:
        """Return the number of gateway sessions that have a connection."""
        return sum(1 for session in self._gateway.snapshot() if session["connected"])

    async def wait_for_session_change(self) -> None:
        """Return when the number of connected sessions has changed."""
        before = self.count_open_sessions()
        while self.count_open_sessions() == before:
            await self._feed.changed()

    async def _get_attachment(self, request: web.Request) -> web.StreamResponse:
        found = self._world.attachment(request.path)
        if found is None:
            return respond(RestResponse(404, {"message": "404: Not Found", "code": 0}))
        data, content_type = found
        # A browser must never run an uploaded file as a page of this server.
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
        return web.Response(body=data, content_type=content_type.partition(";")[0], headers=headers)


@web.middleware
async def _loopback_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests that another site could have sent: a foreign Host or a foreign Origin."""
    host = request.headers.get("Host", "")
    origin = request.headers.get("Origin")
    if _hostname(f"//{host}") not in _LOOPBACK_NAMES:
        return web.json_response({"error": f"this server answers on the loopback only, not for {host!r}"}, status=403)
    if origin is not None and origin != f"http://{host}":
        return web.json_response({"error": f"requests from {origin!r} are refused"}, status=403)
    return await handler(request)


def _hostname(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None  # an unreadable address is not ours
