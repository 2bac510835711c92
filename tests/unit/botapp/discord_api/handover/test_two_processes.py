"""Two processes with a session each: one serves, the other one holds; each event is acted on once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from botapp.discord_api.handover import event_file
from botapp.discord_api.handover.event_file import SLOT_COUNT, AnotherServes, OtherLayout, Session
from botapp.discord_api.handover.held_events import (
    HOLD_INTERACTION_S,
    HOLD_MESSAGE_S,
    INTERACTION,
    MESSAGE,
    MESSAGE_DELETE,
    MESSAGE_DELETE_BULK,
    TAKEN_TYPES,
    HeldEvent,
)
from botapp.discord_api.handover.intake import Intake
from botapp.discord_api.handover.taken_ids import TAKEN_COUNT, TAKEN_FOR_S

CLICK = {"type": 3, "token": "t"}


class Clock:
    """The time of all processes."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


class Process:
    """A process of the bot: its intake, and the ids of what discord.py got of it."""

    def __init__(self, clock: Clock, number: int) -> None:
        self.number = number
        self.parsed: list[str] = []
        self.parsers: dict[str, Callable[[Any], None]] = dict.fromkeys(TAKEN_TYPES, self.parse)
        self.parsers["READY"] = lambda data: None
        self.intake = Intake(self.parsers, lambda _name, data: data.get("type") == 3, clock, clock)

    def parse(self, data: dict[str, Any]) -> None:
        if data.get("is_unreadable"):
            raise KeyError("member")
        self.parsed.append(str(data["id"]))

    def be_ready(self) -> Process:
        self.parsers["READY"]({"session_id": f"s{self.number}", "resume_gateway_url": "wss://gateway.example/"})
        self.intake.record_sequence(self.number * 100)
        return self

    def get(self, id: int, name: str = INTERACTION, **data: Any) -> None:
        self.parsers[name]({**CLICK, "id": str(id), **data})

    def die(self) -> None:
        """End as after SIGKILL."""
        if self.intake._file is not None:
            self.intake._file.close()
            self.intake._file = None

    @property
    def file(self) -> event_file.EventFile:
        assert self.intake._file is not None
        return self.intake._file

    def left(self) -> list[int]:
        """Return the ids that other processes have not finished."""
        return sorted(int(one.event.data["id"]) for one in self.file.left())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot" / "taken_events"


@pytest.fixture
def old(clock: Clock, path: Path) -> Process:
    process = Process(clock, 1)
    process.intake.open(path)
    return process.be_ready()


@pytest.fixture
def new(clock: Clock, path: Path, old: Process) -> Process:
    """A process that was prepared while `old` serves."""
    process = Process(clock, 2)
    process.intake.prepare(path)
    return process.be_ready()


def test_a_prepared_process_takes_over_what_the_old_one_has_not_taken(old: Process, new: Process) -> None:
    new.get(1)
    for id in (1, 2):
        old.get(id)
    new.get(3)
    new.get(4, MESSAGE)
    old.intake.cut()
    for process in (old, new):
        process.get(5)
    assert new.parsed == []
    assert new.intake.serve() == 3
    for id in (2, 3, 6):
        new.get(id)
    assert old.parsed == ["1", "2"]
    assert new.parsed == ["3", "4", "5", "6"]


@pytest.mark.parametrize("name", TAKEN_TYPES)
def test_each_type_is_held_and_handed_on_once(old: Process, new: Process, name: str) -> None:
    ids = {"ids": ["8", "9"]} if name == MESSAGE_DELETE_BULK else {}
    new.get(7, name, **ids)
    old.intake.cut()
    assert new.intake.serve() == 1
    new.get(7, name, **ids)
    assert new.parsed == ["7"]


def test_a_message_and_its_deletion_are_both_handed_on(old: Process, new: Process) -> None:
    new.get(7, MESSAGE)
    new.get(7, MESSAGE_DELETE)
    old.get(7, MESSAGE)
    old.intake.cut()
    assert new.intake.serve() == 1
    assert new.parsed == ["7"]


@pytest.mark.parametrize(("name", "limit_s"), [(INTERACTION, HOLD_INTERACTION_S), (MESSAGE, HOLD_MESSAGE_S)])
def test_what_is_too_old_is_not_handed_on(clock: Clock, old: Process, new: Process, name: str, limit_s: float) -> None:
    new.get(1, name)
    clock.now_s += 0.5
    new.get(2, name)
    clock.now_s += limit_s
    old.intake.cut()
    assert new.intake.serve() == 1
    assert new.parsed == ["2"]


def test_the_other_session_can_be_a_minute_behind(clock: Clock, old: Process, new: Process) -> None:
    old.get(1)
    old.get(2, MESSAGE)
    old.intake.cut()
    new.intake.serve()
    clock.now_s += TAKEN_FOR_S
    new.get(1)
    new.get(2, MESSAGE)
    assert new.parsed == []


def test_a_message_that_came_a_minute_late_and_waited_for_a_minute_is_known(
    clock: Clock, old: Process, new: Process
) -> None:
    old.get(1, MESSAGE)
    clock.now_s += 59
    new.get(1, MESSAGE)
    clock.now_s += 59
    old.intake.cut()
    assert new.intake.serve() == 0


def test_never_two_serve(old: Process, new: Process) -> None:
    with pytest.raises(AnotherServes):
        new.intake.serve()
    new.get(1)
    assert new.parsed == [], "it still holds"
    old.intake.cut()
    assert new.intake.serve() == 1
    with pytest.raises(AnotherServes):
        old.intake.serve()
    old.get(2)
    assert old.parsed == []


def test_a_prepared_process_notices_that_the_other_one_has_died(old: Process, new: Process) -> None:
    assert not new.intake.is_other_dead()
    assert not old.intake.is_other_dead(), "it serves itself"
    old.die()
    assert new.intake.is_other_dead()
    assert new.intake.is_other_dead(), "it has not begun to serve by that"
    new.get(1)
    assert new.parsed == []
    assert new.intake.serve() == 1
    assert not new.intake.is_other_dead()


def test_a_cold_start_beside_a_process_that_serves_is_refused(clock: Clock, path: Path, old: Process) -> None:
    with pytest.raises(AnotherServes):
        Process(clock, 3).intake.open(path)
    old.intake.cut()
    Process(clock, 3).intake.open(path)


def test_the_old_process_finishes_what_it_took(old: Process, new: Process) -> None:
    for id in (1, 2):
        old.get(id)
    old.intake.cut()
    new.intake.serve()
    new.get(3)
    assert new.left() == [1, 2], "they belong to the old one"
    old.intake.finish(1)
    assert new.left() == [2]
    old.die()
    assert new.intake.replay_left(77) == 1
    assert new.parsed == ["3", "2"]
    assert new.left() == []


def test_the_slots_of_the_old_process_become_free_one_by_one(old: Process, new: Process) -> None:
    for id in range(1, SLOT_COUNT + 1):
        old.get(id)
    old.intake.cut()
    new.intake.serve()
    new.get(1001)
    assert 1001 not in new.intake._slots, "all slots are in use"
    old.intake.finish(7)
    new.get(1002)
    assert new.intake._slots == {1002: new.intake._slots[1002]}
    assert len(new.left()) == SLOT_COUNT - 1
    assert 7 not in new.left()


def test_slots_that_the_old_process_empties_are_used_once(old: Process, new: Process) -> None:
    """On the way back, the old process must not use what the new one has taken."""
    for id in range(1, 11):
        old.get(id)
    old.intake.cut()
    new.intake.serve()
    new.get(11)
    for id in range(1, 11):
        old.intake.finish(id)
    for id in range(12, 16):
        new.get(id)
    new.die()
    old.intake.serve()
    for id in range(101, SLOT_COUNT + 101):
        old.get(id)
    assert old.left() == list(range(11, 16))
    assert len(set(old.intake._slots.values())) == SLOT_COUNT - 5


def test_the_old_process_serves_again_after_the_new_one_has_died(clock: Clock, old: Process, new: Process) -> None:
    old.get(1)
    old.intake.cut()
    new.intake.serve()
    for process in (new, old):
        process.get(2)
        process.get(3)
    new.intake.finish(2)
    new.die()
    old.get(4)
    old.get(5, MESSAGE)
    assert old.intake.serve() == 2
    assert old.parsed == ["1", "4", "5"]
    assert old.intake.replay_left(77) == 1
    old.get(3)
    assert old.parsed == ["1", "4", "5", "3"], "what the new one had begun"
    assert 1 in old.intake._slots, "its own work goes on"


def test_a_third_process_takes_over_from_the_second(clock: Clock, path: Path, old: Process, new: Process) -> None:
    old.get(1)
    old.intake.cut()
    new.intake.serve()
    new.get(2)
    third = Process(clock, 3)
    third.intake.prepare(path)
    third.get(2)
    third.get(3)
    third.get(1)
    new.intake.cut()
    assert third.intake.serve() == 1
    assert third.parsed == ["3"]
    assert third.left() == [1, 2]


def test_a_click_whose_process_died_while_it_took_it_is_begun_once(old: Process, new: Process) -> None:
    """It died after it had written the slot, and before it could record the id."""
    new.get(1)
    old.intake._keep(HeldEvent(1, INTERACTION, {**CLICK, "id": "1"}))
    old.die()
    assert new.intake.serve() == 0
    assert new.intake.replay_left(77) == 1
    assert new.parsed == ["1"]
    assert list(new.intake._slots) == [1]


def test_what_is_taken_over_and_comes_again_is_begun_once(clock: Clock, path: Path, old: Process) -> None:
    """The session of the dead process delivers what that one has not recorded as taken."""
    old.intake._keep(HeldEvent(1, INTERACTION, {**CLICK, "id": "1"}))
    old.die()
    new = Process(clock, 2)
    new.intake.open(path)
    assert new.intake.replay_left(77) == 1
    new.get(1)
    assert new.parsed == ["1"]


def test_a_process_that_does_not_serve_takes_nothing_over(clock: Clock, path: Path, old: Process) -> None:
    old.get(1)
    old.die()
    new = Process(clock, 2)
    new.intake.prepare(path)
    assert new.intake.replay_left(77) == 0
    new.intake.serve()
    assert new.intake.replay_left(77) == 1


def test_the_session_is_that_of_the_process_that_serves(old: Process, new: Process) -> None:
    url = "wss://gateway.example/"
    new.intake.record_sequence(250)
    assert new.file.session() == Session("s1", url, 100)
    old.intake.cut()
    old.intake.record_sequence(101)
    assert new.file.session() == Session("s1", url, 100)
    new.intake.serve()
    assert new.file.session() == Session("s2", url, 250)
    assert new.intake.earlier_session == Session("s1", url, 100)
    old.intake.record_sequence(102)
    old.be_ready()
    new.intake.record_sequence(251)
    assert old.file.session() == Session("s2", url, 251)
    new.die()
    old.intake.record_sequence(105)
    old.intake.serve()
    assert old.file.session() == Session("s1", url, 105)
    assert old.intake.earlier_session == Session("s2", url, 251)


def test_a_process_that_serves_again_at_once_was_not_preceded(old: Process) -> None:
    old.intake.cut()
    old.intake.serve()
    assert old.intake.earlier_session is None
    assert old.file.session() == Session("s1", "wss://gateway.example/", 100)


def test_a_process_without_a_session_leaves_none(old: Process, new: Process) -> None:
    old.intake.cut()
    new.intake._session = None
    new.intake.serve()
    assert new.file.session() is None


def test_a_process_that_retires_leaves_the_session_of_the_other_one(old: Process, new: Process) -> None:
    old.intake.cut()
    new.intake.serve()
    old.intake.close(keep_session=False)
    assert new.file.session() is not None
    new.intake.close(keep_session=False)


def test_an_unreadable_event_does_not_stop_the_others(old: Process, new: Process) -> None:
    new.get(1, is_unreadable=True)
    new.get(2)
    old.intake.cut()
    new.intake.serve()
    assert new.parsed == ["2"]
    assert list(new.intake._slots) == [2]
    with pytest.raises(KeyError):
        new.get(3, is_unreadable=True)
    assert list(new.intake._slots) == [2]


def test_what_was_taken_without_a_file_is_recorded_at_the_cut(clock: Clock, path: Path) -> None:
    path.parent.mkdir()
    path.mkdir()
    old, new = Process(clock, 1), Process(clock, 2)
    with pytest.raises(OSError, match="taken_events"):
        old.intake.open(path)
    old.get(1)
    with pytest.raises(OSError, match="taken_events"):
        old.intake.cut()
    old.get(2)
    assert old.parsed == ["1", "2"], "it goes on serving"
    path.rmdir()
    new.intake.prepare(path)
    for id in (1, 2, 3):
        new.get(id)
    old.intake.cut()
    assert new.intake.serve() == 1
    assert new.parsed == ["3"]


def test_what_was_taken_is_known_as_long_as_it_fits(clock: Clock, old: Process, new: Process) -> None:
    new.get(1, MESSAGE)
    for id in range(1, TAKEN_COUNT + 1):
        old.get(id, MESSAGE)
    assert new.file.taken_ids(clock()).keys() == set(range(1, TAKEN_COUNT + 1))
    old.get(TAKEN_COUNT + 1, MESSAGE)
    assert new.file.taken_ids(clock()).keys() == set(range(2, TAKEN_COUNT + 2))
    clock.now_s += TAKEN_FOR_S + 1
    assert new.file.taken_ids(clock()) == {}


def test_the_canary_compares_both_sessions(clock: Clock, old: Process, new: Process) -> None:
    start_s = clock.now_s
    ids = [int((start_s + 5 - 1_420_070_400) * 1000) << 22 | number for number in range(4)]
    clock.now_s += 5
    for process in (old, new):
        process.get(ids[0])
    old.get(ids[1])
    new.get(ids[2])
    clock.now_s += 11
    assert new.intake.missed(start_s) == {ids[1]: 11.0}
    assert new.intake.missed(start_s + 10) == {}
    assert new.intake.missed_by_other(start_s) == {ids[2]: 11.0}
    old.intake.cut()
    assert new.intake.serve() == 0
    assert old.intake.missed_by_other(start_s) == {}


class TestLayout:
    """Files of other versions."""

    def as_before(self, path: Path) -> None:
        """Make the file one of the version that kept no ids."""
        content = path.read_bytes()
        path.write_bytes(b"events01" + content[8 : event_file._TAKEN_AT])

    def test_a_file_without_ids_keeps_its_slots(self, clock: Clock, path: Path, old: Process) -> None:
        old.get(1)
        old.die()
        self.as_before(path)
        new = Process(clock, 2)
        new.intake.open(path)
        assert new.intake.earlier_session == Session("s1", "wss://gateway.example/", 100)
        assert new.left() == [1]
        new.get(2)
        assert new.file.taken_ids(clock()).keys() == {2}

    def test_a_death_during_the_change_keeps_them_too(self, clock: Clock, path: Path, old: Process) -> None:
        old.get(1)
        old.die()
        self.as_before(path)
        with path.open("ab") as file:
            file.truncate(event_file._FILE_BYTES)
        new = Process(clock, 2)
        new.intake.open(path)
        assert new.left() == [1]

    def test_a_process_that_serves_with_another_layout_is_left_alone(
        self, clock: Clock, path: Path, old: Process
    ) -> None:
        self.as_before(path)
        before = path.read_bytes()
        new = Process(clock, 2)
        with pytest.raises(OtherLayout):
            new.intake.prepare(path)
        with pytest.raises(AnotherServes):
            new.intake.open(path)
        assert path.read_bytes() == before

    def test_an_unknown_file_is_emptied(self, clock: Clock, path: Path, old: Process) -> None:
        old.get(1)
        old.die()
        path.write_bytes(b"events99" + path.read_bytes()[8:])
        new = Process(clock, 2)
        new.intake.prepare(path)
        assert new.left() == []
        assert new.file.session() is None
        assert new.file.taken_ids(clock()) == {}
