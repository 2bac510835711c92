"""A hundred thousand lines of stock brought in as admins do it, while members click."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.stage import CannotMeasure
from botapp.cli.demo_shop import DemoProduct
from tests.support.shop.member import Customer
from tests.support.shop.products import stock_up
from tests.support.shop.shop import shop
from tests.support.shop.shop_database import books

LINES: Final = 100_000
#: clicks a second meanwhile
CLICKS_PER_S: Final = 10


@dataclass(frozen=True)
class Stocked:
    """What was measured, in seconds."""

    took_s: float
    #: of each click meanwhile, until Discord has its answer
    answers_s: list[float]


def measure_stocking(directory: Path) -> Stocked:
    """Run a shop in `directory`, bring the lines in, and click meanwhile. Raises CannotMeasure."""
    stock_up(directory, (DemoProduct("KEY", "Key", 1, "", ()),))
    data = "\n".join(f"key-{number:06d}-abcdef" for number in range(LINES)).encode()
    with shop(directory) as running, books(directory) as shelf:
        running.start()
        live = Customer(running.discord, "Budi").message("stocksup:v1:world")
        answers_s: list[float] = []
        over = threading.Event()

        def click() -> None:
            while not over.wait(1 / CLICKS_PER_S):
                asked = running.discord.click("Budi", "stocksup:v1:world", message_id=live["id"])
                answers_s.append(running.discord.interaction(asked, wait_s=5)["ack_ms"] / 1000)

        clicking = threading.Thread(target=click)
        clicking.start()
        began_s = time.monotonic()
        running.discord.command("Admin", "addstock", code="KEY", file=("stock.txt", data))
        while shelf.left("KEY") < LINES:
            if time.monotonic() - began_s > 60:
                raise CannotMeasure("the lines have not become stock within a minute")
            time.sleep(0.05)
        took_s = time.monotonic() - began_s
        over.set()
        clicking.join()
    return Stocked(took_s, answers_s)
