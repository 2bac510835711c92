"""The dashboard's history: what is kept, for how long, and in how many bytes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from botapp.dashboard.figures.history import MAX_RESTARTS, History, quantile
from botapp.dashboard.figures.minutes import Counted, Minute, Process
from botapp.runtime.private_files import aside_of

M0 = 29_000_000
DAYS = 30


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dashboard" / "history.db"


def minute(number: int, **fields: object) -> Minute:
    """Return the record of a minute in which members were served."""
    return Minute(minute=number, observed_s=60.0, served_s=60.0, **fields)  # type: ignore[arg-type]


def test_points_have_sums_maxima_and_gaps(path: Path) -> None:
    history = History(path, DAYS)
    history.add([minute(M0, cache_hits=3, loop_lag_ms=1.5), minute(M0 + 1, cache_hits=4, loop_lag_ms=0.5)], None)
    history.add([minute(M0 + 6, processes={"bot": Process(100, 2.5)}, unhealthy_s={"gateway": 12.0})], None)
    series = history.read(M0 * 60, (M0 + 8) * 60, 120)
    assert series.at_s == [(M0 + number) * 60 for number in (0, 2, 4, 6, 8)]
    assert series.figures["cache_hits"] == [7, None, None, 0, None]
    assert series.figures["loop_lag_ms"] == [1.5, None, None, None, None]
    assert series.rss_bytes == {"bot": [None, None, None, 100, None]}
    assert series.unhealthy_s == {"gateway": [None, None, None, 12, None]}
    assert history.sum_since("cache_hits", (M0 + 1) * 60) == 4


def test_durations_of_answers_are_estimated_from_their_counts(path: Path) -> None:
    history = History(path, DAYS)
    history.add([minute(M0, answered={"25": 49, "50": 1}), minute(M0 + 1, answered={"25": 1, "50": 49})], None)
    history.add([minute(M0 + 2, failed={"late": 2})], None)
    series = history.read(M0 * 60, (M0 + 2) * 60, 120)
    assert series.answers == {"clicks": [100, None], "median_ms": [25, None], "p99_ms": [49.5, None]}
    assert series.failed == {"late": [None, 2]}


@pytest.mark.parametrize(
    ("counts", "share", "expected"),
    [({}, 0.5, 0), ({"25": 2}, 0.5, 12.5), ({"25": 1, "100": 1, "50": 2}, 0.5, 37.5), ({"25": 1, "more": 9}, 0.5, 25)],
)
def test_quantiles(counts: dict[str, int], share: float, expected: float) -> None:
    assert quantile(counts, share) == expected


def test_the_next_process_continues_the_counters(path: Path) -> None:
    first = History(path, DAYS)
    assert first.last_counted() is None
    counted = Counted(3, M0 * 60.0, {"cache_hits": 9})
    first.add([minute(M0)], counted)
    first.close()
    assert History(path, DAYS).last_counted() == counted


def test_old_records_and_surplus_reports_are_deleted(path: Path) -> None:
    history = History(path, DAYS)
    history.add([minute(M0, processes={"bot": Process(1, None)}), minute(M0 + 1)], None)
    history.add_restarts({"program": "bot", "at": M0 * 60.0 + number} for number in range(MAX_RESTARTS + 70))
    history.delete_before(M0 + 1)
    series = history.read(M0 * 60, (M0 + 1) * 60, 60)
    assert series.figures["served_s"] == [None, 60]
    assert series.rss_bytes == {}
    kept = history.list_restarts(0, 9999)
    assert len(kept) == MAX_RESTARTS
    assert kept[0]["at"] == M0 * 60 + MAX_RESTARTS + 69


def test_a_report_that_is_seen_twice_is_kept_once(path: Path) -> None:
    history = History(path, DAYS)
    report = {"program": "bot", "at": 1.5, "ok": True}
    history.add_restarts([report, report])
    history.add_restarts([report])
    assert history.list_restarts(0, 10) == [report]


def test_a_link_is_used_once(path: Path) -> None:
    history = History(path, DAYS)
    assert history.use_link("a", 100, 1)
    assert not history.use_link("a", 100, 2)
    history.close()
    assert not History(path, DAYS).use_link("a", 100, 3)


def test_a_damaged_file_is_kept_and_replaced(path: Path) -> None:
    history = History(path, DAYS)
    history.add([minute(M0 + number) for number in range(500)], None)
    history.close()
    damaged = bytearray(path.read_bytes())
    damaged[4096:12288] = b"x" * 8192
    path.write_bytes(damaged)
    assert History(path, DAYS).read(M0 * 60, M0 * 60, 60).figures["served_s"] == [None]
    assert aside_of(path).read_bytes() == bytes(damaged)


def test_a_link_in_place_of_the_file_is_not_followed(path: Path) -> None:
    path.parent.mkdir(parents=True)
    other = path.with_name("other")
    path.symlink_to(other)
    with pytest.raises(sqlite3.OperationalError):
        History(path, DAYS).use_link("a", 1, 1)
    assert not other.exists()


def test_the_file_is_private_and_a_column_of_a_later_version_is_added(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as earlier:
        earlier.execute("CREATE TABLE minute (minute INTEGER PRIMARY KEY, observed_s NUMERIC)")
        earlier.execute("INSERT INTO minute VALUES (?, 60)", (M0,))
    earlier.close()
    series = History(path, DAYS).read(M0 * 60, M0 * 60, 60)
    assert (series.figures["observed_s"], series.figures["cache_hits"]) == ([60], [None])
    path.unlink()
    History(path, DAYS).last_counted()
    assert path.stat().st_mode & 0o777 == 0o600


def test_thirty_days_fit(path: Path) -> None:
    history = History(path, DAYS)
    used = {name: Process(50_000_000 + len(name), 0.25) for name in ("bot", "supervisor", "dashboard")}
    full = dict.fromkeys(("cache_hits", "cache_misses", "cache_entries", "disk_free_bytes", "cache_bytes"), 123_456_789)
    count = DAYS * 24 * 60
    rows = (
        minute(
            M0 + number,
            **full,
            answered={"25": 12, "50": 8, "100": 3, "200": 1},
            loop_lag_ms=1.25,
            latency_ms=95.5,
            processes=used,
            unhealthy_s={"gateway": 7.25},
        )
        for number in range(count)
    )
    history.add(rows, None)
    assert path.stat().st_size <= 20_000_000
    series = history.read(M0 * 60, (M0 + count) * 60, 7200)
    assert sum(value or 0 for value in series.figures["served_s"]) == count * 60
