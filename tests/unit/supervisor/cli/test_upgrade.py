"""What `upgrade` finds in the history, and its output."""

from __future__ import annotations

from typing import Any

from supervisor.cli.commands.upgrade import Takeover, as_object, finished_reports, lines

TAKEOVER = Takeover(7, "1.0", "2.0", {"bot": 4, "second": 1}, ["relay"])


def _report(program: str, at: float, from_life: int, **fields: Any) -> dict[str, Any]:
    return {"program": program, "at": at, "from_life": from_life, "to_life": from_life + 1, "ok": True, **fields}


def test_reports_of_earlier_restarts_do_not_count() -> None:
    wanted = _report("bot", 100.0, 4)
    newest = [_report("bot", 103.0, 5), wanted, _report("relay", 101.0, 1), _report("second", 99.0, 1)]
    assert list(finished_reports(TAKEOVER, newest, since=100.0)) == [wanted]


def test_a_failed_restart_that_was_tried_again_is_reported_once() -> None:
    again, failed = _report("bot", 102.0, 4), _report("bot", 101.0, 4, ok=False)
    assert list(finished_reports(TAKEOVER, [again, failed], since=100.0)) == [again]


def test_output() -> None:
    shown = lines(TAKEOVER, [_report("bot", 100.0, 4, phases={}, downtime_s=0.1)])
    assert shown[0] == "supervisor: version 1.0 → 2.0, PID 7 as before"
    assert shown[1].startswith("bot: process 4 → 5")
    assert shown[-1].endswith("stocksup restart relay")
    assert as_object(TAKEOVER, [_report("bot", 1.0, 4, ok=False)])["ok"] is False
