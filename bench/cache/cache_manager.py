"""What has no counterpart in other caches: `python -m bench.cache.cache_manager WORK DIRECTORY`; prints JSON."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from bench.cache.caches import Figures, fill
from botapp.ext.cache_manager import CacheManager
from supervisor.storage import cache_dirs

MILLION: Final = 1_000_000


def open_cache(directory: Path) -> CacheManager:
    """Return the cache of life 1 below `directory`, which the supervisor prepares."""
    temp, perm = cache_dirs.prepare(directory, 1)
    return CacheManager(temp_dir=temp, perm_dir=perm, max_bytes=2**32)


async def fill_million(directory: Path) -> Figures:
    """Set a million entries, for the measurements below."""
    cache = open_cache(directory)
    await fill(cache, MILLION)
    cache.close()
    return {}


async def measure_million(directory: Path) -> Figures:
    """Open a file with a million entries, look up in it, and clear it."""
    gc.collect()
    before_bytes = _read_rss_bytes()
    began_s = time.perf_counter()
    cache = open_cache(directory)
    open_ms = 1000 * (time.perf_counter() - began_s)
    for number in range(0, MILLION, 10):
        await cache.get(f"key {number * 7919 % MILLION}")
    grown_mib = (_read_rss_bytes() - before_bytes) / 2**20
    began_s = time.perf_counter()
    removed = await cache.clear()
    clear_ms = 1000 * (time.perf_counter() - began_s)
    cache.close()
    assert removed == MILLION
    return {"open_ms": open_ms, "grown_mib": grown_mib, "clear_ms": clear_ms}


async def measure_switch(directory: Path) -> Figures:
    """Switch the directories with a million entries, as the supervisor does between two lives."""
    began_s = time.perf_counter()
    cache_dirs.rotate(directory, 1, 2, "all")
    cache_dirs.prepare(directory, 2)
    return {"switch_ms": 1000 * (time.perf_counter() - began_s)}


def _read_rss_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


WORK: Final[dict[str, Callable[[Path], Coroutine[Any, Any, Figures]]]] = {
    "fill": fill_million,
    "million": measure_million,
    "switch": measure_switch,
}

if __name__ == "__main__":
    print(json.dumps(asyncio.run(WORK[sys.argv[1]](Path(sys.argv[2])))))
