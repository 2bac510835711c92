"""The metrics: what Prometheus reads is what the supervisor, the bot and the shop report."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families as parse

from botapp.dashboard.figures.shop import ProductStock, Totals
from botapp.dashboard.web.metrics import Metrics
from botapp.store.db.errors import Unavailable

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "metrics.md"

NOW: Any = {
    "connected": True,
    "supervisor": {"version": "1.2.3"},
    "programs": [
        {
            "name": "bot", "state": "RUNNING", "desired": "up", "life": 4, "uptime_s": 12.5, "rss_bytes": 1000,
            "restarts": 3, "recent_crashes": 1,
            "health": {
                "livestock": {"is_healthy": False, "error_count": 7}, "loop_lag_ms": 2.5,
                "clicks": {"answered_ms": {"25": 3, "100": 1, "more": 1}, "sum_s": 3.5, "failed": {"late": 2}},
                "database": {"last_ms": 4.0},
                "cache": {"is_healthy": True, "hits": 9, "misses": 1, "evictions": 2, "entries": 5, "bytes": 600},
                "gateway": {"is_healthy": True, "latency_ms": 90.0, "identifies": 1}, "broken": None,
            },
        }
    ],
    "cpu_percent": {"bot": 50.0, "new": None},
    "disk_free_bytes": 10,
    "disk_bytes": 100,
    "problem": None,
}  # fmt: skip


class _Collector:
    def __init__(self, now: Any = NOW) -> None:
        self.now = now

    async def refresh(self, max_age_s: float) -> None:
        """Do nothing."""

    def snapshot(self) -> Any:
        """Return the figures."""
        return self.now

    async def count_identifies_left(self) -> int:
        """Return a number."""
        return 990


class _Shop:
    def __init__(self, problem: str = "") -> None:
        self.problem = problem

    async def read(self, method: str) -> Any:
        """Return the figures, or raise Unavailable."""
        if self.problem:
            raise Unavailable(self.problem)
        return {
            "read_stock": ([ProductStock("vip", "VIP", 3, True)], 2, 1, 1_700_000_000.0),
            "read_totals": Totals(5, 8, 900, 4, 700, 1),
        }[method]


def render(collector: Any = None, shop: Any = None, *reports: Any) -> str:
    """Return the text of a scrape."""
    metrics = Metrics(collector or _Collector(), shop or _Shop(), "token")
    for report in reports:
        metrics.record_restart(report)
    return asyncio.run(metrics.render()).decode()


def values(text: str) -> dict[str, float]:
    """Return each sample's value by its name and labels."""
    samples = (sample for family in parse(text) for sample in family.samples)
    return {one.name + "".join(f",{key}={one.labels[key]}" for key in sorted(one.labels)): one.value for one in samples}


def test_every_figure_is_the_reported_one() -> None:
    found = values(render())
    assert found["stocksup_up"] == 1
    assert found["stocksup_program_state,program=bot,state=RUNNING"] == 1
    assert found["stocksup_program_state,program=bot,state=FATAL"] == 0
    assert found["stocksup_program_restarts_total,program=bot"] == 3
    assert found["stocksup_program_cpu_ratio,program=bot"] == 0.5
    assert found["stocksup_part_healthy,part=livestock"] == 0
    assert found["stocksup_part_errors_total,part=livestock"] == 7
    assert found["stocksup_cache_lookups_total,result=hit"] == 9
    assert found["stocksup_click_answer_seconds_bucket,le=0.1"] == 4
    assert found["stocksup_click_answer_seconds_bucket,le=+Inf"] == 5
    assert found["stocksup_click_answer_seconds_sum"] == 3.5
    assert found["stocksup_clicks_failed_total,kind=late"] == 2
    assert found["stocksup_loop_lag_seconds"] == 0.0025
    assert found["stocksup_gateway_identifies_left"] == 990
    assert found["stocksup_stock_items,product=vip"] == 3
    assert found["stocksup_deliveries,state=failed"] == 1
    assert found["stocksup_last_backup_timestamp_seconds"] == 1_700_000_000
    assert found["stocksup_sold_items_total"] == 8
    assert found["stocksup_deposits_total,result=refused"] == 1


def test_what_is_unknown_is_left_out() -> None:
    away = {**NOW, "connected": False, "supervisor": None, "programs": [], "disk_free_bytes": None}
    text = render(_Collector(away), _Shop("locked"))
    found = values(text)
    assert (found["stocksup_up"], found["stocksup_shop_readable"]) == (0, 0)
    assert "stocksup_disk_free_bytes" not in found
    assert "stocksup_stock_items" not in text


def test_restarts_become_histograms() -> None:
    report = {"program": "bot", "phases": {"check_s": 0.2, "stop_s": None}, "downtime_s": 0.4}
    failed = {"program": "bot", "phases": {"check_s": 3.0}, "downtime_s": None}
    found = values(render(None, None, report, failed))
    assert found["stocksup_restart_phase_seconds_count,phase=check,program=bot"] == 2
    assert found["stocksup_restart_phase_seconds_bucket,le=0.25,phase=check,program=bot"] == 1
    assert found["stocksup_restart_downtime_seconds_sum,program=bot"] == 0.4


def test_the_reference_names_every_metric() -> None:
    report = {"program": "bot", "phases": {"check_s": 0.2}, "downtime_s": 0.4}
    described = set(re.findall(r"^# TYPE (\S+)", render(None, None, report), re.MULTILINE))
    documented = set(re.findall(r"^\| `(stocksup\w+)`", PAGE.read_text(), re.MULTILINE))
    assert described == documented
