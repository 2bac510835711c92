"""One SQLite file of the cache: its tables, and what the writer thread does to them inside a transaction.

The file is in a directory of its own, together with SQLite's `-wal` and `-shm` files. Renaming that directory removes
everything at once: that takes the same time however large the file is, and it works on a full disk.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import apsw

from botapp.runtime.private_files import file_identity

#: the directory of the file, and the prefix that its name gets when it waits to be deleted
LIVE_DIR: Final = "entries"
TRASH_PREFIX: Final = "trash-"
FILE_NAME: Final = "cache.sqlite"

#: layout of the tables; a file with another layout is recreated
LAYOUT: Final = 3
_SCHEMA: Final = (
    "CREATE TABLE entries (key TEXT PRIMARY KEY, data BLOB NOT NULL, set_at REAL NOT NULL, expires_at REAL)"
    " WITHOUT ROWID",
    "CREATE INDEX entries_by_age ON entries (set_at)",
    "CREATE INDEX entries_by_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL",
    "CREATE TABLE totals (entries INTEGER NOT NULL, bytes INTEGER NOT NULL)",
)
_SELECT: Final = "SELECT data FROM entries WHERE key = ?"
_INSERT: Final = "INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?)"
_DELETE: Final = "DELETE FROM entries WHERE key = ? RETURNING length(data)"
_DELETE_EXPIRED: Final = """
    DELETE FROM entries WHERE key IN (SELECT key FROM entries WHERE expires_at <= ? LIMIT ?) RETURNING key, length(data)
"""
# `total` gives a number even if a damaged row holds something else, or nothing
_TOTALS: Final = "SELECT CAST(total(entries) AS INTEGER), CAST(total(bytes) AS INTEGER) FROM totals"
_OLDEST: Final = "SELECT key FROM entries ORDER BY set_at LIMIT 1"

#: size below which the file does not work, in bytes
MIN_BYTES: Final = 256 * 1024
#: size of the write-ahead log at which it is checkpointed, and at which a reader that blocks that is a fault
MAX_WAL_BYTES: Final = 4 * 1024 * 1024
MAX_BLOCKED_WAL_BYTES: Final = 64 * 1024 * 1024
#: how long the writer waits for a lock of another process, in milliseconds
BUSY_TIMEOUT_MS: Final = 1000


class UnknownLayout(Exception):
    """The file is a database, but its tables are not the ones of this version."""


class Database:
    """One open file. Every method may raise apsw.Error; only the writer thread may call those that are no queries."""

    def __init__(self, home: Path, max_bytes: int, *, busy_timeout_ms: int = 0) -> None:
        """Open the file below `home`, creating what is missing; a file that cannot be used is replaced.

        Raises OSError, apsw.Error.
        """
        self._live_dir = home / LIVE_DIR
        self.path = self._live_dir / FILE_NAME
        self._max_bytes = max(MIN_BYTES, max_bytes)
        #: why the existing file was replaced; None if it was not
        self.replaced_because: Exception | None = None
        #: the last error of the present transaction
        self.failed: Exception | None = None
        self.holds_read_lock = False
        #: whether the present transaction has removed a key
        self.has_removed = False
        self._added_entries = self._added_bytes = 0
        self._is_empty = False
        self._checkpoint_at_bytes = MAX_WAL_BYTES
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._live_dir.mkdir(mode=0o700, exist_ok=True)
        try:
            self._open(busy_timeout_ms)
        except (apsw.NotADBError, apsw.CorruptError, UnknownLayout) as error:
            self.replaced_because = error
            move_to_trash(home)
            self._live_dir.mkdir(mode=0o700)
            self._open(busy_timeout_ms)
        self._writer.set_busy_timeout(BUSY_TIMEOUT_MS)
        self._identity = file_identity(self.path)

    # --- queries: one thread at a time, never waiting for a lock ---

    def read(self, key: str) -> bytes | None:
        """Return the bytes of an entry."""
        # `get` steps to the end, so that no snapshot stays open
        data: bytes | None = self._look_up(_SELECT, (key,)).get
        return data

    def totals(self) -> tuple[int, int]:
        """Return the number of entries and their bytes, including what other processes have set."""
        entries, size = self._look_up(_TOTALS, ()).get
        return entries, size

    def has_moved(self) -> bool:
        """Return whether the path now leads to another file, or to none."""
        return file_identity(self.path) != self._identity

    def size_bytes(self) -> int:
        """Return the size of the files on disk."""
        size = 0
        for suffix in ("", "-wal"):
            with suppress(OSError):
                size += os.stat(f"{self.path}{suffix}").st_size
        return size

    # --- transactions ---

    def begin(self) -> None:
        """Begin a write transaction."""
        self._execute("BEGIN IMMEDIATE")
        self._added_entries, self._added_bytes, self.has_removed, self.failed = 0, 0, False, None
        self._is_empty = bool(self._execute("SELECT NOT EXISTS (SELECT 1 FROM entries)").get)

    def commit(self) -> None:
        """Commit the transaction."""
        if self._added_entries or self._added_bytes:
            added = (self._added_entries, self._added_bytes)
            self._execute("UPDATE totals SET entries = entries + ?, bytes = bytes + ?", added)
        self._execute("COMMIT")

    def roll_back(self) -> None:
        """Roll back the transaction if there is one."""
        if self._writer.in_transaction:
            self._execute("ROLLBACK")

    def put(self, key: str, data: bytes, set_at: float, expires_at: float | None) -> None:
        """Set an entry, replacing the one with the same key."""
        row = (key, data, set_at, expires_at)
        self._execute(_INSERT, row)
        if not self._writer.changes():
            self._delete(key)
            self._execute(_INSERT, row)
        self._is_empty = False
        self._count(1, len(key) + len(data))

    def remove(self, key: str) -> bool:
        """Delete an entry; return whether it existed."""
        existed = self._delete(key)
        self.has_removed |= existed
        return existed

    def remove_expired(self, now: float, limit: int) -> int:
        """Delete up to `limit` entries that have expired; return how many."""
        rows: list[tuple[str, int]] = self._execute(_DELETE_EXPIRED, (now, limit)).fetchall()
        for key, size in rows:
            self._count(-1, -len(key) - size)
        return len(rows)

    def evict(self, incoming_bytes: int) -> int:
        """Delete the entries set longest ago until `incoming_bytes` more fit; return how many."""
        # pages are about three quarters full, and the indexes take some
        incoming_pages = 2 * incoming_bytes // self._page_size + 8
        evicted = 0
        while self._used_pages() + incoming_pages > self._max_pages:
            key: str | None = self._execute(_OLDEST).get
            if key is None:
                break
            evicted += self._delete(key)
        return evicted

    def mark_cleared(self) -> int:
        """Make the tables unusable, unless they are empty; return how many entries there were.

        Other processes that have the file open find no table, and open the file that replaces this one.
        """
        self.begin()
        entries: int = self._execute(_TOTALS).get[0]
        if entries:
            self._execute("ALTER TABLE entries RENAME TO cleared; PRAGMA user_version = 0")
        self._execute("COMMIT")
        return entries

    def has_expiring(self) -> bool:
        """Return whether some entry expires."""
        return bool(self._execute("SELECT EXISTS (SELECT 1 FROM entries WHERE expires_at IS NOT NULL)").get)

    def hold_read_lock(self, wanted: bool) -> None:
        """Hold the lock that every read takes, or release it.

        A read is a quarter faster while another connection of this process holds the lock: SQLite need not ask the
        system for it. It has to be renewed after a commit, and blocks the checkpoints of other processes.
        """
        if self._holder.in_transaction:
            self._holder.execute("COMMIT")
        if wanted:
            self._holder.execute("BEGIN; SELECT 1 FROM totals").fetchall()
        self.holds_read_lock = wanted

    def checkpoint_if_large(self) -> None:
        """Copy a large write-ahead log into the file and truncate it.

        Raises apsw.Error, and OSError when a reader of another process has blocked that for too long.
        """
        with suppress(FileNotFoundError):
            size = os.stat(f"{self.path}-wal").st_size
            if size < self._checkpoint_at_bytes:
                return
            self.hold_read_lock(False)
            self._writer.set_busy_timeout(0)
            try:
                self._writer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
                self._checkpoint_at_bytes = MAX_WAL_BYTES
            except apsw.BusyError as error:
                self._checkpoint_at_bytes = size + MAX_WAL_BYTES
                if size > MAX_BLOCKED_WAL_BYTES:
                    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(self.path)) from error
            finally:
                self._writer.set_busy_timeout(BUSY_TIMEOUT_MS)

    def close(self) -> None:
        """Close the file. The next opening reads its write-ahead log."""
        for connection in (self._holder, self._reader, self._writer):
            connection.close()

    # --- opening ---

    def _open(self, busy_timeout_ms: int) -> None:
        opened: list[apsw.Connection] = []
        try:
            self._writer = self._connect(apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE, opened)
            self._writer.set_busy_timeout(busy_timeout_ms)
            self.path.chmod(0o600)
            # a power cut may lose entries: it is a cache
            self._writer.execute("PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
            self._prepare_schema()
            self._page_size = int(self._writer.pragma("page_size"))
            self._max_pages = self._max_bytes // self._page_size
            self._writer.pragma("max_page_count", self._max_pages)
            self._reader = self._connect(apsw.SQLITE_OPEN_READONLY, opened)
            self._holder = self._connect(apsw.SQLITE_OPEN_READONLY, opened)
            self._look_up = self._reader.cursor().execute
            self.totals()
        except (apsw.Error, OSError, UnknownLayout):
            for connection in opened:
                connection.close()
            raise

    def _connect(self, flags: int, opened: list[apsw.Connection]) -> apsw.Connection:
        connection = apsw.Connection(str(self.path), flags=flags)
        opened.append(connection)
        # a checkpoint would delay the end of the process
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        # a crafted file must not run more than the statements above
        connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0)
        connection.execute("PRAGMA cell_size_check = ON")
        return connection

    def _prepare_schema(self) -> None:
        expected = (set(_SCHEMA), LAYOUT)
        if self._read_schema() == expected:
            return
        # another process may be creating the tables: look again inside a transaction
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            found = self._read_schema()
            if found not in (expected, (set(), 0)):
                raise UnknownLayout(f"layout {found[1]}")
            if found != expected:
                create = f"{';'.join(_SCHEMA)}; INSERT INTO totals VALUES (0, 0); PRAGMA user_version = {LAYOUT}"
                self._writer.execute(create)
            self._writer.execute("COMMIT")
        finally:
            self.roll_back()

    def _read_schema(self) -> tuple[set[str], int]:
        statements = self._writer.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
        return {sql for (sql,) in statements}, int(self._writer.pragma("user_version"))

    # --- small helpers ---

    def _execute(self, statements: str, values: tuple[Any, ...] = ()) -> Any:
        try:
            return self._writer.execute(statements, values)
        except apsw.Error as error:
            self.failed = error
            raise

    def _delete(self, key: str) -> bool:
        size: int | None = None if self._is_empty else self._execute(_DELETE, (key,)).get
        if size is None:
            return False
        self._count(-1, -len(key) - size)
        return True

    def _used_pages(self) -> int:
        return int(self._writer.pragma("page_count")) - int(self._writer.pragma("freelist_count"))

    def _count(self, entries: int, size: int) -> None:
        self._added_entries += entries
        self._added_bytes += size


def move_to_trash(home: Path) -> None:
    """Rename the directory of the file below `home`, so that a new one can be created. Raises OSError."""
    with suppress(FileNotFoundError):
        (home / LIVE_DIR).rename(home / f"{TRASH_PREFIX}{os.urandom(6).hex()}")


def trashed(home: Path) -> Iterator[Path]:
    """Yield the renamed directories below `home` that wait to be deleted."""
    with suppress(OSError):
        yield from home.glob(f"{TRASH_PREFIX}*")


def delete_trash(home: Path) -> None:
    """Delete the renamed directories below `home`; one that cannot be deleted now is found again later."""
    for path in trashed(home):
        shutil.rmtree(path, ignore_errors=True)
