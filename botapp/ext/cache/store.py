"""The cache's two files: `temp` belongs to one life, `perm` outlives it. Read directly, written by one thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import apsw

from botapp.ext.cache import jobs
from botapp.ext.cache.codec import MISSING, Damaged, decode_entry
from botapp.ext.cache.counters import Counters
from botapp.ext.cache.database import Database
from botapp.ext.cache.file import CacheFile, monotonic_s
from botapp.ext.cache.jobs import KINDS, Files, Job, Kind
from botapp.ext.cache.writer import Writer
from botapp.locale import _

#: bytes that share one commit at most
MAX_GROUP_BYTES: Final = 1024 * 1024
#: how often a group of jobs is tried; a file that fails is recreated or left out each time
MAX_ATTEMPTS: Final = 5
#: how often a read checks whether the files were moved, in seconds
CHECK_INTERVAL_S: Final = 1.0
#: how often expired entries are removed, in seconds, while some entry expires
SWEEP_INTERVAL_S: Final = 15.0


class NoStore:
    """Stands in for the files while another process serves: it keeps nothing and finds nothing."""

    problem: str | None = None
    sealed = True

    def read(self, key: str, now: float) -> Any:
        """Return MISSING."""
        return MISSING

    async def write(self, job: Job, size: int = 0) -> Any:
        """Do nothing."""

    async def clear(self, kinds: Sequence[Kind]) -> Any:
        """Return 0: there are no entries."""
        return 0

    def totals(self, kind: Kind) -> tuple[int, int]:
        """Return no entries and no bytes."""
        return 0, 0

    def size_bytes(self) -> int:
        """Return 0."""
        return 0

    def flush(self) -> None:
        """Do nothing: nothing is queued."""

    def close(self) -> None:
        """Do nothing: nothing is open."""


class CacheStore:
    """The two files of one pair of directories, and their writer. The methods are thread-safe."""

    def __init__(
        self, temp_dir: Path, perm_dir: Path, max_bytes: int, counters: Counters, clock: Callable[[], float]
    ) -> None:
        """Open the files; each may take half of `max_bytes`. Never raises because of their state."""
        self._counters = counters
        self._clock = clock
        #: held while a file is read, and while a file is put into use or taken out of it
        self._lock = threading.Lock()
        homes: dict[Kind, Path] = {"temp": temp_dir, "perm": perm_dir}
        self._files = {kind: CacheFile(homes[kind], max_bytes // 2, counters, self._lock) for kind in KINDS}
        self._readable = tuple(self._files.values())
        self._check_at_s = 0.0
        self._sweep_at_s = 0.0
        #: whether entries can only be removed
        self.sealed = False
        self._writer = Writer(self, min(MAX_GROUP_BYTES, max_bytes // 8))

    # --- for the manager ---

    def read(self, key: str, now: float) -> Any:
        """Return the value under `key`, or MISSING. Never waits for a lock of a file."""
        if monotonic_s() >= self._check_at_s:
            self._check_moved()
        with self._lock:
            for file in self._readable:
                if (database := file.database) is None:
                    continue
                try:
                    data = database.read(key)
                    if data is not None and (value := decode_entry(key, data, now)) is not MISSING:
                        return value
                except (apsw.Error, Damaged) as error:
                    self._handle_read_error(file, database, error)
        return MISSING

    def write(self, job: Job, size: int = 0) -> asyncio.Future[Any]:
        """Have the writer do `job`, adding `size` bytes; its result comes once it is committed, None if it failed."""
        return self._writer.submit(job, size)

    def clear(self, kinds: Sequence[Kind]) -> asyncio.Future[Any]:
        """Have files replaced by empty ones; the result is how many entries they had, None if that is unknown."""
        return self._writer.submit_alone(lambda: self._clear(kinds))

    @property
    def problem(self) -> str | None:
        """Why the cache, or one of its files, is off; None while everything works."""
        if self._writer.closed:
            return _("closed")
        return "; ".join(file.problem for file in self._readable if file.problem) or None

    def totals(self, kind: Kind) -> tuple[int, int]:
        """Return the number of entries of one file, and their bytes."""
        file = self._files[kind]
        with self._lock:
            try:
                return file.database.totals() if file.database is not None else (0, 0)
            except apsw.Error as error:
                file.record(error)
                return 0, 0

    def size_bytes(self) -> int:
        """Return the size of the files on disk."""
        return sum(database.size_bytes() for database in self._open_files().values())

    def flush(self) -> None:
        """Wait until everything queued so far is committed."""
        self._writer.flush()

    def close(self) -> None:
        """Commit everything queued so far, and close the files."""
        self._writer.close()

    # --- reading ---

    def _open_files(self) -> Files:
        return {kind: database for kind, file in self._files.items() if (database := file.database) is not None}

    def _handle_read_error(self, file: CacheFile, database: Database, error: Exception) -> None:
        if isinstance(error, apsw.SQLError):
            # another process has cleared the file, and its successor is at the path
            self._recover(file, database, None)
            return
        file.record(error)
        # the entry may be readable once the lock is released
        if not isinstance(error, apsw.BusyError | apsw.LockedError):
            self._recover(file, database, error)

    def _recover(self, file: CacheFile, database: Database, error: Exception | None) -> None:
        """Take a file out of use at once, under the lock, and have the writer recover it."""
        file.database = None
        self._writer.post(lambda: file.recover(database, error))

    def _check_moved(self) -> None:
        """Notice files that are no longer at their paths."""
        self._check_at_s = monotonic_s() + CHECK_INTERVAL_S
        if self.sealed:
            return  # the directories already belong to the next life
        with self._lock:
            for file in self._readable:
                if (database := file.database) is None:
                    continue
                if database.has_moved():
                    self._recover(file, database, None)
                elif not database.holds_read_lock:
                    # whatever the writer does, it takes the lock afterwards
                    self._writer.post(lambda: None)

    # --- in the writer thread ---

    def commit(self, group: Sequence[Job], size: int) -> list[Any]:
        """Return the result of each job once all are committed; files that fail are recreated, or left out."""
        for attempt in range(MAX_ATTEMPTS):
            self._reopen_files()
            files = self._open_files()
            evicted, committed = 0, False
            try:
                for database in files.values():
                    database.begin()
                    evicted += database.evict(size)
                results = [job(files) for job in group]
                if len(group) > 1 and len(files) > 1 and all(database.has_removed for database in files.values()):
                    # whichever file is committed first, a kill could leave a key in both: do one job at a time
                    for database in files.values():
                        database.roll_back()
                    return [self.commit([job], size)[0] for job in group]
                # a key leaves one file before it is in the other
                for database in sorted(files.values(), key=lambda database: not database.has_removed):
                    database.commit()
                    committed = True
                self._counters.evictions += evicted
            except (apsw.Error, OSError) as error:
                self._handle_write_error(files, error, is_last=attempt == MAX_ATTEMPTS - 1)
                if committed:
                    break  # one of the files has its part: doing it twice would be wrong
            else:
                return results
        return [None] * len(group)

    def _handle_write_error(self, files: Files, error: Exception, *, is_last: bool = False) -> None:
        failed = [kind for kind, database in files.items() if database.failed is not None] or list(files)
        for kind, database in files.items():
            try:
                database.roll_back()
            except apsw.Error:
                failed.append(kind)
        for kind in dict.fromkeys(failed):
            file, cause = self._files[kind], files[kind].failed or error
            file.record(cause)
            if is_last:
                file.close()
                file.turn_off(cause)
            elif isinstance(cause, apsw.SQLError):
                # another process has cleared the file, and its successor is at the path
                file.reopen()
            else:
                file.recreate(cause)

    def _reopen_files(self) -> None:
        for file in self._readable:
            if not self.sealed:
                file.reopen_if_moved()
            file.retry_if_due()

    def _clear(self, kinds: Sequence[Kind]) -> int | None:
        self._reopen_files()
        removed = [self._files[kind].clear() for kind in kinds]
        known = [entries for entries in removed if entries is not None]
        return sum(known) if len(known) == len(removed) else None

    def maintenance_in_s(self) -> float | None:
        """Return in how many seconds `do_maintenance` has something to do; None: nothing."""
        waits = [max(CHECK_INTERVAL_S, file.retry_at_s - monotonic_s()) for file in self._readable if file.problem]
        try:
            for database in self._open_files().values():
                if database.has_expiring():
                    waits.append(max(0.0, self._sweep_at_s - monotonic_s()))
                if database.holds_read_lock:
                    waits.append(CHECK_INTERVAL_S)
        except apsw.Error:
            # the next job meets the same error, and handles it
            waits.append(CHECK_INTERVAL_S)
        return min(waits, default=None)

    def do_maintenance(self) -> None:
        """Retry files that are off, checkpoint large logs, renew or release read locks, remove some expired entries."""
        is_read = monotonic_s() < self._check_at_s
        for kind, file in self._files.items():
            if not self.sealed:
                file.retry_if_due()
            if (database := file.database) is not None:
                try:
                    database.checkpoint_if_large()
                    database.hold_read_lock(is_read)
                except (apsw.Error, OSError) as error:
                    database.failed = error
                    self._handle_write_error({kind: database}, error)
        if monotonic_s() >= self._sweep_at_s:
            removed = self.commit([jobs.remove_expired(self._clock())], 0)[0] or 0
            self._counters.expired += removed
            # waiting jobs come in between two batches
            self._sweep_at_s = monotonic_s() + (0 if removed else SWEEP_INTERVAL_S)

    def close_files(self) -> None:
        """Close the files."""
        for file in self._readable:
            file.close()
