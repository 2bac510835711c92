"""Whose line at the door is taken next, and who is shown out. Pure.

Everybody is heard in turn. First come the lives of programs; then whoever has waited longest, so that nobody waits for
ever; then those who ask one thing at a time, what costs least first; then those who pour lines in. So whoever asks now
and then is answered at once, however much others want. A turn of the loop gives the door only `TURN_S`; what was not
taken then waits, and whoever has a line waiting, or does not read what was answered, is not read from: what is held
for a peer has a limit, and what all of them hold together has one too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

#: how long the door may take in one turn of the loop
TURN_S: Final = 0.002
#: lines that are taken in one turn from a life, and from a peer that pours them in
LINES_A_TURN: Final = 8
#: requests of one peer that wait for their answers
MAX_OWED: Final = 16
#: how long a line may take from its first byte to its last one
LINE_TIMEOUT_S: Final = 10.0
#: how long a peer may say nothing at all after it has come in
SILENCE_TIMEOUT_S: Final = 30.0
#: how long one that has to leave may take to read why
LEAVE_TIMEOUT_S: Final = 5.0
#: how long one has to have been quiet before it has to make room for somebody else
QUIET_S: Final = 1.0
#: what is held for all peers together: lines that were not taken, answers that were not read
MAX_HELD_BYTES: Final = 4 * 1024 * 1024


@dataclass(eq=False)
class ClientStats:
    """How a peer behaves."""

    #: when it came in, in seconds of `Instant.mono_s`
    since_s: float
    #: when it was last heard
    heard_s: float
    #: whether it has ever said a whole line
    spoke: bool = False
    #: when the line began that it has not finished; None: there is none
    line_since_s: float | None = None
    #: since when it has to leave; None: it may stay
    leaving_s: float | None = None
    #: since when its next line waits to be taken
    waits_s: float = 0.0
    #: whether another line waited already when its last one was taken
    pours: bool = False
    #: what its requests cost, in seconds of the door's time: a mean of the last ones
    cost_s: float = 0.0
    #: requests that wait for their answers
    owed: int = 0


class Client(Protocol):
    """What is to be known of one at the door."""

    conduct: ClientStats

    @property
    def is_life(self) -> bool:
        """Whether it is the life of a program."""

    @property
    def listening(self) -> bool:
        """Whether it waits to be told what happens."""

    @property
    def held_bytes(self) -> int:
        """What is held for it."""


P = TypeVar("P", bound=Client)


def order(peers: Iterable[P]) -> list[P]:
    """Return whose turn it is first, second, and so on, of those who have a line waiting."""
    found = sorted(peers, key=_rank)
    lives = sum(peer.is_life for peer in found)
    if len(found) > lives:
        eldest = min(range(lives, len(found)), key=lambda place: found[place].conduct.waits_s)
        found.insert(lives, found.pop(eldest))
    return found


def _rank(peer: Client) -> tuple[bool, bool, float, float]:
    conduct = peer.conduct
    return not peer.is_life, conduct.pours, 0.0 if conduct.pours else conduct.cost_s, conduct.waits_s


def lines(peer: Client) -> int:
    """Return how many lines may be taken from it in this turn, while there is time."""
    return LINES_A_TURN if peer.is_life or peer.conduct.pours else 1


def taken(conduct: ClientStats, took_s: float, now_s: float, *, more: bool) -> None:
    """Note that a line was taken, which took `took_s`; `more`: another one waits."""
    conduct.spoke = True
    conduct.cost_s = (conduct.cost_s + took_s) / 2
    conduct.waits_s, conduct.pours = now_s, more


def expires_s(peer: Client) -> float | None:
    """Return when it is shown out unless it goes on, in seconds of `Instant.mono_s`; None: it may stay as it is."""
    conduct = peer.conduct
    if conduct.leaving_s is not None:
        return conduct.leaving_s + LEAVE_TIMEOUT_S
    if conduct.line_since_s is not None:
        return conduct.line_since_s + LINE_TIMEOUT_S
    return None if conduct.spoke or peer.is_life else conduct.since_s + SILENCE_TIMEOUT_S


def makes_room(peers: Iterable[P], now_s: float) -> P | None:
    """Return who has to go so that somebody else can come in: whoever waits for nothing and was quiet for longest."""
    idle = [
        peer
        for peer in peers
        if not (peer.is_life or peer.listening or peer.conduct.owed or peer.conduct.leaving_s is not None)
        and now_s - peer.conduct.heard_s >= QUIET_S
    ]
    return min(idle, key=lambda peer: peer.conduct.heard_s, default=None)


def too_much(peers: Iterable[P]) -> list[P]:
    """Return whose connections have to go so that what is held for all is within its limit: who holds most."""
    greedy = sorted(peers, key=lambda peer: (peer.is_life, -peer.held_bytes))
    held_bytes = sum(peer.held_bytes for peer in greedy)
    found = []
    while held_bytes > MAX_HELD_BYTES:
        found.append(greedy.pop(0))
        held_bytes -= found[-1].held_bytes
    return found
