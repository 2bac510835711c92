"""Scenes with a cache that need a process of their own: `python -m tests.support.cache.scenes NAME DIRECTORY`.

Each prints its results as JSON, for the test to check.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botapp import locale
from tests.support.cache import get_all, open_cache, set_all

Found = dict[str, Any]


@contextmanager
def no_file_can_grow() -> Iterator[None]:
    """Make every write to a file fail."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


@contextmanager
def full(path: Path) -> Iterator[None]:
    """Fill the file system of `path`."""
    filler = path / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """Remount the file system at `path` read-only."""
    subprocess.run(["mount", "-o", "remount,ro", str(path)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(path)], check=True)


@contextmanager
def read_only_directories(path: Path) -> Iterator[None]:
    """Let nothing be created, renamed or deleted in `path` and below."""
    directories = [path, *(entry for entry in path.rglob("*") if entry.is_dir())]
    for directory in directories:
        directory.chmod(0o500)
    try:
        yield
    finally:
        for directory in directories:
            directory.chmod(0o700)


async def _fault(path: Path, fault: Callable[[], Any]) -> Found:
    """Return what is found before, during and after a fault."""
    found: Found = {}
    cache = open_cache(path, max_bytes=2**20)
    await set_all(cache, {f"key {number}": b"x" * 1000 for number in range(100)})
    await cache.set("changed", "before", permanent=True)
    await cache.set("deleted", "before")
    with fault():
        found["kept"] = await cache.set("changed", "during", permanent=True)
        await cache.delete("deleted")
        found["big"] = await cache.set("big", os.urandom(100_000))
        found["changed"] = await cache.get("changed", "nothing")
        found["deleted"] = await cache.get("deleted", "nothing")
        found["problem"] = cache.get_stats()["problem"]
        found["last_error"] = cache.get_stats()["last_error"]
    for _ in range(40):
        if await cache.set("again", 1) and await cache.set("again", 1, permanent=True):
            break
        await asyncio.sleep(0.1)
    found["again"] = await cache.get("again")
    found["problem after"] = cache.get_stats()["problem"]
    found["changed after"] = await cache.get("changed", "nothing")
    found["deleted after"] = await cache.get("deleted", "nothing")
    cache.close()
    next_life = open_cache(path)
    found["next life"] = await get_all(next_life, ["changed", "deleted", "again"])
    next_life.close()
    return found


async def _clear_in(path: Path, fault: Callable[[], Any]) -> Found:
    """Return what a clear does during a fault."""
    found: Found = {}
    cache = open_cache(path)
    await set_all(cache, {f"key {number}": number for number in range(100)})
    await set_all(cache, {f"perm {number}": number for number in range(10)}, permanent=True)
    with fault():
        found["removed"] = await cache.clear()
        found["there"] = len(await get_all(cache, [f"key {number}" for number in range(100)]))
        found["perm there"] = len(await get_all(cache, [f"perm {number}" for number in range(10)]))
    cache.close()
    next_life = open_cache(path)
    found["next life"] = next_life.get_stats()["entries"]
    found["works"] = await next_life.set("new", 1)
    next_life.close()
    return found


async def limited(path: Path) -> Found:
    return await _fault(path, no_file_can_grow)


async def limited_clear(path: Path) -> Found:
    return await _clear_in(path, no_file_can_grow)


async def nothing_can_be_changed(path: Path) -> Found:
    """No file can grow, and none can be renamed."""

    @contextmanager
    def both() -> Iterator[None]:
        with no_file_can_grow(), read_only_directories(path):
            yield

    return await _fault(path, both)


async def full_disk(path: Path) -> Found:
    return await _fault(path, lambda: full(path))


async def full_disk_clear(path: Path) -> Found:
    return await _clear_in(path, lambda: full(path))


async def read_only_directory(path: Path) -> Found:
    return await _fault(path, lambda: read_only_directories(path))


async def read_only_directory_clear(path: Path) -> Found:
    return await _clear_in(path, lambda: read_only_directories(path))


async def begins_read_only(path: Path) -> Found:
    """Open the cache on a disk that is read-only."""
    found: Found = {}
    with read_only(path):
        cache = open_cache(path)
        found["kept"] = await cache.set("key", 1)
        found["got"] = await cache.get("key", "nothing")
        found["problem"] = cache.get_stats()["problem"]
    for _ in range(40):
        if await cache.set("key", 1):
            break
        await asyncio.sleep(0.1)
    found["after"] = await cache.get("key")
    cache.close()
    return found


async def beside_another(path: Path) -> Found:
    """Be one of two processes that use the same files: set, get and delete keys of its own."""
    cache = open_cache(path)
    wrong = 0
    for number in range(1500):
        key = f"{os.getpid()} {number % 100}"
        wrong += not await cache.set(key, number, permanent=number % 3 == 0)
        wrong += await cache.get(key) != number
        if number % 10 == 9 and number < 1400:
            wrong += not await cache.delete(key)
            wrong += await cache.get(key) is not None
    found = {"wrong": wrong, "errors": cache.get_stats()["errors"], "last_error": cache.get_stats()["last_error"]}
    cache.close()
    return found


def main() -> None:
    """Run the scene that the arguments name."""
    locale.use("en")
    name, path = sys.argv[1:]
    print(json.dumps(asyncio.run(globals()[name](Path(path)))))


if __name__ == "__main__":
    main()
