"""Selecting log lines by level, time and pattern."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from supervisor.logs import selection
from supervisor.logs.lines import parse_line
from supervisor.logs.selection import InvalidPattern, NewLines, Pattern, Selection, SlowPattern, parse_moment

LOG = (
    "no time yet",
    "2026-11-24T04:00:00+0000 INFO first",
    "of first",
    "2026-11-24T05:00:00+0000 ERROR second",
    "of second",
    '{"time": "2026-11-24T13:00:00+0700", "level": "info", "message": "third"}',
    "--- stocksup 2026-11-24T07:00:00Z: life 3 of bot starts ---",
    "of the marker",
)
NOW_S = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()


def hour(hour: int) -> float:
    return datetime(2026, 11, 24, hour, tzinfo=UTC).timestamp()


def select(wanted: Selection, count: int = 100) -> list[str]:
    return wanted.last(reversed(LOG), count)


def test_all_lines() -> None:
    assert select(Selection()) == list(LOG)
    assert select(Selection(), 2) == list(LOG[-2:])


@pytest.mark.parametrize(
    ("since_s", "until_s", "lines"),
    [
        (hour(5), None, LOG[3:]),
        (None, hour(5), LOG[:5]),
        (hour(5), hour(6), LOG[3:6]),
        (hour(7) + 0.5, None, ()),
        (None, hour(3), ()),
    ],
)
def test_time(since_s: float | None, until_s: float | None, lines: tuple[str, ...]) -> None:
    found = select(Selection(since_s=since_s, until_s=until_s))
    assert [line for line in found if line != LOG[0]] == [line for line in lines if line != LOG[0]]


def test_lines_before_the_time_are_not_read() -> None:
    taken = 0

    def backwards() -> object:
        nonlocal taken
        for line in reversed(LOG):
            taken += 1
            yield line

    Selection(since_s=hour(6)).last(backwards(), 100)  # type: ignore[arg-type]
    assert taken == 5  # up to the line of 05:00


def test_times_that_are_a_little_out_of_order() -> None:
    late = ["2026-11-24T05:00:01Z a", "2026-11-24T05:00:00Z b", "2026-11-24T05:00:01Z c"]
    found = Selection(since_s=hour(5) + 1).last(reversed(late), 100)
    assert found == [late[0], late[2]]


def test_level_time_and_pattern_together() -> None:
    assert select(Selection("error")) == list(LOG[3:5])
    assert select(Selection(pattern=Pattern("of (first|second)"))) == ["of first", "of second"]
    assert select(Selection("error", pattern=Pattern("(?i)SECOND"))) == list(LOG[3:5])
    assert select(Selection("error", since_s=hour(6))) == []


def test_few_lines_are_kept_for_one_that_may_never_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "MAX_GROUP_LINES", 2)
    found = Selection(since_s=hour(4)).last(["d", "c", "b", "2026-11-24T04:00:00Z a"], 100)
    assert found == ["c", "d"]


def test_new_lines() -> None:
    new = NewLines(Selection("error", pattern=Pattern("o")))
    assert [line for line in LOG if new.matches(parse_line(line))] == list(LOG[3:5])


def test_invalid_pattern() -> None:
    for text in ("(", "[z-a]", "a{99999999999999999999}"):
        with pytest.raises(InvalidPattern):
            Pattern(text)


def test_pattern_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "PATTERN_TIMEOUT_S", 0.05)
    slow = Pattern("(a|aa)+$")
    with pytest.raises(SlowPattern):
        slow.matches("a" * 60 + "b")
    assert not slow.matches("b")
    slow.renew()
    assert slow.matches("aa")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2h", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("90 min", datetime(2026, 11, 24, 10, 30, tzinfo=UTC)),
        ("1w", datetime(2026, 11, 17, 12, tzinfo=UTC)),
        ("2026-11-24T04:00+07:00", datetime(2026, 11, 23, 21, tzinfo=UTC)),
        ("2h ago", None),
        ("yesterday", None),
        ("99999999d", None),
        ("0001-01-01T00:00", None),
    ],
)
def test_moment(text: str, moment: datetime | None) -> None:
    expected = moment.timestamp() if moment else None
    assert parse_moment(text, NOW_S, is_end=False) == expected


def test_date_means_the_whole_day() -> None:
    begin, end = (parse_moment("2026-11-24", NOW_S, is_end=is_end) for is_end in (False, True))
    assert begin is not None
    assert end is not None
    assert end - begin == pytest.approx(86_400, abs=0.001)
