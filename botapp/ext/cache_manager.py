"""`CacheManager`: a cache for values that can be computed again. State does not belong here."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from botapp.ext.cache import jobs
from botapp.ext.cache.codec import MAX_VALUE_BYTES, MISSING, check_expires_in, check_key, pack
from botapp.ext.cache.jobs import KINDS, Job, Kind
from botapp.ext.cache.shared import DEFAULT_MAX_BYTES, acquire, default_directories, release, resume, steady_time
from botapp.ext.cache.store import CacheStore, NoStore
from botapp.locale import _

__all__ = ["MAX_VALUE_BYTES", "CacheManager", "default_directories"]

log = logging.getLogger(__name__)

#: the largest value takes at most this part of the room for both files
_LARGEST_VALUE_PART: Final = 8
_T = TypeVar("_T")


class CacheManager:
    """A cache of keys (str) and values (what MessagePack can hold) in the cache directories of this process.

    The managers of one process share files, writer and counters. While the files cannot be used nothing raises:
    `set` keeps nothing, `get` finds nothing, and `get_stats` has the reason. It is the same while the cache is
    suspended, because another process serves.
    """

    def __init__(
        self,
        *,
        temp_dir: Path | None = None,
        perm_dir: Path | None = None,
        max_bytes: int = DEFAULT_MAX_BYTES,
        clock: Callable[[], float] = steady_time,
    ) -> None:
        """Open the cache. In a process that is only prepared, the default one is suspended until `resume`.

        Args:
            temp_dir, perm_dir: directories of temporary and of permanent entries; default: those of this process.
            max_bytes: size of both files together, half for each; the entries set longest ago are evicted first.
            clock: returns the seconds since 1970.
        """
        self._clock = clock
        self._shared = acquire(temp_dir, perm_dir, max_bytes, clock)
        self._counters, self._flights = self._shared.counters, self._shared.flights
        self._max_value_bytes = min(MAX_VALUE_BYTES, self._shared.max_bytes // _LARGEST_VALUE_PART)
        self._closed = False

    # --- one entry ---

    async def set(self, key: str, value: Any, expires_in: float | None = None, permanent: bool = False) -> bool:
        """Set an entry; return whether it is kept. If it is not, the previous entry is gone as well.

        Args:
            key: up to 250 bytes.
            value: what MessagePack can hold, up to 1 MiB and an eighth of `max_bytes`.
            expires_in: seconds until the entry expires; None: it does not.
            permanent: whether the entry outlives a restart.

        Raises ValueError for a key, value or time out of these bounds, TypeError for a value that cannot be packed.
        """
        check_key(key)
        packed = pack(key, value, self._max_value_bytes)
        self._flights.invalidate(key)
        kept = await self._put(key, packed, expires_in, permanent)
        log.debug("cache.set key=%s permanent=%s expires_in=%s kept=%s", key, permanent, expires_in, kept)
        return kept

    async def get(self, key: str, default: Any = None) -> Any:
        """Return the value of `key`, or `default` if there is none or it has expired."""
        value = self._find(key)
        return default if value is MISSING else value

    async def delete(self, key: str) -> bool:
        """Delete an entry; return whether it existed."""
        check_key(key)
        self._flights.invalidate(key)
        removed = bool(await self._write(jobs.remove(key)))
        self._counters.deletes += removed
        log.debug("cache.delete key=%s removed=%s", key, removed)
        return removed

    async def get_or_set(
        self, key: str, make: Callable[[], Awaitable[_T]], expires_in: float | None = None, permanent: bool = False
    ) -> _T:
        """Return the value of `key`; if there is none, set it to what `make` returns. Arguments as for `set`.

        `make` runs once, however many callers wait. Its exception reaches all of them and is not cached. If the key
        is set, deleted or cleared meanwhile, the callers get what `make` returned, but it is not cached.
        """
        value = self._find(key)
        if value is not MISSING:
            cached: _T = value
            return cached

        async def compute(is_current: Callable[[], bool]) -> _T:
            made = await make()
            packed = pack(key, made, self._max_value_bytes)
            if is_current():
                await self._put(key, packed, expires_in, permanent)
            return made

        result: _T = await self._flights.join(key, compute)
        return result

    # --- many entries ---

    async def clear_expired(self) -> int:
        """Delete the entries that have expired; return how many."""
        return await self._clear_expired() or 0

    async def clear_temporary(self) -> int:
        """Delete the entries that are not permanent; return how many."""
        return await self._clear("clear_temporary", ("temp",)) or 0

    async def clear(self) -> int:
        """Delete all entries; return how many."""
        return await self._clear("clear", KINDS) or 0

    async def flush(self, policy: str) -> int | None:
        """Seal the cache and delete what the next life must not see; return how many entries, None if that failed.

        Args:
            policy: "all", "temporary", "expired" or "none".
        """
        # first: a task that is still running could set entries after the clear
        self.seal()
        if policy == "expired":
            return await self._clear_expired()
        if policy == "temporary":
            return await self._clear("clear_temporary", ("temp",))
        return await self._clear("clear", KINDS) if policy == "all" else 0

    # --- the whole cache ---

    def get_stats(self) -> dict[str, Any]:
        """Return counters and sizes; `problem` is why the cache is off, or None.

        Takes as long with a million entries as with none. An expired entry counts until it is removed.
        """
        return self._shared.stats()

    def health(self) -> dict[str, Any]:
        """Return the part of `get_stats` that goes into a heartbeat."""
        return self._shared.health()

    def seal(self) -> None:
        """Keep nothing more: what a task sets from now on is only removed, so that the next life finds no old value."""
        self._store.sealed = True

    def unseal(self) -> None:
        """Keep entries again: the drain was cancelled."""
        self._store.sealed = False

    def suspend(self) -> None:
        """Commit what is queued, and close the files for all managers: another process serves from now on."""
        self._shared.suspend()

    def resume(self, temp_dir: Path | None = None, perm_dir: Path | None = None) -> None:
        """Use the files in these directories from now on, in all managers; by default those that were used before."""
        resume(self._shared, temp_dir, perm_dir)

    def close(self) -> None:
        """Commit what is queued; the last manager closes the files. Safe to call twice."""
        if not self._closed:
            self._closed = True
            release(self._shared)

    # --- small helpers ---

    @property
    def _store(self) -> CacheStore | NoStore:
        return self._shared.store

    def _find(self, key: str) -> Any:
        """Return the value of `key`, or MISSING, and count the lookup."""
        check_key(key)
        value = MISSING if self._closed else self._store.read(key, self._clock())
        if value is MISSING:
            self._counters.misses += 1
        else:
            self._counters.hits += 1
        if log.isEnabledFor(logging.DEBUG):
            log.debug("cache.get key=%s hit=%s", key, value is not MISSING)
        return value

    async def _put(self, key: str, packed: bytes, expires_in: float | None, permanent: bool) -> bool:
        now, expires_at = self._clock(), None
        if expires_in is not None:
            check_expires_in(expires_in)
            expires_at = now + expires_in
        if self._store.sealed:
            self._counters.refused += 1
            await self._write(jobs.remove(key))
            return False
        job = jobs.put("perm" if permanent else "temp", key, packed, now, expires_at)
        kept = bool(await self._write(job, len(key) + len(packed)))
        self._counters.sets += kept
        return kept

    async def _clear(self, name: str, kinds: tuple[Kind, ...]) -> int | None:
        removed: int | None = None
        if not self._closed:
            self._flights.invalidate()
            removed = await self._store.clear(kinds)
        return self._log_clear(name, removed)

    async def _clear_expired(self) -> int | None:
        now, removed = self._clock(), 0
        while batch := await self._write(jobs.remove_expired(now)):
            removed += batch
        self._counters.expired += removed
        return self._log_clear("clear_expired", None if batch is None else removed)

    def _log_clear(self, name: str, removed: int | None) -> int | None:
        if removed is None:
            log.warning(_("cache.%s failed: %s"), name, self._store.problem or self._counters.last_error)
        else:
            log.info("cache.%s removed=%d", name, removed)
        return removed

    async def _write(self, job: Job, size: int = 0) -> Any:
        return None if self._closed else await self._store.write(job, size)
