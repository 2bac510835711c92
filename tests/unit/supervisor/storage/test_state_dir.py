"""A second supervisor names the pid of the running one, even if that has not written its pid yet."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from supervisor.config.paths import InstancePaths
from supervisor.daemon import startup as start
from supervisor.storage import state_dir


@pytest.mark.parametrize("before", ["", "999999999\n"], ids=["a new file", "the pid of an earlier one"])
def test_the_second_supervisor_waits_for_the_pid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str) -> None:
    place = InstancePaths(tmp_path)
    place.lock.write_text(before)
    with place.lock.open("r+") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        # the first supervisor writes its pid while the second one waits
        monkeypatch.setattr("time.sleep", lambda pause_s: place.lock.write_text(f"{os.getpid()}\n"))
        with pytest.raises(start.StartupError, match=str(os.getpid())):
            start._lock(place)


def test_the_wait_for_the_pid_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = InstancePaths(tmp_path)
    pauses: list[float] = []
    with place.lock.open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        monkeypatch.setattr("time.sleep", pauses.append)
        with pytest.raises(start.StartupError):
            start._lock(place)
    lock_pauses_s = (state_dir.LOCK_ATTEMPTS - 1) * state_dir.LOCK_PAUSE_S
    assert sum(pauses) == pytest.approx(start.LOCK_ATTEMPTS * (start.LOCK_PAUSE_S + lock_pauses_s))


def test_a_lock_that_a_dead_supervisor_left_for_a_moment_is_awaited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process between fork and exec has inherited it."""
    place = InstancePaths(tmp_path)
    place.lock.write_text("999999999\n")
    with place.lock.open("r+") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        pauses: list[float] = []

        def pause(pause_s: float) -> None:
            pauses.append(pause_s)
            if len(pauses) == 15:
                fcntl.flock(first, fcntl.LOCK_UN)

        monkeypatch.setattr("time.sleep", pause)
        os.close(start._lock(place))


def test_foreign_text_in_the_lock_file_is_no_pid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = InstancePaths(tmp_path)
    place.lock.write_bytes("²".encode() + b"\xff not a number")
    with place.lock.open("r+") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        monkeypatch.setattr("time.sleep", lambda pause_s: None)
        with pytest.raises(start.AlreadyRunning):
            start._lock(place)
