"""The hand-over over random histories: old process, next process and supervisor die, hang and answer in any order."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from supervisor.config.settings import Program
from supervisor.lifecycle import adoption
from supervisor.lifecycle import effects as fx
from supervisor.lifecycle import events as ev
from supervisor.lifecycle.machine import deadline, standby_deadline, step
from supervisor.lifecycle.model import DesiredState, Instant, ProcessId, ProgramState, State, text_reason
from tests.support import depth

#: longer than the longest chain of deadlines that can follow from one cause
ROUNDS = 300


@dataclass
class Process:
    """A process that hands over. It serves only while it holds the lock."""

    number: int
    role: str
    #: requests that it has received and not acted on
    serve: bool = False
    drain: str | None = None
    retire: bool = False
    terminated: bool = False
    #: whether it uses its cache
    has_cache: bool = False


class World(RuleBasedStateMachine):
    """A program, its processes and its supervisor."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1000.0
        self.program = ProgramState(
            name="bot",
            settings=Program(command=("shop",), handover=True, max_crashes=3, max_starts_per_day=0),
        )
        self.processes: dict[int, Process] = {}
        self.checking = False
        self.used: set[int] = set()
        self.asked = 0
        self.reports = 0

    # --- effects ---

    def handle(self, event: ev.Event) -> None:
        self.program, effects = step(self.program, event, Instant(self.now_s, 1e9 + self.now_s))
        for effect in effects:
            self.execute(effect)

    def execute(self, effect: fx.Effect) -> None:
        match effect:
            case fx.Spawn(number) | fx.SpawnPrepared(number):
                assert number not in self.used, "a number used twice"
                self.used.add(number)
                is_next = isinstance(effect, fx.SpawnPrepared)
                assert is_next or self.holder() is None, "started beside one that serves"
                self.processes[number] = Process(number, "prepared" if is_next else "starting", has_cache=not is_next)
                self.handle(ev.Spawned(number, _id(number)))
            case fx.Serve(number):
                holder = self.holder()
                assert holder is None or holder.number == number, f"{number} is to serve beside {holder}"
                if number in self.processes:
                    self.processes[number].serve = True
            case fx.RequestDrain(number, _, reason):
                if number in self.processes:
                    self.processes[number].drain = reason
            case fx.Retire(number):
                if number in self.processes:
                    self.processes[number].retire = True
            case fx.Terminate(child):
                if child.pid in self.processes:
                    self.processes[child.pid].terminated = True
            case fx.Kill(child):
                self.end(child.pid, None)
            case fx.Flush(number):
                assert not any(one.has_cache for one in self.processes.values()), "flushed under a process"
                self.handle(ev.Flushed(number))
            case fx.RunCheck():
                self.checking = True
            case fx.StopCheck():
                self.checking = False
            case fx.RestartFinished(report):
                self.reports += 1
                assert report.ok == (report.error is None)
                assert not report.ok or report.to_life == self.program.life.number

    def holder(self) -> Process | None:
        return next((one for one in self.processes.values() if one.role == "serving"), None)

    def end(self, number: int, code: int | None) -> None:
        if self.processes.pop(number, None) is not None:
            self.handle(ev.Exited(number, code))

    # --- what the operator does ---

    @rule()
    def start(self) -> None:
        self.handle(ev.Start())

    @rule()
    def stop(self) -> None:
        self.handle(ev.Stop())

    @rule(cold=st.booleans())
    def ask_restart(self, cold: bool) -> None:
        pending = self.program.restart is not None
        self.handle(ev.RestartRequested(text_reason("edited"), "Admin", is_cold=cold))
        self.asked += not pending

    # --- what processes do ---

    def _act(self, one: Process) -> None:
        """Have a process act on the first request that waits."""
        number = one.number
        if one.terminated:
            self.end(number, 0)
        elif one.role == "starting" and self.holder() is None:
            one.role = "serving"
            self.handle(ev.Hello(number, role="serving"))
            self.handle(ev.Ready(number))
        elif one.serve and self.holder() in (None, one):
            one.role, one.serve, one.has_cache = "serving", False, True
            self.handle(ev.Ready(number))
        elif one.drain is not None:
            one.role, one.drain, one.has_cache = "retiring", None, False
            self.handle(ev.Drained(number))
        elif one.retire:
            self.end(number, 0)
        elif one.role == "prepared":
            self.handle(ev.Hello(number, role="prepared"))
            self.handle(ev.Prepared(number))

    @precondition(lambda self: self.processes)
    @rule(data=st.data())
    def process_acts(self, data: st.DataObject) -> None:
        self._act(self.processes[data.draw(st.sampled_from(sorted(self.processes)))])

    @precondition(lambda self: self.processes)
    @rule(data=st.data(), code=st.sampled_from([0, 1, 75, 77, 78, None]))
    def process_dies(self, data: st.DataObject, code: int | None) -> None:
        self.end(data.draw(st.sampled_from(sorted(self.processes))), code)

    @precondition(lambda self: self.processes)
    @rule(data=st.data(), answered=st.sampled_from([0, 100]))
    def process_beats(self, data: st.DataObject, answered: int) -> None:
        number = data.draw(st.sampled_from(sorted(self.processes)))
        self.handle(ev.Heartbeat(number, {}, answered=answered))

    @precondition(lambda self: self.processes)
    @rule(data=st.data())
    def process_loses_its_connection(self, data: st.DataObject) -> None:
        self.handle(ev.Disconnected(data.draw(st.sampled_from(sorted(self.processes)))))

    @precondition(lambda self: self.checking)
    @rule(problem=st.sampled_from([None, None, None, "SyntaxError"]))
    def check_ends(self, problem: str | None) -> None:
        self.checking = False
        self.handle(ev.CheckFinished(self.program.life.number, text_reason(problem) if problem else None))

    @rule(seconds=st.floats(0.01, 70))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds
        if (due := deadline(self.program)) is not None and due <= self.now_s:
            self.handle(ev.DeadlinePassed())
        if (due := standby_deadline(self.program)) is not None and due <= self.now_s:
            self.handle(ev.StandbyDeadlinePassed())

    # --- the supervisor dies ---

    @rule(dying=st.sets(st.integers(0, 1)))
    def supervisor_is_replaced(self, dying: set[int]) -> None:
        """Some processes die while no supervisor runs."""
        for number in [number for at, number in enumerate(sorted(self.processes)) if at in dying]:
            del self.processes[number]
        self.checking = False
        for one in self.processes.values():  # requests that were on their way are lost
            one.serve, one.drain, one.retire = False, None, False
        alive = {number: _id(number) for number in self.processes}

        def is_alive(child: ProcessId) -> bool:
            return child.pid in self.processes

        self.program = adoption.with_running_processes(self.program, alive, is_alive)
        if (event := adoption.standby_event(self.program, "boot", is_alive)) is not None:
            self.handle(event)
        self.handle(adoption.event_since_journal(self.program, "boot", is_alive))
        for number in sorted(self.processes):
            if number in self.processes and self.processes[number].role != "starting":
                role = self.processes[number].role
                self.handle(ev.Hello(number, role=role))
                if role == "serving":
                    self.handle(ev.Ready(number))

    # --- invariants ---

    @invariant()
    def never_two_serve(self) -> None:
        assert sum(one.role in ("serving", "starting") for one in self.processes.values()) <= 1

    @invariant()
    def every_process_is_in_the_state(self) -> None:
        second = self.program.standby.child if self.program.standby else None
        known = {child.pid for child in (self.program.child, second) if child is not None}
        assert known == set(self.processes)

    @invariant()
    def every_waiting_state_has_a_deadline(self) -> None:
        if self.program.state not in (State.STOPPED, State.RUNNING, State.FATAL):
            assert deadline(self.program) is not None
        if self.program.standby is not None and self.program.state is State.RUNNING:
            assert standby_deadline(self.program) is not None

    def teardown(self) -> None:
        """Without further events, every restart is reported, and one process serves, or none that is not wanted."""
        for _ in range(ROUNDS):
            if self.checking:
                self.check_ends(None)
            for number in sorted(self.processes):
                if number in self.processes:
                    self._act(self.processes[number])
            due = [at for at in (standby_deadline(self.program),) if at is not None]
            if self.program.state is not State.RUNNING and (at := deadline(self.program)) is not None:
                due.append(at)
            if not due:
                if not self.checking and self.program.restart is None:
                    break
                continue
            self.now_s = max(self.now_s, min(due))
            if self.program.child is not None and self.program.state is State.RUNNING:
                self.handle(ev.Heartbeat(self.program.life.number, {}))
            self.time_passes(0.0)
        assert self.program.state in (State.STOPPED, State.RUNNING, State.FATAL)
        assert (self.program.restart, self.program.standby) == (None, None)
        assert self.reports >= self.asked
        holder = self.holder()
        if self.program.state is State.RUNNING:
            assert holder is not None and holder.number == self.program.life.number
        else:
            assert holder is None
        if self.program.desired is DesiredState.DOWN:
            assert self.program.state is not State.RUNNING


def _id(number: int) -> ProcessId:
    return ProcessId(number, number, "boot")


World.TestCase.settings = settings(max_examples=depth.count(1500, 80), stateful_step_count=40, deadline=None)
TestHandOver = World.TestCase
