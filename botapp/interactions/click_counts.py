"""Counts the clicks that this process has answered, by how long that took, and those that failed, by kind."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Final

#: upper limits of the durations that are counted together, in milliseconds
LIMITS_MS: Final = (25, 50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000)
#: name of the count of longer ones
MORE: Final = "more"
#: kinds of failures that are counted apart; further ones are "other"
MAX_KINDS: Final = 10
_NAMES: Final = (*map(str, LIMITS_MS), MORE)


class ClickCounts:
    """The counts since this process has started. Counting takes the same time, however many there were."""

    def __init__(self) -> None:
        self._answered = [0] * len(_NAMES)
        self._sum_s = 0.0
        self._failed: dict[str, int] = {}

    def add_answered(self, took_s: float) -> None:
        """Count a click that was answered after `took_s` seconds."""
        self._answered[bisect_left(LIMITS_MS, 1000 * took_s)] += 1
        self._sum_s += took_s

    def add_failed(self, kind: str) -> None:
        """Count a click that could not be answered."""
        if kind not in self._failed and len(self._failed) >= MAX_KINDS:
            kind = "other"
        self._failed[kind] = self._failed.get(kind, 0) + 1

    def report(self) -> dict[str, Any]:
        """Return the counts, for a heartbeat."""
        answered = dict(zip(_NAMES, self._answered, strict=True))
        return {"answered_ms": answered, "sum_s": round(self._sum_s, 3), "failed": dict(self._failed)}
