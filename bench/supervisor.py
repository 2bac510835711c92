"""`make bench-supervisor`: what the supervisor does at night, beside supervisord and circus; see bench/README.md.

Exit codes: 0 every target is met · 1 a target is missed, or something could not be measured · 2 usage.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench import stats
from bench.keepers import ROOT, Circus, Keeper, Loop, Stocksup, Supervisord
from bench.peers import PEERS, peer_bin
from bench.stage import CannotMeasure, clean_environ
from bench.stats import Target
from bench.usage import memory
from supervisor.client import Client

RESULTS: Final = ROOT / "bench" / "results" / "supervisor.json"
#: connections that attack the door
ATTACKERS: Final = 240
#: pings while it is attacked
PINGS: Final = 1000
#: restarts after which memory is first looked at: by then everything was needed once
WARM: Final = 100
#: how long to wait until what was just done is cleaned up
CALM_S: Final = 1.0

Figures = dict[str, Any]


def main() -> int:
    """Measure, say what came of it, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.supervisor", description="Measure the supervisor at night.")
    parser.add_argument("--kills", type=int, default=20, metavar="N", help="kills of each (default %(default)s)")
    parser.add_argument("--restarts", type=int, default=1000, metavar="N", help="restarts (default %(default)s)")
    parser.add_argument("--idle", type=float, default=60.0, metavar="S", help="seconds of idleness (default 60)")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE", help="where the JSON goes")
    given = parser.parse_args()
    if given.kills < 2 or given.restarts <= WARM or given.idle <= 0:
        parser.error(f"--kills takes 2 or more, --restarts more than {WARM}, --idle more than 0")
    try:
        figures, targets = measure(given.kills, given.restarts, given.idle)
    except CannotMeasure as error:
        print(f"cannot measure: {error}", file=sys.stderr)
        return 1
    given.output.parent.mkdir(exist_ok=True)
    given.output.write_text(json.dumps({**figures, "targets": [one.shown() for one in targets]}, indent=2) + "\n")
    print(report(figures, targets))
    return 0 if all(target.met for target in targets) else 1


def measure(kills: int, restarts: int, idle_s: float) -> tuple[Figures, list[Target]]:
    """Return all figures, and the targets they are held against. Raises CannotMeasure."""
    peers = peer_bin()
    with tempfile.TemporaryDirectory(prefix="stocksup-bench-") as name:
        directory = Path(name)
        reborn = measure_kills(directory, peers, kills)
        with Stocksup(directory / "linked", BENCH_LINK="1") as keeper:
            assert isinstance(keeper, Stocksup)
            keeper.lines.wait(b"welcome")
            idle_ms = measure_idle(keeper, idle_s)
            attacked_s = measure_attack(keeper)
            usage = measure_restarts(keeper, restarts)
            adopted_s = measure_adoption(keeper, kills)
    figures: Figures = {
        "made_with": {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()},
        "peers": PEERS,
        "load_at_the_end": round(os.getloadavg()[0], 2),
        "kill_to_first_line": {way: stats.summary(samples) for way, samples in reborn.items()},
        "start_to_adoption": stats.summary(adopted_s),
        "ping_under_attack": {**stats.summary(attacked_s), "p99_ms": round(1000 * p99(attacked_s), 2)},
        "cpu_ms_per_idle_minute": idle_ms,
        "restarts": usage,
    }
    return figures, _targets(reborn, figures)


def measure_kills(directory: Path, peers: Path, kills: int) -> dict[str, list[float]]:
    """Kill the child of each keeper in turn; return the seconds until the next one's first line."""
    makers: tuple[Callable[[Path], Keeper], ...] = (
        Stocksup,
        Loop,
        partial(Supervisord, peer_bin=peers),
        partial(Circus, peer_bin=peers),
    )
    took: dict[str, list[float]] = {}
    with ExitStack() as stack:
        keepers = [stack.enter_context(make(directory / str(number))) for number, make in enumerate(makers)]
        living = {one.name: one.lines.wait(b"born")[0] for one in keepers}
        for number in range(kills):
            # the pace of the slowest is everybody's: what is young may count as one that did not come up
            time.sleep(max(one.settle_s for one in keepers))
            for place in range(len(keepers)):
                one = keepers[(number + place) % len(keepers)]
                began_s = time.monotonic()
                os.kill(living[one.name], signal.SIGKILL)
                living[one.name], at_s = one.lines.wait(b"born")
                took.setdefault(one.name, []).append(at_s - began_s)
            _say_progress("kills", number + 1, kills)
    return took


def measure_attack(keeper: Stocksup) -> list[float]:
    """Ask `ping`, again and again, while the door is attacked; return how long each answer took."""
    attack = [sys.executable, "-m", "bench.attack", str(keeper.socket), str(ATTACKERS)]
    took = []
    with subprocess.Popen(attack, env=clean_environ(), cwd=ROOT, stdout=subprocess.PIPE) as attacker:
        assert attacker.stdout is not None
        attacker.stdout.readline()  # all have come in
        with Client(keeper.socket) as client:
            for _ in range(PINGS):
                began_s = time.monotonic()
                client.request("ping", timeout_s=30.0)
                took.append(time.monotonic() - began_s)
                time.sleep(0.002)
        attacker.terminate()
    return took


def measure_idle(keeper: Keeper, idle_s: float) -> float:
    """Leave everything alone but for heartbeats; return the milliseconds of CPU that a minute takes."""
    time.sleep(CALM_S)
    before_ns = _cpu_ns(keeper.pid)
    time.sleep(idle_s)
    return round((_cpu_ns(keeper.pid) - before_ns) / 1e6 * 60 / idle_s, 2)


def measure_restarts(keeper: Stocksup, restarts: int) -> dict[str, Any]:
    """Restart again and again; return what the supervisor used after some of them, and after all."""
    usage: dict[str, Any] = {}
    with Client(keeper.socket) as client:
        for number in range(1, restarts + 1):
            client.request("restart", wait=True, timeout_s=30.0)
            keeper.lines.forget()
            if number in (WARM, restarts):
                time.sleep(CALM_S)
                usage[f"after_{number}"] = {
                    "rss_mib": memory(keeper.pid).rss_mib,
                    "descriptors": len(os.listdir(f"/proc/{keeper.pid}/fd")),
                    "threads": len(os.listdir(f"/proc/{keeper.pid}/task")),
                }
            if number % 50 == 0:
                _say_progress("restarts", number, restarts)
    return usage


def measure_adoption(keeper: Stocksup, times: int) -> list[float]:
    """Kill the supervisor and start the next one; return the seconds until the life has been welcomed by it."""
    took = []
    for _ in range(times):
        assert keeper.process is not None
        keeper.process.kill()
        keeper.process.wait()
        keeper.lines.forget()
        began_s = time.monotonic()
        keeper.begin()
        took.append(keeper.lines.wait(b"welcome")[1] - began_s)
    return took


def p99(samples_s: Sequence[float]) -> float:
    """Return what 99 of 100 samples are below."""
    return statistics.quantiles(samples_s, n=100)[98]


def _targets(reborn: dict[str, list[float]], figures: Figures) -> list[Target]:
    ours = reborn[Stocksup.name]
    before, after = figures["restarts"].values()
    return [
        Target("kill -9 to first line, ratio to a bare loop", stats.ratio(ours, reborn[Loop.name]), 2.0),
        Target("kill -9 to first line, ratio to supervisord", stats.ratio(ours, reborn[Supervisord.name]), 0.1),
        Target("start to adoption", figures["start_to_adoption"]["median_ms"], 300.0, " ms"),
        Target("p99 of ping under attack", figures["ping_under_attack"]["p99_ms"], 20.0, " ms"),
        Target("CPU in an idle minute", figures["cpu_ms_per_idle_minute"], 10.0, " ms"),
        Target("RSS, growth over the restarts", after["rss_mib"] - before["rss_mib"], 1.0, " MiB"),
        Target("descriptors, growth over the restarts", after["descriptors"] - before["descriptors"], 0.0),
        Target("threads", after["threads"], 1.0),
    ]


def report(figures: Figures, targets: list[Target]) -> str:
    """Return what a person is told. Pure."""
    timed = {
        **{f"kill -9 to first line, {way}": one for way, one in figures["kill_to_first_line"].items()},
        "start to adoption": figures["start_to_adoption"],
        "ping under attack": figures["ping_under_attack"],
    }
    rows = [
        [what, f"{one['median_ms']:.1f}", f"{one['q1_ms']:.1f} – {one['q3_ms']:.1f}", f"{one['samples']:.0f}"]
        for what, one in timed.items()
    ]
    used = [
        [when.replace("_", " "), *(str(value) for value in one.values())] for when, one in figures["restarts"].items()
    ]
    missed = sum(not target.met for target in targets)
    return "\n".join(
        [
            "",
            stats.table(["", "median ms", "middle half ms", "samples"], rows),
            "",
            stats.table(["restarts", "RSS MiB", "descriptors", "threads"], used),
            "",
            *(target.words() for target in targets),
            "",
            f"{missed} of {len(targets)} targets missed" if missed else f"all {len(targets)} targets met",
        ]
    )


def _cpu_ns(pid: int) -> int:
    """Return how long the process has been on a processor: the first figure of schedstat, in proc(5)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def _say_progress(what: str, done: int, of: int) -> None:
    print(f"\r{what}: {done} of {of}", end="\n" if done == of else "", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
