"""One file of the cache: its tables, what the writer does to them inside a transaction, and how it is begun anew.

The file stands in a directory of its own, together with what SQLite puts beside it, so that all of it goes by one
renaming: that works at once however much is in it, and on a full disk.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import apsw

from botapp.ext.cache import codec as cache_values
from botapp.runtime.private_files import file_identity

#: the directory with the file, and what others are called that wait to be deleted
LIVE: Final = "entries"
GONE: Final = "gone-"
FILE: Final = "cache.sqlite"

#: layout of the file; one with another is begun anew
LAYOUT: Final = 2
_SCHEMA: Final = (
    "CREATE TABLE entries (key TEXT PRIMARY KEY, data BLOB NOT NULL, set_at REAL NOT NULL, expires_at REAL)"
    " WITHOUT ROWID",
    "CREATE INDEX entries_by_age ON entries (set_at)",
    "CREATE INDEX entries_by_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL",
    "CREATE TABLE totals (namespace TEXT PRIMARY KEY, entries INTEGER NOT NULL, bytes INTEGER NOT NULL) WITHOUT ROWID",
)
_SELECT: Final = "SELECT data FROM entries WHERE key = ?"
_DELETE: Final = "DELETE FROM entries WHERE key = ?"
_SIZES_AT_ONCE: Final = 16
_SIZES: Final = f"SELECT key, length(data) FROM entries WHERE key IN ({', '.join('?' * _SIZES_AT_ONCE)})"
_ADD_TOTALS: Final = """
    INSERT INTO totals VALUES (?, ?, ?) ON CONFLICT DO UPDATE
    SET entries = entries + excluded.entries, bytes = bytes + excluded.bytes RETURNING entries, bytes
"""

#: smallest file that works, in bytes
MIN_BYTES: Final = 256 * 1024
#: size of the write-ahead log from which on it is brought into the file, and what it may come to while others read
MAX_LOG_BYTES: Final = 4 * 1024 * 1024
MAX_HELD_LOG_BYTES: Final = 64 * 1024 * 1024
#: how long the writer waits for a lock of another process, in milliseconds
BUSY_TIMEOUT_MS: Final = 1000
#: entries that are looked at in one round of making room
_ROUND: Final = 256
#: one place for "was read" for each of so many keys
_MARKS: Final = 1 << 18
_MARK: Final = _MARKS - 1


#: key, bytes of the entry, when it was set, when it expires
Row = tuple[str, bytes, float, float | None]


class Foreign(Exception):
    """The file is a database, but not one of this layout, or one that was cleared."""


class Database:
    """One open file. The methods are the writer's, but for `read`, which one thread at a time may call."""

    def __init__(self, home: Path, max_bytes: int, *, busy_timeout_ms: int = 0) -> None:
        """Open the file below `home`, making what is missing; one that cannot be used is begun anew.

        Raises OSError, apsw.Error.
        """
        self._live = home / LIVE
        self.path = self._live / FILE
        self._max_bytes = max(MIN_BYTES, max_bytes)
        #: why the file that was there is not used; None when it is
        self.begun_anew: Exception | None = None
        #: what went wrong in the last transaction, if something did
        self.failed: Exception | None = None
        #: whether `hold` is in force
        self.is_held = False
        #: entries and bytes by namespace
        self.totals: dict[str, tuple[int, int]] = {}
        #: keys that this transaction has moved to the other file
        self.moved_out: list[str] = []
        self._growth: dict[str, list[int]] = {}
        self._is_empty = False
        #: whether the last entries that were put had keys that were not there
        self._expects_new = True
        #: pages that may be taken before it is asked again how many there are
        self._free_pages = 0
        self._tidy_at_bytes = MAX_LOG_BYTES
        self._marks = bytearray(_MARKS)
        self._hand: tuple[float, str] = (-1.0, "")
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._live.mkdir(mode=0o700, exist_ok=True)
        try:
            self._open(busy_timeout_ms)
        except (apsw.NotADBError, apsw.CorruptError, Foreign) as error:
            self.begun_anew = error
            put_away(home)
            self._live.mkdir(mode=0o700)
            self._open(busy_timeout_ms)
        self._writer.set_busy_timeout(BUSY_TIMEOUT_MS)
        self._identity = file_identity(self.path)

    def read(self, full_key: str) -> bytes | None:
        """Return the bytes of an entry. Never waits for a lock. Raises apsw.Error."""
        # `get` steps to the end, so that no snapshot is held
        data: bytes | None = self._look_up(_SELECT, (full_key,)).get
        if data is not None:
            self._marks[hash(full_key) & _MARK] = 1
        return data

    def oldest(self) -> float | None:
        """Return when the entry was set that was set first, in seconds since 1970. Raises apsw.Error."""
        at: float | None = self._reader.execute("SELECT min(set_at) FROM entries").get
        return at

    def read_totals(self) -> dict[str, tuple[int, int]]:
        """Return entries and bytes by namespace, with what other processes have set. Raises apsw.Error."""
        rows: Any = self._look_up("SELECT * FROM totals", ()).fetchall()
        return {namespace: (entries, size) for namespace, entries, size in rows}

    def has_moved(self) -> bool:
        """Tell whether another file, or none, is now where this one was opened."""
        return file_identity(self.path) != self._identity

    def size_bytes(self) -> int:
        """Return how much room the files take."""
        found = 0
        for suffix in ("", "-wal"):
            with suppress(OSError):
                found += os.stat(f"{self.path}{suffix}").st_size
        return found

    def close(self) -> None:
        """Close the file; what is in its log, the next opening takes over."""
        for connection in (self._holder, self._reader, self._writer):
            connection.close()

    # --- transactions ---

    def begin(self) -> None:
        """Begin one, alone. Raises apsw.Error."""
        self._do("BEGIN IMMEDIATE")
        self._growth, self.moved_out, self.failed = {}, [], None
        self._is_empty = self._do("SELECT NOT EXISTS (SELECT 1 FROM entries)").get == 1

    def commit(self) -> None:
        """End it; from now on what was done can be read. Raises apsw.Error."""
        totals = dict(self.totals)
        for name, (entries, size) in self._growth.items():
            row: tuple[int, int] | None = self._do(_ADD_TOTALS, (name, entries, size)).fetchone()
            assert row is not None
            totals[name] = row
            if row[0] <= 0:
                self._do("DELETE FROM totals WHERE namespace = ?", (name,))
                del totals[name]
        self._do("COMMIT")
        self.totals = totals

    def roll_back(self) -> None:
        """Undo it, if one was begun. Raises apsw.Error."""
        if self._writer.in_transaction:
            self._do("ROLLBACK")

    def put(self, rows: Mapping[str, Row]) -> None:
        """Keep entries in place of those that were there. Raises apsw.Error."""
        if not (self._expects_new and self._put_new(rows)):
            # as long as all are new, it takes less not to ask
            self._expects_new = not self._forget(rows)
            self._do_many("REPLACE INTO entries VALUES (?, ?, ?, ?)", rows)
        self._is_empty = False
        for key, data, _set_at, _expires_at in rows.values():
            self._count(key, 1, len(key) + len(data))

    def _put_new(self, rows: Mapping[str, Row]) -> bool:
        """Put rows that are all new; when one is not, nothing is done. Return whether it was done."""
        self._do("SAVEPOINT new")
        before = self._writer.total_changes()
        self._do_many("INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?)", rows)
        done = self._writer.total_changes() - before == len(rows)
        self._do("RELEASE new" if done else "ROLLBACK TO new; RELEASE new")
        return done

    def find(self, full_key: str, now: float) -> bytes | None:
        """Return the bytes of an entry that counts at `now`, as the transaction sees it. Raises apsw.Error, Damaged."""
        if self._is_empty:
            return None
        data: bytes | None = self._do(_SELECT, (full_key,)).get
        try:
            return data if data is not None and cache_values.unseal(full_key, data, now) is not None else None
        except cache_values.Damaged as error:
            self.failed = error
            raise

    def move_out(self, keys: Iterable[str]) -> None:
        """Take out entries, where they are there, because another file is to have them. Raises apsw.Error."""
        for key in self._forget(keys):
            self._do(_DELETE, (key,))
            self.moved_out.append(key)

    def remove(self, full_key: str) -> bool:
        """Take an entry out; return whether it was there. Raises apsw.Error."""
        if not self._forget((full_key,)):
            return False
        self._do(_DELETE, (full_key,))
        return True

    def remove_expired(self, now: float, namespace: str | None, limit: int) -> int:
        """Take out up to `limit` entries that have expired; return how many. Raises apsw.Error."""
        if namespace is None:
            return self._remove_all("expires_at <= ? LIMIT ?", (now, limit))
        first, end = cache_values.bounds(namespace)
        return self._remove_all("key >= ? AND key < ? AND expires_at <= ? LIMIT ?", (first, end, now, limit))

    def remove_namespace(self, namespace: str, limit: int) -> int:
        """Take out up to `limit` entries of a namespace; return how many. Raises apsw.Error."""
        return self._remove_all("key >= ? AND key < ? LIMIT ?", (*cache_values.bounds(namespace), limit))

    def make_room(self, incoming_bytes: int) -> int:
        """Take entries out until `incoming_bytes` more will fit; return how many that were. Raises apsw.Error.

        Those set longest ago go first, but for one that was read since the last round came by: it is passed over
        once. So a read writes nothing, and what is read often stays.
        """
        # pages are filled by three quarters or so, and the indexes take some
        incoming = 2 * incoming_bytes // self._page_size + 8
        self._free_pages -= incoming
        if self._free_pages > 0:
            return 0
        if self._used_pages() + incoming <= self._max_pages:
            # it is asked again once half of what is free is taken
            self._free_pages = (self._max_pages - self._used_pages() - incoming) // 2
            return 0
        evicted = 0
        wanted = max(0, self._max_pages - incoming - self._max_pages // 16)
        while self._used_pages() > wanted:
            rows = self._next_round()
            if not rows:
                break
            for key, set_at in rows:
                self._hand = (set_at, key)
                mark = hash(key) & _MARK
                if self._marks[mark]:
                    self._marks[mark] = 0
                else:
                    evicted += self.remove(key)
        return evicted

    def mark_cleared(self) -> int:
        """Make the file, unless it is empty, one that nobody takes for the cache any more; return what it held.

        Other processes that have it open find no table and look for the file that comes next. Raises apsw.Error.
        """
        self.begin()
        if self._is_empty:
            self._do("COMMIT")
            return 0
        held = int(self._do("SELECT coalesce(sum(entries), 0) FROM totals").get)
        self._do("ALTER TABLE entries RENAME TO cleared; PRAGMA user_version = 0; COMMIT")
        return held

    def hold(self) -> None:
        """Make reading fast until `let_go`, by holding the lock that every look-up needs. Raises apsw.Error.

        Within a process SQLite asks the system for a lock only when no connection has it, which takes longer than the
        look-up itself. What is committed later is found all the same, but holding must be renewed to help with it.
        """
        self.let_go()
        self._holder.execute("BEGIN; SELECT 1 FROM totals").fetchall()
        self.is_held = True

    def let_go(self) -> None:
        """Hold nothing: the log can be shortened, by other processes too. Raises apsw.Error."""
        self.is_held = False
        if self._holder.in_transaction:
            self._holder.execute("COMMIT")

    def has_expiring(self) -> bool:
        """Tell whether there is something that will expire. Raises apsw.Error."""
        return bool(self._do("SELECT EXISTS (SELECT 1 FROM entries WHERE expires_at IS NOT NULL)").get)

    def tidy_log(self) -> None:
        """Bring what stands in the write-ahead log into the file, once there is much of it.

        Raises apsw.Error, and OSError when another process reads for so long that the log can never be shortened.
        """
        with suppress(FileNotFoundError):
            size = os.stat(f"{self.path}-wal").st_size
            if size < self._tidy_at_bytes:
                return
            self.let_go()
            self._writer.set_busy_timeout(0)
            try:
                self._writer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
                self._tidy_at_bytes = MAX_LOG_BYTES
            except apsw.BusyError as error:
                self._tidy_at_bytes = size + MAX_LOG_BYTES
                if size > MAX_HELD_LOG_BYTES:
                    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(self.path)) from error
            finally:
                self._writer.set_busy_timeout(BUSY_TIMEOUT_MS)

    # --- small things ---

    def _open(self, busy_timeout_ms: int) -> None:
        opened: list[apsw.Connection] = []
        try:
            self._writer = self._connect(apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE, opened)
            self._writer.set_busy_timeout(busy_timeout_ms)
            self.path.chmod(0o600)
            # it is a cache: what a power cut takes is made again
            self._writer.execute("PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
            self._prepare_schema()
            self._page_size = int(self._writer.pragma("page_size"))
            self._max_pages = self._max_bytes // self._page_size
            self._writer.pragma("max_page_count", self._max_pages)
            self._reader = self._connect(apsw.SQLITE_OPEN_READONLY, opened)
            self._holder = self._connect(apsw.SQLITE_OPEN_READONLY, opened)
            self._look_up = self._reader.cursor().execute
            rows: Any = self._reader.execute("SELECT * FROM totals")
            self.totals = {namespace: (entries, size) for namespace, entries, size in rows}
        except (apsw.Error, OSError, Foreign):
            for connection in opened:
                connection.close()
            raise

    def _connect(self, flags: int, opened: list[apsw.Connection]) -> apsw.Connection:
        connection = apsw.Connection(str(self.path), flags=flags)
        opened.append(connection)
        # members wait for the end of a life; the next opening takes over what is in the write-ahead log
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        # a crafted file cannot make us run more than the statements above
        connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0)
        connection.execute("PRAGMA cell_size_check = ON")
        return connection

    def _prepare_schema(self) -> None:
        if self._schema() == set(_SCHEMA) and self._writer.pragma("user_version") == LAYOUT:
            return
        # alone: another process may be about to do the same
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            found, version = self._schema(), self._writer.pragma("user_version")
            if (found or version) and (found, version) != (set(_SCHEMA), LAYOUT):
                raise Foreign(f"layout {version}")
            if not found:
                self._writer.execute(f"{';'.join(_SCHEMA)}; PRAGMA user_version = {LAYOUT}")
            self._writer.execute("COMMIT")
        finally:
            self.roll_back()

    def _schema(self) -> set[str]:
        return {sql for (sql,) in self._writer.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")}

    def _do(self, statements: str, values: tuple[Any, ...] = ()) -> Any:
        try:
            return self._writer.execute(statements, values)
        except apsw.Error as error:
            self.failed = error
            raise

    def _do_many(self, statement: str, rows: Mapping[str, Row]) -> None:
        try:
            self._writer.executemany(statement, rows.values())
        except apsw.Error as error:
            self.failed = error
            raise

    def _forget(self, keys: Iterable[str]) -> list[str]:
        """Count entries out that are about to go; return which of them are there."""
        if self._is_empty:
            return []
        there: list[tuple[str, int]] = []
        wanted = tuple(keys)
        for at in range(0, len(wanted), _SIZES_AT_ONCE):
            some = wanted[at : at + _SIZES_AT_ONCE]
            # always the same statement, which is then compiled once
            there += self._do(_SIZES, some + some[-1:] * (_SIZES_AT_ONCE - len(some)))
        for key, size in there:
            self._count(key, -1, -len(key) - size)
        return [key for key, _size in there]

    def _remove_all(self, condition: str, values: tuple[Any, ...]) -> int:
        chosen = f"SELECT key FROM entries WHERE {condition}"
        rows: list[tuple[str, int]]
        rows = self._do(f"DELETE FROM entries WHERE key IN ({chosen}) RETURNING key, length(data)", values).fetchall()
        for key, size in rows:
            self._count(key, -1, -len(key) - size)
        return len(rows)

    def _next_round(self) -> list[tuple[str, float]]:
        query = "SELECT key, set_at FROM entries WHERE (set_at, key) > (?, ?) ORDER BY set_at, key LIMIT ?"
        rows: list[tuple[str, float]] = self._do(query, (*self._hand, _ROUND)).fetchall()
        if not rows:
            rows = self._do(query, (-1.0, "", _ROUND)).fetchall()
        return rows

    def _used_pages(self) -> int:
        return int(self._writer.pragma("page_count")) - int(self._writer.pragma("freelist_count"))

    def _count(self, full_key: str, entries: int, size: int) -> None:
        growth = self._growth.setdefault(cache_values.namespace_of(full_key), [0, 0])
        growth[0] += entries
        growth[1] += size


def put_away(home: Path) -> None:
    """Rename the directory with the file below `home`, so that a new one can be begun. Raises OSError."""
    with suppress(FileNotFoundError):
        (home / LIVE).rename(home / f"{GONE}{os.urandom(6).hex()}")


def put_aways(home: Path) -> Iterator[Path]:
    """Yield what was put away below `home` and can be deleted."""
    with suppress(OSError):
        yield from home.glob(f"{GONE}*")


def delete(*paths: Path) -> None:
    """Delete what was put away; what cannot be deleted now is found again later."""
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)
