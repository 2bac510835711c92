"""From samples to figures, targets and a table. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Target:
    """One figure and what it may be at most, or has to be at least."""

    what: str
    figure: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure is as wanted."""
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit

    @property
    def _bound(self) -> str:
        return "at least" if self.at_least else "at most"

    def words(self) -> str:
        """Return the target as a line for people."""
        verdict = "met   " if self.met else "MISSED"
        return f"{verdict}  {self.what}: {self.figure:.3g}{self.unit} ({self._bound} {self.limit:.3g}{self.unit})"

    def shown(self) -> dict[str, Any]:
        """Return the target for the JSON file."""
        bound = self._bound.replace(" ", "_")
        return {"what": self.what, "figure": round(self.figure, 4), bound: self.limit, "met": self.met}


def summary(samples_s: Sequence[float]) -> dict[str, float]:
    """Return median, lower and upper quartile in milliseconds, and how many samples there were."""
    low, middle, high = statistics.quantiles(samples_s, n=4) if len(samples_s) > 1 else [samples_s[0]] * 3
    return {
        "median_ms": round(1000 * middle, 2),
        "q1_ms": round(1000 * low, 2),
        "q3_ms": round(1000 * high, 2),
        "samples": len(samples_s),
    }


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios within pairs: what slowed the machine for both counts for neither."""
    return statistics.median(one / other for one, other in zip(ours, theirs, strict=True))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
