"""Reads the events that arrived while no process served, by resuming the session of the process that has ended.

The connection is one of its own, beside that of discord.py: the process that serves keeps its clean session, and this
one ends with the reading. RESUME is the gateway's least reliable part, so it has a short time limit, and nothing
depends on it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import msgspec
import yarl

from botapp.discord_api.handover.event_file import Session
from botapp.locale import _

#: a click that is older cannot be answered, with the second that it takes to begin
RESUME_TIMEOUT_S: Final = 2.0
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


@dataclass(frozen=True)
class MissedEvents:
    """The events that were missed, in their order."""

    events: tuple[Event, ...] = ()
    #: why they could not be read, or not all; None if they were
    problem: str | None = None


async def read_missed_events(session: Session, token: str) -> MissedEvents:
    """Return the events of `session` that followed the last one that arrived. The session ends with that."""
    events: list[Event] = []
    problem: str | None = None
    try:
        async with asyncio.timeout(RESUME_TIMEOUT_S):
            problem = await _read(session, token, events)
    except TimeoutError:
        problem = _("no answer within %g s") % RESUME_TIMEOUT_S
    except (aiohttp.ClientError, OSError, ValueError, TypeError) as error:
        problem = f"{type(error).__name__}: {error}"[:200]
    return MissedEvents(tuple(events), problem)


async def _read(session: Session, token: str, events: list[Event]) -> str | None:
    """Append the events; return the problem, if any. Raises ClientError, OSError, ValueError, TypeError."""
    url = yarl.URL(session.resume_url).with_query(v="10", encoding="json")
    if url.scheme not in ("ws", "wss"):
        return _("%s is not the address of a gateway") % session.resume_url
    async with aiohttp.ClientSession() as http, http.ws_connect(url, max_msg_size=MAX_MESSAGE_BYTES) as socket:
        resume = {"token": token, "session_id": session.id, "seq": session.sequence}
        await socket.send_str(msgspec.json.encode({"op": _RESUME, "d": resume}).decode())
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            content = msgspec.json.decode(message.data)
            if content.get("op") == _INVALID_SESSION:
                return _("Discord refused to resume the session")
            if content.get("op") != _DISPATCH:
                continue
            if content["t"] == "RESUMED":
                # the session is over: from now on its events come to ours
                await socket.close(code=1000)
                return None
            if content["t"] in KEPT:
                events.append((content["t"], content["d"]))
    return _("Discord closed the connection (%s)") % socket.close_code
