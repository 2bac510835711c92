"""Reads the events that arrived while no process served, by resuming the session of the process that has ended.

The connection is one of its own, beside that of discord.py: the process that serves keeps its clean session, and this
one ends with the reading. RESUME is the gateway's least reliable part, so it has a short time limit, and nothing
depends on it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

import aiohttp
import msgspec
import yarl

from botapp.discord_api.handover.event_file import Session
from botapp.locale import _

log = logging.getLogger(__name__)

#: a click that is older cannot be answered, with the second that it takes to begin
RESUME_TIMEOUT_S: Final = 2.0
#: how long it is read while our own session is not open. It is not kept alive by heartbeats, which are due later
MAX_READ_S: Final = 10.0
#: how long it is read when our own session is open: an event can reach one session later than the other
OVERLAP_S: Final = 0.5
#: longest message of the gateway that is read
MAX_MESSAGE_BYTES: Final = 8 * 1024 * 1024
#: the types of events whose loss members would notice
KEPT: Final = frozenset({"INTERACTION_CREATE", "MESSAGE_CREATE"})
#: opcodes: discord.com/developers, "Gateway Opcodes"
_DISPATCH: Final = 0
_RESUME: Final = 6
_INVALID_SESSION: Final = 9

#: name and data of an event
Event = tuple[str, dict[str, Any]]


class MissedEvents:
    """The events of the session of a process that has ended, from the last one that arrived.

    They are read until our own session is open: until then, Discord sends to no other.
    """

    def __init__(self, opened: asyncio.Event) -> None:
        """`opened` is set when our own session is open."""
        self._opened = opened
        self._receive: Callable[[str, dict[str, Any]], None] | None = None
        #: those that are not handed on yet, in their order
        self.events: list[Event] = []
        #: set when what was missed so far is read, or cannot be
        self.is_caught_up = asyncio.Event()
        #: why they could not be read; None if they were
        self.problem: str | None = None

    async def read(self, session: Session, token: str) -> None:
        """Read the events of `session`. The session ends with that."""
        problem: str | None = None
        try:
            async with asyncio.timeout(RESUME_TIMEOUT_S) as limit:
                problem = await self._read(session, token, limit)
        except TimeoutError:
            problem = _("no answer within %g s") % RESUME_TIMEOUT_S
        except (aiohttp.ClientError, OSError, ValueError, TypeError) as error:
            problem = f"{type(error).__name__}: {error}"[:200]
        if not self.is_caught_up.is_set():
            self.problem = problem
            self.is_caught_up.set()

    def hand_on(self, receive: Callable[[str, dict[str, Any]], None]) -> int:
        """Hand the events to `receive`, further ones too; return how many there are so far."""
        events, self.events, self._receive = self.events, [], receive
        for name, data in events:
            receive(name, data)
        return len(events)

    async def _read(self, session: Session, token: str, limit: asyncio.Timeout) -> str | None:
        """Read; return the problem, if any. Raises ClientError, OSError, ValueError, TypeError."""
        url = yarl.URL(session.resume_url).with_query(v="10", encoding="json")
        if url.scheme not in ("ws", "wss"):
            return _("%s is not the address of a gateway") % session.resume_url
        async with aiohttp.ClientSession() as http, http.ws_connect(url, max_msg_size=MAX_MESSAGE_BYTES) as socket:
            resume = {"token": token, "session_id": session.id, "seq": session.sequence}
            await socket.send_str(msgspec.json.encode({"op": _RESUME, "d": resume}).decode())
            ending: asyncio.Task[None] | None = None
            try:
                async for message in socket:
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        break
                    content = msgspec.json.decode(message.data)
                    if content.get("op") == _INVALID_SESSION:
                        return _("Discord refused to resume the session")
                    if content.get("op") != _DISPATCH:
                        continue
                    if content["t"] == "RESUMED":
                        limit.reschedule(None)
                        self.is_caught_up.set()
                        ending = asyncio.create_task(self._end_when_open(socket))
                    elif content["t"] in KEPT:
                        self._take(content["t"], content["d"])
            finally:
                if ending is not None:
                    ending.cancel()
        return _("Discord closed the connection (%s)") % socket.close_code

    async def _end_when_open(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """End the session soon after our own is open: what is sent from now on comes to that one."""
        try:
            await asyncio.wait_for(self._opened.wait(), MAX_READ_S)
            await asyncio.sleep(OVERLAP_S)
        except TimeoutError:
            problem = _("our own session was not open within %g s") % MAX_READ_S
            log.info(_("session of the process before: not resumed (%s)"), problem)
        await socket.close(code=1000)

    def _take(self, name: str, data: dict[str, Any]) -> None:
        if self._receive is None:
            self.events.append((name, data))
        else:
            self._receive(name, data)
