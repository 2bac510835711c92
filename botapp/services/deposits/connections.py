"""The connections of the deposits' port: limited in number and time, and in what they can write to the log.

Any user of this host can connect. A new connection replaces the oldest one that has not shown the key, so that slow
ones keep no genuine deposit out.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from botapp.locale import _
from botapp.services.notices.admin_notices import NotificationThrottle

log = logging.getLogger(__name__)

MAX_CONNECTIONS: Final = 64
#: time for a connection to send a request with a valid signature, in seconds; loopback needs milliseconds
PROOF_TIMEOUT_S: Final = 5.0
#: time for the answer to such a request, in seconds: longer than a use case of the shop may take
ANSWER_TIMEOUT_S: Final = 20.0


class LimitedServer(web.Server):
    """An HTTP server with at most MAX_CONNECTIONS: a new one replaces the oldest one that has not shown the key."""

    def __init__(self, handler: Any) -> None:
        super().__init__(handler, access_log=None, auto_decompress=False, logger=_RequestLog())
        #: in the order of their arrival
        self._unproven: dict[RequestHandler, None] = {}
        self._limits: dict[RequestHandler, asyncio.TimerHandle] = {}

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Accept a connection, and close another one if there are too many."""
        super().connection_made(handler, transport)
        self._unproven[handler] = None
        self._limit(handler, PROOF_TIMEOUT_S)
        if len(self._limits) > MAX_CONNECTIONS:
            oldest = next(iter(self._unproven))
            self._forget(oldest)
            oldest.force_close()

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """Forget a connection."""
        self._forget(handler)
        super().connection_lost(handler, exc)

    def keep(self, request: web.BaseRequest) -> None:
        """Keep the connection of a request with a valid signature until it has been answered."""
        handler = request.protocol
        if handler in self._unproven:
            del self._unproven[handler]
            self._limit(handler, ANSWER_TIMEOUT_S)

    def _limit(self, handler: RequestHandler, timeout_s: float) -> None:
        if (earlier := self._limits.get(handler)) is not None:
            earlier.cancel()
        self._limits[handler] = asyncio.get_running_loop().call_later(timeout_s, handler.force_close)

    def _forget(self, handler: RequestHandler) -> None:
        self._unproven.pop(handler, None)
        if (limit := self._limits.pop(handler, None)) is not None:
            limit.cancel()


class _RequestLog:
    """Receives what aiohttp logs about requests, which any user of this host can cause."""

    def __init__(self) -> None:
        self._throttle = NotificationThrottle()

    def debug(self, *_facts: object, **_options: object) -> None:
        """Ignore what happens all the time, such as a closed connection."""

    def exception(self, _text: str, *_values: object, exc_info: BaseException | None = None) -> None:
        """Log an error, but not the same kind again and again."""
        is_malformed = isinstance(exc_info, HttpProcessingError)
        if not self._throttle.allow("malformed" if is_malformed else type(exc_info).__name__, time.monotonic()):
            return
        if is_malformed:
            log.warning(_("deposits: request refused: it is not valid HTTP"))
        else:
            log.error(_("deposits: cannot answer a request"), exc_info=exc_info)
