"""Each event is acted on once, and what a process has left is finished by the next, but not for ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from botapp.discord_api.handover.event_file import MAX_ATTEMPTS, LeftEvent, Session, TakenEvent
from botapp.discord_api.handover.held_events import TAKEN_TYPES
from botapp.discord_api.handover.intake import (
    SHORT_CHARS,
    TOKEN_VALID_S,
    Intake,
    shortened,
    why_passed_over,
)
from botapp.discord_api.handover.taken_ids import TAKEN_FOR_S
from botapp.discord_api.http_calls import replayed_application

CLICK = {"id": "1", "type": 3, "token": "t"}


class Process:
    """A process with an intake, a clock, and what discord.py got of it."""

    def __init__(self, path: Path | None) -> None:
        self.now_s = 1000.0
        #: id of the event, and the application that it is replayed for
        self.parsed: list[tuple[str, int | None]] = []
        self.parsers: dict[str, Callable[[Any], None]] = {
            name: lambda data: self.parsed.append((data.get("id", "ready"), replayed_application.get()))
            for name in (*TAKEN_TYPES, "READY")
        }
        self.intake = Intake(self.parsers, _is_click, lambda: self.now_s, lambda: self.now_s)
        if path is not None:
            self.intake.open(path)

    def left(self) -> list[LeftEvent]:
        """Return what earlier processes have not finished."""
        assert self.intake._file is not None
        return list(self.intake._file.left())

    def get(self, name: str, data: dict[str, Any]) -> None:
        """Receive an event from the gateway."""
        self.parsers[name](data)


def _is_click(name: str, data: Mapping[str, Any]) -> bool:
    return name == "INTERACTION_CREATE" and data.get("type") == 3


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "taken_events"


def test_an_event_that_two_sessions_deliver_is_acted_on_once() -> None:
    process = Process(None)
    for _session in range(2):
        process.get("INTERACTION_CREATE", CLICK)
        process.get("MESSAGE_CREATE", {"id": "5"})
    assert process.parsed == [("1", None), ("5", None)]
    process.now_s += TAKEN_FOR_S + 1
    process.get("MESSAGE_CREATE", {"id": "6"})
    assert len(process.intake._taken) == 1, "it does not grow for ever"


def test_what_is_not_finished_is_finished_by_the_next_process(path: Path) -> None:
    killed = Process(path)
    for number in (1, 2):
        killed.get("INTERACTION_CREATE", {**CLICK, "id": str(number)})
    killed.get("INTERACTION_CREATE", {"id": "3", "type": 2})
    killed.intake.finish(2)
    killed.intake.close(keep_session=True)
    process = Process(path)
    process.get("INTERACTION_CREATE", {**CLICK, "id": "4"})
    assert process.intake.replay_left(77) == 1
    assert process.parsed == [("4", None), ("1", 77)]
    assert process.intake.replay_left(77) == 0
    for number in (1, 4):
        process.intake.finish(number)
    process.intake.close(keep_session=True)
    following = Process(path)
    assert following.intake.replay_left(77) == 0


def test_a_click_that_came_again_is_not_replayed_beside_that(path: Path) -> None:
    killed = Process(path)
    killed.get("INTERACTION_CREATE", CLICK)
    killed.intake.close(keep_session=True)
    process = Process(path)
    process.get("INTERACTION_CREATE", CLICK)
    assert process.intake.replay_left(77) == 1
    process.get("INTERACTION_CREATE", CLICK)
    assert process.parsed == [("1", 77)]


def test_an_event_that_kills_is_passed_over(path: Path) -> None:
    for _number in range(MAX_ATTEMPTS):
        process = Process(path)
        process.intake.replay_left(77)
        process.get("INTERACTION_CREATE", CLICK)
        process.intake.close(keep_session=True)
    process = Process(path)
    assert process.intake.replay_left(77) == 0
    process.intake.close(keep_session=True)
    assert Process(path).left() == []


def test_what_cannot_be_read_is_passed_over_too(path: Path) -> None:
    killed = Process(path)
    killed.get("INTERACTION_CREATE", CLICK)
    killed.intake.close(keep_session=True)
    process = Process(path)

    def fail(data: object) -> None:
        raise KeyError("member")

    process.intake._parse["INTERACTION_CREATE"] = fail
    process.intake.replay_left(77)
    process.intake.close(keep_session=True)
    assert Process(path).left() == []


@pytest.mark.parametrize(
    ("attempts", "age_s", "is_passed_over"),
    [(1, 0, False), (1, TOKEN_VALID_S, False), (1, TOKEN_VALID_S + 1, True), (MAX_ATTEMPTS, 0, True)],
)
def test_why_passed_over(attempts: int, age_s: float, is_passed_over: bool) -> None:
    left = LeftEvent(1, 0, TakenEvent("INTERACTION_CREATE", CLICK, 1000.0), attempts)
    assert (why_passed_over(left, 1000.0 + age_s) is not None) is is_passed_over


def test_the_session_is_kept_unless_the_bot_is_stopped(path: Path) -> None:
    first = Process(path)
    first.get("READY", {"session_id": "cafe", "resume_gateway_url": "wss://gateway.example/"})
    first.intake.record_sequence(9)
    first.intake.close(keep_session=True)
    second = Process(path)
    assert second.intake.earlier_session == Session("cafe", "wss://gateway.example/", 9)
    second.intake.close(keep_session=False)
    assert Process(path).intake.earlier_session is None


def test_events_are_replayed_in_the_order_in_which_they_came(path: Path) -> None:
    killed = Process(path)
    for number in (1, 2, 3):
        killed.now_s += 1
        killed.get("INTERACTION_CREATE", {**CLICK, "id": str(number)})
        if number == 2:
            killed.intake.finish(1)  # its place is taken by the next one
    killed.intake.close(keep_session=True)
    process = Process(path)
    process.intake.replay_left(77)
    assert process.parsed == [("2", 77), ("3", 77)]


def test_a_message_is_kept_without_the_one_it_replies_to() -> None:
    typed = {"id": "5", "content": "!addbal Budi 5", "referenced_message": {"content": "x" * SHORT_CHARS}}
    assert shortened(typed) == {"id": "5", "content": "!addbal Budi 5"}


def test_a_long_message_is_kept_without_what_it_shows() -> None:
    short = {**CLICK, "message": {"id": "5", "embeds": []}}
    assert shortened(short) == short
    long: dict[str, Any] = {**CLICK, "message": {"id": "5", "embeds": [{"description": "x" * SHORT_CHARS}]}}
    assert shortened(long)["message"]["embeds"] == []
    assert shortened(long)["token"] == "t"
    assert long["message"]["embeds"], "the event itself is not changed"
