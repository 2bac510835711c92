"""Everything that can happen to a program within one turn of the event loop, in every state and every order.

The processes are simulated; the order of events is the one of the runner.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from supervisor.lifecycle import effects as fx
from supervisor.lifecycle import events as ev
from supervisor.lifecycle.event_queue import EventQueue
from supervisor.lifecycle.machine import deadline, step
from supervisor.lifecycle.model import DesiredState, Instant, ProcessId, ProgramState, Reason, State, text_reason
from tests.support import depth
from tests.unit.supervisor.lifecycle.test_machine import CHILD, IN_STATE

#: what can arrive in one turn
ARRIVALS = ("start", "stop", "restart", "checked", "lost", "hello", "ready", "drained", "exit")
TURNS = [
    *itertools.product(ARRIVALS, repeat=2),
    *depth.sample(itertools.product(ARRIVALS, repeat=depth.count(4, 3)), "turns", one_in=6),
]
#: longer than the longest chain of deadlines that can follow
MAX_ROUNDS = 50


class World:
    """A program and its processes. With `is_late` the result of a spawn comes after everything else in the turn."""

    def __init__(self, program: ProgramState, *, is_late: bool) -> None:
        self.program = program
        self.is_late = is_late
        self.now_s = 110.0
        self.alive = self.known()
        self.dead: list[ProcessId] = []
        self.spawned = 0
        self.queue = EventQueue(self._handle)

    def _handle(self, name: str, event: ev.Event) -> list[ev.Event]:
        self.program, effects = step(self.program, event, Instant(self.now_s, 1e9 + self.now_s))
        return [result for effect in effects for result in self._execute(effect)]

    def _execute(self, effect: fx.Effect) -> list[ev.Event]:
        match effect:
            case fx.Spawn(life):
                assert self.is_late or not self.alive, f"life {life} beside {self.alive}"
                self.spawned += 1
                child = ProcessId(CHILD.pid + self.spawned, self.spawned, "boot")
                self.alive.add(child)
                if not self.is_late:
                    return [ev.Spawned(life, child)]
                self.queue.post("bot", ev.Spawned(life, child))
            case fx.LogLine(_, "killed", params):
                assert self.is_late or params["reason"] != Reason("unexpected_process")
            case fx.Flush(life):
                return [ev.Flushed(life)]
            case fx.Kill(child) | fx.Terminate(child):
                self.end(child)
        return []

    def known(self) -> set[ProcessId]:
        return {self.program.child} if self.program.child else set()

    def end(self, child: ProcessId) -> None:
        if child in self.alive:
            self.alive.remove(child)
            self.dead.append(child)

    def turn(self, arrivals: Sequence[str]) -> None:
        """Let things arrive in one turn, then reap the dead as the runner does."""
        life = self.program.life.number
        events = {
            "start": ev.Start(),
            "stop": ev.Stop(),
            "restart": ev.RestartRequested(text_reason("edited"), "Admin"),
            "checked": ev.CheckFinished(life, None),
            "lost": ev.Disconnected(life),
            "hello": ev.Hello(life),
            "ready": ev.Ready(life),
            "drained": ev.Drained(life),
        }
        for arrival in arrivals:
            if arrival != "exit":
                self.queue.post("bot", events[arrival])
            elif self.program.child:
                self.end(self.program.child)
        self._reap()

    def _reap(self) -> None:
        self.queue.handle_all()
        while self.dead:
            child = self.dead.pop(0)
            if self.program.child == child:
                self.queue.post("bot", ev.Exited(self.program.life.number, 0))
            self.queue.handle_all()

    def come_to_rest(self) -> None:
        """Let time pass until no deadline is left."""
        if self.program.state is State.KILLING and self.program.child:
            self.end(self.program.child)  # the kill from before the turn
            self._reap()
        for _round in range(MAX_ROUNDS):
            due_s = deadline(self.program)
            if due_s is None or self.program.state is State.RUNNING:
                return
            self.now_s = max(self.now_s, due_s)
            self.queue.post("bot", ev.DeadlinePassed())
            self._reap()
        raise AssertionError(f"no rest: {self.program}")


@pytest.mark.parametrize("is_late", [False, True], ids=["prompt", "late"])
@pytest.mark.parametrize("state", State)
def test_no_order_of_events_leaves_a_process_that_the_state_does_not_name(state: State, is_late: bool) -> None:
    for arrivals in TURNS:
        world = World(IN_STATE[state](), is_late=is_late)
        world.turn(arrivals)
        assert world.alive == world.known(), arrivals
        world.come_to_rest()
        assert world.alive == world.known(), arrivals
        if world.program.desired is DesiredState.DOWN:
            assert not world.alive, arrivals
