"""Who did what with an interaction, and the numbers of many."""

from __future__ import annotations

from typing import Any

import pytest

from botapp.local_discord.world.interaction_log import (
    FIRST_RESPONSE_TIMEOUT_S,
    KEPT_INTERACTIONS,
    InteractionLog,
    LoggedInteraction,
    read_call,
    summarize,
)

CALLBACK, WEBHOOK = "/interactions/5/tok/callback", "/webhooks/9/tok"


def call(
    one: LoggedInteraction, method: str, path: str, at_s: float, pid: int, *, kind: int = 0, code: int = 0
) -> None:
    read = read_call(method, path, {"type": kind}, at_s=at_s, pid=pid, code=code)
    assert read is not None
    _, made, is_callback = read
    one.add(made, is_callback=is_callback)


def clicked(at_s: float = 0.0) -> LoggedInteraction:
    return LoggedInteraction(5, "Budi", "buy", at_s)


@pytest.mark.parametrize(
    ("method", "path", "body", "how"),
    [
        ("POST", CALLBACK, {"type": 5}, "deferred"),
        ("POST", CALLBACK, {"type": 99}, "unknown"),
        ("POST", CALLBACK, None, "unknown"),
        ("POST", WEBHOOK, {}, "follow_up"),
        ("PATCH", f"{WEBHOOK}/messages/@original", {}, "edit"),
        ("DELETE", f"{WEBHOOK}/messages/7", None, "delete"),
        ("GET", f"{WEBHOOK}/messages/@original", None, None),
        ("GET", "/webhooks/9", None, None),
    ],
)
def test_which_call_a_request_is(method: str, path: str, body: Any, how: str | None) -> None:
    read = read_call(method, path, body, at_s=1.0, pid=3, code=0)
    assert (read and (read[0], read[1].how)) == (how and ("tok", how))


def test_a_deferred_answer_is_finished_by_what_follows() -> None:
    one = clicked(at_s=10.0)
    call(one, "POST", CALLBACK, 10.5, 1, kind=5)
    assert one.ack_ms == 500
    assert one.is_open(99.0)
    call(one, "POST", CALLBACK, 10.6, 2, kind=5, code=40060)
    call(one, "PATCH", f"{WEBHOOK}/messages/@original", 12.0, 2)
    assert not one.is_open(12.0)
    told = one.describe()
    assert told["acknowledged"] == {"at_s": 10.5, "pid": 1, "how": "deferred"}
    assert told["refused"] == [{"at_s": 10.6, "pid": 2, "how": "deferred", "code": 40060}]
    assert told["finished"] == [{"at_s": 12.0, "pid": 2, "how": "edit"}]


def test_an_answer_at_once_finishes() -> None:
    one = clicked()
    call(one, "POST", CALLBACK, 1.0, 1, kind=4)
    assert [made.how for made in one.finished] == ["message"]


def test_without_an_acknowledgement_an_interaction_fails() -> None:
    assert clicked().is_open(FIRST_RESPONSE_TIMEOUT_S - 0.1)
    assert clicked().is_failed(FIRST_RESPONSE_TIMEOUT_S)
    assert not clicked().is_open(FIRST_RESPONSE_TIMEOUT_S)


def test_the_oldest_interactions_are_dropped() -> None:
    log = InteractionLog()
    for number in range(1, KEPT_INTERACTIONS + 3):
        log.open(number, "Budi", "buy", 0.0)
    assert log.find(2) is None
    assert [one.id for one in log.since(KEPT_INTERACTIONS)] == [KEPT_INTERACTIONS + 1, KEPT_INTERACTIONS + 2]


def test_numbers_of_many() -> None:
    done, deferred, twice, lost, fresh = (clicked(at_s) for at_s in (0.0, 1.0, 2.0, 3.0, 9.0))
    call(done, "POST", CALLBACK, 0.1, 1, kind=4)
    call(deferred, "POST", CALLBACK, 1.2, 1, kind=5)
    call(twice, "POST", CALLBACK, 4.0, 1, kind=5)
    call(twice, "POST", CALLBACK, 4.1, 2, kind=5, code=40060)
    call(twice, "POST", WEBHOOK, 5.0, 1)
    call(twice, "POST", WEBHOOK, 5.1, 2)
    told = summarize([done, deferred, twice, lost, fresh], 10.0)
    gap_ms, ack_ms = told.pop("longest_gap_ms"), told.pop("ack_ms")
    assert gap_ms == pytest.approx(2800)
    assert list(ack_ms.values()) == pytest.approx([200, 2000, 2000])
    assert told == {
        "created": 5,
        "acknowledged": 3,
        "pending": 1,
        "failed": 1,
        "finished": 2,
        "unfinished": 1,
        "finished_again": 1,
        "acknowledged_again": 1,
    }
    assert summarize([], 0.0)["ack_ms"]["p99"] is None
