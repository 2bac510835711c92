"""The gateway's sockets: they execute what `sessions.py` decides."""

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
    Close,
    GatewayConnection,
    Resumed,
    Send,
    SendMembers,
    SendReady,
    Session,
    Sessions,
    TokenReset,
)
from botapp.local_discord.world import intents as intent_filter
from botapp.local_discord.world.world import World

log = logging.getLogger(__name__)

_MAX_MESSAGE_BYTES: Final = 16 * 1024
_MAX_UNSENT: Final = 4096
# How long a client may take to answer a close.
_CLOSE_TIMEOUT_S: Final = 0.5


@dataclass(eq=False)
class _Connection:
    """A socket with its unsent frames and its session."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    peer_port: int | None
    link: GatewayConnection = field(default_factory=GatewayConnection)
    send_task: asyncio.Task[None] | None = None
    unsent: asyncio.Queue[str | Close] = field(default_factory=lambda: asyncio.Queue(_MAX_UNSENT))

    def send(self, what: str | Close) -> None:
        """Queue a frame, or a close, behind all earlier frames."""
        try:
            self.unsent.put_nowait(what)
        except asyncio.QueueFull:
            # A client that does not read loses its connection; it can resume.
            self.reset()

    def reset(self) -> None:
        """Abort the connection without a close frame."""
        if self.transport is not None:
            self.transport.abort()

    async def send_loop(self) -> None:
        """Send the queued frames in order until the connection closes."""
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
        #: whether new connections are refused
        self.refusing = False

    def broadcast(self, event: str, payload: dict[str, Any]) -> None:
        """Send an event to every session, or keep it for a RESUME."""
        if self.world is None:
            return  # the world is not complete yet
        carriers = {c.link.session.id: c for c in self._connections if c.link.session is not None}
        for session in self.sessions.list_open(time.monotonic()):
            self._send_event(session, carriers.get(session.id), event, payload)

    def broadcast_raw(self, event: str, data: Any) -> None:
        """Send an event that Discord would not send to every session, whatever its intents."""
        carriers = {c.link.session.id: c for c in self._connections if c.link.session is not None}
        for session in self.sessions.list_open(time.monotonic()):
            frame = session.record(event, data)
            if session.id in carriers:
                carriers[session.id].send(frame)

    def send_frame(self, text: str) -> None:
        """Send a text to every connection."""
        for connection in self._connections:
            connection.send(text)

    def _send_event(self, session: Session, carrier: _Connection | None, event: str, payload: dict[str, Any]) -> None:
        assert self.world is not None
        seen = intent_filter.filter_event(self.world, session.intents, event, payload)
        if seen is None:
            return
        frame = session.record(event, seen)
        if carrier is not None:
            carrier.send(frame)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection until it closes."""
        if self.refusing:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(timeout=_CLOSE_TIMEOUT_S, max_msg_size=_MAX_MESSAGE_BYTES, compress=False)
        await socket.prepare(request)
        if request.query.get("v", "10") != "10" or request.query.get("encoding", "json") != "json":
            await socket.close(code=4012, message=b"Only version 10 with JSON is supported.")
            return socket
        peer = request.transport.get_extra_info("peername") if request.transport else None
        connection = _Connection(socket, request.transport, peer[1] if peer else None)
        self._connections.add(connection)
        connection.send_task = send_loop = asyncio.create_task(connection.send_loop())
        try:
            connection.send(HELLO)
            if await self._receive_loop(connection):
                await send_loop
        finally:
            send_loop.cancel()
            self._connections.discard(connection)
            session = connection.link.session
            self.sessions.lost(connection.link, socket.close_code, time.monotonic())
            if session is not None:
                self._feed.publish("session_closed", session_id=session.id, code=socket.close_code)
        return socket

    async def _receive_loop(self, connection: _Connection) -> bool:
        """Handle the client's messages. Return True if this side closes, False if the client has left."""
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
                    case SendReady(session):
                        self._send_ready(connection, session)
                    case Resumed(session):
                        self._attach_resumed(connection, session)
                    case SendMembers(query):
                        self._send_members(connection, query)

    def _send_ready(self, connection: _Connection, session: Session) -> None:
        assert self.world is not None
        ready = self.world.ready() | {"session_id": session.id, "resume_gateway_url": self.url}
        self._send_event(session, connection, "READY", ready)
        for guild in self.world.guild_creates():
            self._send_event(session, connection, "GUILD_CREATE", guild)
        self._publish_opened(connection, session, resumed=False)

    def _attach_resumed(self, connection: _Connection, session: Session) -> None:
        for other in self._connections:
            if other is not connection and other.link.session is session:
                other.link.session = None
                other.reset()
        self._publish_opened(connection, session, resumed=True)

    def _publish_opened(self, connection: _Connection, session: Session, *, resumed: bool) -> None:
        log.info("session %s %s", session.id[:8], "resumed" if resumed else "identified")
        self._feed.publish("session_opened", session_id=session.id, resumed=resumed, peer_port=connection.peer_port)

    def _send_members(self, connection: _Connection, query: dict[str, Any]) -> None:
        assert self.world is not None
        assert connection.link.session is not None
        try:
            chunk = intent_filter.build_members_chunk(self.world, query)
        except (KeyError, TypeError, ValueError):
            log.warning("gateway: invalid request for members: %r", query)
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
        log.error("gateway: token reset (the IDENTIFYs of the day are used up)")
        self.sessions.token = secrets.token_urlsafe(24)
        await self.close_all(4004, "Authentication failed.", end=True)

    async def close_all(self, code: int, reason: str, *, end: bool = False) -> None:
        """Close every connection with `code`. With `end` the sessions cannot be resumed."""
        if end:
            self._end_sessions()
        for connection in list(self._connections):
            session, connection.link.session = connection.link.session, None
            if session is not None:
                session.disconnected_at_s = time.monotonic()
                self._feed.publish("session_closed", session_id=session.id, code=code)
            connection.send(Close(code, reason))
        send_task = [connection.send_task for connection in self._connections if connection.send_task is not None]
        if send_task:
            await asyncio.wait(send_task, timeout=_CLOSE_TIMEOUT_S)

    def reset_all(self, *, end: bool = False) -> None:
        """Abort every connection, as a failing network does. `end`: as in `close_all`."""
        if end:
            self._end_sessions()
        for connection in list(self._connections):
            connection.reset()

    def _end_sessions(self) -> None:
        for session in self.sessions.list_open(time.monotonic()):
            self.sessions.end(session)

    def snapshot(self) -> list[dict[str, Any]]:
        """Return the sessions that are connected or can be resumed."""
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
            for session in self.sessions.list_open(time.monotonic())
        ]
