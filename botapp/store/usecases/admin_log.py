"""The log of what admins did. It never contains stock.

The message or interaction that asks for an action is unique in it. So an action is executed once, however often
Discord delivers the command, and whenever its process is killed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from msgspec import Struct
from sqlalchemy import Connection, bindparam, insert, select

from botapp.store.db.tables import admin_log
from botapp.store.domain.records import AdminAction
from botapp.store.domain.refusals import AlreadyDone

T = TypeVar("T")

_ACTIONS: Final = select(admin_log.c.actor, admin_log.c.action, admin_log.c.detail, admin_log.c.at_ms)
_BY_REQUEST: Final = _ACTIONS.where(admin_log.c.request_id == bindparam("request_id"))


class AdminLogEntry(Struct, frozen=True):
    """The actor, the action and the time of an entry, and the message or interaction that asked for it."""

    actor: str
    action: str
    at_ms: int
    request_id: int


def record(
    connection: Connection, actor: str, action: str, detail: str, now_ms: int, *, request_id: int | None = None
) -> None:
    """Append an action of an admin, in the transaction that performs it."""
    values = {"actor": actor, "action": action, "detail": detail, "at_ms": now_ms, "request_id": request_id}
    connection.execute(insert(admin_log).values(values))


def run_and_record(
    connection: Connection, who: AdminLogEntry, detail: str | Callable[[T], str | None], work: Callable[[Connection], T]
) -> T:
    """Run `work` and append who did it; return its result. Raises AlreadyDone, and what `work` raises.

    `detail` describes the action, or computes that from the result; if it returns None, nothing is appended.
    """
    require_new(connection, who.request_id)
    result = work(connection)
    text = detail if isinstance(detail, str) else detail(result)
    if text is not None:
        # a transaction that has meanwhile appended the same request makes this one conflict, and start again
        record(connection, who.actor, who.action, text, who.at_ms, request_id=who.request_id)
    return result


def require_new(connection: Connection, request_id: int) -> None:
    """Raise AlreadyDone if what a message or interaction asks for was done."""
    if (row := connection.execute(_BY_REQUEST, {"request_id": request_id}).first()) is not None:
        raise AlreadyDone(AdminAction(*row))


def list_latest(connection: Connection, limit: int) -> list[AdminAction]:
    """Return the last actions of admins, newest first."""
    return [AdminAction(*row) for row in connection.execute(_ACTIONS.order_by(admin_log.c.id.desc()).limit(limit))]
