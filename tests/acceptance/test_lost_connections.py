"""Discord closes the connection at a call of the bot, before the call took effect or after: at each call in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from botapp.cli.demo_shop import DemoProduct
from botapp.store.usecases import purchases
from tests.support import depth
from tests.support.discord.control import DiscordControl, Json
from tests.support.shop.member import YES, Customer, button
from tests.support.shop.products import stock_up
from tests.support.shop.shop import Shop, has_button, shop, text
from tests.support.shop.shop_database import Books, books

GOODS = (DemoProduct("KEY", "Key", 1, "", tuple(f"key-{number:03d}" for number in range(100))),)
#: more calls than any of these flows makes
ENOUGH = 40
CONFIG = """
admin_ids = [1400000000000000101]
edit_interval_s = 0
[store]
cooldown_s = 0
"""


@pytest.fixture(scope="module")
def toko(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    directory: Path = tmp_path_factory.mktemp("lost") / "toko"
    stock_up(directory, GOODS)
    with shop(directory, extra=CONFIG) as running:
        running.start()
        running.discord.wait_for_shop()
        yield running


@pytest.fixture
def ledger(toko: Shop) -> Iterator[Books]:
    with books(toko.directory) as opened:
        yield opened


@pytest.fixture(scope="module")
def budi(toko: Shop) -> Customer:
    customer = Customer(toko.discord, "Budi")
    customer.register("budi_01")
    with books(toko.directory) as opened:
        opened.deposit("budi_01", 1000)
    return customer


def drop_each_call(discord: DiscordControl, flow: Callable[[], None], *, after: bool, one_in: int) -> None:
    """Run a flow with its first call dropped, then with its second, and so on, until none is dropped."""
    for number in depth.sample(range(ENOUGH), f"{flow.__qualname__}/{after}", one_in=one_in):
        live = live_message(discord)["id"]
        discord.hide([message for who in ("Budi", "Admin") for message in discord.view(who) if message["id"] != live])
        discord.faults({"drop": True, "after": after, "skip": number, "times": 1})
        flow()
        is_over = discord.no_faults() == 1
        told = [text(message) for who in ("Budi", "Admin") for message in discord.view(who)]
        assert not [words for words in told if words.startswith(("❌", "⚠️"))], number
        assert live_message(discord)["id"] == live, number
        if is_over:
            return
    raise AssertionError(f"the flow makes more than {ENOUGH} calls")


def live_message(discord: DiscordControl) -> Json:
    """Return the one live message."""
    [found] = [message for message in discord.view("Budi") if button(message, "stocksup:v1:world")]
    return found


def wait_for_stock(discord: DiscordControl, count: int) -> None:
    """Wait until members see how many items there are."""
    discord.wait_for(lambda: str(count) in text(live_message(discord)), what=f"members see a stock of {count}")


@pytest.mark.parametrize("after", [False, True])
def test_a_purchase(toko: Shop, budi: Customer, ledger: Books, after: bool) -> None:
    def buy() -> None:
        number, parcels = ledger.do(purchases.get_latest_id), len(budi.parcels())
        receipt = budi.buys("Key")
        assert "✅" in text(receipt)
        assert button(receipt, YES) is None
        assert ledger.do(purchases.get_latest_id) == number + 1
        [parcel] = budi.parcels()[parcels:]
        [item] = ledger.do(purchases.list_items, number + 1)
        assert item in text(parcel)
        wait_for_stock(toko.discord, ledger.left("KEY"))

    drop_each_call(toko.discord, buy, after=after, one_in=2)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("is_slash", [False, True])
def test_a_stock_upload(toko: Shop, ledger: Books, is_slash: bool, after: bool) -> None:
    discord = toko.discord
    discord.wait_for(lambda: any(one["name"] == "addstock" for one in discord.world()["commands"]))

    def upload() -> None:
        left = ledger.left("KEY")
        file = f"new-{is_slash}-{after}-{left}".encode()
        if is_slash:
            given = discord.command("Admin", "addstock", code="KEY", file=("keys.txt", file))
            discord.wait_for(lambda: any("✅" in text(one) for one in discord.interaction(given)["messages"]))
        else:
            sent = discord.say("Admin", "!addstock KEY", "dm", files={"keys.txt": file})
            answered = {"message_id": sent}
            discord.wait_for_message(
                "Admin",
                lambda one: "✅" in text(one) and answered.items() <= (one.get("message_reference") or {}).items(),
                channel="dm",
            )
        assert ledger.left("KEY") == left + 1
        wait_for_stock(discord, left + 1)

    drop_each_call(discord, upload, after=after, one_in=2)


@pytest.mark.parametrize("after", [False, True])
def test_a_restart(toko: Shop, after: bool) -> None:
    def restart() -> None:
        life = toko.program()["life"]
        toko.restart_from_discord()
        toko.wait_for_state("bot", "RUNNING", life=life + 1)
        toko.discord.wait_for_message("Admin", lambda message: "✅" in text(message) and str(life + 1) in text(message))
        assert toko.program()["life"] == life + 1, "one restart"
        assert toko.ask("history")["history"][0]["ok"]
        toko.discord.wait_for_shop()

    drop_each_call(toko.discord, restart, after=after, one_in=3)


def test_a_restart_is_reported_when_discord_is_back(toko: Shop) -> None:
    """The next process edits the question; more attempts fail than one call makes."""
    toko.discord.say("Admin", "!restart")
    question = toko.discord.wait_for_message("Admin", lambda message: has_button(message, "ya"))
    toko.discord.faults(
        {"method": "PATCH", "path": f"/channels/*/messages/{question['id']}", "drop": True, "skip": 1, "times": 4}
    )
    toko.discord.say("Admin", "ya")
    toko.discord.wait_for_message("Admin", lambda one: one["id"] == question["id"] and "✅" in text(one))
    assert toko.discord.no_faults() == 0
