"""Rotation while programs write: no line is lost or repeated."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from supervisor.logs import copy_rotation, writer
from supervisor.logs.reader import LogFile
from supervisor.logs.rotation import parse_number
from tests.support import python_process
from tests.support.python_process import Process
from tests.support.supervisor.supervised import PATIENCE_S, Supervised, bot, program, supervised

#: small enough to be moved at every heartbeat
LOGS = {"max_bytes": 5_000, "keep": 0}
CHATTER = ("chatter", "beat=0.01")


def files(it: Supervised, name: str = "bot") -> list[Path]:
    """Return the files of a log, oldest first."""
    directory = it.state / "logs"
    numbers = [found for path in directory.iterdir() if (found := parse_number(f"{name}.log", path.name)) is not None]
    return [*(directory / f"{name}.log.{one}" for one in sorted(numbers)), directory / f"{name}.log"]


def written(it: Supervised) -> dict[int, list[int]]:
    """Return the numbered lines of all files in their order, by life."""
    found: dict[int, list[int]] = {}
    for path in filter(Path.is_file, files(it)):
        for life, line in re.findall(r"^life (\d+) line (\d+)$", path.read_text(), re.MULTILINE):
            found.setdefault(int(life), []).append(int(line))
    return found


def wait_until(is_so: Callable[[], bool], meanwhile: Callable[[], object] = lambda: None) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline_s
        meanwhile()
        time.sleep(0.02)


def wait_for_files(it: Supervised, count: int) -> None:
    wait_until(lambda: len(files(it)) >= count)


def assert_all_there(it: Supervised, lives: int = 1) -> None:
    told = {one["life"]: one["lines"] for one in it.diary.all("chattered")}
    assert set(told) == set(range(1, lives + 1))
    assert written(it) == {life: list(range(1, lines + 1)) for life, lines in told.items()}


def test_no_line_is_lost_by_rotation(tmp_path: Path) -> None:
    with bot(tmp_path, *CHATTER, logs=LOGS) as it:
        it.start()
        it.diary.wait("reopened", life=1, count=10)
        it.restart()
        it.diary.wait("reopened", life=2, count=10)
        assert it.shut_down() == 0
        assert_all_there(it, lives=2)
        assert len(files(it)) > 20
        heads = [path.read_text().partition("\n")[0] for path in files(it)]
        # the last file of a life may begin with its end; spaces fill what a copy has freed
        begins = re.compile(r"--- stocksup \S+: life [12] of bot (starts|goes on|ended: .*) --- *")
        assert [head for head in heads if not begins.fullmatch(head)] == []


def test_no_line_is_lost_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    with bot(tmp_path, *CHATTER, logs=LOGS) as it:
        it.start()
        for count in (5, 10, 15):
            it.diary.wait("reopened", count=count)
            it.kill()
            it.start()
        it.diary.wait("reopened", count=20)
        assert it.shut_down() == 0
        assert_all_there(it)


def test_next_supervisor_asks_to_reopen(tmp_path: Path) -> None:
    with bot(tmp_path, *CHATTER, logs={"max_bytes": 0}) as it:
        it.start()
        it.kill()
        writer.rotate(it.state / "logs/bot.log", keep=0)
        it.start()
        it.diary.wait("reopened")
        assert it.shut_down() == 0
        assert_all_there(it)
        assert (it.state / "logs/bot.log").stat().st_size > 0


def test_log_moved_by_somebody_else_is_reopened(tmp_path: Path) -> None:
    with bot(tmp_path, *CHATTER, logs={"max_bytes": 0}) as it:
        it.start()
        (it.state / "logs/bot.log").rename(it.state / "logs/bot.log.1")
        it.diary.wait("reopened")
        assert it.shut_down() == 0
        assert_all_there(it)


@pytest.mark.parametrize("words", [("link=no",), ("reopen=no", "beat=0.01")])
def test_program_without_reopen_gets_a_new_file_with_its_next_life(tmp_path: Path, words: tuple[str, ...]) -> None:
    with bot(tmp_path, "chatter", *words, logs=LOGS, ready=0 if words[0] == "link=no" else "notify") as it:
        it.start()
        for life in range(1, 5):
            it.diary.wait("chattering", life=life)
            if words[0] == "reopen=no":
                it.diary.wait("not-reopened", count=life)
            if life < 4:
                it.restart()
        assert it.shut_down() == 0
        assert_all_there(it, lives=4)
        # each life is asked once at most
        assert len(it.diary.all("not-reopened")) == (4 if words[0] == "reopen=no" else 0)
        assert len(files(it)) >= 4


def test_no_line_of_a_program_without_the_protocol_is_lost(tmp_path: Path) -> None:
    """It writes at full speed, and the supervisor is killed in between."""
    with bot(tmp_path, "chatter", "link=no", logs={"max_bytes": 50_000, "keep": 0}, ready=0) as it:
        it.start()
        for _round in range(2):
            wait_for_files(it, len(files(it)) + 5)
            it.kill()
            it.start()
        assert it.shut_down() == 0
        # the process of a supervisor that was killed may still be at work, and moves lines while they are counted
        wait_until(lambda: not is_rotating(it.state / "logs/bot.log"))
        assert_all_there(it)


def is_rotating(path: Path) -> bool:
    """Return whether a process rotates the log by copying."""
    words = {copy_rotation.__name__, str(path)}
    return any(words <= set(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))


def test_reader_follows_a_program_without_the_protocol(tmp_path: Path) -> None:
    with bot(tmp_path, "chatter=0.0005", "link=no", logs={"max_bytes": 9000, "keep": 0}, ready=0) as it:
        it.start()
        it.diary.wait("chattering")
        reader = LogFile(it.state / "logs/bot.log")
        got = [line.text for line in reader.read_last(10**6, unfinished=False)]
        wait_until(lambda: len(files(it)) > 8, lambda: got.extend(line.text for line in reader.read_new()))
        assert it.shut_down() == 0
        while new := reader.read_new():
            got += (line.text for line in new)
        told = it.diary.wait("chattered")["lines"]
        assert [text for text in got if " line " in text] == [f"life 1 line {number}" for number in range(1, told + 1)]


def test_deleted_log_of_a_program_without_the_protocol_comes_back(tmp_path: Path) -> None:
    with bot(tmp_path, "chatter", "link=no", logs={"max_bytes": 0}, ready=0) as it:
        it.start()
        it.diary.wait("chattering")
        (it.state / "logs/bot.log").unlink()
        wait_until((it.state / "logs/bot.log").exists)
        assert it.shut_down() == 0
        assert_all_there(it)


def test_number_of_rotated_files(tmp_path: Path) -> None:
    with bot(tmp_path, *CHATTER, logs={**LOGS, "keep": 3}) as it:
        it.start()
        it.diary.wait("reopened", count=8)
        assert it.shut_down() == 0
        assert len(files(it)) == 4
        (lines,) = written(it).values()
        assert lines == list(range(lines[0], it.diary.wait("chattered")["lines"] + 1))


def test_rotation_by_age(tmp_path: Path) -> None:
    with bot(tmp_path, "beat=0.01", logs={"max_age_days": 1}) as it:
        path = it.state / "logs/bot.log"
        path.parent.mkdir(parents=True)
        path.write_text("2001-01-01T00:00:00+0000 INFO long ago\nand more\n")
        it.start()
        assert path.with_name("bot.log.1").read_text().endswith("and more\n")
        assert "life 1 of bot starts" in path.read_text()


def test_failed_rotation_is_logged_once(tmp_path: Path) -> None:
    with bot(tmp_path, *CHATTER, logs={**LOGS, "keep": 1}) as it:
        (it.state / "logs/bot.log.1").mkdir(parents=True)
        it.start()
        it.diary.wait("spawned")
        for _ in range(3):
            it.restart()
        assert it.shut_down() == 0
        assert_all_there(it, lives=4)
        assert it.log().count("the log keeps growing") == 1


def test_rotation_of_the_supervisor_log(tmp_path: Path) -> None:
    with bot(tmp_path, logs={"max_bytes": 400, "keep": 0}) as it:
        it.start()
        for _ in range(5):
            it.restart()
        assert it.shut_down() == 0
        assert len(files(it, "supervisor")) > 3
        text = "".join(path.read_text() for path in files(it, "supervisor"))
        assert [int(life) for life in re.findall(r"process (\d+): ready", text)] == [1, 2, 3, 4, 5, 6]
        assert text.count("supervisor: exiting (all programs have stopped)") == 1


@contextmanager
def following(it: Supervised, *words: str) -> Iterator[Process]:
    """Run `stocksup logs -f`; it is looking when this comes back."""
    path = it.state / "logs/bot.log"
    path.parent.mkdir(parents=True)
    path.write_text("before all\n")
    words = ("--config", str(it.config), "logs", "-f", *words)
    with python_process.start(
        "supervisor.cli", *words, env=it.environ(), stdout=subprocess.PIPE, text=True
    ) as follower:
        try:
            assert follower.stdout is not None
            assert follower.stdout.readline() == "before all\n"
            yield follower
        finally:
            follower.kill()


def test_following_shows_each_line_once(tmp_path: Path) -> None:
    with bot(tmp_path, *CHATTER, logs=LOGS) as it, following(it, "-n", "1", "bot") as follower:
        it.start()
        it.diary.wait("reopened", count=5)
        it.restart()
        it.diary.wait("reopened", life=2, count=5)
        it.kill()
        it.start()
        it.diary.wait("reopened", life=2, count=10)
        assert it.shut_down() == 0
        told = {one["life"]: one["lines"] for one in it.diary.all("chattered")}
        seen: dict[int, list[int]] = {1: [], 2: []}
        assert follower.stdout is not None
        for line in follower.stdout:
            if found := re.fullmatch(r"life (\d+) line (\d+)\n", line):
                seen[int(found[1])].append(int(found[2]))
            if re.search(r" 2 of bot ended", line):
                break
        assert seen == {life: list(range(1, lines + 1)) for life, lines in told.items()}


def test_json_format(tmp_path: Path) -> None:
    with bot(tmp_path, logs={"format": "json", "max_bytes": 300}) as it:
        it.start()
        told = it.diary.wait("spawned")["environ"]
        assert told["STOCKSUP_LOG_FORMAT"] == "json"
        it.restart()
        assert it.shut_down() == 0
        for name in ("bot", "supervisor"):
            lines = [json.loads(line) for path in files(it, name) for line in path.read_text().splitlines()]
            assert lines
            assert all({"time", "level", "message"} <= set(line) for line in lines)
        shown = it.command("logs", "bot")
        assert re.search(r"^--- stocksup \S+: process 2 of bot starts ---$", shown.stdout, re.MULTILINE)


def test_programs_are_rotated_independently(tmp_path: Path) -> None:
    programs = {"bot": program(*CHATTER), "quiet": program("beat=0.01")}
    with supervised(tmp_path, programs, logs=LOGS) as it:
        it.start()
        it.diary.wait("reopened", count=5)
        assert it.shut_down() == 0
        assert len(files(it, "quiet")) == 1


def test_following_keeps_up_with_fast_rotation(tmp_path: Path) -> None:
    path, count = tmp_path / "bot.log", 500
    file = LogFile(path)
    file.read_last(0, unfinished=False)

    def write() -> None:
        for one in range(count):
            with path.open("a") as written:
                written.write(f"{one}\n")
            writer.rotate(path, keep=0)

    seen: list[str] = []
    thread = threading.Thread(target=write)
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        thread.start()
        while len(seen) < count:
            is_over = not thread.is_alive()
            seen += [line.text for line in file.read_new()]
            if is_over:
                break
        thread.join()
    finally:
        sys.setswitchinterval(interval_s)
    assert seen == [str(one) for one in range(count)]
