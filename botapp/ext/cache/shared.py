"""What managers of one process share: where the cache is, clock, files and counters, and who still uses them."""

from __future__ import annotations

import atexit
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Final

from botapp.ext.cache.counters import Counters
from botapp.ext.cache.single_flight import Flights
from botapp.ext.cache.store import CacheFiles

#: room that the files may take together, unless told otherwise
DEFAULT_MAX_BYTES: Final = 256 * 1024 * 1024


# Linux has a clock that goes on while the machine sleeps
_since_boot: Callable[[], float] = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic
)
_booted_at: Final = time.time() - _since_boot()


def steady_time() -> float:
    """Return the seconds since 1970 as of the start of this process and on: nobody sets this clock back."""
    return _booted_at + _since_boot()


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


class Shared:
    """What managers of one pair of directories share in this process."""

    def __init__(self, key: tuple[Path, Path], max_bytes: int, clock: Callable[[], float]) -> None:
        self.key = key
        self.max_bytes = max_bytes
        self.counters = Counters()
        self.files = CacheFiles(*key, max_bytes, self.counters, clock)
        self.flights = Flights()
        self.managers = 0


class Handle:
    """One manager's hold on what it shares."""

    def __init__(self, temp_dir: Path, perm_dir: Path, max_bytes: int, clock: Callable[[], float]) -> None:
        key = (temp_dir.absolute(), perm_dir.absolute())
        self.closed = False
        with _open_lock:
            if key not in _open:
                _open[key] = Shared(key, max_bytes, clock)
            self.shared = _open[key]
            self.shared.managers += 1

    def close(self) -> None:
        with _open_lock:
            if self.closed:
                return
            self.closed = True
            self.shared.managers -= 1
            last = self.shared.managers == 0
            if last:
                del _open[self.shared.key]
        if last:
            self.shared.files.close()
        else:
            self.shared.files.flush()


_open: dict[tuple[Path, Path], Shared] = {}
_open_lock = Lock()


@atexit.register
def _close_all() -> None:
    """A forgotten close neither hangs the exit nor loses a write."""
    for shared in list(_open.values()):
        shared.files.close()
