"""Who may use the shop: maintenance, and the blacklist."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from botapp.store.db.tables import blacklist
from botapp.store.domain import refusals
from botapp.store.domain.records import BlacklistEntry
from botapp.store.domain.rules import check_access
from botapp.store.usecases import key_value as settings

_MAINTENANCE: Final = "maintenance"
_REASON: Final = select(blacklist.c.reason).where(blacklist.c.user_id == bindparam("user_id"))


def require_access(connection: Connection, user_id: int) -> None:
    """Raise Barred or Maintenance when a user may not use the shop now."""
    problem = check_access(maintenance_reason(connection), blacklist_reason(connection, user_id))
    if problem is not None:
        raise problem


def maintenance_reason(connection: Connection) -> str | None:
    """Return why the shop is closed for members; None: it is open."""
    return settings.get(connection, _MAINTENANCE, str)


def set_maintenance(connection: Connection, reason: str | None) -> None:
    """Close the shop for members, or open it again with None."""
    settings.put(connection, _MAINTENANCE, reason)


def blacklist_reason(connection: Connection, user_id: int) -> str | None:
    """Return why a user may not use the shop; None: he may."""
    return connection.execute(_REASON, {"user_id": user_id}).scalar()


def add_to_blacklist(connection: Connection, user_id: int, reason: str, *, actor: str, now_ms: int) -> None:
    """Put a user on the blacklist, or there with a new reason."""
    connection.execute(delete(blacklist).where(blacklist.c.user_id == user_id))
    connection.execute(insert(blacklist).values(user_id=user_id, reason=reason, added_by=actor, at_ms=now_ms))


def remove_from_blacklist(connection: Connection, user_id: int) -> None:
    """Take a user off the blacklist. Raises NotListed."""
    if connection.execute(delete(blacklist).where(blacklist.c.user_id == user_id)).rowcount == 0:
        raise refusals.NotBlacklisted(user_id)


def list_blacklist(connection: Connection) -> list[BlacklistEntry]:
    """Return the blacklist, the newest first."""
    columns = (blacklist.c.user_id, blacklist.c.reason, blacklist.c.added_by, blacklist.c.at_ms)
    return [BlacklistEntry(*row) for row in connection.execute(select(*columns).order_by(blacklist.c.at_ms.desc()))]
