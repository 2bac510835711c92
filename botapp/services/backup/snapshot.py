"""A consistent snapshot of the shop's database, taken by any process while the bot runs.

With SQLite's rollback journal nothing can commit while a reader is active, so the database is first copied, in memory
if it fits: a purchase then waits for that copy, not for the disk. PostgreSQL provides snapshots itself.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy
from sqlalchemy import Connection, Engine, exc
from sqlalchemy.engine import URL
from sqlalchemy.pool import StaticPool

from botapp.locale import _
from botapp.services.backup.files import DataProblem
from botapp.store.db.database import create_engine, display_url, driver_error_text, error_text
from botapp.store.db.place import find_obstacle, find_problem

#: a database up to this size is copied in one step, in memory, which takes about 4 ms per MiB
ONE_STEP_BYTES: Final = 48 * 1024 * 1024
#: a larger one is copied to a file in steps of this many pages
STEP_PAGES: Final = 2560
#: pause after each step for writers; a write makes SQLite start the copy again
_PAUSE_S: Final = 0.02
#: how long to try that before copying in one step, which blocks writers, in seconds
PATIENCE_S: Final = 20.0
#: how long to wait for a process that locks the database, in seconds
LOCK_TIMEOUT_S: Final = 30.0
#: time between two attempts to get the lock
_BUSY_S: Final = 0.005


class _DatabaseBusy(Exception):
    """Writes are so frequent that a copy in steps never finishes."""


@contextmanager
def open_snapshot(url: URL, scratch: Path) -> Iterator[Connection]:
    """Provide a connection to a snapshot of the database. What is written through it never reaches the shop.

    Args:
        url: of the database.
        scratch: an empty file, used for a copy that is too large for memory.

    Raises DataProblem if the database cannot be read.
    """
    try:
        if url.get_backend_name() == "sqlite":
            with (
                open_copy(Path(str(url.database)), scratch) as copy,
                engine_for(copy).connect() as connection,
            ):
                yield connection
        else:
            engine = create_engine(url)
            try:
                with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
                    yield connection
            finally:
                engine.dispose()
    except exc.DBAPIError as error:
        raise DataProblem(error_text(error, display_url(url))) from error


@contextmanager
def open_copy(source: Path, scratch: Path) -> Iterator[sqlite3.Connection]:
    """Provide a copy of a SQLite file: in memory, or in the file `scratch`. Raises DataProblem."""
    if (problem := find_problem(source)) is not None:
        raise _missing_error(problem)
    try:
        with closing(open_sqlite(source)) as connection:
            is_small = _size_bytes(connection) <= ONE_STEP_BYTES
            copy = open_in_memory() if is_small else open_sqlite(scratch, unsafe=True)
            with closing(copy):
                copy_pages(connection, copy, in_steps=not is_small)
                connection.close()
                yield copy
    except sqlite3.Error as error:
        raise DataProblem(driver_error_text(str(error), str(source))) from error


def copy_pages(source: sqlite3.Connection, target: sqlite3.Connection, *, in_steps: bool) -> None:
    """Copy a whole database as of one moment. Raises sqlite3.Error, DataProblem."""
    began_s = time.monotonic()
    left = [0]

    def watch(status: int, remaining: int, total: int) -> None:
        passed_s = time.monotonic() - began_s
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            if passed_s > LOCK_TIMEOUT_S:
                raise sqlite3.OperationalError("database is locked")
        elif in_steps and remaining:
            if remaining > left[0] > 0 and passed_s > PATIENCE_S:
                raise _DatabaseBusy
            left[0] = remaining
            time.sleep(_PAUSE_S)

    try:
        source.backup(target, pages=STEP_PAGES if in_steps else -1, progress=watch, sleep=_BUSY_S)
    except _DatabaseBusy:
        copy_pages(source, target, in_steps=False)


def open_sqlite(path: Path, *, unsafe: bool = False, wait_s: float = 0) -> sqlite3.Connection:
    """Open an existing SQLite file, waiting up to `wait_s` seconds for a writer.

    `unsafe` turns off journal and fsync; the caller then makes the file durable.

    Raises DataProblem if it does not exist, sqlite3.Error.
    """
    _require_file(path)
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=wait_s, check_same_thread=False
    )
    if unsafe:
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("PRAGMA synchronous=OFF")
    return connection


def open_saved(path: Path) -> sqlite3.Connection:
    """Open a file that was saved, for reading. Nothing that lies beside it counts, unless it belongs to it.

    A journal beside a file is rolled back into it, as SQLite does, and may name another file to delete. So root refuses
    one that another user could have put there. Raises DataProblem, sqlite3.Error.
    """
    beside = [there for there in sidecar_files(path) if os.path.lexists(there)]
    if not beside:
        _require_file(path)
        address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    if os.geteuid() == 0 and any(there.lstat().st_uid for there in (path.parent, path, *beside)):
        text = _(
            "%(path)s has a journal of another user beside it: %(journal)s; copy both, give them to root, use those"
        )
        raise DataProblem(text % {"path": path, "journal": beside[0].name})
    return open_sqlite(path)


def sidecar_files(path: Path) -> list[Path]:
    """Return the files that SQLite may keep beside a database."""
    return [path.with_name(path.name + ending) for ending in ("-journal", "-wal", "-shm")]


def open_in_memory() -> sqlite3.Connection:
    """Open an empty database in memory."""
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


def engine_for(connection: sqlite3.Connection) -> Engine:
    """Return an engine on an open connection."""
    return sqlalchemy.create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)


def save_snapshot(copy: Connection, path: Path) -> None:
    """Write a snapshot of a SQLite database to an empty file. Raises sqlite3.Error."""
    copy.commit()
    raw = copy.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    if raw.execute("PRAGMA database_list").fetchone()[2] != os.fspath(path):
        with closing(open_sqlite(path, unsafe=True)) as file:
            raw.backup(file)
    with closing(open_sqlite(path)) as file:
        # in WAL mode, opening the backup would create files beside it
        file.execute("PRAGMA journal_mode=DELETE")


def _require_file(path: Path) -> None:
    """Raise DataProblem if no file is at the path; it may be empty."""
    problem = find_obstacle(path) if path.exists() else find_problem(path)
    if problem is not None:
        raise _missing_error(problem)


def _missing_error(problem: str) -> DataProblem:
    return DataProblem(_("%s; correct the path or restore the file") % problem)


def _size_bytes(connection: sqlite3.Connection) -> int:
    began_s = time.monotonic()
    while True:
        try:
            pages, size = (
                int(connection.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "page_size")
            )
            return pages * size
        except sqlite3.OperationalError as error:
            if str(error) != "database is locked" or time.monotonic() - began_s > LOCK_TIMEOUT_S:
                raise
            time.sleep(_BUSY_S)
