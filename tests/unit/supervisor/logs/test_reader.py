"""Reading a log backwards and following it, across rotations."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.logs import reader, writer
from supervisor.logs.reader import LogFile
from supervisor.logs.selection import Selection


def write(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def last(file: LogFile, count: int, *, unfinished: bool = True, level: str | None = None) -> list[str]:
    return [line.text for line in file.read_last(count, unfinished=unfinished, wanted=Selection(level))]


def new(file: LogFile) -> list[str]:
    return [line.text for line in file.read_new()]


def test_last_lines_and_new_lines(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    file = LogFile(path)
    assert last(file, 5, unfinished=False) == []
    path.write_text("one\ntwo\nthr")
    assert new(file) == ["one", "two"]
    write(path, "ee\nfour\n")
    assert new(file) == ["three", "four"]
    assert new(file) == []


@pytest.mark.parametrize(("count", "lines"), [(0, []), (1, ["thr"]), (2, ["two", "thr"]), (9, ["one", "two", "thr"])])
def test_unfinished_line_is_included_when_not_following(tmp_path: Path, count: int, lines: list[str]) -> None:
    path = tmp_path / "bot.log"
    path.write_text("one\ntwo\nthr")
    assert last(LogFile(path), count) == lines


def test_unfinished_line_is_not_included_when_following(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    path.write_text("one\ntwo\nthr")
    file = LogFile(path)
    assert last(file, 9, unfinished=False) == ["one", "two"]
    write(path, "ee\n")
    assert new(file) == ["three"]


@pytest.mark.parametrize("block", [1, 2, 3, 7, 4096])
def test_any_block_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(reader, "READ_BYTES", block)
    path = tmp_path / "bot.log"
    path.write_text("one\n\ntwo\n\n\nthree\n")
    assert last(LogFile(path), 9) == ["one", "", "two", "", "", "three"]


def test_reading_back_over_rotated_files(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    for number in range(1, 21):
        path.with_name(f"bot.log.{number}").write_text(f"line {58 + 2 * number}\nline {59 + 2 * number}\n")
    path.write_text("line 100\n")
    path.with_name("bot.log.old").write_text("not of this log\n")
    path.with_name("bot.log2.1").write_text("not of this log\n")
    assert last(LogFile(path), 4) == ["line 97", "line 98", "line 99", "line 100"]
    assert last(LogFile(path), 999) == [f"line {number}" for number in range(60, 101)]
    path.unlink()
    assert last(LogFile(path), 1) == ["line 99"]


def test_reading_back_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_BACK_BYTES", 25)
    path = tmp_path / "bot.log"
    path.write_text("".join(f"line {i:04}\n" for i in range(100)))
    file = LogFile(path)
    assert last(file, 50) == ["line 0098", "line 0099"]
    assert file.is_cut
    assert new(file) == []
    path.with_name("bot.log.1").write_text("1\n")
    assert last(LogFile(path), 50) == ["line 0098", "line 0099"]
    few = LogFile(path)
    assert last(few, 1) == ["line 0099"]
    assert not few.is_cut


def test_following_across_rotations(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    path.write_text("1\n")
    file = LogFile(path)
    assert last(file, 9, unfinished=False) == ["1"]
    with path.open("a") as old:
        writer.rotate(path, keep=2)
        old.write("2\n")
        old.flush()
        assert new(file) == ["2"]
        write(path, "3\n4")
        old.write("late\n")
        old.flush()
        assert new(file) == ["late", "3"]
    for number in range(5, 9):  # more often than files are kept, between two reads
        writer.rotate(path, keep=5)
        write(path, f"{number}\n")
    assert new(file) == ["4", "5", "6", "7", "8"]  # line 4 never got an end
    assert new(file) == []


def test_deleted_file_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    path.write_text("1\n")
    file = LogFile(path)
    last(file, 0, unfinished=False)
    write(path, "2\n")
    writer.rotate(path, keep=1)
    write(path, "3\n")
    writer.rotate(path, keep=1)
    write(path, "4\n")
    assert new(file) == ["2", "3", "4"]


def test_older_lines_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_NEW_BYTES", 4)
    path = tmp_path / "bot.log"
    file = LogFile(path)
    assert new(file) == []
    path.write_text("1\n2\n3\n")
    writer.rotate(path, keep=5)
    write(path, "4\n")
    assert new(file) == ["1", "2"]
    assert new(file) == ["3", "4"]


def test_truncated_log_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    path.write_text("a long line\n")
    file = LogFile(path)
    last(file, 1, unfinished=False)
    path.write_text("cut\n")
    assert new(file) == ["cut"]


def test_filter_by_level(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    path.write_text("INFO a\n  of a\nERROR b\n  of b\n  too\nWARNING c\n")
    assert last(LogFile(path), 9, level="warning") == ["ERROR b", "  of b", "  too", "WARNING c"]
    assert last(LogFile(path), 3, level="error") == ["ERROR b", "  of b", "  too"]
    assert last(LogFile(path), 2, level="error") == ["  of b", "  too"]
    assert last(LogFile(path), 9, level="critical") == []


def test_control_characters_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    path.write_bytes("\x1b[2J\x07 ä 🧹 \t\xff\r\n".encode("latin-1", "ignore") + "🧹 ✅\n".encode())
    first, second = last(LogFile(path), 2)
    assert "\x1b" not in first
    assert "\x07" not in first
    assert second == "🧹 ✅"


def test_secrets_are_masked(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    path.write_text("postgresql://shop:s3cret@db/shop\n")
    assert last(LogFile(path), 1) == ["postgresql://shop:***@db/shop"]
