"""The statistics of the cache as text."""

from __future__ import annotations

from typing import Any

import pytest

from botapp import locale
from botapp.ui.admin.cache_texts import describe


def stats(**changed: Any) -> dict[str, Any]:
    counts = dict.fromkeys(("sets", "deletes", "evictions", "expired", "refused", "errors"), 0)
    return {
        "entries": 1200,
        "temporary": 1150,
        "permanent": 50,
        "bytes": 300_000,
        "size_bytes": 400_000,
        "max_bytes": 2**28,
        "hits": 0,
        "misses": 0,
        "hit_ratio": None,
        "sealed": False,
        "problem": None,
        "last_error": None,
        **counts,
        **changed,
    }


def test_describe() -> None:
    assert describe(stats(hits=1400, misses=16, hit_ratio=0.9887, errors=2)) == [
        "🗃️ Cache: 1,200 entries (1,150 temporary, 50 permanent), 293 KiB",
        "Size on disk: 391 KiB of at most 256 MiB",
        "Hits: 1,400, misses: 16, hit ratio: 99%",
        "Set: 0, deleted: 0, evicted: 0, expired: 0, refused: 0, errors: 2",
    ]


@pytest.mark.parametrize(
    ("changed", "last"),
    [
        ({"problem": "/x: No space left on device", "last_error": "no"}, "⚠️ /x: No space left on device"),
        ({"last_error": "/x: damaged"}, "Last error, resolved since: /x: damaged"),
        ({"sealed": True}, "🔒 Read-only: the bot is shutting down."),
    ],
)
def test_problems_come_last(changed: dict[str, Any], last: str) -> None:
    assert describe(stats(**changed))[-1] == last


def test_empty_cache() -> None:
    empty = stats()
    assert "Hits: 0, misses: 0, hit ratio: –" in describe(empty)
    locale.use("id")
    assert "1.200 entri" in describe(empty)[0]
