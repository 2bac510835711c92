"""Samples the memory of the lives of programs with `memory_max`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from supervisor.lifecycle.events import Event, MemorySampled
from supervisor.lifecycle.model import ProcessId, ProgramState, State
from supervisor.processes import procfs

#: seconds between two samples
INTERVAL_S: Final = 10.0


class MemoryMonitor:
    """Samples resident memory every `INTERVAL_S`. A timer of the event loop."""

    def __init__(
        self,
        programs: Mapping[str, ProgramState],
        post: Callable[[str, Event], None],
        now_s: Callable[[], float],
    ) -> None:
        """Args: the programs, as they are at any time; `post` an event to a program; the time, see `Instant.mono_s`."""
        self._programs = programs
        self._post = post
        self._now_s = now_s
        self._next_s = 0.0

    def next_deadline(self) -> float | None:
        """Return when the next sample is due; see `Timer`."""
        return next((self._next_s for _life in self._limited()), None)

    def run_due(self) -> None:
        """Take a sample when it is due."""
        if (now_s := self._now_s()) < self._next_s:
            return
        for name, number, child in list(self._limited()):
            self._next_s = now_s + INTERVAL_S
            if (rss_bytes := procfs.rss_bytes(child.pid)) is not None:
                self._post(name, MemorySampled(number, rss_bytes))

    def _limited(self) -> Iterator[tuple[str, int, ProcessId]]:
        """Yield program, number and process of each life, also of those beside the current one."""
        for state in self._programs.values():
            if not state.settings.memory_max:
                continue
            if state.state is State.RUNNING and state.child is not None:
                yield state.name, state.life.number, state.child
            if state.standby is not None and state.standby.child is not None:
                yield state.name, state.standby.life.number, state.standby.child
