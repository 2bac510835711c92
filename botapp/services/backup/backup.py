"""Make and verify backups. Each is one file, complete or absent, and verified before it gets its name.

The backup of a SQLite database is a SQLite file, that of a PostgreSQL database an export.
"""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec.structs import replace
from sqlalchemy import Connection, exc
from sqlalchemy.engine import URL

from botapp.config.settings import Settings
from botapp.locale import _
from botapp.runtime.private_files import make_directory
from botapp.services.backup import export_format as portable
from botapp.services.backup import live_message_state, snapshot
from botapp.services.backup.files import MANUAL, PART, DataProblem, Part, backup_name, open_error, write_atomically
from botapp.store.db import schema
from botapp.store.db.database import database_url, display_url, driver_error_text, error_text
from botapp.store.db.errors import RESTORE_COMMANDS
from botapp.store.verify import Verified, verify_current
from supervisor.configfile import ConfigError

log = logging.getLogger(__name__)

#: file name suffixes of the two kinds of backup
SQLITE: Final = ".db"
EXPORT: Final = ".jsonl.gz"
#: maximum number of damage messages from SQLite
_MAX_REPORTED: Final = 20

#: receives each problem of the data as a sentence
ReportProblem = Callable[[str], None]


def shop_database_url(settings: Settings) -> URL:
    """Return the URL of the shop's database. Raises ConfigError."""
    try:
        return database_url(settings.store.url, settings.database_file)
    except ValueError as error:
        text = _("%(path)s: [store] url: %(problem)s")
        raise ConfigError(text % {"path": settings.path, "problem": error}) from error


def make_backup(
    settings: Settings, *, reason: str = MANUAL, now: datetime | None = None, report: ReportProblem = log.warning
) -> Path:
    """Make a backup of the shop's database in `settings.backup_dir`, while the bot runs; return its file.

    Blocks for a while, so do not call it on the event loop. Inconsistent data is saved anyway and passed to `report`.
    `now` is the time in the file name. Raises DataProblem or ConfigError if there is no backup.
    """
    url = shop_database_url(settings)
    now = now or datetime.now(UTC)
    is_file = url.get_backend_name() == "sqlite"
    path = settings.backup_dir / backup_name(now, reason, SQLITE if is_file else EXPORT)
    with write_atomically(path) as part:
        problems = _copy_sqlite(url, settings, part.path) if is_file else _write_export(url, settings, part, now)
    for problem in problems:
        report(_("the database is inconsistent: %s") % problem)
    return path


def export_shop(settings: Settings, path: Path, *, report: ReportProblem) -> None:
    """Write the shop's data to a portable file. Raises DataProblem, ConfigError."""
    url = shop_database_url(settings)
    with write_atomically(path) as part:
        problems = _write_export(url, settings, part, datetime.now(UTC))
    for problem in problems:
        report(_("the database is inconsistent: %s") % problem)


def verify_file(path: Path, *, check_contents: bool = True) -> Verified:
    """Verify a SQLite file: that it is undamaged and, with `check_contents`, its schema and data.

    Raises DataProblem if the file is damaged, or too new to be checked.
    """
    # restoring the last backup would replace the shop's database, which is not the damaged one
    remedy = _("use another backup: stocksup data backups")
    return _verify_sqlite(path, str(path), check_contents=check_contents, if_damaged=remedy)


def verify_shop(settings: Settings) -> Verified:
    """Verify the shop's database, while the bot runs. Raises DataProblem, ConfigError."""
    url = shop_database_url(settings)
    with scratch_file(settings.state_dir) as scratch, snapshot.open_snapshot(url, scratch) as connection:
        return verify_connection(connection, display_url(url))


def _verify_sqlite(path: Path, where: str, *, check_contents: bool, if_damaged: str | None = None) -> Verified:
    """Verify the SQLite file `path`, whose errors are about `where`. Raises DataProblem."""
    try:
        with closing(snapshot.open_saved(path)) as raw, snapshot.engine_for(raw).connect() as connection:
            return verify_connection(connection, where, check_contents=check_contents, if_damaged=if_damaged)
    except sqlite3.Error as error:
        raise DataProblem(driver_error_text(str(error), where, if_damaged=if_damaged)) from error


def verify_connection(
    connection: Connection, path: Path | str, *, check_contents: bool = True, if_damaged: str | None = None
) -> Verified:
    """Verify the data on a connection. Data with an older schema is checked for damage only.

    `if_damaged` says what to do then; None: restore the last backup, because it is the shop's database.

    Raises DataProblem if the data is damaged or too new, or if there is none.
    """
    problems = []
    try:
        if connection.dialect.name == "sqlite":
            _refuse_damaged(connection, path, if_damaged or _("run: %s") % RESTORE_COMMANDS)
            text = _("row %(row)s of %(table)s refers to a row of %(other)s that does not exist")
            for table, row, other, _number in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(
                _MAX_REPORTED
            ):
                problems.append(text % {"row": row, "table": table, "other": other})
        version = schema.get_version(connection)
        if version is None:
            raise DataProblem(_("%s does not contain a shop; use another backup") % path)
        if not check_contents or not schema.is_current(connection):
            return Verified(problems, version)
        verified = verify_current(connection)
        return replace(verified, problems=[*problems, *verified.problems])
    except schema.SchemaTooNew as error:
        raise DataProblem(f"{path}: {error}") from error
    except exc.DBAPIError as error:
        raise DataProblem(error_text(error, str(path), if_damaged=if_damaged)) from error


def verify_export(path: Path) -> Verified:
    """Verify an export. Raises DataProblem if it is damaged or too new."""
    with closing(snapshot.open_in_memory()) as raw, snapshot.engine_for(raw).begin() as connection:
        load_export(connection, path)
        return verify_connection(connection, path)


def load_export(connection: Connection, path: Path) -> int:
    """Fill an empty database from an export, in the transaction of `connection`. Raises DataProblem."""
    try:
        version = portable.read_schema_version(path)
        return portable.load(connection, portable.read_chunks(path), version)
    except schema.SchemaTooNew as error:
        raise DataProblem(f"{path}: {error}") from error
    except exc.StatementError as error:
        # the error would show the rows, which contain stock
        raise DataProblem(_("%s: its rows contradict each other; use another backup") % path) from error


@contextmanager
def scratch_file(directory: Path) -> Iterator[Path]:
    """Provide an empty file in a directory for the block. Raises DataProblem."""
    path = directory / f"copy.{secrets.token_hex(4)}{PART}"
    try:
        make_directory(path.parent)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise open_error(path, error) from error
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _copy_sqlite(url: URL, settings: Settings, part: Path) -> list[str]:
    try:
        with snapshot.open_snapshot(url, part) as connection:
            # a newer schema is saved unchanged, so that the newer program can restore it
            is_known = schema.get_version(connection) in (None, *schema.VERSIONS)
            if is_known and schema.is_current(connection):
                live_message_state.save_to_backup(connection, settings)
            snapshot.save_snapshot(connection, part)
        # the copy is as damaged as the shop's database
        return _verify_sqlite(part, display_url(url), check_contents=is_known).problems
    except sqlite3.Error as error:
        raise DataProblem(driver_error_text(str(error), str(part))) from error


def _write_export(url: URL, settings: Settings, part: Part, now: datetime) -> list[str]:
    try:
        with scratch_file(settings.state_dir) as scratch, snapshot.open_snapshot(url, scratch) as connection:
            if schema.is_current(connection):
                live_message_state.save_to_backup(connection, settings)
            portable.write_export(connection, part.file, now)
            portable.verify(part.path, part.file)
            return verify_connection(connection, display_url(url)).problems
    except schema.SchemaTooNew as error:
        raise DataProblem(str(error)) from error
    except OSError as error:
        raise open_error(part.path, error) from error


def _refuse_damaged(connection: Connection, path: Path | str, remedy: str) -> None:
    messages = [str(row[0]) for row in connection.exec_driver_sql(f"PRAGMA integrity_check({_MAX_REPORTED})")]
    if messages != ["ok"]:
        text = _("%(path)s is damaged (%(problem)s); %(remedy)s")
        # SQLite breaks lines within a message
        raise DataProblem(text % {"path": path, "problem": " ".join("; ".join(messages).split()), "remedy": remedy})
