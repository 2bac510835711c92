"""The delivery outbox: each purchase stays in it until the member has received the items."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select, update

from botapp.store.db.tables import IS_PENDING, delivery, purchase
from botapp.store.domain.records import Delivery, DeliveryState

#: longest delay until the next attempt
MAX_DELAY_MS = 6 * 3_600_000
#: attempts until the bot gives up and an admin must act
MAX_ATTEMPTS = 12


def list_due(connection: Connection, now_ms: int, limit: int = 50) -> list[Delivery]:
    """Return the pending deliveries that are due, oldest first.

    One that is further away than the longest delay is due: the clock was ahead when that was decided.
    """
    due_at_ms = delivery.c.next_attempt_at_ms
    query = (
        select(delivery.c.purchase_id, purchase.c.user_id, delivery.c.state, delivery.c.attempts, delivery.c.language)
        .join(purchase, purchase.c.id == delivery.c.purchase_id)
        .where(IS_PENDING, or_(due_at_ms <= now_ms, due_at_ms > now_ms + MAX_DELAY_MS))
        .order_by(delivery.c.purchase_id)
        .limit(limit)
    )
    return [Delivery(*row) for row in connection.execute(query)]


def begin_attempt(connection: Connection, due: Delivery, now_ms: int) -> bool:
    """Record an attempt before it is made; return whether to make it. Of two processes only one makes it."""
    attempts = due.attempts + 1
    values: dict[str, object] = {"attempts": attempts, "next_attempt_at_ms": now_ms + retry_delay_ms(attempts)}
    if attempts > MAX_ATTEMPTS:
        values = {"state": "failed"}
    unchanged = (delivery.c.purchase_id == due.purchase_id, IS_PENDING, delivery.c.attempts == due.attempts)
    is_first = connection.execute(update(delivery).where(*unchanged).values(values)).rowcount == 1
    return is_first and attempts <= MAX_ATTEMPTS


def finish(connection: Connection, purchase_id: int, state: DeliveryState, message_id: int | None = None) -> None:
    """Record the final state of a delivery."""
    query = update(delivery).where(delivery.c.purchase_id == purchase_id, IS_PENDING)
    connection.execute(query.values(state=state, message_id=message_id))


def get_language(connection: Connection, purchase_id: int) -> str | None:
    """Return the language of the buyer; None if the purchase is unknown."""
    return connection.execute(select(delivery.c.language).where(delivery.c.purchase_id == purchase_id)).scalar()


def retry_delay_ms(attempts: int) -> int:
    """Return the delay after `attempts` attempts: it doubles, from one minute to six hours."""
    return int(min(60_000 * 2 ** max(0, attempts - 1), MAX_DELAY_MS))
