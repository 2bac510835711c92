"""The gateway's sessions, pure: who may identify, what is replayed, which close code answers what.

A connection is a `Link`. Each message of it goes through `Sessions.receive`, which returns what the socket's
side has to do. Nothing here does I/O or reads a clock.
"""

from __future__ import annotations

import json
import secrets
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

#: how often a client must send a heartbeat
HEARTBEAT_INTERVAL_S: Final = 41.25
#: how long a session without a connection can be resumed
RESUME_WINDOW_S: Final = 180.0
#: events kept for a RESUME
REPLAY_LIMIT: Final = 1000
#: messages a client may send per minute
SENDS_PER_MINUTE: Final = 120
#: IDENTIFYs a day, after which the token is reset
IDENTIFIES_PER_DAY: Final = 1000
#: with the limit on, seconds between two IDENTIFYs (max_concurrency 1)
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
    """A session outlives its connections: it can be resumed."""

    id: str
    intents: int
    #: number of the last event
    seq: int = 0
    #: the last events as (seq, frame)
    replay: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=REPLAY_LIMIT))
    #: when it lost its connection; None while it has one
    lost_at_s: float | None = None
    resumes: int = 0

    def record(self, event: str, data: Any) -> str:
        """Give `event` the next number, keep it for a RESUME and return its frame."""
        self.seq += 1
        frame = encode(Op.DISPATCH, data, event=event, seq=self.seq)
        self.replay.append((self.seq, frame))
        return frame


@dataclass
class Link:
    """One connection to the gateway."""

    session: Session | None = None
    #: when the client's last messages came, at most a minute ago
    received_at_s: deque[float] = field(default_factory=deque)


#: how long a heartbeat is on its way. discord.py notes that it has sent one only after it has: an answer that is
#: there before counts as the answer to the one before, 41 seconds late, and is warned of
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
class Welcome:
    """A new session began: send READY and what follows it."""

    session: Session


@dataclass(frozen=True)
class Resumed:
    """A session is back: it belongs to this connection from now on."""

    session: Session


@dataclass(frozen=True)
class Chunk:
    """The client asks for members of a guild."""

    query: dict[str, Any]


@dataclass(frozen=True)
class TokenReset:
    """The day's IDENTIFYs are used up: the token is void, every connection ends with 4004."""


Action = Send | Close | Welcome | Resumed | Chunk | TokenReset


def encode(op: Op, data: Any, *, event: str | None = None, seq: int | None = None) -> str:
    """Return a gateway frame."""
    return json.dumps({"op": int(op), "d": data, "s": seq, "t": event}, separators=(",", ":"))


HELLO: Final = encode(Op.HELLO, {"heartbeat_interval": int(HEARTBEAT_INTERVAL_S * 1000)})


class Sessions:
    """All sessions of the one token.

    Attributes:
        token: what a client must identify with.
        forbidden_intents: privileged intents that are switched off for the application.
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

    def living(self, now_s: float) -> list[Session]:
        """Return the sessions that have a connection or can still be resumed; forget the others."""
        for session in list(self._sessions.values()):
            if session.lost_at_s is not None and now_s - session.lost_at_s > RESUME_WINDOW_S:
                del self._sessions[session.id]
        return list(self._sessions.values())

    def identifies_left(self, now_s: float) -> int:
        """Return how many IDENTIFYs today still has."""
        used = sum(1 for at_s in self._identified_at_s if now_s - at_s < _DAY_S)
        return max(0, self.identify_budget - used)

    def end(self, session: Session) -> None:
        """Forget a session: it cannot be resumed."""
        self._sessions.pop(session.id, None)

    def lost(self, link: Link, close_code: int | None, now_s: float) -> None:
        """The connection is gone. The client's 1000 and 1001 end the session, everything else keeps it."""
        session, link.session = link.session, None
        if session is None:
            return
        if close_code in (1000, 1001):
            self.end(session)
        else:
            session.lost_at_s = now_s

    def receive(self, link: Link, text: str, now_s: float) -> list[Action]:
        """Return what to do about one message of a client."""
        while link.received_at_s and now_s - link.received_at_s[0] >= 60:
            link.received_at_s.popleft()
        link.received_at_s.append(now_s)
        if len(link.received_at_s) > SENDS_PER_MINUTE:
            return [Close(4008, "You are being rate limited.")]
        try:
            message = json.loads(text)
            op, data = message["op"], message.get("d")
        except (ValueError, TypeError, KeyError, AttributeError):
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
        return [Chunk(data)] if op == Op.REQUEST_GUILD_MEMBERS and isinstance(data, dict) else []

    def _identify(self, link: Link, data: dict[str, Any], now_s: float) -> list[Action]:
        if not self._token_fits(data):
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
        if len(self.living(now_s)) >= _MAX_SESSIONS:
            return [Close(4008, f"More than {_MAX_SESSIONS} sessions.")]
        self._identified_at_s.append(now_s)
        self.identifies += 1
        link.session = session = Session(id=secrets.token_hex(16), intents=intents)
        self._sessions[session.id] = session
        return [Welcome(session)]

    def _resume(self, link: Link, data: dict[str, Any], now_s: float) -> list[Action]:
        if not self._token_fits(data):
            return [Close(4004, "Authentication failed.")]
        self.living(now_s)
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
        session.lost_at_s = None
        session.resumes += 1
        self.resumes += 1
        link.session = session
        return [Resumed(session), *missed, Send(session.record("RESUMED", {}))]

    def _token_fits(self, data: dict[str, Any]) -> bool:
        return secrets.compare_digest(str(data.get("token")).encode(), self.token.encode())
