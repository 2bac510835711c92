"""The gateway's rules without a gateway: tables of who may do what, and what is replayed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from botapp.local_discord.api.gateway_settings import GatewaySettings, read_changes
from botapp.local_discord.api.sessions import (
    IDENTIFIES_PER_DAY,
    IDENTIFY_INTERVAL_S,
    SENDS_PER_MINUTE,
    Abort,
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
WINDOW_S = GatewaySettings().resume_window_s
LIMIT = GatewaySettings().replay_limit


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


@pytest.mark.parametrize(("away_s", "kept"), [(WINDOW_S, True), (WINDOW_S + 1, False)])
def test_a_session_waits_only_so_long(away_s: float, kept: bool) -> None:
    sessions, link = Sessions(TOKEN), GatewayConnection()
    session = opened(sessions, link)
    sessions.lost(link, None, 100.0)
    assert is_invalid(resume(sessions, session, 0, 100.0 + away_s)) != kept


def test_a_session_with_more_missed_than_is_kept_is_over() -> None:
    sessions, link = Sessions(TOKEN), GatewayConnection()
    session = opened(sessions, link)
    for number in range(LIMIT + 1):
        session.record("X", number)
    sessions.lost(link, None, 0.0)
    assert is_invalid(resume(sessions, session, 0, 1.0))
    assert is_invalid(resume(sessions, session, LIMIT, 1.0))  # ended by the first try


@pytest.mark.parametrize("seq", [-1, 2, "1", None])
def test_a_wrong_seq_is_4007(seq: Any) -> None:
    sessions, link = Sessions(TOKEN), GatewayConnection()
    session = opened(sessions, link)
    session.record("X", None)
    (action,) = resume(sessions, session, seq, 1.0)
    assert isinstance(action, Close)
    assert action.code == 4007


def test_one_identify_per_five_seconds_when_limited() -> None:
    sessions = Sessions(TOKEN, GatewaySettings(identify_limit=True))
    assert isinstance(identify(sessions, 0.0)[0], SendReady)
    assert is_invalid(identify(sessions, IDENTIFY_INTERVAL_S - 0.1))
    assert isinstance(identify(sessions, IDENTIFY_INTERVAL_S)[0], SendReady)
    assert (sessions.identifies, sessions.refused_identifies) == (2, 1)


def test_the_days_identifies_run_out_and_come_back() -> None:
    sessions = Sessions(TOKEN)
    for number in range(IDENTIFIES_PER_DAY):
        link = GatewayConnection()
        opened(sessions, link, float(number))
        sessions.lost(link, 1000, float(number))
    assert sessions.identifies_left(1000.0) == 0
    assert sessions.reset_after_s(1000.0) == 85400.0
    assert identify(sessions, 1000.0) == [TokenReset()]
    assert isinstance(identify(sessions, 86400.0)[0], SendReady)


def test_other_programs_can_have_used_the_days_identifies() -> None:
    sessions = Sessions(TOKEN)
    opened(sessions, GatewayConnection())
    sessions.set_identifies_left(1, 1.0)
    opened(sessions, GatewayConnection(), 2.0)
    assert sessions.identifies_left(3.0) == 0
    assert identify(sessions, 3.0) == [TokenReset()]
    sessions.set_identifies_left(None, 4.0)
    assert sessions.identifies_left(4.0) == IDENTIFIES_PER_DAY - 2


def test_a_resume_is_not_counted_as_an_identify() -> None:
    sessions, link = Sessions(TOKEN, GatewaySettings(identify_limit=True)), GatewayConnection()
    session = opened(sessions, link)
    sessions.lost(link, None, 1.0)
    assert isinstance(resume(sessions, session, 0, 2.0)[0], Resumed)
    assert sessions.identifies_left(3.0) == IDENTIFIES_PER_DAY - 1
    assert isinstance(identify(sessions, IDENTIFY_INTERVAL_S)[0], SendReady)


@pytest.mark.parametrize(
    ("code", "resumable"),
    [(None, True), (1000, False), (1001, False), (1006, True), (4000, True), (4001, True), (4008, True), (4009, False)],
)
def test_the_close_code_decides_whether_the_session_is_over(code: int | None, resumable: bool) -> None:
    sessions, link = Sessions(TOKEN), GatewayConnection()
    session = opened(sessions, link)
    sessions.lost(link, code, 1.0)
    assert isinstance(resume(sessions, session, 0, 2.0)[0], Resumed) == resumable


@pytest.mark.parametrize(("seq", "now_s", "kept"), [(3, 10.0, True), (2, 10.0, False), (3, 10.1, False)])
def test_window_and_buffer_can_be_changed_while_a_session_is_open(seq: int, now_s: float, kept: bool) -> None:
    sessions, link = Sessions(TOKEN), GatewayConnection()
    session = opened(sessions, link)
    for number in range(5):
        session.record("X", number)
    sessions.configure(read_changes({"replay_limit": 2, "resume_window_s": 10}), 0.0)
    sessions.lost(link, None, 0.0)
    assert is_invalid(resume(sessions, session, seq, now_s)) != kept


def test_a_session_keeps_its_number_and_device_but_not_its_process() -> None:
    sessions, link = Sessions(TOKEN), GatewayConnection(pid=7)
    session = opened(sessions, GatewayConnection(pid=5))
    assert (session.client.number, session.client.device, session.client.pid) == (1, "", 5)
    (welcome,) = identify(sessions, 0.0, link, properties={"device": "new"})
    assert isinstance(welcome, SendReady)
    assert (welcome.session.client.number, welcome.session.client.device) == (2, "new")
    sessions.lost(link, None, 1.0)
    resume(sessions, welcome.session, 0, 2.0, GatewayConnection(pid=9))
    assert (welcome.session.client.number, welcome.session.client.device, welcome.session.client.pid) == (2, "new", 9)


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ({"how": "silent"}, []),
        ({"how": "abort"}, [Abort()]),
        ({"how": "close", "code": 4006}, [4006]),
    ],
)
def test_a_fault_takes_the_place_of_the_answer(fault: dict[str, Any], answer: list[Any]) -> None:
    sessions, link = Sessions(TOKEN), GatewayConnection()
    session = opened(sessions, link)
    sessions.lost(link, None, 0.0)
    sessions.configure(read_changes({"resume_fault": fault | {"times": 1}, "identify_fault": fault}), 0.0)
    for actions in (resume(sessions, session, 0, 1.0), identify(sessions, 1.0)):
        assert [action.code if isinstance(action, Close) else action for action in actions] == answer
    assert (sessions.refused_resumes, sessions.refused_identifies) == (1, 1)
    assert isinstance(resume(sessions, session, 0, 2.0)[0], Resumed)
    assert sessions.identifies == 1


def test_a_session_whose_resume_was_refused_is_over() -> None:
    sessions, link = Sessions(TOKEN), GatewayConnection()
    session = opened(sessions, link)
    sessions.lost(link, None, 0.0)
    sessions.configure(read_changes({"resume_fault": {"how": "invalid", "times": 1}}), 0.0)
    assert is_invalid(resume(sessions, session, 0, 1.0))
    assert is_invalid(resume(sessions, session, 0, 1.0))


def test_identify_is_refused_for_a_while() -> None:
    sessions = Sessions(TOKEN)
    sessions.configure(read_changes({"identify_fault": {"how": "invalid", "for_s": 30}}), 100.0)
    sessions.configure(read_changes({"latency_ms": 5}), 120.0)  # leaves the fault as it is
    assert is_invalid(identify(sessions, 129.9))
    assert isinstance(identify(sessions, 130.0)[0], SendReady)
    assert sessions.identifies_left(131.0) == IDENTIFIES_PER_DAY - 1


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
