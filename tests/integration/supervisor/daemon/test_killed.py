"""The supervisor is killed at every step of a start, a restart and a stop, and the next supervisor resumes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from supervisor.client import ControlError
from tests.support import depth
from tests.support.supervisor.supervised import PATIENCE_S, Supervised, bot

#: what a supervisor does to the world, see tests/support/supervisor/fault_points
POINTS = ("journal", "spawn", "spawned", "terminate", "bury", "switch", "prepare", "check", "ask")
#: how often each comes in `_a_night` at the very least
EXPECTED = {"journal": 20, "spawn": 3, "terminate": 2, "bury": 2, "switch": 2, "check": 1, "ask": 3}


def _run_sequence(it: Supervised) -> None:
    """Start, restart and stop a program. Raises ControlError when the supervisor is killed meanwhile."""
    it.start(wait=False)
    it.wait_state("RUNNING")
    it.diary.wait("ready", life=1)
    it.restart(ticket={"a": 1})
    it.ask("stop", program="bot", wait=True)
    it.ask("ping")


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    """Return how often each point is passed when the supervisor is not killed."""
    directory = tmp_path_factory.mktemp("count")
    with bot(directory, check=["true"]) as it:
        it.faults = {"TEST_COUNT": directory / "passed"}
        _run_sequence(it)
        found = Counter((directory / "passed").read_text().split())
        it.faults = {}
    assert all(found[point] >= count for point, count in EXPECTED.items()), found
    return found


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_moment_there_are_never_two_processes(
    tmp_path: Path, passed: Counter[str], point: str, when: str
) -> None:
    for number in depth.sample(range(1, passed[point] + 1), f"{point}:{when}", one_in=6):
        with bot(tmp_path / str(number), check=["true"]) as it:
            it.faults = {"TEST_KILL_AT": f"{point}:{number}:{when}"}
            try:
                _run_sequence(it)
            except (ControlError, AssertionError):
                assert it.process is not None
            else:
                # how often the last points are passed depends on the speed of this host
                assert number > EXPECTED.get(point, 0), "it was not killed"
                it.end()
                continue
            assert it.process.wait(PATIENCE_S) == -9
            it.faults = {}
            _check_next_supervisor(it)


def _check_next_supervisor(it: Supervised) -> None:
    """Start the next supervisor: one process serves, and a restart in progress is reported once."""
    living = [pid for pid, command in it.left().items() if "programs" in command]  # not a check, not an `rm`
    assert len(living) <= 1
    it.start(wait=False)
    shown = it.wait(lambda status: status["bot"] if _is_settled(status["bot"]) else None)
    assert shown is not None
    assert list(it.left()) == [shown["pid"]]
    asked_to_end = {line["pid"] for what in ("drain", "terminated") for line in it.diary.all(what)}
    assert all(pid in asked_to_end or pid == shown["pid"] for pid in living), "it was killed instead of adopted"
    reports = [one for one in it.history() if one["requested_by"] != "supervisor"]
    began = it.diary.all("drain", reason="restart")
    assert len(reports) == 1 if began else len(reports) <= 1, reports
    if began:
        assert reports[0]["ok"]
        assert it.diary.all("welcome", life=reports[0]["to_life"])[0]["ticket"] == {"a": 1}


def _is_settled(shown: dict[str, object]) -> bool:
    return shown["state"] == "RUNNING" and bool(shown["linked"]) and shown["restart"] is None
