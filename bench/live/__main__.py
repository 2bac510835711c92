"""`make bench-live`: how soon members see a purchase, and how soon a click is answered; see bench/README.md."""

from __future__ import annotations

import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from bench.common import report
from bench.common.environment import CannotMeasure
from bench.common.report import Report, Target
from botapp.cli.demo_shop import DemoProduct
from tests.support.discord.control import Json
from tests.support.shop.member import YES, Customer
from tests.support.shop.products import stock_up
from tests.support.shop.shop import Shop, shop, text
from tests.support.shop.shop_database import books

EDIT_INTERVAL_S: Final = 2.0
PIECES: Final = 1000
PURCHASES_PER_S: Final = 10
CLICKS_PER_S: Final = 50


def measure(rounds: int) -> Report:
    """Measure everything; each round takes two seconds. Raises CannotMeasure."""
    goods = (DemoProduct("KEY", "Key", 1, "", tuple(f"key-{number:04d}" for number in range(PIECES))),)
    extra = f"edit_interval_s = {EDIT_INTERVAL_S}\n[store]\ncooldown_s = 0\n"
    with tempfile.TemporaryDirectory(prefix="stocksup-bench-") as name:
        directory = Path(name) / "shop"
        stock_up(directory, goods)
        with shop(directory, as_in_demo=True, extra=extra) as running:
            running.start()
            orders = prepare_orders(running, rounds * PURCHASES_PER_S)
            answered_s = click(running, rounds * CLICKS_PER_S)
            seen_s = buy(running, orders)
    figures = {"purchase_seen": report.summarize(seen_s), "click_answered": report.summarize(answered_s)}
    targets = [
        Target("a purchase is seen, 95 of 100 within", report.percentile(seen_s, 95), EDIT_INTERVAL_S + 0.3, " s"),
        Target("a click is answered, median", figures["click_answered"]["median_ms"], 15, " ms"),
        Target("a click is answered, 99 of 100 within", 1000 * report.percentile(answered_s, 99), 100, " ms"),
    ]
    return Report(figures, [report.make_time_table(figures)], targets)


def prepare_orders(running: Shop, count: int) -> list[tuple[Customer, Json]]:
    """Let `count` members order a key, up to the question whether they want to buy it."""
    customers = [Customer(running.discord, f"member{number}") for number in range(count)]
    with books(running.directory) as database:
        for customer in customers:
            running.discord.join(customer.name)
            customer.register(customer.name)
            database.deposit(customer.name, 1000)
    return [(customer, customer.orders("Key")) for customer in customers]


def click(running: Shop, count: int) -> list[float]:
    """Click a button `count` times; return the seconds until Discord has each answer."""
    answers_s: list[float] = []
    message = Customer(running.discord, "Budi").message("stocksup:v1:world")

    def press() -> None:
        interaction = running.discord.click("Budi", "stocksup:v1:world", message_id=message["id"])
        result = running.discord.interaction(interaction, wait_s=5)
        if result["state"] == "answered":
            answers_s.append(result["ack_ms"] / 1000)

    run_spaced(1 / CLICKS_PER_S, [press] * count)
    if len(answers_s) < count:
        raise CannotMeasure(f"{count - len(answers_s)} clicks were not answered")
    return answers_s


def buy(running: Shop, orders: Sequence[tuple[Customer, Json]]) -> list[float]:
    """Confirm the orders; return the seconds from each answer until the live message shows the new stock."""
    bought_s: list[float] = []

    def confirm(customer: Customer, question: Json) -> None:
        customer.press(question, YES)
        bought_s.append(time.monotonic())

    with watch_stock(running) as stock:
        run_spaced(1 / PURCHASES_PER_S, [partial(confirm, *order) for order in orders])
        deadline_s = time.monotonic() + 4 * EDIT_INTERVAL_S
        while min((left for _, left in stock), default=PIECES) > PIECES - len(orders):
            if time.monotonic() > deadline_s:
                raise CannotMeasure("not every purchase was seen")
            time.sleep(0.05)
    seen_s = [next(at_s for at_s, left in stock if left <= PIECES - number) for number in range(1, len(orders) + 1)]
    return [max(0.0, seen - bought) for seen, bought in zip(seen_s, sorted(bought_s), strict=True)]


def run_spaced(interval_s: float, tasks: Sequence[Callable[[], None]]) -> None:
    """Start each task in a thread, one every `interval_s` seconds, and wait for all."""
    threads = [threading.Thread(target=task) for task in tasks]
    due_s = time.monotonic()
    for thread in threads:
        time.sleep(max(0.0, due_s - time.monotonic()))
        thread.start()
        due_s += interval_s
    for thread in threads:
        thread.join()


@contextmanager
def watch_stock(running: Shop) -> Iterator[list[tuple[float, int]]]:
    """Record each stock that the live message shows, and when, in seconds of `time.monotonic`."""
    stock: list[tuple[float, int]] = []
    stopped = threading.Event()

    def watch() -> None:
        for _ in running.discord.events(timeout_s=120):
            if stopped.is_set():
                return
            now_s = time.monotonic()
            for message in running.discord.view("Budi"):
                if shown := re.search(r"stok: ([\d.]+)", text(message)):
                    stock.append((now_s, int(shown[1].replace(".", ""))))

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield stock
    finally:
        stopped.set()


if __name__ == "__main__":
    sys.exit(report.run("live", measure, 10))
