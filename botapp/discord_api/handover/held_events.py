"""Events that are held while another process serves, and the ids by which two sessions' events are compared. Pure.

Each session of the bot gets every event, at a time of its own. What the process that serves has not taken before it
stopped, the next one must have held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")

INTERACTION: Final = "INTERACTION_CREATE"
MESSAGE: Final = "MESSAGE_CREATE"
MESSAGE_DELETE: Final = "MESSAGE_DELETE"
MESSAGE_DELETE_BULK: Final = "MESSAGE_DELETE_BULK"
#: the types of events that one process alone acts on
TAKEN_TYPES: Final = (INTERACTION, MESSAGE, MESSAGE_DELETE, MESSAGE_DELETE_BULK)

#: Discord accepts the first answer to an interaction for so long
HOLD_INTERACTION_S: Final = 3.0
HOLD_MESSAGE_S: Final = 60.0
#: how many of each are held. The ids of what was taken reach back further: see `taken_ids`
MAX_HELD: Final = 1024

#: ids of Discord begin in 2015, and count milliseconds above this bit
_EPOCH_S: Final = 1_420_070_400.0
_TIME_BIT: Final = 22
#: they reach this bit in 2084
_DELETED: Final = 1 << 63


def event_id(name: str, data: Mapping[str, Any]) -> int:
    """Return the id of an event, the same in every session. Raises ValueError, TypeError and LookupError.

    A message and its deletion have the same id at Discord, and different ones here.
    """
    id = max(map(int, data["ids"])) if name == MESSAGE_DELETE_BULK else int(data["id"])
    if not 0 < id < _DELETED:
        raise ValueError(f"{id} is no id of Discord")
    return id | _DELETED if name in (MESSAGE_DELETE, MESSAGE_DELETE_BULK) else id


def created_at_s(id: int) -> float:
    """Return when Discord has created what an event's id names, in seconds since 1970."""
    return ((id & ~_DELETED) >> _TIME_BIT) / 1000 + _EPOCH_S


@dataclass(frozen=True)
class HeldEvent:
    """An event that waits for the moment when this process serves."""

    id: int
    #: the gateway's name of its type
    name: str
    data: dict[str, Any]


class Recent(Generic[T]):
    """Values by id, for a limited time and in a limited number; the oldest go first."""

    def __init__(self, max_age_s: float, max_count: int) -> None:
        self._max_age_s = max_age_s
        self._max_count = max_count
        self._entries: dict[int, tuple[float, T]] = {}

    def add(self, id: int, value: T, now_s: float) -> None:
        """Add a value, unless the id has one."""
        self.expire(now_s)
        self._entries.setdefault(id, (now_s, value))
        if len(self._entries) > self._max_count:
            del self._entries[next(iter(self._entries))]

    def has(self, id: int, now_s: float) -> bool:
        """Return whether an id has a value, and not for too long."""
        self.expire(now_s)
        return id in self._entries

    def get(self, id: int, now_s: float) -> T | None:
        """Return the value of an id; None if it has none, or had it too long ago."""
        return self._entries[id][1] if self.has(id, now_s) else None

    def items(self, now_s: float) -> Iterator[tuple[int, float, T]]:
        """Yield id, time and value, the oldest first."""
        self.expire(now_s)
        for id, (at_s, value) in self._entries.items():
            yield id, at_s, value

    def clear(self) -> None:
        """Remove all values."""
        self._entries.clear()

    def expire(self, now_s: float) -> None:
        """Remove the values that are too old."""
        while self._entries:
            id = next(iter(self._entries))
            if now_s - self._entries[id][0] <= self._max_age_s:
                return
            del self._entries[id]

    def __len__(self) -> int:
        """Return how many values there are."""
        return len(self._entries)


class HeldEvents:
    """The events that wait, in the order in which they came."""

    def __init__(self) -> None:
        self._interactions: Recent[tuple[int, HeldEvent]] = Recent(HOLD_INTERACTION_S, MAX_HELD)
        self._others: Recent[tuple[int, HeldEvent]] = Recent(HOLD_MESSAGE_S, MAX_HELD)
        self._count = 0

    def hold(self, event: HeldEvent, now_s: float) -> None:
        """Keep an event, unless it is held."""
        self._count += 1
        held = self._interactions if event.name == INTERACTION else self._others
        held.add(event.id, (self._count, event), now_s)

    def release(self, now_s: float) -> list[HeldEvent]:
        """Return the events that are not too old, and hold none from now on."""
        held = [value for events in (self._interactions, self._others) for _, _, value in events.items(now_s)]
        self._interactions.clear()
        self._others.clear()
        return [event for _, event in sorted(held, key=lambda value: value[0])]
