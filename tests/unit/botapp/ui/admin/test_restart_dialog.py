"""`!restart` as a conversation, without Discord: who may, and what is said."""

from __future__ import annotations

from typing import Any

import pytest

from botapp import locale
from botapp.ui.admin import restart_dialog
from botapp.ui.admin.confirmation import Stage
from botapp.ui.admin.restart_dialog import is_admin


@pytest.mark.parametrize(
    ("user", "roles", "admins", "admin_roles", "allowed"),
    [
        (1, [], (1,), (), True),
        (2, [], (1,), (), False),
        (9, [], (1,), (), False),  # the owner, once there are admins, is one only by name
        (9, [], (), (), True),
        (2, [], (), (), False),
        (2, [5], (), (5,), True),
        (2, [6], (), (5,), False),
        (2, [5], (1,), (5,), True),
        (2, [7], (1,), (7,), False),  # everyone in server 7 has this role
        (2, [7, 5], (1,), (7, 5), True),
    ],
)
def test_admin_check(user: int, roles: list[int], admins: Any, admin_roles: Any, allowed: bool) -> None:
    assert is_admin(user, roles, server_id=7, admin_ids=admins, admin_role_ids=admin_roles, owner_ids={9}) is allowed


REPORT = {
    "phases": {"check_s": 0.3, "drain_s": 0.004, "stop_s": 1.5, "flush_s": 0.0003, "start_s": None},
    "downtime_s": 1.52,
    "cancelled": ["a long export"],
}


def test_back_again_lists_known_phases() -> None:
    locale.use("en")
    text = restart_dialog.back_again(7, REPORT)
    assert "process 7" in text
    assert "check 0.30 s · drain 4.0 ms · stop 1.50 s · flush 0.3 ms" in text
    assert "start" not in text
    assert "1.52 s" in text
    assert "a long export" in text
    assert restart_dialog.back_again(7, None) == "✅ Back again (process 7)."


def test_back_again_tells_of_a_hand_over() -> None:
    locale.use("en")
    report = {**REPORT, "handover": True, "downtime_s": 0.048}
    for count, said in ((None, "48.0 ms"), (1, "48.0 ms; 1 click handed over"), (3, "48.0 ms; 3 clicks handed over")):
        assert restart_dialog.back_again(7, {**report, "handed_over": count}).endswith(f"took over in {said}")
    assert "took over" in restart_dialog.back_again(7, {"handover": True, "downtime_s": None})


def test_back_again_says_why_there_was_no_hand_over() -> None:
    locale.use("en")
    text = restart_dialog.back_again(7, {**REPORT, "handover": False, "cold_problem": "not enough memory"})
    assert "not enough memory" in text
    assert "1.52 s" in text


@pytest.mark.parametrize(
    ("by", "is_news"),
    [("systemd", True), ("root (command line)", True), ("supervisor", False), ("schedule", False), ("", False)],
)
def test_only_requested_restarts_are_announced(by: str, is_news: bool) -> None:
    assert restart_dialog.is_announced({**REPORT, "requested_by": by}) is is_news
    assert not restart_dialog.is_announced(None)


@pytest.mark.parametrize("code", ["check_failed", "bad_config", "refused", "shutting_down", "closed"])
def test_failure_text_fits_a_message_and_stays_in_its_block(code: str) -> None:
    for language in locale.LANGUAGES:
        locale.use(language)
        text = restart_dialog.restart_failed(code, "x" * 5000 + "``` @everyone SyntaxError: line 3")
        assert len(text) <= 2000
        assert text.count("```") in (0, 2)
        if code in ("check_failed", "bad_config"):
            assert "SyntaxError: line 3" in text


def test_every_ending_has_its_own_text() -> None:
    locale.use("id")
    said = {restart_dialog.ending(stage) for stage in Stage if stage is not Stage.ASKING}
    assert len(said) == len(Stage) - 1
