"""The log of the supervisor: formats, secrets, terminal and journal."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.config.settings import Logs
from supervisor.logs import stderr, writer
from supervisor.logs.writer import SupervisorLog

Written = Callable[..., tuple[str, str]]


@pytest.fixture
def written(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Written:
    """Return a function that writes a line and returns what is in the file and on stderr."""

    def write(level: str, text: str, settings: Logs | None = None, **options: bool) -> tuple[str, str]:
        path = tmp_path / "supervisor.log"
        logbook = SupervisorLog(path, settings or Logs(), **options)
        logbook.write(level, text)
        logbook.close()
        return path.read_text(), capfdbinary.readouterr().err.decode()

    return write


def test_one_line_with_time_and_level(written: Written) -> None:
    file, _ = written("warning", "bot: two\nlines \udcff")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} WARN  bot: two lines \\udcff\n", file)


def test_each_line_is_on_stderr_too(written: Written) -> None:
    file, shown = written("error", "bot: gone")
    assert file == shown


def test_no_line_is_written_twice_when_stderr_is_the_log_itself(tmp_path: Path) -> None:
    path = tmp_path / "supervisor.log"
    kept = os.dup(2)
    try:
        with path.open("a") as file:
            os.dup2(file.fileno(), 2)
        log = SupervisorLog(path, Logs())
        log.write("info", "bot: ready")
        log.close()
    finally:
        os.dup2(kept, 2)
        os.close(kept)
    assert len(path.read_text().splitlines()) == 1


@pytest.mark.parametrize(("level", "prefix"), [("info", 6), ("warning", 4), ("error", 3), ("critical", 2)])
def test_journal_lines_have_a_priority_and_no_time(written: Written, level: str, prefix: int) -> None:
    _, shown = written(level, "bot: gone", to_journal=True)
    assert shown == f"<{prefix}>bot: gone\n"


def test_json_format(written: Written) -> None:
    file, _ = written("critical", "bot: “gone” \udcff", Logs(format="json"))
    fields = json.loads(file)
    assert (fields["level"], fields["message"]) == ("critical", "bot: “gone” \\udcff")


def test_secrets_are_masked_in_file_and_terminal(written: Written) -> None:
    for text in written("info", "postgresql://shop:s3cret@db/shop"):
        assert text.endswith("postgresql://shop:***@db/shop\n")


def test_marker_after_an_unfinished_line(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    path.write_text("killed in the midd")
    writer.append_marker(path, Logs(), "life 1 of bot ended: password=s3cret")
    writer.append_marker(path, Logs(format="json"), "life 2 of bot starts")
    cut, mark, last = path.read_text().splitlines()
    assert cut == "killed in the midd"
    assert re.fullmatch(r"--- stocksup \S+: life 1 of bot ended: password=\*\*\* ---", mark)
    assert json.loads(last)["mark"] is True


@pytest.mark.parametrize(("named", "is_journal"), [("{0}:{1}", True), ("{0}:1", False), ("", False)])
def test_stderr_is_the_journal(named: str, is_journal: bool) -> None:
    found = os.fstat(2)
    assert stderr.is_journal({"JOURNAL_STREAM": named.format(found.st_dev, found.st_ino)}) is is_journal
    assert stderr.is_journal({}) is False


def test_a_fault_that_lasts_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "supervisor.log"
    log = SupervisorLog(path, Logs())
    for _ in range(100):
        log.write("warning", "cannot write state")
        log.write("info", "requested by a person")
    log.close()
    lines = path.read_text().splitlines()
    assert len([line for line in lines if "cannot write" in line]) == 1
    assert len(lines) == 101
