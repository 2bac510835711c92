"""Whose turn it is at the door, and who is shown out."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from supervisor.control import fairness as turns
from supervisor.control.fairness import ClientStats


@dataclass(eq=False)
class Peer:
    name: str = ""
    is_life: bool = False
    listening: bool = False
    held_bytes: int = 0
    conduct: ClientStats = field(default_factory=lambda: ClientStats(0.0, 0.0))


def peer(name: str, *, is_life: bool = False, **conduct: float) -> Peer:
    return Peer(name, is_life, conduct=ClientStats(0.0, 0.0, **conduct))  # type: ignore[arg-type]


def names(*peers: Peer) -> list[str]:
    return [one.name for one in turns.order(peers)]


def test_lives_first_then_the_eldest_then_the_cheap_and_last_who_pours() -> None:
    found = names(
        peer("pours", pours=True, waits_s=5, cost_s=0),
        peer("dear", waits_s=6, cost_s=0.1),
        peer("cheap", waits_s=7, cost_s=0.001),
        peer("eldest", pours=True, waits_s=1),
        peer("life", is_life=True, waits_s=9, cost_s=1),
    )
    assert found == ["life", "eldest", "cheap", "dear", "pours"]


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1), st.floats(0, 100)), min_size=1, max_size=30))
def test_nobody_waits_for_ever(crowd: list[tuple[bool, float, float]]) -> None:
    """However dear, and however much of it: if each turn takes only one line, everybody has had one some time."""
    peers = [peer(str(number), pours=pours, cost_s=cost_s, waits_s=waits_s)
             for number, (pours, cost_s, waits_s) in enumerate(crowd)]  # fmt: skip
    heard = set()
    for now_s in range(101, 101 + len(peers)):
        first = turns.order(peers)[0]
        heard.add(first.name)
        turns.taken(first.conduct, 0.01, float(now_s), more=True)
    assert len(heard) == len(peers)


def test_who_pours_lines_in_is_known_by_that() -> None:
    conduct = ClientStats(0.0, 0.0)
    turns.taken(conduct, 0.002, 3.0, more=True)
    assert (conduct.spoke, conduct.pours, conduct.waits_s, conduct.cost_s) == (True, True, 3.0, 0.001)
    turns.taken(conduct, 0.002, 4.0, more=False)
    assert not conduct.pours


def test_patience_has_an_end_but_for_whoever_has_spoken_and_for_lives() -> None:
    assert turns.expires_s(peer("silent")) == turns.SILENCE_TIMEOUT_S
    assert turns.expires_s(peer("spoke", spoke=True)) is None
    assert turns.expires_s(peer("life", is_life=True)) is None
    # a byte now and then does not put it off: what counts is when the line began
    assert turns.expires_s(peer("half a line", spoke=True, line_since_s=7.0)) == 7.0 + turns.LINE_TIMEOUT_S
    assert turns.expires_s(peer("life", is_life=True, line_since_s=7.0)) == 7.0 + turns.LINE_TIMEOUT_S
    assert turns.expires_s(peer("leaving", leaving_s=2.0)) == 2.0 + turns.LEAVE_TIMEOUT_S


def test_room_is_made_by_who_waits_for_nothing_and_was_quiet_for_longest() -> None:
    quiet, quieter = peer("quiet"), peer("quieter")
    quiet.conduct.heard_s = 5.0
    needed = [peer("life", is_life=True), Peer("listens", listening=True), peer("waits for an answer", owed=1)]
    assert turns.makes_room([*needed, quiet, quieter], 10.0) is quieter
    assert turns.makes_room([*needed, quiet], 10.0) is quiet
    assert turns.makes_room([*needed, quiet], 5.5) is None
    assert turns.makes_room(needed, 100.0) is None


def test_who_holds_most_goes_when_all_hold_too_much_and_a_life_last() -> None:
    part = turns.MAX_HELD_BYTES // 4
    life = Peer("life", is_life=True, held_bytes=2 * part)
    crowd = [Peer(str(number), held_bytes=part + number) for number in range(3)]
    assert [one.name for one in turns.too_much([life, *crowd])] == ["2", "1"]
    assert turns.too_much([life, crowd[0]]) == []
