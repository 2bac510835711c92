"""A cache for tests, and processes that use one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from botapp.ext.cache_manager import CacheManager


def open_cache(path: Path, **options: Any) -> CacheManager:
    """Return the cache below `path`."""
    return CacheManager(temp_dir=path / "temp", perm_dir=path / "perm", **options)


def file_of(path: Path, kind: str = "temp") -> Path:
    """Return the database file of a cache below `path`."""
    return path / kind / "entries" / "cache.sqlite"


async def set_all(cache: CacheManager, values: Mapping[str, Any], **options: Any) -> int:
    """Set many entries at the same time; return how many are kept."""
    return sum(await asyncio.gather(*(cache.set(key, value, **options) for key, value in values.items())))


async def get_all(cache: CacheManager, keys: Iterable[str]) -> dict[str, Any]:
    """Return the values that are found, by key."""
    missing = object()
    found = {key: await cache.get(key, missing) for key in keys}
    return {key: value for key, value in found.items() if value is not missing}
