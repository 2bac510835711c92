"""Parsing, filtering and merging log lines."""

from __future__ import annotations

import json

import pytest

from supervisor.client import parse_marker
from supervisor.logs.lines import (
    LogRecord,
    find_level,
    last_life_lines,
    merge,
    parse_line,
    without_repeats,
)
from supervisor.logs.selection import NewLines, Selection


def read(*lines: str) -> list[LogRecord]:
    return [parse_line(line) for line in lines]


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
    record = parse_line(line)
    assert (record.text, record.level, record.message) == (line, level, message)
    assert find_level(line) == level


@pytest.mark.parametrize(
    "line",
    [
        '{"message":' * 20_000,
        '{"message":"deep","more":' + "[" * 20_000,
        '{"message":"deep","time":' + "[" * 900 + "]" * 900 + "}",
        '{"message":"digits","time":' + "1" * 20_000 + "}",
        "--- stocksup 2026-01-01T00:00:00: " + "1 " * 50_000,
        "--- stocksup 2026-01-01T00:00:00: " + " 1" * 50_000 + " --",
        "--- stocksup " + "1" * 100_000,
        "--- stocksup 2026-01-01T00:00:00: life " + "1" * 20_000 + " of bot starts ---",
        "2026-01-01T00:00:00." + "1" * 100_000 + " \n x",
        "2026-01-01T00:00:00" + " :" * 50_000 + "\n.",
    ],
)
def test_hostile_lines_are_read_and_fast(line: str) -> None:
    # the guard against tests that hang would end it: time goes with the square of the length where this fails
    assert not last_life_lines([parse_line(line)])[1:]
    assert parse_marker(line) is None


def test_times_of_different_zones() -> None:
    jakarta, utc, no_time, no_day = read(
        "2026-11-24T07:00:01+0700 INFO a", "2026-11-24T00:00:01Z INFO b", "c", "2026-99-24T07:00:01+0700 INFO d"
    )
    assert jakarta.time_s == utc.time_s == 1795478401.0
    assert no_time.time_s is no_day.time_s is None


def test_json_lines() -> None:
    fields = {"time": "2026-11-24T04:00:01+0700", "level": "warning", "message": "stock\nis low", "more": 1}
    line = parse_line(json.dumps(fields))
    assert line.text == "2026-11-24T04:00:01+0700 WARNING stock is low"
    assert find_level(json.dumps(fields)) == "warning"
    assert (line.level, line.message, line.time_s) == ("warning", "stock is low", 1795467601.0)
    mark = parse_line(json.dumps({**fields, "message": "life 2 of bot starts", "mark": True}))
    assert mark.text == "--- stocksup 2026-11-24T04:00:01+0700: life 2 of bot starts ---"
    assert mark.is_marker
    assert mark.level == "info"


def test_line_without_level_belongs_to_the_line_before() -> None:
    new_lines = NewLines(Selection("error"))
    lines = read("unknown", "INFO a", "of a", "ERROR b", "of b", "WARNING c", "of c", "CRITICAL d")
    assert [line.text for line in lines if new_lines.matches(line)] == ["ERROR b", "of b", "CRITICAL d"]
    everything = NewLines(Selection())
    assert all(everything.matches(line) for line in lines)


def test_merge_by_time_keeps_the_order_of_each_log() -> None:
    bot = read("2026-11-24 04:00:01,500+0000 INFO one", "2026-11-24 11:00:03+0700 ERROR two", "Traceback", "  of two")
    mark = "--- stocksup 2026-11-24T04:00:00+0000: life 1 of bot starts ---"
    supervisor = read(mark, "2026-11-24T04:00:02+0000 INFO x")
    order = [line for _, line in merge({"bot": bot, "supervisor": supervisor})]
    assert order == [supervisor[0], bot[0], supervisor[1], bot[1], bot[2], bot[3]]


def test_lines_of_the_last_life() -> None:
    starts = "--- stocksup 2026-11-24T04:00:00+0000: life {} of bot starts ---"
    goes_on = "--- stocksup 2026-11-24T04:00:00+0000: life {} of bot goes on ---"
    ended = "--- stocksup 2026-11-24T04:00:09+0000: life {} of bot ended: exit 1 ---"
    lines = read(
        starts.format(1), "old", ended.format(1), starts.format(2), "new", goes_on.format(2), "--- no mark ---",
        ended.format(2),
    )  # fmt: skip
    assert [line.text for line in last_life_lines(lines)] == ["new", "--- no mark ---"]
    assert [line.text for line in last_life_lines(read("a log", "without marks"))] == ["a log", "without marks"]


def test_lines_repeated_in_the_message_are_left_out() -> None:
    lines = ["Loading", "2026-11-24T04:00:00Z ERROR the token is refused", "config.toml: [bot] prefx: unknown key"]
    shown = [
        line.message or line.text for line in without_repeats(read(*lines), "config.toml: [bot] prefx: unknown key")
    ]
    assert shown == ["Loading", "the token is refused"]
    assert without_repeats(read(*lines), "exit 77: the token is refused")[1:] == read(lines[2])
