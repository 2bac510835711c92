"""What `start` waits for, report by report."""

from __future__ import annotations

from collections.abc import Iterator

from supervisor.cli.bootstrap.startup_wait import StartupProgress
from supervisor.cli.commands.start import in_turn
from supervisor.client import Message


def shown(name: str, state: str, life: int = 1) -> Message:
    return {"name": name, "state": state, "life": life}


def told(name: str, state: str, life: int = 1) -> Message:
    return {"type": "state", "program": name, "state": state, "life": life}


def say_nothing(text: str) -> None:
    pass


def test_waits_for_every_program() -> None:
    waiting = StartupProgress.begin([shown("discord", "STARTING"), shown("bot", "STOPPED", 0)], ["discord", "bot"])
    said: list[str] = []
    reports = [told("discord", "RUNNING", 4), {"type": "phase"}, told("bot", "STARTING"), told("bot", "RUNNING", 7)]
    waiting = waiting.until_over(reports, said.append)
    assert waiting.up == {"discord": 4, "bot": 7}
    assert waiting.failed is None
    assert said == ["starting bot", "starting bot", "all programs are running"]


def test_running_programs_are_not_waited_for() -> None:
    waiting = StartupProgress.begin([shown("bot", "RUNNING", 3)], ["bot"])
    assert waiting.until_over(iter(()), say_nothing).up == {"bot": 3}


def test_a_program_that_runs_is_not_waited_for_behind_one_that_starts() -> None:
    waiting = StartupProgress.begin([shown("bot", "STARTING"), shown("dashboard", "RUNNING", 4)], ["bot", "dashboard"])
    assert waiting.until_over(iter([told("bot", "RUNNING", 7)]), say_nothing).up == {"dashboard": 4, "bot": 7}


def test_first_failure_ends_the_wait() -> None:
    waiting = StartupProgress.begin([shown("bot", "STARTING"), shown("relay", "STOPPED", 0)], ["bot", "relay"])

    def reports() -> Iterator[Message]:
        yield told("bot", "FLUSHING")
        yield told("bot", "BACKOFF")
        raise AssertionError("the wait is over")

    failed = waiting.until_over(reports(), say_nothing).failed
    assert failed is not None
    assert failed["program"] == "bot"


def test_earlier_failure_is_noticed() -> None:
    failed = StartupProgress.begin([shown("bot", "FATAL"), shown("relay", "STARTING")], ["bot", "relay"]).failed
    assert failed is not None
    assert failed["program"] == "bot"


def test_old_failure_of_a_program_that_has_not_started_yet() -> None:
    waiting = StartupProgress.begin([shown("discord", "STARTING"), shown("bot", "FATAL", 9)], ["discord", "bot"])
    assert waiting.failed is None
    assert waiting.pending == ("discord", "bot")


def test_other_programs_are_ignored() -> None:
    waiting = StartupProgress.begin([shown("relay", "FATAL"), shown("bot", "STARTING")], ["bot"])
    waiting = waiting.until_over([told("relay", "BACKOFF"), told("bot", "RUNNING")], say_nothing)
    assert waiting.failed is None
    assert waiting.up == {"bot": 1}


def test_program_stopped_meanwhile() -> None:
    waiting = StartupProgress.begin([shown("bot", "STARTING")], ["bot"]).until_over(
        [told("bot", "STOPPED")], say_nothing
    )
    assert (waiting.failed, waiting.up) == (None, {})


def test_program_that_exited_keeps_its_reason() -> None:
    waiting = StartupProgress.begin([shown("once", "STARTING"), shown("bot", "STARTING")], ["once", "bot"])
    reports = [{**told("once", "STOPPED"), "reason": "ended by itself (exit 0)"}, told("bot", "STOPPED")]
    waiting = waiting.until_over(reports, say_nothing)
    assert (waiting.up, waiting.failed) == ({}, None)
    assert waiting.down == {"once": "ended by itself (exit 0)", "bot": "stopped"}


def test_one_program_that_waits_for_another() -> None:
    view = [shown("bot", "FATAL", 9), shown("relay", "STARTING"), shown("idle", "STOPPED")]
    waiting = StartupProgress.begin(in_turn(view, "bot"), ["bot"])
    assert (waiting.failed, waiting.pending) == (None, ("bot",))
    failed = StartupProgress.begin(in_turn([view[0], view[2]], "bot"), ["bot"]).failed
    assert failed is not None
