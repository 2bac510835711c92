"""The cache's files: two SQLite databases, read directly, written by one thread in groups.

`temp` belongs to a life, `perm` outlives it. Nothing in them is needed for truth: when a file cannot be used the
cache is off, says so once, and the bot goes on.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Final, Literal

import apsw

from botapp.locale import N_, _
from botapp.system import why

log = logging.getLogger(__name__)

Which = Literal["temp", "perm"]
Connections = dict[Which, apsw.Connection]
#: by how many entries each database has grown
Growth = dict[Which, int]
#: works on the two databases inside a transaction, notes their growth, returns how many entries it touched
Job = Callable[[Connections, Growth], int]

#: jobs that may wait for the writer
MAX_QUEUED: Final = 10_000
#: jobs that share one commit at most
MAX_GROUP: Final = 1_000
#: layout of the files; one with another is begun anew
LAYOUT: Final = 1

_SCHEMA: Final = f"""
    CREATE TABLE entries (key TEXT PRIMARY KEY, value BLOB NOT NULL, expires_at REAL) WITHOUT ROWID;
    CREATE INDEX entries_by_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL;
    PRAGMA user_version = {LAYOUT};
"""

_SELECT: Final = "SELECT value, expires_at FROM entries WHERE key = ?"


class CacheOff(Exception):
    """The cache cannot be used; the message says why."""


class CacheFiles:
    """The two databases of one pair of directories, with their one writer. All methods are thread-safe."""

    def __init__(self, temp_dir: Path, perm_dir: Path, max_bytes: int) -> None:
        """Open the files, making what is missing. Never raises for what is wrong with them: see `problem`."""
        self._paths: dict[Which, Path] = {"temp": temp_dir / "temp.sqlite", "perm": perm_dir / "perm.sqlite"}
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._readers: dict[Which, apsw.Connection] = {}
        self._queue: queue.Queue[tuple[Job, Future[int]] | None] = queue.Queue(MAX_QUEUED)
        self._writer: threading.Thread | None = None
        #: why the cache is off; None while it works
        self.problem: str | None = None
        #: whether ordinary writes are refused
        self.sealed = False
        #: entries in each database, kept by the writer
        self.entries: dict[Which, int] = {"temp": 0, "perm": 0}
        try:
            self._open()
        except (OSError, apsw.Error) as error:
            self._give_up(error)

    def read(self, which: Which, key: str) -> tuple[bytes, float | None] | None:
        """Return value and expiry (seconds since 1970, or None) of `key`, or None. Raises CacheOff."""
        with self._lock:
            connection = self._readers.get(which)
            if connection is None:
                raise CacheOff(self.problem or _("closed"))
            try:
                row: tuple[bytes, float | None] | None = connection.execute(_SELECT, (key,)).fetchone()
            except apsw.Error as error:
                self._give_up(error)
                raise CacheOff(str(error)) from error
        return row

    def write(self, job: Job) -> Future[int]:
        """Have the writer do `job`; the result is there when it is committed. Raises CacheOff."""
        future: Future[int] = Future()
        with self._lock:
            if self._writer is None:
                raise CacheOff(self.problem or _("closed"))
            try:
                self._queue.put_nowait((job, future))
            except queue.Full as error:
                raise CacheOff(f"{MAX_QUEUED} writes are waiting already") from error
        return future

    def size_bytes(self) -> int:
        """Return how much room the files take."""
        return sum(path.stat().st_size for path in self._paths.values() if path.exists())

    def close(self) -> None:
        """Finish what is queued and close the files."""
        with self._lock:
            writer, self._writer = self._writer, None
        if writer is not None and writer is not threading.current_thread():
            self._queue.put(None)
            writer.join()
        with self._lock:
            readers, self._readers = self._readers, {}
        for connection in readers.values():
            connection.close()

    def _open(self) -> None:
        writers = {which: self._connect(path) for which, path in self._paths.items()}
        self.entries = {which: _count(connection) for which, connection in writers.items()}
        self._readers = {which: apsw.Connection(str(path)) for which, path in self._paths.items()}
        for reader in self._readers.values():
            reader.set_busy_timeout(1000)
        self._writer = threading.Thread(target=self._write_all, args=(writers,), name="cache-writer", daemon=True)
        self._writer.start()

    def _connect(self, path: Path) -> apsw.Connection:
        """Open the database at `path` for writing; a damaged one, or one of another layout, is begun anew."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return self._prepare(path)
        except (apsw.NotADBError, apsw.CorruptError):
            log.warning(_("cache: %s is damaged; begun anew"), path)
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            return self._prepare(path)

    def _prepare(self, path: Path) -> apsw.Connection:
        connection = apsw.Connection(str(path))
        path.chmod(0o600)
        connection.set_busy_timeout(5000)
        # members wait for the end of a life; the next opening takes over what is in the write-ahead log
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        # it is a cache: what a power cut takes is made again
        connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")
        page_size = int(connection.pragma("page_size"))
        connection.pragma("max_page_count", max(64, self._max_bytes // page_size))
        if connection.pragma("user_version") != LAYOUT:
            with connection:
                connection.execute("DROP TABLE IF EXISTS entries")
                connection.execute(_SCHEMA)
        return connection

    def _write_all(self, connections: Connections) -> None:
        """The writer: takes what is queued, commits it in groups, until it finds None."""
        going = True
        while going:
            group = [self._queue.get()]
            while len(group) < MAX_GROUP and not self._queue.empty():
                group.append(self._queue.get_nowait())
            entries = [entry for entry in group if entry is not None]
            going = len(entries) == len(group)
            # whoever was cancelled meanwhile waits no more; from here on nobody can be
            self._write_group(connections, [entry for entry in entries if entry[1].set_running_or_notify_cancel()])
        for connection in connections.values():
            connection.close()

    def _write_group(self, connections: Connections, jobs: list[tuple[Job, Future[int]]]) -> None:
        growth: Growth = {"temp": 0, "perm": 0}
        try:
            with connections["temp"], connections["perm"]:
                touched = [job(connections, growth) for job, _future in jobs]
        except (apsw.Error, OSError, ValueError, TypeError) as error:
            self._give_up(error)
            for _job, future in jobs:
                future.set_exception(CacheOff(str(error)))
            return
        if jobs and self.problem is not None:
            self.problem = None
            log.info(_("cache: writes work again"))
        self.entries = {which: self.entries[which] + more for which, more in growth.items()}
        for (_job, future), count in zip(jobs, touched, strict=True):
            future.set_result(count)

    def _give_up(self, error: Exception) -> None:
        if self.problem is None:
            self.problem = explain(error)
            log.warning(_("cache: off, the bot goes on without it: %s"), self.problem)


#: what SQLite cannot do, and our words for it
_REFUSALS: Final = (
    (apsw.FullError, N_("the disk is full, or the cache is ([cache] max_bytes)")),
    (apsw.CantOpenError, N_("its file cannot be opened")),
    (apsw.ReadOnlyError, N_("its file may not be written")),
    (apsw.IOError, N_("its file cannot be read or written")),
    (apsw.BusyError, N_("another process has locked it")),
    (apsw.NotADBError, N_("its file is damaged")),
    (apsw.CorruptError, N_("its file is damaged")),
)


def explain(error: Exception) -> str:
    """Say why the cache cannot be used: in our words, with those of SQLite behind them."""
    if isinstance(error, OSError):
        return why(error)
    said = f"{type(error).__name__}: {error}"
    known = next((words for kind, words in _REFUSALS if isinstance(error, kind)), None)
    return f"{_(known)} ({said})" if known else said


def put(which: Which, key: str, value: bytes, expires_at: float | None) -> Job:
    """Return the job that keeps `value` in one database, and so no longer in the other."""

    def job(connections: Connections, growth: Growth) -> int:
        remove(key)(connections, growth)
        connections[which].execute("INSERT INTO entries VALUES (?, ?, ?)", (key, value, expires_at))
        growth[which] += 1
        return 1

    return job


def remove(key: str) -> Job:
    """Return the job that takes `key` out of both databases."""
    return _delete(("temp", "perm"), "key = ?", (key,))


def remove_expired(now: float) -> Job:
    """Return the job that takes out what has expired at `now`, seconds since 1970."""
    return _delete(("temp", "perm"), "expires_at <= ?", (now,))


def remove_all(*which: Which) -> Job:
    """Return the job that empties the named databases."""
    return _delete(which, "true", ())


def _delete(which: tuple[Which, ...], condition: str, values: tuple[object, ...]) -> Job:
    def job(connections: Connections, growth: Growth) -> int:
        removed = 0
        for name in which:
            connections[name].execute(f"DELETE FROM entries WHERE {condition}", values)
            removed += connections[name].changes()
            growth[name] -= connections[name].changes()
        return removed

    return job


def _count(connection: apsw.Connection) -> int:
    count: int = connection.execute("SELECT count(*) FROM entries").get
    return count
