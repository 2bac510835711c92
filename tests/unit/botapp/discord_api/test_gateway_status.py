"""The state of the gateway connection, by a fake clock."""

from __future__ import annotations

import math

import pytest

from botapp.discord_api.gateway_status import MAX_LATENCY_S, OFFLINE_GRACE_S, GatewayStatus

#: what discord.py reports after it slept before IDENTIFY, in seconds
LATE_S = 5.04


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def online(clock: Clock) -> GatewayStatus:
    gateway = GatewayStatus(clock)
    gateway.mark_online()
    return gateway


def measure(gateway: GatewayStatus, *latencies_s: float) -> bool:
    """Measure one heartbeat after the other; return whether the last one leaves a problem."""
    for latency_s in latencies_s:
        gateway.measure_latency(latency_s)
    return gateway.problem() is not None


def test_the_first_heartbeat_of_a_session_does_not_count(online: GatewayStatus) -> None:
    assert not measure(online, math.inf, LATE_S)
    assert online.health()["latency_ms"] is None
    assert not measure(online, LATE_S, LATE_S), "the same measurement, seen again"
    assert not measure(online, 0.05)
    assert online.health()["latency_ms"] == 50.0


def test_each_session_begins_again(online: GatewayStatus) -> None:
    measure(online, LATE_S, 0.05, 0.06)
    online.mark_offline()
    online.mark_online()
    assert online.health()["latency_ms"] is None
    assert not measure(online, LATE_S)


def test_one_slow_heartbeat_is_no_problem_and_two_in_a_row_are(online: GatewayStatus) -> None:
    slow_s = MAX_LATENCY_S + 1.0
    assert not measure(online, 0.05, slow_s)
    assert not measure(online, 0.06, slow_s + 0.1)
    assert measure(online, slow_s + 0.2)
    assert not measure(online, 0.05)


def test_a_lost_connection_is_a_problem_after_a_while(online: GatewayStatus, clock: Clock) -> None:
    online.mark_offline()
    assert online.problem() is None
    clock.now_s += OFFLINE_GRACE_S
    assert online.problem() is not None
    assert not online.health()["is_healthy"]
    online.mark_online()
    assert online.problem() is None
