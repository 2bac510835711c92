"""The machine over random histories: a world that obeys slowly, wrongly or not at all, in any order."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from supervisor import events as ev
from supervisor.config import Program
from supervisor.machine import deadline, step
from supervisor.model import Identity, Instant, Known, State, Wish

#: longer than the longest chain of deadlines that can follow from one cause
ROUNDS = 200


class World(RuleBasedStateMachine):
    """One program and the processes that its lives are."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1000.0
        self.known = Known(
            name="bot",
            program=Program(command=("shop",), check=("shop", "--check"), max_crashes=3, max_starts_per_day=0),
        )
        #: the lives whose process is there
        self.alive: set[int] = set()
        #: those that KILL does not end
        self.stuck: set[int] = set()
        self.checking = False
        self.asked = 0
        self.finished: list[bool] = []
        self.caches: dict[int, int] = {}

    # --- the world obeys ---

    def happen(self, event: ev.Event) -> None:
        self.known, effects = step(self.known, event, Instant(self.now_s, 1e9 + self.now_s))
        for effect in effects:
            self.carry_out(effect)

    def carry_out(self, effect: ev.Effect) -> None:
        match effect:
            case ev.Spawn():
                assert not self.alive, f"life {effect.life} beside {self.alive}"
                assert effect.life not in self.caches, "a number used twice"
                self.caches[effect.life] = effect.life
                self.alive.add(effect.life)
                self.happen(ev.Spawned(effect.life, Identity(effect.life, effect.life, "boot")))
            case ev.Kill():
                for life in self.alive - self.stuck:
                    self.end(life, None)
            case ev.Flush():
                assert not self.alive, "the cache was switched under a living process"
                self.happen(ev.Flushed(effect.life))
            case ev.RunCheck():
                self.checking = True
            case ev.StopCheck():
                self.checking = False
            case ev.Finished():
                self.finished.append(effect.report.ok)
                if effect.report.ok:
                    assert self.known.state is State.RUNNING
                    assert effect.report.to_life == self.known.life
                else:
                    assert effect.report.problem
            case ev.Terminate():
                assert effect.child.pid in self.alive

    def end(self, life: int, code: int | None) -> None:
        self.alive.discard(life)
        self.stuck.discard(life)
        self.happen(ev.Exited(life, code))

    # --- things happen ---

    @rule()
    def start(self) -> None:
        self.happen(ev.Start())

    @rule()
    def stop(self) -> None:
        self.happen(ev.Stop())

    @rule()
    def ask_restart(self) -> None:
        pending = self.known.restart is not None
        self.happen(ev.RestartAsked("edited", "Admin", {"n": self.asked}))
        self.asked += not pending

    @precondition(lambda self: self.checking)
    @rule(problem=st.sampled_from([None, "SyntaxError"]))
    def check_ends(self, problem: str | None) -> None:
        self.checking = False
        self.happen(ev.Checked(self.known.life, problem))

    @precondition(lambda self: self.alive)
    @rule(code=st.sampled_from([0, 1, 75, 77, 78, None]))
    def life_ends(self, code: int | None) -> None:
        self.end(max(self.alive), code)

    @precondition(lambda self: self.alive)
    @rule()
    def life_gets_stuck(self) -> None:
        self.stuck |= self.alive

    @rule(
        kind=st.sampled_from(["hello", "ready", "beat", "draining", "drained", "lost", "farewell"]),
        back=st.integers(0, 2),
    )
    def life_speaks(self, kind: str, back: int) -> None:
        life = self.known.life - back
        words: dict[str, ev.Event] = {
            "hello": ev.Hello(life),
            "ready": ev.Ready(life),
            "beat": ev.Beat(life, {"buttons": {"is_healthy": False}}),
            "draining": ev.Draining(life, ("order 7",)),
            "drained": ev.Drained(life, ("order 7",)),
            "lost": ev.LinkLost(life),
            "farewell": ev.Farewell(life, 0),
        }
        before = self.known
        self.happen(words[kind])
        if back:
            assert self.known == before

    @rule(seconds=st.floats(0.01, 100))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds
        due = deadline(self.known)
        if due is not None and due <= self.now_s:
            self.happen(ev.DeadlinePassed())

    @rule()
    def supervisor_is_replaced(self) -> None:
        self.checking = False
        if self.known.restart and self.known.state is State.RUNNING:
            self.finished.append(False)  # its requester saw the door close
        if self.known.child and self.known.child.pid not in self.alive:
            self.happen(ev.Exited(self.known.life))
        else:
            self.happen(ev.Recalled(self.known.life))

    # --- and always ---

    @invariant()
    def never_two(self) -> None:
        assert len(self.alive) <= 1

    @invariant()
    def a_living_process_is_known(self) -> None:
        assert {self.known.child.pid} if self.known.child else set() == self.alive

    @invariant()
    def whoever_waits_has_a_deadline(self) -> None:
        if self.known.state not in (State.STOPPED, State.RUNNING, State.FATAL):
            assert deadline(self.known) is not None

    @invariant()
    def a_check_runs_only_for_a_restart(self) -> None:
        if self.checking:
            assert self.known.restart is not None and self.known.restart.check_deadline_s is not None

    def teardown(self) -> None:
        """Left alone, with processes that die and lives that become ready, every wish is met and all is answered."""
        self.stuck.clear()
        for _ in range(ROUNDS):
            if self.known.state is State.STARTING:
                self.happen(ev.Hello(self.known.life))
                self.happen(ev.Ready(self.known.life))
            elif self.known.state is State.STOPPING and self.alive:
                self.end(max(self.alive), 0)
            elif (due := deadline(self.known)) is not None and self.known.state is not State.RUNNING:
                self.now_s = max(self.now_s, due)
                self.happen(ev.DeadlinePassed())
            elif self.checking:
                self.check_ends(None)
            else:
                break
        assert self.known.state in (State.STOPPED, State.RUNNING, State.FATAL)
        assert self.known.restart is None
        assert len(self.finished) >= self.asked
        if self.known.wish is Wish.DOWN:
            assert self.known.state is not State.RUNNING


World.TestCase.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
TestHistories = World.TestCase
