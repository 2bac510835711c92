"""What a process leaves in the file of taken events, and what the next one finds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from botapp.discord_api.handover.event_file import (
    MAX_ATTEMPTS,
    SLOT_BYTES,
    SLOT_COUNT,
    AnotherServes,
    EventFile,
    Session,
    TakenEvent,
)
from botapp.runtime.private_files import NotARegularFile
from tests.support.python_process import ROOT

SESSION = Session("cafe", "wss://gateway.example/", 7)


def event(number: int, **data: object) -> TakenEvent:
    return TakenEvent("INTERACTION_CREATE", {"id": str(number), **data}, 1000.0)


def serving(path: Path) -> EventFile:
    """Return the file of a process that serves."""
    one = EventFile(path)
    one.lock()
    return one


def left_numbers(file: EventFile) -> list[int]:
    return sorted(int(one.event.data["id"]) for one in file.left())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot" / "taken_events"


@pytest.fixture
def file(path: Path) -> Iterator[EventFile]:
    one = serving(path)
    yield one
    one.close()


def test_a_new_file_is_private_and_empty(file: EventFile, path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert file.session() is None
    assert left_numbers(file) == []


def test_the_next_process_finds_what_is_not_finished(path: Path) -> None:
    file = serving(path)
    slots = [file.take(event(number, token="t")) for number in (1, 2, 3)]
    assert slots[1] is not None
    file.finish(slots[1])
    file.close()
    following = serving(path)
    found = list(following.left())
    assert sorted(int(one.event.data["id"]) for one in found) == [1, 3]
    assert {one.attempts for one in found} == {1}
    assert found[0].event == event(int(found[0].event.data["id"]), token="t")
    following.begin_again(found[0])
    following.close()
    again = serving(path)
    assert {one.slot: one.attempts for one in again.left()} == {found[0].slot: MAX_ATTEMPTS, found[1].slot: 1}
    again.close()


def test_only_one_process_serves(path: Path) -> None:
    file = serving(path)
    other = EventFile(path)
    with pytest.raises(AnotherServes):
        other.lock()
    file.unlock()
    other.lock()
    with pytest.raises(AnotherServes):
        file.lock()
    other.close()
    file.lock()
    file.close()


def test_the_session_is_kept_with_the_last_number(file: EventFile) -> None:
    file.record_session(SESSION)
    file.record_sequence(2**40)
    assert file.session() == Session("cafe", "wss://gateway.example/", 2**40)
    file.forget_session()
    assert file.session() is None
    file.record_session(SESSION)
    assert file.session() == SESSION


def test_it_has_limits(file: EventFile) -> None:
    assert file.take(event(1, text="x" * SLOT_BYTES)) is None
    slots = [file.take(event(number)) for number in range(SLOT_COUNT)]
    assert None not in slots
    assert file.take(event(9999)) is None
    assert slots[0] is not None
    file.finish(slots[0])
    assert file.take(event(9999)) is not None


@pytest.mark.parametrize("damage", [b"\xff" * 64, b"{}" + b"\0" * 62, b""])
def test_a_damaged_file_loses_what_is_damaged_alone(path: Path, damage: bytes) -> None:
    file = serving(path)
    file.take(event(1))
    file.take(event(2))
    file.close()
    content = bytearray(path.read_bytes())
    if damage:
        at = content.index(b'{"name"')
        content[at : at + len(damage)] = damage
    else:
        del content[5000:]
    path.write_bytes(content)
    following = serving(path)
    assert left_numbers(following) in ([1], [2], [])
    assert following.take(event(3)) is not None
    following.close()


def test_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotARegularFile):
        EventFile(path)


KILLED = """
import sys
from botapp.discord_api.handover.event_file import EventFile, Session, TakenEvent
file = EventFile(__import__("pathlib").Path(sys.argv[1]))
file.lock()
file.record_session(Session("cafe", "wss://gateway.example/"))
print(flush=True)
number = 0
while True:
    number += 1
    file.record_sequence(number)
    slot = file.take(TakenEvent("INTERACTION_CREATE", {"id": str(number), "text": "x" * (number % 4000)}, 1.0))
    if number > 300:
        file.finish(slot)
"""


def test_whenever_a_process_is_killed_its_events_are_whole(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, str(path)], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        while path.read_bytes().count(b"INTERACTION_CREATE") < 300:
            assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
    file = serving(path)
    session = file.session()
    assert session is not None
    found = {int(one.event.data["id"]): len(one.event.data["text"]) for one in file.left()}
    assert set(range(1, 301)) <= found.keys() <= {*range(1, 301), session.sequence}
    assert all(length == number % 4000 for number, length in found.items())
    file.close()
