"""The counts of clicks: by duration, and failures by kind."""

from __future__ import annotations

from botapp.interactions.click_counts import LIMITS_MS, MAX_KINDS, ClickCounts


def test_clicks_are_counted_by_their_duration() -> None:
    counts = ClickCounts()
    for took_s in (0.001, 0.025, 0.026, 0.3, 2.9, 3.1, 60.0):
        counts.add_answered(took_s)
    report = counts.report()
    found = {name: count for name, count in report["answered_ms"].items() if count}
    assert found == {"25": 2, "50": 1, "300": 1, "3000": 1, "more": 2}
    assert len(report["answered_ms"]) == len(LIMITS_MS) + 1
    assert report["sum_s"] == 66.352


def test_kinds_of_failures_have_a_limit() -> None:
    counts = ClickCounts()
    for number in range(MAX_KINDS + 5):
        counts.add_failed(f"kind {number}")
    counts.add_failed("kind 0")
    failed = counts.report()["failed"]
    assert (failed["kind 0"], failed["other"], len(failed)) == (2, 5, MAX_KINDS + 1)
