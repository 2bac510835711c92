"""Deposits from webhooks and HTTP: each is applied once, and refused ones are listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec import Struct
from sqlalchemy import Connection, insert, select

from botapp.store.db.tables import deposit
from botapp.store.domain import refusals
from botapp.store.domain.identity import normalize_key, remove_invisible
from botapp.store.domain.money import MAX_AMOUNT
from botapp.store.domain.records import Deposit
from botapp.store.domain.rules import MAX_HANDLE_CHARS, validate_amount
from botapp.store.usecases import accounts, key_value

_DEPOSITS: Final = select(
    deposit.c.key, deposit.c.source, deposit.c.handle, deposit.c.amount, deposit.c.refusal, deposit.c.at_ms
)


class DepositClaim(NamedTuple):
    """A reported deposit."""

    #: identifies the message or request; the same key is applied once
    key: str
    handle: str
    #: in the base unit; None if it is unreadable
    amount: int | None
    #: reason code, such as "forged", if the claim must be refused; else empty
    refusal: str


class DepositResult(Struct, frozen=True):
    """The result of a claim."""

    deposit: Deposit
    #: the new balance, if the deposit was accepted
    balance: int | None
    #: the Discord user of the account, if the deposit was accepted and the account has one
    user_id: int | None
    #: whether the claim was recorded before; `deposit` is then the earlier result
    is_repeat: bool = False


def record_claims(
    connection: Connection, claims: Sequence[DepositClaim], *, source: str, now_ms: int
) -> list[DepositResult]:
    """Accept or refuse each claim that is new; return the results."""
    results = []
    for claim in claims:
        result = record(
            connection, key=claim.key, source=source, handle=claim.handle, amount=claim.amount, refusal=claim.refusal,
            now_ms=now_ms,
        )  # fmt: skip
        if result is not None:
            results.append(result)
    return results


def record_once(connection: Connection, claim: DepositClaim, *, source: str, now_ms: int) -> DepositResult:
    """Accept or refuse a claim; return the earlier result if it was recorded before."""
    results = record_claims(connection, [claim], source=source, now_ms=now_ms)
    return results[0] if results else DepositResult(get_by_key(connection, claim.key), None, None, is_repeat=True)


def is_same_claim(earlier: Deposit, claim: DepositClaim) -> bool:
    """Return whether a claim equals the earlier deposit with its key. Pure."""
    return (normalize_key(_storable_handle(claim.handle)), _storable_amount(claim.amount)) == (
        normalize_key(earlier.handle),
        earlier.amount,
    )


def get_read_position(connection: Connection, channel_id: int) -> int | None:
    """Return the id of the last message of a channel that was processed; None if none was."""
    return key_value.get(connection, f"deposits:{channel_id}", int)


def set_read_position(connection: Connection, channel_id: int, message_id: int) -> None:
    """Store the id of the last message of a channel that was processed."""
    key_value.put(connection, f"deposits:{channel_id}", message_id)


def record(
    connection: Connection, *, key: str, source: str, handle: str, amount: int | None, refusal: str, now_ms: int
) -> DepositResult | None:
    """Accept or refuse a deposit; return the result.

    Args:
        key: identifies the message or request; returns None if it was recorded before.
        amount: in the base unit; None if it is unreadable.
        refusal: reason code, such as "forged", if the deposit must be refused; else empty.
    """
    handle, amount = _storable_handle(handle), _storable_amount(amount)
    if connection.execute(select(deposit.c.id).where(deposit.c.key == key)).first() is not None:
        return None
    account_id, balance = None, None
    if not refusal:
        try:
            account_id, balance = _post_deposit(connection, key, source, handle, amount, now_ms)
        except refusals.AmountOutOfRange:
            refusal = "amount"
        except refusals.NoSuchAccount:
            refusal = "released" if accounts.is_reserved(connection, handle, now_ms) else "handle"
    connection.execute(
        insert(deposit).values(
            key=key, source=source, handle=handle, account_id=account_id, amount=amount, refusal=refusal, at_ms=now_ms
        )
    )
    # by its number: a moment later the account may have another handle
    user_id = accounts.get_user_id(connection, account_id) if account_id is not None else None
    return DepositResult(Deposit(key, source, handle, amount, refusal, now_ms), balance, user_id)


def list_latest(connection: Connection, limit: int, *, refused_only: bool = False) -> list[Deposit]:
    """Return the last deposits, newest first."""
    query = _DEPOSITS.order_by(deposit.c.id.desc()).limit(limit)
    if refused_only:
        query = query.where(deposit.c.refusal != "")
    return [Deposit(*row) for row in connection.execute(query)]


def get_by_key(connection: Connection, key: str) -> Deposit:
    """Return the deposit with this key, which must exist."""
    return Deposit(*connection.execute(_DEPOSITS.where(deposit.c.key == key)).one())


def _storable_handle(handle: str) -> str:
    """Return the part of a handle that the database can store: visible, no lone surrogates, limited length."""
    return remove_invisible(handle).encode("utf-8", "replace").decode()[: 2 * MAX_HANDLE_CHARS]


def _storable_amount(amount: int | None) -> int | None:
    """Return an amount if the database can store it, else None."""
    return amount if amount is not None and abs(amount) <= MAX_AMOUNT else None


def _post_deposit(
    connection: Connection, key: str, source: str, handle: str, amount: int | None, now_ms: int
) -> tuple[int, int | None]:
    amount = validate_amount(amount if amount is not None else 0)
    account = accounts.get_by_handle(connection, handle)
    balance = accounts.post_entry(
        connection, account.id, amount, kind="deposit", reference=source, actor=source, key=f"deposit:{key}",
        now_ms=now_ms,
    )  # fmt: skip
    return account.id, balance
