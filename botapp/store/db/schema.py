"""Read the schema version of a database and migrate it. Alembic is imported only if there is something to migrate."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text

from botapp.locale import _

if TYPE_CHECKING:
    from alembic.config import Config

#: every schema version, oldest first; this code needs the last one
VERSIONS: Final = ("0002", "0003", "0004")

#: advisory lock of a migration on PostgreSQL; an arbitrary number
_LOCK_KEY: Final = 5_709_223_114


class SchemaTooNew(Exception):
    """A newer version of the program wrote the database; the message says what to do."""


def too_new_error(version: str) -> SchemaTooNew:
    """Return the error for an unknown schema version."""
    return SchemaTooNew(
        _(
            "the database has schema version %(version)s, but this program knows versions up to %(known)s; "
            "install the newer program again, or restore the backup from before the migration: "
            "stocksup data restore"
        )
        % {"version": version, "known": VERSIONS[-1]}
    )


def get_version(connection: Connection) -> str | None:
    """Return the schema version; None if there are no tables yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def is_current(connection: Connection) -> bool:
    """Return whether the schema is up to date. Raises SchemaTooNew."""
    version = get_version(connection)
    if version is not None and version not in VERSIONS:
        raise too_new_error(version)
    return version == VERSIONS[-1]


def pending_usable_by_previous(version: str | None) -> bool:
    """Return whether a process that uses schema `version` can go on after the migration to the current one.

    Each migration declares that for the version before it. None stands for a database without tables. Pure: it depends
    on this program's files alone. Raises SchemaTooNew.
    """
    if version == VERSIONS[-1]:
        return True
    if version is not None and version not in VERSIONS:
        raise too_new_error(version)
    from alembic.script import ScriptDirectory

    pending = ScriptDirectory.from_config(_alembic_config()).iterate_revisions(VERSIONS[-1], version or "base")
    return all(migration.module.USABLE_BY_PREVIOUS for migration in pending)


def migrate(connection: Connection, *, back_up: Callable[[], None], to: str = VERSIONS[-1]) -> bool:
    """Migrate the tables to version `to`, in the transaction of `connection`; return whether anything changed.

    Calls `back_up` first if the database has tables. Raises SchemaTooNew.
    """
    if is_current(connection) and to == VERSIONS[-1]:
        return False
    if connection.dialect.name == "postgresql":
        # migrations run one after the other (SQLite: BEGIN IMMEDIATE); the second process finds nothing left to do
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        if is_current(connection) and to == VERSIONS[-1]:
            return False
    from alembic import command

    if get_version(connection) is not None:
        back_up()
    config = _alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)
    return True


def _alembic_config() -> Config:
    from alembic.config import Config

    config = Config()
    # Alembic loads scripts by their path, which needs no import finder
    config.set_main_option("script_location", os.fspath(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
