"""`make bench-cache`: the bot's cache beside diskcache, in one run; see bench/README.md."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from bench.cache.caches import CLEARED, DISKCACHE, DISKCACHE_THREADS, OURS, TASKS, WORK, Figures
from bench.common import peers, report
from bench.common.environment import ROOT, CannotMeasure, clean_environ
from bench.common.report import Report, Target

CACHES: Final = (OURS, DISKCACHE, DISKCACHE_THREADS)
#: work → cache → figures of each round
Samples = dict[str, dict[str, list[Figures]]]


def measure(rounds: int) -> Report:
    """Measure everything. Raises CannotMeasure."""
    samples = measure_caches(rounds)
    alone = {name: statistics.median(values) for name, values in measure_alone(rounds).items()}
    medians = {
        work: {
            cache: {name: statistics.median(figures[name] for figures in found) for name in found[0]}
            for cache, found in caches.items()
        }
        for work, caches in samples.items()
    }
    figures = {"peers": list(peers.CACHES), "medians": medians, "alone": alone}
    rows = [
        [
            cache,
            f"{medians['get'][cache]['median_us']:.1f}",
            f"{medians['get'][cache]['p99_us']:.0f}",
            f"{medians['set'][cache]['sets_per_s']:.0f}",
            f"{medians['clear'][cache]['clear_ms']:.1f}",
        ]
        for cache in CACHES
    ]
    head = ["", "get µs", "99 % within µs", f"sets/s of {TASKS} tasks", f"clear of {CLEARED}, ms"]
    alone_rows = [[name, f"{value:.2f}"] for name, value in alone.items()]
    tables = [report.make_table(head, rows), report.make_table(["CacheManager alone", "median"], alone_rows)]
    return Report(figures, tables, make_targets(samples, alone))


def measure_caches(rounds: int) -> Samples:
    """Return the samples of each cache and work; in each round another cache is first."""
    peer_python = f"{peers.install('caches', peers.CACHES)}/python"
    samples: Samples = {work: {cache: [] for cache in CACHES} for work in WORK}
    for turn in range(rounds):
        first = turn % len(CACHES)
        for work in WORK:
            for cache in (*CACHES[first:], *CACHES[:first]):
                python = sys.executable if cache == OURS else peer_python
                with tempfile.TemporaryDirectory(prefix="stocksup-bench-") as directory:
                    samples[work][cache].append(_run(python, "bench.cache.caches", cache, work, directory))
    return samples


def measure_alone(rounds: int) -> dict[str, list[float]]:
    """Return the samples of what has no counterpart in the other caches."""
    samples: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="stocksup-bench-") as name:
        original, copy = Path(name) / "original", Path(name) / "copy"
        _run(sys.executable, "bench.cache.cache_manager", "fill", str(original))
        for _ in range(rounds):
            for work in ("million", "switch"):
                shutil.copytree(original, copy)
                for figure, value in _run(sys.executable, "bench.cache.cache_manager", work, str(copy)).items():
                    samples.setdefault(figure, []).append(value)
                shutil.rmtree(copy)
    return samples


def make_targets(samples: Samples, alone: Figures) -> list[Target]:
    """Return the targets."""

    def median_ratio(work: str, ours: str, theirs: str, figure: str) -> float:
        caches = samples[work]
        return report.ratio([one[figure] for one in caches[ours]], [one[figure] for one in caches[theirs]])

    set_ratio = median_ratio("set", DISKCACHE_THREADS, OURS, "sets_per_s")
    within_us = statistics.median(figures["p99_us"] for figures in samples["get"][OURS])
    return [
        Target("get, ratio to diskcache called inline", median_ratio("get", OURS, DISKCACHE, "median_us"), 1 / 2),
        Target("get, ratio to diskcache in threads", median_ratio("get", OURS, DISKCACHE_THREADS, "median_us"), 1 / 15),
        Target("get, 99 % within", within_us, 50.0, " µs"),
        Target("32 tasks set, ratio to diskcache in threads", set_ratio, 1 / 10),
        Target("flush of a million entries, by the supervisor", alone["switch_ms"], 5.0, " ms"),
        Target("clear of a million entries, by the bot", alone["clear_ms"], 5.0, " ms"),
        Target("memory grown with a million entries", alone["grown_mib"], 25.0, " MiB"),
        Target("open with a million entries", alone["open_ms"], 15.0, " ms"),
    ]


def _run(python: str, module: str, *arguments: str) -> Figures:
    environ = clean_environ() | {"PYTHONPATH": str(ROOT)}
    command = (python, "-m", module, *arguments)
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotMeasure(f"{module} {arguments[0]}: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    figures: Figures = json.loads(done.stdout)
    return figures


if __name__ == "__main__":
    sys.exit(report.run("cache", measure, 7))
