"""Pings: what they say, where they go and when, with a clock that the test sets."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from supervisor.alerts import pings
from supervisor.alerts.pings import GRACE_S, INTERVAL_S, Kind, PingState, address, find_problem
from supervisor.cli.terminal import formatting
from supervisor.config.settings import Program
from supervisor.control import views
from supervisor.lifecycle.model import DesiredState, Instant, LifeState, ProgramState, Reason, State

NOW_S = 1000.0
PROGRAM = Program(command=("shop",))
CHECK = "https://hc-ping.com/1234-abcd"
PUSH = "https://kuma.example.org/api/push/T0ken"


def bot(state: State = State.RUNNING, **given: object) -> ProgramState:
    return replace(ProgramState(name="bot", settings=PROGRAM, desired=DesiredState.UP, state=state), **given)


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (bot(), None),
        (bot(State.STARTING), "not running"),
        (bot(State.FATAL, reason=Reason("text", {"text": "no more"})), "no more"),
        (bot(State.STOPPED, desired=DesiredState.DOWN), None),
        (bot(life=LifeState(1, last_seen_s=NOW_S - 5)), None),
        (bot(life=LifeState(1, last_seen_s=NOW_S - 20)), "not responding"),
        (bot(life=LifeState(1, health={"stock": {"is_healthy": True}, "lag": 3})), None),
        (bot(life=LifeState(1, health={"stock": {"is_healthy": False, "last_error": "gone\n!"}})), "stock: gone !"),
        (bot(life=LifeState(1, health={"stock": {"is_healthy": False}})), "stock: unhealthy"),
    ],
)
def test_a_ping_agrees_with_health(state: ProgramState, word: str | None) -> None:
    problem = find_problem({"bot": state, "web": replace(bot(), name="web")}, NOW_S)
    assert (problem is None) is (word is None)
    assert word is None or f"bot: {word}" in str(problem)
    view = views.status(
        {"bot": state}, pid=1, started=Instant(0, 0), now=Instant(NOW_S, NOW_S), problems={}, config_changed=False,
        files_changed=False, upgraded=None, rss_bytes=lambda pid: None, cpu=lambda one: (None, None),
        restarts_today={}, addresses=lambda name, wanted: [],
    )  # fmt: skip
    assert (formatting.problem(view["programs"][0]) is None) is (word is None)


def test_the_reason_has_no_secret_and_an_end() -> None:
    health = {"db": {"is_healthy": False, "last_error": "postgresql://shop:hush@db " + "x" * 5000}}
    problem = find_problem({"bot": bot(life=LifeState(1, health=health))}, NOW_S)
    assert problem is not None
    assert "hush" not in problem
    assert len(problem) == pings.MAX_REASON_CHARS


def test_one_ping_a_minute() -> None:
    state = PingState().observe(None, NOW_S)
    assert state.next_s() <= NOW_S
    state = state.sent(NOW_S).observe(None, NOW_S + 1)
    assert state.next_s() == NOW_S + INTERVAL_S


def test_a_restart_is_no_failure() -> None:
    state = PingState(NOW_S).observe("bot: not running", NOW_S)
    assert state.next_s() == NOW_S + GRACE_S
    again = state.observe("bot: not running", NOW_S + 3)
    assert again.next_s() == NOW_S + GRACE_S
    well = again.observe(None, NOW_S + 4)
    assert well.next_s() == NOW_S
    # a failure that began long before the ping is due is told when it is due
    assert PingState(NOW_S + 50).observe("x", NOW_S).next_s() == NOW_S + 50


@pytest.mark.parametrize(
    ("url", "kind", "text", "expected"),
    [
        (CHECK, Kind.UP, "", (CHECK, None)),
        (CHECK, Kind.DOWN, "why", (f"{CHECK}/fail", "why")),
        (f"{CHECK}/", Kind.NOTE, "stop", (f"{CHECK}/log", "stop")),
        (f"{CHECK}?create=1", Kind.DOWN, "why", (f"{CHECK}/fail?create=1", "why")),
        (f"{PUSH}?status=up&msg=OK&ping=", Kind.UP, "", (f"{PUSH}?status=up&msg=OK&ping=", None)),
        (f"{PUSH}?status=up&msg=OK", Kind.DOWN, "a b&c", (f"{PUSH}?status=down&msg=a+b%26c", None)),
        (PUSH, Kind.NOTE, "stop", (f"{PUSH}?status=up&msg=stop", None)),
    ],
)  # fmt: skip
def test_addresses(url: str, kind: Kind, text: str, expected: tuple[str, str | None]) -> None:
    assert address(url, kind, text) == expected
