"""When a process is prepared, and what keeps it from that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from botapp.lifecycle import preparation
from botapp.lifecycle.preparation import (
    MARGIN_S,
    MIN_IDENTIFIES,
    MISS_VALID_S,
    SERVERS_TIMEOUT_S,
    Progress,
    find_obstacle,
    is_prepared,
)

READY = Progress(left_s=30.0, open_s=1.0, is_loaded=True)


def test_prepared_when_everything_is_there() -> None:
    assert is_prepared(READY)
    assert find_obstacle(READY) is None


@pytest.mark.parametrize(
    "lacking",
    [{"open_s": None}, {"is_loaded": False}, {"is_in_step": False}, {"unavailable_servers": 1}],
)
def test_not_prepared_while_something_is_lacking(lacking: dict[str, Any]) -> None:
    progress = replace(READY, **lacking)
    assert not is_prepared(progress)
    assert find_obstacle(progress) is None, "it may come"
    assert find_obstacle(replace(progress, left_s=MARGIN_S)), "the process says why before the supervisor ends it"


def test_servers_that_are_down_are_not_waited_for() -> None:
    progress = replace(READY, unavailable_servers=1)
    assert is_prepared(replace(progress, open_s=SERVERS_TIMEOUT_S))
    assert not is_prepared(replace(progress, open_s=None))


def test_a_session_that_gets_nothing_is_an_obstacle_at_once() -> None:
    assert find_obstacle(replace(READY, is_in_step=False, gets_nothing=True))


def test_every_obstacle_has_its_own_text() -> None:
    late = replace(READY, left_s=0.0)
    cases = ({"open_s": None}, {"is_loaded": False}, {"is_in_step": False}, {"gets_nothing": True})
    assert len({find_obstacle(replace(late, **case)) for case in cases}) == len(cases)


@pytest.mark.parametrize(
    ("answer", "may_open"),
    [
        ({"session_start_limit": {"remaining": MIN_IDENTIFIES}}, True),
        ({"session_start_limit": {"remaining": MIN_IDENTIFIES - 1}}, False),
        ({"session_start_limit": {"remaining": 0}}, False),
        ({"session_start_limit": {}}, True),
        ({}, True),
        ([], True),
        (None, True),
    ],
)
def test_sessions_left_for_today(answer: Any, may_open: bool) -> None:
    assert (preparation.too_few_identifies(answer) is None) == may_open


def test_a_miss_is_remembered_for_a_week() -> None:
    now_s = 1_700_000_000.0
    assert preparation.remembered_miss(0.0, now_s) is None
    assert preparation.remembered_miss(now_s - MISS_VALID_S + 1, now_s)
    assert preparation.remembered_miss(now_s - MISS_VALID_S - 1, now_s) is None
