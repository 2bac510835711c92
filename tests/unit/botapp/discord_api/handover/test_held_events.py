"""What is held, for how long, and which ids tell two events apart."""

from __future__ import annotations

from typing import Any

import pytest

from botapp.discord_api.handover.held_events import (
    HOLD_INTERACTION_S,
    HOLD_MESSAGE_S,
    INTERACTION,
    MAX_HELD,
    MESSAGE,
    MESSAGE_DELETE,
    MESSAGE_DELETE_BULK,
    HeldEvent,
    HeldEvents,
    Recent,
    event_id,
)
from botapp.discord_api.http_calls import UNREADABLE


def event(name: str, id: int) -> HeldEvent:
    return HeldEvent(id, name, {"id": str(id)})


def ids(held: HeldEvents, now_s: float) -> list[int]:
    return [one.id for one in held.release(now_s)]


def test_an_id_is_that_of_discord() -> None:
    assert event_id(INTERACTION, {"id": "5"}) == event_id(MESSAGE, {"id": "5"}) == 5


def test_a_message_and_its_deletion_are_two_events() -> None:
    created = event_id(MESSAGE, {"id": "5"})
    deleted = event_id(MESSAGE_DELETE, {"id": "5"})
    several = event_id(MESSAGE_DELETE_BULK, {"ids": ["4", "7", "6"]})
    assert len({created, deleted, several}) == 3
    assert several == event_id(MESSAGE_DELETE_BULK, {"ids": ["7", "6", "4"]})


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (MESSAGE, {}),
        (MESSAGE, {"id": "x"}),
        (MESSAGE, {"id": None}),
        (MESSAGE, {"id": "0"}),
        (MESSAGE, {"id": "-1"}),
        (MESSAGE, {"id": str(2**63)}),
        (MESSAGE, []),
        (MESSAGE_DELETE_BULK, {"ids": []}),
        (MESSAGE_DELETE_BULK, {"ids": 5}),
        (MESSAGE_DELETE_BULK, {"id": "5"}),
    ],
)
def test_what_has_no_id_is_unreadable(name: str, data: Any) -> None:
    with pytest.raises(UNREADABLE):
        event_id(name, data)


def test_events_are_released_in_the_order_in_which_they_came() -> None:
    held = HeldEvents()
    names = [MESSAGE, INTERACTION, MESSAGE_DELETE, INTERACTION, MESSAGE, INTERACTION]
    for number, name in enumerate(names):
        held.hold(event(name, 9 - number), 1000.0)
    assert ids(held, 1000.0) == [9, 8, 7, 6, 5, 4]
    assert ids(held, 1000.0) == [], "once"


def test_an_event_that_comes_again_is_held_once() -> None:
    held = HeldEvents()
    for name, id in ((MESSAGE, 1), (INTERACTION, 2), (MESSAGE, 1), (INTERACTION, 2)):
        held.hold(event(name, id), 1000.0)
    assert ids(held, 1000.0) == [1, 2]


@pytest.mark.parametrize(("name", "limit_s"), [(INTERACTION, HOLD_INTERACTION_S), (MESSAGE, HOLD_MESSAGE_S)])
def test_an_event_is_held_for_a_limited_time(name: str, limit_s: float) -> None:
    held = HeldEvents()
    held.hold(event(name, 1), 1000.0)
    held.hold(event(name, 2), 1001.0)
    assert ids(held, 1000.5 + limit_s) == [2]
    held.hold(event(name, 3), 2000.0)
    assert ids(held, 2000.0 + limit_s) == [3]


@pytest.mark.parametrize("name", [INTERACTION, MESSAGE])
def test_a_limited_number_is_held(name: str) -> None:
    held = HeldEvents()
    held.hold(event(MESSAGE if name == INTERACTION else INTERACTION, 5000), 1000.0)
    for id in range(1, MAX_HELD + 3):
        held.hold(event(name, id), 1000.0)
    assert ids(held, 1000.0) == [5000, *range(3, MAX_HELD + 3)]


def test_values_go_with_their_age_and_beyond_their_number() -> None:
    recent: Recent[str] = Recent(max_age_s=10.0, max_count=2)
    recent.add(1, "a", 0.0)
    recent.add(1, "b", 1.0)
    assert recent.get(1, 10.0) == "a", "the first one stays"
    assert not recent.has(1, 10.5)
    assert len(recent) == 0
    for id in (2, 3, 4):
        recent.add(id, "c", 20.0)
    assert [id for id, _, _ in recent.items(20.0)] == [3, 4]
