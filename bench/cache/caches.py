"""One piece of work with one cache: `python -m bench.cache.caches CACHE WORK DIRECTORY`; prints the figures as JSON.

Runs with the Python that has the cache installed, so it imports the standard library only.
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

VALUE: Final = {"name": "Steam Wallet 10", "price": 50_000, "description": "x" * 60, "codes": [1, 2, 3]}
#: entries to look up, and lookups of one sample
ENTRIES: Final = 10_000
LOOKUPS: Final = 5_000
#: tasks that set at the same time, and how often each does
TASKS: Final = 32
SETS_PER_TASK: Final = 100
#: entries that a clear deletes
CLEARED: Final = 20_000

OURS: Final = "CacheManager"
DISKCACHE: Final = "diskcache"
DISKCACHE_THREADS: Final = "diskcache in threads"

Figures = dict[str, float]
#: has `get`, `set`, `clear` (coroutines) and `close`
Cache = Any


class Diskcache:
    """diskcache, called on the event loop."""

    def __init__(self, directory: Path) -> None:
        self._cache = importlib.import_module("diskcache").Cache(str(directory), size_limit=2**32)
        self.close = self._cache.close

    async def get(self, key: str) -> Any:
        return self._cache.get(key)

    async def set(self, key: str, value: Any) -> Any:
        return self._cache.set(key, value)

    async def clear(self) -> Any:
        return self._cache.clear()


class ThreadedDiskcache(Diskcache):
    """diskcache, called in the thread pool, as a bot has to."""

    async def get(self, key: str) -> Any:
        return await asyncio.to_thread(self._cache.get, key)

    async def set(self, key: str, value: Any) -> Any:
        return await asyncio.to_thread(self._cache.set, key, value)

    async def clear(self) -> Any:
        return await asyncio.to_thread(self._cache.clear)


def open_cache(name: str, directory: Path) -> Cache:
    """Return the cache called `name`."""
    if name == OURS:
        from botapp.ext.cache_manager import CacheManager

        return CacheManager(temp_dir=directory / "temp", perm_dir=directory / "perm", max_bytes=2**32)
    return Diskcache(directory) if name == DISKCACHE else ThreadedDiskcache(directory)


async def fill(cache: Cache, count: int, **options: Any) -> None:
    """Set the keys "key 0" and on, 500 at a time."""
    for first in range(0, count, 500):
        keys = (f"key {number}" for number in range(first, first + 500))
        await asyncio.gather(*(cache.set(key, VALUE, **options) for key in keys))


async def measure_get(cache: Cache) -> Figures:
    """Look up one key after the other."""
    await fill(cache, ENTRIES)
    await asyncio.sleep(0.2)
    keys = [f"key {number * 7919 % ENTRIES}" for number in range(LOOKUPS)]
    for key in keys[:500]:
        await cache.get(key)
    took_ns = []
    for key in keys:
        began_ns = time.perf_counter_ns()
        await cache.get(key)
        took_ns.append(time.perf_counter_ns() - began_ns)
    took_ns.sort()
    return {"median_us": took_ns[LOOKUPS // 2] / 1000, "p99_us": took_ns[LOOKUPS * 99 // 100] / 1000}


async def measure_set(cache: Cache) -> Figures:
    """Set in many tasks at the same time; the best of three runs counts."""
    numbers = itertools.count()

    async def work() -> None:
        for _ in range(SETS_PER_TASK):
            await cache.set(f"key {next(numbers)}", VALUE)

    best = 0.0
    for _ in range(3):
        began_s = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(TASKS)))
        best = max(best, TASKS * SETS_PER_TASK / (time.perf_counter() - began_s))
    return {"sets_per_s": best}


async def measure_clear(cache: Cache) -> Figures:
    """Delete all entries."""
    await fill(cache, CLEARED)
    began_s = time.perf_counter()
    await cache.clear()
    return {"clear_ms": 1000 * (time.perf_counter() - began_s)}


WORK: Final[dict[str, Callable[[Cache], Awaitable[Figures]]]] = {
    "get": measure_get,
    "set": measure_set,
    "clear": measure_clear,
}


async def main(name: str, work: str, directory: Path) -> Figures:
    """Do one piece of work."""
    cache = open_cache(name, directory)
    try:
        return await WORK[work](cache)
    finally:
        cache.close()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))))
