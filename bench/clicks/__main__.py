"""`make bench-clicks`: clicks that a restart, a `kill -9` and an upgrade lose, in one run; see bench/README.md."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import Final

from bench.clicks.running_bot import CLICKS_PER_S, LOOP, SCHEMES, STOCKSUP, Clicks, RunningBot, run_bot
from bench.clicks.trial import Trial, summarize_trials
from bench.common import peers, report
from bench.common.report import Figures, Report, Target

EVENTS: Final = ("restart", "kill", "upgrade")
#: the shop with its balance button, and the bot with the benchmark's handler
SHOP: Final = "shop"
SLOW_HANDLERS: Final = "slow handlers"
#: the peers take part in one of so many rounds
PEERS_EVERY: Final = 4
#: at this round trip and below, in milliseconds, the gap at a restart has a limit
NEAR_MS: Final = 1.0

#: bot, round trip in milliseconds, event, scheme
Case = tuple[str, float, str, str]
Results = dict[Case, Figures]


def measure(rounds: int, latencies: Sequence[float], seed: int) -> Report:
    """Measure everything, with each of the round trips `latencies` in milliseconds. Raises CannotMeasure."""
    results: Results = {}
    with tempfile.TemporaryDirectory(prefix="stocksup-bench-") as name:
        for number, (bot, latency_ms) in enumerate(product((SHOP, SLOW_HANDLERS), latencies)):
            environ = {"BENCH_HANDLER": str(seed)} if bot == SLOW_HANDLERS else {}
            with ExitStack() as stack:
                directories = [(scheme, Path(name) / f"{number}{n}") for n, scheme in enumerate(SCHEMES)]
                bots = [stack.enter_context(run_bot(*one, environ, latency_ms)) for one in directories]
                trials = measure_trials(bots, rounds, f"{bot}, {latency_ms:g} ms", seed)
            results |= {(bot, latency_ms, *key): summarize_trials(some) for key, some in trials.items()}
    figures: Figures = {
        "peer": peers.SUPERVISORS[0],
        "seed": seed,
        "clicks_per_s": CLICKS_PER_S,
        "load_at_the_end": round(os.getloadavg()[0], 2),
        "cases": [
            {"bot": bot, "round_trip_ms": latency_ms, "event": event, "scheme": scheme, **found}
            for (bot, latency_ms, event, scheme), found in results.items()
        ],
    }
    return Report(figures, list(make_tables(results)), list(make_targets(results)))


def measure_trials(bots: Sequence[RunningBot], rounds: int, what: str, seed: int) -> dict[tuple[str, str], list[Trial]]:
    """Restart and kill the bots one after the other; in each round another one is first.

    The handlers of a bot's last clicks go on while the other bots are measured.
    """
    trials: dict[tuple[str, str], list[Trial]] = {
        (event, scheme): [] for event in EVENTS for scheme in SCHEMES if is_measured(event, scheme)
    }
    running: dict[RunningBot, tuple[str, Clicks]] = {}
    phase = random.Random(f"{seed} {what}")

    def collect(bot: RunningBot) -> None:
        if bot in running:
            event, clicks = running.pop(bot)
            trials[event, bot.scheme].append(bot.collect(clicks))

    for turn in range(rounds):
        taking_part = [bot for bot in bots if bot.scheme == STOCKSUP or turn % PEERS_EVERY == 0]
        for event in EVENTS:
            for place in range(len(taking_part)):
                bot = taking_part[(turn + place) % len(taking_part)]
                if not is_measured(event, bot.scheme):
                    continue
                collect(bot)
                running[bot] = event, bot.click_around(event, phase)
        report.print_progress(what, turn + 1, rounds)
    for bot in bots:
        collect(bot)
    return trials


def is_measured(event: str, scheme: str) -> bool:
    """Return whether a scheme has the event: only stocksup replaces its own code in place."""
    return event != "upgrade" or scheme == STOCKSUP


def make_targets(results: Results) -> Iterator[Target]:
    """Yield the targets of stocksup."""
    for (bot, latency_ms, event, scheme), found in results.items():
        if scheme != STOCKSUP:
            continue
        what = f"{bot}, {latency_ms:g} ms, {event}"
        lost = found["lost"] + found["not_possible"] + found["turned_away"]
        yield Target(f"{what}: clicks lost, not possible or turned away", lost, 0)
        yield Target(f"{what}: clicks finished twice", found["finished_twice"], 0)
        yield Target(f"{what}: clicks unfinished", found["unfinished"], 0)
        gap_ms, longest_ms = found["longest_gap_median_ms"], found["longest_gap_max_ms"]
        if event == "kill":
            cold_ms = results[bot, latency_ms, event, LOOP]["first_answer_median_ms"]
            yield Target(f"{what}: longest gap, ratio to kill to first answer in the bare loop", gap_ms / cold_ms, 1.3)
            yield Target(f"{what}: longest gap, maximum", longest_ms, 2000, " ms")
            continue
        yield Target(f"{what}: clicks acknowledged twice", found["acknowledged_twice"], 0)
        late_ms = found["ack_p99_ms"] - found["steady_ack_p99_ms"]
        yield Target(f"{what}: 99 of 100 acknowledgements, later than before", late_ms, 60, " ms")
        if latency_ms <= NEAR_MS:
            yield Target(f"{what}: longest gap, median", gap_ms, 50, " ms")
            yield Target(f"{what}: longest gap, maximum", longest_ms, 150, " ms")


def make_tables(results: Results) -> Iterator[str]:
    """Yield a table for each bot and round trip. Clicks are those of one restart or kill, on average."""
    faults = (
        "lost",
        "not_possible",
        "turned_away",
        "acknowledged_twice",
        "finished_twice",
        "edited_again",
        "unfinished",
    )
    for bot, latency_ms in dict.fromkeys(case[:2] for case in results):
        rows = [
            [
                f"{event}, {scheme} ({found['trials']})",
                *(f"{found[fault] / found['trials']:.3g}" for fault in faults),
                f"{found['ack_p99_ms']:.0f} ({found['steady_ack_p99_ms']:.0f})",
                f"{found['longest_gap_median_ms']:.0f} / {found['longest_gap_max_ms']:.0f}",
            ]
            for (*case, event, scheme), found in results.items()
            if case == [bot, latency_ms]
        ]
        words = [fault.replace("_", " ") for fault in faults]
        times = ["99 of 100 acknowledged within (before) ms", "longest gap ms, median / maximum"]
        yield report.make_table([f"{bot}, {latency_ms:g} ms", *words, *times], rows)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "--latencies", type=float, nargs="+", default=[1.0, 100.0], metavar="MS", help="round trips (default 1 and 100)"
    )
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="seed (default: a random one)")


if __name__ == "__main__":
    sys.exit(report.run("clicks", measure, 20, add_options))
