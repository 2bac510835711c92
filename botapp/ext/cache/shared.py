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
from botapp.ext.cache.store import CacheStore

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


def default_directories(environ: Mapping[str, str] = os.environ) -> tuple[Path, Path]:
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

    def __init__(self, directories: tuple[Path, Path], max_bytes: int, clock: Callable[[], float]) -> None:
        self.directories = directories
        self.max_bytes = max_bytes
        self.counters = Counters()
        self.store = CacheStore(*directories, max_bytes, self.counters, clock)
        self.flights = SingleFlight()
        self.managers = 0

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


def acquire(temp_dir: Path, perm_dir: Path, max_bytes: int, clock: Callable[[], float]) -> SharedCache:
    """Return what the managers of these directories share, for one more manager."""
    directories = (temp_dir.absolute(), perm_dir.absolute())
    with _lock:
        if directories not in _open:
            _open[directories] = SharedCache(directories, max_bytes, clock)
        shared = _open[directories]
        shared.managers += 1
    return shared


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


_open: dict[tuple[Path, Path], SharedCache] = {}
_lock = Lock()


@atexit.register
def _close_all() -> None:
    """Commit what managers that were never closed have queued."""
    for shared in list(_open.values()):
        shared.store.close()
