"""What is measured of `CacheManager` alone: `python -m bench.cache_alone WORK DIRECTORY`, in a process of its own each.

Prints what it took, as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from bench.cache_ways import TASKS, VALUE
from botapp.ext.cache_manager import CacheManager
from supervisor.storage import cache_dirs as directories

MILLION: Final = 1_000_000
#: entries that a sweep takes away
EXPIRED: Final = 50_000

Figures = dict[str, Any]


def open_cache(directory: Path, **options: Any) -> CacheManager:
    """Return the cache of life 1 below `directory`, as the supervisor would have it."""
    temp, perm = directories.prepare(directory, 1)
    return CacheManager(temp_dir=temp, perm_dir=perm, max_bytes=2**32, **options)


async def fill(cache: CacheManager, count: int, **options: Any) -> None:
    """Keep so many entries."""
    for first in range(0, count, 10_000):
        keys = (f"key {number}" for number in range(first, first + 10_000))
        await asyncio.gather(*(cache.set(key, VALUE, **options) for key in keys))


class Gaps:
    """How long the loop did not come round, in milliseconds."""

    def __init__(self) -> None:
        self.longest_ms = 0.0


@asynccontextmanager
async def watched() -> AsyncIterator[Gaps]:
    """Watch the loop while the block runs: something that is to happen every turn says when it did not.

    Time in which the thread could have run and the system let others run does not count.
    """
    gaps, going = Gaps(), True

    async def watch() -> None:
        before_ns, waited_ns = time.perf_counter_ns(), _waited_ns()
        while going:
            await asyncio.sleep(0)
            now_ns, now_waited_ns = time.perf_counter_ns(), _waited_ns()
            held_ns = now_ns - before_ns - (now_waited_ns - waited_ns)
            gaps.longest_ms = max(gaps.longest_ms, held_ns / 1e6)
            before_ns, waited_ns = now_ns, now_waited_ns

    task = asyncio.create_task(watch())
    await asyncio.sleep(0)
    yield gaps
    going = False
    await task


def _waited_ns() -> int:
    """Return how long this thread has waited for a processor so far."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1])


async def held(directory: Path) -> Figures:
    """How long the loop is held: by nothing (what the machine itself does), by sets, by a clear, by a sweep."""
    now_s = 1000.0
    cache = open_cache(directory, clock=lambda: now_s)
    gc.freeze()
    async with watched() as nothing:
        await asyncio.sleep(0.3)

    async def work(task: int) -> None:
        for number in range(100):
            await cache.set(f"{task}/{number}", VALUE)

    async with watched() as sets:
        await asyncio.gather(*(work(task) for task in range(TASKS)))
    await fill(cache, EXPIRED, expires_in=10)
    now_s += 20
    async with watched() as sweep:
        swept = await cache.clear_expired()
    await fill(cache, 2 * EXPIRED)
    async with watched() as clear:
        await cache.clear()
    cache.close()
    figures = {"nothing": nothing, "sets": sets, "sweep": sweep, "clear": clear}
    return {**{name: gaps.longest_ms for name, gaps in figures.items()}, "swept": swept}


async def prepare_million(directory: Path) -> Figures:
    """Keep a million entries, for what follows."""
    cache = open_cache(directory)
    began_s = time.perf_counter()
    await fill(cache, MILLION)
    took_s = time.perf_counter() - began_s
    cache.close()
    return {"fill_s": took_s}


async def million(directory: Path) -> Figures:
    """Open a file with a million entries, look up in it, ask for figures, clear it."""
    gc.collect()
    before = _rss_bytes()
    began_s = time.perf_counter()
    cache = open_cache(directory)
    open_ms = 1000 * (time.perf_counter() - began_s)
    for number in range(0, MILLION, 10):
        await cache.get(f"key {number * 7919 % MILLION}")
    grown = _rss_bytes() - before
    began_s = time.perf_counter()
    entries = cache.get_stats()["entries"]
    stats_ms = 1000 * (time.perf_counter() - began_s)
    began_s = time.perf_counter()
    removed = await cache.clear()
    clear_ms = 1000 * (time.perf_counter() - began_s)
    cache.close()
    return {
        "open_ms": open_ms,
        "grown_mib": grown / 2**20,
        "stats_ms": stats_ms,
        "clear_ms": clear_ms,
        "entries": entries,
        "removed": removed,
    }


async def switch(directory: Path) -> Figures:
    """What the supervisor does between two lives, with a million entries."""
    began_s = time.perf_counter()
    directories.rotate(directory, 1, "all")
    directories.prepare(directory, 2)
    return {"switch_ms": 1000 * (time.perf_counter() - began_s)}


def _rss_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


WORK: dict[str, Callable[[Path], Coroutine[Any, Any, Figures]]] = {
    "held": held,
    "prepare_million": prepare_million,
    "million": million,
    "switch": switch,
}

if __name__ == "__main__":
    print(json.dumps(asyncio.run(WORK[sys.argv[1]](Path(sys.argv[2])))))
