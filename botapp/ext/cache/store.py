"""The cache's two files: `temp` belongs to a life, `perm` outlives it. Read directly, written by one thread in groups.

Nothing in them is needed for truth, and an empty cache is never wrong. So whatever cannot be read or written any more
is begun anew; where even that fails, the cache is off, says so once, tries again later, and the bot goes on.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import apsw

from botapp.ext.cache import codec as cache_values
from botapp.ext.cache import errors as cache_faults
from botapp.ext.cache import jobs as cache_jobs
from botapp.ext.cache.counters import Counters
from botapp.ext.cache.database import Database, delete, put_away, put_aways
from botapp.ext.cache.jobs import BOTH, Job, Usable, Which
from botapp.ext.cache.writer import Writer
from botapp.locale import _

log = logging.getLogger(__name__)

#: bytes that share one commit at most
MAX_GROUP_BYTES: Final = 1024 * 1024
#: bytes that may wait for the writer
MAX_WAITING_BYTES: Final = 32 * 1024 * 1024
#: how often a group of jobs is tried; a file that fails is left out or begun anew each time
MAX_ATTEMPTS: Final = 5
#: how long opening waits for a lock of another process, in milliseconds
OPEN_TIMEOUT_MS: Final = 20
#: how often that is tried: two processes that make a new file at the same time are in each other's way
OPEN_TRIES: Final = 10
#: how often it is looked whether the files are still where they were, in seconds; only while the cache is used
LOOK_INTERVAL_S: Final = 1.0
#: how often what has expired is swept, in seconds; only while there is something that will expire
SWEEP_INTERVAL_S: Final = 15.0
#: how long closing and deleting a file that was put away waits, in seconds
GRACE_S: Final = 0.002
#: until a file that could not be used is tried again, in seconds: doubled each time
FIRST_RETRY_S: Final = 1.0
MAX_RETRY_S: Final = 60.0
_clock_s: Final = time.monotonic
_FAULTS: Final = (apsw.Error, OSError, cache_values.Damaged)


class _Side:
    """One of the two files, and how it is."""

    def __init__(self, home: Path) -> None:
        self.home = home
        #: why it cannot be used; None while it can
        self.problem: str | None = None
        #: it missed a write: what it holds must not be seen again
        self.stale = False
        self.retry_at_s = 0.0
        self.retry_s = FIRST_RETRY_S


class CacheFiles:
    """The two files of one pair of directories, with their one writer. All methods are thread-safe."""

    def __init__(
        self, temp_dir: Path, perm_dir: Path, max_bytes: int, counters: Counters, clock: Callable[[], float]
    ) -> None:
        """Open the files; each may take half of `max_bytes`. Never raises for what is wrong with them."""
        self._sides: dict[Which, _Side] = {"temp": _Side(temp_dir), "perm": _Side(perm_dir)}
        self._max_bytes = max_bytes // 2
        self._counters = counters
        self._clock = clock
        self._lock = threading.Lock()
        #: replaced, never changed; under the lock
        self._usable: Usable = {}
        self._readable: tuple[Database, ...] = ()
        #: what the writer has to do when nobody waits for it
        self._later: list[Callable[[], None]] = []
        self._look_at_s = 0.0
        self._sweep_at_s = 0.0
        #: whether nothing may be added
        self.sealed = False
        #: the last thing that went wrong
        self.last_error: str | None = None
        for which in BOTH:
            self._open(which)
            self._delete_put_aways(which)
        self._writer = Writer(self, min(MAX_GROUP_BYTES, self._max_bytes // 4))

    # --- for whoever uses the cache ---

    def read(self, full_key: str, now: float) -> bytes | None:
        """Return the packed value that counts at `now` under a key, or None. Never waits for a lock of a file."""
        if _clock_s() >= self._look_at_s:
            self._look()
        with self._lock:
            for database in self._readable:
                try:
                    data = database.read(full_key)
                    packed = None if data is None else cache_values.unseal(full_key, data, now)
                except (apsw.Error, cache_values.Damaged) as error:
                    self._could_not_read(database, error)
                else:
                    if packed is not None:
                        return packed
        return None

    def write(self, job: Job, weight: int = 0) -> asyncio.Future[Any]:
        """Have the writer do `job`, which brings `weight` bytes; the result is there once it is committed."""
        return self._writer.ask(job, weight)

    def clear(self, which: Sequence[Which]) -> asyncio.Future[Any]:
        """Have files begun anew; the result is how many entries they held, None when that could not be done."""
        return self._writer.ask_alone(lambda: self._clear(which))

    @property
    def is_overloaded(self) -> bool:
        """Whether so much waits to be written that nothing should be added."""
        return self._writer.waiting_bytes > MAX_WAITING_BYTES

    @property
    def problem(self) -> str | None:
        """Why the cache, or one of its files, is off; None while all of it works."""
        if self._writer.closed:
            return _("closed")
        return "; ".join(side.problem for side in self._sides.values() if side.problem) or None

    def totals(self) -> dict[Which, dict[str, tuple[int, int]]]:
        """Return entries and bytes by namespace, in each file."""
        found: dict[Which, dict[str, tuple[int, int]]] = {which: {} for which in BOTH}
        with self._lock:
            for which, database in self._usable.items():
                try:
                    found[which] = database.read_totals()
                except apsw.Error as error:
                    self._note(which, error)
        return found

    def oldest(self) -> dict[Which, float | None]:
        """Return when the oldest entry of each file was set, in seconds since 1970."""
        found: dict[Which, float | None] = dict.fromkeys(BOTH)
        with self._lock:
            for which, database in self._usable.items():
                try:
                    found[which] = database.oldest()
                except apsw.Error as error:
                    self._note(which, error)
        return found

    def size_bytes(self) -> int:
        """Return how much room the files take."""
        return sum(database.size_bytes() for database in self._usable.values())

    def flush(self) -> None:
        """Wait until all that is queued is committed."""
        self._writer.flush()

    def close(self) -> None:
        """Commit what is queued and close the files."""
        self._writer.close()

    # --- under the lock ---

    def _use(self, usable: Usable) -> None:
        self._usable, self._readable = usable, tuple(usable.values())

    def _note(self, which: Which, error: Exception) -> None:
        self._counters.errors += 1
        self.last_error = f"{self._sides[which].home}: {cache_faults.why(error)}"

    def _could_not_read(self, database: Database, error: Exception) -> None:
        which = next(name for name, one in self._usable.items() if one is database)
        if isinstance(error, apsw.SQLError):
            # another process has cleared it, and what comes next is in its place
            self._have_mended(which, database, None)
            return
        self._note(which, error)
        # where a lock is held it may be there the next time
        if not isinstance(error, apsw.BusyError | apsw.LockedError):
            self._have_mended(which, database, error)

    def _have_mended(self, which: Which, database: Database, error: Exception | None) -> None:
        """Take a file out of use at once, and have the writer begin it anew, or, without an error, open it again."""
        self._use({name: one for name, one in self._usable.items() if one is not database})
        self._writer.tell(lambda: self._mend(which, database, error))

    # --- reading ---

    def _look(self) -> None:
        """Notice files that are no longer where they were."""
        now_s = _clock_s()
        self._look_at_s = now_s + LOOK_INTERVAL_S
        with self._lock:
            for which, database in self._usable.items():
                # a life that is to end leaves what comes after it alone
                if not self.sealed and database.has_moved():
                    self._have_mended(which, database, None)
            if not all(database.is_held for database in self._readable):
                # whatever the writer does, it renews that afterwards
                self._writer.tell(lambda: None)

    # --- the writer ---

    def commit(self, jobs: Sequence[Job], weight: int) -> list[Any]:
        """Return what comes of each job, once it is committed; files that fail are begun anew, or left out."""
        for attempt in range(MAX_ATTEMPTS):
            self._reopen_moved()
            usable = self._usable
            committed = False
            try:
                for database in usable.values():
                    database.begin()
                    self._counters.evictions += database.make_room(weight)
                outcomes = cache_jobs.do_all(jobs, usable)
                leaving = [database for database in usable.values() if database.moved_out]
                if len(leaving) > 1:
                    cache_jobs.let_go(leaving)
                    continue
                # what moves leaves first: whoever is killed in between must not find it in both files
                for database in sorted(usable.values(), key=lambda one: not one.moved_out):
                    database.commit()
                    committed = True
            except _FAULTS as error:
                self._renew_failed(usable, error, last=attempt == MAX_ATTEMPTS - 1)
                if committed:
                    # one of two files has it: it is kept or it is not, but nothing may be done twice
                    break
            else:
                self._counters.sets += cache_jobs.puts(jobs, outcomes)
                return outcomes
        return [None] * len(jobs)

    def _renew_failed(self, usable: Usable, error: Exception, *, last: bool = False) -> None:
        failed = [which for which, database in usable.items() if database.failed is not None] or list(usable)
        for which, database in usable.items():
            try:
                database.roll_back()
            except apsw.Error:
                failed.append(which)
        for which in dict.fromkeys(failed):
            why = usable[which].failed or error
            with self._lock:
                self._note(which, why)
            if last:
                self._close(which)
                self._give_up(which, why)
            elif isinstance(why, apsw.SQLError):
                # another process has cleared it, and what comes next is in its place
                self._close(which)
                self._open(which)
            else:
                self._renew(which, why)

    # --- the writer: files ---

    def _open(self, which: Which) -> None:
        side = self._sides[which]
        try:
            if side.stale:
                put_away(side.home)
            database = _opened(side.home, self._max_bytes)
        except (OSError, apsw.Error) as error:
            self._give_up(which, error)
            return
        if database.begun_anew is not None:
            log.warning(_("cache: %(path)s cannot be used (%(why)s); begun anew"),
                        {"path": database.path, "why": cache_faults.why(database.begun_anew)})  # fmt: skip
        if side.problem is not None:
            log.info(_("cache: %s can be used again"), side.home)
        side.problem, side.stale = None, False
        self._give_back(which, database)

    def _give_up(self, which: Which, error: Exception) -> None:
        side = self._sides[which]
        first, side.stale = side.problem is None, True
        if _clock_s() > side.retry_at_s + MAX_RETRY_S:
            side.retry_s = FIRST_RETRY_S
        side.problem = f"{side.home}: {cache_faults.why(error)}"
        side.retry_at_s = _clock_s() + side.retry_s
        side.retry_s = min(2 * side.retry_s, MAX_RETRY_S)
        with self._lock:
            self._note(which, error)
        if first:
            log.warning(_("cache: off, the bot goes on without it: %s"), side.problem)

    def _take(self, which: Which) -> Database | None:
        """Take a file out of use and return it."""
        with self._lock:
            database = self._usable.get(which)
            self._use({name: one for name, one in self._usable.items() if name != which})
        return database

    def _give_back(self, which: Which, database: Database) -> None:
        """Let a file be used."""
        with self._lock:
            found = {**self._usable, which: database}
            self._use({one: found[one] for one in BOTH if one in found})

    def _close(self, which: Which) -> None:
        if (database := self._take(which)) is not None:
            database.close()

    def _renew(self, which: Which, error: Exception) -> None:
        """Begin a file anew that missed a write. Once a second, so that a fault that stays is a state."""
        self._close(which)
        side = self._sides[which]
        if _clock_s() < side.retry_at_s:
            self._give_up(which, error)
            return
        log.warning(_("cache: %(path)s failed (%(why)s); begun anew"),
                    {"path": side.home, "why": cache_faults.why(error)})  # fmt: skip
        side.retry_at_s = _clock_s() + FIRST_RETRY_S
        self._begin_anew(which)

    def _begin_anew(self, which: Which) -> bool:
        """Put away what is there and open a new file; return whether what was there is gone."""
        side = self._sides[which]
        try:
            put_away(side.home)
        except OSError as error:
            self._give_up(which, error)
            return False
        self._open(which)
        if which not in self._usable:
            # there may be room once the old file is deleted
            self._do_later()
            delete(*put_aways(side.home))
            self._open(which)
        self._later.append(lambda: self._delete_put_aways(which))
        return True

    def _delete_put_aways(self, which: Which) -> None:
        if paths := list(put_aways(self._sides[which].home)):
            # beside the writer: a large file takes its time
            threading.Thread(target=delete, args=paths, name="cache-sweep", daemon=True).start()

    def _mend(self, which: Which, database: Database, error: Exception | None) -> None:
        database.close()
        if which in self._usable or self._sides[which].problem is not None:
            return  # that was seen to meanwhile
        if error is not None:
            self._renew(which, error)
        else:
            log.info(_("cache: %s is another directory now; opened again"), self._sides[which].home)
            self._open(which)

    def _retry_due(self) -> None:
        """Try files again that could not be used, where it is time for that."""
        for which, side in self._sides.items():
            if side.problem is not None and which not in self._usable and _clock_s() >= side.retry_at_s:
                self._open(which)

    def _reopen_moved(self) -> None:
        for which, database in self._usable.items():
            if not self.sealed and database.has_moved():
                self._close(which)
                self._open(which)
        self._retry_due()

    def _clear(self, which: Sequence[Which]) -> int | None:
        self._reopen_moved()
        removed: int | None = 0
        for one in which:
            held = self._clear_one(one)
            removed = None if held is None or removed is None else removed + held
        return removed

    def _clear_one(self, which: Which) -> int | None:
        if (database := self._take(which)) is None:
            # nothing can be found in it, now or later
            self._begin_anew(which)
            return None
        held, marked = sum(entries for entries, _size in database.totals.values()), False
        try:
            held, marked = database.mark_cleared(), True
            if not held:
                # there is nothing to put away
                self._give_back(which, database)
                return 0
        except apsw.Error as error:
            # on a full disk, say: it can be put away all the same
            with self._lock:
                self._note(which, error)
        self._later.append(database.close)
        return held if self._begin_anew(which) or marked else None

    # --- the writer: what is done when there is time ---

    def end(self) -> None:
        """Close the files."""
        self._do_later()
        for which in BOTH:
            self._close(which)

    def idle_s(self) -> float | None:
        """Return after how many seconds something is to be swept or tried again; None: there is nothing to do."""
        # nobody may ask for long, and what is off is to be back by itself
        retries = [side.retry_at_s - _clock_s() for side in self._sides.values() if side.problem is not None]
        until_s = max(LOOK_INTERVAL_S, min(retries)) if retries else None
        try:
            if any(database.has_expiring() for database in self._readable):
                sweep_s = max(0.0, self._sweep_at_s - _clock_s())
                until_s = sweep_s if until_s is None else min(until_s, sweep_s)
            if any(database.is_held for database in self._readable):
                until_s = LOOK_INTERVAL_S if until_s is None else min(until_s, LOOK_INTERVAL_S)
        except apsw.Error:
            log.debug("cache: cannot tell what will expire", exc_info=True)
        return until_s

    def _do_later(self) -> None:
        later, self._later = self._later, []
        for task in later:
            task()

    def tidy(self) -> None:
        """Keep the logs short, sweep some of what has expired, and try again what could not be used."""
        if self._later:
            # whoever has waited for what comes before that goes on first
            time.sleep(GRACE_S)
            self._do_later()
        if not self.sealed:
            self._retry_due()
        in_use = _clock_s() < self._look_at_s + LOOK_INTERVAL_S
        for which, database in list(self._usable.items()):
            try:
                database.tidy_log()
                # once nobody has read anything for a while, others may shorten the log
                (database.hold if in_use else database.let_go)()
            except (apsw.Error, OSError) as error:
                database.failed = error
                self._renew_failed({which: database}, error)
        if _clock_s() >= self._sweep_at_s:
            removed = self.commit([cache_jobs.remove_expired(self._clock())], 0)[0] or 0
            self._counters.expired += removed
            # a batch at a time, and whoever waits comes in between
            self._sweep_at_s = _clock_s() + (0 if removed else SWEEP_INTERVAL_S)


def _opened(home: Path, max_bytes: int) -> Database:
    for _attempt in range(OPEN_TRIES - 1):
        try:
            return Database(home, max_bytes, busy_timeout_ms=OPEN_TIMEOUT_MS)
        except (apsw.BusyError, FileNotFoundError):
            time.sleep(OPEN_TIMEOUT_MS / 1000)
    return Database(home, max_bytes, busy_timeout_ms=OPEN_TIMEOUT_MS)
