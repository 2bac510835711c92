"""What the switch of the cache costs on a restart's way when there is much to throw away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.probe import Probe
from bench.stage import CannotMeasure, stage
from bench.ways import Stocksup

FILES: Final = 100_000
BYTES: Final = 1024**3
#: restarts for each kind of cache
ROUNDS: Final = 5
_SWEEP_TIMEOUT_S: Final = 120.0


def measure_flush(directory: Path) -> dict[str, list[float]]:
    """Restart a bot whose cache directory is full; return the seconds of `flush_s`, by what was in it."""
    with _stocksup(directory) as (way, probe):
        kinds: dict[str, Callable[[Path], None]] = {"100 000 files": _many_files, "1 GiB in 4 files": _large_files}
        return {name: [_flush_s(way, probe, fill) for _ in range(ROUNDS)] for name, fill in kinds.items()}


@contextmanager
def _stocksup(directory: Path) -> Iterator[tuple[Stocksup, Probe]]:
    with stage(directory) as one, Probe(one.probe) as probe:
        way = Stocksup(one)
        try:
            way.start()
            yield way, probe
        finally:
            way.end()


def _flush_s(way: Stocksup, probe: Probe, fill: Callable[[Path], None]) -> float:
    probe.await_steady()
    cache = way.stage.directory / "state" / "cache" / "bot"
    (temp,) = cache.glob("temp-*")
    fill(temp)
    way.restart()
    report = way.settle()
    if not report["ok"] or temp.exists():
        raise CannotMeasure(f"the cache was not switched: {report}")
    _await_sweep(cache / "trash")
    return float(report["phases"]["flush_s"])


def _many_files(directory: Path) -> None:
    for number in range(FILES):
        (directory / f"entry-{number}").touch()


def _large_files(directory: Path) -> None:
    block = bytes(1024**2)
    for number in range(4):
        with (directory / f"large-{number}").open("wb") as file:
            for _ in range(BYTES // 4 // len(block)):
                file.write(block)


def _await_sweep(trash: Path) -> None:
    """Wait until what was thrown away is deleted; it is done in the background, and nobody reports it."""
    deadline_s = time.monotonic() + _SWEEP_TIMEOUT_S
    while any(trash.iterdir()):
        if time.monotonic() > deadline_s:
            raise CannotMeasure(f"what was thrown away is still in {trash} after {_SWEEP_TIMEOUT_S:g} s")
        time.sleep(0.05)
