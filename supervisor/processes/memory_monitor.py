"""Weighs the lives whose memory is limited. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from supervisor.lifecycle.events import Event, MemorySampled
from supervisor.lifecycle.model import ProcessId, ProgramState, State
from supervisor.processes import process

#: time between two weighings
INTERVAL_S: Final = 10.0


class MemoryMonitor:
    """Looks how much memory lives use, every `INTERVAL_S`."""

    def __init__(self, post: Callable[[str, Event], None], now_s: Callable[[], float]) -> None:
        """`post` takes a program's name and an event; `now_s` is the time, as in `Instant.mono_s`."""
        self._post = post
        self._now_s = now_s
        self._next_s = 0.0

    def due_s(self, programs: Mapping[str, ProgramState]) -> list[float]:
        """Return when there is something to weigh, in seconds of `Instant.mono_s`; nothing: never."""
        return [self._next_s for _known, _child in _limited(programs)][:1]

    def look(self, programs: Mapping[str, ProgramState]) -> None:
        """Weigh, if it is time."""
        if (now_s := self._now_s()) < self._next_s:
            return
        for known, child in _limited(programs):
            self._next_s = now_s + INTERVAL_S
            if (rss_bytes := process.rss_bytes(child.pid)) is not None:
                self._post(known.name, MemorySampled(known.life.number, rss_bytes))


def _limited(programs: Mapping[str, ProgramState]) -> Iterator[tuple[ProgramState, ProcessId]]:
    for known in programs.values():
        if known.settings.memory_max and known.state is State.RUNNING and known.child is not None:
            yield known, known.child
