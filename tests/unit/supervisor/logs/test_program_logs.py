"""Which life is asked to open its log anew, and when."""

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
    """The log of a program whose life answers what the test says."""

    def __init__(self, tmp_path: Path, **limits: float) -> None:
        self.place = InstancePaths(tmp_path)
        self.path = self.place.log_of("bot")
        self.path.parent.mkdir()
        self.asked: list[Callable[[bool, str | None], None]] = []
        self.notes: list[str] = []
        self.is_linked = True
        settings = Logs(**{"max_bytes": 100, **limits})  # type: ignore[arg-type]
        self.logs = ProgramLogs(
            self.place, settings, self._ask, lambda level, text: self.notes.append(text), to_journal=False
        )

    def _ask(self, name: str, then: Callable[[bool, str | None], None]) -> bool:
        if self.is_linked:
            self.asked.append(then)
        return self.is_linked

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
    one.logs.begin(ONE)
    return one


def test_a_log_is_moved_when_it_is_due_and_its_life_is_asked_once(stage: Stage) -> None:
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
def test_a_life_that_did_not_open_it_is_asked_again_and_nothing_is_moved_before(stage: Stage, answer: Answer) -> None:
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


def test_a_life_that_cannot_is_asked_once_and_the_next_one_begins_anew(stage: Stage) -> None:
    stage.grow()
    stage.logs.on_heartbeat(ONE)
    stage.answer(UNABLE)
    stage.grow()
    stage.logs.on_heartbeat(ONE)
    assert (stage.old(), stage.asked) == (1, [])
    stage.logs.begin(TWO)
    assert stage.old() == 2
    stage.grow()
    stage.logs.on_heartbeat(TWO)
    assert (stage.old(), len(stage.asked)) == (3, 1)


def test_a_life_that_is_not_linked_is_asked_when_it_is(stage: Stage) -> None:
    stage.grow()
    stage.is_linked = False
    stage.logs.on_heartbeat(ONE)
    stage.is_linked = True
    stage.logs.on_heartbeat(ONE)
    assert (stage.old(), len(stage.asked)) == (1, 1)


def test_a_life_of_an_earlier_supervisor_is_asked_first(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.grow()
    stage.grow()
    stage.logs.on_heartbeat(ONE)
    assert (stage.old(), len(stage.asked)) == (0, 1)
    stage.answer(DONE)
    stage.logs.on_heartbeat(ONE)
    assert (stage.old(), len(stage.asked)) == (1, 1)


def test_a_log_that_is_gone_is_opened_anew(stage: Stage) -> None:
    stage.path.unlink()
    stage.logs.on_heartbeat(ONE)
    stage.logs.on_heartbeat(ONE)
    assert (stage.old(), len(stage.asked)) == (0, 1)


def test_what_is_in_the_way_is_told_once_each_time(stage: Stage) -> None:
    (stage.path.parent / "bot.log.1").mkdir()
    stage.logs.settings = Logs(max_bytes=100, keep=1)
    stage.grow()
    for _ in range(3):
        stage.logs.on_heartbeat(ONE)
    assert [note.partition(" away")[0] for note in stage.notes] == [
        f"bot: cannot move {stage.path.parent / 'bot.log.1'}"
    ]
    assert stage.asked == []
