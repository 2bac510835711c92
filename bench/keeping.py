"""How long a purchase waits while the owner's data is looked at or saved, on a shop with a hundred thousand keys."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

from bench.buying import BUYERS, LIMITS, Market
from bench.stage import CannotMeasure
from botapp.store.usecases import purchases

#: stock of the shop; in SQLite that makes 24 MB
PIECES: Final = 100_000
#: what is done with the data, beside a shop that sells
ACTIONS: Final = ("backup", "verify", "export")
#: purchases are begun this often, in seconds; more of them would measure how busy the machine is
_EVERY_S: Final = 0.02


def measure_keeping(directory: Path, url: str, times: int) -> dict[str, list[float]]:
    """Return, for each action and for `quiet`, the longest wait of a purchase each time, in seconds.

    Args:
        directory: where the shop is made, which becomes its own.
        url: as in `[store] url`; where it is empty the database is a file.

    Raises CannotMeasure.
    """
    file = directory / "state" / "bot" / "shop.db"
    file.parent.mkdir(parents=True)
    config = directory / "config.toml"
    config.write_text(f'[store]\nurl = "{url}"\n')
    market = Market(url, file, PIECES)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("STOCKSUP", "DISCORD"))}
    command = [str(Path(sys.executable).parent / "stocksup"), "--config", str(config), "data"]
    found: dict[str, list[float]] = {name: [] for name in ("quiet", *ACTIONS)}
    for number in range(times):
        found["quiet"].append(_longest_wait_s(market, [sys.executable, "-c", "import time; time.sleep(1)"], environ))
        for action in ACTIONS:
            target = [str(directory / f"{number}.gz")] if action == "export" else []
            found[action].append(_longest_wait_s(market, [*command, action, *target], environ))
    return found


def _longest_wait_s(market: Market, command: list[str], environ: dict[str, str]) -> float:
    """Sell steadily while `command` runs; return the longest wait of a purchase, in seconds."""
    over = threading.Event()
    waits_s: list[float] = []

    def sell() -> None:
        for number in range(10**9):
            began_s = time.monotonic()
            market.database.run_sync(purchases.buy, market.order(1 + number % BUYERS), LIMITS, 2)
            waits_s.append(time.monotonic() - began_s)
            if over.wait(_EVERY_S):
                return

    selling = threading.Thread(target=sell)
    selling.start()
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    over.set()
    selling.join()
    if done.returncode:
        raise CannotMeasure(f"{command[-1]} failed: {(done.stderr or done.stdout).strip()}")
    return max(waits_s)
