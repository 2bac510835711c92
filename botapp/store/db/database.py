"""Run each use case as one transaction, on a thread other than the event loop's.

SQLite gets one thread with one connection, and every transaction is BEGIN IMMEDIATE: a transaction cannot deadlock
with itself or read rows that another one is about to change. PostgreSQL gets a pool.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import sqlalchemy
from sqlalchemy import Connection, Engine, event, exc
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import StaticPool

from botapp.locale import _
from botapp.locale.os_errors import os_error_text
from botapp.runtime.private_files import file_identity, make_directory
from botapp.store.db.errors import RESTORE_COMMANDS, Unavailable

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

#: how long a transaction waits for another process that writes (such as a restore), in seconds
LOCK_TIMEOUT_S: Final = 5.0
#: connect timeout of PostgreSQL, in seconds
CONNECT_TIMEOUT_S: Final = 5
#: number of PostgreSQL connections, and of threads that use them
POOL_SIZE: Final = 8
#: first SQLite version without the WAL-reset bug, which could lose the last writes
_WAL_FIXED_IN: Final = (3, 51, 3)
#: attempts for a transaction that conflicts with another one
_MAX_ATTEMPTS: Final = 5
_PROBE_WRITE_POSTGRES: Final = "CREATE TEMP TABLE stocksup_probe ON COMMIT DROP AS SELECT repeat('x', 8000) AS probe"
#: write without an effect: reading works on a full disk, so only a write proves that the database is usable again
_PROBE_WRITE: Final = {"sqlite": "PRAGMA user_version = 0", "postgresql": _PROBE_WRITE_POSTGRES}


def database_url(named: str, default: Path) -> URL:
    """Return the URL in `[store] url`, or that of the SQLite file `default` if it is empty.

    Raises ValueError if the URL is not usable; the message is for the owner.
    """
    if not named:
        return URL.create("sqlite", database=str(default))
    try:
        url = make_url(named)
    except exc.ArgumentError as error:
        raise ValueError(_("not a database URL; expected postgresql://USER:PASSWORD@HOST/NAME")) from error
    if url.get_backend_name() != "postgresql":
        raise ValueError(_("not a database URL; expected postgresql://USER:PASSWORD@HOST/NAME"))
    return url.set(drivername="postgresql+psycopg")


def display_url(url: URL) -> str:
    """Return the location of a database for display: the file, or the URL without its password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)


def create_engine(url: URL, *, create: bool = True) -> Engine:
    """Return an engine whose transactions are durable.

    Args:
        url: a result of `database_url`.
        create: whether to create a missing SQLite file.

    Raises Unavailable if the driver is not installed.
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(Path(str(url.database)), create=create)
    try:
        return sqlalchemy.create_engine(
            url,
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
        )
    except ImportError as error:
        text = _("[store] url names PostgreSQL, but its driver is not installed; run: pip install 'stocksup[postgres]'")
        raise Unavailable(text) from error


def _sqlite_engine(path: Path, *, create: bool) -> Engine:
    mode = "rwc" if create else "rw"
    address = f"{path.absolute().as_uri()}?mode={mode}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, uri=True, timeout=LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        journal = "WAL" if sqlite3.sqlite_version_info >= _WAL_FIXED_IN else "TRUNCATE"
        for pragma in (f"journal_mode={journal}", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    engine = sqlalchemy.create_engine("sqlite://", creator=connect, poolclass=StaticPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


class Database:
    """Runs use cases until `close`. After a failure the next use case tries again."""

    def __init__(self, url: URL, *, create_if_missing: bool = True) -> None:
        """`create_if_missing`: whether the first use creates a missing SQLite file."""
        self._url = url
        self._may_create = create_if_missing
        self._is_file = url.get_backend_name() == "sqlite"
        self._path = Path(str(url.database))
        self._threads = ThreadPoolExecutor(1 if self._is_file else POOL_SIZE, thread_name_prefix="database")
        self._engine: Engine | None = None
        self._identity: tuple[int, int] | None = None
        self._error: str | None = None
        #: whether a write has succeeded since the database was opened, or since the last failure
        self._is_writable = False
        self._faults = 0
        self._last_s = 0.0

    @property
    def where(self) -> str:
        """The location of the database, without its password."""
        return display_url(self._url)

    @property
    def error(self) -> str | None:
        """Why the last use failed; None if it succeeded."""
        return self._error

    async def run(
        self, use_case: Callable[Concatenate[Connection, P], T], /, *arguments: P.args, **keywords: P.kwargs
    ) -> T:
        """Run `use_case(connection, …)` as one transaction and return its result.

        An exception rolls the transaction back. Raises Unavailable if the database cannot be used.
        """
        work = functools.partial(self.run_sync, use_case, *arguments, **keywords)
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def run_sync(
        self, use_case: Callable[Concatenate[Connection, P], T], /, *arguments: P.args, **keywords: P.kwargs
    ) -> T:
        """Like `run`, in the calling thread. For SQLite no other thread may use the database meanwhile."""
        began_s = time.perf_counter()
        for attempt in range(_MAX_ATTEMPTS):
            faults = self._faults
            try:
                with self._current_engine().begin() as connection:
                    if not self._is_writable:
                        connection.exec_driver_sql(_PROBE_WRITE[self._url.get_backend_name()])
                    result = use_case(connection, *arguments, **keywords)
            except exc.DBAPIError as error:
                if attempt + 1 < _MAX_ATTEMPTS and _is_retryable(error):
                    continue
                if isinstance(error, exc.IntegrityError):
                    raise  # a bug in a use case: the database itself works
                self._handle_error(error)
                raise Unavailable(self._error) from error
            if faults == self._faults:  # else another thread has failed in the meantime
                self._error, self._is_writable = None, True
            self._last_s = time.perf_counter() - began_s
            return result
        raise AssertionError("the last attempt returns or raises")

    def health(self) -> dict[str, Any]:
        """Return the health of the database, as `status` shows it."""
        return {
            "is_healthy": self._error is None,
            "last_error": self._error,
            # a restart of the bot would not repair it
            "external": True,
            "where": self.where,
            "last_ms": round(self._last_s * 1000, 1),
        }

    async def close(self) -> None:
        """Finish running transactions and close every connection."""
        await asyncio.to_thread(self.close_sync)

    def close_sync(self) -> None:
        """Like `close`, in the calling thread."""
        self._threads.shutdown()
        self._dispose_engine()

    def _current_engine(self) -> Engine:
        """Return the engine. Reopen a file that was deleted or replaced, so that nothing is written to the old one."""
        if self._is_file and self._identity is not None and self._identity != file_identity(self._path):
            self._dispose_engine()
        if self._engine is None:
            if self._is_file:
                self._engine = self._open_file()
            else:
                self._engine = create_engine(self._url)
        return self._engine

    def _open_file(self) -> Engine:
        if not self._path.exists() and not self._may_create:
            self._record_error(
                _("there is no database at %s; bring it back, or run: %s") % (self._path, RESTORE_COMMANDS)
            )
            raise Unavailable(self._error)
        try:
            make_directory(self._path.parent)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            self._record_error(
                _("cannot open %(path)s: %(problem)s") % {"path": self._path, "problem": os_error_text(error)}
            )
            raise Unavailable(self._error) from error
        self._identity = file_identity(self._path)
        self._may_create = False
        return create_engine(self._url, create=False)

    def _record_error(self, problem: str) -> None:
        self._error, self._is_writable = problem, False
        self._faults += 1

    def _dispose_engine(self) -> None:
        self._is_writable = False
        engine, self._engine, self._identity = self._engine, None, None
        if engine is not None:
            engine.dispose()

    def _handle_error(self, error: exc.DBAPIError) -> None:
        self._record_error(error_text(error, self.where))
        log.debug("database: use case failed", exc_info=error)
        if self._is_file:
            self._dispose_engine()


def error_text(error: exc.DBAPIError, where: str) -> str:
    """Return why the database failed, without any data that was written to it."""
    technical = str(error.orig).partition("\n")[0]
    if "FATAL:" in technical:  # the server answered, and says why it refuses the connection
        return driver_error_text(technical.partition("FATAL:")[2].strip(), where)
    if error.connection_invalidated or "connection" in technical:
        return _("database %(where)s: %(problem)s") % {"where": where, "problem": _("cannot connect")}
    return driver_error_text(technical, where)


def driver_error_text(technical: str, where: str) -> str:
    """Return the error of a database driver in words for the owner."""
    explanations = {
        "database or disk is full": _("the disk is full; free some space"),
        "database is locked": _("locked by another process; wait until it ends"),
        "attempt to write a readonly database": _("it is read-only; correct its permissions"),
        "unable to open database file": _("cannot open it; correct its path or its permissions"),
        "disk I/O error": _("disk I/O error"),
        "database disk image is malformed": _("it is damaged; run: %s") % RESTORE_COMMANDS,
        "file is not a database": _("it is damaged; run: %s") % RESTORE_COMMANDS,
    }
    return _("database %(where)s: %(problem)s") % {"where": where, "problem": explanations.get(technical, technical)}


def _is_retryable(error: exc.DBAPIError) -> bool:
    """Return whether the transaction conflicted with another one, so that another attempt can succeed."""
    # SQLSTATE 40001: serialization failure, 40P01: deadlock, 23505: unique violation by a concurrent transaction
    state = getattr(error.orig, "sqlstate", None)
    return state in ("40001", "40P01", "23505") or error.connection_invalidated
