"""Deposits on SQLite and PostgreSQL, also reported concurrently."""

from __future__ import annotations

import asyncio

from botapp.store.db.database import Database
from botapp.store.usecases import accounts, deposits
from botapp.store.usecases.deposits import DepositClaim


def test_concurrent_reports_of_one_deposit_are_booked_once(database: Database) -> None:
    async def all_at_once() -> list[deposits.DepositResult]:
        claims = [DepositClaim(f"http:{number % 5}", "budi", 7, "") for number in range(50)]
        reports = [database.run(deposits.record_once, claim, source="http", now_ms=1) for claim in claims]
        return await asyncio.gather(*reports)

    database.run_sync(accounts.register, 5, "Budi", 1)
    taken = asyncio.run(all_at_once())
    assert sum(not one.is_repeat for one in taken) == 5
    assert {one.user_id for one in taken if not one.is_repeat} == {5}
    assert all(not one.deposit.refusal for one in taken)
    assert database.run_sync(accounts.get_by_handle, "budi").balance == 35


def test_unstorable_deposit_is_refused_and_listed(database: Database) -> None:
    database.run_sync(accounts.register, 5, "Budi", 1)
    claims = [
        DepositClaim("a", "b\0\ud800" * 50, 5, ""),
        DepositClaim("b", "budi", 2**70, ""),
        DepositClaim("c", "budi", -(2**70), ""),
    ]
    taken = database.run_sync(deposits.record_claims, claims, source="http", now_ms=1)
    assert [one.deposit.refusal for one in taken] == ["handle", "amount", "amount"]
    assert [one.key for one in database.run_sync(deposits.list_latest, 10, refused_only=True)] == ["c", "b", "a"]


def test_read_position_of_a_channel_is_stored(database: Database) -> None:
    assert database.run_sync(deposits.get_read_position, 7) is None
    database.run_sync(deposits.set_read_position, 7, 2**62)
    database.run_sync(deposits.set_read_position, 8, 1)
    assert database.run_sync(deposits.get_read_position, 7) == 2**62
