"""What the managers of one process share: the files of one pair of directories, their writer and their counters."""

from __future__ import annotations

import atexit
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Final

from botapp.ext.cache.counters import Counters
from botapp.ext.cache.single_flight import SingleFlight
from botapp.ext.cache.store import CacheStore, NoStore

#: where the temporary and the permanent file are
Directories = tuple[Path, Path]

#: default size of both files together, in bytes
DEFAULT_MAX_BYTES: Final = 256 * 1024 * 1024

# Linux has a clock that goes on while the machine sleeps
_since_boot_s: Callable[[], float] = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic
)
_booted_at: Final = time.time() - _since_boot_s()


def steady_time() -> float:
    """Return the seconds since 1970 by a clock that is read once, at the start, and cannot be set back."""
    return _booted_at + _since_boot_s()


def default_directories(environ: Mapping[str, str] = os.environ) -> Directories:
    """Return the directories of the temporary and of the permanent file.

    The supervisor names them; without one they are below `$XDG_CACHE_HOME/stocksup/standalone`.
    """
    temp, perm = environ.get("STOCKSUP_CACHE_DIR"), environ.get("STOCKSUP_CACHE_PERM_DIR")
    if temp and perm:
        return Path(temp), Path(perm)
    home = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "/tmp")) / ".cache"
    standalone = Path(home) / "stocksup" / "standalone"
    return standalone / "temp", standalone / "perm"


class SharedCache:
    """The files of one pair of directories, and what belongs to them in this process."""

    def __init__(self, directories: Directories | None, max_bytes: int, clock: Callable[[], float]) -> None:
        """Without directories it is suspended."""
        self.directories = directories
        self.max_bytes = max_bytes
        self.counters = Counters()
        self.store: CacheStore | NoStore = NoStore()
        self.flights = SingleFlight()
        self.managers = 0
        self._clock = clock
        if directories is not None:
            self.open(directories)

    @property
    def is_suspended(self) -> bool:
        """Whether another process uses the files."""
        return isinstance(self.store, NoStore)

    def open(self, directories: Directories) -> None:
        """Open the files."""
        self.directories = directories
        self.store = CacheStore(*directories, self.max_bytes, self.counters, self._clock)

    def suspend(self) -> None:
        """Commit what is queued, and close the files."""
        self.flights.invalidate()
        store, self.store = self.store, NoStore()
        store.close()

    def health(self) -> dict[str, Any]:
        """Return the figures for a heartbeat."""
        counters, problem = self.counters, self.store.problem
        temporary, permanent = self.store.totals("temp"), self.store.totals("perm")
        return {
            "is_healthy": problem is None,
            # a full disk, for example: a restart would not help
            "external": problem is not None,
            "problem": problem,
            "last_error": counters.last_error,
            "sealed": self.store.sealed,
            "entries": temporary[0] + permanent[0],
            "temporary": temporary[0],
            "permanent": permanent[0],
            "bytes": temporary[1] + permanent[1],
            "hits": counters.hits,
            "misses": counters.misses,
            "evictions": counters.evictions,
            "errors": counters.errors,
        }

    def stats(self) -> dict[str, Any]:
        """Return all figures."""
        counters = self.counters
        lookups = counters.hits + counters.misses
        return {
            **self.health(),
            "size_bytes": self.store.size_bytes(),
            "max_bytes": self.max_bytes,
            "hit_ratio": round(counters.hits / lookups, 4) if lookups else None,
            "sets": counters.sets,
            "deletes": counters.deletes,
            "refused": counters.refused,
            "expired": counters.expired,
        }


def acquire(temp_dir: Path | None, perm_dir: Path | None, max_bytes: int, clock: Callable[[], float]) -> SharedCache:
    """Return what the managers of these directories share, for one more manager; default: those of this process."""
    with _lock:
        directories = _of_process()
        if temp_dir is not None or perm_dir is not None:
            default = default_directories()
            directories = ((temp_dir or default[0]).absolute(), (perm_dir or default[1]).absolute())
        if directories not in _open:
            _open[directories] = SharedCache(directories, max_bytes, clock)
        shared = _open[directories]
        shared.managers += 1
    return shared


def resume(shared: SharedCache, temp_dir: Path | None, perm_dir: Path | None) -> None:
    """Let all managers of `shared` use the files in these directories, unless they do; default: those it had."""
    global _named
    with _lock:
        before = shared.directories or default_directories()
        directories = ((temp_dir or before[0]).absolute(), (perm_dir or before[1]).absolute())
        if shared.directories == directories and not shared.is_suspended:
            return
        if _open.get(_of_process()) is shared:
            _named = directories
        del _open[shared.directories]
        shared.suspend()
        shared.open(directories)
        _open[directories] = shared


def _of_process() -> Directories | None:
    """Return the directories of this process; None if it is prepared, and was not told any."""
    if _named is not None:
        return _named
    if os.environ.get("STOCKSUP_ROLE") == "prepared":
        return None
    temp_dir, perm_dir = default_directories()
    return temp_dir.absolute(), perm_dir.absolute()


def release(shared: SharedCache) -> None:
    """Commit what a manager has queued; close the files after the last manager."""
    with _lock:
        shared.managers -= 1
        is_last = shared.managers == 0
        if is_last:
            del _open[shared.directories]
    if is_last:
        shared.store.close()
    else:
        shared.store.flush()


_open: dict[Directories | None, SharedCache] = {}
#: the directories that this process was told while it ran
_named: Directories | None = None
_lock = Lock()


@atexit.register
def _close_all() -> None:
    """Commit what managers that were never closed have queued."""
    for shared in list(_open.values()):
        shared.store.close()
