"""Small values of the shop, stored as JSON under a key."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select

from botapp.store.db.tables import setting

T = TypeVar("T")

_BY_KEY: Final = select(setting.c.value).where(setting.c.key == bindparam("key"))


def get(connection: Connection, key: str, kind: type[T]) -> T | None:
    """Return the value of `key`; None if there is none."""
    value = connection.execute(_BY_KEY, {"key": key}).scalar()
    return msgspec.json.decode(value, type=kind) if value is not None else None


def put(connection: Connection, key: str, value: Any) -> None:
    """Store `value` under `key`; None deletes it."""
    connection.execute(delete(setting).where(setting.c.key == key))
    if value is not None:
        connection.execute(insert(setting).values(key=key, value=msgspec.json.encode(value).decode()))
