"""`make bench-restart`: restarts of the same bot in three ways, in one run; see bench/README.md."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from bench.common import peers, report
from bench.common.process_usage import count_wakeups, read_memory
from bench.common.report import Figures, Report, Target
from bench.restart.methods import METHODS, STOCKSUP, SUPERVISORCTL, RestartMethod, run_bot

IDLE_S: Final = 60.0
#: the phases of a restart in which the old process serves, and those in which no process does
_SERVED: Final = ("check_s", "prepare_s", "quiesce_s")
_DOWN: Final = ("flush_s", "serve_s")

Samples = dict[str, list[float]]


def measure(rounds: int) -> Report:
    """Measure everything. Raises CannotMeasure."""
    with tempfile.TemporaryDirectory(prefix="stocksup-bench-") as name, ExitStack() as stack:
        bots = [stack.enter_context(run_bot(method, Path(name) / str(n))) for n, method in enumerate(METHODS)]
        restarts = measure_restarts(bots, rounds)
        supervised = [bot for bot in bots if bot.control]
        status = measure_status(supervised, rounds)
        idle = measure_idle(supervised)
    downtime = {method: [result["measured_s"] for result in results] for method, results in restarts.items()}
    phases = [result["phases"] for result in restarts[STOCKSUP]]
    unexplained_s = [
        abs(downtime_s - sum(times[phase] for phase in _DOWN))
        for downtime_s, times in zip(downtime[STOCKSUP], phases, strict=True)
    ]
    figures: Figures = {
        "peer": peers.SUPERVISORS[0],
        "downtime": {method: report.summarize(samples) for method, samples in downtime.items()},
        "phases_median_ms": {
            phase.removesuffix("_s"): round(1000 * statistics.median(times[phase] for times in phases), 2)
            for phase in (*_SERVED, *_DOWN)
        },
        "phases_differ_from_measured": report.summarize(unexplained_s),
        "status": {method.split()[0]: report.summarize(samples) for method, samples in status.items()},
        "supervisor": idle,
    }
    return Report(figures, make_tables(figures), make_targets(downtime, status, figures))


def measure_restarts(bots: Sequence[RestartMethod], rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Restart the bots one after the other; in each round another one is first."""
    results: dict[str, list[dict[str, Any]]] = {bot.name: [] for bot in bots}
    for turn in range(rounds):
        for place in range(len(bots)):
            bot = bots[(turn + place) % len(bots)]
            results[bot.name].append(bot.restart())
        report.print_progress("restarts", turn + 1, rounds)
    return results


def measure_status(bots: Sequence[RestartMethod], rounds: int) -> Samples:
    """Run the status commands in turn; return the seconds from the start to the end of each process."""
    took_s: Samples = {bot.name: [] for bot in bots}
    for number in range(rounds + 1):
        for bot in bots if number % 2 else reversed(bots):
            began_s = time.perf_counter()
            bot.show_status()
            if number:  # the first run only warms up
                took_s[bot.name].append(time.perf_counter() - began_s)
    return took_s


def measure_idle(bots: Sequence[RestartMethod]) -> dict[str, dict[str, float]]:
    """Wait for a minute; return the memory of each supervisor and its wake-ups."""
    before = [count_wakeups(bot.supervisor.pid) for bot in bots]
    time.sleep(IDLE_S)
    return {
        bot.name.split()[0]: {
            **vars(read_memory(bot.supervisor.pid)),
            "wakeups_per_minute": round((count_wakeups(bot.supervisor.pid) - count) * 60 / IDLE_S, 1),
        }
        for bot, count in zip(bots, before, strict=True)
    }


def make_targets(downtime: Samples, status: Samples, figures: Mapping[str, Any]) -> list[Target]:
    """Return the targets."""
    own, peer = figures["supervisor"]["stocksup"], figures["supervisor"]["supervisorctl"]
    ours, execv, theirs = (downtime[method] for method in METHODS)
    return [
        Target("downtime, ratio to os.execv in the bot", report.ratio(ours, execv), 1.05),
        Target("downtime, ratio to supervisorctl restart", report.ratio(ours, theirs), 0.8),
        Target("phases against what was measured", figures["phases_differ_from_measured"]["median_ms"], 5.0, " ms"),
        Target("supervisor, RSS", own["rss_mib"], 20.0, " MiB"),
        Target("supervisor, USS", own["uss_mib"], 12.0, " MiB"),
        Target("supervisor, RSS, ratio to supervisord", own["rss_mib"] / peer["rss_mib"], 1.0),
        Target("supervisor, USS, ratio to supervisord", own["uss_mib"] / peer["uss_mib"], 1.0),
        # one for each heartbeat, and some for single events
        Target("supervisor, wake-ups a minute", own["wakeups_per_minute"], 8.0),
        Target("status, ratio to supervisorctl", report.ratio(status[STOCKSUP], status[SUPERVISORCTL]), 0.8),
        Target("flush", figures["phases_median_ms"]["flush"], 5.0, " ms"),
    ]


def make_tables(figures: Mapping[str, Any]) -> list[str]:
    """Return the tables."""
    status = {f"{method} status": summary for method, summary in figures["status"].items()}
    cost = [[method, *(f"{value:.1f}" for value in usage.values())] for method, usage in figures["supervisor"].items()]
    phases = [[phase, f"{median_ms}"] for phase, median_ms in figures["phases_median_ms"].items()]
    return [
        report.make_time_table({**figures["downtime"], **status}),
        report.make_table(["supervisor", "RSS MiB", "PSS MiB", "USS MiB", "wake-ups a minute"], cost),
        report.make_table(["phase of stocksup restart", "median ms"], phases),
    ]


if __name__ == "__main__":
    sys.exit(report.run("restart", measure, 30))
