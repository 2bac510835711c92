"""When the daily backup is due, and which backups are deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botapp.services.backup.files import DAILY, MANUAL, MIGRATION, RESTORE, Backup, backup_name, parse_backup_name
from botapp.services.backup.retention import latest_backup_time, order_by_age, plan_retention

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def made(hours_ago: float, reason: str = DAILY) -> Backup:
    at = NOW - timedelta(hours=hours_ago)
    return Backup(Path(backup_name(at, reason, ".db")), at, reason)


@pytest.mark.parametrize(
    ("there", "due"),
    [
        ([], True),
        ([made(23.9)], False),
        ([made(24)], True),
        ([made(25), made(1)], False),
        ([made(1, MANUAL), made(2, MIGRATION), made(25)], True),
        # the clock was a year ahead once, which must not delay backups for a year
        ([made(-24 * 365)], True),
        ([made(-0.01)], False),
    ],
)
def test_backup_is_due_after_a_day(there: list[Backup], due: bool) -> None:
    assert plan_retention(there, NOW, 14).make is due


DAY = 24


def test_old_automatic_backups_are_deleted_and_manual_ones_kept() -> None:
    there = [
        made(1),
        made(2 * DAY),
        made(4 * DAY),
        made(15 * DAY),
        made(16 * DAY, MIGRATION),
        made(17 * DAY, MIGRATION),
    ]
    there += [made(20 * DAY, MANUAL), made(30 * DAY, MANUAL), made(40 * DAY, RESTORE), made(50 * DAY, RESTORE)]
    assert plan_retention(there, NOW, 3).delete == (made(15 * DAY), made(17 * DAY, MIGRATION))


def test_a_clock_that_is_ahead_for_a_minute_deletes_nothing() -> None:
    there = [made(days * DAY) for days in range(1, 15)]
    ahead = NOW + timedelta(days=400)
    plan = plan_retention(there, ahead, 14)
    assert plan == plan_retention([], NOW, 14)  # one is made, none deleted
    # the clock is right again
    future = Backup(Path(backup_name(ahead, DAILY, ".db")), ahead, DAILY)
    assert plan_retention([future, *there], NOW, 14) == plan
    assert order_by_age([*there, future], NOW) == [*there, future]
    assert latest_backup_time([*there, future], NOW) == there[0].at
    assert latest_backup_time([future], NOW) is None


def test_a_clock_that_is_behind_deletes_nothing() -> None:
    there = [made(days * DAY) for days in range(1, 40)]
    assert plan_retention(there, datetime(1970, 1, 1, tzinfo=UTC), 14).delete == ()


def test_ones_from_the_future_do_not_count() -> None:
    there = [made(-DAY * 365 - number) for number in range(20)] + [made(days * DAY) for days in range(1, 20)]
    assert plan_retention(there, NOW, 14).delete == tuple(made(days * DAY) for days in range(15, 20))


def test_days_when_the_shop_was_off_do_not_count() -> None:
    there = [made(days * DAY) for days in range(100, 120)]
    assert plan_retention(there, NOW, 14).delete == tuple(made(days * DAY) for days in range(114, 120))


def test_without_keep_days_nothing_is_made_or_deleted() -> None:
    assert plan_retention([made(10_000), made(20_000)], NOW, 0) == plan_retention([], NOW, 0)
    assert plan_retention([], NOW, 0).make is False


@given(
    hours=st.lists(st.integers(-10_000, 100_000), max_size=30, unique=True),
    reasons=st.lists(st.sampled_from([DAILY, MIGRATION, MANUAL, RESTORE]), min_size=30, max_size=30),
    keep_days=st.integers(0, 400),
)
def test_newest_backup_of_each_reason_is_kept(hours: list[int], reasons: list[str], keep_days: int) -> None:
    there = [made(one, reason) for one, reason in zip(hours, reasons, strict=False)]
    left = set(there) - set(plan_retention(there, NOW, keep_days).delete)
    for reason in {one.reason for one in there}:
        newest = max((one for one in there if one.reason == reason), key=lambda one: one.at)
        assert any(one.at == newest.at for one in left if one.reason == reason)
    assert {one for one in there if one.reason in (MANUAL, RESTORE)} <= left
    assert all(one in left for one in there if one.at >= NOW - timedelta(days=keep_days))


@pytest.mark.parametrize("reason", [DAILY, MIGRATION, MANUAL, RESTORE])
@pytest.mark.parametrize("kind", [".db", ".jsonl.gz"])
def test_backup_name_contains_time_and_reason(reason: str, kind: str) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)
    name = backup_name(at.astimezone(), reason, kind)
    assert name == f"shop-2026-01-02T03-04-05.678Z-{reason}{kind}"
    assert parse_backup_name(Path("/x", name)) == Backup(Path("/x", name), at, reason)


@pytest.mark.parametrize(
    "name", ["shop.db", "shop-2026-13-02T03-04-05.678Z-daily.db", "shop-2026-01-02T03-04-05.678Z-daily.db.ab12.part"]
)
def test_other_file_names_are_not_backups(name: str) -> None:
    assert parse_backup_name(Path(name)) is None
