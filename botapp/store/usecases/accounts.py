"""Accounts, their balances and the ledger. Every change of a balance goes through `post_entry`."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Connection, bindparam, delete, insert, select, update

from botapp.store.db.tables import account, ledger, released_handle, user_link
from botapp.store.domain import refusals, rules
from botapp.store.domain.identity import normalize_key, parse_user_id
from botapp.store.domain.money import MAX_AMOUNT
from botapp.store.domain.records import Account, Entry
from botapp.store.domain.rules import ReleasedHandle, validate_amount, validate_handle

_ACCOUNTS: Final = select(account.c.id, account.c.handle, account.c.balance, account.c.created_at_ms)
# statements of every purchase are built once: building one costs as much time as running it
_BY_USER: Final = _ACCOUNTS.join(user_link).where(user_link.c.user_id == bindparam("user_id"))
_BY_HANDLE: Final = _ACCOUNTS.where(account.c.handle_key == bindparam("handle_key"))
# "no key" lets other transactions refer to the account meanwhile
_LOCKED_BY_USER: Final = _BY_USER.with_for_update(of=account, key_share=True)
_LOCKED_BY_HANDLE: Final = _BY_HANDLE.with_for_update(key_share=True)
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
    """Return the account of a Discord user, or None."""
    row = connection.execute(_BY_USER, {"user_id": user_id}).first()
    return Account(*row) if row is not None else None


def get_by_user_to_change(connection: Connection, user_id: int) -> Account | None:
    """Do the same as `get_by_user`, and lock the account until the transaction ends."""
    row = connection.execute(_LOCKED_BY_USER, {"user_id": user_id}).first()
    return Account(*row) if row is not None else None


def get_by_handle(connection: Connection, handle: str, *, to_change: bool = False) -> Account:
    """Return the account with this handle; `to_change` locks it until the transaction ends. Raises NoSuchAccount."""
    query = _LOCKED_BY_HANDLE if to_change else _BY_HANDLE
    row = connection.execute(query, {"handle_key": normalize_key(handle)}).first()
    if row is None:
        raise refusals.NoSuchAccount(handle)
    return Account(*row)


def find(connection: Connection, named: str) -> Account:
    """Return the account that an admin names by member name, mention or id. Raises NoSuchAccount, AmbiguousUser."""
    user_id = parse_user_id(named)
    if user_id is None:
        return get_by_handle(connection, named)
    if (of_user := get_by_user(connection, user_id)) is None:
        return get_by_handle(connection, named)  # registration refuses such names now
    of_handle = connection.execute(_BY_HANDLE, {"handle_key": normalize_key(named)}).first()
    if of_handle is not None and of_handle.id != of_user.id:
        raise refusals.AmbiguousUser(named, get_user_id(connection, of_handle.id) or user_id)
    return of_user


def get_user_id(connection: Connection, account_id: int) -> int | None:
    """Return the Discord user of an account, or None."""
    return connection.execute(select(user_link.c.user_id).where(user_link.c.account_id == account_id)).scalar()


def register(connection: Connection, user_id: int, handle: str, now_ms: int) -> Account:
    """Create an account for a user, or change the handle of their account.

    Raises InvalidHandle, HandleTaken, HandleReserved, TooManyHandles.
    """
    handle = validate_handle(handle)
    existing = get_by_user_to_change(connection, user_id)
    owner = connection.execute(_BY_HANDLE, {"handle_key": normalize_key(handle)}).first()
    if owner is not None and (existing is None or owner.id != existing.id):
        raise refusals.HandleTaken(handle)
    if owner is None:
        _release_handle(connection, existing, normalize_key(handle), now_ms)
    values = {"handle": handle, "handle_key": normalize_key(handle)}
    if existing is not None:
        connection.execute(update(account).where(account.c.id == existing.id).values(values))
        return Account(existing.id, handle, existing.balance, existing.created_at_ms)
    row = connection.execute(
        insert(account).values(**values, balance=0, created_at_ms=now_ms).returning(account.c.id)
    ).one()
    connection.execute(insert(user_link).values(user_id=user_id, account_id=row.id, linked_at_ms=now_ms))
    return Account(row.id, handle, 0, now_ms)


def is_reserved(connection: Connection, handle: str, now_ms: int) -> bool:
    """Return whether a handle that no account has was given up a short time ago."""
    released = _get_released(connection, normalize_key(handle))
    return rules.check_handle_change(None, released, (), now_ms) is not None


def _release_handle(connection: Connection, existing: Account | None, new_key: str, now_ms: int) -> None:
    """Reserve the present handle of an account that takes a new one. Raises HandleReserved, TooManyHandles."""
    own: dict[str, ReleasedHandle] = {}
    if existing is not None:
        of_account = select(released_handle).where(released_handle.c.account_id == existing.id)
        own = {
            row.handle_key: ReleasedHandle(row.account_id, row.released_at_ms) for row in connection.execute(of_account)
        }
        own.pop(new_key, None)
        own[normalize_key(existing.handle)] = ReleasedHandle(existing.id, now_ms)
    account_id = existing.id if existing is not None else None
    problem = rules.check_handle_change(account_id, _get_released(connection, new_key), own.values(), now_ms)
    if problem is not None:
        raise problem
    connection.execute(delete(released_handle).where(released_handle.c.handle_key == new_key))
    if existing is not None:
        released = {"handle_key": normalize_key(existing.handle), "account_id": existing.id, "released_at_ms": now_ms}
        connection.execute(delete(released_handle).where(released_handle.c.handle_key == released["handle_key"]))
        connection.execute(insert(released_handle).values(released))


def _get_released(connection: Connection, handle_key: str) -> ReleasedHandle | None:
    columns = (released_handle.c.account_id, released_handle.c.released_at_ms)
    row = connection.execute(select(*columns).where(released_handle.c.handle_key == handle_key)).first()
    return ReleasedHandle(*row) if row is not None else None


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
    """Change a balance by `amount` and append the ledger entry; return the new balance.

    Returns None and changes nothing if `key` was used before. Raises InsufficientBalance, or AmountOutOfRange
    if the balance would exceed MAX_AMOUNT.
    """
    if connection.execute(_EXISTING_ENTRY, {"key": key}).first() is not None:
        return None
    balance = connection.execute(_UPDATE_BALANCE, {"account_id": account_id, "change": amount}).scalar()
    if balance is None and amount > 0:
        raise refusals.AmountOutOfRange(amount)
    if balance is None:
        current = connection.execute(select(account.c.balance).where(account.c.id == account_id)).scalar_one()
        raise refusals.InsufficientBalance(-amount, current)
    entry = {"account_id": account_id, "amount": amount, "kind": kind, "reference": reference}
    connection.execute(_INSERT_ENTRY, {**entry, "actor": actor, "key": key, "at_ms": now_ms})
    return int(balance)


def adjust_balance(
    connection: Connection, member: str, amount: int, *, add: bool, actor: str, key: str, now_ms: int
) -> tuple[Account, bool]:
    """Add `amount` to a balance, or take it away; return the new account, and whether anything changed.

    `member` is named as for `find`. Nothing changes if an entry with this `key` exists. Raises NoSuchAccount,
    AmbiguousUser, AmountOutOfRange, InsufficientBalance.
    """
    amount = validate_amount(amount)
    target = find(connection, member)
    kind = "admin_add" if add else "admin_remove"
    signed = amount if add else -amount
    balance = post_entry(connection, target.id, signed, kind=kind, reference="", actor=actor, key=key, now_ms=now_ms)
    return (target, False) if balance is None else (_with_balance(target, balance), True)


def reset_balance(connection: Connection, handle: str, confirmed: int, *, actor: str, key: str, now_ms: int) -> Account:
    """Take the balance `confirmed` of an account away; return the account before that.

    Raises NoSuchAccount, and BalanceChanged if the balance is another one.
    """
    target = get_by_handle(connection, handle, to_change=True)
    if target.balance != confirmed:
        raise refusals.BalanceChanged(confirmed, target.balance)
    if target.balance:
        post_entry(
            connection, target.id, -target.balance, kind="reset", reference="", actor=actor, key=key, now_ms=now_ms
        )
    return target


def list_entries(connection: Connection, account_id: int, limit: int) -> list[Entry]:
    """Return the last ledger entries of an account, newest first."""
    columns = (ledger.c.amount, ledger.c.kind, ledger.c.reference, ledger.c.actor, ledger.c.at_ms)
    query = select(*columns).where(ledger.c.account_id == account_id).order_by(ledger.c.id.desc()).limit(limit)
    return [Entry(*row) for row in connection.execute(query)]


def _with_balance(target: Account, balance: int) -> Account:
    return Account(target.id, target.handle, balance, target.created_at_ms)
