"""Members click and buy while bot, next bot and supervisor are restarted and killed at any moment, chosen by a seed."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby
from typing import Any

import pytest

from botapp.ui.custom_ids import BALANCE
from supervisor.client import ControlError
from tests.support import depth
from tests.support.discord.control import DiscordControl, Json, local_discord
from tests.support.shop.member import YES, Customer
from tests.support.shop.shop import Shop, shop
from tests.support.shop.shop_database import Books, books

ROUNDS = depth.count(60, 2)
CLICKS_A_SECOND = 20
PRICE = 50_000
#: what is done, and how often that is chosen
OPERATIONS = {"restart": 8, "restart --cold": 1, "nothing": 1}
VICTIMS = {"old": 3, "new": 3, "supervisor": 2, "old, new": 1, "old, supervisor": 1, "new, supervisor": 1, "no one": 2}
#: somebody is killed within this time after the operation began
MOMENTS_S = 3.0
#: Discord waits three seconds for the first answer; in this part of them a process that serves has to give one
SERVED_S = (0.3, 2.0)
#: no process here serves for long
EXTRA = "[store]\ncooldown_s = 0\n"
PROGRAM = "max_crashes = 0\ncrash_window_s = 0.01\n"


@pytest.fixture(scope="module")
def discord() -> Iterator[DiscordControl]:
    with local_discord() as one:
        yield one


@pytest.fixture(scope="module")
def toko(discord: DiscordControl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with shop(tmp_path_factory.mktemp("chaos") / "toko", discord=discord, extra=EXTRA) as one:
        one.config.write_text(f"{one.config.read_text()}{PROGRAM}")
        one.start()
        yield one


def _choose(dice: random.Random, weights: dict[str, int]) -> str:
    return dice.choices(list(weights), list(weights.values()))[0]


def _begin(toko: Shop, operation: str) -> threading.Thread:
    """Request a restart in the background; whether it succeeds is not the question here."""

    def ask() -> None:
        with suppress(ControlError, OSError):
            toko.ask("restart", program="bot", wait=True, cold=operation.endswith("--cold"))

    thread = threading.Thread(target=ask if operation.startswith("restart") else (lambda: None))
    thread.start()
    return thread


def _kill(toko: Shop, victims: str) -> None:
    """Kill the process that serves longest, the newest one, the supervisor, or two of them."""
    with suppress(ControlError, OSError):
        status = toko.program()
        others = [one["pid"] for one in (status["prepared"], status["retiring"]) if one is not None]
        pids = {"old": status["pid"], "new": others[0] if others else status["pid"]}
        if status["retiring"] is not None:
            pids = {"old": status["retiring"]["pid"], "new": status["pid"]}
        for who, pid in pids.items():
            if who in victims and pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    if "supervisor" in victims:
        toko.kill_supervisor()


def _settle(toko: Shop, victims: str) -> None:
    """Start the supervisor again if it is dead, and wait until one process serves alone."""
    if "supervisor" in victims:
        toko.start_supervisor()

    def is_settled() -> bool:
        status = toko.program()
        second = status["prepared"] or status["retiring"]
        return bool(status["state"] == "RUNNING" and status["restart"] is None and second is None)

    toko.wait_for(is_settled)


def _round(toko: Shop, budi: Customer, ledger: Books, dice: random.Random) -> str:
    """Buy something while something is done and somebody is killed; return what was done."""
    operation, victims = _choose(dice, OPERATIONS), _choose(dice, VICTIMS)
    moment_s = MOMENTS_S * dice.random()
    left = ledger.left("STEAM10")
    question = budi.orders("Steam 10")
    thread = _begin(toko, operation)
    time.sleep(moment_s * dice.random())
    budi.begin_press(question, YES)
    time.sleep(moment_s * dice.random())
    _kill(toko, victims)
    _settle(toko, victims)
    thread.join()
    toko.wait_for(lambda: ledger.left("STEAM10") == left - 1)
    return f"{operation}, {victims} killed within {moment_s:.2f} s"


def _unanswered(interactions: list[Json]) -> list[Json]:
    """Return the clicks that were not answered although a process served while they could have been."""
    served_s = sorted(one["acknowledged"]["at_s"] for one in interactions if one["acknowledged"])
    early_s, late_s = SERVED_S

    def was_served(begun_s: float) -> bool:
        return any(begun_s + early_s <= at_s <= begun_s + late_s for at_s in served_s)

    return [one for one in interactions if one["acknowledged"] is None and was_served(one["created_at_s"])]


def _turns(interactions: list[Json]) -> list[int]:
    """Return the processes that acknowledged clicks, in turn. Two that serve at once would alternate."""
    acknowledged = [one["acknowledged"]["pid"] for one in interactions if one["acknowledged"]]
    return [pid for pid, _ in groupby(acknowledged)]


@pytest.mark.timeout(1800 if depth.IS_FULL else 120)
def test_no_click_is_lost_and_nothing_is_bought_twice(
    discord: DiscordControl, toko: Shop, record_property: Any
) -> None:
    dice = random.Random(f"{depth.choose_seed()}/handover")
    budi, sari = Customer(discord, "Budi"), Customer(discord, "Sari")
    budi.register("budi_01")
    sari.register("sari_01")
    with books(toko.directory) as ledger:
        ledger.deposit("budi_01", ROUNDS * PRICE)
        ledger.restock("STEAM10", *(f"chaos-{number}" for number in range(ROUNDS)))
        before, stock = ledger.balance("budi_01"), ledger.left("STEAM10")
        since = discord.interactions()["interactions"][-1]["interaction_id"]
        press = discord.start_press("Sari", BALANCE, rate_per_s=CLICKS_A_SECOND)
        done = [_round(toko, budi, ledger, dice) for _ in range(ROUNDS)]
        discord.stop_press(press)
        ended = discord.press(press, wait_s=10)
        interactions = [one for one in discord.interactions(since=since)["interactions"] if one["member"] == "Sari"]
        what = json.dumps({"rounds": done, "ended": ended}, indent=1)
        assert (ended["pending"], ended["unfinished"]) == (0, 0), what
        assert _unanswered(interactions) == [], what
        turns = _turns(interactions)
        assert len(turns) <= 1 + 3 * ROUNDS, f"{turns}: two processes served at once; {what}"
        assert (ledger.balance("budi_01"), ledger.left("STEAM10")) == (before - ROUNDS * PRICE, stock - ROUNDS)
        assert ledger.problems() == []
    discord.wait_for(lambda: len(budi.parcels()) >= ROUNDS, what="the goods have come")
    assert len(budi.parcels()) == ROUNDS
    record_property("clicks", len(interactions))
