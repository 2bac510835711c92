"""`make bench-live`: how soon members see a purchase, and how soon a click is answered; see bench/README.md.

Exit codes: 0 every target is met · 1 a target is missed, or something could not be measured · 2 usage.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

from bench import stats
from bench.stage import CannotMeasure
from bench.stats import Target
from botapp.cli.demo_shop import DemoProduct
from botapp.config.settings import Store
from botapp.runtime.tasks import TaskRegistry
from botapp.services.live_message.message import LiveMessage
from botapp.services.live_message.updater import LiveMessageUpdater
from botapp.store.domain.records import Product
from botapp.ui.live.health import Mode, Visibility
from botapp.ui.live.render import RenderedMessage, Snapshot, render
from tests.support.discord.control import Json
from tests.support.shop.member import YES, Customer
from tests.support.shop.products import stock_up
from tests.support.shop.shop import Shop, shop, text
from tests.support.shop.shop_database import books

RESULTS: Final = Path(__file__).resolve().parent / "results" / "live.json"
EDIT_INTERVAL_S: Final = 2.0
PIECES: Final = 1000
CHANGES: Final = 1000


def main() -> int:
    """Measure, say what came of it, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.live", description="Measure live stock and buttons.")
    parser.add_argument("--purchases", type=int, default=100, metavar="N", help="at 10 a second (default 100)")
    parser.add_argument("--clicks", type=int, default=500, metavar="N", help="at 50 a second (default 500)")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE", help="where the JSON goes")
    given = parser.parse_args()
    if min(given.purchases, given.clicks) < 20:
        parser.error("--purchases and --clicks take 20 or more")
    try:
        seen_s, acks_s = measure(given.purchases, given.clicks)
    except (CannotMeasure, AssertionError) as error:
        print(f"cannot measure: {error}", file=sys.stderr)
        return 1
    edits, renders_s = asyncio.run(count_edits()), time_renders()
    targets = [
        Target("a purchase is seen, 95 of 100 within", percentile(seen_s, 95), EDIT_INTERVAL_S + 0.3, " s"),
        Target(f"edits for {CHANGES} changes at once", edits, 3),
        Target("100 products rendered in", 1000 * statistics.median(renders_s), 2.0, " ms"),
        Target("a click is answered, median", 1000 * statistics.median(acks_s), 15, " ms"),
        Target("a click is answered, 99 of 100 within", 1000 * percentile(acks_s, 99), 100, " ms"),
    ]
    figures: dict[str, Any] = {
        "made_with": {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()},
        "purchase_seen": stats.summary(seen_s),
        "click_answered": stats.summary(acks_s),
        "render": stats.summary(renders_s),
        "edits": edits,
        "targets": [one.shown() for one in targets],
    }
    given.output.parent.mkdir(exist_ok=True)
    given.output.write_text(json.dumps(figures, indent=2) + "\n")
    missed = sum(not target.met for target in targets)
    print("\n".join(target.words() for target in targets))
    print(f"\n{missed} of {len(targets)} targets missed" if missed else f"\nall {len(targets)} targets met")
    return 0 if not missed else 1


def percentile(samples: list[float], of_100: int) -> float:
    """Return the value that so many of 100 samples do not exceed."""
    return statistics.quantiles(samples, n=100)[of_100 - 1]


def measure(purchases: int, clicks: int) -> tuple[list[float], list[float]]:
    """Return how long each purchase took to be seen, and each click to be answered, in seconds."""
    goods = (DemoProduct("KEY", "Key", 1, "", tuple(f"key-{number:04d}" for number in range(PIECES))),)
    extra = f"edit_interval_s = {EDIT_INTERVAL_S}\n[store]\ncooldown_s = 0\n"
    with tempfile.TemporaryDirectory(prefix="stocksup-bench-") as name:
        directory = Path(name) / "shop"
        stock_up(directory, goods)
        with shop(directory, extra=extra) as running:
            running.start()
            questions = ask(running, purchases)
            acks_s = click(running, clicks)
            with watching(running) as stocks:
                bought_s = confirm(questions)
                give_up_s = time.monotonic() + 4 * EDIT_INTERVAL_S
                while min((left for _, left in stocks), default=PIECES) > PIECES - purchases:
                    if time.monotonic() > give_up_s:
                        raise CannotMeasure("not every purchase was seen")
                    time.sleep(0.05)
            return latencies(bought_s, stocks), acks_s


def ask(running: Shop, purchases: int) -> list[tuple[Customer, Json]]:
    """Let as many members as there are to be purchases go all the way to the confirmation."""
    customers = [Customer(running.discord, f"member{number}") for number in range(purchases)]
    with books(running.directory) as shelf:
        for one in customers:
            running.discord.join(one.name)
            one.register(one.name)
            shelf.deposit(one.name, 1000)
    return [(one, one.orders("Key")) for one in customers]


def confirm(questions: list[tuple[Customer, Json]]) -> list[float]:
    """Confirm ten a second; return when each was answered, in seconds of `time.monotonic`."""
    answered_s: list[float] = []

    def press(customer: Customer, question: Json) -> None:
        customer.press(question, YES)
        answered_s.append(time.monotonic())

    spaced(0.1, [threading.Thread(target=press, args=pair) for pair in questions])
    return sorted(answered_s)


def click(running: Shop, clicks: int) -> list[float]:
    """Click fifty times a second; return how long each took to be answered, as Discord sees it, in seconds."""
    answers_s: list[float] = []
    live = Customer(running.discord, "Budi").message("stocksup:v1:world")

    def press() -> None:
        interaction = running.discord.click("Budi", "stocksup:v1:world", message_id=live["id"])
        ended = running.discord.interaction(interaction, wait_s=5)
        assert ended["state"] == "answered", ended
        answers_s.append(ended["ack_ms"] / 1000)

    spaced(0.02, [threading.Thread(target=press) for _ in range(clicks)])
    if len(answers_s) < clicks:
        raise CannotMeasure(f"{clicks - len(answers_s)} clicks were not answered")
    return answers_s


def spaced(interval_s: float, threads: list[threading.Thread]) -> None:
    """Start threads one after the other, and wait for all."""
    due_s = time.monotonic()
    for thread in threads:
        time.sleep(max(0.0, due_s - time.monotonic()))
        thread.start()
        due_s += interval_s
    for thread in threads:
        thread.join()


@contextmanager
def watching(running: Shop) -> Iterator[list[tuple[float, int]]]:
    """Note each stock that the live message shows, and when, in seconds of `time.monotonic`."""
    stocks: list[tuple[float, int]] = []
    over = threading.Event()

    def watch() -> None:
        for _ in running.discord.events(timeout_s=120):
            if over.is_set():
                return
            now_s = time.monotonic()
            shown = [re.search(r"stok: ([\d.]+)", text(one)) for one in running.discord.view("Budi")]
            found = next((int(one[1].replace(".", "")) for one in shown if one), None)
            if found is not None and (not stocks or stocks[-1][1] != found):
                stocks.append((now_s, found))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield stocks
    finally:
        over.set()


def latencies(bought_s: list[float], stocks: list[tuple[float, int]]) -> list[float]:
    """Return for each purchase the time until the live message showed so many pieces less. Pure."""
    found = []
    for number, at_s in enumerate(bought_s, 1):
        seen_s = next(when_s for when_s, left in stocks if left <= PIECES - number)
        found.append(max(0.0, seen_s - at_s))
    return found


async def count_edits() -> int:
    """Return how many edits a thousand changes within a second cause."""
    edits = 0

    class Counted:
        channel_id, language, message_id, key = 1, "", 1, (1, "")

        async def show(self, rendered: RenderedMessage) -> bool:
            nonlocal edits
            edits += 1
            return True

    left = CHANGES

    async def products() -> tuple[Product, ...]:
        return (Product(1, "A", "A", 1, "", left),)

    tasks = TaskRegistry()
    front = LiveMessageUpdater(
        tasks, Store(), products, [cast(LiveMessage, Counted())], edit_interval_s=EDIT_INTERVAL_S
    )
    front.start()
    for _ in range(CHANGES):
        left -= 1
        front.refresh_soon()
        await asyncio.sleep(0.001)
    await asyncio.sleep(2 * EDIT_INTERVAL_S)
    await tasks.drain(1.0)
    return edits


def time_renders() -> list[float]:
    """Return how long rendering a hundred products takes, several times, in seconds."""
    store = Store()
    goods = tuple(Product(number, f"CODE{number}", f"Product {number}", 150, "", number) for number in range(100))
    snapshot = Snapshot(goods, Visibility(stock=True, buttons=True), Mode.NORMAL, 0.0, store.currency, 10, 1)
    took_s = []
    for _ in range(100):
        began_s = time.perf_counter()
        render(snapshot)
        took_s.append(time.perf_counter() - began_s)
    return took_s


if __name__ == "__main__":
    sys.exit(main())
