"""Gateway sessions: IDENTIFY, RESUME, replay and close codes. Pure.

Each message of a `GatewayConnection` goes through `Sessions.receive`, which returns the actions for the socket.
This module does no I/O and reads no clock.
"""

from __future__ import annotations

import json
import secrets
from collections import deque
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, Final

import msgspec

from botapp.local_discord.api.event_buffers import DelayedEvents, ReplayBuffer
from botapp.local_discord.api.gateway_settings import ActiveFault, Client, GatewaySettings, HandshakeFault

#: seconds between two heartbeats of a client
HEARTBEAT_INTERVAL_S: Final = 41.25
#: messages a client may send per minute
SENDS_PER_MINUTE: Final = 120
#: IDENTIFYs a day, after which the token is reset
IDENTIFIES_PER_DAY: Final = 1000
#: seconds between two IDENTIFYs while the limit is on (max_concurrency 1)
IDENTIFY_INTERVAL_S: Final = 5.0
_DAY_S: Final = 86400.0
_MAX_SESSIONS: Final = 100
_MAX_DEVICE: Final = 64
# 1000 and 1001 say that the client has left; the others, that its session is not valid (any more).
_FINAL_CODES: Final = {1000, 1001, 4004, 4007, 4009, *range(4010, 4015)}
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
    client: Client
    #: the last events, for a RESUME
    replay: ReplayBuffer
    #: events that have not arrived yet
    delayed: DelayedEvents = field(default_factory=DelayedEvents)
    #: number of the last event
    seq: int = 0
    #: when its connection closed; None while it has one
    disconnected_at_s: float | None = None
    resumes: int = 0

    def record(self, event: str, data: Any) -> str:
        """Give `event` the next number, keep it for a RESUME and return its frame."""
        self.seq += 1
        frame = encode(Op.DISPATCH, data, event=event, seq=self.seq)
        self.replay.add(self.seq, frame)
        return frame


@dataclass
class GatewayConnection:
    """One connection to the gateway; `pid` is the client's process, if it is known."""

    pid: int | None = None
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
class Abort:
    """Break the TCP connection."""


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


Action = Send | Close | Abort | SendReady | Resumed | SendMembers | TokenReset


def encode(op: Op, data: Any, *, event: str | None = None, seq: int | None = None) -> str:
    """Return a gateway frame."""
    return json.dumps({"op": int(op), "d": data, "s": seq, "t": event}, separators=(",", ":"))


HELLO: Final = encode(Op.HELLO, {"heartbeat_interval": int(HEARTBEAT_INTERVAL_S * 1000)})
_INVALID_SESSION: Final = Send(encode(Op.INVALID_SESSION, False))


class Sessions:
    """All sessions of the one token.

    Attributes:
        token: the token of the bot.
        forbidden_intents: privileged intents that the application may not use.
        settings: the settings of the gateway; `configure` changes them.
        identifies, resumes: how many succeeded since the start.
        refused_identifies, refused_resumes: how many were refused, by a limit or by a fault.
    """

    def __init__(self, token: str, settings: GatewaySettings | None = None) -> None:
        self.token = token
        self.forbidden_intents: set[str] = set()
        self.settings = settings or GatewaySettings()
        self.identifies = self.resumes = 0
        self.refused_identifies = self.refused_resumes = 0
        self._sessions: dict[str, Session] = {}
        self._identified_at_s: deque[float] = deque(maxlen=IDENTIFIES_PER_DAY + 1)
        self._identifies_used_elsewhere = 0
        self._identify_fault = ActiveFault(self.settings.identify_fault, 0.0)
        self._resume_fault = ActiveFault(self.settings.resume_fault, 0.0)

    def configure(self, changes: dict[str, Any], now_s: float) -> None:
        """Change the settings, from `gateway_settings.read_changes`. A fault starts again when it is set."""
        self.settings = msgspec.structs.replace(self.settings, **changes)
        if "identify_fault" in changes:
            self._identify_fault = ActiveFault(self.settings.identify_fault, now_s)
        if "resume_fault" in changes:
            self._resume_fault = ActiveFault(self.settings.resume_fault, now_s)
        for session in self._sessions.values():
            session.replay.set_limit(self.settings.replay_limit)

    def list_open(self, now_s: float) -> list[Session]:
        """Return the sessions that are connected or can be resumed; drop the others."""
        window_s = self.settings.resume_window_s
        for session in list(self._sessions.values()):
            if session.disconnected_at_s is not None and now_s - session.disconnected_at_s > window_s:
                del self._sessions[session.id]
        return list(self._sessions.values())

    def identifies_left(self, now_s: float) -> int:
        """Return the number of IDENTIFYs left today."""
        used = self._count_identifies(now_s) + self._identifies_used_elsewhere
        return max(0, IDENTIFIES_PER_DAY - used)

    def set_identifies_left(self, left: int | None, now_s: float) -> None:
        """Pretend that other programs have used the IDENTIFYs of this day but for `left`; None: there are no others."""
        used = self._count_identifies(now_s)
        self._identifies_used_elsewhere = 0 if left is None else IDENTIFIES_PER_DAY - used - left

    def reset_after_s(self, now_s: float) -> float:
        """Return the seconds until the first of the IDENTIFYs used today counts no more."""
        oldest_s = next((at_s for at_s in self._identified_at_s if now_s - at_s < _DAY_S), None)
        return 0.0 if oldest_s is None else _DAY_S - (now_s - oldest_s)

    def _count_identifies(self, now_s: float) -> int:
        return sum(1 for at_s in self._identified_at_s if now_s - at_s < _DAY_S)

    def end(self, session: Session) -> None:
        """Drop a session, so that it cannot be resumed."""
        self._sessions.pop(session.id, None)

    def lost(self, link: GatewayConnection, close_code: int | None, now_s: float) -> None:
        """Detach the session of a connection that either side closed. Some close codes end the session."""
        session, link.session = link.session, None
        if session is None:
            return
        if close_code in _FINAL_CODES:
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
        if (fault := self._identify_fault.take(now_s)) is not None:
            self.refused_identifies += 1
            return _apply_fault(fault)
        last_s = self._identified_at_s[-1] if self._identified_at_s else None
        if self.settings.identify_limit and last_s is not None and now_s - last_s < IDENTIFY_INTERVAL_S:
            self.refused_identifies += 1
            return [_INVALID_SESSION]
        if self.identifies_left(now_s) == 0:
            return [TokenReset()]
        if len(self.list_open(now_s)) >= _MAX_SESSIONS:
            return [Close(4008, f"More than {_MAX_SESSIONS} sessions.")]
        self._identified_at_s.append(now_s)
        self.identifies += 1
        client = Client(self.identifies, _read_device(data), link.pid)
        buffer = ReplayBuffer(self.settings.replay_limit)
        link.session = session = Session(secrets.token_hex(16), intents, client, buffer)
        self._sessions[session.id] = session
        return [SendReady(session)]

    def _resume(self, link: GatewayConnection, data: dict[str, Any], now_s: float) -> list[Action]:
        if not self._is_token_valid(data):
            return [Close(4004, "Authentication failed.")]
        self.list_open(now_s)
        session = self._sessions.get(str(data.get("session_id")))
        seq = data.get("seq")
        if (fault := self._resume_fault.take(now_s)) is not None:
            self.refused_resumes += 1
            if session is not None and fault.how == "invalid":
                self.end(session)
            return _apply_fault(fault)
        if session is None:
            self.refused_resumes += 1
            return [_INVALID_SESSION]
        if not isinstance(seq, int) or not 0 <= seq <= session.seq:
            return [Close(4007, "Invalid seq.")]
        missed = session.replay.since(seq)
        if missed is None:
            self.refused_resumes += 1
            self.end(session)
            return [_INVALID_SESSION]
        session.disconnected_at_s = None
        session.client = replace(session.client, pid=link.pid)
        session.resumes += 1
        self.resumes += 1
        link.session = session
        return [Resumed(session), *map(Send, missed), Send(session.record("RESUMED", {}))]

    def _is_token_valid(self, data: dict[str, Any]) -> bool:
        return secrets.compare_digest(str(data.get("token")).encode(), self.token.encode())


def _apply_fault(fault: HandshakeFault) -> list[Action]:
    match fault.how:
        case "invalid":
            return [_INVALID_SESSION]
        case "silent":
            return []
        case "abort":
            return [Abort()]
        case "close":
            return [Close(fault.code, "Closed by an injected fault.")]


def _read_device(data: dict[str, Any]) -> str:
    properties = data.get("properties")
    return str(properties.get("device") or "")[:_MAX_DEVICE] if isinstance(properties, dict) else ""
