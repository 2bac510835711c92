"""Replace the shop's database with a backup or an export. The previous database is saved as a backup first."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from sqlalchemy import Connection, exc
from sqlalchemy.engine import URL

from botapp.config.settings import Settings
from botapp.locale import _
from botapp.runtime.private_files import fsync_directory, make_directory
from botapp.runtime.state_file import State
from botapp.services.backup import backup, live_message_state, lock, retention, snapshot
from botapp.services.backup import export_format as portable
from botapp.services.backup.backup import shop_database_url
from botapp.services.backup.files import (
    RESTORE,
    DataProblem,
    backup_name,
    list_backups,
    open_error,
    write_atomically,
)
from botapp.store.db import schema
from botapp.store.db.database import create_engine, display_url, driver_error_text, error_text
from botapp.store.db.errors import Unavailable
from botapp.store.db.place import find_obstacle, is_missing
from botapp.store.verify import Verified
from supervisor.configfile import open_to_read

#: first bytes of a SQLite file
_SQLITE_MAGIC = b"SQLite format 3\x00"


class RestoreResult(Struct, frozen=True):
    """The result of a restore."""

    #: the saved previous database; None if there was none
    kept: Path | None
    #: problems of the restored data
    problems: list[str]


def restore(settings: Settings, file: Path) -> RestoreResult:
    """Replace the shop's database with the backup or export in `file`.

    Verifies the file first, and replaces all or nothing. Raises DataProblem, ConfigError, and DatabaseInUse while
    the bot runs.
    """
    url = shop_database_url(settings)
    validate(file)
    with lock.exclusive_lock(settings):
        kept = _save_current(settings, url)
        saved_state, problems = _replace(url, file)
        live_message_state.apply(settings, saved_state)
    return RestoreResult(kept, problems)


def import_into_empty(settings: Settings, file: Path) -> RestoreResult:
    """Load the export or backup in `file` into the shop's database, which must be empty.

    Raises DataProblem, ConfigError, and DatabaseInUse while the bot runs.
    """
    url = shop_database_url(settings)
    validate(file)
    with lock.exclusive_lock(settings):
        if not _is_empty(url):
            text = _(
                "the shop's database is not empty, and data is never merged; to replace the database with the file: "
                "stocksup data restore %s"
            )
            raise DataProblem(text % file)
        saved_state, problems = _replace(url, file)
        live_message_state.apply(settings, saved_state)
    return RestoreResult(None, problems)


def find_backup(settings: Settings, named: str, now: datetime) -> Path:
    """Return the backup for a name: a path, a file in the backup directory, or "latest" at the time `now`.

    Raises DataProblem.
    """
    if named == "latest":
        # "latest" must not mean what the last restore replaced
        found = [backup for backup in list_backups(settings.backup_dir) if backup.reason != RESTORE]
        backups = retention.order_by_age(found, now)
        if not backups:
            raise DataProblem(_("there are no backups in %s; make one: stocksup data backup") % settings.backup_dir)
        return backups[0].path
    path = Path(named)
    return path if path.exists() or path.name != named else settings.backup_dir / named


def validate(file: Path) -> Verified:
    """Verify a backup or export. Raises DataProblem if it cannot be used."""
    return backup.verify_file(file) if _is_sqlite(file) else backup.verify_export(file)


def _replace(url: URL, file: Path) -> tuple[State, list[str]]:
    try:
        if url.get_backend_name() == "sqlite":
            return _replace_file(Path(str(url.database)), file)
        engine = create_engine(url)
        try:
            with engine.begin() as connection:
                portable.drop_tables(connection)
                _fill(connection, file)
                verified = backup.verify_connection(connection, file)
                return live_message_state.read_from_backup(connection), verified.problems
        finally:
            engine.dispose()
    except exc.DBAPIError as error:
        raise DataProblem(error_text(error, display_url(url))) from error
    except sqlite3.Error as error:
        raise DataProblem(driver_error_text(str(error), str(url.database))) from error
    except Unavailable as error:
        raise DataProblem(str(error)) from error


def _replace_file(path: Path, file: Path) -> tuple[State, list[str]]:
    with write_atomically(path, replace=True) as part:
        if _is_sqlite(file):
            with (
                closing(snapshot.open_saved(file)) as source,
                closing(snapshot.open_sqlite(part.path, unsafe=True)) as target,
            ):
                snapshot.copy_pages(source, target, in_steps=False)
        with closing(snapshot.open_sqlite(part.path)) as raw, snapshot.engine_for(raw).connect() as connection:
            raw.execute("BEGIN IMMEDIATE")
            if not _is_sqlite(file):
                backup.load_export(connection, file)
            elif not schema.is_current(connection):
                schema.migrate(connection, back_up=_skip_backup)
            saved_state = live_message_state.read_from_backup(connection)
            problems = backup.verify_connection(connection, file).problems
            raw.execute("COMMIT")
        # SQLite would apply the journal of the old file to the new one
        for rest in snapshot.sidecar_files(path):
            rest.unlink(missing_ok=True)
    return saved_state, problems


def _fill(connection: Connection, file: Path) -> None:
    if not _is_sqlite(file):
        backup.load_export(connection, file)
        return
    with closing(snapshot.open_saved(file)) as raw, snapshot.engine_for(raw).connect() as source:
        version = schema.get_version(source)
        assert version is not None, "the file was validated before"
        portable.load(connection, portable.read_database(source), version)


def _save_current(settings: Settings, url: URL) -> Path | None:
    """Save the current database as a backup, or copy its files unchanged if they are too damaged for that."""
    is_file = url.get_backend_name() == "sqlite"
    path = Path(str(url.database))
    if is_file and (obstacle := find_obstacle(path)) is not None:
        raise DataProblem(obstacle)
    if (is_file and is_missing(path)) or (not is_file and not _has_tables(url)):
        return None
    try:
        return backup.make_backup(settings, reason=RESTORE, report=_ignore_problem)
    except DataProblem:
        if not is_file:
            raise
    aside = settings.backup_dir / f"{backup_name(datetime.now(UTC), RESTORE, '')}.damaged"
    try:
        make_directory(aside)
        for source in (path, *snapshot.sidecar_files(path)):
            if source.exists():
                shutil.copy2(source, aside / source.name)
                os.chmod(aside / source.name, 0o600)
        fsync_directory(aside)
    except OSError as error:
        raise open_error(aside, error) from error
    return aside


def _is_empty(url: URL) -> bool:
    if url.get_backend_name() == "sqlite" and is_missing(Path(str(url.database))):
        return True
    try:
        engine = create_engine(url, create=False)
        try:
            with engine.begin() as connection:
                return portable.is_empty(connection)
        finally:
            engine.dispose()
    except exc.DBAPIError as error:
        raise DataProblem(error_text(error, display_url(url))) from error
    except Unavailable as error:
        raise DataProblem(str(error)) from error


def _has_tables(url: URL) -> bool:
    try:
        engine = create_engine(url)
        try:
            with engine.begin() as connection:
                return schema.get_version(connection) is not None
        finally:
            engine.dispose()
    except exc.DBAPIError as error:
        raise DataProblem(error_text(error, display_url(url))) from error
    except Unavailable as error:
        raise DataProblem(str(error)) from error


def _is_sqlite(file: Path) -> bool:
    try:
        with open_to_read(file) as opened:
            return opened.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
    except OSError as error:
        raise open_error(file, error) from error


def _skip_backup() -> None:
    """Do nothing: the database is a copy."""


def _ignore_problem(problem: str) -> None:
    """Ignore a problem of the replaced data: it may be why the owner restores a backup."""
