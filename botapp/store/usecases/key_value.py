"""Small values of the shop, stored as JSON under a key."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select, text

from botapp.store.db.tables import setting

T = TypeVar("T")

_BY_KEY: Final = select(setting.c.value).where(setting.c.key == bindparam("key"))
# a row lock would not do: the first two transactions that store a value find no row to lock
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('stocksup.setting', hashtext(:key)))")


def get(connection: Connection, key: str, kind: type[T]) -> T | None:
    """Return the value of `key`; None if there is none."""
    value = connection.execute(_BY_KEY, {"key": key}).scalar()
    return msgspec.json.decode(value, type=kind) if value is not None else None


def get_to_change(connection: Connection, key: str, kind: type[T]) -> T | None:
    """Return the value of `key`, and let no other transaction change it before this one has ended."""
    _lock(connection, key)
    return get(connection, key, kind)


def put(connection: Connection, key: str, value: Any) -> None:
    """Store `value` under `key`; None deletes it. If it depends on the old value, read that with `get_to_change`."""
    _lock(connection, key)
    connection.execute(delete(setting).where(setting.c.key == key))
    if value is not None:
        connection.execute(insert(setting).values(key=key, value=msgspec.json.encode(value).decode()))


def _lock(connection: Connection, key: str) -> None:
    """Wait until no other transaction changes the value of `key`. SQLite runs one transaction at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"key": key})
