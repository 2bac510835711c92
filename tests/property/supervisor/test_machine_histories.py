"""The state machine over random histories: processes that react slowly, wrongly or not at all, in any order.

The supervisor is killed in between, also after it has executed only some of the effects of a step.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from supervisor.config.settings import Program
from supervisor.lifecycle import adoption
from supervisor.lifecycle import effects as fx
from supervisor.lifecycle import events as ev
from supervisor.lifecycle.machine import deadline, step
from supervisor.lifecycle.model import DesiredState, Instant, ProcessId, ProgramState, State, text_reason
from supervisor.lifecycle.restart_policy import SERVED_LONG_S
from tests.support import depth

#: pids of what lives have left behind begin here; those of lives are their numbers
LEFT = 1_000_000
#: longer than the longest chain of deadlines that can follow from one cause
ROUNDS = 200


class World(RuleBasedStateMachine):
    """A program and its processes."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1000.0
        self.program = ProgramState(
            name="bot",
            settings=Program(command=("shop",), check=("shop", "--check"), max_crashes=3, max_starts_per_day=0,
                            max_recoveries_per_hour=2, memory_max=1024),
        )  # fmt: skip
        #: lives whose process is running
        self.alive: set[int] = set()
        #: lives that left a process behind which is running
        self.left: set[int] = set()
        #: lives that will leave a process behind
        self.fertile: set[int] = set()
        #: lives whose processes SIGKILL does not end
        self.stuck: set[int] = set()
        #: after how many more effects the supervisor is killed
        self.effects_left: int | None = None
        #: how many supervisors were replaced
        self.supervisor = 0
        self.checking = False
        self.asked = 0
        self.finished: list[bool] = []
        #: when each life was ready
        self.ready_s: dict[int, float] = {}
        self.caches: dict[int, int] = {}
        #: lives whose cache was flushed
        self.flushed: set[int] = set()

    # --- effects ---

    def handle(self, event: ev.Event) -> None:
        self.program, effects = step(self.program, event, Instant(self.now_s, 1e9 + self.now_s))
        if self.program.state is State.RUNNING:
            self.ready_s.setdefault(self.program.life.number, self.now_s)
        supervisor = self.supervisor
        # the runner keeps reports before it executes other effects
        for effect in sorted(effects, key=lambda one: not isinstance(one, fx.RestartFinished)):
            if self.effects_left == 0 and not isinstance(effect, fx.RestartFinished):
                self.effects_left = None
                self.supervisor_is_replaced()
            if self.supervisor != supervisor:
                return
            if self.effects_left is not None:
                self.effects_left -= not isinstance(effect, fx.RestartFinished)
            self.execute(effect)

    def execute(self, effect: fx.Effect) -> None:
        match effect:
            case fx.Spawn():
                assert not self.alive | self.left, f"life {effect.life} beside {self.alive}, {self.left}"
                assert effect.life not in self.caches, "a number used twice"
                assert effect.life == 1 or effect.life - 1 in self.flushed, "it would use the old cache"
                self.caches[effect.life] = effect.life
                self.alive.add(effect.life)
                self.handle(ev.Spawned(effect.life, ProcessId(effect.life, effect.life, "boot")))
            case fx.Kill():
                for life in self.alive - self.stuck:
                    self.end(life, None)
                for life in self.left - self.stuck:
                    self.left_ends(life)
            case fx.Flush():
                assert not self.alive | self.left, "the cache was flushed under a running process"
                self.flushed.add(effect.life)
                self.handle(ev.Flushed(effect.life))
            case fx.RunCheck():
                self.checking = True
            case fx.StopCheck():
                self.checking = False
            case fx.RestartFinished():
                self.finished.append(effect.report.ok)
                if effect.report.ok:
                    assert self.program.state is State.RUNNING
                    assert effect.report.to_life == self.program.life.number
                else:
                    assert effect.report.error
            case fx.Terminate():
                assert self.is_there(effect.child.pid)
            case fx.RequestTraceback():
                assert effect.child.pid in self.alive

    def end(self, life: int, code: int | None) -> None:
        self.alive.discard(life)
        if life in self.fertile:
            self.left.add(life)
            self.handle(ev.Exited(life, code, left=ProcessId(LEFT + life, life, "boot")))
        else:
            self.stuck.discard(life)
            self.handle(ev.Exited(life, code))

    def left_ends(self, life: int) -> None:
        self.left.discard(life)
        self.stuck.discard(life)
        self.handle(ev.Exited(life))

    def is_there(self, pid: int) -> bool:
        return pid in self.alive or pid - LEFT in self.left

    def adopt_unnamed_process(self) -> None:
        """Adopt a process that the journal does not name, as `adoption.with_running_processes` does."""
        if self.program.child is None and self.alive:
            life = max(self.alive)
            self.program = adoption.with_running_processes(self.program, {life: ProcessId(life, life, "boot")})

    # --- events ---

    @rule()
    def start(self) -> None:
        self.handle(ev.Start())

    @rule()
    def stop(self) -> None:
        self.handle(ev.Stop())

    @rule()
    def ask_restart(self) -> None:
        pending = self.program.restart is not None
        self.handle(ev.RestartRequested(text_reason("edited"), "Admin", {"n": self.asked}))
        self.asked += not pending

    @precondition(lambda self: self.checking)
    @rule(problem=st.sampled_from([None, "SyntaxError"]))
    def check_ends(self, problem: str | None) -> None:
        self.checking = False
        self.handle(ev.CheckFinished(self.program.life.number, text_reason(problem) if problem else None))

    @precondition(lambda self: self.program.state is State.STARTING)
    @rule(seconds=st.floats(0, 25))
    def life_serves(self, seconds: float) -> None:
        life = self.program.life.number
        self.handle(ev.Hello(life))
        self.handle(ev.Ready(life))
        self.now_s += seconds  # no heartbeat is missed

    @precondition(lambda self: self.alive)
    @rule(code=st.sampled_from([0, 1, 75, 77, 78, None]))
    def life_ends(self, code: int | None) -> None:
        life, before = max(self.alive), self.program
        served_s = self.now_s - self.ready_s.get(life, self.now_s)
        crashes = before.state is State.RUNNING and before.desired is DesiredState.UP and code not in (75, 77, 78)
        is_whole = self.effects_left is None and life not in self.fertile
        self.end(life, code)
        if crashes and is_whole and served_s >= SERVED_LONG_S:
            assert (self.program.state, self.program.life.number) == (State.STARTING, life + 1), "it waits, or gave up"
            assert self.program.early_crashes_s == before.early_crashes_s

    @precondition(lambda self: self.alive | self.left)
    @rule()
    def life_gets_stuck(self) -> None:
        self.stuck |= self.alive | self.left

    @precondition(lambda self: self.alive)
    @rule()
    def life_will_leave_something_behind(self) -> None:
        self.fertile |= self.alive

    @precondition(lambda self: self.left)
    @rule()
    def what_was_left_ends(self) -> None:
        self.left_ends(max(self.left))

    @rule(rss_bytes=st.sampled_from([10, 5000]))
    def memory_is_sampled(self, rss_bytes: int) -> None:
        self.handle(ev.MemorySampled(self.program.life.number, rss_bytes))

    @rule(effects=st.integers(0, 3))
    def supervisor_will_be_killed(self, effects: int) -> None:
        self.effects_left = effects

    @rule(
        kind=st.sampled_from(["hello", "ready", "beat", "draining", "drained", "lost", "goodbye"]),
        back=st.integers(0, 2),
    )
    def life_sends_a_message(self, kind: str, back: int) -> None:
        life = self.program.life.number - back
        words: dict[str, ev.Event] = {
            "hello": ev.Hello(life, writes_traceback=life % 2 == 0),
            "ready": ev.Ready(life),
            "beat": ev.Heartbeat(life, {"buttons": {"is_healthy": False}}),
            "draining": ev.Draining(life, ("order 7",)),
            "drained": ev.Drained(life, ("order 7",)),
            "lost": ev.Disconnected(life),
            "goodbye": ev.Goodbye(life, 0),
        }
        before = self.program
        self.handle(words[kind])
        if back:
            assert self.program == before

    @rule(seconds=st.floats(0.01, 100))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds
        due = deadline(self.program)
        if due is not None and due <= self.now_s:
            self.handle(ev.DeadlinePassed())

    @rule()
    def supervisor_is_replaced(self) -> None:
        self.checking = False
        self.supervisor += 1
        if self.program.restart and self.program.state is State.RUNNING:
            self.finished.append(False)  # its requester lost the connection
        self.adopt_unnamed_process()
        event = adoption.event_since_journal(self.program, "boot", lambda child: self.is_there(child.pid))
        if not isinstance(event, ev.Exited):
            self.handle(event)
            return
        left = next((ProcessId(LEFT + life, life, "boot") for life in self.left), None)
        self.handle(replace(event, left=left))

    # --- invariants ---

    @invariant()
    def never_two_processes(self) -> None:
        assert len(self.alive | self.left) <= 1

    @invariant()
    def every_process_is_in_the_state(self) -> None:
        assert self.program.child is None or self.is_there(self.program.child.pid)
        assert self.program.child is not None or not self.alive | self.left

    @invariant()
    def every_waiting_state_has_a_deadline(self) -> None:
        if self.program.state not in (State.STOPPED, State.RUNNING, State.FATAL):
            assert deadline(self.program) is not None

    @invariant()
    def a_check_runs_only_for_a_restart(self) -> None:
        if self.checking:
            assert self.program.restart is not None and self.program.restart.check_deadline_s is not None

    def teardown(self) -> None:
        """Without further events, every program reaches its desired state, and every restart is reported."""
        self.stuck.clear()
        self.effects_left = None
        for _ in range(ROUNDS):
            if self.program.state is State.STARTING:
                self.handle(ev.Hello(self.program.life.number))
                self.handle(ev.Ready(self.program.life.number))
            elif self.program.state is State.STOPPING and self.alive:
                self.end(max(self.alive), 0)
            elif (due := deadline(self.program)) is not None and self.program.state is not State.RUNNING:
                self.now_s = max(self.now_s, due)
                self.handle(ev.DeadlinePassed())
            elif self.checking:
                self.check_ends(None)
            else:
                break
        assert self.program.state in (State.STOPPED, State.RUNNING, State.FATAL)
        assert self.program.restart is None
        assert len(self.finished) >= self.asked
        if self.program.desired is DesiredState.DOWN:
            assert self.program.state is not State.RUNNING


World.TestCase.settings = settings(max_examples=depth.count(300, 40), stateful_step_count=40, deadline=None)
TestHistories = World.TestCase
