"""The caches that are measured, behind one face. The Python of each loads it, so nothing else of ours is at hand.

Run as `python bench/cache_ways.py WAY WORK DIRECTORY`, it does one piece of work and prints what it took, as JSON.
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
import json
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol

VALUE = {"name": "Steam Wallet 10", "price": 50_000, "description": "x" * 60, "codes": [1, 2, 3]}
#: entries there are to look up, and look-ups of one sample
ENTRIES = 10_000
LOOKUPS = 5_000
#: tasks that set at the same time, and how often each does
TASKS = 32
SETS_EACH = 100
#: entries that a clear takes away
CLEARED = 20_000

Figures = dict[str, Any]


class Way(Protocol):
    """One cache."""

    async def get(self, key: str) -> Any:
        """Return what is under `key`."""

    async def set(self, key: str, value: Any) -> Any:
        """Keep something."""

    async def fill(self, count: int) -> None:
        """Keep VALUE under "key 0" and on."""

    async def clear(self) -> Any:
        """Take everything out."""

    async def close(self) -> None:
        """Let go of the files."""


class Ours:
    """`CacheManager`."""

    def __init__(self, directory: Path) -> None:
        from botapp.ext.cache_manager import CacheManager

        self._cache = CacheManager(temp_dir=directory / "temp", perm_dir=directory / "perm", max_bytes=2**32)
        # with nothing of ours in between
        self.get: Callable[[str], Coroutine[Any, Any, Any]] = self._cache.get
        self.set: Callable[[str, Any], Coroutine[Any, Any, Any]] = self._cache.set
        self.clear: Callable[[], Coroutine[Any, Any, Any]] = self._cache.clear

    async def fill(self, count: int) -> None:
        for first in range(0, count, 10_000):
            numbers = range(first, min(first + 10_000, count))
            await asyncio.gather(*(self._cache.set(f"key {number}", VALUE) for number in numbers))

    async def close(self) -> None:
        self._cache.close()


class _Diskcache:
    """diskcache, or its fork, called as it is: on the event loop."""

    def __init__(self, cache: Any) -> None:
        self._cache = cache

    async def get(self, key: str) -> Any:
        return self._cache.get(key)

    async def set(self, key: str, value: Any) -> Any:
        return self._cache.set(key, value)

    async def fill(self, count: int) -> None:
        with self._cache.transact():
            for number in range(count):
                self._cache.set(f"key {number}", VALUE)

    async def clear(self) -> Any:
        return self._cache.clear()

    async def close(self) -> None:
        self._cache.close()


class _InThreads(_Diskcache):
    """The same, called in the thread pool, as a bot has to."""

    async def get(self, key: str) -> Any:
        return await asyncio.to_thread(self._cache.get, key)

    async def set(self, key: str, value: Any) -> Any:
        return await asyncio.to_thread(self._cache.set, key, value)

    async def clear(self) -> Any:
        return await asyncio.to_thread(self._cache.clear)


class Cashews:
    """cashews on disk."""

    def __init__(self, directory: Path) -> None:
        self._cache = importlib.import_module("cashews").Cache()
        self._cache.setup(f"disk://?directory={directory}&shards=0")

    async def get(self, key: str) -> Any:
        return await self._cache.get(key)

    async def set(self, key: str, value: Any) -> Any:
        return await self._cache.set(key, value)

    async def fill(self, count: int) -> None:
        for number in range(count):
            await self.set(f"key {number}", VALUE)

    async def clear(self) -> Any:
        return await self._cache.clear()

    async def close(self) -> None:
        await self._cache.close()


def make(name: str, directory: Path) -> Way:
    """Return the cache called `name`."""
    if name == "CacheManager":
        return Ours(directory)
    if name == "cashews":
        return Cashews(directory)
    package, _, how = name.partition(" ")
    module = importlib.import_module(package.replace("-", "_"))
    cache = module.Cache(str(directory), size_limit=2**32)
    return _InThreads(cache) if how == "in threads" else _Diskcache(cache)


# --- work ---


async def get(way: Way) -> Figures:
    """Look up, one after the other."""
    await way.fill(ENTRIES)
    await asyncio.sleep(0.2)
    keys = [f"key {number * 7919 % ENTRIES}" for number in range(LOOKUPS)]
    for key in keys[:500]:
        await way.get(key)
    took_ns = []
    for key in keys:
        began = time.perf_counter_ns()
        await way.get(key)
        took_ns.append(time.perf_counter_ns() - began)
    took_ns.sort()
    return {"median_us": took_ns[LOOKUPS // 2] / 1000, "p99_us": took_ns[LOOKUPS * 99 // 100] / 1000}


async def set_many_tasks(way: Way) -> Figures:
    """Many tasks set, each one after the other."""
    numbers = itertools.count()

    async def work() -> None:
        for _ in range(SETS_EACH):
            await way.set(f"key {next(numbers)}", VALUE)

    best = 0.0
    for _ in range(3):
        began_s = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(TASKS)))
        best = max(best, TASKS * SETS_EACH / (time.perf_counter() - began_s))
    return {"sets_per_s": best}


async def clear(way: Way) -> Figures:
    """Take everything out."""
    await way.fill(CLEARED)
    began_s = time.perf_counter()
    await way.clear()
    return {"clear_ms": 1000 * (time.perf_counter() - began_s)}


WORK: dict[str, Callable[[Way], Awaitable[Figures]]] = {"get": get, "set": set_many_tasks, "clear": clear}


async def main(name: str, work: str, directory: Path) -> Figures:
    """Do one piece of work."""
    way = make(name, directory)
    try:
        return await WORK[work](way)
    finally:
        await way.close()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))))
