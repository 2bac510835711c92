"""What admins have done, and who. Never with contents of stock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct
from sqlalchemy import Connection, insert, select

from botapp.store.db.tables import admin_log

T = TypeVar("T")


class AdminLogEntry(Struct, frozen=True):
    """Who does what, and when."""

    actor: str
    action: str
    at_ms: int


class AdminAction(Struct, frozen=True):
    """One thing that an admin has done."""

    actor: str
    action: str
    detail: str
    at_ms: int


def record(connection: Connection, actor: str, action: str, detail: str, now_ms: int) -> None:
    """Write down what an admin does, in the transaction that does it."""
    connection.execute(insert(admin_log).values(actor=actor, action=action, detail=detail, at_ms=now_ms))


def run_and_record(
    connection: Connection, who: AdminLogEntry, detail: str | Callable[[T], str | None], work: Callable[[Connection], T]
) -> T:
    """Do `work` and write down who did it; return its result.

    `detail` says more about it, or tells that from the result; None then: nothing was done, and nothing is noted.
    """
    result = work(connection)
    said = detail if isinstance(detail, str) else detail(result)
    if said is not None:
        record(connection, who.actor, who.action, said, who.at_ms)
    return result


def list_latest(connection: Connection, limit: int) -> list[AdminAction]:
    """Return what admins did last, the newest first."""
    columns = (admin_log.c.actor, admin_log.c.action, admin_log.c.detail, admin_log.c.at_ms)
    return [
        AdminAction(*row) for row in connection.execute(select(*columns).order_by(admin_log.c.id.desc()).limit(limit))
    ]
