"""Connect to the shop's database from outside the bot, and read its schema version."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import exc
from sqlalchemy.engine import URL

from botapp.config.settings import Settings
from botapp.locale import _
from botapp.runtime import state_file
from botapp.services.backup import snapshot
from botapp.services.backup.files import DataProblem
from botapp.store.db import schema
from botapp.store.db.database import create_engine, display_url, driver_error_text, error_text, missing_text
from botapp.store.db.errors import RESTORE_COMMANDS, Unavailable
from botapp.store.db.limits import USE_CASE_TIMEOUT_S, deadline
from botapp.store.db.place import find_obstacle, find_problem, is_missing

#: how long to wait for a writer, in seconds
_WAIT_S = 5.0


def schema_version(url: URL) -> str | None:
    """Return the schema version; None if there are no tables yet.

    Raises DataProblem if the database cannot be read, SchemaTooNew.
    """
    try:
        if url.get_backend_name() == "sqlite":
            return _sqlite_version(Path(str(url.database)))
        engine = create_engine(url)
        try:
            with deadline(time.monotonic() + USE_CASE_TIMEOUT_S), engine.connect() as connection:
                schema.is_current(connection)
                return schema.get_version(connection)
        finally:
            engine.dispose()
    except exc.DBAPIError as error:
        raise DataProblem(error_text(error, display_url(url))) from error
    except sqlite3.Error as error:
        raise DataProblem(driver_error_text(str(error), str(url.database))) from error
    except Unavailable as error:
        raise DataProblem(str(error)) from error


def find_loss(settings: Settings, url: URL) -> str | None:
    """Return what has become of the shop's database if it is gone although the shop had one, or None.

    Raises what `schema_version` raises, and StateError.
    """
    path = Path(str(url.database)) if url.get_backend_name() == "sqlite" else None
    if path is not None and find_obstacle(path) is not None:
        return missing_text(str(find_problem(path)))
    if schema_version(url) is not None or not state_file.expect(settings.state_file).database_created:
        return None
    if path is not None and (problem := find_problem(path)) is not None:
        return missing_text(problem)
    return _("%s is empty, although the shop had a database; bring it back, or run: %s") % (
        display_url(url),
        RESTORE_COMMANDS,
    )


def _sqlite_version(path: Path) -> str | None:
    if (obstacle := find_obstacle(path)) is not None:
        raise DataProblem(obstacle)
    if is_missing(path):
        return None
    with (
        closing(snapshot.open_sqlite(path, wait_s=_WAIT_S)) as raw,
        snapshot.engine_for(raw).connect() as connection,
    ):
        schema.is_current(connection)
        return schema.get_version(connection)
