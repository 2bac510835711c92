"""Measures what the processes use, and the disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic

import psutil

from botapp.dashboard.figures.minutes import Machine, Process


class MachineSampler:
    """Measures processes by their pid; the CPU time since the last measurement of the same process."""

    def __init__(self, directory: Path, clock: Callable[[], float] = monotonic) -> None:
        """`directory` is on the disk that is measured; `clock` returns monotonic seconds."""
        self._directory = directory
        self._clock = clock
        #: by pid: the process, the time of its last measurement, and its CPU time then, in seconds
        self._known: dict[int, tuple[psutil.Process, float, float]] = {}

    def measure(self, pids: Mapping[str, int]) -> Machine:
        """Return what the processes use, by name; a process that has ended is left out."""
        self._known = {pid: known for pid, known in self._known.items() if pid in pids.values()}
        processes = {name: used for name, pid in pids.items() if (used := self._measure_process(pid)) is not None}
        try:
            disk = psutil.disk_usage(str(self._directory))
        except OSError:
            return Machine(processes)
        return Machine(processes, disk.free, disk.total)

    def _measure_process(self, pid: int) -> Process | None:
        process, before_s, before_cpu_s = self._known.get(pid, (None, 0.0, 0.0))
        try:
            if process is None or not process.is_running():
                process, before_s = psutil.Process(pid), 0.0
            with process.oneshot():
                times, rss_bytes = process.cpu_times(), process.memory_info().rss
        except psutil.Error:
            return None
        now_s, cpu_s = self._clock(), times.user + times.system
        self._known[pid] = (process, now_s, cpu_s)
        if not before_s or now_s <= before_s:
            return Process(rss_bytes, None)
        return Process(rss_bytes, round(100 * max(0.0, cpu_s - before_cpu_s) / (now_s - before_s), 2))
