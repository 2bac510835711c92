"""Rotation of program logs, and which life is asked to open the new file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Logs
from supervisor.lifecycle.model import LifeState, ProgramState
from supervisor.logs.program_logs import ProgramLogs

ONE = ProgramState(name="bot", life=LifeState(1))
TWO = ProgramState(name="bot", life=LifeState(2))
#: answers to `reopen`: success and error code
Answer = tuple[bool, str | None]
DONE: Answer = (True, None)
LOST: Answer = (False, None)
FAILED: Answer = (False, "failed")
UNABLE: Answer = (False, "unknown_op")


class Stage:
    """The log of a program whose life gives the answers of the test."""

    def __init__(self, tmp_path: Path, **limits: float) -> None:
        self.place = InstancePaths(tmp_path)
        self.path = self.place.log_of("bot")
        self.path.parent.mkdir()
        self.asked: list[Callable[[bool, str | None], None]] = []
        self.notes: list[str] = []
        self.is_connected = True
        settings = Logs(**{"max_bytes": 100, **limits})  # type: ignore[arg-type]
        self.logs = ProgramLogs(
            self.place, settings, self._ask, lambda level, text: self.notes.append(text), to_journal=False
        )

    def _ask(self, name: str, then: Callable[[bool, str | None], None]) -> bool:
        if self.is_connected:
            self.asked.append(then)
        return self.is_connected

    def grow(self) -> None:
        with self.path.open("a") as log:
            log.write("x" * 200 + "\n")

    def old(self) -> int:
        return len(list(self.path.parent.glob("bot.log.*")))

    def answer(self, answer: Answer) -> None:
        self.asked.pop()(*answer)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    one = Stage(tmp_path)
    one.logs.begin_life(ONE)
    return one


def test_due_log_is_rotated_and_the_life_is_asked_once(stage: Stage) -> None:
    stage.logs.on_heartbeat(ONE)
    assert (stage.old(), stage.asked) == (0, [])
    stage.grow()
    stage.logs.on_heartbeat(ONE)
    assert (stage.old(), len(stage.asked)) == (1, 1)
    assert stage.path.read_text().endswith("life 1 of bot goes on ---\n")
    stage.grow()
    stage.logs.on_heartbeat(ONE)
    assert (stage.old(), len(stage.asked)) == (1, 1)
    stage.answer(DONE)
    stage.logs.on_heartbeat(ONE)
    assert (stage.old(), len(stage.asked)) == (2, 1)


@pytest.mark.parametrize("answer", [LOST, FAILED])
def test_life_is_asked_again_after_an_error(stage: Stage, answer: Answer) -> None:
    stage.grow()
    for _ in range(3):
        stage.logs.on_heartbeat(ONE)
        stage.answer(answer)
        stage.grow()
    assert stage.old() == 1
    stage.logs.on_heartbeat(ONE)
    stage.answer(DONE)
    stage.logs.on_heartbeat(ONE)
    assert stage.old() == 2


def test_life_without_support_is_asked_once(stage: Stage) -> None:
    stage.grow()
    stage.logs.on_heartbeat(ONE)
    stage.answer(UNABLE)
    stage.grow()
    stage.logs.on_heartbeat(ONE)
    assert (stage.old(), stage.asked) == (1, [])
    stage.logs.begin_life(TWO)
    assert stage.old() == 2
    stage.grow()
    stage.logs.on_heartbeat(TWO)
    assert (stage.old(), len(stage.asked)) == (3, 1)


def test_disconnected_life_is_asked_when_it_connects(stage: Stage) -> None:
    stage.grow()
    stage.is_connected = False
    stage.logs.on_heartbeat(ONE)
    stage.is_connected = True
    stage.logs.on_heartbeat(ONE)
    assert (stage.old(), len(stage.asked)) == (1, 1)


def test_adopted_life_is_asked_before_the_first_rotation(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.grow()
    stage.grow()
    stage.logs.on_heartbeat(ONE)
    assert (stage.old(), len(stage.asked)) == (0, 1)
    stage.answer(DONE)
    stage.logs.on_heartbeat(ONE)
    assert (stage.old(), len(stage.asked)) == (1, 1)


def test_deleted_log_is_opened_again(stage: Stage) -> None:
    stage.path.unlink()
    stage.logs.on_heartbeat(ONE)
    stage.logs.on_heartbeat(ONE)
    assert (stage.old(), len(stage.asked)) == (0, 1)


def test_failed_rotation_is_logged_once(stage: Stage) -> None:
    (stage.path.parent / "bot.log.1").mkdir()
    stage.logs.settings = Logs(max_bytes=100, keep=1)
    stage.grow()
    for _ in range(3):
        stage.logs.on_heartbeat(ONE)
    assert [note.partition(": Is a directory")[0] for note in stage.notes] == [
        f"bot: cannot rotate {stage.path.parent / 'bot.log.1'}"
    ]
    assert stage.asked == []
