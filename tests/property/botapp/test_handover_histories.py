"""Random histories of processes that hand over to each other, on a real file, with a clock set by hand.

Each process has a session of its own. The sessions deliver events in any order, more than once, up to a minute late,
or not at all. A process can die at any line of the code that hands over.
"""

from __future__ import annotations

import fcntl
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final, TypeVar

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, note, settings

from botapp.discord_api.handover import event_file, intake, taken_ids
from botapp.discord_api.handover.event_file import MAX_ATTEMPTS, SLOT_BYTES, AnotherServes, EventFile, TakenEvent
from botapp.discord_api.handover.held_events import (
    HOLD_INTERACTION_S,
    HOLD_MESSAGE_S,
    INTERACTION,
    MESSAGE,
    MESSAGE_DELETE,
    TAKEN_TYPES,
    event_id,
)
from botapp.discord_api.handover.intake import Intake
from tests.support import depth

#: the code at whose lines a process dies
CODE: Final = str(Path(intake.__file__).parent)
#: so few that they run out
SLOTS: Final = 6
#: more than the events of a history
TAKEN: Final = 64
#: a session delivers an event up to so late
MAX_DELAY_S: Final = 60.0
MAX_PROCESSES: Final = 3
#: more than a session delivers
SESSION_MESSAGES: Final = 1000
#: type of a click on a button, and of a slash command, which no other process takes over
CLICK, SLASH = 3, 2

KINDS: Final = ((INTERACTION, CLICK), (INTERACTION, SLASH), (MESSAGE, 0), (INTERACTION, CLICK), (MESSAGE_DELETE, 0))
#: a clock adds and subtracts them without rounding
TIMES: Final = (0.5, 1.0, 2.5, 3.0, 20.0, 59.0, 60.0)
#: the bot does not begin a click again that is older than 15 minutes
MAX_AGE_S: Final = 600.0


T = TypeVar("T")


def choose(among: list[T], which: int) -> T:
    """Return one of several; 0 stands for the first."""
    return among[which % len(among)]


class Died(BaseException):
    """A process was killed."""


class Process:
    """A process of the bot."""

    def __init__(self, world: World, number: int) -> None:
        self.number = number
        parsers: dict[str, Callable[[Any], None]] = {name: self.parsing(name) for name in TAKEN_TYPES}
        parsers["READY"] = lambda data: None
        self.parsers = parsers
        self.intake = Intake(parsers, lambda _, data: data.get("type") == CLICK, world.clock, world.clock)
        #: what its handlers begin, as soon as the loop runs
        self.begins: list[int] = []
        #: what its handlers have not finished
        self.under_way: set[int] = set()
        #: when it began to hold what it holds
        self.held_at_s: dict[int, float] = {}
        self.has_served = False
        #: number of the last message; those of two processes differ
        self.sequence = number * SESSION_MESSAGES

    def parsing(self, name: str) -> Callable[[Any], None]:
        return lambda data: self.begins.append(event_id(name, data))

    def be_ready(self) -> None:
        self.parsers["READY"]({"session_id": f"s{self.number}", "resume_gateway_url": "wss://gateway.example/"})
        self.intake.record_sequence(self.sequence)

    def get(self, name: str, data: dict[str, Any]) -> None:
        """Receive a message of the gateway."""
        self.parsers[name](data)
        self.sequence += 1
        self.intake.record_sequence(self.sequence)

    @property
    def is_serving(self) -> bool:
        return not self.intake.is_holding

    @property
    def file(self) -> EventFile:
        assert self.intake._file is not None
        return self.intake._file


class World:
    """The processes, the supervisor that tells them what to do, and Discord."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now_s = 1_800_000_000.0
        self.processes: list[Process] = []
        self.started = 0
        #: name, data, and the time of each event, by id
        self.events: dict[int, tuple[str, dict[str, Any], float]] = {}
        #: how often the handlers of an event were begun
        self.begun: Counter[int] = Counter()
        #: what must have been begun
        self.required: set[int] = set()
        self.finished: set[int] = set()
        #: what is perhaps not begun again: it had no slot, or two processes have died with it
        self.beyond: set[int] = set()
        self.has_died = False

    def clock(self) -> float:
        return self.now_s

    # --- what happens: each step has two numbers to choose with, and the line of code at which the process dies ---

    def time_passes(self, which: int, other: int, dies_at: int | None) -> None:
        self.now_s += TIMES[which % len(TIMES)]

    def start_cold(self, which: int, other: int, dies_at: int | None) -> None:
        self.start(dies_at, is_prepared=False)

    def start_prepared(self, which: int, other: int, dies_at: int | None) -> None:
        self.start(dies_at, is_prepared=True)

    def start(self, dies_at: int | None = None, *, is_prepared: bool) -> None:
        if len(self.processes) == MAX_PROCESSES:
            return
        self.started += 1
        process = Process(self, self.started)
        self.processes.append(process)
        may_serve = not self.serving(besides=process)
        open_file = process.intake.prepare if is_prepared else process.intake.open
        try:
            is_alive = self.run(process, lambda: open_file(self.path), dies_at)
        except AnotherServes:
            assert not is_prepared
            assert not may_serve
            self.processes.remove(process)
            return
        if is_alive:
            assert is_prepared or may_serve
            process.has_served = not is_prepared
            process.be_ready()

    def an_event_arrives(self, which: int, other: int, dies_at: int | None) -> None:
        """Let one or two sessions deliver a new event, in any order."""
        name, type = KINDS[which % len(KINDS)]
        data = {"id": str(1000 + len(self.events)), "type": type}
        id = event_id(name, data)
        self.events[id] = (name, data, self.now_s)
        self.deliver(which, id, dies_at)
        if other % 2:
            self.deliver(other, id, dies_at)

    def an_event_arrives_late(self, which: int, other: int, dies_at: int | None) -> None:
        """Let a session deliver an event that another one has delivered, or the same one again."""
        if ids := [id for id, (_, _, at_s) in self.events.items() if self.now_s - at_s <= MAX_DELAY_S]:
            self.deliver(which, ids[-1 - other % len(ids)], dies_at)

    def cut(self, which: int, other: int, dies_at: int | None) -> None:
        for process in self.serving():
            if len(self.processes) > 1:
                self.run(process, process.intake.cut, dies_at)

    def serve(self, which: int, other: int, dies_at: int | None) -> None:
        if not (holding := [one for one in self.processes if not one.is_serving]):
            return
        process = choose(holding, which)
        may_serve = not self.serving()
        held = {id for id in process.held_at_s if self.is_held(process, id)}
        try:
            is_alive = self.run(process, process.intake.serve, dies_at)
        except AnotherServes:
            assert not may_serve
            return
        if is_alive:
            assert may_serve
            process.has_served = True
            process.held_at_s.clear()
            self.required |= held

    def hand_over(self, which: int, other: int, dies_at: int | None) -> None:
        """Let a process serve in place of the one that serves."""
        if len(self.processes) == 1:
            self.start(is_prepared=True)
        self.cut(which, other, dies_at if other % 2 else None)
        self.serve(which, other, dies_at)

    def finish(self, which: int, other: int, dies_at: int | None) -> None:
        if not (working := self.working()):
            return
        process = choose(working, which)
        id = choose(sorted(process.under_way), other)
        if self.run(process, lambda: process.intake.finish(id), dies_at):
            process.under_way.discard(id)
            self.finished.add(id)
        else:
            self.beyond.add(id)  # it is in the file, or not

    def retire(self, which: int, other: int, dies_at: int | None) -> None:
        """Let the old process end; in histories with deaths its time is up before it has finished."""
        retiring = [one for one in self.processes if one.has_served and not one.is_serving]
        if not retiring:
            return
        process = choose(retiring, which)
        while process.under_way and dies_at is None:
            self.finish(self.working().index(process), 0, None)
        if self.run(process, lambda: process.intake.close(keep_session=False), dies_at):
            self.has_died |= bool(process.under_way)
            self.end(process)

    def take_over(self, which: int, other: int, dies_at: int | None) -> None:
        """Say that every other process that has served is gone."""
        for process in self.serving():
            if sum(one.has_served for one in self.processes) == 1:
                self.run(process, partial(process.intake.replay_left, 77), dies_at)

    def die(self, which: int, other: int, dies_at: int | None) -> None:
        if self.processes:
            self.has_died = True
            self.end(choose(self.processes, which))

    # --- what holds ---

    def check(self) -> None:
        """Check what holds after each step."""
        assert len(self.serving()) <= 1
        assert self.is_locked() == bool(self.serving())
        for process in self.serving():
            session = process.file.session()
            assert session is not None
            assert session.id == f"s{process.number}"
            assert session.sequence == process.sequence
        for process in self.processes:
            if (session := process.file.session()) is not None and session.sequence:
                assert session.id == f"s{session.sequence // SESSION_MESSAGES}"
            for id, slot in process.intake._slots.items():
                assert self.content(slot)[0] == id
        for id, times in self.begun.items():
            assert times <= (MAX_ATTEMPTS if self.has_died and self.is_click(id) else 1)
        if not self.has_died:
            for id in self.required:
                assert self.begun[id] == 1

    def check_end(self) -> None:
        """Let one more process follow, and check that it works on all that is left."""
        for process in tuple(self.processes):
            self.end(process)
        self.start(is_prepared=False)
        last = self.processes[0]
        self.run(last, lambda: last.intake.replay_left(77), None)
        clicks = {id for id in self.begun if self.is_click(id) and not self.is_old(id)}
        assert clicks - self.finished - self.beyond == last.under_way - self.beyond
        for id in self.required - self.beyond:
            assert self.begun[id] or self.is_old(id) or not self.is_click(id)

    # --- parts ---

    def serving(self, besides: Process | None = None) -> list[Process]:
        return [one for one in self.processes if one.is_serving and one is not besides]

    def working(self) -> list[Process]:
        return [one for one in self.processes if one.under_way]

    def is_locked(self) -> bool:
        with self.path.open("r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def is_click(self, id: int) -> bool:
        return bool(self.events[id][1]["type"] == CLICK)

    def is_old(self, id: int) -> bool:
        return self.now_s - self.events[id][2] > MAX_AGE_S

    def is_held(self, process: Process, id: int) -> bool:
        limit_s = HOLD_INTERACTION_S if self.events[id][0] == INTERACTION else HOLD_MESSAGE_S
        return id in process.held_at_s and self.now_s - process.held_at_s[id] <= limit_s

    def content(self, slot: int) -> tuple[int, int]:
        """Return id and attempts of what is in a slot; zeros for an empty one."""
        with self.path.open("rb") as file:
            file.seek(event_file._offset(slot))
            content = file.read(SLOT_BYTES)
        length, attempts = event_file._SLOT.unpack_from(content)
        if not length:
            return 0, 0
        try:
            event = msgspec.json.decode(content[event_file._SLOT.size :][:length], type=TakenEvent)
        except msgspec.DecodeError:
            return 0, 0  # a process was killed while it wrote
        return int(event.data["id"]), attempts

    def deliver(self, which: int, id: int, dies_at: int | None) -> None:
        if not self.processes:
            return
        process = choose(self.processes, which)
        name, data, _ = self.events[id]
        if not self.run(process, lambda: process.get(name, data), dies_at):
            return
        if process.is_serving:
            self.required.add(id)
        elif not self.is_held(process, id):
            process.held_at_s[id] = self.now_s

    def run(self, process: Process, work: Callable[[], object], dies_at: int | None) -> bool:
        """Let a process work; return whether it is alive then."""
        process.begins.clear()
        if dies_at is None:
            work()
        elif self.was_killed(process, work, dies_at):
            self.end(process)
            return False
        for id in process.begins:
            assert id not in self.finished
            self.begun[id] += 1
            process.under_way.add(id)
            if id not in process.intake._slots:
                self.beyond.add(id)
        return True

    def was_killed(self, process: Process, work: Callable[[], object], dies_at: int) -> bool:
        """Do some work up to a line; return whether it was reached. The file is as it was at that moment."""
        lines_left = dies_at
        content: bytes | None = None
        opened = self.descriptors()

        def trace(frame: FrameType, event: str, argument: object) -> Any:
            nonlocal lines_left, content
            if not frame.f_code.co_filename.startswith(CODE) or frame.f_code.co_name.startswith("<"):
                return None  # a loop within an expression only reads
            lines_left -= event == "line"
            if lines_left < 0 and content is None:
                content = self.path.read_bytes() if self.path.exists() else b""
                raise Died
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            work()
        except Died:
            self.has_died = True
        finally:
            sys.settrace(before)
        if content is None:
            return False
        if self.path.exists():
            with self.path.open("r+b") as file:
                file.write(content)
                file.truncate()
        if process.intake._file is not None:
            process.file._map.close()
        # the kernel closes what the process has opened
        for fd in self.descriptors() - opened:
            os.close(fd)
        return True

    def descriptors(self) -> set[int]:
        """Return the descriptors of the file."""
        found = set()
        for fd in os.listdir("/proc/self/fd"):
            try:
                if os.readlink(f"/proc/self/fd/{fd}") == str(self.path):
                    found.add(int(fd))
            except FileNotFoundError:
                continue  # that of the listing
        return found

    def end(self, process: Process) -> None:
        """End a process as the kernel does."""
        self.processes.remove(process)
        if (file := process.intake._file) is not None:
            process.intake._file = None
            file._map.close()
            if file._fd in self.descriptors():
                os.close(file._fd)
        for slot in range(SLOTS):
            id, attempts = self.content(slot)
            if attempts >= MAX_ATTEMPTS:
                self.beyond.add(id)


Step = Callable[[World, int, int, "int | None"], None]
#: how often each step is taken
STEPS: Final[Mapping[Step, int]] = {
    World.an_event_arrives: 5,
    World.an_event_arrives_late: 4,
    World.hand_over: 4,
    World.cut: 1,
    World.serve: 2,
    World.finish: 3,
    World.take_over: 2,
    World.time_passes: 2,
    World.start_prepared: 1,
    World.start_cold: 1,
    World.retire: 1,
}
#: of so many steps, a process dies in one
DIES_IN: Final = 7
#: as many lines of code as a step has, or more
LINES: Final[Mapping[Step, int]] = {World.serve: 150, World.hand_over: 150, World.take_over: 80}
MIN_LINES: Final = 40


def decode(number: int, steps: Sequence[Step]) -> tuple[Step, int, int, int | None]:
    """Return a step, its two numbers, and the line of code at which the process dies. One draw is fast."""
    number, step = divmod(number, len(steps))
    number, which = divmod(number, 12)
    number, other = divmod(number, 12)
    line, dies = divmod(number, DIES_IN)
    line = 1 + line % LINES.get(steps[step], MIN_LINES)
    return steps[step], which, other, line if dies == DIES_IN - 1 else None


def histories(test: Callable[[list[int]], None]) -> Callable[[], None]:
    """Let a test run with random steps."""
    numbers = st.lists(st.integers(0, 2**24 - 1), min_size=30, max_size=60)
    return settings(max_examples=depth.count(3000, 200))(given(numbers=numbers)(test))


def play(numbers: list[int], steps: Mapping[Step, int], *, can_die: bool) -> None:
    """Let steps happen, and check after each one."""
    several = [step for step, times in steps.items() for _ in range(times)]
    with tempfile.TemporaryDirectory(prefix="stocksup-events-") as directory, pytest.MonkeyPatch.context() as patch:
        patch.setattr(taken_ids, "TAKEN_COUNT", TAKEN)
        patch.setattr(event_file, "SLOT_COUNT", SLOTS)
        patch.setattr(event_file, "_TAKEN_AT", event_file._offset(SLOTS))
        patch.setattr(event_file, "_FILE_BYTES", event_file._offset(SLOTS) + TAKEN * 16 + 16)
        world = World(Path(directory) / "taken_events")
        try:
            world.start(is_prepared=False)
            world.start(is_prepared=True)
            for number in numbers:
                step, which, other, dies_at = decode(number, several)
                note(f"{step.__name__} {which} {other} {dies_at}")
                step(world, which, other, dies_at if can_die else None)
                world.check()
            world.check_end()
        finally:
            for process in tuple(world.processes):
                world.end(process)


@histories
def test_an_event_is_begun_exactly_once(numbers: list[int]) -> None:
    play(numbers, STEPS, can_die=False)


@histories
def test_a_click_is_begun_again_when_its_process_has_died_but_not_for_ever(numbers: list[int]) -> None:
    play(numbers, {**STEPS, World.die: 2}, can_die=True)
