"""Fuzz the files that a supervisor reads at start-up: broken lines are ignored, and new lines can be read again."""

from __future__ import annotations

import tempfile
from pathlib import Path

from supervisor.config.settings import Program
from supervisor.lifecycle.model import LifeState, ProgramState
from supervisor.storage.history import History
from supervisor.storage.journal import Journal
from tests.fuzz.driver import fuzz

PROGRAM = Program()
_directory = tempfile.TemporaryDirectory(prefix="stocksup-fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
PATH = Path(_directory.name) / "journal.jsonl"
#: the beginning of a valid line of the journal; the input is appended
WHOLE = b'{"name":"bot","desired":"up","state":"RUNNING","life":{"number":7},"child":{"pid":1,"ticks":2,"boot_id":"x"}'


def feed(data: bytes) -> None:
    """Read `data` as a journal and as a history, and write to both."""
    if data[:1] == b"+":
        data = WHOLE + data[1:]
    PATH.write_bytes(data)
    journal = Journal(PATH)
    for name in journal.names():
        assert journal.load(name, PROGRAM).name == name
    journal.write(ProgramState(name="kept", life=LifeState(3)))
    journal.close()
    again = Journal(PATH)
    assert again.load("kept", PROGRAM).life.number == 3
    again.close()
    PATH.write_bytes(data)
    history = History(PATH)
    history.newest(100)
    history.close()


if __name__ == "__main__":
    fuzz(feed, "supervisor.storage.journal", "supervisor.storage.history", "supervisor.lifecycle.model")
