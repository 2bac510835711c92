"""The state file: written whole, owner-only, never replaced when it is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from botapp.runtime import private_files, state_file
from botapp.runtime.state_file import LiveMessage, State, StateError, TemporaryMessageState

MESSAGE = LiveMessage(1, 2, "abc")


def test_change_keeps_other_fields(tmp_path: Path) -> None:
    path = tmp_path / "bot" / "state.json"
    assert state_file.load(path) == State()
    state_file.change(path, live_messages=(MESSAGE,))
    state_file.change(path, live_channel_id=3)
    assert state_file.load(path) == State(live_messages=(MESSAGE,), live_channel_id=3)


def test_file_and_directory_are_private(tmp_path: Path) -> None:
    path = tmp_path / "bot" / "state.json"
    state_file.change(path, live_channel_id=3)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_damaged_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text("{half")
    with pytest.raises(StateError):
        state_file.load(path)
    with pytest.raises(StateError):
        state_file.change(path, live_channel_id=4)
    assert path.read_text() == "{half"


def test_inaccessible_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError):
        state_file.change(tmp_path / "file" / "state.json", live_messages=(MESSAGE,))


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "state.json"
    state_file.change(path, live_channel_id=3)
    monkeypatch.setattr(private_files, "fsync_path", fail)
    with pytest.raises(StateError):
        state_file.change(path, live_channel_id=4)
    assert state_file.load(path).live_channel_id == 3
    assert list(tmp_path.iterdir()) == [path]


def test_renamed_keys_are_read(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text('{"books_made": true, "passing": {"channel_id": 7, "message_id": 5}}')
    assert state_file.load(path) == State(temporary_message=TemporaryMessageState(7, 5), database_created=True)
