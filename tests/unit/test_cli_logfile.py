"""How logs are read and put together."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.cli import logfile
from supervisor.cli.logfile import LogFile, merged, of_last_life


def test_logs_are_merged_by_time_and_keep_their_own_order() -> None:
    bot = ["2026-11-24 04:00:01,500 INFO one", "2026-11-24 04:00:03,100 ERROR two", "Traceback", "  of two"]
    supervisor = ["--- stocksup 2026-11-24T04:00:00+0000: life 1 of bot starts ---", "2026-11-24T04:00:02+0000 INFO x"]
    order = [line for _, line in merged({"bot": bot, "supervisor": supervisor})]
    assert order == [supervisor[0], bot[0], supervisor[1], bot[1], bot[2], bot[3]]


def test_only_the_last_life_is_told_of() -> None:
    starts = "--- stocksup 2026-11-24T04:00:00+0000: life {} of bot starts ---"
    ended = "--- stocksup 2026-11-24T04:00:09+0000: life {} of bot ended: exit 1 ---"
    lines = [starts.format(1), "old", ended.format(1), starts.format(2), "new", "--- not a mark ---", ended.format(2)]
    assert of_last_life(lines) == ["new", "--- not a mark ---"]
    assert of_last_life(["a log", "without marks"]) == ["a log", "without marks"]


def test_the_last_lines_and_what_is_written_since(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    file = LogFile(path)
    assert file.last(5, unfinished=False) == []
    path.write_text("one\ntwo\nthr")
    assert file.new() == ["one", "two"]
    with path.open("a") as log:
        log.write("ee\nfour\n")
    assert file.new() == ["three", "four"]
    assert file.new() == []


@pytest.mark.parametrize(("count", "lines"), [(0, []), (1, ["thr"]), (2, ["two", "thr"]), (9, ["one", "two", "thr"])])
def test_an_unfinished_line_counts_when_nobody_waits_for_its_end(tmp_path: Path, count: int, lines: list[str]) -> None:
    path = tmp_path / "bot.log"
    path.write_text("one\ntwo\nthr")
    assert LogFile(path).last(count, unfinished=True) == lines


def test_a_log_made_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    path.write_text("a long line\n")
    file = LogFile(path)
    file.last(1, unfinished=False)
    path.rename(tmp_path / "bot.log.1")
    assert file.new() == []
    path.write_text("a new line, longer than the old one\n")
    assert file.new() == ["a new line, longer than the old one"]
    path.write_text("cut\n")
    assert file.new() == ["cut"]


def test_no_more_than_the_end_of_a_big_log_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfile, "MAX_BYTES", 25)
    path = tmp_path / "bot.log"
    path.write_text("".join(f"line {i:04}\n" for i in range(100)))
    file = LogFile(path)
    assert file.last(50, unfinished=False) == ["line 0098", "line 0099"]
    assert file.new() == []


def test_a_log_does_nothing_to_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    path.write_bytes("\x1b[2J\x07 ä 🧹 \t\xff\r\n".encode("latin-1", "ignore") + "🧹 ✅\n".encode())
    first, second = LogFile(path).last(2, unfinished=False)
    assert "\x1b" not in first
    assert "\x07" not in first
    assert second == "🧹 ✅"
