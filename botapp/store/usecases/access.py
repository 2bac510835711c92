"""Access to the shop: maintenance mode and the blacklist."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from botapp.store.db.tables import blacklist
from botapp.store.domain import refusals
from botapp.store.domain.records import BlacklistEntry
from botapp.store.domain.rules import check_access
from botapp.store.usecases import key_value

_MAINTENANCE: Final = "maintenance"
_REASON: Final = select(blacklist.c.reason).where(blacklist.c.user_id == bindparam("user_id"))


def require_access(connection: Connection, user_id: int) -> None:
    """Raise Blacklisted or Maintenance if a user may not use the shop now."""
    problem = check_access(maintenance_reason(connection), blacklist_reason(connection, user_id))
    if problem is not None:
        raise problem


def maintenance_reason(connection: Connection) -> str | None:
    """Return why the shop is closed to members; None if it is open."""
    return key_value.get(connection, _MAINTENANCE, str)


def set_maintenance(connection: Connection, reason: str | None) -> None:
    """Close the shop to members, or open it again with None."""
    key_value.put(connection, _MAINTENANCE, reason)


def blacklist_reason(connection: Connection, user_id: int) -> str | None:
    """Return why a user is on the blacklist; None if they are not."""
    return connection.execute(_REASON, {"user_id": user_id}).scalar()


def add_to_blacklist(connection: Connection, user_id: int, reason: str, *, actor: str, now_ms: int) -> None:
    """Put a user on the blacklist; for one who is there, replace the reason, unless the new one is empty."""
    earlier = connection.execute(select(blacklist.c.reason).where(blacklist.c.user_id == user_id)).scalar()
    reason = reason or earlier or ""
    connection.execute(delete(blacklist).where(blacklist.c.user_id == user_id))
    connection.execute(insert(blacklist).values(user_id=user_id, reason=reason, added_by=actor, at_ms=now_ms))


def remove_from_blacklist(connection: Connection, user_id: int) -> None:
    """Remove a user from the blacklist. Raises NotBlacklisted."""
    if connection.execute(delete(blacklist).where(blacklist.c.user_id == user_id)).rowcount == 0:
        raise refusals.NotBlacklisted(user_id)


def list_blacklist(connection: Connection) -> list[BlacklistEntry]:
    """Return the blacklist, newest first."""
    columns = (blacklist.c.user_id, blacklist.c.reason, blacklist.c.added_by, blacklist.c.at_ms)
    return [BlacklistEntry(*row) for row in connection.execute(select(*columns).order_by(blacklist.c.at_ms.desc()))]
