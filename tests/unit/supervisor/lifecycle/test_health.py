"""What heartbeats say about a life, by a clock that the test sets."""

from __future__ import annotations

from typing import Any

import pytest

from supervisor.config.settings import Program
from supervisor.lifecycle import health
from supervisor.lifecycle.model import HealthRecord, Reason

PROGRAM = Program(
    command=("shop",),
    unhealthy_timeout_s=100,
    max_loop_lag_ms=500,
    max_errors=5,
    error_window_s=60,
    memory_max=64 * 1024 * 1024,
)
WELL: dict[str, Any] = {"buttons": {"is_healthy": True, "error_count": 3}, "loop_lag_ms": 1.5}
SICK: dict[str, Any] = {"buttons": {"is_healthy": False, "error_count": 3}, "loop_lag_ms": 1.5}


def after(*beats: tuple[float, dict[str, Any]], program: Program = PROGRAM) -> HealthRecord:
    """Return what is remembered after heartbeats at these times."""
    vitals = HealthRecord()
    for at_s, said in beats:
        vitals = health.record_heartbeat(vitals, said, program, at_s)
    return vitals


def unhealthy(parts: str, time_s: float = 100) -> Reason:
    return Reason("unhealthy", {"time_s": time_s, "parts": parts})


@pytest.mark.parametrize(
    ("heard_s", "now_s", "late", "lost"),
    [(None, 1e9, False, False), (100, 114.9, False, False), (100, 115, True, False), (100, 130, True, True)],
)
def test_silence_is_suspicious_first_and_then_too_long(
    heard_s: float | None, now_s: float, late: bool, lost: bool
) -> None:
    assert health.is_late(heard_s, 30, now_s) is late
    assert health.is_lost(heard_s, 30, now_s) is lost


def test_unwell_for_too_long_without_a_pause() -> None:
    beats = [(0.0, WELL), (10.0, SICK), (60.0, SICK)]
    assert health.restart_reason(after(*beats), PROGRAM, 109.9) is None
    assert health.restart_reason(after(*beats), PROGRAM, 110) == unhealthy("buttons")
    assert health.restart_reason(after(*beats, (70, WELL), (80, SICK)), PROGRAM, 179.9) is None


def test_a_loop_that_lags_is_unwell() -> None:
    slow = {**WELL, "loop_lag_ms": 900}
    assert health.restart_reason(after((0, slow), (60, slow)), PROGRAM, 100) == unhealthy("loop_lag_ms 900")
    assert health.restart_reason(after((0, slow), (60, WELL)), PROGRAM, 100) is None


@pytest.mark.parametrize("lag", ["slow", None, True, {}])
def test_a_lag_that_is_no_number_is_none(lag: object) -> None:
    assert health.restart_reason(after((0, {"loop_lag_ms": lag})), PROGRAM, 1000) is None


def test_what_is_wrong_outside_is_not_held_against_a_life_nor_what_comes_of_it() -> None:
    away = {
        **SICK,
        "buttons": {"is_healthy": False, "error_count": 1000},
        "gateway": {"is_healthy": False, "external": True},
        "loop_lag_ms": 9000,
    }
    assert health.restart_reason(after((0, WELL), (10, away), (500, away)), PROGRAM, 500) is None
    # the time counts from when the outside is well again
    back = {**SICK, "gateway": {"is_healthy": True, "external": True}}
    vitals = after((0, SICK), (10, away), (200, back))
    assert health.restart_reason(vitals, PROGRAM, 299) is None
    assert health.restart_reason(vitals, PROGRAM, 300) is not None


def test_errors_count_within_the_window_alone() -> None:
    def errors(count: int) -> dict[str, Any]:
        return {"buttons": {"is_healthy": True, "error_count": count}, "livestock": {"error_count": 1}}

    # those of before the first heartbeat are not known to be new
    assert health.restart_reason(after((0, errors(100)), (10, errors(105))), PROGRAM, 10) is None
    vitals = after((0, errors(100)), (10, errors(103)), (50, errors(106)))
    assert health.restart_reason(vitals, PROGRAM, 50) == Reason("errors", {"count": 6, "time_s": 60, "limit": 5})
    assert health.restart_reason(vitals, PROGRAM, 71) is None
    # a counter that was emptied (the clean-up does that) takes nothing away, and adds nothing
    assert health.restart_reason(after((0, errors(100)), (10, errors(0)), (20, errors(5))), PROGRAM, 20) is None
    assert health.restart_reason(after((0, errors(100)), (10, errors(0)), (20, errors(6))), PROGRAM, 20) is not None


@pytest.mark.parametrize("count", ["many", None, True, -5, {}])
def test_a_count_that_is_none_counts_nothing(count: object) -> None:
    assert health.restart_reason(after((0, WELL), (1, {"a": {"error_count": count}})), PROGRAM, 1) is None


def test_memory_above_the_limit() -> None:
    assert health.restart_reason(HealthRecord(rss_bytes=PROGRAM.memory_max), PROGRAM, 0) is None
    too_much = HealthRecord(rss_bytes=PROGRAM.memory_max + 1024 * 1024)
    assert health.restart_reason(too_much, PROGRAM, 0) == Reason("memory", {"used_mib": 65, "limit_mib": 64})


def test_about_what_something_is_done_nothing_is_done_for_a_while() -> None:
    vitals = health.with_grace_period(HealthRecord(rss_bytes=1 << 40), 10)
    assert health.restart_reason(vitals, PROGRAM, 10 + health.GRACE_PERIOD_S - 1) is None
    assert health.restart_reason(vitals, PROGRAM, 10 + health.GRACE_PERIOD_S) is not None


def test_nothing_is_limited_that_is_set_to_0_and_by_default_only_what_lasts_is() -> None:
    unlimited = Program(command=("shop",), unhealthy_timeout_s=0, max_loop_lag_ms=0)
    worst = {"buttons": {"is_healthy": False, "error_count": 10**6}, "loop_lag_ms": 10**6}
    for program, expected in ((unlimited, None), (Program(command=("shop",)), "buttons, loop_lag_ms 1000000")):
        vitals = after((0, WELL), (1, worst), (2, worst), program=program)
        assert health.restart_reason(vitals, program, 3600) is None
        said = health.restart_reason(vitals, program, 3601)
        assert said is None if expected is None else said == unhealthy(expected, 3600)
