"""Run each use case as one transaction, on a thread other than the event loop's, and within a time limit.

SQLite gets one thread with one connection, and every transaction is BEGIN IMMEDIATE: a transaction cannot deadlock
with itself or read rows that another one is about to change. PostgreSQL gets a pool.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import sqlalchemy
from sqlalchemy import Connection, Engine, event, exc
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import StaticPool

from botapp.locale import _
from botapp.locale.os_errors import os_error_text
from botapp.runtime.private_files import file_identity, make_directory
from botapp.store.db import limits
from botapp.store.db.errors import NO_ANSWER, RESTORE_COMMANDS, OutcomeUnknown, Unavailable
from botapp.store.db.place import find_obstacle, find_problem, is_missing

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

#: how long a transaction waits for another process that writes (such as a restore), in seconds
LOCK_TIMEOUT_S: Final = 5.0
#: number of threads that use PostgreSQL's connections, of which there are as many
POOL_SIZE: Final = 8
#: after the time limit of a use case: how long its thread may take to notice that, in seconds
_GRACE_S: Final = 3.0
#: time limit of a probe, and how long its result counts, in seconds: a silent server is noticed within 10 s
PROBE_TIMEOUT_S: Final = 4.0
PROBE_INTERVAL_S: Final = 5.0
_SILENCE_S: Final = 2 * PROBE_INTERVAL_S
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
    if named.count("@") > 1:
        # the part after the first one would be shown as the host
        raise ValueError(_("more than one @; in the user name, the password and the database, write %40 instead of @"))
    try:
        url = make_url(named)
    except (exc.ArgumentError, ValueError) as error:
        raise ValueError(_("not a database URL; expected postgresql://USER:PASSWORD@HOST/NAME")) from error
    if url.get_backend_name() != "postgresql":
        raise ValueError(_("not a database URL; expected postgresql://USER:PASSWORD@HOST/NAME"))
    return url.set(drivername="postgresql+psycopg")


def display_url(url: URL) -> str:
    """Return the location of a database for display: the file, or the URL without its password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    # the part after ? may hold a password too
    return url.set(drivername=url.get_backend_name(), query={}).render_as_string(hide_password=True)


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
        from botapp.store.db import postgres

        return postgres.create_engine(url, pool_size=POOL_SIZE + 1)
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

    def __init__(
        self, url: URL, *, create_if_missing: bool = True, on_health: Callable[[], None] = lambda: None
    ) -> None:
        """Open nothing yet.

        Args:
            url: a result of `database_url`.
            create_if_missing: whether the first use creates a missing SQLite file.
            on_health: called on the event loop when the health has changed.
        """
        self._url = url
        self._may_create = create_if_missing
        self._is_file = url.get_backend_name() == "sqlite"
        self._path = Path(str(url.database))
        self._threads = ThreadPoolExecutor(1 if self._is_file else POOL_SIZE, thread_name_prefix="database")
        self._probe_thread = ThreadPoolExecutor(1, thread_name_prefix="database-probe")
        self._opening = threading.Lock()
        self._engine: Engine | None = None
        self._identity: tuple[int, int] | None = None
        self._error: str | None = None
        #: whether a write has succeeded since the database was opened, or since the last failure
        self._is_writable = False
        self._faults = 0
        self._last_s = 0.0
        #: until when the server counts as silent, in seconds of `time.monotonic`
        self._silent_until_s = 0.0
        self._on_health = on_health
        self._reported_error: str | None = None

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
        limit_s = limits.current_limit_s()

        def work(connection: Connection) -> T:
            return use_case(connection, *arguments, **keywords)

        try:
            if time.monotonic() < self._silent_until_s:
                raise Unavailable(self._error)
            return await self._finish_in_time(
                self._threads.submit(self._run_by, time.monotonic() + limit_s, work), limit_s
            )
        finally:
            self._report_health()

    async def probe(self) -> None:
        """Check whether the database answers, so that its health is right while no one uses it.

        While a server is silent, use cases fail at once, until a probe succeeds.
        """
        try:
            if not self._is_file:
                await self._finish_in_time(self._probe_thread.submit(self._ask_server), PROBE_TIMEOUT_S)
            if self._error is not None or self._has_lost_file():
                await self.run(_do_nothing)
        except Unavailable as error:
            log.debug("database: probe failed: %s", error)
        finally:
            self._report_health()

    def run_sync(
        self, use_case: Callable[Concatenate[Connection, P], T], /, *arguments: P.args, **keywords: P.kwargs
    ) -> T:
        """Like `run`, in the calling thread. For SQLite no other thread may use the database meanwhile."""
        deadline_s = time.monotonic() + limits.current_limit_s()
        return self._run_by(deadline_s, lambda connection: use_case(connection, *arguments, **keywords))

    async def _finish_in_time(self, running: Future[T], limit_s: float) -> T:
        """Return the result of a thread. Raises Unavailable if it comes too late, and what the thread raises."""
        waiting = asyncio.wrap_future(running)
        try:
            await asyncio.wait({waiting}, timeout=limit_s + _GRACE_S)
            if waiting.done():
                return waiting.result()
        finally:
            is_cancelled = running.cancel()
            waiting.cancel()
        self._record_error(self._no_answer())
        raise Unavailable(self._error) if is_cancelled else OutcomeUnknown(self._error)

    def _run_by(self, deadline_s: float, work: Callable[[Connection], T]) -> T:
        """Run a use case until `deadline_s`, again if it conflicted with another one."""
        began_s = time.perf_counter()
        with limits.deadline(deadline_s):
            for attempt in range(_MAX_ATTEMPTS):
                faults = self._faults
                if limits.remaining_s() <= 0:
                    break
                try:
                    result = self._attempt(work)
                except exc.DBAPIError as error:
                    if attempt + 1 < _MAX_ATTEMPTS and limits.remaining_s() > 0 and _is_retryable(error):
                        continue
                    if isinstance(error, exc.IntegrityError):
                        raise  # a bug in a use case: the database itself works
                    self._handle_error(error)
                    raise Unavailable(self._error) from error
                except OutcomeUnknown as error:
                    self._record_error(self._no_answer())
                    raise OutcomeUnknown(self._error) from error
                if faults == self._faults:  # else another thread has failed in the meantime
                    self._error, self._is_writable = None, True
                self._last_s = time.perf_counter() - began_s
                return result
        self._record_error(self._no_answer())
        raise Unavailable(self._error)

    def _attempt(self, work: Callable[[Connection], T]) -> T:
        """Run a use case as one transaction. Raises DBAPIError, OutcomeUnknown, and what the use case raises."""

        def check_and_work(connection: Connection) -> T:
            if not self._is_writable:
                connection.exec_driver_sql(_PROBE_WRITE[self._url.get_backend_name()])
            return work(connection)

        engine = self._current_engine()
        if self._is_file:
            with engine.begin() as connection:
                return check_and_work(connection)
        from botapp.store.db import postgres

        return postgres.run_transaction(engine, check_and_work)

    def _ask_server(self) -> None:
        """Ask the server for an answer, on a connection of its own. Raises Unavailable."""
        with limits.deadline(time.monotonic() + PROBE_TIMEOUT_S):
            try:
                with self._current_engine().connect() as connection:
                    connection.exec_driver_sql("SELECT 1")
            except exc.DBAPIError as error:
                if limits.remaining_s() <= 0:
                    self._silent_until_s = time.monotonic() + _SILENCE_S
                self._handle_error(error)
                raise Unavailable(self._error) from error
        self._silent_until_s = 0.0

    def _report_health(self) -> None:
        if self._error != self._reported_error:
            self._reported_error = self._error
            self._on_health()

    def _no_answer(self) -> str:
        return driver_error_text(NO_ANSWER, self.where)

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
        self._probe_thread.shutdown()
        self._dispose_engine()

    def _current_engine(self) -> Engine:
        """Return the engine. Reopen a file that was deleted or replaced, so that nothing is written to the old one."""
        if self._has_lost_file():
            self._dispose_engine()
        with self._opening:
            if self._engine is None:
                self._engine = self._open_file() if self._is_file else self._open_server()
            return self._engine

    def _has_lost_file(self) -> bool:
        """Return whether the file in use was deleted, replaced or emptied."""
        if not self._is_file or self._identity is None:
            return False
        # a new file is empty until the first write
        return self._identity != file_identity(self._path) or (self._is_writable and is_missing(self._path))

    def _open_server(self) -> Engine:
        engine = create_engine(self._url)
        from botapp.store.db import postgres

        postgres.limit_sessions(engine)
        return engine

    def _open_file(self) -> Engine:
        problem = find_obstacle(self._path) if self._may_create else find_problem(self._path)
        if problem is not None:
            self._record_error(missing_text(problem))
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


def missing_text(problem: str) -> str:
    """Return what to do about a database that is not there; `problem` is a result of `find_problem`."""
    return _("%(problem)s; bring the database back, or run: %(commands)s") % {
        "problem": problem,
        "commands": RESTORE_COMMANDS,
    }


def error_text(error: exc.DBAPIError, where: str, *, if_damaged: str | None = None) -> str:
    """Return why the database failed, without any data that was written to it; see `driver_error_text`."""
    technical = str(error.orig).partition("\n")[0]
    if technical == NO_ANSWER:
        return driver_error_text(technical, where)
    if "FATAL:" in technical:  # the server answered, and says why it refuses the connection
        return driver_error_text(technical.partition("FATAL:")[2].strip(), where)
    if error.connection_invalidated or "connection" in technical:
        return _("database %(where)s: %(problem)s") % {"where": where, "problem": _("cannot connect")}
    return driver_error_text(technical, where, if_damaged=if_damaged)


def driver_error_text(technical: str, where: str, *, if_damaged: str | None = None) -> str:
    """Return the error of a database driver in words for the owner.

    Args:
        technical: the text of the driver.
        where: the database, for people.
        if_damaged: what to do if it is damaged; None: restore the last backup, because it is the shop's database.
    """
    damaged = _("it is damaged; %s") % (if_damaged or _("run: %s") % RESTORE_COMMANDS)
    explanations = {
        NO_ANSWER: _("it does not answer; check the server and the network"),
        "canceling statement due to statement timeout": _("it is too slow; check the load of the server"),
        "canceling statement due to lock timeout": _("locked by another process; wait until it ends"),
        "database or disk is full": _("the disk is full; free some space"),
        "database is locked": _("locked by another process; wait until it ends"),
        "attempt to write a readonly database": _("it is read-only; correct its permissions"),
        "unable to open database file": _("cannot open it; correct its path or its permissions"),
        "disk I/O error": _("disk I/O error"),
        "database disk image is malformed": damaged,
        "file is not a database": damaged,
    }
    return _("database %(where)s: %(problem)s") % {"where": where, "problem": explanations.get(technical, technical)}


def _is_retryable(error: exc.DBAPIError) -> bool:
    """Return whether the transaction conflicted with another one, so that another attempt can succeed."""
    # SQLSTATE 40001: serialization failure, 40P01: deadlock, 23505: unique violation by a concurrent transaction
    state = getattr(error.orig, "sqlstate", None)
    return state in ("40001", "40P01", "23505") or error.connection_invalidated


def _do_nothing(connection: Connection) -> None:
    """Do nothing: `Database` itself checks whether the database can be used."""
