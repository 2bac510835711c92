"""Putting a backup, or an export, in the place of the shop's database. What was there is kept as a backup."""

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
from botapp.runtime.private_files import fsync_path, make_directory
from botapp.runtime.state_file import State
from botapp.services.backup import backup, lock, snapshot
from botapp.services.backup import export_format as portable
from botapp.services.backup import live_message_state as place
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

#: what the first bytes of a SQLite file are
_SQLITE_MAGIC = b"SQLite format 3\x00"


class RestoreResult(Struct, frozen=True):
    """What was done."""

    #: what was there before; None: nothing was
    kept: Path | None
    #: what is wrong with the books that are there now
    problems: list[str]


def restore(settings: Settings, file: Path) -> RestoreResult:
    """Put the backup or export in `file` in the place of the shop's database.

    It is looked through first, and either all of it comes about or nothing. Raises DataProblem, ConfigError; InUse
    while the bot runs.
    """
    url = shop_database_url(settings)
    validate(file)
    with lock.exclusive_lock(settings):
        kept = _save_current(settings, url)
        came, problems = _replace(url, file)
        place.apply(settings, came)
    return RestoreResult(kept, problems)


def import_into_empty(settings: Settings, file: Path) -> RestoreResult:
    """Put the export or backup in `file` into the shop's database, which has to be empty.

    Raises DataProblem, ConfigError; InUse while the bot runs.
    """
    url = shop_database_url(settings)
    validate(file)
    with lock.exclusive_lock(settings):
        if not _is_empty(url):
            text = _(
                "the shop's database is not empty, and nothing is ever mixed; to put the file in its place instead: "
                "stocksup data restore %s"
            )
            raise DataProblem(text % file)
        came, problems = _replace(url, file)
        place.apply(settings, came)
    return RestoreResult(None, problems)


def find_backup(settings: Settings, named: str) -> Path:
    """Return the backup that a name stands for: a path, a name in the directory of backups, or "latest".

    Raises DataProblem.
    """
    if named == "latest":
        # what a restore has put aside is not what anybody wants back by that name
        there = [one for one in list_backups(settings.backup_dir) if one.reason != RESTORE]
        if not there:
            raise DataProblem(_("there are no backups in %s; make one: stocksup data backup") % settings.backup_dir)
        return there[0].path
    path = Path(named)
    return path if path.exists() or path.name != named else settings.backup_dir / named


def validate(file: Path) -> list[str]:
    """Return what is wrong with the books in a backup or export. Raises DataProblem when it cannot be used."""
    if not _is_sqlite(file):
        return backup.verify_export(file)
    problems = backup.verify_file(file)
    try:
        with closing(snapshot.open_sqlite(file)) as raw, snapshot.engine_for(raw).connect() as connection:
            if schema.get_version(connection) is None:
                raise DataProblem(_("%s has no tables of a shop; take another backup") % file)
    except sqlite3.Error as error:
        raise DataProblem(driver_error_text(str(error), str(file))) from error
    return problems


def _replace(url: URL, file: Path) -> tuple[State, list[str]]:
    try:
        if url.get_backend_name() == "sqlite":
            return _replace_file(Path(str(url.database)), file)
        engine = create_engine(url)
        try:
            with engine.begin() as connection:
                portable.drop_tables(connection)
                _fill(connection, file)
                return place.read_from_backup(connection), backup.verify_connection(connection, file)
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
                closing(snapshot.open_sqlite(file)) as source,
                closing(snapshot.open_sqlite(part, hasty=True)) as target,
            ):
                snapshot.copy_pages(source, target, in_steps=False)
        with closing(snapshot.open_sqlite(part)) as raw, snapshot.engine_for(raw).connect() as connection:
            raw.execute("BEGIN IMMEDIATE")
            if not _is_sqlite(file):
                backup.load_export(connection, file)
            elif not schema.is_current(connection):
                schema.migrate(connection, back_up=_skip_backup)
            came, problems = place.read_from_backup(connection), backup.verify_connection(connection, file)
            raw.execute("COMMIT")
        # the old file's journal would be taken for the new one's
        for rest in _sidecar_files(path):
            rest.unlink(missing_ok=True)
    return came, problems


def _fill(connection: Connection, file: Path) -> None:
    if not _is_sqlite(file):
        backup.load_export(connection, file)
        return
    with closing(snapshot.open_sqlite(file)) as raw, snapshot.engine_for(raw).connect() as source:
        version = schema.get_version(source)
        assert version is not None, "the file was looked through before"
        portable.load(connection, portable.read_database(source), version)


def _save_current(settings: Settings, url: URL) -> Path | None:
    """Save what is there; a file that is too damaged for that is put aside as it is."""
    is_file = url.get_backend_name() == "sqlite"
    path = Path(str(url.database))
    if (is_file and not path.exists()) or (not is_file and not _has_tables(url)):
        return None
    try:
        return backup.make_backup(settings, reason=RESTORE, tell=_ignore_problem)
    except DataProblem:
        if not is_file:
            raise
    aside = settings.backup_dir / f"{backup_name(datetime.now(UTC), RESTORE, '')}.damaged"
    try:
        make_directory(aside)
        for one in (path, *_sidecar_files(path)):
            if one.exists():
                shutil.copy2(one, aside / one.name)
                os.chmod(aside / one.name, 0o600)
        fsync_path(aside)
    except OSError as error:
        raise open_error(aside, error) from error
    return aside


def _sidecar_files(path: Path) -> list[Path]:
    return [path.with_name(path.name + ending) for ending in ("-journal", "-wal", "-shm")]


def _is_empty(url: URL) -> bool:
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
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
        with file.open("rb") as opened:
            return opened.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
    except OSError as error:
        raise open_error(file, error) from error


def _skip_backup() -> None:
    """What is migrated is a copy."""


def _ignore_problem(problem: str) -> None:
    """That the books which are replaced are not right is why they are."""
