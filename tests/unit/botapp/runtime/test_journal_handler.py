"""JournalHandler with a real datagram socket that accepts records, is full, or is gone."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from botapp import locale
from botapp.runtime import log
from botapp.runtime.journal_handler import MAX_TEXT_BYTES, JournalHandler, datagram
from supervisor.client import LifeEnvironment


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "socket"


@pytest.fixture
def journal(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(str(path))
        one.setblocking(False)
        yield one


@pytest.fixture
def logger(path: Path) -> Iterator[logging.Logger]:
    handler = JournalHandler(path, "bot", 4)
    handler.setFormatter(log.MessageFormatter(("s3cret",)))
    locale.use("en")
    one = logging.Logger("of this test")
    one.addHandler(handler)
    yield one
    handler.close()


def entry(journal: socket.socket) -> dict[str, str]:
    return dict(line.split("=", 1) for line in journal.recv(65536).decode().splitlines())


@pytest.mark.parametrize(
    ("level", "priority"),
    [(logging.DEBUG, "7"), (logging.INFO, "6"), (logging.WARNING, "4"), (logging.ERROR, "3"), (logging.CRITICAL, "2")],
)
def test_record_has_priority_and_life(
    journal: socket.socket, logger: logging.Logger, level: int, priority: str
) -> None:
    logger.log(level, "🧹 two\nlines with %s", "s3cret")
    assert entry(journal) == {
        "PRIORITY": priority,
        "SYSLOG_IDENTIFIER": "stocksup-bot",
        "STOCKSUP_PROGRAM": "bot",
        "STOCKSUP_LIFE": "4",
        "MESSAGE": "🧹 two lines with ***",
    }


def test_long_line_is_truncated(journal: socket.socket, logger: logging.Logger) -> None:
    logger.info("x" * 1_000_000)
    assert len(entry(journal)["MESSAGE"]) == MAX_TEXT_BYTES


def test_message_cannot_forge_a_field() -> None:
    data = datagram(logging.INFO, "a\nPRIORITY=0\r\x85\u2028b", {})
    assert data.count(b"\n") == 2
    assert data.startswith(b"PRIORITY=6\n")


def test_full_journal_does_not_block_and_dropped_records_are_counted(
    journal: socket.socket, logger: logging.Logger
) -> None:
    for number in range(1000):
        logger.info("line %d", number)
    taken = 0
    while True:
        try:
            assert entry(journal)["MESSAGE"] == f"line {taken}"
        except BlockingIOError:
            break
        taken += 1
    assert 0 < taken < 1000
    logger.info("again")
    missing, again = entry(journal), entry(journal)
    assert missing["MESSAGE"] == f"{1000 - taken} lines are missing here; they are in the log file"
    assert missing["PRIORITY"] == "4"
    assert again["MESSAGE"] == "again"


def test_missing_journal_is_ignored_until_it_is_back(path: Path, logger: logging.Logger) -> None:
    logger.info("no journal")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as first:
        first.bind(str(path))
        logger.info("one")
        assert entry(first)["MESSAGE"].startswith("1 lines are missing")
        assert entry(first)["MESSAGE"] == "one"
    logger.info("closed")
    path.unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as second:
        second.bind(str(path))
        logger.info("two")
        entry(second)
        assert entry(second)["MESSAGE"] == "two"


def test_journal_of_the_environment_is_used(path: Path, journal: socket.socket) -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    around = LifeEnvironment.read(
        {
            "STOCKSUP_SOCKET": "socket",
            "STOCKSUP_PROGRAM": "bot",
            "STOCKSUP_LIFE": "2",
            "STOCKSUP_CACHE_DIR": "temp",
            "STOCKSUP_CACHE_PERM_DIR": "perm",
            "STOCKSUP_JOURNAL": str(path),
        }
    )
    try:
        log.configure("Asia/Jakarta", ("s3cret",), around)
        logging.getLogger("botapp").warning("s3cret stock is low")
        assert entry(journal)["MESSAGE"] == "*** stock is low"
        (handler,) = [one for one in root.handlers if isinstance(one, JournalHandler)]
        handler.close()
    finally:
        root.handlers[:] = before
        root.setLevel(level)
