"""Evaluation of heartbeats, with a clock that the test sets."""

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
HEALTHY: dict[str, Any] = {"buttons": {"is_healthy": True, "error_count": 3}, "loop_lag_ms": 1.5}
UNHEALTHY: dict[str, Any] = {"buttons": {"is_healthy": False, "error_count": 3}, "loop_lag_ms": 1.5}


def after(*beats: tuple[float, dict[str, Any]], program: Program = PROGRAM) -> HealthRecord:
    """Return the record after heartbeats at these times."""
    record = HealthRecord()
    for at_s, said in beats:
        record = health.record_heartbeat(record, said, program, at_s)
    return record


def unhealthy(parts: str, time_s: float = 100) -> Reason:
    return Reason("unhealthy", {"time_s": time_s, "parts": parts})


@pytest.mark.parametrize(
    ("heard_s", "now_s", "late", "lost"),
    [(None, 1e9, False, False), (100, 114.9, False, False), (100, 115, True, False), (100, 130, True, True)],
)
def test_a_heartbeat_is_late_first_and_lost_later(heard_s: float | None, now_s: float, late: bool, lost: bool) -> None:
    assert health.is_late(heard_s, 30, now_s) is late
    assert health.is_lost(heard_s, 30, now_s) is lost


def test_unhealthy_without_a_pause_for_too_long() -> None:
    beats = [(0.0, HEALTHY), (10.0, UNHEALTHY), (60.0, UNHEALTHY)]
    assert health.restart_reason(after(*beats), PROGRAM, 109.9) is None
    assert health.restart_reason(after(*beats), PROGRAM, 110) == unhealthy("buttons")
    assert health.restart_reason(after(*beats, (70, HEALTHY), (80, UNHEALTHY)), PROGRAM, 179.9) is None


def test_loop_lag_is_unhealthy() -> None:
    slow = {**HEALTHY, "loop_lag_ms": 900}
    assert health.restart_reason(after((0, slow), (60, slow)), PROGRAM, 100) == unhealthy("loop_lag_ms 900")
    assert health.restart_reason(after((0, slow), (60, HEALTHY)), PROGRAM, 100) is None


@pytest.mark.parametrize("lag", ["slow", None, True, {}])
def test_a_loop_lag_that_is_no_number_is_ignored(lag: object) -> None:
    assert health.restart_reason(after((0, {"loop_lag_ms": lag})), PROGRAM, 1000) is None


def test_external_failures_and_their_consequences_do_not_count() -> None:
    away = {
        **UNHEALTHY,
        "buttons": {"is_healthy": False, "error_count": 1000},
        "gateway": {"is_healthy": False, "external": True},
        "loop_lag_ms": 9000,
    }
    assert health.restart_reason(after((0, HEALTHY), (10, away), (500, away)), PROGRAM, 500) is None
    # the timeout starts when the external failure ends
    back = {**UNHEALTHY, "gateway": {"is_healthy": True, "external": True}}
    record = after((0, UNHEALTHY), (10, away), (200, back))
    assert health.restart_reason(record, PROGRAM, 299) is None
    assert health.restart_reason(record, PROGRAM, 300) is not None


def test_errors_count_within_the_window_only() -> None:
    def errors(count: int) -> dict[str, Any]:
        return {"buttons": {"is_healthy": True, "error_count": count}, "livestock": {"error_count": 1}}

    # errors in the first heartbeat may be old
    assert health.restart_reason(after((0, errors(100)), (10, errors(105))), PROGRAM, 10) is None
    record = after((0, errors(100)), (10, errors(103)), (50, errors(106)))
    assert health.restart_reason(record, PROGRAM, 50) == Reason("errors", {"count": 6, "time_s": 60, "limit": 5})
    assert health.restart_reason(record, PROGRAM, 71) is None
    # a counter that was reset (the clean-up does that) adds nothing
    assert health.restart_reason(after((0, errors(100)), (10, errors(0)), (20, errors(5))), PROGRAM, 20) is None
    assert health.restart_reason(after((0, errors(100)), (10, errors(0)), (20, errors(6))), PROGRAM, 20) is not None


@pytest.mark.parametrize("count", ["many", None, True, -5, {}])
def test_an_error_count_that_is_no_number_is_ignored(count: object) -> None:
    assert health.restart_reason(after((0, HEALTHY), (1, {"a": {"error_count": count}})), PROGRAM, 1) is None


def test_memory_above_the_limit() -> None:
    assert health.restart_reason(HealthRecord(rss_bytes=PROGRAM.memory_max), PROGRAM, 0) is None
    too_much = HealthRecord(rss_bytes=PROGRAM.memory_max + 1024 * 1024)
    assert health.restart_reason(too_much, PROGRAM, 0) == Reason("memory", {"used_mib": 65, "limit_mib": 64})


def test_no_restart_within_the_grace_period() -> None:
    record = health.with_grace_period(HealthRecord(rss_bytes=1 << 40), 10)
    assert health.restart_reason(record, PROGRAM, 10 + health.GRACE_PERIOD_S - 1) is None
    assert health.restart_reason(record, PROGRAM, 10 + health.GRACE_PERIOD_S) is not None


def test_0_means_no_limit_and_defaults_react_to_long_failures_only() -> None:
    unlimited = Program(command=("shop",), unhealthy_timeout_s=0, max_loop_lag_ms=0)
    worst = {"buttons": {"is_healthy": False, "error_count": 10**6}, "loop_lag_ms": 10**6}
    for program, expected in ((unlimited, None), (Program(command=("shop",)), "buttons, loop_lag_ms 1000000")):
        record = after((0, HEALTHY), (1, worst), (2, worst), program=program)
        assert health.restart_reason(record, program, 3600) is None
        said = health.restart_reason(record, program, 3601)
        assert said is None if expected is None else said == unhealthy(expected, 3600)
