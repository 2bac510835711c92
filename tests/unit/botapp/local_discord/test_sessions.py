"""The gateway's rules without a gateway: tables of who may do what, and what is replayed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from botapp.local_discord.api.sessions import (
    IDENTIFIES_PER_DAY,
    IDENTIFY_INTERVAL_S,
    REPLAY_LIMIT,
    RESUME_WINDOW_S,
    SENDS_PER_MINUTE,
    Action,
    Close,
    GatewayConnection,
    Resumed,
    Send,
    SendReady,
    Session,
    Sessions,
    TokenReset,
)

TOKEN = "t"


def identify(
    sessions: Sessions, now_s: float = 0.0, link: GatewayConnection | None = None, **fields: Any
) -> list[Action]:
    data = {"token": TOKEN, "intents": 0, **fields}
    return sessions.receive(link or GatewayConnection(), json.dumps({"op": 2, "d": data}), now_s)


def resume(
    sessions: Sessions, session: Session, seq: int, now_s: float, link: GatewayConnection | None = None
) -> list[Action]:
    data = {"token": TOKEN, "session_id": session.id, "seq": seq}
    return sessions.receive(link or GatewayConnection(), json.dumps({"op": 6, "d": data}), now_s)


def opened(sessions: Sessions, link: GatewayConnection, now_s: float = 0.0) -> Session:
    (welcome,) = identify(sessions, now_s, link)
    assert isinstance(welcome, SendReady)
    return welcome.session


def sent(actions: list[Action]) -> list[Any]:
    return [json.loads(action.frame) for action in actions if isinstance(action, Send)]


def is_invalid(actions: list[Action]) -> bool:
    return [(frame["op"], frame["d"]) for frame in sent(actions)] == [(9, False)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 4002),
        ("3", 4002),
        ('{"d":1}', 4002),
        ('{"op":null}', 4001),
        ('{"op":0,"d":{}}', 4001),
        ('{"op":4,"d":{}}', 4003),
        ('{"op":8,"d":{}}', 4003),
        ('{"op":6,"d":{"token":"wrong"}}', 4004),
        ('{"op":2,"d":{"token":"t"}}', 4013),
        ('{"op":2,"d":{"token":"t","intents":67108864}}', 4013),
        ('{"op":2,"d":{"token":"t","intents":0,"shard":[0,2]}}', 4010),
    ],
)
def test_close_codes(text: str, code: int) -> None:
    (action,) = Sessions(TOKEN).receive(GatewayConnection(), text, 0.0)
    assert isinstance(action, Close)
    assert action.code == code


def test_a_second_identify_on_one_connection_is_4005() -> None:
    sessions, link = Sessions(TOKEN), GatewayConnection()
    opened(sessions, link)
    (action,) = identify(sessions, 1.0, link)
    assert isinstance(action, Close)
    assert action.code == 4005


@pytest.mark.parametrize(("intents", "allowed"), [(1 << 15, False), (1 << 15 | 1, False), (1 << 9, True)])
def test_forbidden_intents_are_4014(intents: int, allowed: bool) -> None:
    sessions = Sessions(TOKEN)
    sessions.forbidden_intents = {"message_content"}
    (action,) = identify(sessions, intents=intents)
    assert isinstance(action, SendReady) == allowed
    assert allowed or (isinstance(action, Close) and action.code == 4014)


def test_a_resume_replays_what_was_missed_and_nothing_else() -> None:
    sessions, link = Sessions(TOKEN), GatewayConnection()
    session = opened(sessions, link)
    for number in range(5):
        session.record("MESSAGE_CREATE", number)
    sessions.lost(link, 1006, 10.0)
    again = GatewayConnection()
    actions = resume(sessions, session, 3, 20.0, again)
    assert isinstance(actions[0], Resumed)
    assert [(frame["s"], frame["t"], frame["d"]) for frame in sent(actions)] == [
        (4, "MESSAGE_CREATE", 3),
        (5, "MESSAGE_CREATE", 4),
        (6, "RESUMED", {}),
    ]
    assert again.session is session
    assert session.disconnected_at_s is None
    assert (sessions.identifies, sessions.resumes) == (1, 1)


@pytest.mark.parametrize(
    ("close_code", "kept"), [(1000, False), (1001, False), (4000, True), (1006, True), (None, True)]
)
def test_which_ends_keep_a_session(close_code: int | None, kept: bool) -> None:
    sessions, link = Sessions(TOKEN), GatewayConnection()
    session = opened(sessions, link)
    sessions.lost(link, close_code, 0.0)
    assert is_invalid(resume(sessions, session, 0, 1.0)) != kept


@pytest.mark.parametrize(("away_s", "kept"), [(RESUME_WINDOW_S, True), (RESUME_WINDOW_S + 1, False)])
def test_a_session_waits_only_so_long(away_s: float, kept: bool) -> None:
    sessions, link = Sessions(TOKEN), GatewayConnection()
    session = opened(sessions, link)
    sessions.lost(link, None, 100.0)
    assert is_invalid(resume(sessions, session, 0, 100.0 + away_s)) != kept


def test_a_session_with_more_missed_than_is_kept_is_over() -> None:
    sessions, link = Sessions(TOKEN), GatewayConnection()
    session = opened(sessions, link)
    for number in range(REPLAY_LIMIT + 1):
        session.record("X", number)
    sessions.lost(link, None, 0.0)
    assert is_invalid(resume(sessions, session, 0, 1.0))
    assert is_invalid(resume(sessions, session, REPLAY_LIMIT, 1.0))  # ended by the first try


@pytest.mark.parametrize("seq", [-1, 2, "1", None])
def test_a_wrong_seq_is_4007(seq: Any) -> None:
    sessions, link = Sessions(TOKEN), GatewayConnection()
    session = opened(sessions, link)
    session.record("X", None)
    (action,) = resume(sessions, session, seq, 1.0)
    assert isinstance(action, Close)
    assert action.code == 4007


def test_one_identify_per_five_seconds_when_limited() -> None:
    sessions = Sessions(TOKEN)
    sessions.identify_limit = True
    assert isinstance(identify(sessions, 0.0)[0], SendReady)
    assert is_invalid(identify(sessions, IDENTIFY_INTERVAL_S - 0.1))
    assert isinstance(identify(sessions, IDENTIFY_INTERVAL_S)[0], SendReady)
    assert sessions.identifies == 2


def test_the_days_identifies_run_out_and_come_back() -> None:
    sessions = Sessions(TOKEN)
    for number in range(IDENTIFIES_PER_DAY):
        link = GatewayConnection()
        opened(sessions, link, float(number))
        sessions.lost(link, 1000, float(number))
    assert sessions.identifies_left(1000.0) == 0
    assert identify(sessions, 1000.0) == [TokenReset()]
    assert isinstance(identify(sessions, 86400.0)[0], SendReady)


def test_too_many_messages_a_minute_are_4008() -> None:
    sessions, link = Sessions(TOKEN), GatewayConnection()
    for _ in range(SENDS_PER_MINUTE):
        (action,) = sessions.receive(link, '{"op":1,"d":null}', 0.0)
        assert isinstance(action, Send)
    (action,) = sessions.receive(link, '{"op":1,"d":null}', 59.9)
    assert isinstance(action, Close)
    assert action.code == 4008
    (action,) = sessions.receive(link, '{"op":1,"d":null}', 120.0)
    assert isinstance(action, Send)


def test_a_heartbeat_is_acknowledged_no_sooner_than_over_a_network() -> None:
    """discord.py takes an answer that comes while it still sends for the one to the heartbeat before."""
    (ack,) = Sessions(TOKEN).receive(GatewayConnection(), '{"op":1,"d":null}', 0.0)
    assert isinstance(ack, Send)
    assert json.loads(ack.frame)["op"] == 11
    assert ack.delay_s > 0
