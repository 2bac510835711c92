"""`make bench-supervisor`: crashes and long runs, beside supervisord and circus; see bench/README.md."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from bench.common import peers, report
from bench.common.environment import ROOT, clean_environ
from bench.common.process_usage import read_memory
from bench.common.report import Figures, Report, Target
from bench.common.supervisors import STARTERS, Starter, Supervisor, start_stocksup
from bench.supervisor.child_lines import ChildLines
from supervisor.client import Client

CHILD: Final = (sys.executable, "-I", "-S", str(ROOT / "bench" / "supervisor" / "child.py"))
#: restarts in each round
RESTARTS: Final = 50
#: restarts after which memory is read first: by then everything was needed once
WARM: Final = 100
#: how long a child must have run so that its end does not count as a failed start, in seconds
SETTLE_S: Final = 1.5
#: how long to wait until everything is cleaned up, in seconds
QUIET_S: Final = 1.0

_CONFIG: Final = """
[programs.bot]
command = [{command}]
ready = {ready}
max_starts_per_day = 0
max_crashes = 0
crash_window_s = 1
"""


def measure(rounds: int) -> Report:
    """Measure everything. Raises CannotMeasure."""
    with tempfile.TemporaryDirectory(prefix="stocksup-bench-") as name:
        kills = measure_kills(Path(name), rounds)
        with run_supervisor(start_stocksup, Path(name) / "notify", BENCH_NOTIFY="1") as (supervisor, lines):
            lines.wait(b"welcome")
            usage = measure_usage(supervisor, lines, max(rounds * RESTARTS, 2 * WARM))
            adoptions = measure_adoptions(supervisor, lines, rounds)
    figures: Figures = {
        "peers": peers.SUPERVISORS,
        "load_at_the_end": round(os.getloadavg()[0], 2),
        "kill_to_first_line": {supervisor: report.summarize(samples) for supervisor, samples in kills.items()},
        "start_to_adoption": report.summarize(adoptions),
        "restarts": usage,
    }
    times = {f"kill -9 to first line, {name}": summary for name, summary in figures["kill_to_first_line"].items()}
    rows = [[when.replace("_", " "), *map(str, used.values())] for when, used in usage.items()]
    tables = [
        report.make_time_table({**times, "start to adoption": figures["start_to_adoption"]}),
        report.make_table(["restarts", "RSS MiB", "descriptors", "threads"], rows),
    ]
    return Report(figures, tables, make_targets(kills, figures))


@contextmanager
def run_supervisor(start: Starter, directory: Path, **environ: str) -> Iterator[tuple[Supervisor, ChildLines]]:
    """Run a supervisor with the child; both end with the block."""
    directory.mkdir()
    lines = ChildLines(directory / "lines")
    command = ", ".join(f'"{word}"' for word in CHILD)
    # without a connection the child counts as ready at once
    ready = '"notify"' if environ else "0.1"
    (directory / "config.toml").write_text(_CONFIG.format(command=command, ready=ready))
    supervisor = start(directory, CHILD, {**clean_environ(), "BENCH_LINES": str(lines.path), **environ})
    try:
        yield supervisor, lines
    finally:
        supervisor.stop()
        lines.close()


def measure_kills(directory: Path, rounds: int) -> dict[str, list[float]]:
    """Kill the child of each supervisor in turn; return the seconds until the first line of the next one."""
    took_s: dict[str, list[float]] = {}
    with ExitStack() as stack:
        running = [stack.enter_context(run_supervisor(start, directory / start.__name__)) for start in STARTERS]
        pids = {supervisor.name: lines.wait(b"born")[0] for supervisor, lines in running}
        for turn in range(rounds):
            time.sleep(SETTLE_S)
            for place in range(len(running)):
                supervisor, lines = running[(turn + place) % len(running)]
                began_s = time.monotonic()
                os.kill(pids[supervisor.name], signal.SIGKILL)
                pids[supervisor.name], at_s = lines.wait(b"born")
                took_s.setdefault(supervisor.name, []).append(at_s - began_s)
            report.print_progress("kills", turn + 1, rounds)
    return took_s


def measure_usage(supervisor: Supervisor, lines: ChildLines, restarts: int) -> dict[str, Any]:
    """Restart the child many times; return what the supervisor uses after some restarts and after all."""
    usage: dict[str, Any] = {}
    with Client(supervisor.directory / "state" / "stocksup.sock") as client:
        for number in range(1, restarts + 1):
            client.request("restart", wait=True, timeout_s=30.0)
            lines.skip()
            if number in (WARM, restarts):
                time.sleep(QUIET_S)
                usage[f"after_{number}"] = {
                    "rss_mib": read_memory(supervisor.pid).rss_mib,
                    "descriptors": len(os.listdir(f"/proc/{supervisor.pid}/fd")),
                    "threads": len(os.listdir(f"/proc/{supervisor.pid}/task")),
                }
            if number % RESTARTS == 0:
                report.print_progress("restarts", number, restarts)
    return usage


def measure_adoptions(supervisor: Supervisor, lines: ChildLines, rounds: int) -> list[float]:
    """Kill the supervisor and start the next one; return the seconds until the child, which runs on, is welcomed."""
    took_s = []
    for _ in range(rounds):
        supervisor.process.kill()
        supervisor.process.wait()
        lines.skip()
        began_s = time.monotonic()
        supervisor.start()
        took_s.append(lines.wait(b"welcome")[1] - began_s)
    return took_s


def make_targets(kills: dict[str, list[float]], figures: Figures) -> list[Target]:
    """Return the targets."""
    before, after = figures["restarts"].values()
    ours, loop, theirs = (kills[name] for name in ("stocksup", "bare loop", "supervisord"))
    return [
        Target("kill -9 to first line, ratio to a bare loop", report.ratio(ours, loop), 2.0),
        Target("kill -9 to first line, ratio to supervisord", report.ratio(ours, theirs), 0.1),
        Target("start to adoption", figures["start_to_adoption"]["median_ms"], 300.0, " ms"),
        Target("RSS, growth over the restarts", after["rss_mib"] - before["rss_mib"], 1.0, " MiB"),
        Target("descriptors, growth over the restarts", after["descriptors"] - before["descriptors"], 0.0),
        Target("threads", after["threads"], 1.0),
    ]


if __name__ == "__main__":
    sys.exit(report.run("supervisor", measure, 20))
