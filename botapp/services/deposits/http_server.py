"""HTTP server for signed deposits from programs on this host: POST /deposits. See docs/how-to/deposits.md.

A caller without the key learns neither a reason nor a handle. The id of a deposit makes it idempotent. The answers are
signed too: another user of this host can listen on the port while the bot restarts.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from aiohttp import web

from botapp.locale import _
from botapp.locale.os_errors import os_error_text
from botapp.runtime.context import BotContext, ShopContext
from botapp.runtime.tasks import NotAccepting
from botapp.services.deposits.connections import MAX_CONNECTIONS, LimitedServer
from botapp.services.deposits.notifications import DepositNotifier
from botapp.services.deposits.report import BadReport, DepositReport, parse_report
from botapp.services.deposits.signing import is_valid_signature, sign, sign_answer
from botapp.services.notices.admin_notices import NotificationThrottle
from botapp.store.db.errors import Unavailable
from botapp.store.domain import money
from botapp.store.domain.money import InvalidAmount
from botapp.store.usecases import deposits
from botapp.store.usecases.deposits import DepositClaim, DepositResult

log = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
PATH: Final = "/deposits"
#: largest request body, in bytes
MAX_BODY_BYTES: Final = 4096
#: time between attempts to listen on a port that is in use, in seconds
LISTEN_INTERVAL_S: Final = 5.0
#: `Retry-After` for requests that the shop cannot process now, in seconds
_RETRY_AFTER_S: Final = 5


class DepositServer:
    """Listens on the sockets that the supervisor has passed, or else on a loopback port.

    When the bot has quiesced, it closes its own port, and who connects to a passed socket waits for the next process.
    While the bot drains, it answers 503 with `Retry-After` on its own port and on connections that it has accepted.
    """

    def __init__(
        self, bot: BotContext, shop: ShopContext, port: int, key: bytes, passed: Sequence[socket.socket] = ()
    ) -> None:
        """`port` is used if no sockets were passed. `passed` stay open when this server is closed."""
        self._bot = bot
        self._shop = shop
        self._key = key
        self._port = port
        self._notifier = DepositNotifier(bot, shop)
        self._throttle = NotificationThrottle()
        self._http = LimitedServer(self._handle)
        self._passed = passed
        self._servers: list[asyncio.Server] = []
        self._error: str | None = None

    def start(self) -> None:
        """Start listening, and retry while the port is in use. Call it once."""
        self._bot.tasks.repeat(_("deposits over HTTP"), LISTEN_INTERVAL_S, self._accept_until_quiesced)

    def health(self) -> dict[str, Any]:
        """Return the health of the server, as `status` shows it."""
        return {"is_healthy": self._error is None, "last_error": self._error}

    async def close(self) -> None:
        """Stop listening and close every connection."""
        self._stop_accepting()
        await self._http.shutdown(timeout=1.0)

    async def _accept_until_quiesced(self) -> None:
        """Accept connections until the bot quiesces: the next process accepts the later ones."""
        tasks = self._bot.tasks
        await self._listen()
        if not self._servers:
            return
        while not tasks.is_quiesced:
            await tasks.sleep(LISTEN_INTERVAL_S)
        if self._passed or not tasks.is_draining:
            self._stop_accepting()

    async def _listen(self) -> None:
        if self._servers:
            return
        try:
            await self._open()
        except OSError as error:
            self._stop_accepting()
            text = _("cannot listen for deposits on port %(port)d: %(problem)s; free the port, or choose another one")
            if self._passed:
                text = _("cannot listen for deposits on the passed sockets: %(problem)s; run: stocksup restart")
            problem = text % {"port": self._port, "problem": os_error_text(error)}
            if problem != self._error:
                log.error("%s", problem)
            self._error = problem
        else:
            self._error = None
            addresses = ", ".join(_describe(sock) for server in self._servers for sock in server.sockets)
            log.info(_("deposits: listening on %(addresses)s"), {"addresses": addresses})

    async def _open(self) -> None:
        """Accept connections on the passed sockets or on the port. Raises OSError."""
        loop = asyncio.get_running_loop()
        if not self._passed:
            self._servers.append(await loop.create_server(self._http, HOST, self._port))
        for passed in self._passed:
            # a copy, because closing a server closes its socket
            self._servers.append(await loop.create_server(self._http, sock=passed.dup(), backlog=MAX_CONNECTIONS))

    def _stop_accepting(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path != PATH:
            answer = _json_response(404, error="not found")
        elif request.method != "POST":
            answer = _json_response(405, error="method not allowed")
            answer.headers["Allow"] = "POST"
        else:
            answer = await self._post(request)
        answer.force_close()
        return answer

    async def _post(self, request: web.BaseRequest) -> web.Response:
        body = await _read_body(request)
        if body is None:
            return _json_response(413, error="too large")
        timestamp, signature = (request.headers.get(name, "") for name in ("X-Timestamp", "X-Signature"))
        if not is_valid_signature(self._key, timestamp, body, signature, time.time()):
            self._report_unauthorized()
            return _json_response(401, error="unauthorized")
        self._http.keep(request)
        answer = await self._answer_report(body)
        assert isinstance(answer.body, bytes)
        answer.headers["X-Signature"] = sign_answer(
            self._key, sign(self._key, timestamp, body), answer.status, answer.body
        )
        return answer

    async def _answer_report(self, body: bytes) -> web.Response:
        """Return the answer to the body of a request with a valid signature."""
        try:
            report = parse_report(body)
        except BadReport as error:
            return _json_response(400, error=f"bad request: {error}")
        try:
            with self._bot.tasks.track(_("deposit %s") % report.id):
                return await self._record(report)
        except NotAccepting:
            return _retry_later()
        except Unavailable as error:
            log.error(_("cannot book deposit %(id)s: %(problem)s"), {"id": report.id, "problem": error})
            return _retry_later()

    async def _record(self, report: DepositReport) -> web.Response:
        """Record the reported deposit. Raises Unavailable."""
        claim = DepositClaim(f"http:{report.id}", report.handle, self._amount(report), "")
        result = await self._shop.read(deposits.record_once, claim, source="http", now_ms=self._shop.now_ms())
        self._notifier.notify([result])
        return _response_for(report, claim, result)

    def _amount(self, report: DepositReport) -> int | None:
        if isinstance(report.amount, int):
            return report.amount
        try:
            return money.parse_amount(report.amount, self._shop.units)
        except InvalidAmount:
            return None

    def _report_unauthorized(self) -> None:
        if self._throttle.allow("unauthorized", time.monotonic()):
            text = _("deposit over HTTP refused: its signature is wrong or older than %d minutes") % 5
            log.warning("%s", text)
            self._shop.notify(f"🚫 {text}")


def _response_for(report: DepositReport, claim: DepositClaim, result: DepositResult) -> web.Response:
    """Return the response for a recorded deposit. Pure."""
    deposit = result.deposit
    if result.is_repeat and not deposits.is_same_claim(deposit, claim):
        return _json_response(409, error="conflict", id=report.id)
    fields: dict[str, Any] = {"id": report.id, "handle": deposit.handle, "amount": deposit.amount}
    if deposit.refusal:
        return _json_response(422, status="refused", reason=deposit.refusal, **fields)
    if result.is_repeat:
        return _json_response(200, status="already booked", **fields)
    return _json_response(200, status="booked", **fields, balance=result.balance)


def _retry_later() -> web.Response:
    answer = _json_response(503, error="come again")
    answer.headers["Retry-After"] = str(_RETRY_AFTER_S)
    return answer


def _json_response(code: int, /, **fields: Any) -> web.Response:
    return web.Response(status=code, body=msgspec.json.encode(fields), content_type="application/json")


async def _read_body(request: web.BaseRequest) -> bytes | None:
    """Return the body; None if it is too large."""
    body = b""
    async for part in request.content.iter_any():
        body += part
        if len(body) > MAX_BODY_BYTES:
            return None
    return body


def _describe(listener: socket.socket) -> str:
    """Return the address of a listening socket for the log."""
    name = listener.getsockname()
    if isinstance(name, str):
        return name
    host = f"[{name[0]}]" if ":" in name[0] else name[0]
    return f"http://{host}:{name[1]}{PATH}"
