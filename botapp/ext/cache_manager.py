"""`CacheManager`: what can be made again, kept for a while. Values that are state do not belong here."""

from __future__ import annotations

import asyncio
import copy
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import EllipsisType
from typing import Any, Final, Self, TypeVar, overload

from botapp.ext.cache import codec as cache_values
from botapp.ext.cache import jobs as cache_jobs
from botapp.ext.cache import stats as cache_figures
from botapp.ext.cache.codec import MAX_KEY_BYTES, MAX_VALUE_BYTES
from botapp.ext.cache.codec import full_key as full
from botapp.ext.cache.jobs import BOTH, Item, Job, Which
from botapp.ext.cache.shared import DEFAULT_MAX_BYTES, Handle, directories, steady_time
from botapp.locale import _

__all__ = ["DEFAULT_MAX_BYTES", "MAX_KEY_BYTES", "MAX_VALUE_BYTES", "CacheManager", "directories"]

log = logging.getLogger(__name__)

#: the longest value is at most this part of the room for all
_VALUES_IN_FILES: Final = 8
#: of many keys, how many are worked on before others get their turn, and how many bytes
_SLICE: Final = 200
_SLICE_BYTES: Final = 256 * 1024

#: "as the manager's default is"
Expiry = float | EllipsisType | None
_T = TypeVar("_T")
_MISSING: Final[Any] = object()
_ticks_ns: Final = time.perf_counter_ns


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
        max_value_bytes: int = MAX_VALUE_BYTES,
        expires_in: float | None = None,
        clock: Callable[[], float] = steady_time,
    ) -> None:
        """Use the directories of this life, unless others are named.

        Args:
            temp_dir, perm_dir: where temporary and permanent entries are kept.
            max_bytes: room that the files may take, half of it each; what was set longest ago makes room.
            max_value_bytes: longest value; at most an eighth of `max_bytes`.
            expires_in: seconds until an entry is no longer found, where `set` says nothing; None: it does not expire.
            clock: seconds since 1970.
        """
        cache_values.check_expires_in(expires_in)
        found = directories()
        self._clock = clock
        self._handle = Handle(temp_dir or found[0], perm_dir or found[1], max_bytes, clock)
        shared = self._handle.shared
        self._files, self._counters, self._flights = shared.files, shared.counters, shared.flights
        self._max_value_bytes = min(max_value_bytes, shared.max_bytes // _VALUES_IN_FILES)
        self._slice_bytes = min(_SLICE_BYTES, self._max_value_bytes)
        self._expires_in = expires_in
        self._use_namespace("")

    def namespace(self, name: str, *, expires_in: Expiry = ...) -> CacheManager:
        """Return a view of the part of the cache with this name; other parts may have the same keys.

        Args:
            name: up to 50 bytes, without ":". What has no namespace of its own is in "".
            expires_in: the default of `set` there.
        """
        view = copy.copy(self)
        if not isinstance(expires_in, EllipsisType):
            cache_values.check_expires_in(expires_in)
            view._expires_in = expires_in
        view._use_namespace(name)
        return view

    def _use_namespace(self, name: str) -> None:
        self._prefix = cache_values.prefix_of(name)
        self._namespace = name
        self._space = self._counters.space(name)

    # --- one entry ---

    async def set(self, key: str, value: Any, expires_in: Expiry = ..., permanent: bool = False) -> bool:
        """Keep `value` under `key`; return whether it is kept. If not, what was there before is gone as well.

        Args:
            key: up to 250 bytes.
            value: what MessagePack can hold, up to 1 MiB unless the manager was told otherwise.
            expires_in: seconds until it is no longer found; None: it does not expire; else the manager's default.
            permanent: whether it outlives this life.

        Raises ValueError for a key, value or time out of these bounds, TypeError for a value of another kind.
        """
        began_ns = _ticks_ns()
        full_key = self._full(key)
        packed = cache_values.pack(key, value, self._max_value_bytes)
        kept = bool(await self._put(((full_key, packed),), len(full_key) + len(packed), expires_in, permanent))
        self._counters.set_times.add(_ticks_ns() - began_ns)
        log.debug(
            "cache.set key=%s permanent=%s expires_in=%s kept=%s",
            cache_values.shown(full_key),
            permanent,
            expires_in,
            kept,
        )
        return kept

    @overload
    async def get(self, key: str, default: Any = None) -> Any: ...
    @overload
    async def get(self, key: str, default: None = None, *, type: type[_T]) -> _T | None: ...
    @overload
    async def get(self, key: str, default: _T, *, type: type[_T]) -> _T: ...
    async def get(self, key: str, default: Any = None, *, type: Any = Any) -> Any:
        """Return the value under `key`, or `default` when there is none or it has expired.

        Args:
            type: what it is read as, such as a msgspec.Struct; one that is no such thing counts as none.
        """
        value = self._find(key, type)
        return default if value is _MISSING else value

    async def delete(self, key: str) -> bool:
        """Take `key` out; return whether it was there."""
        full_key = self._full(key)
        self._flights.overtake(full_key)
        removed: int = await self._write(cache_jobs.remove((full_key,))) or 0
        self._counters.deletes += removed
        log.debug("cache.delete key=%s removed=%s", cache_values.shown(full_key), removed)
        return bool(removed)

    async def add(self, key: str, value: Any, expires_in: Expiry = ..., permanent: bool = False) -> bool:
        """Keep `value` under `key` unless something is there already; return whether it is kept. See `set`."""
        full_key, until = self._full(key), self._until(expires_in)
        packed = cache_values.pack(key, value, self._max_value_bytes)
        added = not self._refuses_more and bool(
            await self._write(
                cache_jobs.add(cache_jobs.which(permanent), (full_key, packed), self._clock(), until), len(packed)
            )
        )
        if added:
            self._flights.overtake(full_key)
        log.debug("cache.add key=%s permanent=%s kept=%s", cache_values.shown(full_key), permanent, added)
        return added

    async def incr(self, key: str, by: int = 1, expires_in: Expiry = ..., permanent: bool = False) -> int | None:
        """Add `by` to the whole number under `key` and return the sum; None when it cannot be kept.

        Where there is none it begins at 0, with `expires_in` and `permanent` as in `set`; else both stay as they are.
        Nobody can come in between. Raises TypeError when something else is there, or the sum has more than 64 bits.
        """
        full_key, until = self._full(key), self._until(expires_in)
        if self._refuses_more:
            await self.delete(key)
            return None
        job = cache_jobs.increase(cache_jobs.which(permanent), full_key, by, self._clock(), until)
        total: int | None = await self._write(job, 64)
        self._flights.overtake(full_key)
        log.debug("cache.incr key=%s by=%d kept=%s", cache_values.shown(full_key), by, total is not None)
        return total

    async def get_or_set(
        self, key: str, make: Callable[[], Awaitable[_T]], expires_in: Expiry = ..., permanent: bool = False
    ) -> _T:
        """Return the value under `key`; where there is none, what `make` returns, which is then kept. See `set`.

        However many ask at once, `make` runs once. Its exception reaches all who wait, and is not kept. When the key
        is set, deleted or cleared meanwhile, who waits gets what was made, and it is not kept.
        """
        kept: _T = self._find(key, Any)
        if kept is not _MISSING:
            return kept
        full_key = self._full(key)

        async def compute(still_counts: Callable[[], bool]) -> _T:
            made = await make()
            packed = cache_values.pack(key, made, self._max_value_bytes)
            if still_counts():
                await self._keep(((full_key, packed),), len(full_key) + len(packed), expires_in, permanent)
            return made

        found: _T = await self._flights.join(full_key, compute)
        return found

    # --- many ---

    async def get_many(self, keys: Iterable[str], *, type: Any = Any) -> dict[str, Any]:
        """Return the values that are there, by key."""
        found: dict[str, Any] = {}
        for number, key in enumerate(keys, 1):
            value = self._find(key, type)
            if value is not _MISSING:
                found[key] = value
            if number % _SLICE == 0:
                await asyncio.sleep(0)
        return found

    async def set_many(self, values: Mapping[str, Any], expires_in: Expiry = ..., permanent: bool = False) -> int:
        """Keep many values; return how many are kept. See `set`; when one is refused, none is kept."""
        parts = [part async for part in self._packed(values)]
        kept = 0
        for items, weight in parts:
            kept += await self._put(items, weight, expires_in, permanent) or 0
        log.debug("cache.set_many keys=%d permanent=%s kept=%d", len(values), permanent, kept)
        return kept

    async def clear_expired(self) -> int:
        """Take out what has expired; return how many entries that were."""
        return await self._remove_expired(self._namespace or None) or 0

    async def clear_temporary(self) -> int:
        """Take out everything that is not permanent; return how many entries that were."""
        return await self._clear(("temp",), self._namespace or None) or 0

    async def clear(self, namespace: str | None = None) -> int:
        """Take out everything, or everything in a namespace; return how many entries that were.

        On a view it is everything in that.
        """
        return await self._clear(BOTH, self._namespace or None if namespace is None else namespace) or 0

    # --- all of it ---

    def get_stats(self) -> dict[str, Any]:
        """Return counters, sizes and times; `problem` says why the cache is off, or is None.

        It takes as long with a million entries as with none. Times are in microseconds, `oldest_entry` in seconds
        since 1970; what has expired counts as an entry until it is swept.
        """
        return cache_figures.stats(self._handle.shared, self._clock())

    def health(self) -> dict[str, Any]:
        """Return the few figures that go into a heartbeat."""
        return cache_figures.health(self._handle.shared)

    async def flush(self, policy: str) -> int | None:
        """Seal the cache and take out what the next life is not to find; return how many entries; None: it failed.

        Args:
            policy: "all", "temporary", "expired" or "none".
        """
        # sealed first: what a late task still writes would come after the emptying
        self.seal()
        if policy == "expired":
            return await self._remove_expired(None)
        which: dict[str, tuple[Which, ...]] = {"all": BOTH, "temporary": ("temp",)}
        return await self._clear(which[policy], None) if policy in which else 0

    def seal(self) -> None:
        """Keep nothing more from now on: the next life must not find what a late task still writes.

        What a late task changes is still taken out, so that the next life does not find it as it was before.
        """
        self._files.sealed = True

    def unseal(self) -> None:
        """Keep things again: the drain was called off."""
        self._files.sealed = False

    def close(self) -> None:
        """Commit what is queued; the last manager that shares the files closes them. Safe to call twice."""
        self._handle.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await asyncio.to_thread(self.close)

    # --- small things ---

    def _full(self, key: str) -> str:
        return full(self._prefix, key)

    def _until(self, expires_in: Expiry) -> float | None:
        if expires_in is ...:
            expires_in = self._expires_in
        if expires_in is None:
            return None
        cache_values.check_expires_in(expires_in)
        return self._clock() + expires_in

    @property
    def _refuses_more(self) -> bool:
        return self._files.sealed or self._files.is_overloaded

    def _find(self, key: str, kind: Any) -> Any:
        """Return the value under `key`, or _MISSING. Whoever answers members waits for it: every line counts."""
        began_ns = _ticks_ns()
        full_key, now, counters = full(self._prefix, key), self._clock(), self._counters
        value = _MISSING
        packed = None if self._handle.closed else self._files.read(full_key, now)
        if packed is not None:
            try:
                value = cache_values.unpack(packed, kind)
            except ValueError as error:
                log.debug("cache.get key=%s is no %s: %s", cache_values.shown(full_key), kind, error)
        hit = value is not _MISSING
        if now >= counters.history.ends_at:
            counters.history.move_on(now, *counters.lookups())
        if hit:
            self._space.hits += 1
        else:
            self._space.misses += 1
        if log.isEnabledFor(logging.DEBUG):
            log.debug("cache.get key=%s hit=%s", cache_values.shown(full_key), hit)
        counters.get_times.add(_ticks_ns() - began_ns)
        return value

    def _put(self, items: Sequence[Item], weight: int, expires_in: Expiry, permanent: bool) -> Awaitable[int | None]:
        """Keep items; what comes is how many are kept. None of them is found as it was before."""
        if self._flights.any:
            for full_key, _packed in items:
                self._flights.overtake(full_key)
        return self._keep(items, weight, expires_in, permanent)

    def _keep(self, items: Sequence[Item], weight: int, expires_in: Expiry, permanent: bool) -> Awaitable[int | None]:
        until, files = self._until(expires_in), self._files
        if self._handle.closed:
            return _nothing()
        if files.sealed or files.is_overloaded:
            self._counters.refused += len(items)
            return self._refuse(items)
        return files.write(cache_jobs.Put("perm" if permanent else "temp", items, self._clock(), until), weight)

    async def _refuse(self, items: Sequence[Item]) -> int:
        """Keep nothing of it, and not what was there before either."""
        await self._files.write(cache_jobs.remove([full_key for full_key, _packed in items]))
        return 0

    async def _packed(self, values: Mapping[str, Any]) -> AsyncIterator[tuple[list[Item], int]]:
        """Yield what is to be kept, and how many bytes that is, in parts each of which takes little time."""
        part: list[Item] = []
        weight = 0
        for key, value in values.items():
            full_key = self._full(key)
            packed = cache_values.pack(key, value, self._max_value_bytes)
            part.append((full_key, packed))
            weight += len(full_key) + len(packed)
            if len(part) >= _SLICE or weight >= self._slice_bytes:
                yield part, weight
                part, weight = [], 0
                await asyncio.sleep(0)
        if part:
            yield part, weight

    async def _clear(self, which: tuple[Which, ...], namespace: str | None) -> int | None:
        removed: int | None = None
        if namespace is not None:
            self._flights.overtake(prefix=cache_values.prefix_of(namespace))
            removed = await self._repeat(lambda: cache_jobs.remove_namespace(which, namespace))
        elif not self._handle.closed:
            self._flights.overtake()
            removed = await self._files.clear(which)
        return self._cleared("clear" if which == BOTH else "clear_temporary", removed, namespace)

    async def _remove_expired(self, namespace: str | None) -> int | None:
        now = self._clock()
        removed = await self._repeat(lambda: cache_jobs.remove_expired(now, namespace))
        self._counters.expired += removed or 0
        return self._cleared("clear_expired", removed, namespace)

    async def _repeat(self, make_job: Callable[[], Job]) -> int | None:
        """Do a job that takes out a few until it finds no more; return how many that were."""
        removed = 0
        while True:
            some: int | None = await self._write(make_job())
            if not some:
                return None if some is None else removed
            removed += some

    def _cleared(self, name: str, removed: int | None, namespace: str | None) -> int | None:
        what = name if namespace is None else f"{name} namespace={namespace}"
        if removed is None:
            log.warning(_("cache.%s failed: %s"), what, self._files.problem or self._files.last_error)
        else:
            log.info("cache.%s removed=%d", what, removed)
        return removed

    async def _write(self, job: Job, weight: int = 0) -> Any:
        return None if self._handle.closed else await self._files.write(job, weight)


async def _nothing() -> None:
    """What comes of a write by a manager that is closed."""
