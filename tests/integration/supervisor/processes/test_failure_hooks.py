"""The command `on_failed`: limited in time, and ended with the supervisor."""

from __future__ import annotations

import os
import selectors
from pathlib import Path

import pytest

from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Program
from supervisor.lifecycle.model import Reason
from supervisor.processes.failure_hooks import TIMEOUT_S, FailureHooks


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def hooks(tmp_path: Path, clock: Clock, lines: list[str]) -> FailureHooks:
    environ = {"PATH": os.environ["PATH"]}
    paths = InstancePaths(tmp_path)
    return FailureHooks(
        paths,
        selectors.DefaultSelector(),
        lambda *_: dict(environ),
        lambda _: tmp_path,
        lambda _, line: lines.append(line),
        clock,
    )


def start(hooks: FailureHooks) -> None:
    hooks.start("bot", Program(on_failed=("sleep", "1000")), 3, Reason("exit_unknown"), None)


def reap(hooks: FailureHooks) -> int:
    pid, status = os.waitpid(-1, 0)
    assert hooks.on_exit(pid, None, f"signal {os.WTERMSIG(status)}")
    return os.WTERMSIG(status)


def test_it_is_killed_when_its_time_is_over(hooks: FailureHooks, clock: Clock, lines: list[str]) -> None:
    start(hooks)
    assert hooks.next_deadline() == 100.0 + TIMEOUT_S
    hooks.run_due()
    clock.now_s += TIMEOUT_S
    hooks.run_due()
    assert hooks.next_deadline() is None, "killed once"
    assert reap(hooks) == 9
    assert len(lines) == 1


def test_it_ends_when_its_program_is_started_again(hooks: FailureHooks, lines: list[str]) -> None:
    start(hooks)
    hooks.kill_outdated("another")
    assert hooks.next_deadline() is not None
    hooks.kill_outdated("bot")
    assert reap(hooks) == 9
    assert lines == [], "nothing has failed"


def test_it_ends_with_the_supervisor(hooks: FailureHooks) -> None:
    start(hooks)
    hooks.kill_all()
    assert reap(hooks) == 9


def test_other_processes_are_left_to_others(hooks: FailureHooks) -> None:
    assert not hooks.on_exit(1, 0, None)
