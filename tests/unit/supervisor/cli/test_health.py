"""What `stocksup health` makes of what a program reports."""

from __future__ import annotations

from typing import Any

import pytest

from supervisor.cli.commands.health import bars, lines, verdict
from supervisor.cli.terminal.output import without_marks

WELL = {"is_healthy": True, "last_error": None, "error_count": 0, "last_update": 990.0}
ILL = {"is_healthy": False, "last_error": "the disk is full", "error_count": 4, "last_update": 940.0}


def program(health: dict[str, Any], **given: Any) -> dict[str, Any]:
    return {"name": "bot", "desired": "up", "state": "RUNNING", "health": health, **given}


@pytest.mark.parametrize(
    ("given", "healthy"),
    [
        (program({"livestock": WELL}), True),
        (program({}), True),
        (program({"livestock": WELL, "buttons": ILL}), False),
        (program({"livestock": WELL}, state="BACKOFF"), False),
        (program({}, state="STOPPED", desired="down"), True),
        (program({"visibility": {"state": "normal"}}), True),
        (program({"visibility": {"state": "not_shown", "is_healthy": False, "last_error": "no"}}), False),
        (program({"visibility": None, "loop_lag_ms": 3.0, "database": None}), True),
        (program({"livestock": WELL}, heartbeat_late=True, heartbeat_age_s=20.0), False),
    ],
)
def test_verdict(given: dict[str, Any], healthy: bool) -> None:
    assert verdict(given)["healthy"] is healthy


def test_lines() -> None:
    link = {
        "state": "stock_broken",
        "since": 400.0,
        "errors_last_hour": [0, 0, 1, 4],
        "recoveries": [
            {"state": "buttons_broken", "at": 100.0, "lasted_s": 5.0},
            {"state": "new", "at": 1, "lasted_s": 1},
        ],
    }
    text = without_marks(
        "\n".join(lines(verdict(program({"livestock": ILL, "gateway": WELL, "visibility": link})), 1000.0))
    )
    assert "bot: RUNNING, unhealthy" in text
    assert "✗ stock: the disk is full; errors: 4; checked 1 min ago" in text
    assert "✓ gateway: checked 10 s ago" in text
    assert "stock does not work, so the buttons are off, for 10 min" in text
    assert "errors in the last hour: ▁▁▃█ (5)" in text
    assert "recovered after 5.00 s: buttons do not work" in text
    assert "unknown what members see" in text


@pytest.mark.parametrize(
    "given", [{"state": "STOPPED"}, {"state": "BACKOFF", "reason": "exit 1"}, {"heartbeat_late": True}]
)
def test_what_a_process_said_before_it_ended_or_hung_is_not_repeated(given: dict[str, Any]) -> None:
    health = {"gateway": WELL, "visibility": {"state": "normal", "since": 400.0}}
    [line] = lines(verdict(program(health, **given)), 1000.0)
    assert "✗ bot" in without_marks(line)


def test_a_cause_is_told_once() -> None:
    seen = {"state": "not_shown", "since": 400.0, "is_healthy": False, "last_error": "the disk is full"}
    told = without_marks("\n".join(lines(verdict(program({"livestock": ILL, "visibility": seen})), 1000.0)))
    assert told.count("the disk is full") == 1
    assert "members see nothing" in told


def test_bars() -> None:
    assert bars([0, 1, 7]) == "▁▂█"
    assert bars([0, 0]) == "▁▁"
    assert bars([]) == ""
    assert bars([3, 3]) == "██"
