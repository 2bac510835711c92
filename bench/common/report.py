"""Figures, targets and tables of a benchmark, and the command that measures and prints them."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.common.environment import ROOT, CannotMeasure

Figures = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """One figure, and the limit it may not exceed, or has to reach."""

    what: str
    figure: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the figure is within the limit."""
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit

    def describe(self) -> str:
        """Return the target as a line of text."""
        verdict, bound = "met   " if self.is_met else "MISSED", "at least" if self.at_least else "at most"
        return f"{verdict}  {self.what}: {self.figure:.3g}{self.unit} ({bound} {self.limit:.3g}{self.unit})"

    def to_json(self) -> Figures:
        """Return the target for the JSON file."""
        bound = "at_least" if self.at_least else "at_most"
        return {"what": self.what, "figure": round(self.figure, 4), bound: self.limit, "met": self.is_met}


@dataclass(frozen=True)
class Report:
    """The results of a benchmark."""

    figures: Figures
    tables: Sequence[str]
    targets: Sequence[Target]


def run(
    name: str,
    measure: Callable[..., Report],
    default_rounds: int,
    add_options: Callable[[argparse.ArgumentParser], None] = lambda parser: None,
) -> int:
    """Measure, print the report, write it to bench/results, and return the exit code.

    `measure` gets the number of rounds, and the options that `add_options` adds.

    Exit codes: 0 every target is met; 1 a target is missed, or something could not be measured; 2 usage.
    """
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}", description="See bench/README.md.")
    parser.add_argument(
        "--rounds", type=int, default=default_rounds, metavar="N", help="rounds, at least 2 (default %(default)s)"
    )
    path = ROOT / "bench" / "results" / f"{name}.json"
    parser.add_argument("--output", type=Path, default=path, metavar="FILE", help="where the JSON goes")
    add_options(parser)
    options = vars(parser.parse_args())
    rounds, output = options.pop("rounds"), options.pop("output")
    if rounds < 2:
        parser.error("--rounds takes 2 or more")
    try:
        report = measure(rounds, **options)
    except CannotMeasure as error:
        print(f"cannot measure: {error}", file=sys.stderr)
        return 1
    made_with = {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()}
    targets = [target.to_json() for target in report.targets]
    results = {"made_with": made_with, **report.figures, "targets": targets}
    output.write_text(json.dumps(results, indent=2) + "\n")
    missed = sum(not target.is_met for target in report.targets)
    verdict = f"{missed} of {len(targets)} targets missed" if missed else f"all {len(targets)} targets met"
    print("\n\n".join([*report.tables, "\n".join(target.describe() for target in report.targets), verdict]))
    return 1 if missed else 0


def summarize(samples_s: Sequence[float]) -> dict[str, float]:
    """Return median, lower and upper quartile of seconds in milliseconds, and the number of samples."""
    low, middle, high = statistics.quantiles(samples_s, n=4) if len(samples_s) > 1 else [samples_s[0]] * 3
    return {
        "median_ms": round(1000 * middle, 2),
        "q1_ms": round(1000 * low, 2),
        "q3_ms": round(1000 * high, 2),
        "samples": len(samples_s),
    }


def percentile(samples: Sequence[float], percent: int) -> float:
    """Return the value that `percent` of 100 samples do not exceed."""
    return statistics.quantiles(samples, n=100)[percent - 1]


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios within pairs: what slowed the machine for both does not matter."""
    return statistics.median(one / other for one, other in zip(ours, theirs, strict=True))


def make_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def make_time_table(summaries: Mapping[str, Mapping[str, float]]) -> str:
    """Return a table of what `summarize` returned, by name."""
    rows = [
        [name, f"{times['median_ms']:.1f}", f"{times['q1_ms']:.1f} – {times['q3_ms']:.1f}", f"{times['samples']:.0f}"]
        for name, times in summaries.items()
    ]
    return make_table(["", "median ms", "middle half ms", "samples"], rows)


def print_progress(what: str, done: int, total: int) -> None:
    """Print how far a benchmark is, on one line."""
    print(f"\r{what}: {done} of {total}", end="\n" if done == total else "", file=sys.stderr, flush=True)
