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
from botapp.runtime.private_files import make_directory
from botapp.runtime.state_file import State
from botapp.services.backup import backup, lock, snapshot
from botapp.services.backup import export_format as portable
from botapp.services.backup import live_message_state as place
from botapp.services.backup.backup import address_of
from botapp.services.backup.files import RESTORE, DataProblem, backups_in, cannot_open, name_of, sync, written_whole
from botapp.store.db import schema
from botapp.store.db.database import engine_for, in_words, problem_in_words, where_of
from botapp.store.db.errors import Unavailable

#: what the first bytes of a SQLite file are
_SQLITE_MAGIC = b"SQLite format 3\x00"


class Restored(Struct, frozen=True):
    """What was done."""

    #: what was there before; None: nothing was
    kept: Path | None
    #: what is wrong with the books that are there now
    problems: list[str]


def restore(settings: Settings, file: Path) -> Restored:
    """Put the backup or export in `file` in the place of the shop's database.

    It is looked through first, and either all of it comes about or nothing. Raises DataProblem, ConfigError; InUse
    while the bot runs.
    """
    url = address_of(settings)
    look_through(file)
    with lock.alone(settings):
        kept = _keep(settings, url)
        came, problems = _replace(url, file)
        place.settle(settings, came)
    return Restored(kept, problems)


def take_over(settings: Settings, file: Path) -> Restored:
    """Put the export or backup in `file` into the shop's database, which has to be empty.

    Raises DataProblem, ConfigError; InUse while the bot runs.
    """
    url = address_of(settings)
    look_through(file)
    with lock.alone(settings):
        if not _is_empty(url):
            text = _(
                "the shop's database is not empty, and nothing is ever mixed; to put the file in its place instead: "
                "stocksup data restore %s"
            )
            raise DataProblem(text % file)
        came, problems = _replace(url, file)
        place.settle(settings, came)
    return Restored(None, problems)


def chosen(settings: Settings, named: str) -> Path:
    """Return the backup that a name stands for: a path, a name in the directory of backups, or "latest".

    Raises DataProblem.
    """
    if named == "latest":
        # what a restore has put aside is not what anybody wants back by that name
        there = [one for one in backups_in(settings.backup_dir) if one.reason != RESTORE]
        if not there:
            raise DataProblem(_("there are no backups in %s; make one: stocksup data backup") % settings.backup_dir)
        return there[0].path
    path = Path(named)
    return path if path.exists() or path.name != named else settings.backup_dir / named


def look_through(file: Path) -> list[str]:
    """Return what is wrong with the books in a backup or export. Raises DataProblem when it cannot be used."""
    if not _is_sqlite(file):
        return backup.problems_of_export(file)
    problems = backup.problems_of_file(file)
    try:
        with closing(snapshot.opened(file)) as raw, snapshot.engine_on(raw).connect() as connection:
            if schema.version_of(connection) is None:
                raise DataProblem(_("%s has no tables of a shop; take another backup") % file)
    except sqlite3.Error as error:
        raise DataProblem(problem_in_words(str(error), str(file))) from error
    return problems


def _replace(url: URL, file: Path) -> tuple[State, list[str]]:
    try:
        if url.get_backend_name() == "sqlite":
            return _replace_file(Path(str(url.database)), file)
        engine = engine_for(url)
        try:
            with engine.begin() as connection:
                portable.drop_all(connection)
                _fill(connection, file)
                return place.carried(connection), backup.problems_of(connection, file)
        finally:
            engine.dispose()
    except exc.DBAPIError as error:
        raise DataProblem(in_words(error, where_of(url))) from error
    except sqlite3.Error as error:
        raise DataProblem(problem_in_words(str(error), str(url.database))) from error
    except Unavailable as error:
        raise DataProblem(str(error)) from error


def _replace_file(path: Path, file: Path) -> tuple[State, list[str]]:
    with written_whole(path, replace=True) as part:
        if _is_sqlite(file):
            with closing(snapshot.opened(file)) as source, closing(snapshot.opened(part, hasty=True)) as target:
                snapshot.copy_pages(source, target, in_steps=False)
        with closing(snapshot.opened(part)) as raw, snapshot.engine_on(raw).connect() as connection:
            raw.execute("BEGIN IMMEDIATE")
            if not _is_sqlite(file):
                backup.load_into(connection, file)
            elif not schema.is_current(connection):
                schema.migrate(connection, before=_kept_as_it_was)
            came, problems = place.carried(connection), backup.problems_of(connection, file)
            raw.execute("COMMIT")
        # the old file's journal would be taken for the new one's
        for rest in _beside(path):
            rest.unlink(missing_ok=True)
    return came, problems


def _fill(connection: Connection, file: Path) -> None:
    if not _is_sqlite(file):
        backup.load_into(connection, file)
        return
    with closing(snapshot.opened(file)) as raw, snapshot.engine_on(raw).connect() as source:
        version = schema.version_of(source)
        assert version is not None, "the file was looked through before"
        portable.load(connection, portable.of_database(source), version)


def _keep(settings: Settings, url: URL) -> Path | None:
    """Save what is there; a file that is too damaged for that is put aside as it is."""
    is_file = url.get_backend_name() == "sqlite"
    path = Path(str(url.database))
    if (is_file and not path.exists()) or (not is_file and not _has_tables(url)):
        return None
    try:
        return backup.make_backup(settings, reason=RESTORE, tell=_known)
    except DataProblem:
        if not is_file:
            raise
    aside = settings.backup_dir / f"{name_of(datetime.now(UTC), RESTORE, '')}.damaged"
    try:
        make_directory(aside)
        for one in (path, *_beside(path)):
            if one.exists():
                shutil.copy2(one, aside / one.name)
                os.chmod(aside / one.name, 0o600)
        sync(aside)
    except OSError as error:
        raise cannot_open(aside, error) from error
    return aside


def _beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + ending) for ending in ("-journal", "-wal", "-shm")]


def _is_empty(url: URL) -> bool:
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        return True
    try:
        engine = engine_for(url, create=False)
        try:
            with engine.begin() as connection:
                return portable.is_empty(connection)
        finally:
            engine.dispose()
    except exc.DBAPIError as error:
        raise DataProblem(in_words(error, where_of(url))) from error
    except Unavailable as error:
        raise DataProblem(str(error)) from error


def _has_tables(url: URL) -> bool:
    try:
        engine = engine_for(url)
        try:
            with engine.begin() as connection:
                return schema.version_of(connection) is not None
        finally:
            engine.dispose()
    except exc.DBAPIError as error:
        raise DataProblem(in_words(error, where_of(url))) from error
    except Unavailable as error:
        raise DataProblem(str(error)) from error


def _is_sqlite(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
    except OSError as error:
        raise cannot_open(file, error) from error


def _kept_as_it_was() -> None:
    """What is migrated is a copy."""


def _known(problem: str) -> None:
    """That the books which are replaced are not right is why they are."""
