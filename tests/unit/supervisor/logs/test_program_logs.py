"""Rotation of program logs, and which life is asked to open the new file."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Logs
from supervisor.lifecycle.model import LifeState, ProcessId, ProgramState
from supervisor.logs.program_logs import CHECK_S, RETRY_S, ProgramLogs

ONE = ProgramState(name="bot", life=LifeState(1))
TWO = ProgramState(name="bot", life=LifeState(2))
CHILD = ProcessId(4711, 1, "boot")
UNLINKED = ProgramState(name="bot", life=LifeState(1), child=CHILD)
LINKED = ProgramState(name="bot", life=LifeState(1, linked=True, was_linked=True), child=CHILD)
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
        self.programs: dict[str, ProgramState] = {}
        #: the processes that copy: their command lines, and what is called with their exit codes
        self.copies: list[tuple[list[str], Callable[[int], None]]] = []
        self.now_s = 0.0
        self.logs = ProgramLogs(
            self.place, settings, self._ask, lambda level, text: self.notes.append(text), self.programs,
            lambda command, then: self.copies.append((command, then)), lambda: self.now_s, to_journal=False,
        )  # fmt: skip

    def _ask(self, name: str, then: Callable[[bool, str | None], None]) -> bool:
        if self.is_connected:
            self.asked.append(then)
        return self.is_connected

    def grow(self) -> None:
        with self.path.open("a") as log:
            log.write("x" * 200 + "\n")

    def check(self, after_s: float = CHECK_S) -> None:
        self.now_s += after_s
        self.logs.run_due()

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


def test_log_of_a_life_that_cannot_open_a_new_file_is_copied(stage: Stage) -> None:
    stage.programs["bot"] = UNLINKED
    stage.check()
    stage.grow()
    stage.check(CHECK_S / 2)
    assert stage.copies == []
    stage.check()
    stage.check()  # the process still runs
    ((command, then),) = stage.copies
    assert [str(stage.path), "life 1 of bot goes on"] == [command[-5], command[-1]]
    then(0)
    stage.check()
    assert len(stage.copies) == 2
    assert (stage.old(), stage.asked) == (0, [])


@pytest.mark.parametrize("state", [LINKED, ProgramState(name="bot", life=LifeState(1))])
def test_other_logs_are_not_copied(stage: Stage, state: ProgramState) -> None:
    stage.programs["bot"] = state
    stage.grow()
    assert stage.logs.next_deadline() is None
    stage.check()
    assert stage.copies == []


def test_life_that_refuses_to_reopen_is_copied(stage: Stage) -> None:
    stage.programs["bot"] = LINKED
    stage.grow()
    stage.logs.on_heartbeat(LINKED)
    stage.answer(UNABLE)
    stage.grow()
    stage.check()
    assert len(stage.copies) == 1


def test_failed_copy_is_reported_once_and_tried_again(stage: Stage) -> None:
    stage.programs["bot"] = UNLINKED
    stage.grow()
    for number in range(3):
        stage.check(RETRY_S)
        assert len(stage.copies) == number + 1
        stage.copies[-1][1](errno.EOPNOTSUPP)
        stage.check()
    assert len(stage.copies) == 3
    assert len(stage.notes) == 1
    assert "Operation not supported" in stage.notes[0]


def test_interrupted_copy_is_completed_before_the_log_is_renamed(stage: Stage) -> None:
    stage.grow()
    stage.path.with_name("bot.log.copy").write_text("moved")
    stage.logs.on_heartbeat(LINKED)
    assert (len(stage.copies), stage.path.with_name("bot.log.1").exists(), stage.asked) == (1, False, [])


@pytest.mark.parametrize("way", ["deleted", "moved", "replaced", "with its directory"])
def test_lost_log_gets_its_name_back(stage: Stage, way: str) -> None:
    stage.programs["bot"] = UNLINKED
    with stage.path.open("a") as life:
        if way == "with its directory":
            shutil.rmtree(stage.path.parent)
        elif way == "moved":
            stage.path.rename(stage.path.with_name("away"))
        else:
            stage.path.unlink()
        if way == "replaced":
            stage.path.write_text("of somebody else\n")
        life.write("a line\n")
    stage.check()
    assert stage.path.read_text().endswith("a line\n")
    assert len(stage.notes) == 1
    assert [path.read_text() for path in stage.path.parent.glob("bot.log.1")] == ["of somebody else\n"] * (
        way == "replaced"
    )
    stage.check()
    assert len(stage.notes) == 1


def test_log_of_an_earlier_life_does_not_come_back(stage: Stage) -> None:
    stage.grow()
    stage.logs.begin_life(TWO)
    stage.programs["bot"] = ProgramState(name="bot", life=LifeState(2), child=CHILD)
    stage.path.unlink()
    stage.check()
    assert "life 2 of bot starts" in stage.path.read_text()
    assert "life 1" not in stage.path.read_text()
