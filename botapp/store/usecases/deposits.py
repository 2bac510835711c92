"""Deposits that come from outside: each is acted on once, and what is refused is listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec import Struct
from sqlalchemy import Connection, insert, select

from botapp.store.db.tables import deposit
from botapp.store.domain import refusals
from botapp.store.domain.money import MAX_AMOUNT
from botapp.store.domain.records import Deposit
from botapp.store.domain.rules import MAX_HANDLE_CHARS, normalize_key, validate_amount
from botapp.store.usecases import accounts
from botapp.store.usecases import key_value as settings

_DEPOSITS: Final = select(
    deposit.c.key, deposit.c.source, deposit.c.handle, deposit.c.amount, deposit.c.refusal, deposit.c.at_ms
)


class DepositClaim(NamedTuple):
    """What somebody says was deposited."""

    #: names the message or request it came by; the same is taken once
    key: str
    handle: str
    #: in the base unit; None where none could be read
    amount: int | None
    #: why it is not to be booked, if that is known already: a short word such as "forged"; else empty
    refusal: str


class DepositResult(Struct, frozen=True):
    """What a claim came to."""

    deposit: Deposit
    #: the new balance, if it was booked
    balance: int | None
    #: the Discord user it belongs to, if it was booked and somebody is linked to the account
    user_id: int | None
    #: the claim was taken before, and `deposit` is what it came to then
    is_repeat: bool = False


def record_claims(
    connection: Connection, claims: Sequence[DepositClaim], *, source: str, now_ms: int
) -> list[DepositResult]:
    """Book each claim that is new, or list it as refused; return those."""
    taken = []
    for claim in claims:
        result = record(
            connection, key=claim.key, source=source, handle=claim.handle, amount=claim.amount, refusal=claim.refusal,
            now_ms=now_ms,
        )  # fmt: skip
        if result is not None:
            done, balance = result
            taken.append(
                DepositResult(done, balance, _get_user_id(connection, done.handle) if not done.refusal else None)
            )
    return taken


def record_once(connection: Connection, claim: DepositClaim, *, source: str, now_ms: int) -> DepositResult:
    """Book a claim, or list it as refused; for one that was taken before, return what it came to then."""
    taken = record_claims(connection, [claim], source=source, now_ms=now_ms)
    return taken[0] if taken else DepositResult(get_by_key(connection, claim.key), None, None, is_repeat=True)


def is_same_claim(earlier: Deposit, claim: DepositClaim) -> bool:
    """Tell whether a claim says what an earlier deposit of its key said. Pure."""
    return (normalize_key(_storable_handle(claim.handle)), _storable_amount(claim.amount)) == (
        normalize_key(earlier.handle),
        earlier.amount,
    )


def get_read_position(connection: Connection, channel_id: int) -> int | None:
    """Return the last message of a channel whose deposits have been taken; None: nobody has looked yet."""
    return settings.get(connection, f"deposits:{channel_id}", int)


def set_read_position(connection: Connection, channel_id: int, message_id: int) -> None:
    """Remember that all deposits of a channel up to a message have been taken."""
    settings.put(connection, f"deposits:{channel_id}", message_id)


def record(
    connection: Connection, *, key: str, source: str, handle: str, amount: int | None, refusal: str, now_ms: int
) -> tuple[Deposit, int | None] | None:
    """Book a deposit, or list it as refused; return it and the new balance, if it was booked.

    Args:
        key: names the message or request it came by; one that was taken before is passed over, with None.
        amount: in the base unit; None where none could be read.
        refusal: why it is not to be booked, if that is known already: a short word such as "forged".
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
            refusal = "handle"
    connection.execute(
        insert(deposit).values(
            key=key, source=source, handle=handle, account_id=account_id, amount=amount, refusal=refusal, at_ms=now_ms
        )
    )
    return Deposit(key, source, handle, amount, refusal, now_ms), balance


def list_latest(connection: Connection, limit: int, *, refused_only: bool = False) -> list[Deposit]:
    """Return what came last, the newest first."""
    query = _DEPOSITS.order_by(deposit.c.id.desc()).limit(limit)
    if refused_only:
        query = query.where(deposit.c.refusal != "")
    return [Deposit(*row) for row in connection.execute(query)]


def get_by_key(connection: Connection, key: str) -> Deposit:
    """Return what was taken as `key`, which was taken."""
    return Deposit(*connection.execute(_DEPOSITS.where(deposit.c.key == key)).one())


def _storable_handle(handle: str) -> str:
    """Return as much of a handle as is listed, without what no database takes: the character 0, half characters."""
    return handle.replace("\0", "").encode("utf-8", "replace").decode()[: 2 * MAX_HANDLE_CHARS]


def _storable_amount(amount: int | None) -> int | None:
    """Return an amount if the database can hold it."""
    return amount if amount is not None and abs(amount) <= MAX_AMOUNT else None


def _get_user_id(connection: Connection, handle: str) -> int | None:
    return accounts.get_user_id(connection, accounts.get_by_handle(connection, handle).id)


def _post_deposit(
    connection: Connection, key: str, source: str, handle: str, amount: int | None, now_ms: int
) -> tuple[int, int | None]:
    amount = validate_amount(amount if amount is not None else 0)
    found = accounts.get_by_handle(connection, handle)
    balance = accounts.post_entry(
        connection, found.id, amount, kind="deposit", reference=source, actor=source, key=f"deposit:{key}",
        now_ms=now_ms,
    )  # fmt: skip
    return found.id, balance
