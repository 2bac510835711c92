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
from botapp.local_discord.api.gateway_settings import ClientFilter
from botapp.local_discord.api.sessions import (
    HEARTBEAT_INTERVAL_S,
    HELLO,
    Abort,
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
from botapp.local_discord.peer_processes import PeerProcesses
from botapp.local_discord.world import intents as intent_filter
from botapp.local_discord.world.world import World

log = logging.getLogger(__name__)

_MAX_MESSAGE_BYTES: Final = 16 * 1024
_MAX_UNSENT: Final = 4096
# A timer may fire this much too early.
_TIMER_SLACK_S: Final = 0.001
# How long a client may take to answer a close.
_CLOSE_TIMEOUT_S: Final = 0.5


@dataclass(eq=False)
class _Connection:
    """A socket with its unsent frames and its session."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    link: GatewayConnection
    sessions: Sessions
    send_task: asyncio.Task[None] | None = None
    #: frames and closes, each with the time at which it arrives
    unsent: asyncio.Queue[tuple[float, str | Close]] = field(default_factory=lambda: asyncio.Queue(_MAX_UNSENT))

    def send(self, what: str | Close) -> None:
        """Queue a frame, or a close, behind all earlier frames."""
        try:
            self.unsent.put_nowait((time.monotonic() + self.sessions.settings.one_way_s, what))
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
            due_s, what = await self.unsent.get()
            if (wait_s := due_s - time.monotonic()) > 0:
                await asyncio.sleep(wait_s)
            try:
                if isinstance(what, Close):
                    await self.socket.close(code=what.code, message=what.reason.encode())
                else:
                    await self.socket.send_str(what)
            except ConnectionError:
                return


class Gateway:
    """All connections to the gateway. `url` is what READY names for a RESUME."""

    def __init__(self, sessions: Sessions, feed: EventFeed, peers: PeerProcesses) -> None:
        self.sessions = sessions
        self.url = ""
        self.world: World | None = None
        self._feed = feed
        self._peers = peers
        self._connections: set[_Connection] = set()

    def broadcast(self, event: str, payload: dict[str, Any]) -> None:
        """Send an event to every session, or keep it for a RESUME."""
        if self.world is None:
            return  # the world is not complete yet
        for session in self.sessions.list_open(time.monotonic()):
            seen = intent_filter.filter_event(self.world, session.intents, event, payload)
            if seen is not None:
                self._send_event(session, event, seen)

    def broadcast_raw(self, event: str, data: Any) -> None:
        """Send an event that Discord would not send to every session, whatever its intents."""
        for session in self.sessions.list_open(time.monotonic()):
            self._send_event(session, event, data)

    def send_frame(self, text: str) -> None:
        """Send a text to every connection."""
        for connection in self._connections:
            connection.send(text)

    def _send_event(self, session: Session, event: str, data: Any) -> None:
        """Send an event to a session in the way that the settings tell for it."""
        delivery = self.sessions.settings.find_delivery(session.client)
        if delivery is not None and delivery.drops(event):
            return
        delay_s = 0.0 if delivery is None else delivery.delay_s
        if delay_s == 0 and not session.delayed:
            self._pass_event(session, event, data)
            return
        due_s = session.delayed.add(event, data, time.monotonic(), delay_s)
        asyncio.get_running_loop().call_later(due_s - time.monotonic() + _TIMER_SLACK_S, self._pass_delayed, session)
        self._pass_delayed(session)

    def _pass_delayed(self, session: Session) -> None:
        for event, data in session.delayed.take(time.monotonic()):
            self._pass_event(session, event, data)

    def _pass_event(self, session: Session, event: str, data: Any) -> None:
        frame = session.record(event, data)
        carrier = next((one for one in self._connections if one.link.session is session), None)
        if carrier is not None:
            carrier.send(frame)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection until it closes."""
        if self.sessions.settings.refuse_gateway:
            raise web.HTTPServiceUnavailable
        pid = self._peers.find(request.transport)
        await asyncio.sleep(self.sessions.settings.one_way_s * 2)
        socket = web.WebSocketResponse(timeout=_CLOSE_TIMEOUT_S, max_msg_size=_MAX_MESSAGE_BYTES, compress=False)
        await socket.prepare(request)
        if request.query.get("v", "10") != "10" or request.query.get("encoding", "json") != "json":
            await socket.close(code=4012, message=b"Only version 10 with JSON is supported.")
            return socket
        connection = _Connection(socket, request.transport, GatewayConnection(pid), self.sessions)
        self._connections.add(connection)
        connection.send_task = send_loop = asyncio.create_task(connection.send_loop())
        try:
            connection.send(HELLO)
            if await self._receive_loop(connection):
                await send_loop
        finally:
            send_loop.cancel()
            self._connections.discard(connection)
            self._detach(connection, socket.close_code)
        return socket

    def _detach(self, connection: _Connection, code: int | None) -> None:
        """Take the session from a connection that closes with `code`."""
        session = connection.link.session
        self.sessions.lost(connection.link, code, time.monotonic())
        if session is not None:
            self._feed.publish(
                "session_closed", session_id=session.id, number=session.client.number, pid=session.client.pid, code=code
            )

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
            # One message after another: heartbeats are rare, so none waits for an earlier one.
            await asyncio.sleep(self.sessions.settings.one_way_s)
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
                    case Abort():
                        connection.reset()
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
        for event, data in [("READY", ready), *(("GUILD_CREATE", guild) for guild in self.world.guild_creates())]:
            seen = intent_filter.filter_event(self.world, session.intents, event, data)
            if seen is not None:
                connection.send(session.record(event, seen))
        self._publish_opened(connection, session, resumed=False)

    def _attach_resumed(self, connection: _Connection, session: Session) -> None:
        for other in self._connections:
            if other is not connection and other.link.session is session:
                other.link.session = None
                other.reset()
        self._publish_opened(connection, session, resumed=True)

    def _publish_opened(self, connection: _Connection, session: Session, *, resumed: bool) -> None:
        log.info("session %s %s", session.id[:8], "resumed" if resumed else "identified")
        client = session.client
        self._feed.publish(
            "session_opened", session_id=session.id, number=client.number, pid=client.pid, resumed=resumed
        )

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
        self._detach(connection, close.code)
        connection.send(close)

    async def _reset_token(self) -> None:
        log.error("gateway: token reset (the IDENTIFYs of the day are used up)")
        self.sessions.token = secrets.token_urlsafe(24)
        await self.close_all(4004, "Authentication failed.", end=True)

    async def close_all(
        self, code: int, reason: str, *, end: bool = False, clients: ClientFilter | None = None
    ) -> None:
        """Close the connections of `clients` (default: all) with `code`. With `end`, no session can be resumed."""
        if end:
            self._end_sessions(clients)
        closing = self._select_connections(clients)
        for connection in closing:
            self._detach(connection, code)
            connection.send(Close(code, reason))
        send_tasks = [connection.send_task for connection in closing if connection.send_task is not None]
        if send_tasks:
            await asyncio.wait(send_tasks, timeout=_CLOSE_TIMEOUT_S)

    def reset_all(self, *, end: bool = False, clients: ClientFilter | None = None) -> None:
        """Abort the connections, as a failing network does. `end` and `clients`: as in `close_all`."""
        if end:
            self._end_sessions(clients)
        for connection in self._select_connections(clients):
            connection.reset()

    def _select_connections(self, clients: ClientFilter | None) -> list[_Connection]:
        if clients is None:
            return list(self._connections)
        sessions = ((connection, connection.link.session) for connection in self._connections)
        return [one for one, session in sessions if session is not None and clients.matches(session.client)]

    def _end_sessions(self, clients: ClientFilter | None) -> None:
        for session in self.sessions.list_open(time.monotonic()):
            if clients is None or clients.matches(session.client):
                self.sessions.end(session)

    def snapshot(self) -> list[dict[str, Any]]:
        """Return the sessions that are connected or can be resumed."""
        connected = {one.link.session.id for one in self._connections if one.link.session is not None}
        return [
            {
                "session_id": session.id,
                "number": session.client.number,
                "device": session.client.device,
                "pid": session.client.pid,
                "connected": session.id in connected,
                "intents": session.intents,
                "seq": session.seq,
                "resumes": session.resumes,
            }
            for session in self.sessions.list_open(time.monotonic())
        ]
