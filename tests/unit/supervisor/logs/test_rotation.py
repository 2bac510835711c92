"""When a log is rotated, and the names of rotated files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.config.settings import Logs
from supervisor.logs import rotation
from supervisor.logs.rotation import FileHead

DAY_S = 86_400.0
NOW_S = 1_795_478_401.0


@pytest.mark.parametrize(
    ("limits", "size_bytes", "begun_s", "due"),
    [
        (Logs(), 9 * 1024 * 1024, NOW_S, False),
        (Logs(), 10 * 1024 * 1024, NOW_S, True),
        (Logs(max_bytes=0), 10**12, NOW_S, False),
        (Logs(), 50, NOW_S - 7 * DAY_S + 1, False),
        (Logs(), 50, NOW_S - 7 * DAY_S, True),
        (Logs(max_age_days=0), 50, 0.0, False),
        (Logs(max_age_days=0.5), 50, NOW_S - DAY_S, True),
        (Logs(), 50, None, False),
        # a clock that was set back
        (Logs(), 50, NOW_S + DAY_S, False),
        (Logs(), 50, NOW_S + 400 * DAY_S, True),
        # only the first line
        (Logs(), 20, 0.0, False),
        (Logs(max_bytes=10), 20, 0.0, False),
        (Logs(max_bytes=10), 0, None, False),
    ],
)
def test_when_rotation_is_due(limits: Logs, size_bytes: int, begun_s: float | None, due: bool) -> None:
    assert rotation.is_due(limits, size_bytes, FileHead(begun_s, 20), NOW_S) is due


@pytest.mark.parametrize(
    ("head", "at_s", "size_bytes"),
    [
        (b"--- stocksup 2026-11-24T04:00:01+0700: life 1 of bot starts ---\nx", 1795467601.0, 64),
        (b'{"time":"2026-11-24T04:00:01+0700","level":"info"}\n', 1795467601.0, 51),
        (b"2026-11-24T04:00:01+0700 INFO", 1795467601.0, 29),
        (b"a line without a time\n2026-11-24T04:00:01+0700", None, 22),
        (b"2026-99-24T04:00:01+0700\n", None, 25),
        (b"", None, 0),
    ],
)
def test_head_of_a_log(head: bytes, at_s: float | None, size_bytes: int) -> None:
    assert rotation.parse_head(head) == FileHead(at_s, size_bytes)


@given(st.sets(st.integers(1, 30)), st.integers(0, 10))
def test_newest_files_are_kept_and_numbers_are_unique(numbers: set[int], keep: int) -> None:
    number = rotation.next_number(numbers)
    assert all(number > one for one in numbers)
    gone = rotation.expired_numbers(numbers, keep)
    stay = [*sorted(numbers - set(gone)), number]
    assert set(gone) <= numbers
    assert len(stay) == (min(keep, len(numbers) + 1) if keep else len(numbers) + 1)
    assert stay == [*sorted(numbers), number][-len(stay) :]


@pytest.mark.parametrize(
    ("name", "number"),
    [("bot.log.3", 3), ("bot.log.10", 10), ("bot.log", None), ("bot.log.", None), ("bot.log.0", None),
     ("bot.log.03", None), ("bot.log.x", None), ("bot.log.3.gz", None), ("bot.logs.3", None), ("bot.log.²", None)],
)  # fmt: skip
def test_names_of_rotated_files(name: str, number: int | None) -> None:
    assert rotation.parse_number("bot.log", name) == number
