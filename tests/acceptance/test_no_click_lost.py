"""No click or command is lost: the bot is restarted and killed in the middle, and each is answered, and done once."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from botapp.store.usecases import admin_log
from botapp.ui.custom_ids import BALANCE
from tests.support import depth
from tests.support.discord.control import DiscordControl, local_discord
from tests.support.shop.member import YES, Customer, button
from tests.support.shop.shop import PATIENCE_S, Shop, replied_to, shop, text
from tests.support.shop.shop_database import Books, books

CLICKS_A_SECOND = 20
ROUNDS = depth.count(20, 2)
PURCHASES = depth.count(5, 2)
COMMANDS = depth.count(12, 2)
#: Discord waits three seconds; a click can be answered when a process serves again within this time
ANSWERABLE_S = 2.0
PRICE = 50_000
#: no process here serves for long
NO_BACKOFF = "max_crashes = 0\ncrash_window_s = 0.01\n"


@pytest.fixture(scope="module")
def discord() -> Iterator[DiscordControl]:
    with local_discord() as one:
        yield one


@pytest.fixture(scope="module")
def toko(discord: DiscordControl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with shop(tmp_path_factory.mktemp("clicks") / "toko", discord=discord, extra="[store]\ncooldown_s = 0\n") as one:
        one.config.write_text(f"{one.config.read_text()}{NO_BACKOFF}")
        one.start()
        yield one


@pytest.fixture(scope="module")
def budi(toko: Shop) -> Customer:
    customer = Customer(toko.discord, "Budi")
    customer.register("budi_01")
    return customer


def restart(toko: Shop) -> float:
    """Restart the bot; return for how many seconds no process served."""
    downtime_s: float = toko.ask("restart", program="bot", wait=True)["report"]["downtime_s"]
    return downtime_s


def kill(toko: Shop) -> float:
    """Kill the bot; return for how many seconds no process served."""
    before, began_s = toko.program(), time.monotonic()
    os.kill(before["pid"], signal.SIGKILL)
    toko.wait_for_other_process(before)
    return time.monotonic() - began_s


def wait_for_answers(discord: DiscordControl, press: str, count: int) -> None:
    """Wait until so many clicks are answered."""
    discord.wait_for(lambda: discord.press(press)["finished"] >= count, what="clicks are answered")


def click_during(toko: Shop, end_process: Callable[[Shop], float]) -> tuple[dict[str, Any], float]:
    """Let a member click all the time while processes end.

    Returns how the clicks ended, and how many of them could not be answered, because this machine was too busy to start
    a process in time.
    """
    unanswerable = 0.0
    number = toko.discord.start_press("Budi", BALANCE, rate_per_s=CLICKS_A_SECOND)
    for _round in range(ROUNDS):
        wait_for_answers(toko.discord, number, toko.discord.press(number)["finished"] + 10)
        if (down_s := end_process(toko)) > ANSWERABLE_S:
            unanswerable += down_s * CLICKS_A_SECOND
    toko.discord.stop_press(number)
    ended: dict[str, Any] = toko.discord.press(number, wait_s=10)
    return ended, unanswerable


@pytest.mark.parametrize("end_process", [restart, kill])
def test_each_click_is_answered_once(toko: Shop, budi: Customer, end_process: Callable[[Shop], float]) -> None:
    ended, unanswerable = click_during(toko, end_process)
    # the edit of an answer can be repeated: a process may be killed before it has recorded that this was done
    again = () if end_process is kill else ("finished_again", "acknowledged_again")
    counts = {name: ended[name] for name in ("pending", "unfinished", *again)}
    assert counts == dict.fromkeys(counts, 0), json.dumps(ended)
    assert ended["failed"] <= unanswerable, json.dumps(ended)
    assert ended["created"] == ended["acknowledged"] + ended["failed"]
    assert ended["acknowledged"] == ended["finished"]


@pytest.mark.parametrize("how", ["invalid", "silent", "abort"])
def test_without_the_session_of_the_dead_process_what_it_has_taken_is_finished(
    toko: Shop, budi: Customer, how: str
) -> None:
    toko.discord.faults(resume_fault={"how": how})
    ended, _ = click_during(toko, kill)
    toko.discord.no_faults()
    assert ended["unfinished"] == 0, ended


def wait_for_stock(ledger: Books, count: int) -> None:
    """Wait until so many items are left."""
    deadline_s = time.monotonic() + PATIENCE_S
    while ledger.left("STEAM10") != count:
        assert time.monotonic() < deadline_s, "not bought"
        time.sleep(0.05)


def wait_for_answer(toko: Shop, begun: str, *, is_typed: bool) -> str | None:
    """Wait until an admin's command is answered; return the words of the answer. None: it was too late."""
    if is_typed:
        answer = toko.discord.wait_for_message("Admin", lambda one: replied_to(one) == begun, timeout_s=PATIENCE_S)
        return text(answer)
    ended = toko.discord.interaction(begun, wait_s=PATIENCE_S)
    return "\n".join(map(text, ended["messages"])) if ended["state"] == "answered" else None


@pytest.mark.parametrize("end_process", [restart, kill])
def test_a_command_in_the_middle_is_done_once(toko: Shop, budi: Customer, end_process: Callable[[Shop], float]) -> None:
    dice = random.Random(f"{depth.choose_seed()}/{end_process.__name__}")
    toko.discord.wait_for(lambda: toko.discord.world()["commands"])
    # so that a process ends between the transaction and its answer, too
    toko.discord.faults(latency_ms=40)
    with books(toko.directory) as ledger:
        before, log, done = ledger.balance("budi_01"), len(ledger.do(admin_log.list_latest, 1000)), 0
        for number in range(1, COMMANDS + 1):
            if is_typed := number % 2 == 0:
                begun = toko.discord.say("Admin", "!addbal budi_01 7")
            else:
                begun = toko.discord.command("Admin", "addbal", member="budi_01", amount="7")
            time.sleep(dice.random() / 5)
            down_s = end_process(toko)
            if (answer := wait_for_answer(toko, begun, is_typed=is_typed)) is None:
                assert down_s > ANSWERABLE_S / 2, "an idle machine starts a process in time"
            else:
                assert "✅" in answer
                done += 1
            assert ledger.balance("budi_01") == before + 7 * done
        toko.discord.no_faults()
        assert len(ledger.do(admin_log.list_latest, 1000)) == log + done


@pytest.mark.parametrize("end_process", [restart, kill])
def test_a_purchase_in_the_middle_is_made_once(
    toko: Shop, budi: Customer, end_process: Callable[[Shop], float]
) -> None:
    dice = random.Random(f"{depth.choose_seed()}/{end_process.__name__}")
    with books(toko.directory) as ledger:
        before = ledger.balance("budi_01")
        ledger.deposit("budi_01", PURCHASES * PRICE)
        left, parcels = ledger.left("STEAM10"), len(budi.parcels())
        for number in range(1, PURCHASES + 1):
            question = budi.orders("Steam 10")
            budi.begin_press(question, YES)
            # the click may be on its way, in its handler, or finished
            time.sleep(dice.random() / 50)
            end_process(toko)
            wait_for_stock(ledger, left - number)
            receipt = budi.changed(question)
            assert button(receipt, YES) is None
        assert ledger.balance("budi_01") == before
        assert ledger.problems() == []
    toko.discord.wait_for(lambda: len(budi.parcels()) >= parcels + PURCHASES, what="the goods have come")
    assert len(budi.parcels()) == parcels + PURCHASES
