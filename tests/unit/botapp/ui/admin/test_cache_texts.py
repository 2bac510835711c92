"""The figures of the cache as a text, and what they are made of."""

from __future__ import annotations

from typing import Any

import pytest

from botapp import locale
from botapp.ext.cache.counters import HISTORY_PIECE_S, HISTORY_PIECES, MAX_NAMESPACES, Counters, Histogram, History
from botapp.ui.admin import cache_texts as cache_report


def stats(**changed: Any) -> dict[str, Any]:
    counters = Counters()
    part = {"entries": 1200, "bytes": 300_000, "oldest_entry": 1000.0}
    return {
        "entries": 1200,
        "bytes": 300_000,
        "size_bytes": 400_000,
        "max_bytes": 2**28,
        "kinds": {"temporary": part, "permanent": {**part, "entries": 0, "bytes": 0}},
        "oldest_entry": 1000.0,
        "namespaces": {"": {}, "products": {"entries": 5, "bytes": 2048, "hits": 3, "misses": 1, "hit_ratio": 0.75}},
        "sealed": False,
        "problem": None,
        "last_error": None,
        **counters.shown(2000.0),
        **changed,
    }


def test_what_a_person_is_told() -> None:
    hits, misses = [0] * 27 + [9, 5, 0], [0] * 27 + [1, 5, 10]
    times = {"count": 10, "p50_us": 6.14, "p99_us": 1250.0}
    history = {"piece_s": 120, "hits": hits, "misses": misses}
    told = stats(hits=1400, misses=16, hit_ratio=0.9887, history=history, get=times, errors=2)
    assert cache_report.lines(told, 2000.0 + 3600) == [
        "🗃️ Cache: 1,200 entries, 293 KiB; files: 391 KiB of 256 MiB",
        "temporary: 1,200 entries, 293 KiB",
        "permanent: 0 entries, 0 KiB",
        "oldest entry: 1 h 16 min ago",
        "found 1,400 times, not found 16 times: 98.9%",
        "found in the last 60 minutes: ···························▇▅▁ 46.7%",
        "set: 0; deleted: 0; made room: 0; expired: 0; refused: 0; errors: 2",
        "found in 6.14 µs, 99% within 1.25 ms",
        "products: 5 entries, 2 KiB, found: 75.0%",
    ]


@pytest.mark.parametrize(
    ("changed", "last"),
    [
        ({"problem": "/x: No space left on device", "last_error": "no"}, "⚠️ /x: No space left on device"),
        ({"last_error": "/x: damaged"}, "last error, which is over: /x: damaged"),
        ({"sealed": True}, "🔒 sealed: the bot is about to end"),
    ],
)
def test_what_is_wrong_is_told_last(changed: dict[str, Any], last: str) -> None:
    assert cache_report.lines(stats(**changed), 2000.0)[-1] == last


def test_an_empty_cache_has_a_report_too() -> None:
    told = stats(oldest_entry=None, namespaces={})
    assert not any("oldest" in line for line in cache_report.lines(told, 2000.0))
    locale.use("id")
    assert "1.200 entri" in cache_report.lines(told, 2000.0)[0]


def test_percentiles_are_right_to_an_eighth() -> None:
    histogram = Histogram()
    assert histogram.percentiles_us(50) == {"p50_us": None}
    for took_ns in range(1, 100_001):
        histogram.add(took_ns)
    for wanted, found in histogram.percentiles_us(1, 50, 90, 99, 100).items():
        exact_us = float(wanted[1:-3])
        assert found is not None
        assert exact_us <= found <= exact_us * 1.13, wanted


def test_times_that_cannot_be_do_no_harm() -> None:
    histogram = Histogram()
    for took_ns in (0, 1, 2**62):
        histogram.add(took_ns)
    assert histogram.count == 3


def test_the_history_moves_on_and_stays_as_long_as_it_is() -> None:
    history = History()
    history.move_on(1000.0, 0, 0)
    assert history.ends_at == 1000 // HISTORY_PIECE_S * HISTORY_PIECE_S + HISTORY_PIECE_S
    history.move_on(1000.0 + HISTORY_PIECE_S, 1, 0)
    history.move_on(500.0, 1, 1)
    shown = history.shown(1000.0 + HISTORY_PIECE_S, 1, 2)
    assert (shown["hits"][-2:], shown["misses"][-2:]) == ([1, 0], [0, 2]), "a clock set back counts into this piece"
    shown = history.shown(1000.0 + HISTORY_PIECE_S * 4, 1, 2)
    assert (shown["hits"][-5:], shown["misses"][-5:]) == ([1, 0, 0, 0, 0], [0, 2, 0, 0, 0])
    shown = history.shown(10.0**9, 1, 2)
    assert (sum(shown["hits"]), sum(shown["misses"]), len(shown["hits"])) == (0, 0, HISTORY_PIECES)


def test_namespaces_without_end_take_no_room_without_end() -> None:
    counters = Counters()
    for number in range(MAX_NAMESPACES + 50):
        counters.space(str(number)).misses += 1
    assert len(counters.spaces) == MAX_NAMESPACES + 1
    assert counters.lookups() == (0, MAX_NAMESPACES + 50)
