"""What the world refuses is shown while it lasts, told twice, and not tried again at every turn."""

from __future__ import annotations

import errno
import os

from supervisor.daemon.problems import JOURNAL, RETRY_S, Problems


class World:
    def __init__(self) -> None:
        self.now_s = 100.0
        self.is_full = True
        self.tries = 0
        self.told: list[tuple[str, str]] = []
        self.problems = Problems(lambda level, text: self.told.append((level, text)), lambda: self.now_s)

    def write(self) -> None:
        self.tries += 1
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_it_is_told_when_it_begins_and_when_it_is_over() -> None:
    world = World()
    for _ in range(3):
        assert not world.problems.guard(JOURNAL, world.write)
    assert world.problems.shown == {"journal": "No space left on device"}
    world.is_full = False
    for _ in range(3):
        assert world.problems.guard(JOURNAL, world.write)
    assert world.problems.shown == {}
    assert world.told == [
        ("error", "cannot use the journal: No space left on device; going on without"),
        ("info", "the journal can be used again"),
    ]


def test_it_is_tried_again_when_it_is_due() -> None:
    world = World()
    for _ in range(10):
        world.problems.retry(JOURNAL, world.write)
    assert world.tries == 1
    assert world.problems.due_s() == world.now_s + RETRY_S
    world.now_s += RETRY_S
    world.is_full = False
    for _ in range(10):
        world.problems.retry(JOURNAL, world.write)
    assert world.tries == 11
    assert world.problems.due_s() is None
