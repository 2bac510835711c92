"""What the shop costs the bot: time until it serves, and memory while it has nothing to do."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.probe import Probe
from bench.stage import BOT, Stage, clean_environ, end, stage
from bench.usage import memory

#: how long the bot is left alone before its memory is read, in seconds
IDLE_S: Final = 10.0

_OPEN: Final = """
import asyncio, sys, time
from pathlib import Path
import discord
import botapp.bot
from botapp.config.loading import load
began_s = time.perf_counter()
from botapp.shop import Shop
shop = Shop(load(Path(sys.argv[1])), lambda: None)
asyncio.run(shop.open())
print(time.perf_counter() - began_s)
"""


@dataclass
class Starts:
    """What was measured of several starts, in seconds, and the memory of the last bot."""

    import_discord_s: list[float]
    open_s: list[float]
    ready_s: list[float]
    rss_mib: float

    @property
    def ratio(self) -> float:
        """Ready, in relation to what may be taken: 1.25 × `import discord` and the opening of the database."""
        triples = zip(self.ready_s, self.import_discord_s, self.open_s, strict=True)
        return statistics.median(ready / (1.25 * discord + opened) for ready, discord, opened in triples)


def measure_starts(directory: Path, rounds: int) -> Starts:
    """Start a bot `rounds` times, each beside its floor. Raises CannotMeasure, NoAnswer."""
    found = Starts([], [], [], 0.0)
    with stage(directory) as place:
        _start(place)  # makes the database
        for number in range(rounds):
            found.import_discord_s.append(_timed([sys.executable, "-c", "import discord"]))
            asked = [sys.executable, "-c", _OPEN, str(place.config)]
            said = subprocess.run(asked, env=place.environ, capture_output=True, text=True, check=True).stdout
            found.open_s.append(float(said))
            ready_s, rss_mib = _start(place, idle_s=IDLE_S if number + 1 == rounds else 0.0)
            found.ready_s.append(ready_s)
            found.rss_mib = rss_mib
    return found


def _start(place: Stage, idle_s: float = 0.0) -> tuple[float, float]:
    """Start a bot, wait until it serves and then `idle_s`, end it; return how long it took, and its memory in MiB."""
    with Probe(place.probe) as probe, (place.directory / "bot.log").open("ab") as log:
        began_s = time.monotonic()
        bot = subprocess.Popen(BOT, env=place.environ, stdout=log, stderr=log)
        try:
            took_s = probe.await_first() - began_s
            time.sleep(idle_s)
            return took_s, memory(bot.pid).rss_mib
        finally:
            end(bot)


def _timed(command: list[str]) -> float:
    began_s = time.monotonic()
    subprocess.run(command, env=clean_environ(), check=True)
    return time.monotonic() - began_s
