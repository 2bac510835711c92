"""`CacheManager`: what can be made again, kept for a while. Values that are state do not belong here."""

from __future__ import annotations

import asyncio
import atexit
import logging
import math
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, Final

import msgspec

from botapp.ext.cache_store import CacheFiles, CacheOff, Job, Which, put, remove, remove_all, remove_expired
from botapp.locale import _

log = logging.getLogger(__name__)

#: longest key and value, in bytes
MAX_KEY_BYTES: Final = 512
MAX_VALUE_BYTES: Final = 1024 * 1024
#: room that the files may take together with their indexes, unless told otherwise
DEFAULT_MAX_BYTES: Final = 256 * 1024 * 1024

_SEARCHED: Final[tuple[Which, ...]] = ("temp", "perm")


def directories(environ: Mapping[str, str] = os.environ) -> tuple[Path, Path]:
    """Return the directories of the temporary and the permanent cache.

    They are this life's, or, without a supervisor, below `$XDG_CACHE_HOME/stocksup/standalone`.
    """
    temp, perm = environ.get("STOCKSUP_CACHE_DIR"), environ.get("STOCKSUP_CACHE_PERM_DIR")
    if temp and perm:
        return Path(temp), Path(perm)
    home = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "/tmp")) / ".cache"
    alone = Path(home) / "stocksup" / "standalone"
    return alone / "temp", alone / "perm"


class CacheManager:
    """A cache of keys (text) and values (what MessagePack can hold) in this life's cache directories.

    Managers of one process share files, writer and counters. When the files cannot be used, nothing raises:
    nothing is kept, nothing is found, and `get_stats` says why.
    """

    def __init__(
        self,
        *,
        temp_dir: Path | None = None,
        perm_dir: Path | None = None,
        max_bytes: int = DEFAULT_MAX_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Use the directories of this life, unless others are named.

        Args:
            temp_dir, perm_dir: where temporary and permanent entries are kept.
            max_bytes: room each of the two files may take.
            clock: seconds since 1970.
        """
        found = directories()
        self._clock = clock
        self._shared = _share(temp_dir or found[0], perm_dir or found[1], max_bytes)
        self._files = self._shared.files
        self._counts = self._shared.counts

    async def set(self, key: str, value: Any, expires_in: float | None = None, permanent: bool = False) -> bool:
        """Keep `value` under `key`; return whether it is kept.

        Args:
            key: up to 512 bytes.
            value: what MessagePack can hold, up to 1 MiB.
            expires_in: seconds until it is no longer found; None: it does not expire.
            permanent: whether it outlives this life.

        Raises ValueError for a key, value or time out of these bounds, TypeError for a value of another kind.
        """
        _check_key(key)
        if expires_in is not None and not (expires_in > 0 and math.isfinite(expires_in)):
            raise ValueError(f"expires_in is {expires_in}; expected a number of seconds above 0, or None")
        data = msgspec.msgpack.encode(value)
        if len(data) > MAX_VALUE_BYTES:
            raise ValueError(f"the value of {key!r} takes {len(data)} bytes; at most {MAX_VALUE_BYTES} are kept")
        expires_at = None if expires_in is None else self._clock() + expires_in
        which: Which = "perm" if permanent else "temp"
        kept = await self._change(put(which, key, data, expires_at)) is not None
        self._counts["sets"] += kept
        log.debug("cache.set key=%s permanent=%s expires_in=%s kept=%s", key, permanent, expires_in, kept)
        return kept

    async def get(self, key: str, default: Any = None) -> Any:
        """Return the value under `key`, or `default` when there is none or it has expired."""
        _check_key(key)
        for which in _SEARCHED:
            try:
                row = self._files.read(which, key)
            except CacheOff:
                break
            if row is not None and (row[1] is None or row[1] > self._clock()):
                self._counts["hits"] += 1
                return msgspec.msgpack.decode(row[0])
        self._counts["misses"] += 1
        return default

    async def delete(self, key: str) -> bool:
        """Take `key` out; return whether it was there."""
        _check_key(key)
        removed = await self._change(remove(key))
        self._counts["deletes"] += removed or 0
        log.debug("cache.delete key=%s removed=%s", key, removed)
        return bool(removed)

    async def clear_expired(self) -> int:
        """Take out what has expired; return how many entries that were."""
        return await self._clear("clear_expired", remove_expired(self._clock()))

    async def clear_temporary(self) -> int:
        """Take out everything that is not permanent; return how many entries that were."""
        return await self._clear("clear_temporary", remove_all("temp"))

    async def clear(self) -> int:
        """Take out everything; return how many entries that were."""
        return await self._clear("clear", remove_all("temp", "perm"))

    def get_stats(self) -> dict[str, Any]:
        """Return counters and sizes; `problem` says why the cache is off, or is None."""
        entries = self._files.entries
        return {
            "enabled": self._files.problem is None,
            "problem": self._files.problem,
            "sealed": self._files.sealed,
            "entries": entries["temp"] + entries["perm"],
            "temporary": entries["temp"],
            "permanent": entries["perm"],
            "size_bytes": self._files.size_bytes(),
            **self._counts,
        }

    def seal(self) -> None:
        """Refuse `set` and `delete` from now on: the next life must not find what a late task still writes."""
        self._files.sealed = True

    def unseal(self) -> None:
        """Take writes again: the drain was called off."""
        self._files.sealed = False

    def close(self) -> None:
        """Commit what is queued and close the files, for every manager that shares them. Safe to call twice."""
        self._shared.close()

    async def _clear(self, name: str, job: Job) -> int:
        removed = await self._write(job)
        if removed is None:
            log.warning(_("cache.%s failed: %s"), name, self._files.problem or _("closed"))
            return 0
        log.info("cache.%s removed=%d", name, removed)
        return removed

    async def _change(self, job: Job) -> int | None:
        if self._files.sealed:
            self._counts["refused"] += 1
            return None
        return await self._write(job)

    async def _write(self, job: Job) -> int | None:
        """Return how many entries `job` touched, once it is committed; None when the cache is off."""
        try:
            return await asyncio.wrap_future(self._files.write(job))
        except CacheOff:
            return None


class _Shared:
    """Files and counters of one pair of directories in this process."""

    def __init__(self, key: tuple[Path, Path], max_bytes: int) -> None:
        self._key = key
        self.files = CacheFiles(*key, max_bytes)
        self.counts = {"hits": 0, "misses": 0, "sets": 0, "deletes": 0, "refused": 0}

    def close(self) -> None:
        with _open_lock:
            if _open.get(self._key) is self:
                del _open[self._key]
        self.files.close()


_open: dict[tuple[Path, Path], _Shared] = {}
_open_lock = Lock()


def _share(temp_dir: Path, perm_dir: Path, max_bytes: int) -> _Shared:
    key = (temp_dir.absolute(), perm_dir.absolute())
    with _open_lock:
        if key not in _open:
            _open[key] = _Shared(key, max_bytes)
        return _open[key]


@atexit.register
def _close_all() -> None:
    """A forgotten close neither hangs the exit nor loses a write."""
    for shared in list(_open.values()):
        shared.close()


def _check_key(key: str) -> None:
    if not isinstance(key, str):
        raise TypeError(f"a key is a text, not {type(key).__name__}")
    # a text that is no UTF-8 (half of a surrogate pair) is a ValueError of its own
    if not 1 <= len(key.encode()) <= MAX_KEY_BYTES:
        raise ValueError(f"a key is a text of 1 to {MAX_KEY_BYTES} bytes")
