"""Restarts of the same bot in turn: how long members wait, and what the supervisors cost meanwhile."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bench.probe import Probe
from bench.stage import Stage, stage
from bench.usage import memory, wakeups
from bench.ways import CommandWay, Execv, Stocksup, Supervisord, Way

_PHASES = ("drain_s", "stop_s", "flush_s", "start_s")


@dataclass(frozen=True)
class Running:
    """A bot that is kept running in one way, and who asks it."""

    way: Way
    probe: Probe


@dataclass
class Downtimes:
    """One sample a round for each way, in seconds."""

    by_way: dict[str, list[float]] = field(default_factory=dict)
    #: the reports of stocksup, in the same order
    reports: list[dict[str, Any]] = field(default_factory=list)

    def unexplained_s(self) -> list[float]:
        """Return by how much the phases of each report miss what was measured."""
        measured = self.by_way[Stocksup.name]
        return [abs(one - phases_s(report)) for one, report in zip(measured, self.reports, strict=True)]

    def phase_medians_ms(self) -> dict[str, float]:
        """Return the median of each phase, in milliseconds."""
        return {
            phase.removesuffix("_s"): round(1000 * statistics.median(one["phases"][phase] for one in self.reports), 2)
            for phase in ("check_s", *_PHASES)
        }


def phases_s(report: Mapping[str, Any]) -> float:
    """Return how long members wait by the phases of a report, in seconds."""
    return float(sum(report["phases"][phase] for phase in _PHASES))


@contextmanager
def all_ways(directory: Path, peer_bin: Path) -> Iterator[list[Running]]:
    """Run the bot in every way at once, each with a local Discord of its own; all ends with the block."""
    with ExitStack() as stack:
        running: list[Running] = []
        ways: tuple[Callable[[Stage], Way], ...] = (Stocksup, Execv, partial(Supervisord, peer_bin=peer_bin))
        for make in ways:
            at = stack.enter_context(stage(directory / str(len(running))))
            way = make(at)
            probe = stack.enter_context(Probe(at.probe))
            stack.callback(way.end)
            way.start()
            probe.await_steady()
            running.append(Running(way, probe))
        yield running


def measure_downtimes(running: Sequence[Running], pairs: int) -> Downtimes:
    """Restart each bot `pairs` times, one after the other, another one first each round."""
    found = Downtimes({one.way.name: [] for one in running})
    for round_number in range(pairs):
        for place in range(len(running)):
            one = running[(round_number + place) % len(running)]
            found.by_way[one.way.name].append(one.probe.downtime_s(one.way.restart))
            if report := one.way.settle():
                found.reports.append(report)
        _say_progress(round_number + 1, pairs)
    return found


def measure_idle(ways: Sequence[CommandWay], idle_s: float) -> dict[str, dict[str, float]]:
    """Leave everything alone for `idle_s` seconds; return each supervisor's memory and its wake-ups a minute."""
    before = [wakeups(way.pid) for way in ways]
    time.sleep(idle_s)
    return {
        way.name.split()[0]: {
            **vars(memory(way.pid)),
            "wakeups_per_minute": round((wakeups(way.pid) - count) * 60 / idle_s, 1),
        }
        for way, count in zip(ways, before, strict=True)
    }


def measure_status(ways: Sequence[CommandWay], pairs: int) -> dict[str, list[float]]:
    """Run each way's status command `pairs` times in turn; return the seconds from start to end of the process."""
    took: dict[str, list[float]] = {way.name: [] for way in ways}
    for number in range(pairs + 1):
        for way in ways if number % 2 else reversed(ways):
            began_s = time.perf_counter()
            subprocess.run(way.status_command, env=way.stage.environ, stdout=subprocess.DEVNULL, check=True)
            if number:  # the first run of each only warms up
                took[way.name].append(time.perf_counter() - began_s)
    return took


def _say_progress(done: int, of: int) -> None:
    print(f"\r{done} of {of} rounds", end="\n" if done == of else "", file=sys.stderr, flush=True)
