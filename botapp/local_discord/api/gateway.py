"""The gateway's sockets: they carry out what `sessions.py` decides."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import WSMsgType, web

from botapp.local_discord.api.event_feed import EventFeed
from botapp.local_discord.api.sessions import (
    HEARTBEAT_INTERVAL_S,
    HELLO,
    Chunk,
    Close,
    Link,
    Resumed,
    Send,
    Session,
    Sessions,
    TokenReset,
    Welcome,
)
from botapp.local_discord.world import intents as outlook
from botapp.local_discord.world.world import World

log = logging.getLogger(__name__)

_MAX_MESSAGE_BYTES: Final = 16 * 1024
_MAX_UNSENT: Final = 4096
# How long a client may take to answer a close.
_CLOSE_TIMEOUT_S: Final = 0.5


@dataclass(eq=False)
class _Connection:
    """A socket, what it still has to send, and the session it carries."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    peer_port: int | None
    link: Link = field(default_factory=Link)
    pumping: asyncio.Task[None] | None = None
    unsent: asyncio.Queue[str | Close] = field(default_factory=lambda: asyncio.Queue(_MAX_UNSENT))

    def send(self, what: str | Close) -> None:
        """Send a frame, or close, after everything that was to be sent before."""
        try:
            self.unsent.put_nowait(what)
        except asyncio.QueueFull:
            # A client that does not read loses its connection; it may resume.
            self.reset()

    def reset(self) -> None:
        """Cut the connection without a word."""
        if self.transport is not None:
            self.transport.abort()

    async def pump(self) -> None:
        """Send what there is to send, in order, for as long as the connection lives."""
        while not self.socket.closed:
            what = await self.unsent.get()
            try:
                if isinstance(what, Close):
                    await self.socket.close(code=what.code, message=what.reason.encode())
                else:
                    await self.socket.send_str(what)
            except ConnectionError:
                return


class Gateway:
    """All connections to the gateway. `url` is what READY names for a RESUME."""

    def __init__(self, sessions: Sessions, feed: EventFeed) -> None:
        self.sessions = sessions
        self.url = ""
        self.world: World | None = None
        self._feed = feed
        self._connections: set[_Connection] = set()
        #: whether new connections are turned away
        self.refusing = False

    def broadcast(self, event: str, payload: dict[str, Any]) -> None:
        """Give an event to every session: sent at once, or kept for a RESUME."""
        if self.world is None:
            return  # the world is being made
        carriers = {c.link.session.id: c for c in self._connections if c.link.session is not None}
        for session in self.sessions.living(time.monotonic()):
            self._give(session, carriers.get(session.id), event, payload)

    def _give(self, session: Session, carrier: _Connection | None, event: str, payload: dict[str, Any]) -> None:
        assert self.world is not None
        seen = outlook.as_seen_by(self.world, session.intents, event, payload)
        if seen is None:
            return
        frame = session.record(event, seen)
        if carrier is not None:
            carrier.send(frame)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection until it ends."""
        if self.refusing:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(timeout=_CLOSE_TIMEOUT_S, max_msg_size=_MAX_MESSAGE_BYTES, compress=False)
        await socket.prepare(request)
        if request.query.get("v", "10") != "10" or request.query.get("encoding", "json") != "json":
            await socket.close(code=4012, message=b"Only version 10 with JSON is spoken here.")
            return socket
        peer = request.transport.get_extra_info("peername") if request.transport else None
        connection = _Connection(socket, request.transport, peer[1] if peer else None)
        self._connections.add(connection)
        connection.pumping = pump = asyncio.create_task(connection.pump())
        try:
            connection.send(HELLO)
            if await self._converse(connection):
                await pump
        finally:
            pump.cancel()
            self._connections.discard(connection)
            session = connection.link.session
            self.sessions.lost(connection.link, socket.close_code, time.monotonic())
            if session is not None:
                self._feed.publish("session_closed", session_id=session.id, code=socket.close_code)
        return socket

    async def _converse(self, connection: _Connection) -> bool:
        """Take in what the client says. True: this side closes, once all is sent; False: the client is gone."""
        while True:
            try:
                message = await connection.socket.receive(timeout=HEARTBEAT_INTERVAL_S * 1.5)
            except TimeoutError:
                self._refuse(connection, Close(4009, "Session timed out."))
                return True
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return False
            text = message.data if isinstance(message.data, str) else message.data.decode(errors="replace")
            for action in self.sessions.receive(connection.link, text, time.monotonic()):
                match action:
                    case Send(frame, 0.0):
                        connection.send(frame)
                    case Send(frame, delay_s):
                        asyncio.get_running_loop().call_later(delay_s, connection.send, frame)
                    case Close():
                        self._refuse(connection, action)
                        return True
                    case TokenReset():
                        await self._reset_token()
                        return True
                    case Welcome(session):
                        self._welcome(connection, session)
                    case Resumed(session):
                        self._take_over(connection, session)
                    case Chunk(query):
                        self._chunk(connection, query)

    def _welcome(self, connection: _Connection, session: Session) -> None:
        assert self.world is not None
        ready = self.world.ready() | {"session_id": session.id, "resume_gateway_url": self.url}
        self._give(session, connection, "READY", ready)
        for guild in self.world.guild_creates():
            self._give(session, connection, "GUILD_CREATE", guild)
        self._opened(connection, session, resumed=False)

    def _take_over(self, connection: _Connection, session: Session) -> None:
        for other in self._connections:
            if other is not connection and other.link.session is session:
                other.link.session = None
                other.reset()
        self._opened(connection, session, resumed=True)

    def _opened(self, connection: _Connection, session: Session, *, resumed: bool) -> None:
        log.info("session %s %s", session.id[:8], "resumed" if resumed else "identified")
        self._feed.publish("session_opened", session_id=session.id, resumed=resumed, peer_port=connection.peer_port)

    def _chunk(self, connection: _Connection, query: dict[str, Any]) -> None:
        assert self.world is not None
        assert connection.link.session is not None
        try:
            chunk = outlook.members_chunk(self.world, query)
        except (KeyError, TypeError, ValueError):
            log.warning("cannot make sense of a request for members: %r", query)
            return
        connection.send(connection.link.session.record("GUILD_MEMBERS_CHUNK", chunk))

    def _refuse(self, connection: _Connection, close: Close) -> None:
        log.warning("gateway: closing with %d: %s", close.code, close.reason)
        session, connection.link.session = connection.link.session, None
        if session is not None:
            self.sessions.end(session)
            self._feed.publish("session_closed", session_id=session.id, code=close.code)
        connection.send(close)

    async def _reset_token(self) -> None:
        log.error("gateway: the day's IDENTIFYs are used up; the token is void from now on")
        self.sessions.token = secrets.token_urlsafe(24)
        await self.close_all(4004, "Authentication failed.", end=True)

    async def close_all(self, code: int, reason: str, *, end: bool = False) -> None:
        """Close every connection with `code`. With `end` the sessions are over, else they can be resumed."""
        if end:
            self._end_sessions()
        for connection in list(self._connections):
            session, connection.link.session = connection.link.session, None
            if session is not None:
                session.lost_at_s = time.monotonic()
                self._feed.publish("session_closed", session_id=session.id, code=code)
            connection.send(Close(code, reason))
        pumping = [connection.pumping for connection in self._connections if connection.pumping is not None]
        if pumping:
            await asyncio.wait(pumping, timeout=_CLOSE_TIMEOUT_S)

    def reset_all(self, *, end: bool = False) -> None:
        """Cut every connection without a word, as a failing network does. `end`: as in `close_all`."""
        if end:
            self._end_sessions()
        for connection in list(self._connections):
            connection.reset()

    def _end_sessions(self) -> None:
        for session in self.sessions.living(time.monotonic()):
            self.sessions.end(session)

    def snapshot(self) -> list[dict[str, Any]]:
        """Return the sessions that have a connection or can be resumed."""
        carriers = {c.link.session.id: c for c in self._connections if c.link.session is not None}
        return [
            {
                "session_id": session.id,
                "connected": session.id in carriers,
                "peer_port": carriers[session.id].peer_port if session.id in carriers else None,
                "intents": session.intents,
                "seq": session.seq,
                "resumes": session.resumes,
            }
            for session in self.sessions.living(time.monotonic())
        ]
