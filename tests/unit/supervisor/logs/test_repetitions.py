"""A line that repeats itself is written at growing intervals."""

from __future__ import annotations

import itertools

from supervisor.logs.repetitions import MAX_INTERVAL_S, MAX_LINES, Repetitions


def test_a_line_is_written_at_growing_intervals() -> None:
    lines = Repetitions()
    admitted = [(at, lines.admit("disk full", at)) for at in range(0, 200, 2)]
    assert [(at, count) for at, count in admitted if count is not None] == [
        (0, 0),
        (10, 4),
        (30, 9),
        (70, 19),
        (150, 39),
    ]


def test_the_interval_has_a_limit() -> None:
    lines = Repetitions()
    day_s = 86_400
    written = [at for at in range(0, day_s, 2) if lines.admit("disk full", at) is not None]
    assert max(after - before for before, after in itertools.pairwise(written)) == MAX_INTERVAL_S
    assert len(written) < 40


def test_other_lines_and_a_fault_that_returns_are_written() -> None:
    lines = Repetitions()
    assert [lines.admit(text, 0.0) for text in ("disk full", "disk gone", "disk full")] == [0, 0, None]
    assert lines.admit("disk full", 3 * MAX_INTERVAL_S) == 0


def test_memory_is_limited() -> None:
    lines = Repetitions()
    for number in range(MAX_LINES + 1):
        lines.admit(str(number), 0.0)
    assert lines.admit("0", 1.0) == 0
    assert lines.admit(str(MAX_LINES), 1.0) is None
