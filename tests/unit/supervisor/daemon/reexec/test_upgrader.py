"""Which programs an upgrade restarts."""

from __future__ import annotations

from supervisor.config.settings import BOT, DASHBOARD, Program
from supervisor.daemon.reexec.upgrader import choose_programs
from supervisor.lifecycle.model import DesiredState, LifeState, ProgramState, State


def _program(name: str, state: State, desired: DesiredState = DesiredState.UP, settings: Program = BOT) -> ProgramState:
    return ProgramState(name=name, state=state, desired=desired, settings=settings, life=LifeState(4))


def test_programs_that_come_with_stocksup_are_restarted() -> None:
    programs = [
        _program("bot", State.RUNNING),
        _program("second", State.STARTING),
        _program("dashboard", State.RUNNING, settings=DASHBOARD),
        _program("relay", State.RUNNING, settings=Program(command=("relay",))),
        _program("leaving", State.RUNNING, DesiredState.DOWN),
        _program("failed", State.FATAL),
        _program("stopped", State.STOPPED, DesiredState.DOWN),
    ]
    lives, left = choose_programs({one.name: one for one in programs})
    assert (lives, left) == ({"bot": 4, "second": 4, "dashboard": 4}, ["relay"])
