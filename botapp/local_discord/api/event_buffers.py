"""The events of one session: those kept for a RESUME, and those that arrive late. Pure."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

#: late events of one session; beyond that the oldest arrive early
MAX_DELAYED: Final = 4096


class ReplayBuffer:
    """The last `limit` events of a session as frames."""

    def __init__(self, limit: int) -> None:
        self._last_seq = 0
        self._kept: deque[tuple[int, str]] = deque(maxlen=limit)

    def set_limit(self, limit: int) -> None:
        """Keep `limit` events from now on; drop the oldest beyond it."""
        self._kept = deque(self._kept, maxlen=limit)

    def add(self, seq: int, frame: str) -> None:
        """Keep the frame of the event with the number `seq`."""
        self._last_seq = seq
        self._kept.append((seq, frame))

    def since(self, seq: int) -> list[str] | None:
        """Return the frames of the events after `seq`, oldest first; None if one of them is no longer kept."""
        oldest = self._kept[0][0] if self._kept else self._last_seq + 1
        return None if seq + 1 < oldest else [frame for number, frame in self._kept if number > seq]


class DelayedEvents:
    """Events on their way to a session. They arrive in the order in which they were sent, whatever their delays."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, str, Any]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, event: str, data: Any, now_s: float, delay_s: float) -> float:
        """Send an event that takes `delay_s`; return when it arrives."""
        due_s = max(now_s + delay_s, self._waiting[-1][0] if self._waiting else now_s)
        self._waiting.append((due_s, event, data))
        return due_s

    def take(self, now_s: float) -> list[tuple[str, Any]]:
        """Remove and return the events that have arrived, as name and data."""
        arrived = []
        while self._waiting and (self._waiting[0][0] <= now_s or len(self._waiting) > MAX_DELAYED):
            arrived.append(self._waiting.popleft()[1:])
        return arrived
