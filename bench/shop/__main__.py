"""`make bench-shop`: purchases beside the same statements sent by the driver alone; see bench/README.md."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench.common import report
from bench.common.environment import CannotMeasure
from bench.common.report import Report, Target
from bench.shop.data_commands import COMMANDS, measure_waits
from bench.shop.purchases import BUYERS, Market
from tests.support.shop import postgres

#: purchases of each buyer in one round
PURCHASES: Final = 20


def measure(rounds: int) -> Report:
    """Measure everything. Raises CannotMeasure."""
    if not postgres.is_there():
        raise CannotMeasure("PostgreSQL is not installed; run: apt install postgresql")
    pieces = 3 * BUYERS * PURCHASES * rounds
    with tempfile.TemporaryDirectory(prefix="stocksup-bench-") as name, postgres.server() as server:
        directory = Path(name)
        sqlite = asyncio.run(measure_purchases(Market("", directory / "shop.db", pieces), rounds))
        url = server.url(server.create())
        postgresql = asyncio.run(measure_purchases(Market(url, directory / "none", pieces), rounds))
        waits = {
            "SQLite": measure_waits(directory / "sqlite", "", rounds),
            "PostgreSQL": measure_waits(directory / "postgresql", server.url(server.create()), rounds),
        }
    waits_ms = {
        database: {command: report.summarize(samples) for command, samples in found.items()}
        for database, found in waits.items()
    }
    rows = [
        [name, *(f"{value:g}" for value in found.values())]
        for name, found in (("SQLite", sqlite), ("PostgreSQL", postgresql))
    ]
    tables = [
        report.make_table(["", "purchases/s", "driver alone", "ratio", "99 % within ms", "rounds"], rows),
        *(
            report.make_time_table({f"{name}, during {what}": times for what, times in waits_ms[name].items()})
            for name in waits
        ),
    ]
    targets = [
        Target("SQLite, purchases a second", sqlite["purchases_per_s"], 300, at_least=True),
        Target("SQLite, ratio to plain sqlite3", sqlite["ratio"], 0.35, at_least=True),
        Target("SQLite, 99 of 100 purchases within", sqlite["p99_ms"], 500, " ms"),
        Target("PostgreSQL, ratio to plain psycopg", postgresql["ratio"], 0.35, at_least=True),
        *(
            Target(f"{name}, a purchase waits during {command}", 1000 * max(waits[name][command]), 200, " ms")
            for name in waits
            for command in COMMANDS
        ),
    ]
    return Report({"sqlite": sqlite, "postgresql": postgresql, "purchase_waits": waits_ms}, tables, targets)


async def measure_purchases(market: Market, rounds: int) -> dict[str, Any]:
    """Let everybody buy, and send the same statements by the driver alone, in turn."""
    market.set_first_id()
    ours, plain, within_s = [], [], []
    count = BUYERS * PURCHASES
    for _ in range(rounds):
        began_s = time.perf_counter()
        waits_s = await market.buy(PURCHASES)
        ours.append(count / (time.perf_counter() - began_s))
        within_s.append(report.percentile(waits_s, 99))
        plain.append(await asyncio.to_thread(market.replay, count))
    await market.database.close()
    return {
        "purchases_per_s": round(statistics.median(ours), 1),
        "plain_per_s": round(statistics.median(plain), 1),
        "ratio": round(report.ratio(ours, plain), 3),
        "p99_ms": round(1000 * statistics.median(within_s), 1),
        "rounds": rounds,
    }


if __name__ == "__main__":
    sys.exit(report.run("shop", measure, 10))
