"""Accounts, their balances and the ledger. Every change of a balance goes through `post_entry`."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Connection, bindparam, insert, select, update

from botapp.store.db.tables import account, ledger, user_link
from botapp.store.domain import refusals
from botapp.store.domain.money import MAX_AMOUNT
from botapp.store.domain.records import Account, Entry
from botapp.store.domain.rules import normalize_key, validate_amount, validate_handle

_ACCOUNTS: Final = select(account.c.id, account.c.handle, account.c.balance, account.c.created_at_ms)
# what every purchase does is put together once: that costs SQLAlchemy as much time as the database takes to do it
_BY_USER: Final = _ACCOUNTS.join(user_link).where(user_link.c.user_id == bindparam("user_id"))
_BY_HANDLE: Final = _ACCOUNTS.where(account.c.handle_key == bindparam("handle_key"))
_EXISTING_ENTRY: Final = select(ledger.c.id).where(ledger.c.key == bindparam("key"))
_NEW_BALANCE: Final = account.c.balance + bindparam("change", type_=BigInteger)
_UPDATE_BALANCE: Final = (
    update(account)
    .where(account.c.id == bindparam("account_id"), _NEW_BALANCE.between(0, MAX_AMOUNT))
    .values(balance=_NEW_BALANCE)
    .returning(account.c.balance)
)
_INSERT_ENTRY: Final = insert(ledger)


def get_by_user(connection: Connection, user_id: int) -> Account | None:
    """Return the account of a Discord user, if there is one."""
    row = connection.execute(_BY_USER, {"user_id": user_id}).first()
    return Account(*row) if row is not None else None


def get_by_handle(connection: Connection, handle: str) -> Account:
    """Return the account with this handle. Raises NoSuchAccount."""
    row = connection.execute(_BY_HANDLE, {"handle_key": normalize_key(handle)}).first()
    if row is None:
        raise refusals.NoSuchAccount(handle)
    return Account(*row)


def get_user_id(connection: Connection, account_id: int) -> int | None:
    """Return the Discord user whom an account belongs to."""
    return connection.execute(select(user_link.c.user_id).where(user_link.c.account_id == account_id)).scalar()


def register(connection: Connection, user_id: int, handle: str, now_ms: int) -> Account:
    """Give a user an account with this handle, or the one he has a new handle. Raises BadHandle, HandleTaken."""
    handle = validate_handle(handle)
    mine = get_by_user(connection, user_id)
    owner = connection.execute(_BY_HANDLE, {"handle_key": normalize_key(handle)}).first()
    if owner is not None and (mine is None or owner.id != mine.id):
        raise refusals.HandleTaken(handle)
    values = {"handle": handle, "handle_key": normalize_key(handle)}
    if mine is not None:
        connection.execute(update(account).where(account.c.id == mine.id).values(values))
        return Account(mine.id, handle, mine.balance, mine.created_at_ms)
    row = connection.execute(
        insert(account).values(**values, balance=0, created_at_ms=now_ms).returning(account.c.id)
    ).one()
    connection.execute(insert(user_link).values(user_id=user_id, account_id=row.id, linked_at_ms=now_ms))
    return Account(row.id, handle, 0, now_ms)


def post_entry(
    connection: Connection,
    account_id: int,
    amount: int,
    *,
    kind: str,
    reference: str,
    actor: str,
    key: str,
    now_ms: int,
) -> int | None:
    """Change a balance by `amount` and write that down; return the new balance.

    Returns None, and changes nothing, when what `key` names was booked before. Raises NotEnough, and BadAmount where
    the balance would be more than can be counted.
    """
    if connection.execute(_EXISTING_ENTRY, {"key": key}).first() is not None:
        return None
    balance = connection.execute(_UPDATE_BALANCE, {"account_id": account_id, "change": amount}).scalar()
    if balance is None and amount > 0:
        raise refusals.AmountOutOfRange(amount)
    if balance is None:
        there = connection.execute(select(account.c.balance).where(account.c.id == account_id)).scalar_one()
        raise refusals.InsufficientBalance(-amount, there)
    entry = {"account_id": account_id, "amount": amount, "kind": kind, "reference": reference}
    connection.execute(_INSERT_ENTRY, {**entry, "actor": actor, "key": key, "at_ms": now_ms})
    return int(balance)


def adjust_balance(
    connection: Connection, handle: str, amount: int, *, add: bool, actor: str, key: str, now_ms: int
) -> tuple[Account, bool]:
    """Add `amount` to a balance, or take it away; return the account as it is now, and whether anything was done.

    Nothing is done when what `key` names was done before. Raises NoSuchAccount, BadAmount, NotEnough.
    """
    amount = validate_amount(amount)
    found = get_by_handle(connection, handle)
    kind = "admin_add" if add else "admin_remove"
    signed = amount if add else -amount
    balance = post_entry(connection, found.id, signed, kind=kind, reference="", actor=actor, key=key, now_ms=now_ms)
    return (found, False) if balance is None else (_with_balance(found, balance), True)


def reset_balance(connection: Connection, handle: str, *, actor: str, key: str, now_ms: int) -> Account:
    """Take the whole balance of an account away; return it as it was before. Raises NoSuchAccount."""
    found = get_by_handle(connection, handle)
    if found.balance:
        post_entry(
            connection, found.id, -found.balance, kind="reset", reference="", actor=actor, key=key, now_ms=now_ms
        )
    return found


def list_entries(connection: Connection, account_id: int, limit: int) -> list[Entry]:
    """Return the last changes of a balance, the newest first."""
    columns = (ledger.c.amount, ledger.c.kind, ledger.c.reference, ledger.c.actor, ledger.c.at_ms)
    query = select(*columns).where(ledger.c.account_id == account_id).order_by(ledger.c.id.desc()).limit(limit)
    return [Entry(*row) for row in connection.execute(query)]


def _with_balance(found: Account, balance: int) -> Account:
    return Account(found.id, found.handle, balance, found.created_at_ms)
