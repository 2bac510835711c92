"""The figures in Prometheus' format: docs/reference/metrics.md names them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector as Source

from botapp.dashboard.figures.history import Report
from botapp.dashboard.figures.minutes import BOT
from botapp.store.db.errors import Unavailable
from supervisor.client import VERSION

#: a status that is older is requested again for a scrape, in seconds
STATUS_MAX_AGE_S: Final = 10.0
#: upper limits of the phases and of the downtime of a restart, in seconds
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_STATES: Final = (
    "STOPPED", "STARTING", "RUNNING", "DRAINING", "STOPPING", "KILLING", "FLUSHING", "BACKOFF", "FATAL",
)  # fmt: skip

Health = Mapping[str, Any]


class Figures(Protocol):
    """The figures of now."""

    async def refresh(self, max_age_s: float) -> None:
        """Request a status, unless the last one is younger."""

    def snapshot(self) -> dict[str, Any]:
        """Return the figures."""

    async def count_identifies_left(self) -> int:
        """Return how many sessions Discord still allows. Raises sqlite3.Error."""


class ShopFigures(Protocol):
    """The figures of the shop."""

    async def read(self, method: str) -> Any:
        """Return what a method of `ShopReader` returns. Raises Unavailable."""


class Metrics:
    """Renders the figures for a scrape."""

    HEADERS: Final = {"Content-Type": CONTENT_TYPE_PLAIN_0_0_4}

    def __init__(self, collector: Figures, shop: ShopFigures, token: str) -> None:
        """`token` is the bearer token that Prometheus needs."""
        self.token = token
        self._collector = collector
        self._shop = shop
        self._registry = CollectorRegistry()
        disable_created_metrics()  # type: ignore[no-untyped-call]
        labels = ("program", "phase")
        self._phases = Histogram(
            "stocksup_restart_phase_seconds", "Duration of each phase of finished restarts.", labels,
            buckets=BUCKETS, registry=self._registry,
        )  # fmt: skip
        self._downtime = Histogram(
            "stocksup_restart_downtime_seconds", "Time without a serving process in restarts.", ("program",),
            buckets=BUCKETS, registry=self._registry,
        )  # fmt: skip

    def record_restart(self, report: Report) -> None:
        """Count a finished restart."""
        for phase, seconds in (report.get("phases") or {}).items():
            if isinstance(seconds, int | float):
                self._phases.labels(report["program"], phase.removesuffix("_s")).observe(seconds)
        if isinstance(report.get("downtime_s"), int | float):
            self._downtime.labels(report["program"]).observe(report["downtime_s"])

    async def render(self) -> bytes:
        """Return the text of a scrape."""
        await self._collector.refresh(STATUS_MAX_AGE_S)
        try:
            identifies_left: int | None = await self._collector.count_identifies_left()
        except sqlite3.Error:
            identifies_left = None
        families = [
            *describe_supervisor(self._collector.snapshot()),
            *describe_bot(_health_of(self._collector.snapshot()), identifies_left),
            *await self._describe_shop(),
        ]
        registry = CollectorRegistry()
        registry.register(_Fixed(families))
        return generate_latest(self._registry) + generate_latest(registry)

    async def _describe_shop(self) -> list[Metric]:
        up = GaugeMetricFamily("stocksup_shop_readable", "Whether the dashboard can read the shop's database.")
        try:
            found = [*describe_stock(*await self._shop.read("read_stock"))]
            found += describe_totals(await self._shop.read("read_totals"))
        except Unavailable:
            up.add_metric([], 0)
            return [up]
        up.add_metric([], 1)
        return [up, *found]


class _Fixed(Source):
    """Figures that are computed already."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Sequence[Metric]:
        """Return the figures."""
        return self._families


def describe_supervisor(now: Mapping[str, Any]) -> Iterator[Metric]:
    """Yield the metrics about the programs. Pure."""
    yield _gauge("stocksup_up", "Whether the supervisor answers.", [((), int(now["connected"]))])
    info = InfoMetricFamily("stocksup", "Versions.")
    supervisor = now["supervisor"] or {}
    info.add_metric([], {"version": VERSION, "supervisor_version": str(supervisor.get("version", ""))})
    yield info
    programs = now["programs"]
    labels = ("program",)
    yield _gauge(
        "stocksup_program_state", "The state of a program: 1 for the one it is in.",
        [((one["name"], state), int(one["state"] == state)) for one in programs for state in _STATES],
        ("program", "state"),
    )  # fmt: skip
    yield _gauge(
        "stocksup_program_desired_up", "Whether a program should run.",
        [((one["name"],), int(one["desired"] == "up")) for one in programs], labels,
    )  # fmt: skip
    yield _gauge("stocksup_program_process", "Number of the process.", _each(programs, "life"), labels)
    yield _gauge("stocksup_program_uptime_seconds", "Age of the process.", _each(programs, "uptime_s"), labels)
    yield _gauge(
        "stocksup_program_resident_memory_bytes",
        "Resident memory of the process.",
        _each(programs, "rss_bytes"),
        labels,
    )
    yield _counter("stocksup_program_restarts", "Restarts of a program.", _each(programs, "restarts"), labels)
    yield _gauge(
        "stocksup_program_recent_crashes", "Crashes within crash_window_s.", _each(programs, "recent_crashes"), labels
    )
    yield _gauge(
        "stocksup_program_cpu_ratio", "Processors that the process used since the last measurement.",
        [((name,), percent / 100) for name, percent in now["cpu_percent"].items() if percent is not None], labels,
    )  # fmt: skip
    yield _gauge("stocksup_disk_free_bytes", "Free space on the disk of state_dir.", _one(now["disk_free_bytes"]))
    yield _gauge("stocksup_disk_size_bytes", "Size of the disk of state_dir.", _one(now["disk_bytes"]))
    yield _gauge("stocksup_history_kept", "Whether the dashboard keeps its history.", _one(int(now["problem"] is None)))


def describe_bot(health: Health, identifies_left: int | None) -> Iterator[Metric]:
    """Yield the metrics that the bot reports. Pure."""
    parts = {name: part for name, part in health.items() if isinstance(part, Mapping)}
    yield _gauge(
        "stocksup_part_healthy", "Whether a part of the bot is healthy.",
        [((name,), int(part["is_healthy"])) for name, part in parts.items() if "is_healthy" in part],
        ("part",),
    )  # fmt: skip
    yield _counter(
        "stocksup_part_errors", "Errors of a part of the bot.",
        [((name,), part["error_count"]) for name, part in parts.items() if "error_count" in part],
        ("part",),
    )  # fmt: skip
    cache, gateway = parts.get("cache", {}), parts.get("gateway", {})
    lookups = [((result,), cache[key]) for result, key in (("hit", "hits"), ("miss", "misses")) if key in cache]
    yield _counter("stocksup_cache_lookups", "Lookups in the cache.", lookups, ("result",))
    yield _counter("stocksup_cache_evictions", "Entries that were evicted.", _one(cache.get("evictions")))
    yield _gauge("stocksup_cache_entries", "Entries in the cache.", _one(cache.get("entries")))
    yield _gauge("stocksup_cache_bytes", "Size of the entries in the cache.", _one(cache.get("bytes")))
    lag_ms, latency_ms, query_ms = health.get("loop_lag_ms"), gateway.get("latency_ms"), None
    if "database" in parts:
        query_ms = parts["database"].get("last_ms")
    yield _gauge("stocksup_loop_lag_seconds", "Delay of the bot's event loop.", _seconds(lag_ms))
    yield _gauge("stocksup_gateway_latency_seconds", "Latency of Discord's gateway.", _seconds(latency_ms))
    yield _gauge("stocksup_database_last_seconds", "Duration of the last use of the database.", _seconds(query_ms))
    yield _counter("stocksup_gateway_identifies", "IDENTIFYs of this process.", _one(gateway.get("identifies")))
    clicks = health.get("clicks") or {}
    if counts := clicks.get("answered_ms"):
        family = HistogramMetricFamily("stocksup_click_answer_seconds", "How long clicks took to be answered.")
        family.add_metric([], _cumulated(counts), clicks["sum_s"])
        yield family
        failed = [((kind,), count) for kind, count in clicks["failed"].items()]
        yield _counter("stocksup_clicks_failed", "Clicks that could not be answered.", failed, ("kind",))
    yield _gauge("stocksup_gateway_identifies_left", "IDENTIFYs left within a day.", _one(identifies_left))


def describe_stock(stock: Sequence[Any], pending: int, failed: int, backup_at_s: float | None) -> Iterator[Metric]:
    """Yield the metrics of what is in the shop's database now. Pure."""
    rows = [((one.code,), one.stock) for one in stock]
    yield _gauge("stocksup_stock_items", "Items in stock.", rows, ("product",))
    low = [((one.code,), int(one.is_low)) for one in stock]
    yield _gauge("stocksup_stock_low", "Whether the stock is at or below low_stock.", low, ("product",))
    deliveries = [(("pending",), pending), (("failed",), failed)]
    yield _gauge("stocksup_deliveries", "Deliveries that have not reached the member.", deliveries, ("state",))
    yield _gauge("stocksup_last_backup_timestamp_seconds", "Time of the newest backup.", _one(backup_at_s))


def describe_totals(totals: Any) -> Iterator[Metric]:
    """Yield the metrics of what was sold and deposited since the dashboard started. Pure."""
    yield _counter("stocksup_purchases", "Purchases.", _one(totals.purchases))
    yield _counter("stocksup_sold_items", "Items sold.", _one(totals.items))
    yield _counter("stocksup_revenue", "Revenue in the base unit, later refunds included.", _one(totals.revenue))
    results = [(("accepted",), totals.deposits), (("refused",), totals.deposits_refused)]
    yield _counter("stocksup_deposits", "Deposits by webhook or HTTP.", results, ("result",))
    yield _counter("stocksup_deposited", "Sum of the accepted deposits in the base unit.", _one(totals.deposited))


Samples = Sequence[tuple[tuple[str, ...], float]]


def _cumulated(counts: Mapping[str, int]) -> list[tuple[str, float]]:
    """Return the counts as Prometheus has them: the clicks up to each limit, in seconds."""
    limits = sorted((int(name), count) for name, count in counts.items() if name.isdecimal())
    total, rows = 0, []
    for limit_ms, count in limits:
        total += count
        rows.append((str(limit_ms / 1000), float(total)))
    return [*rows, ("+Inf", float(sum(counts.values())))]


def _each(programs: Sequence[Mapping[str, Any]], key: str) -> Samples:
    return [((one["name"],), one[key]) for one in programs if one.get(key) is not None]


def _one(value: Any) -> Samples:
    return [((), value)] if isinstance(value, int | float) else []


def _seconds(milliseconds: Any) -> Samples:
    return [((), milliseconds / 1000)] if isinstance(milliseconds, int | float) else []


def _gauge(name: str, about: str, samples: Samples, labels: Sequence[str] = ()) -> Metric:
    return _fill(GaugeMetricFamily(name, about, labels=labels), samples)


def _counter(name: str, about: str, samples: Samples, labels: Sequence[str] = ()) -> Metric:
    return _fill(CounterMetricFamily(name, about, labels=labels), samples)


def _fill(family: Any, samples: Samples) -> Metric:
    for values, value in samples:
        family.add_metric(values, value)
    filled: Metric = family
    return filled


def _health_of(now: Mapping[str, Any]) -> Health:
    health: Health = next((one["health"] for one in now["programs"] if one["name"] == BOT), {})
    return health
