"""Whether a second process fits into the memory."""

from __future__ import annotations

import pytest

from supervisor.processes import memory

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("used_mib", "free_mib", "fits"),
    [(100, 130, True), (100, 129, False), (100, None, True), (None, 1, True), (0, 0, True)],
)
def test_a_second_process_needs_a_part_more_than_the_first_uses(
    used_mib: int | None, free_mib: int | None, fits: bool
) -> None:
    used, free = (None if one is None else one * MIB for one in (used_mib, free_mib))
    problem = memory.find_problem(used, free)
    assert (problem is None) == fits
    if problem is not None:
        assert problem.params == {"free_mib": free_mib, "needed_mib": 130}


def test_free_memory_of_this_machine_is_known() -> None:
    free = memory.free_bytes()
    assert free is not None and free > MIB
