"""The supervisor's own log: levels, forms, secrets; what goes to the terminal or the journal."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.config.settings import Logs
from supervisor.logs import journald
from supervisor.logs import writer as log
from supervisor.logs.writer import SupervisorLog

Written = Callable[..., tuple[str, str]]


@pytest.fixture
def written(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Written:
    """Return what a line comes to, in the file and on stderr."""

    def write(level: str, text: str, settings: Logs | None = None, **options: bool) -> tuple[str, str]:
        path = tmp_path / "supervisor.log"
        logbook = SupervisorLog(path, settings or Logs(), **{"echo": False, **options})
        logbook.write(level, text)
        logbook.close()
        return path.read_text(), capfdbinary.readouterr().err.decode()

    return write


def test_time_level_text_in_one_line(written: Written) -> None:
    file, shown = written("warning", "bot: two\nlines \udcff")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} WARN  bot: two lines \\udcff\n", file)
    assert shown == ""


def test_in_the_foreground_the_terminal_shows_the_same(written: Written) -> None:
    file, shown = written("error", "bot: gone", echo=True)
    assert file == shown


@pytest.mark.parametrize(("level", "prefix"), [("info", 6), ("warning", 4), ("error", 3), ("critical", 2)])
def test_the_journal_is_told_the_level_and_keeps_the_time_itself(written: Written, level: str, prefix: int) -> None:
    _, shown = written(level, "bot: gone", echo=True, to_journal=True)
    assert shown == f"<{prefix}>bot: gone\n"


def test_as_an_object(written: Written) -> None:
    file, _ = written("critical", "bot: “gone” \udcff", Logs(format="json"))
    fields = json.loads(file)
    assert (fields["level"], fields["message"]) == ("critical", "bot: “gone” \\udcff")


def test_secrets_are_masked_in_file_and_terminal(written: Written) -> None:
    for text in written("info", "postgresql://shop:s3cret@db/shop", echo=True):
        assert text.endswith("postgresql://shop:***@db/shop\n")


def test_a_mark_stands_alone_even_behind_a_line_that_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    path.write_text("killed in the midd")
    log.mark(path, Logs(), "life 1 of bot ended: password=s3cret")
    log.mark(path, Logs(format="json"), "life 2 of bot starts")
    cut, mark, last = path.read_text().splitlines()
    assert cut == "killed in the midd"
    assert re.fullmatch(r"--- stocksup \S+: life 1 of bot ended: password=\*\*\* ---", mark)
    assert json.loads(last)["mark"] is True


@pytest.mark.parametrize(("named", "is_journal"), [("{0}:{1}", True), ("{0}:1", False), ("", False)])
def test_whether_stderr_is_the_journal(named: str, is_journal: bool) -> None:
    found = os.fstat(2)
    assert journald.is_stderr({"JOURNAL_STREAM": named.format(found.st_dev, found.st_ino)}) is is_journal
    assert journald.is_stderr({}) is False
