"""The buffers of a session: what a RESUME gets, and the order of late events."""

from __future__ import annotations

import pytest

from botapp.local_discord.api.event_buffers import MAX_DELAYED, DelayedEvents, ReplayBuffer


def filled(limit: int, events: int) -> ReplayBuffer:
    buffer = ReplayBuffer(limit)
    for seq in range(1, events + 1):
        buffer.add(seq, str(seq))
    return buffer


@pytest.mark.parametrize(
    ("limit", "events", "seq", "frames"),
    [
        (3, 0, 0, []),
        (3, 2, 0, ["1", "2"]),
        (3, 5, 5, []),
        (3, 5, 4, ["5"]),
        (3, 5, 2, ["3", "4", "5"]),
        (3, 5, 1, None),
        (0, 5, 5, []),
        (0, 5, 4, None),
    ],
)
def test_what_was_missed_or_none_if_a_part_is_gone(limit: int, events: int, seq: int, frames: list[str] | None) -> None:
    assert filled(limit, events).since(seq) == frames


def test_a_smaller_limit_drops_the_oldest() -> None:
    buffer = filled(5, 5)
    buffer.set_limit(2)
    assert buffer.since(3) == ["4", "5"]
    assert buffer.since(2) is None


def test_late_events_arrive_in_order_whatever_their_delays() -> None:
    events = DelayedEvents()
    assert events.add("A", 1, 0.0, 2.0) == 2.0
    assert events.add("B", 2, 1.0, 0.0) == 2.0  # cannot overtake A
    assert events.add("C", 3, 1.0, 2.0) == 3.0
    assert events.take(1.9) == []
    assert events.take(2.0) == [("A", 1), ("B", 2)]
    assert events.take(9.0) == [("C", 3)]
    assert not events


def test_too_many_late_events_arrive_early() -> None:
    events = DelayedEvents()
    for number in range(MAX_DELAYED + 2):
        events.add("A", number, 0.0, 60.0)
    assert events.take(0.0) == [("A", 0), ("A", 1)]
