"""The numbered events that the page and the tests wait for."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from typing import Any, Final

#: number of events kept for late readers
KEPT_EVENTS: Final = 2000

FeedEvent = dict[str, Any]


class EventFeed:
    """The last KEPT_EVENTS events, numbered from 1, with a way to wait for the next."""

    def __init__(self) -> None:
        #: id of this feed: sequence numbers of an earlier process are not valid here
        self.name = secrets.token_hex(4)
        self.last_seq = 0
        self._events: deque[FeedEvent] = deque(maxlen=KEPT_EVENTS)
        self._changed = asyncio.Event()

    def publish(self, kind: str, **fields: Any) -> None:
        """Add an event of type `kind` and wake all waiters."""
        self.last_seq += 1
        self._events.append({"seq": self.last_seq, "type": kind, **fields})
        self._changed.set()
        self._changed = asyncio.Event()

    def since(self, seq: int) -> list[FeedEvent]:
        """Return the events after `seq`, oldest first. If some were dropped, a `gap` event comes first."""
        if seq >= self.last_seq:
            return []
        events = [event for event in self._events if event["seq"] > seq]
        first = events[0]["seq"]
        if first > seq + 1:
            events.insert(0, {"seq": first - 1, "type": "gap", "missed": first - 1 - seq})
        return events

    async def changed(self) -> None:
        """Return at the next event. Read the state before: earlier events are not repeated."""
        await self._changed.wait()
