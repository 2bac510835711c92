"""When the daily backup is due, and which backups are deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botapp.services.backup.files import DAILY, MANUAL, MIGRATION, RESTORE, Backup, backup_name, parse_backup_name
from botapp.services.backup.retention import plan_retention

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


def test_old_automatic_backups_are_deleted_and_manual_ones_kept() -> None:
    day = 24
    there = [made(1), made(13 * day), made(15 * day), made(16 * day, MIGRATION), made(17 * day, MIGRATION)]
    there += [made(20 * day, MANUAL), made(30 * day, MANUAL), made(40 * day, RESTORE), made(50 * day, RESTORE)]
    assert plan_retention(there, NOW, 14).delete == (made(15 * day), made(17 * day, MIGRATION))


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
