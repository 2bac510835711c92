"""Thirty days of plausible history for the dashboard: `python -m tests.support.dashboard_history STATE_DIR`."""

from __future__ import annotations

import math
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botapp.dashboard.figures.history import History
from botapp.dashboard.figures.minutes import Minute, Process

DAYS = 30
MINUTES = DAYS * 24 * 60
MIB = 2**20


def minutes(until_minute: int, dice: random.Random) -> Iterator[Minute]:
    """Yield the records: busy evenings, daily restarts, an outage of the gateway, and a gap."""
    for number in range(until_minute - MINUTES, until_minute):
        age = until_minute - number
        if 9000 < age < 9400:
            continue  # the machine was off
        busy = 0.3 + max(0.0, math.sin((number % 1440 - 360) / 1440 * 2 * math.pi))
        lookups = int(40 * busy * dice.random())
        down_s = 0.4 if number % 1440 == 240 else 45.0 if 4000 < age < 4025 else 0.0
        limited_s = 30.0 if 20000 < age < 20040 else 0.0
        yield Minute(
            minute=number,
            observed_s=60.0,
            served_s=60.0 - down_s - limited_s,
            limited_s=limited_s,
            down_s=down_s,
            unhealthy_s={"gateway": down_s} if down_s > 1 else {"livestock": limited_s} if limited_s else {},
            answered={"25": int(30 * busy), "50": int(8 * busy), "200": int(dice.random() * 2)},
            failed={"late": 1} if dice.random() < 0.001 else {},
            cache_hits=int(lookups * 0.93),
            cache_misses=lookups - int(lookups * 0.93),
            cache_evictions=int(dice.random() < 0.01),
            stock_errors=int(limited_s > 0),
            button_errors=int(dice.random() < 0.0005),
            identifies=int(down_s > 0),
            cache_entries=int(900 + 500 * busy),
            cache_bytes=int((900 + 500 * busy) * 700),
            loop_lag_ms=round(0.4 + dice.expovariate(1.5), 2),
            latency_ms=round(80 + 40 * busy + dice.expovariate(0.05), 1),
            disk_free_bytes=int(12e9 - (MINUTES - age) * 20_000),
            processes={
                "bot": Process(
                    int((82 + 6 * busy + number % 1440 / 300) * MIB), round(0.5 + 2 * busy * dice.random(), 2)
                ),
                "supervisor": Process(19 * MIB, 0.02),
                "dashboard": Process(44 * MIB, 0.1),
            },
        )


def restarts(until_s: float, dice: random.Random) -> Iterator[dict[str, Any]]:
    """Yield a report for each day, one of them of a failed restart."""
    for day in range(DAYS):
        names = (
            ("check", "drain", "stop", "flush", "start")
            if day % 3
            else ("check", "prepare", "quiesce", "flush", "serve")
        )
        phases = {f"{phase}_s": round(dice.uniform(0.02, 0.5), 3) for phase in names}
        report = {
            "program": "bot", "from_life": DAYS - day, "to_life": DAYS - day + 1, "ok": True, "reason": "!restart",
            "reason_code": None, "reason_params": {}, "requested_by": "Admin (100)",
            "at": until_s - day * 86_400 - 3600,
            "phases": phases, "downtime_s": round(sum(phases.values()) - phases["check_s"], 3), "drained": [],
            "cancelled": [], "flushed_entries": 120, "error": None, "error_params": {}, "problem": None,
            "handover": not day % 3, "handed_over": None if day % 3 else 4,
            "cold_problem": "a migration" if day % 3 else None,
        }  # fmt: skip
        if day == 12:
            report |= {"ok": False, "to_life": None, "downtime_s": None, "error": "check_failed", "problem": "bad code"}
        yield report


def fill(path: Path, now_s: float) -> None:
    """Write the history that ends at `now_s` into the file."""
    dice = random.Random(1)
    history = History(path, DAYS)
    history.add(minutes(int(now_s // 60), dice), None)
    history.add_restarts(restarts(now_s, dice))
    history.close()


if __name__ == "__main__":
    fill(Path(sys.argv[1]) / "dashboard" / "history.db", time.time())
