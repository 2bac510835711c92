"""Gateway sessions: IDENTIFY, RESUME, replay and close codes. Pure.

Each message of a `GatewayConnection` goes through `Sessions.receive`, which returns the actions for the socket.
This module does no I/O and reads no clock.
"""

from __future__ import annotations

import json
import secrets
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

#: seconds between two heartbeats of a client
HEARTBEAT_INTERVAL_S: Final = 41.25
#: seconds for which a session without a connection can be resumed
RESUME_WINDOW_S: Final = 180.0
#: events kept for a RESUME
REPLAY_LIMIT: Final = 1000
#: messages a client may send per minute
SENDS_PER_MINUTE: Final = 120
#: IDENTIFYs a day, after which the token is reset
IDENTIFIES_PER_DAY: Final = 1000
#: seconds between two IDENTIFYs while the limit is on (max_concurrency 1)
IDENTIFY_INTERVAL_S: Final = 5.0
_DAY_S: Final = 86400.0
_MAX_SESSIONS: Final = 100
_ALL_INTENTS: Final = (1 << 26) - 1
#: privileged intents and their bits
PRIVILEGED_INTENTS: Final = {"members": 1 << 1, "presences": 1 << 8, "message_content": 1 << 15}


class Op(IntEnum):
    """Gateway opcodes."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE_UPDATE = 3
    VOICE_STATE_UPDATE = 4
    RESUME = 6
    REQUEST_GUILD_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


@dataclass
class Session:
    """A gateway session. It outlives its connections and can be resumed."""

    id: str
    intents: int
    #: number of the last event
    seq: int = 0
    #: the last events as (seq, frame)
    replay: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=REPLAY_LIMIT))
    #: when its connection closed; None while it has one
    disconnected_at_s: float | None = None
    resumes: int = 0

    def record(self, event: str, data: Any) -> str:
        """Give `event` the next number, keep it for a RESUME and return its frame."""
        self.seq += 1
        frame = encode(Op.DISPATCH, data, event=event, seq=self.seq)
        self.replay.append((self.seq, frame))
        return frame


@dataclass
class GatewayConnection:
    """One connection to the gateway."""

    session: Session | None = None
    #: arrival times of the client's messages within the last minute
    received_at_s: deque[float] = field(default_factory=deque)


#: delay of the answer to a heartbeat. discord.py records a heartbeat after it has sent it: an answer that arrives
#: earlier is taken for the answer to the previous one, and discord.py warns that it is 41 seconds late
ACK_DELAY_S: Final = 0.01


@dataclass(frozen=True)
class Send:
    """Send this frame, at once or after `delay_s`."""

    frame: str
    delay_s: float = 0.0


@dataclass(frozen=True)
class Close:
    """Close the connection with this code."""

    code: int
    reason: str


@dataclass(frozen=True)
class SendReady:
    """Send READY and the guilds of a new session."""

    session: Session


@dataclass(frozen=True)
class Resumed:
    """Attach a resumed session to this connection."""

    session: Session


@dataclass(frozen=True)
class SendMembers:
    """Send the members that the client asks for."""

    query: dict[str, Any]


@dataclass(frozen=True)
class TokenReset:
    """Reset the token, because the IDENTIFYs of the day are used up; close every connection with 4004."""


Action = Send | Close | SendReady | Resumed | SendMembers | TokenReset


def encode(op: Op, data: Any, *, event: str | None = None, seq: int | None = None) -> str:
    """Return a gateway frame."""
    return json.dumps({"op": int(op), "d": data, "s": seq, "t": event}, separators=(",", ":"))


HELLO: Final = encode(Op.HELLO, {"heartbeat_interval": int(HEARTBEAT_INTERVAL_S * 1000)})


class Sessions:
    """All sessions of the one token.

    Attributes:
        token: the token of the bot.
        forbidden_intents: privileged intents that the application may not use.
        identify_limit: whether two IDENTIFYs within IDENTIFY_INTERVAL_S are refused.
        identify_budget: IDENTIFYs a day before the token is reset.
        identifies, resumes: how many succeeded since the start.
    """

    def __init__(self, token: str) -> None:
        self.token = token
        self.forbidden_intents: set[str] = set()
        self.identify_limit = False
        self.identify_budget = IDENTIFIES_PER_DAY
        self.identifies = 0
        self.resumes = 0
        self._sessions: dict[str, Session] = {}
        self._identified_at_s: deque[float] = deque(maxlen=IDENTIFIES_PER_DAY + 1)

    def list_open(self, now_s: float) -> list[Session]:
        """Return the sessions that are connected or can be resumed; drop the others."""
        for session in list(self._sessions.values()):
            if session.disconnected_at_s is not None and now_s - session.disconnected_at_s > RESUME_WINDOW_S:
                del self._sessions[session.id]
        return list(self._sessions.values())

    def identifies_left(self, now_s: float) -> int:
        """Return the number of IDENTIFYs left today."""
        used = sum(1 for at_s in self._identified_at_s if now_s - at_s < _DAY_S)
        return max(0, self.identify_budget - used)

    def end(self, session: Session) -> None:
        """Drop a session, so that it cannot be resumed."""
        self._sessions.pop(session.id, None)

    def lost(self, link: GatewayConnection, close_code: int | None, now_s: float) -> None:
        """Detach the session of a closed connection. Close codes 1000 and 1001 of the client end the session."""
        session, link.session = link.session, None
        if session is None:
            return
        if close_code in (1000, 1001):
            self.end(session)
        else:
            session.disconnected_at_s = now_s

    def receive(self, link: GatewayConnection, text: str, now_s: float) -> list[Action]:
        """Return the actions for one message of a client."""
        while link.received_at_s and now_s - link.received_at_s[0] >= 60:
            link.received_at_s.popleft()
        link.received_at_s.append(now_s)
        if len(link.received_at_s) > SENDS_PER_MINUTE:
            return [Close(4008, "You are being rate limited.")]
        try:
            message = json.loads(text)
            op, data = message["op"], message.get("d")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return [Close(4002, "Error while decoding payload.")]
        if op == Op.HEARTBEAT:
            return [Send(encode(Op.HEARTBEAT_ACK, None), ACK_DELAY_S)]
        if op in (Op.IDENTIFY, Op.RESUME):
            if link.session is not None:
                return [Close(4005, "Already authenticated.")]
            if not isinstance(data, dict):
                return [Close(4002, "Error while decoding payload.")]
            return self._identify(link, data, now_s) if op == Op.IDENTIFY else self._resume(link, data, now_s)
        if op not in (Op.PRESENCE_UPDATE, Op.VOICE_STATE_UPDATE, Op.REQUEST_GUILD_MEMBERS):
            return [Close(4001, "Unknown opcode.")]
        if link.session is None:
            return [Close(4003, "Not authenticated.")]
        return [SendMembers(data)] if op == Op.REQUEST_GUILD_MEMBERS and isinstance(data, dict) else []

    def _identify(self, link: GatewayConnection, data: dict[str, Any], now_s: float) -> list[Action]:
        if not self._is_token_valid(data):
            return [Close(4004, "Authentication failed.")]
        intents = data.get("intents")
        if not isinstance(intents, int) or not 0 <= intents <= _ALL_INTENTS:
            return [Close(4013, "Invalid intents.")]
        if any(intents & PRIVILEGED_INTENTS[name] for name in self.forbidden_intents):
            return [Close(4014, "Disallowed intents.")]
        if data.get("shard", [0, 1]) != [0, 1]:
            return [Close(4010, "Invalid shard: this Discord has one.")]
        last_s = self._identified_at_s[-1] if self._identified_at_s else None
        if self.identify_limit and last_s is not None and now_s - last_s < IDENTIFY_INTERVAL_S:
            return [Send(encode(Op.INVALID_SESSION, False))]
        if self.identifies_left(now_s) == 0:
            return [TokenReset()]
        if len(self.list_open(now_s)) >= _MAX_SESSIONS:
            return [Close(4008, f"More than {_MAX_SESSIONS} sessions.")]
        self._identified_at_s.append(now_s)
        self.identifies += 1
        link.session = session = Session(id=secrets.token_hex(16), intents=intents)
        self._sessions[session.id] = session
        return [SendReady(session)]

    def _resume(self, link: GatewayConnection, data: dict[str, Any], now_s: float) -> list[Action]:
        if not self._is_token_valid(data):
            return [Close(4004, "Authentication failed.")]
        self.list_open(now_s)
        session = self._sessions.get(str(data.get("session_id")))
        seq = data.get("seq")
        if session is None:
            return [Send(encode(Op.INVALID_SESSION, False))]
        if not isinstance(seq, int) or not 0 <= seq <= session.seq:
            return [Close(4007, "Invalid seq.")]
        oldest = session.replay[0][0] if session.replay else session.seq + 1
        if seq + 1 < oldest:
            self.end(session)
            return [Send(encode(Op.INVALID_SESSION, False))]
        missed = [Send(frame) for number, frame in session.replay if number > seq]
        session.disconnected_at_s = None
        session.resumes += 1
        self.resumes += 1
        link.session = session
        return [Resumed(session), *missed, Send(session.record("RESUMED", {}))]

    def _is_token_valid(self, data: dict[str, Any]) -> bool:
        return secrets.compare_digest(str(data.get("token")).encode(), self.token.encode())
