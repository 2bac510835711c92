"""The state file: written whole, owner-only, recreated when it is damaged."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from botapp.runtime import state_file
from botapp.runtime.private_files import aside_of
from botapp.runtime.state_file import DamagedState, LiveMessage, State, StateError, TemporaryMessageState

MESSAGE = LiveMessage(1, 2, "abc")


def test_change_keeps_other_fields(tmp_path: Path) -> None:
    path = tmp_path / "bot" / "state.json"
    assert state_file.load(path) == State()
    state_file.change(path, live_messages=(MESSAGE,))
    state_file.change(path, live_channel_id=3)
    assert state_file.load(path) == State(live_messages=(MESSAGE,), live_channel_id=3)


def test_two_processes_lose_no_change_of_each_other(tmp_path: Path) -> None:
    path = tmp_path / "state.json"

    def change(name: str) -> None:
        for value in range(1, 16):
            state_file.change(path, **{name: value})
            assert getattr(state_file.load(path), name) == value

    with ThreadPoolExecutor() as threads:
        list(threads.map(change, ["live_channel_id", "restart_asked_s"]))
    assert state_file.load(path) == State(live_channel_id=15, restart_asked_s=15.0)


def test_a_stopped_process_does_not_keep_others_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_file, "LOCK_TIMEOUT_S", 0.01)
    path = tmp_path / "state.json"
    with state_file._locked(path):
        state_file.change(path, live_channel_id=3)
    assert state_file.load(path) == State(live_channel_id=3)


def test_file_and_directory_are_private(tmp_path: Path) -> None:
    path = tmp_path / "bot" / "state.json"
    state_file.change(path, live_channel_id=3)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(path.parent.iterdir()) == [path, state_file.copy_of(path)]
    assert state_file.copy_of(path).stat().st_mode & 0o777 == 0o600


def write(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": write(b""),
    "zeros": write(b"\0" * 100),
    "cut": write(b'{"live_messages":[{"chan'),
    "list": write(b"[1]"),
    "other types": write(b'{"live_channel_id":"toko"}'),
    "deep": write(b'{"a":' + b"[" * 100_000),
    "not UTF-8": write(b'{"a":"\xff"}'),
    "directory": lambda path: (path / "inside").mkdir(parents=True),
    "pipe": os.mkfifo,
    "link": lambda path: path.symlink_to("/etc/hostname"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_file_is_recreated_from_the_copy(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    path = tmp_path / "state.json"
    state_file.change(path, live_messages=(MESSAGE,), live_channel_id=3, database_created=True)
    state_file.change(path, commands="abc", restart_asked_s=7.0)
    path.unlink()
    damage(path)
    with pytest.raises(DamagedState):
        state_file.read(path)
    # without "shows" the message is rendered again
    expected = State((LiveMessage(1, 2, ""),), 3, database_created=True)
    assert state_file.load(path) == expected
    assert state_file.read(path) == expected
    assert os.path.lexists(aside_of(path))
    assert Path("/etc/hostname").is_file()


def test_file_is_damaged_in_other_ways_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    for damage in (*DAMAGES.values(), *reversed(DAMAGES.values())):
        state_file.change(path, live_channel_id=3)
        path.unlink()
        damage(path)
        assert state_file.load(path).live_channel_id == 3


def test_copy_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    (state_file.copy_of(path) / "inside").mkdir(parents=True)
    state_file.change(path, live_channel_id=3)
    assert state_file.read(path).live_channel_id == 3


@pytest.mark.parametrize("copy", [None, b"", b"{half"])
def test_damage_without_a_copy_creates_no_new_database(tmp_path: Path, copy: bytes | None) -> None:
    path = tmp_path / "state.json"
    path.write_text("{half")
    if copy is not None:
        state_file.copy_of(path).write_bytes(copy)
    state_file.change(path, live_channel_id=4)
    assert state_file.read(path) == State(live_channel_id=4, database_created=True)
    assert aside_of(path).read_text() == "{half"


def test_copy_changes_only_with_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state_file.change(path, live_messages=(MESSAGE,))
    before = state_file.copy_of(path).stat().st_ino
    state_file.change(path, live_messages=(LiveMessage(1, 2, "other"),), commands="abc")
    assert state_file.copy_of(path).stat().st_ino == before
    state_file.copy_of(path).unlink()
    state_file.change(path, commands="def")
    assert state_file.read(state_file.copy_of(path)) == State((LiveMessage(1, 2, ""),))


def test_inaccessible_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError):
        state_file.change(tmp_path / "file" / "state.json", live_messages=(MESSAGE,))


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(fd: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "state.json"
    state_file.change(path, live_channel_id=3)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StateError):
        state_file.change(path, live_channel_id=4)
    assert state_file.load(path).live_channel_id == 3
    assert sorted(tmp_path.iterdir()) == [path, state_file.copy_of(path)]


def test_renamed_keys_are_read(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text('{"books_made": true, "passing": {"channel_id": 7, "message_id": 5}}')
    assert state_file.load(path) == State(temporary_message=TemporaryMessageState(7, 5), database_created=True)
