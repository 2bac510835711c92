"""A problem is shown while it lasts, logged when it begins and ends, and not retried at every turn."""

from __future__ import annotations

import errno
import os

from supervisor.daemon.problems import JOURNAL, RETRY_S, Problems


class World:
    def __init__(self) -> None:
        self.now_s = 100.0
        self.is_full = True
        self.tries = 0
        self.lines: list[tuple[str, str]] = []
        self.problems = Problems(lambda level, text: self.lines.append((level, text)), lambda: self.now_s)

    def write(self) -> None:
        self.tries += 1
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_problem_is_logged_when_it_begins_and_ends() -> None:
    world = World()
    for _ in range(3):
        assert not world.problems.guard(JOURNAL, world.write)
    assert world.problems.shown == {"journal": "No space left on device"}
    world.is_full = False
    for _ in range(3):
        assert world.problems.guard(JOURNAL, world.write)
    assert world.problems.shown == {}
    assert world.lines == [
        ("error", "journal: failed: No space left on device; continuing without it"),
        ("info", "journal: works again"),
    ]


def test_another_cause_is_logged() -> None:
    world = World()
    world.problems.guard(JOURNAL, world.write)
    for _ in range(3):
        world.problems.report(JOURNAL, OSError(errno.EIO, os.strerror(errno.EIO)))
    assert world.problems.shown == {"journal": "Input/output error"}
    assert len(world.lines) == 2


def test_failed_act_is_retried_when_due() -> None:
    world = World()
    for _ in range(10):
        world.problems.retry(JOURNAL, world.write)
    assert world.tries == 1
    assert world.problems.next_retry_s() == world.now_s + RETRY_S
    world.now_s += RETRY_S
    world.is_full = False
    for _ in range(10):
        world.problems.retry(JOURNAL, world.write)
    assert world.tries == 11
    assert world.problems.next_retry_s() is None
