"""One of the cache's two files over time: opened, recreated after a fault, off while it cannot be used, tried again.

Nothing in the cache is needed for truth, and an empty cache is never wrong. So a file that cannot be read or written
is replaced by an empty one. If that fails too, the file is off: the bot goes on without it, and tries again later.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Final

import apsw

from botapp.ext.cache.counters import Counters
from botapp.ext.cache.database import Database, delete_trash, move_to_trash, trashed
from botapp.ext.cache.errors import error_text
from botapp.locale import _

log = logging.getLogger(__name__)

#: how long opening waits for a lock of another process, in milliseconds, and how often it tries: two processes that
#: create the same file are in each other's way
OPEN_TIMEOUT_MS: Final = 20
OPEN_ATTEMPTS: Final = 10
#: until a file that could not be used is tried again, in seconds; doubled each time
FIRST_RETRY_S: Final = 1.0
MAX_RETRY_S: Final = 60.0
#: until what was renamed away is deleted, in seconds: the caller of `clear` goes on first
TRASH_DELAY_S: Final = 0.01
monotonic_s: Final = time.monotonic


class CacheFile:
    """One file. `database` is replaced under `lock`; only the writer thread opens, closes and replaces files."""

    def __init__(self, home: Path, max_bytes: int, counters: Counters, lock: threading.Lock) -> None:
        """Open the file in the directory `home`. Never raises because of its state."""
        self.home = home
        self._max_bytes = max_bytes
        self._counters = counters
        self._lock = lock
        #: the open file; None while it cannot be used
        self.database: Database | None = None
        #: why it is off; None while it is not
        self.problem: str | None = None
        self.retry_at_s = 0.0
        self._retry_s = FIRST_RETRY_S
        #: whether the file has missed a write, so that its entries must not be seen again
        self._is_stale = False
        self.open()
        self._delete_trash_in_background()

    def open(self) -> None:
        """Open the file, or turn it off."""
        try:
            if self._is_stale:
                move_to_trash(self.home)
            database = _open_database(self.home, self._max_bytes)
        except (OSError, apsw.Error) as error:
            self.turn_off(error)
            return
        if database.replaced_because is not None:
            log.warning(_("cache: %(path)s could not be used (%(reason)s); replaced by an empty file"),
                        {"path": database.path, "reason": error_text(database.replaced_because)})  # fmt: skip
        if self.problem is not None:
            log.info(_("cache: %s works again"), self.home)
        self.problem, self._is_stale = None, False
        with self._lock:
            self.database = database

    def turn_off(self, error: Exception) -> None:
        """Go on without the file until it is retried."""
        self.record(error)
        if self.problem is None:
            log.warning(_("cache: %(path)s is off, the bot goes on without it: %(reason)s"),
                        {"path": self.home, "reason": error_text(error)})  # fmt: skip
        now_s = monotonic_s()
        if now_s > self.retry_at_s + MAX_RETRY_S:
            self._retry_s = FIRST_RETRY_S
        self.problem, self._is_stale = f"{self.home}: {error_text(error)}", True
        self.retry_at_s = now_s + self._retry_s
        self._retry_s = min(2 * self._retry_s, MAX_RETRY_S)

    def record(self, error: Exception) -> None:
        """Count an error and keep its text for the stats."""
        self._counters.errors += 1
        self._counters.last_error = f"{self.home}: {error_text(error)}"

    def withdraw(self) -> Database | None:
        """Take the file out of use and return it, still open."""
        with self._lock:
            database, self.database = self.database, None
        return database

    def close(self) -> None:
        """Close the file."""
        if (database := self.withdraw()) is not None:
            database.close()

    def reopen(self) -> None:
        """Open what is now at the path."""
        self.close()
        self.open()

    def reopen_if_moved(self) -> None:
        """Open what is now at the path, if that is not the open file."""
        if self.database is not None and self.database.has_moved():
            self.reopen()

    def retry_if_due(self) -> None:
        """Try a file that is off again, when its time has come."""
        if self.problem is not None and self.database is None and monotonic_s() >= self.retry_at_s:
            self.open()

    def recreate(self, error: Exception) -> None:
        """Replace the file, which has failed; turn it off if it was replaced within the last second."""
        self.close()
        if monotonic_s() < self.retry_at_s:
            self.turn_off(error)
            return
        log.warning(_("cache: %(path)s failed (%(reason)s); replaced by an empty file"),
                    {"path": self.home, "reason": error_text(error)})  # fmt: skip
        self.retry_at_s = monotonic_s() + FIRST_RETRY_S
        self._replace(None)

    def recover(self, failed: Database, error: Exception | None) -> None:
        """Recreate the file after a read failed; without an error, only open what is now at the path."""
        failed.close()
        if self.database is not None or self.problem is not None:
            return  # another fault was handled first
        if error is not None:
            self.recreate(error)
        else:
            log.info(_("cache: the directory %s was replaced; opened the new one"), self.home)
            self.open()

    def clear(self) -> int | None:
        """Replace the file by an empty one; return how many entries it had, None if that is unknown."""
        if (database := self.withdraw()) is None:
            # what is at the path must not be found when the file works again
            self._replace(None)
            return None
        entries, is_marked = 0, False
        try:
            entries = database.totals()[0]
            entries, is_marked = database.mark_cleared(), True
        except apsw.Error as error:
            # on a full disk, for example: renaming works all the same
            self.record(error)
        if is_marked and not entries:
            with self._lock:
                self.database = database
            return 0
        return entries if self._replace(database) or is_marked else None

    def _replace(self, database: Database | None) -> bool:
        """Rename the file away, together with the open `database`, and open an empty one; return whether it is gone."""
        try:
            move_to_trash(self.home)
        except OSError as error:
            if database is not None:
                database.close()
            self.turn_off(error)
            return False
        self.open()
        if self.database is None:
            # deleting the old file may free space for the new one
            if database is not None:
                database.close()
            delete_trash(self.home)
            self.open()
        else:
            self._delete_trash_in_background(database)
        return True

    def _delete_trash_in_background(self, database: Database | None = None) -> None:
        """Close `database` and delete what was renamed away; a large file takes its time."""

        def delete() -> None:
            time.sleep(TRASH_DELAY_S)
            if database is not None:
                database.close()
            delete_trash(self.home)

        if database is not None or any(trashed(self.home)):
            threading.Thread(target=delete, name="cache-trash", daemon=True).start()


def _open_database(home: Path, max_bytes: int) -> Database:
    for _attempt in range(OPEN_ATTEMPTS - 1):
        try:
            return Database(home, max_bytes, busy_timeout_ms=OPEN_TIMEOUT_MS)
        except (apsw.BusyError, FileNotFoundError):
            time.sleep(OPEN_TIMEOUT_MS / 1000)
    return Database(home, max_bytes, busy_timeout_ms=OPEN_TIMEOUT_MS)
