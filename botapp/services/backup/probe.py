"""How the database stands, seen from outside the bot: whether it can be reached, and of which version it is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import exc
from sqlalchemy.engine import URL

from botapp.services.backup import snapshot
from botapp.services.backup.files import DataProblem
from botapp.store.db import schema
from botapp.store.db.database import engine_for, in_words, problem_in_words, where_of
from botapp.store.db.errors import Unavailable

#: how long a writer is waited for, in seconds
_WAIT_S = 5.0


def version_there(url: URL) -> str | None:
    """Return the version of the tables; None: there are none yet.

    Raises DataProblem when the database cannot be reached, schema.Newer.
    """
    try:
        if url.get_backend_name() == "sqlite":
            return _version_in(Path(str(url.database)))
        engine = engine_for(url)
        try:
            with engine.connect() as connection:
                schema.is_current(connection)
                return schema.version_of(connection)
        finally:
            engine.dispose()
    except exc.DBAPIError as error:
        raise DataProblem(in_words(error, where_of(url))) from error
    except sqlite3.Error as error:
        raise DataProblem(problem_in_words(str(error), str(url.database))) from error
    except Unavailable as error:
        raise DataProblem(str(error)) from error


def _version_in(path: Path) -> str | None:
    if not path.exists():
        return None
    with closing(snapshot.opened(path, wait_s=_WAIT_S)) as raw, snapshot.engine_on(raw).connect() as connection:
        schema.is_current(connection)
        return schema.version_of(connection)
