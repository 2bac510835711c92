"""`make bench-restart`: restarts beside other ways, in one run on the same bot; see bench/README.md.

Exit codes: 0 every target is met · 1 a target is missed, or something could not be measured · 2 usage.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from bench import stats
from bench.downtime import Downtimes, all_ways, measure_downtimes, measure_idle, measure_status
from bench.flush import measure_flush
from bench.peers import PEERS, peer_bin
from bench.probe import NoAnswer
from bench.stage import CannotMeasure
from bench.stats import Target
from bench.ways import CommandWay, Execv, Stocksup, Supervisord

RESULTS: Final = Path(__file__).resolve().parent / "results" / "restart.json"

Figures = dict[str, Any]


def main() -> int:
    """Measure, say what came of it, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.restart", description="Measure restarts beside other ways.")
    parser.add_argument("--pairs", type=int, default=30, metavar="N", help="samples of each (default %(default)s)")
    parser.add_argument("--idle", type=float, default=60.0, metavar="S", help="seconds of idleness (default 60)")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE", help="where the JSON goes")
    given = parser.parse_args()
    if given.pairs < 2 or given.idle <= 0:
        parser.error("--pairs takes 2 or more, --idle more than 0")
    try:
        figures, targets = measure(given.pairs, given.idle)
    except (CannotMeasure, NoAnswer) as error:
        print(f"cannot measure: {error}", file=sys.stderr)
        return 1
    given.output.parent.mkdir(exist_ok=True)
    given.output.write_text(json.dumps({**figures, "targets": [one.shown() for one in targets]}, indent=2) + "\n")
    print(report(figures, targets))
    return 0 if all(target.met for target in targets) else 1


def measure(pairs: int, idle_s: float) -> tuple[Figures, list[Target]]:
    """Return all figures, and the targets they are held against. Raises CannotMeasure, NoAnswer."""
    peers = peer_bin()
    with tempfile.TemporaryDirectory(prefix="stocksup-bench-") as name:
        with all_ways(Path(name), peers) as running:
            downtimes = measure_downtimes(running, pairs)
            supervisors = [one.way for one in running if isinstance(one.way, CommandWay)]
            status = measure_status(supervisors, pairs)
            idle = measure_idle(supervisors, idle_s)
        flush = measure_flush(Path(name) / "flush")
    figures: Figures = {
        "made_with": {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()},
        "peer": PEERS[0],
        "downtime": {way: stats.summary(samples) for way, samples in downtimes.by_way.items()},
        "phases_median_ms": downtimes.phase_medians_ms(),
        "phases_differ_from_measured": stats.summary(downtimes.unexplained_s()),
        "status": {way.split()[0]: stats.summary(samples) for way, samples in status.items()},
        "supervisor": idle,
        "flush": {what: stats.summary(samples) for what, samples in flush.items()},
    }
    return figures, _targets(downtimes, status, figures)


def _targets(downtimes: Downtimes, status: dict[str, list[float]], figures: Figures) -> list[Target]:
    ours, execv, theirs = (downtimes.by_way[way.name] for way in (Stocksup, Execv, Supervisord))
    own, peer = figures["supervisor"]["stocksup"], figures["supervisor"]["supervisorctl"]
    return [
        Target("downtime, ratio to os.execv in the bot", stats.ratio(ours, execv), 1.05),
        Target("downtime, ratio to supervisorctl restart", stats.ratio(ours, theirs), 0.8),
        Target("phases against what was measured", figures["phases_differ_from_measured"]["median_ms"], 5.0, " ms"),
        Target("supervisor, RSS", own["rss_mib"], 20.0, " MiB"),
        Target("supervisor, USS", own["uss_mib"], 12.0, " MiB"),
        Target("supervisor, RSS, ratio to supervisord", own["rss_mib"] / peer["rss_mib"], 1.0),
        Target("supervisor, USS, ratio to supervisord", own["uss_mib"] / peer["uss_mib"], 1.0),
        # one for each heartbeat, and some for whatever else happens once
        Target("supervisor, wake-ups a minute", own["wakeups_per_minute"], 8.0),
        Target("status, ratio to supervisorctl", stats.ratio(status[Stocksup.name], status[Supervisord.name]), 0.8),
        *(Target(f"flush, {what}", one["median_ms"], 5.0, " ms") for what, one in figures["flush"].items()),
    ]


def report(figures: Figures, targets: list[Target]) -> str:
    """Return what a person is told. Pure."""
    downtime = [[way, *_timing(one)] for way, one in figures["downtime"].items()]
    status = [[f"{way} status", *_timing(one)] for way, one in figures["status"].items()]
    flush = [[f"flush, {what}", *_timing(one)] for what, one in figures["flush"].items()]
    cost = [
        [
            "supervisord" if way == "supervisorctl" else way,
            *(f"{one[key]:.1f}" for key in ("rss_mib", "pss_mib", "uss_mib", "wakeups_per_minute")),
        ]
        for way, one in figures["supervisor"].items()
    ]
    phases = " + ".join(f"{name} {took}" for name, took in figures["phases_median_ms"].items() if name != "check")
    missed = sum(not target.met for target in targets)
    return "\n".join(
        [
            "",
            stats.table(["", "median ms", "middle half ms", "samples"], [*downtime, *status, *flush]),
            "",
            stats.table(["supervisor", "RSS MiB", "PSS MiB", "USS MiB", "wake-ups a minute"], cost),
            "",
            f"phases of stocksup restart, medians in ms: {phases} (before it, check "
            f"{figures['phases_median_ms']['check']})",
            "",
            *(target.words() for target in targets),
            "",
            f"{missed} of {len(targets)} targets missed" if missed else f"all {len(targets)} targets met",
        ]
    )


def _timing(one: dict[str, float]) -> list[str]:
    return [f"{one['median_ms']:.1f}", f"{one['q1_ms']:.1f} – {one['q3_ms']:.1f}", f"{one['samples']:.0f}"]


if __name__ == "__main__":
    sys.exit(main())
