"""The dashboard's HTTP server: the login, the page, and its data. No request changes anything but the session."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import msgspec
from aiohttp import web

from botapp.config.settings import Settings
from botapp.dashboard.figures.collector import Collector
from botapp.dashboard.figures.history import History
from botapp.dashboard.figures.shop_access import ShopAccess
from botapp.dashboard.web import access, log_lines
from botapp.dashboard.web.access import RateLimit
from botapp.dashboard.web.metrics import Metrics
from botapp.locale import _
from botapp.runtime import login_links
from botapp.runtime.static_files import PAGE_HEADERS, file_headers, find_file
from botapp.store.db.errors import Unavailable
from supervisor.client import VERSION

log = logging.getLogger(__name__)

#: largest request, in bytes: a login link
MAX_BODY_BYTES: Final = 1024
#: open pages and log views
MAX_STREAMS: Final = 16
MAX_LOG_VIEWS: Final = 4
#: a stream sends something at least this often, so that a lost connection is noticed, in seconds
STREAM_IDLE_S: Final = 20.0
#: an older status is requested again for a page that is opened, in seconds
STATUS_MAX_AGE_S: Final = 5.0
#: errors that the page shows, and restarts
SHOWN_ERRORS: Final = 20
SHOWN_RESTARTS: Final = 100

#: the ranges of the page: how long, how long a point is, and how many days of sales
RANGES: Final = {"day": (86_400, 300, 1), "week": (604_800, 1_800, 7), "month": (2_592_000, 7_200, 30)}
_PAGE: Final = Path(__file__).parent.parent / "page"
#: parts of the local Discord's page that this page uses too
_SHARED: Final = _PAGE.parent.parent / "local_discord" / "page"
SHARED_FILES: Final = frozenset(
    {
        "lib/i18n.js",
        "lib/times.js",
        "panel/health.js",
        "panel/restarts.js",
        "panel/states.js",
        "styles/panel.css",
    }
)
_NO_STORE: Final = PAGE_HEADERS | {"Cache-Control": "no-store"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Serves the dashboard at one place."""

    def __init__(
        self, settings: Settings, collector: Collector, history: History, shop: ShopAccess, metrics: Metrics
    ) -> None:
        self._settings = settings
        self._place = settings.dashboard
        self._key_file = settings.dashboard_key
        self._collector = collector
        self._history = history
        self._shop = shop
        self._metrics = metrics
        self._limit = RateLimit()
        #: by link that was used: when it expires, in seconds since 1970
        self._used_links: dict[str, float] = {}
        self._streams = 0
        self._log_views = 0
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/", self._get_page),
                web.get("/page/{path:.+}", self._get_file),
                web.post("/session", self._begin_session),
                web.get("/metrics", self._get_metrics),
                web.get("/api/events", self._get_events),
                web.get("/api/series", self._get_series),
                web.get("/api/restarts", self._get_restarts),
                web.get("/api/shop", self._get_shop),
                web.get("/api/errors", self._get_errors),
                web.get("/api/logs", self._get_logs),
            ]
        )
        # a page that is closed ends its streams at once
        self.runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.2, keepalive_timeout=30.0, handler_cancellation=True
        )

    # --- who may look ---

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse what another site may have sent, what comes too often, and what needs a session and has none."""
        host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
        if not self._limit.allows(request.remote or ""):
            return _refuse(429, "too many requests")
        if not access.is_known_host(self._place, host):
            return _refuse(403, "this server does not answer for this host; set [dashboard] public_url")
        if origin is not None and not access.is_own_origin(self._place, host, origin):
            return _refuse(403, "requests from other sites are refused")
        if request.path.startswith("/api/") and not self._has_session(request):
            return _refuse(401, "no session")
        return await handler(request)

    @property
    def _cookie(self) -> str:
        # browsers accept this prefix only from HTTPS; a subdomain cannot set such a cookie
        return "__Host-stocksup" if self._place.is_secure else "stocksup"

    def _has_session(self, request: web.Request) -> bool:
        try:
            key = login_links.read_key(self._key_file)
        except OSError as error:
            log.warning(_("login: the key cannot be read (%s)"), error)
            return False
        return login_links.read_token(key, "session", request.cookies.get(self._cookie, ""), time.time()) is not None

    async def _begin_session(self, request: web.Request) -> web.StreamResponse:
        """Exchange a login link, which can be used once, for a session."""
        try:
            text = (await request.content.read(MAX_BODY_BYTES)).decode("ascii", errors="replace")
            key = login_links.read_key(self._key_file)
        except OSError as error:
            log.warning(_("login: the key cannot be read (%s)"), error)
            return _refuse(503, "the link cannot be verified now")
        link = login_links.read_token(key, "link", text, time.time())
        is_first = link is not None and await self._use_link(link)
        if not is_first:
            return _refuse(403, "the link is not valid")
        response = web.Response(status=204, headers=_NO_STORE)
        response.set_cookie(
            self._cookie, login_links.create_token(key, "session", time.time()), path="/",
            max_age=login_links.SESSION_LIFETIME_S, httponly=True, samesite="Strict", secure=self._place.is_secure,
        )  # fmt: skip
        return response

    async def _use_link(self, link: login_links.Token) -> bool:
        """Record that a link is used; return whether it is the first time. On a full disk this process remembers it."""
        is_first = link.nonce not in self._used_links
        self._used_links = {nonce: at_s for nonce, at_s in self._used_links.items() if at_s > time.time()}
        self._used_links[link.nonce] = link.expires_s
        try:
            return await self._collector.read(self._history.use_link, link.nonce, link.expires_s, time.time())
        except sqlite3.Error as error:
            log.warning(_("login: a used link was not kept (%s)"), error)
            return is_first

    # --- the page ---

    async def _get_page(self, request: web.Request) -> web.StreamResponse:
        name = "index.html" if self._has_session(request) else "login.html"
        return web.FileResponse(_PAGE / name, headers=_NO_STORE | {"Content-Language": self._settings.language})

    async def _get_file(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        file = find_file(_SHARED if path in SHARED_FILES else _PAGE, path)
        if file is None:
            raise web.HTTPNotFound
        return web.FileResponse(file, headers=file_headers(file))

    # --- its data ---

    async def _get_events(self, request: web.Request) -> web.StreamResponse:
        """Send the figures of now, and again whenever they change."""
        if self._streams >= MAX_STREAMS:
            return _refuse(503, "too many open pages")
        self._streams += 1
        self._collector.viewers += 1
        try:
            await self._collector.refresh(STATUS_MAX_AGE_S)
            response = await _open_stream(request)
            await self._send_snapshots(request, response)
            return response
        finally:
            self._streams -= 1
            self._collector.viewers -= 1

    async def _send_snapshots(self, request: web.Request, response: web.StreamResponse) -> None:
        while self._has_session(request):
            changed = asyncio.ensure_future(self._collector.changed())
            try:
                await _send(response, await self._snapshot())
                await asyncio.wait({changed}, timeout=STREAM_IDLE_S)
            except ConnectionError:
                return  # the page was closed
            finally:
                changed.cancel()

    async def _snapshot(self) -> dict[str, Any]:
        try:
            left: int | None = await self._collector.count_identifies_left()
        except sqlite3.Error:
            left = None
        settings = self._settings
        return self._collector.snapshot() | {
            "identifies_left": left,
            "version": VERSION,
            "language": settings.language,
            "timezone": settings.timezone,
            "currency": min(settings.store.currency, key=lambda unit: unit.value).short,
        }

    async def _get_series(self, request: web.Request) -> web.StreamResponse:
        length_s, step_s, _days = _range(request)
        now_s = time.time()
        try:
            series = await self._collector.read(self._history.read, now_s - length_s, now_s, step_s)
        except sqlite3.Error as error:
            return _refuse(503, str(error))
        return _json(series)

    async def _get_restarts(self, request: web.Request) -> web.StreamResponse:
        length_s, _step_s, _days = _range(request)
        since_s = time.time() - length_s
        try:
            return _json(await self._collector.read(self._history.list_restarts, since_s, SHOWN_RESTARTS))
        except sqlite3.Error as error:
            return _refuse(503, str(error))

    async def _get_shop(self, request: web.Request) -> web.StreamResponse:
        _length_s, _step_s, days = _range(request)
        try:
            return _json(await self._shop.read("read", days))
        except Unavailable as error:
            return _refuse(503, str(error))

    async def _get_errors(self, request: web.Request) -> web.StreamResponse:
        if self._log_views >= MAX_LOG_VIEWS:
            return _refuse(503, "too many log views")
        self._log_views += 1
        try:
            wanted = log_lines.LogFilter(level="error")
            return _json(await log_lines.last_lines(self._settings.path, wanted, SHOWN_ERRORS))
        except (OSError, TimeoutError) as error:
            return _refuse(503, f"the logs cannot be read: {error}")
        finally:
            self._log_views -= 1

    async def _get_logs(self, request: web.Request) -> web.StreamResponse:
        """Send the last log lines, and new ones as they are written."""
        query = request.query
        try:
            wanted = log_lines.parse_filter(query.get("program", ""), query.get("level", ""), query.get("text", ""))
        except log_lines.InvalidFilter:
            return _refuse(400, "invalid filter")
        if self._log_views >= MAX_LOG_VIEWS:
            return _refuse(503, "too many log views")
        self._log_views += 1
        lines = log_lines.follow_lines(self._settings.path, wanted)
        try:
            response = await _open_stream(request)
            await self._send_lines(request, response, lines)
            return response
        finally:
            await lines.aclose()
            self._log_views -= 1

    async def _send_lines(
        self, request: web.Request, response: web.StreamResponse, lines: AsyncGenerator[log_lines.Line, None]
    ) -> None:
        waiting = asyncio.ensure_future(anext(lines, None))
        try:
            while self._has_session(request):
                await asyncio.wait({waiting}, timeout=STREAM_IDLE_S)
                if not waiting.done():
                    await response.write(b":\n\n")
                elif (line := waiting.result()) is None:
                    return
                else:
                    await _send(response, line)
                    waiting = asyncio.ensure_future(anext(lines, None))
        except ConnectionError:
            return  # the page was closed
        finally:
            waiting.cancel()
            await asyncio.wait({waiting})

    async def _get_metrics(self, request: web.Request) -> web.StreamResponse:
        host, peer = request.headers.get("Host", ""), request.remote or ""
        is_allowed = access.is_local(self._place, host, peer) or access.has_bearer_token(
            request.headers.get("Authorization", ""), self._metrics.token
        )
        if not is_allowed:
            return _refuse(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})
        return web.Response(body=await self._metrics.render(), headers=_NO_STORE | self._metrics.HEADERS)


def _range(request: web.Request) -> tuple[int, int, int]:
    try:
        return RANGES[request.query.get("range", "day")]
    except KeyError:
        raise web.HTTPBadRequest from None


def _refuse(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": text}, status=status, headers=_NO_STORE | (headers or {}))


def _json(value: Any) -> web.Response:
    response = web.Response(body=msgspec.json.encode(value), content_type="application/json", headers=_NO_STORE)
    response.enable_compression()
    return response


async def _open_stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers=_NO_STORE | {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    await response.prepare(request)
    return response


async def _send(response: web.StreamResponse, value: Any) -> None:
    """Send one event. A viewer who reads too slowly holds up only their own stream."""
    await response.write(b"data: " + msgspec.json.encode(value) + b"\n\n")
