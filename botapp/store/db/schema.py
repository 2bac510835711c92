"""Which version of the tables a database has, and bringing it up to date. Alembic is loaded only when there is work."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from botapp.locale import _

#: every version there has been, the oldest first; the last is what this code stands on
VERSIONS: Final = ("0002",)

#: what whoever migrates a PostgreSQL database holds; any number that nobody else uses there
_LOCK_KEY: Final = 5_709_223_114


class SchemaTooNew(Exception):
    """The database was written by a newer version of the program; the message says what to do."""


def too_new_error(version: str) -> SchemaTooNew:
    """Return what is to be said of tables of a version that is not known here."""
    return SchemaTooNew(
        _(
            "the database is of version %(there)s, newer than this program, which knows versions up to %(known)s; "
            "install the newer program again, or go back to the backup from before its migration: "
            "stocksup data restore"
        )
        % {"there": version, "known": VERSIONS[-1]}
    )


def get_version(connection: Connection) -> str | None:
    """Return the version of the tables; None: there are none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def is_current(connection: Connection) -> bool:
    """Tell whether nothing has to be done. Raises SchemaTooNew."""
    version = get_version(connection)
    if version is not None and version not in VERSIONS:
        raise too_new_error(version)
    return version == VERSIONS[-1]


def migrate(connection: Connection, *, before: Callable[[], None], to: str = VERSIONS[-1]) -> bool:
    """Bring the tables to version `to`, in the transaction of `connection`; return whether anything was done.

    `before` is called first where there is something that could be lost: it makes a backup. Raises SchemaTooNew.
    """
    if is_current(connection) and to == VERSIONS[-1]:
        return False
    if connection.dialect.name == "postgresql":
        # one after the other, as BEGIN IMMEDIATE has it on SQLite; whoever comes second finds it done
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        if is_current(connection) and to == VERSIONS[-1]:
            return False
    # an import finder of its own is not wanted: scripts are loaded by their path
    from alembic import command
    from alembic.config import Config

    if get_version(connection) is not None:
        before()
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", os.fspath(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, to)
    return True
