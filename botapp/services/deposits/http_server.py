"""Deposits that programs on this machine report over HTTP, signed: POST /deposits. See docs/how-to/deposits.md.

Who is not known learns nothing: no reason, no handle. The id is what makes a deposit happen once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from msgspec import Meta, Struct

from botapp.locale import _
from botapp.locale.os_errors import os_error_text
from botapp.runtime.context import BotContext, ShopContext
from botapp.runtime.tasks import NotAccepting
from botapp.services.deposits.notifications import DepositNotifier
from botapp.services.deposits.signing import is_valid_signature
from botapp.services.notices.admin_notices import NotificationThrottle
from botapp.store.db.errors import Unavailable
from botapp.store.domain import money
from botapp.store.domain.money import InvalidAmount
from botapp.store.usecases import deposits
from botapp.store.usecases.deposits import DepositClaim, DepositResult

log = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
PATH: Final = "/deposits"
#: largest body, in bytes
MAX_BODY_BYTES: Final = 4096
#: how long one connection may last, and how many there may be
CONNECTION_TIMEOUT_S: Final = 15.0
MAX_CONNECTIONS: Final = 64
#: how often a port that is taken is tried again, in seconds
LISTEN_INTERVAL_S: Final = 5.0
#: when a sender should come again to a shop that cannot answer, in seconds
_RETRY_AFTER_S: Final = 5


class DepositReport(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a request."""

    #: names the deposit: the same is booked once
    id: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")]
    handle: Annotated[str, Meta(min_length=1, max_length=100)]
    #: base units, or a text such as "1 World Lock, 2 Diamond Lock"
    amount: int | Annotated[str, Meta(max_length=money.MAX_TEXT_CHARS)]


class DepositServer:
    """Listens at a port of the loopback. While the bot drains, it asks to come again."""

    def __init__(self, bot: BotContext, shop: ShopContext, port: int, key: bytes) -> None:
        self._bot = bot
        self._shop = shop
        self._key = key
        self._port = port
        self._notifier = DepositNotifier(bot, shop)
        self._throttle = NotificationThrottle()
        self._http = web.Server(self._handle, access_log=None, auto_decompress=False)
        self._server: asyncio.Server | None = None
        self._error: str | None = None

    def start(self) -> None:
        """Listen from now on; a port that is taken is tried again. To be called once."""
        self._bot.tasks.repeat(_("deposits over HTTP"), LISTEN_INTERVAL_S, self._listen)

    def health(self) -> dict[str, Any]:
        """Return how it is, as `status` shows it."""
        return {"is_healthy": self._error is None, "last_error": self._error}

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._server is not None:
            self._server.close()
        await self._http.shutdown(timeout=1.0)

    async def _listen(self) -> None:
        if self._server is not None:
            return
        try:
            self._server = await asyncio.get_running_loop().create_server(self._connection, HOST, self._port)
        except OSError as error:
            text = _(
                "cannot listen for deposits at port %(port)d: %(problem)s; end what uses it, or choose another port"
            )
            problem = text % {"port": self._port, "problem": os_error_text(error)}
            if problem != self._error:
                log.error("%s", problem)
            self._error = problem
        else:
            self._error = None
            log.info(_("Deposits are taken at http://%(host)s:%(port)d%(path)s"), _address_params(self._port))

    def _connection(self) -> RequestHandler:
        connection = self._http()
        asyncio.get_running_loop().call_later(0, self._limit_connection, connection)
        return connection

    def _limit_connection(self, connection: RequestHandler) -> None:
        """See that nobody holds a connection for long, whatever he sends or does not send, nor very many of them."""
        if len(self._http.connections) > MAX_CONNECTIONS:
            connection.force_close()
        else:
            asyncio.get_running_loop().call_later(CONNECTION_TIMEOUT_S, connection.force_close)

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
        try:
            report = msgspec.json.decode(body, type=DepositReport)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
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
        """Book what is reported. Raises Unavailable."""
        claim = DepositClaim(f"http:{report.id}", report.handle, self._amount(report), "")
        taken = await self._shop.read(deposits.record_once, claim, source="http", now_ms=self._shop.now_ms())
        self._notifier.notify([taken])
        return _response_for(report, claim, taken)

    def _amount(self, report: DepositReport) -> int | None:
        if isinstance(report.amount, int):
            return report.amount
        try:
            return money.parse_amount(report.amount, self._shop.units)
        except InvalidAmount:
            return None

    def _report_unauthorized(self) -> None:
        if self._throttle.allow("unauthorized", time.monotonic()):
            text = _("a deposit over HTTP was refused: its signature is wrong, or older than %d minutes") % 5
            log.warning("%s", text)
            self._shop.notify(f"🚫 {text}")


def _response_for(report: DepositReport, claim: DepositClaim, taken: DepositResult) -> web.Response:
    """Return the answer to what became of a report. Pure."""
    done = taken.deposit
    if taken.is_repeat and not deposits.is_same_claim(done, claim):
        return _json_response(409, error="conflict", id=report.id)
    facts: dict[str, Any] = {"id": report.id, "handle": done.handle, "amount": done.amount}
    if done.refusal:
        return _json_response(422, status="refused", reason=done.refusal, **facts)
    if taken.is_repeat:
        return _json_response(200, status="already booked", **facts)
    return _json_response(200, status="booked", **facts, balance=taken.balance)


def _retry_later() -> web.Response:
    answer = _json_response(503, error="come again")
    answer.headers["Retry-After"] = str(_RETRY_AFTER_S)
    return answer


def _json_response(code: int, /, **fields: Any) -> web.Response:
    return web.Response(status=code, body=msgspec.json.encode(fields), content_type="application/json")


async def _read_body(request: web.BaseRequest) -> bytes | None:
    """Return the body; None: it is too large."""
    body = b""
    async for part in request.content.iter_any():
        body += part
        if len(body) > MAX_BODY_BYTES:
            return None
    return body


def _address_params(port: int) -> dict[str, Any]:
    return {"host": HOST, "port": port, "path": PATH}
