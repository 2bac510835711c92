"""The log of what admins did. It never contains stock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct
from sqlalchemy import Connection, insert, select

from botapp.store.db.tables import admin_log

T = TypeVar("T")


class AdminLogEntry(Struct, frozen=True):
    """The actor, the action and the time of an entry."""

    actor: str
    action: str
    at_ms: int


class AdminAction(Struct, frozen=True):
    """One action of an admin."""

    actor: str
    action: str
    detail: str
    at_ms: int


def record(connection: Connection, actor: str, action: str, detail: str, now_ms: int) -> None:
    """Append an action of an admin, in the transaction that performs it."""
    connection.execute(insert(admin_log).values(actor=actor, action=action, detail=detail, at_ms=now_ms))


def run_and_record(
    connection: Connection, who: AdminLogEntry, detail: str | Callable[[T], str | None], work: Callable[[Connection], T]
) -> T:
    """Run `work` and append who did it; return its result.

    `detail` describes the action, or computes that from the result; if it returns None, nothing is appended.
    """
    result = work(connection)
    text = detail if isinstance(detail, str) else detail(result)
    if text is not None:
        record(connection, who.actor, who.action, text, who.at_ms)
    return result


def list_latest(connection: Connection, limit: int) -> list[AdminAction]:
    """Return the last actions of admins, newest first."""
    columns = (admin_log.c.actor, admin_log.c.action, admin_log.c.detail, admin_log.c.at_ms)
    return [
        AdminAction(*row) for row in connection.execute(select(*columns).order_by(admin_log.c.id.desc()).limit(limit))
    ]
