"""Deposits that come from outside: each is acted on once, and what is refused is listed."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from botapp.store import accounts, refusals
from botapp.store.records import Deposit
from botapp.store.rules import MAX_HANDLE_CHARS, checked_amount
from botapp.store.tables import deposit


def take(
    connection: Connection, *, key: str, source: str, handle: str, amount: int | None, refusal: str, now_ms: int
) -> tuple[Deposit, int | None] | None:
    """Book a deposit, or list it as refused; return it and the new balance, if it was booked.

    Args:
        key: names the message or request it came by; one that was taken before is passed over, with None.
        amount: in the base unit; None where none could be read.
        refusal: why it is not to be booked, if that is known already: a short word such as "forged".
    """
    if connection.execute(select(deposit.c.id).where(deposit.c.key == key)).first() is not None:
        return None
    account_id, balance = None, None
    if not refusal:
        try:
            account_id, balance = _book(connection, key, source, handle, amount, now_ms)
        except refusals.BadAmount:
            refusal = "amount"
        except refusals.NoSuchAccount:
            refusal = "handle"
    handle = handle[: 2 * MAX_HANDLE_CHARS]
    connection.execute(
        insert(deposit).values(
            key=key, source=source, handle=handle, account_id=account_id, amount=amount, refusal=refusal, at_ms=now_ms
        )
    )
    return Deposit(key, source, handle, amount, refusal, now_ms), balance


def latest(connection: Connection, limit: int, *, refused_only: bool = False) -> list[Deposit]:
    """Return what came last, the newest first."""
    columns = (deposit.c.key, deposit.c.source, deposit.c.handle, deposit.c.amount, deposit.c.refusal, deposit.c.at_ms)
    query = select(*columns).order_by(deposit.c.id.desc()).limit(limit)
    if refused_only:
        query = query.where(deposit.c.refusal != "")
    return [Deposit(*row) for row in connection.execute(query)]


def _book(
    connection: Connection, key: str, source: str, handle: str, amount: int | None, now_ms: int
) -> tuple[int, int | None]:
    amount = checked_amount(amount if amount is not None else 0)
    found = accounts.of_handle(connection, handle)
    balance = accounts.book(
        connection, found.id, amount, kind="deposit", reference=source, actor=source, key=f"deposit:{key}",
        now_ms=now_ms,
    )  # fmt: skip
    return found.id, balance
