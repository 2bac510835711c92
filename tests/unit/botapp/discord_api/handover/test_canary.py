"""Whether two sessions get the same events."""

from __future__ import annotations

import pytest

from botapp.discord_api.handover.canary import (
    GETS_NOTHING_S,
    IN_STEP_S,
    QUIET_S,
    SENT_BEFORE_S,
    find_missed,
    gets_nothing,
    is_in_step,
    is_proven,
)
from botapp.discord_api.handover.held_events import MESSAGE_DELETE, created_at_s, event_id

READY_AT_S = 1_800_000_000.0


def created_at(time_s: float) -> int:
    """Return the id of what Discord creates then."""
    return int((time_s - 1_420_070_400) * 1000) << 22


def test_an_id_tells_when_discord_created_it() -> None:
    assert created_at_s(175928847299117063) == pytest.approx(1462015105.796), "the example of Discord's documentation"
    id = created_at(READY_AT_S)
    assert created_at_s(event_id(MESSAGE_DELETE, {"id": id})) == created_at_s(id) == READY_AT_S


@pytest.mark.parametrize(
    ("created_s", "taken_s", "counts"),
    [
        (SENT_BEFORE_S + 0.1, SENT_BEFORE_S + 0.2, True),
        #: the session did not exist yet, and the other one is slow
        (-0.1, SENT_BEFORE_S + 5, False),
        #: Discord's clock is ahead
        (SENT_BEFORE_S + 5, 0.1, False),
    ],
)
def test_what_was_sent_before_a_session_began_was_not_missed(created_s: float, taken_s: float, counts: bool) -> None:
    id = created_at(READY_AT_S + created_s)
    had = {id: READY_AT_S + taken_s}
    expected = {id: pytest.approx(20 - taken_s)} if counts else {}
    assert find_missed(had, set(), READY_AT_S, READY_AT_S + 20) == expected
    assert find_missed(had, {id}, READY_AT_S, READY_AT_S + 20) == {}


@pytest.mark.parametrize(
    ("ages_s", "in_step", "nothing"),
    [
        ([], True, False),
        ([IN_STEP_S], True, False),
        ([0.0, IN_STEP_S + 0.1], False, False),
        ([GETS_NOTHING_S], False, False),
        ([0.0, GETS_NOTHING_S + 0.1], False, True),
    ],
)
def test_how_long_something_may_be_missed(ages_s: list[float], in_step: bool, nothing: bool) -> None:
    missed = dict(enumerate(ages_s))
    assert is_in_step(missed) is in_step
    assert gets_nothing(missed) is nothing


@pytest.mark.parametrize(
    ("ages_s", "got", "proven"),
    [
        ([], set(), True),
        ([QUIET_S + 0.1], set(), True),
        ([0.0, QUIET_S], set(), False),
        ([0.0, QUIET_S], {1}, True),
        #: that it got something long ago says nothing about now
        ([0.0, QUIET_S + 0.1], {1}, False),
    ],
)
def test_a_busy_shop_proves_what_a_session_gets(ages_s: list[float], got: set[int], proven: bool) -> None:
    had = {id: READY_AT_S - age_s for id, age_s in enumerate(ages_s)}
    assert is_proven(had, got, READY_AT_S) == proven
