"""What happened to the cache in this process, counted as it happens, and what `get_stats` makes of it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final

from botapp.ext.cache.jobs import Which

#: the hit ratio over time: so many pieces of so many seconds
HISTORY_PIECES: Final = 30
HISTORY_PIECE_S: Final = 120
#: namespaces that are told apart; the others are counted together
MAX_NAMESPACES: Final = 1000
#: under this name
OTHERS: Final = "…"
#: namespaces that `get_stats` shows, the largest first
SHOWN_NAMESPACES: Final = 20

#: each doubling of a time is divided in 2 ** _FINE pieces, so that a percentile is right to an eighth
_FINE: Final = 3
_SLOTS: Final = 64 << _FINE


class Histogram:
    """How long something took, in fixed room."""

    def __init__(self) -> None:
        self._slots = [0] * _SLOTS

    @property
    def count(self) -> int:
        """How many times were counted."""
        return sum(self._slots)

    def add(self, took_ns: int) -> None:
        """Count one time, in nanoseconds."""
        size = took_ns.bit_length()
        self._slots[(size << _FINE) + ((took_ns >> (size - _FINE - 1)) & 7) if size > _FINE else 0] += 1

    def percentiles_us(self, *wanted: float) -> dict[str, float | None]:
        """Return by name ("p50_us") the time that so many per cent have stayed below; None: nothing was counted."""
        return {f"p{one:g}_us": self._percentile_us(one) for one in wanted}

    def _percentile_us(self, wanted: float) -> float | None:
        needed, seen = math.ceil(self.count * wanted / 100), 0
        for slot, count in enumerate(self._slots):
            seen += count
            if count and seen >= needed:
                size, piece = slot >> _FINE, slot & 7
                return round(((9 + piece) << max(0, size - _FINE - 1)) / 1000, 2)
        return None


class History:
    """Hits and misses over time, from what both have come to whenever a piece of time ends."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[int, int]] = deque([(0, 0)] * (HISTORY_PIECES - 1), HISTORY_PIECES - 1)
        self._before = (0, 0)
        #: when the present piece ends, in seconds; nothing needs to be done before
        self.ends_at = -math.inf

    def move_on(self, now: float, hits: int, misses: int) -> None:
        """Begin the piece that `now` is in; up to now there were so many hits and misses in all."""
        if now < self.ends_at:
            return
        piece = int(now) // HISTORY_PIECE_S
        if self.ends_at != -math.inf:
            self._pieces.append((hits - self._before[0], misses - self._before[1]))
            passed = piece - int(self.ends_at) // HISTORY_PIECE_S
            self._pieces.extend([(0, 0)] * min(passed, HISTORY_PIECES))
            self._before = (hits, misses)
        self.ends_at = (piece + 1) * HISTORY_PIECE_S

    def shown(self, now: float, hits: int, misses: int) -> dict[str, Any]:
        """Return the pieces up to `now`, the oldest first."""
        self.move_on(now, hits, misses)
        pieces = [*self._pieces, (hits - self._before[0], misses - self._before[1])]
        return {"piece_s": HISTORY_PIECE_S, "hits": [one[0] for one in pieces], "misses": [one[1] for one in pieces]}


class Space:
    """Hits and misses of one namespace."""

    __slots__ = ("hits", "misses")

    def __init__(self) -> None:
        self.hits = 0
        self.misses = 0


class Counters:
    """All that is counted. Look-ups are counted by whoever looks up, the rest by the writer."""

    def __init__(self) -> None:
        self.sets = 0
        self.deletes = 0
        self.refused = 0
        self.evictions = 0
        self.expired = 0
        self.errors = 0
        self.get_times = Histogram()
        self.set_times = Histogram()
        self.history = History()
        self.spaces: dict[str, Space] = {}

    def space(self, name: str) -> Space:
        """Return where the look-ups of a namespace are counted."""
        if name not in self.spaces and len(self.spaces) >= MAX_NAMESPACES:
            name = OTHERS
        return self.spaces.setdefault(name, Space())

    def lookups(self) -> tuple[int, int]:
        """Return all hits and all misses."""
        spaces = list(self.spaces.values())
        return sum(space.hits for space in spaces), sum(space.misses for space in spaces)

    def shown(self, now: float) -> dict[str, Any]:
        """Return what was counted."""
        hits, misses = self.lookups()
        return {
            "hits": hits,
            "misses": misses,
            "hit_ratio": ratio(hits, misses),
            "sets": self.sets,
            "deletes": self.deletes,
            "refused": self.refused,
            "evictions": self.evictions,
            "expired": self.expired,
            "errors": self.errors,
            "get": {"count": self.get_times.count, **self.get_times.percentiles_us(50, 90, 99, 100)},
            "set": {"count": self.set_times.count, **self.set_times.percentiles_us(50, 90, 99, 100)},
            "history": self.history.shown(now, hits, misses),
        }

    def by_namespace(self, totals: Sequence[dict[str, tuple[int, int]]]) -> dict[str, dict[str, Any]]:
        """Return the largest namespaces, given entries and bytes by namespace in each file."""
        sizes: dict[str, tuple[int, int]] = dict.fromkeys(list(self.spaces), (0, 0))
        for one in totals:
            for name, (entries, size) in one.items():
                before = sizes.get(name, (0, 0))
                sizes[name] = (before[0] + entries, before[1] + size)
        largest = sorted(sizes, key=lambda name: (-sizes[name][1], name))[:SHOWN_NAMESPACES]
        return {name: self._space_shown(name, *sizes[name]) for name in largest}

    def _space_shown(self, name: str, entries: int, size: int) -> dict[str, Any]:
        space = self.spaces.get(name, Space())
        hit_ratio = ratio(space.hits, space.misses)
        return {
            "entries": entries,
            "bytes": size,
            "hits": space.hits,
            "misses": space.misses,
            "hit_ratio": hit_ratio,
        }


def ratio(hits: int, misses: int) -> float | None:
    """Return the part of look-ups that found something; None when there was none."""
    return round(hits / (hits + misses), 4) if hits + misses else None


def sizes(totals: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """Return entries and bytes of one file, given those of its namespaces."""
    return {"entries": sum(one[0] for one in totals.values()), "bytes": sum(one[1] for one in totals.values())}


def kinds(
    totals: Mapping[Which, Mapping[str, tuple[int, int]]], oldest: Mapping[Which, float | None]
) -> dict[str, dict[str, Any]]:
    """Return what there is of temporary and of permanent entries."""
    names: dict[str, Which] = {"temporary": "temp", "permanent": "perm"}
    return {name: {**sizes(totals[which]), "oldest_entry": oldest[which]} for name, which in names.items()}
