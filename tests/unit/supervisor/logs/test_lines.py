"""What a line of a log says, and how lines are put together."""

from __future__ import annotations

import json

import pytest

from supervisor.logs import lines as logline
from supervisor.logs.lines import LevelFilter, LogRecord, merged, of_last_life, untold


def read(*lines: str) -> list[LogRecord]:
    return [logline.read(line) for line in lines]


@pytest.mark.parametrize(
    ("line", "level", "message"),
    [
        ("2026-11-24T04:00:01+0700 WARNING stock is low", "warning", "stock is low"),
        ("2026-11-24T04:00:01+0000 WARN  bot: slow", "warning", "bot: slow"),
        ("2026-11-24T04:00:01+0000 FATAL bot: given up", "critical", "bot: given up"),
        ("2026-11-24 04:00:01,500 INFO botapp: a line", "info", "botapp: a line"),
        ("WARNING:root: of Python itself", "warning", "root: of Python itself"),
        ("--- stocksup 2026-11-24T04:00:00Z: life 3 of bot ended: exit 1 ---", "info", "life 3 of bot ended: exit 1"),
        ("2026-11-24T04:00:01Z no level", None, "no level"),
        ("INFORMATION is no level", None, None),
        ("Traceback (most recent call last):", None, None),
        ("", None, None),
        ("{not json", None, None),
        ('{"price": 3}', None, None),
        ('{"message": 3}', None, None),
        ("[1]", None, None),
    ],
)  # fmt: skip
def test_level_and_message(line: str, level: str | None, message: str | None) -> None:
    found = logline.read(line)
    assert (found.shown, found.level, found.message) == (line, level, message)


def test_times_are_the_same_wherever_they_were_written() -> None:
    jakarta, utc, no_time, no_day = read(
        "2026-11-24T07:00:01+0700 INFO a", "2026-11-24T00:00:01Z INFO b", "c", "2026-99-24T07:00:01+0700 INFO d"
    )
    assert jakarta.at_s == utc.at_s == 1795478401.0
    assert no_time.at_s is no_day.at_s is None


def test_lines_of_json_are_readable() -> None:
    fields = {"time": "2026-11-24T04:00:01+0700", "level": "warning", "message": "stock\nis low", "more": 1}
    line = logline.read(json.dumps(fields))
    assert line.shown == "2026-11-24T04:00:01+0700 WARNING stock is low"
    assert (line.level, line.message, line.at_s) == ("warning", "stock is low", 1795467601.0)
    mark = logline.read(json.dumps({**fields, "message": "life 2 of bot starts", "mark": True}))
    assert mark.shown == "--- stocksup 2026-11-24T04:00:01+0700: life 2 of bot starts ---"
    assert mark.is_mark
    assert mark.level == "info"


def test_what_names_no_level_belongs_to_the_line_before() -> None:
    chooser = LevelFilter("error")
    lines = read("unknown", "INFO a", "of a", "ERROR b", "of b", "WARNING c", "of c", "CRITICAL d")
    assert [line.shown for line in lines if chooser.wants(line)] == ["ERROR b", "of b", "CRITICAL d"]
    everything = LevelFilter(None)
    assert all(everything.wants(line) for line in lines)


def test_logs_are_merged_by_time_and_keep_their_own_order() -> None:
    bot = read("2026-11-24 04:00:01,500+0000 INFO one", "2026-11-24 11:00:03+0700 ERROR two", "Traceback", "  of two")
    mark = "--- stocksup 2026-11-24T04:00:00+0000: life 1 of bot starts ---"
    supervisor = read(mark, "2026-11-24T04:00:02+0000 INFO x")
    order = [line for _, line in merged({"bot": bot, "supervisor": supervisor})]
    assert order == [supervisor[0], bot[0], supervisor[1], bot[1], bot[2], bot[3]]


def test_only_the_last_life_is_told_of() -> None:
    starts = "--- stocksup 2026-11-24T04:00:00+0000: life {} of bot starts ---"
    goes_on = "--- stocksup 2026-11-24T04:00:00+0000: life {} of bot goes on ---"
    ended = "--- stocksup 2026-11-24T04:00:09+0000: life {} of bot ended: exit 1 ---"
    lines = read(
        starts.format(1), "old", ended.format(1), starts.format(2), "new", goes_on.format(2), "--- no mark ---",
        ended.format(2),
    )  # fmt: skip
    assert [line.shown for line in of_last_life(lines)] == ["new", "--- no mark ---"]
    assert [line.shown for line in of_last_life(read("a log", "without marks"))] == ["a log", "without marks"]


def test_what_is_told_anyway_is_not_shown_before_it() -> None:
    lines = ["Loading", "2026-11-24T04:00:00Z ERROR the token is refused", "config.toml: [bot] prefx: unknown key"]
    shown = [line.message or line.shown for line in untold(read(*lines), "config.toml: [bot] prefx: unknown key")]
    assert shown == ["Loading", "the token is refused"]
    assert untold(read(*lines), "exit 77: the token is refused")[1:] == read(lines[2])
