"""`make bench-shop`: purchases beside the same statements without us, and what the shop costs; see bench/README.md.

Exit codes: 0 every target is met · 1 a target is missed, or something could not be measured · 2 usage.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench import stats
from bench.buying import BUYERS, Bought, Market
from bench.keeping import ACTIONS, measure_keeping
from bench.probe import NoAnswer
from bench.stage import CannotMeasure
from bench.stats import Target
from bench.stocking import LINES, Stocked, measure_stocking
from bench.weight import Starts, measure_starts
from tests.support.shop import postgres

RESULTS: Final = Path(__file__).resolve().parent / "results" / "shop.json"
#: purchases of each buyer in one round
EACH: Final = 20


@dataclass
class Rounds:
    """Rounds of purchases: ours, and those of the driver alone, a second."""

    ours: list[Bought] = field(default_factory=list)
    plain_per_s: list[float] = field(default_factory=list)

    @property
    def rate_per_s(self) -> float:
        """Median of ours."""
        return statistics.median(one.rate_per_s for one in self.ours)

    @property
    def ratio(self) -> float:
        """Median of ours in relation to the driver alone, round by round."""
        return stats.ratio([one.rate_per_s for one in self.ours], self.plain_per_s)

    def shown(self) -> dict[str, float]:
        """Return the figures for the JSON file."""
        return {
            "purchases_per_s": round(self.rate_per_s, 1),
            "plain_per_s": round(statistics.median(self.plain_per_s), 1),
            "ratio": round(self.ratio, 3),
            "p99_ms": round(1000 * self.p99_s, 1),
            "loop_held_ms": round(1000 * self.held_s, 1),
            "rounds": len(self.ours),
        }

    @property
    def p99_s(self) -> float:
        """Median over the rounds of the time within which 99 of 100 purchases were done."""
        return statistics.median(one.p99_s for one in self.ours)

    @property
    def held_s(self) -> float:
        """Median over the rounds of the longest time that the event loop was held."""
        return statistics.median(one.longest_hold_s for one in self.ours)


def main() -> int:
    """Measure, say what came of it, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.shop", description="Measure the shop.")
    parser.add_argument("--rounds", type=int, default=10, metavar="N", help="rounds of each (default %(default)s)")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE", help="where the JSON goes")
    given = parser.parse_args()
    if given.rounds < 2:
        parser.error("--rounds takes 2 or more")
    try:
        measured = measure(given.rounds)
    except (CannotMeasure, NoAnswer) as error:
        print(f"cannot measure: {error}", file=sys.stderr)
        return 1
    targets = targets_of(measured)
    starts, stocked = measured.starts, measured.stocked
    figures: dict[str, Any] = {
        "made_with": {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()},
        "sqlite": measured.sqlite.shown(),
        "postgresql": measured.postgresql.shown(),
        "start": {
            "import_discord": stats.summary(starts.import_discord_s),
            "open_database": stats.summary(starts.open_s),
            "ready": stats.summary(starts.ready_s),
            "rss_mib": starts.rss_mib,
        },
        "stocking": {"lines": LINES, "took_s": round(stocked.took_s, 2), "click": stats.summary(stocked.answers_s)},
        "purchase_waits": {
            name: {action: stats.summary(waits_s) for action, waits_s in found.items()}
            for name, found in measured.kept.items()
        },
        "targets": [one.shown() for one in targets],
    }
    given.output.parent.mkdir(exist_ok=True)
    given.output.write_text(json.dumps(figures, indent=2) + "\n")
    print(report(figures, targets))
    return 0 if all(target.met for target in targets) else 1


@dataclass(frozen=True)
class Measured:
    """All that was measured."""

    sqlite: Rounds
    postgresql: Rounds
    starts: Starts
    stocked: Stocked
    #: for each database: longest waits of purchases in seconds, by what was done with the data meanwhile
    kept: dict[str, dict[str, list[float]]]


def measure(rounds: int) -> Measured:
    """Return everything. Raises CannotMeasure, NoAnswer."""
    if not postgres.is_there():
        raise CannotMeasure("there is no PostgreSQL server on this machine; run: apt install postgresql")
    pieces = 3 * BUYERS * EACH * rounds
    with tempfile.TemporaryDirectory(prefix="stocksup-bench-") as name, postgres.server() as server:
        directory = Path(name)
        sqlite = asyncio.run(_buy(Market("", directory / "shop.db", pieces), rounds))
        postgresql = asyncio.run(_buy(Market(server.url(server.create()), directory / "none", pieces), rounds))
        kept = {
            "SQLite": measure_keeping(directory / "kept", "", rounds),
            "PostgreSQL": measure_keeping(directory / "kept-there", server.url(server.create()), rounds),
        }
        starts = measure_starts(directory / "bot", rounds)
        return Measured(sqlite, postgresql, starts, measure_stocking(directory / "stock"), kept)


async def _buy(market: Market, rounds: int) -> Rounds:
    found = Rounds()
    market.begin_high()
    for _ in range(rounds):
        found.ours.append(await market.buy(EACH))
        found.plain_per_s.append(await asyncio.to_thread(market.buy_plainly, BUYERS * EACH))
    await market.database.close()
    return found


def targets_of(measured: Measured) -> list[Target]:
    """Return what the figures are held against."""
    sqlite, postgresql, starts, stocked = measured.sqlite, measured.postgresql, measured.starts, measured.stocked
    return [
        Target("SQLite, purchases a second", sqlite.rate_per_s, 300, at_least=True),
        Target("SQLite, ratio to plain sqlite3", sqlite.ratio, 0.35, at_least=True),
        Target("SQLite, 99 of 100 purchases within", 1000 * sqlite.p99_s, 500, " ms"),
        Target("SQLite, loop held", 1000 * sqlite.held_s, 20, " ms"),
        Target("PostgreSQL, ratio to plain psycopg", postgresql.ratio, 0.35, at_least=True),
        Target("ready, ratio to 1.25 × import discord and the database's open", starts.ratio, 1.0),
        Target("idle bot, RSS", starts.rss_mib, 100, " MiB"),
        Target(f"{LINES} lines of stock in", stocked.took_s, 10, " s"),
        Target("a click meanwhile, 99 of 100 within", 1000 * quantile_99(stocked.answers_s), 100, " ms"),
        *(
            Target(f"{name}, a purchase waits during {action}", 1000 * max(waits_s), 200, " ms")
            for name, found in measured.kept.items()
            for action, waits_s in found.items()
            if action in ACTIONS
        ),
    ]


def quantile_99(samples: list[float]) -> float:
    """Return what 99 of 100 samples do not exceed."""
    return statistics.quantiles(samples, n=100)[98]


def report(figures: dict[str, Any], targets: list[Target]) -> str:
    """Return what a person is told. Pure."""
    keys = ("purchases_per_s", "plain_per_s", "ratio", "p99_ms", "loop_held_ms")
    rows = [[name, *(f"{figures[name][key]:g}" for key in keys)] for name in ("sqlite", "postgresql")]
    head = ["", "purchases/s", "plain driver", "ratio", "p99 ms", "loop held ms"]
    starts = figures["start"]
    times = [f"{name} {starts[name]['median_ms']:.0f} ms" for name in ("import_discord", "open_database", "ready")]
    missed = sum(not target.met for target in targets)
    return "\n".join(
        [
            "",
            stats.table(head, rows),
            "",
            f"start: {', '.join(times)}; idle {starts['rss_mib']:.1f} MiB",
            "",
            *(target.words() for target in targets),
            "",
            f"{missed} of {len(targets)} targets missed" if missed else f"all {len(targets)} targets met",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
