"""Buying when it matters: everybody at once, and a bot that is killed in the middle of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from botapp.cli.demo_shop import DemoProduct
from botapp.local_discord.ids import LIVE_CHANNEL_ID
from botapp.store.usecases import accounts
from tests.support import depth
from tests.support.discord.bot_process import BotProcess, write_config
from tests.support.discord.control import Json, local_discord
from tests.support.shop.member import YES, Customer, button
from tests.support.shop.products import stock_up
from tests.support.shop.shop import Shop, shop, text
from tests.support.shop.shop_database import Books, books, now_ms

T = TypeVar("T")
PIECES = depth.count(100, 40)
BUYERS = 2 * PIECES
GOODS = (DemoProduct("KEY", "Key", 120, "", tuple(f"key-{number:03d}" for number in range(PIECES))),)


@pytest.fixture
def toko(tmp_path: Path) -> Iterator[Shop]:
    stock_up(tmp_path / "toko", GOODS)
    with shop(tmp_path / "toko") as running:
        running.start()
        yield running


@pytest.fixture
def ledger(toko: Shop) -> Iterator[Books]:
    with books(toko.directory) as opened:
        yield opened


@pytest.fixture
def budi(toko: Shop, ledger: Books) -> Customer:
    customer = Customer(toko.discord, "Budi")
    customer.register("budi_01")
    ledger.deposit("budi_01", 1000)
    return customer


def kill_bot(toko: Shop) -> None:
    """Kill the bot as the system would, and wait for its next life."""
    before = toko.program()
    os.kill(before["pid"], 9)
    toko.wait_for_state("bot", "RUNNING", life=before["life"] + 1)


def test_register_deposit_buy_restart_and_look_back(toko: Shop, budi: Customer) -> None:
    question = budi.orders("Key", "2")
    toko.ask("restart", reason="in between", wait=True)
    budi.press(question, YES)
    budi.sees("Pesanan #000001")
    [parcel] = budi.parcels()
    assert "key-000\nkey-001" in text(parcel)
    toko.ask("restart", reason="after it", wait=True)
    assert "#000001" in budi.ask("history")
    assert len(budi.parcels()) == 1


def test_killed_between_purchase_and_delivery(toko: Shop, budi: Customer, ledger: Books) -> None:
    """Failure 6: a crash between stock and balance lost the goods."""
    question = budi.orders("Key", "2")
    toko.discord.faults({"method": "POST", "path": "/users/@me/channels", "delay_s": 30})
    budi.press(question, YES)
    # the live message follows once the purchase is in the database
    toko.discord.wait_for(lambda: ledger.left("KEY") == PIECES - 2)
    toko.discord.no_faults()
    kill_bot(toko)
    parcel = budi.sees("#000001", "key-000\nkey-001", channel="dm")
    # the next process answers the click
    receipt = budi.changed(question)
    assert "#000001" in text(receipt)
    assert button(receipt, YES) is None
    assert budi.parcels() == [parcel]
    assert ledger.balance("budi_01") == 760
    assert ledger.left("KEY") == PIECES - 2


def test_killed_between_delivery_and_its_record(toko: Shop, budi: Customer, ledger: Books) -> None:
    question = budi.orders("Key", "2")
    # they arrive, and the bot does not hear of it: it tries again after a second
    toko.discord.faults({"method": "POST", "path": "/channels/*/messages", "status": 502, "after": True})
    budi.press(question, YES)
    parcel = budi.sees("#000001", channel="dm")
    os.kill(toko.program()["pid"], 9)
    toko.discord.no_faults()
    toko.wait_for_state("bot", "RUNNING", life=2)
    # what is noted cannot be seen from outside: look, and let some time pass with what members do meanwhile
    assert any(state_of(ledger, 1) == "sent" for _ in range(100) if budi.ask("world"))
    assert budi.parcels() == [parcel]
    assert ledger.balance("budi_01") == 760


def test_killed_before_the_purchase(toko: Shop, budi: Customer, ledger: Books) -> None:
    question = budi.orders("Key")
    toko.discord.faults({"method": "POST", "path": "/interactions/*", "delay_s": 30})
    budi.begin_press(question, YES)
    toko.discord.no_faults()
    kill_bot(toko)  # the next process finishes the click
    budi.sees("Pesanan #000001")
    assert ledger.balance("budi_01") == 880
    assert len(budi.parcels()) == 1


def test_buyers_race_for_half_as_many_items(tmp_path: Path) -> None:
    """Failure 1: the same item was sold twice."""
    stock_up(tmp_path, GOODS)
    write_config(tmp_path, channel_id=LIVE_CHANNEL_ID)
    with (
        local_discord() as discord,
        BotProcess(tmp_path, discord) as bot,
        books(tmp_path) as ledger,
        ThreadPoolExecutor(BUYERS) as threads,
    ):
        Customer(discord, "Budi").message("stocksup:v1:buy")
        buyers = [Customer(discord, f"Pembeli-{number}") for number in range(BUYERS)]
        for number, buyer in enumerate(buyers):
            ledger.do(accounts.register, int(discord.join(buyer.name)), f"buyer_{number}", now_ms())
            ledger.deposit(f"buyer_{number}", 120)
        questions = all_of(ThreadPoolExecutor(8), lambda buyer: buyer.orders("Key"), buyers)
        begun = list(threads.map(lambda buyer, question: buyer.begin_press(question, YES), buyers, questions))
        ended = list(threads.map(lambda one: discord.interaction(one, wait_s=4), begun))
        assert [one["state"] for one in ended] == ["answered"] * BUYERS
        results = [text(buyer.changed(question)) for buyer, question in zip(buyers, questions, strict=True)]
        assert sum("✅" in result for result in results) == PIECES
        assert sum("baru saja habis" in result for result in results) == BUYERS - PIECES
        parcels = [parcel for buyer in buyers for parcel in buyer.parcels()]
        sold = sorted(line for parcel in parcels for line in text(parcel).splitlines() if line.startswith("key-"))
        assert sold == list(GOODS[0].items), "each item went to exactly one of them"
        paid = [ledger.balance(f"buyer_{number}") for number in range(BUYERS)]
        assert [balance == 0 for balance in paid] == ["✅" in result for result in results]
        assert "ERROR" not in bot.log


def all_of(threads: ThreadPoolExecutor, do: Callable[[Customer], Json], buyers: list[Customer]) -> list[Json]:
    """Return what each does, some at a time."""
    with threads:
        return list(threads.map(do, buyers))


def state_of(ledger: Books, purchase_id: int) -> str:
    """Return how it stands with the goods of an order."""
    from sqlalchemy import select

    from botapp.store.db.tables import delivery

    query = select(delivery.c.state).where(delivery.c.purchase_id == purchase_id)
    return str(ledger.do(lambda connection: connection.execute(query).scalar_one()))
