"""How long a purchase waits while `stocksup data` backs up, verifies or exports a shop with a hundred thousand keys."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

from bench.common.environment import CannotMeasure, clean_environ
from bench.shop.purchases import BUYERS, LIMITS, Market
from botapp.store.usecases import purchases

#: keys in stock; in SQLite they take 24 MB
KEYS: Final = 100_000
COMMANDS: Final = ("backup", "verify", "export")
#: time between two purchases, in seconds; with less the load of the machine would be measured
_INTERVAL_S: Final = 0.02


def measure_waits(directory: Path, url: str, rounds: int) -> dict[str, list[float]]:
    """Return the longest wait of a purchase in each round, in seconds, by command, and without a command ("quiet").

    The shop is created in `directory`; `url` as in `[store] url`. Raises CannotMeasure.
    """
    file = directory / "state" / "bot" / "shop.db"
    file.parent.mkdir(parents=True)
    config = directory / "config.toml"
    config.write_text(f'[store]\nurl = "{url}"\n')
    market = Market(url, file, KEYS)
    stocksup = (str(Path(sys.executable).parent / "stocksup"), "--config", str(config), "data")
    waits_s: dict[str, list[float]] = {name: [] for name in ("quiet", *COMMANDS)}
    for number in range(rounds):
        for name in waits_s:
            export_file = [str(directory / f"{number}.gz")] if name == "export" else []
            quiet = (sys.executable, "-c", "import time; time.sleep(1)")
            waits_s[name].append(_longest_wait_s(market, quiet if name == "quiet" else (*stocksup, name, *export_file)))
    return waits_s


def _longest_wait_s(market: Market, command: tuple[str, ...]) -> float:
    """Sell steadily while `command` runs; return the longest wait of a purchase, in seconds."""
    stopped = threading.Event()
    waits_s: list[float] = []

    def sell() -> None:
        while not stopped.wait(_INTERVAL_S):
            began_s = time.monotonic()
            market.database.run_sync(purchases.buy, market.order(1 + len(waits_s) % BUYERS), LIMITS, 2)
            waits_s.append(time.monotonic() - began_s)

    selling = threading.Thread(target=sell)
    selling.start()
    done = subprocess.run(command, env=clean_environ(), capture_output=True, text=True, check=False)
    stopped.set()
    selling.join()
    if done.returncode:
        raise CannotMeasure(f"{command[-1]} failed: {(done.stderr or done.stdout).strip()}")
    return max(waits_s)
