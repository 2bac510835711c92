"""The shop as members meet it: a bot before a local Discord, driven as a member would."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from botapp.cli.demo_shop import DemoProduct
from botapp.local_discord.ids import LIVE_CHANNEL_ID, MEMBERS
from botapp.store import member_api as counter
from botapp.store.domain import refusals
from botapp.store.domain.records import Order
from botapp.store.domain.rules import Limits
from botapp.store.usecases import access, products, shop_location, stock
from botapp.store.usecases.shop_location import ShopLocation
from botapp.ui.custom_ids import HISTORY
from tests.support.discord.bot_process import BotProcess, write_config
from tests.support.discord.control import DiscordControl, local_discord
from tests.support.shop.member import AGAIN, NO, YES, Customer, button, options
from tests.support.shop.products import stock_up
from tests.support.shop.shop import text
from tests.support.shop.shop_database import Books, books, now_ms

SETTINGS = """
[store]
member_name_label = "GrowID"
cooldown_s = 0
low_stock = 3
notice_channel_id = 1400000000000000011
[[store.currency]]
name = "World Lock"
short = "WL"
value = 1
[[store.currency]]
name = "Diamond Lock"
short = "DL"
value = 100
"""
GOODS = (
    DemoProduct("STEAM", "Steam 10", 120, "A key", tuple(f"steam-{number:02d}" for number in range(5))),
    DemoProduct("ROBUX", "Robux 400", 30, "", ()),
    DemoProduct("LONG", "Long keys", 1, "", tuple(f"{number:03d}-{'k' * 190}" for number in range(20))),
)


@dataclass
class Scene:
    """A shop that is open, and who is there."""

    directory: Path
    discord: DiscordControl
    bot: BotProcess
    books: Books
    budi: Customer
    sari: Customer


@pytest.fixture
def place(tmp_path: Path) -> Path:
    stock_up(tmp_path, GOODS)
    write_config(tmp_path, SETTINGS, channel_id=LIVE_CHANNEL_ID)
    return tmp_path


@pytest.fixture
def discord() -> Iterator[DiscordControl]:
    with local_discord() as control:
        yield control


@pytest.fixture
def scene(place: Path, discord: DiscordControl) -> Iterator[Scene]:
    with BotProcess(place, discord) as bot, books(place) as opened:
        budi = Customer(discord, "Budi")
        budi.message("stocksup:v1:buy")
        try:
            yield Scene(place, discord, bot, opened, budi, Customer(discord, "Sari"))
        finally:
            sys.stderr.write(bot.log)
        for goods in GOODS:
            assert not any(item in bot.log for item in goods.items), "goods never reach a log"


def rich(scene: Scene, amount: int = 1000) -> Customer:
    """Return Budi, registered and with money."""
    scene.budi.register("budi_01")
    scene.books.deposit("budi_01", amount)
    return scene.budi


# --- from registering to the goods ---


def test_register_deposit_buy_receive_and_look_back(scene: Scene) -> None:
    budi = scene.budi
    said = budi.register("budi_01")
    assert "GrowID Anda: `budi_01`" in said
    assert "Belum ada transaksi" in budi.ask("balance")
    scene.books.deposit("BUDI_01", 1000)
    assert "10 DL (1.000 WL)" in budi.ask("balance")

    question = budi.orders("Steam 10", "2")
    for wanted in ("Steam 10", "2 DL 40 WL (240 WL)", "10 DL (1.000 WL)", "7 DL 60 WL (760 WL)"):
        assert wanted in text(question)
    budi.press(question, YES)
    done = budi.sees("Pesanan #000001", "7 DL 60 WL", "DM")
    assert done["ephemeral"]
    assert button(done, "stocksup:") is None, "nothing is left to be clicked"
    [parcel] = budi.parcels()
    assert "#000001" in text(parcel)
    assert "steam-00\nsteam-01" in text(parcel)
    assert scene.books.left("STEAM") == 3

    said = budi.ask("balance")
    assert "+10 DL" in said
    assert "-2 DL 40 WL · pembelian #000001" in said
    history = budi.click("history")["messages"][0]
    assert "#000001" in text(history)
    assert "2 × Steam 10" in text(history)
    scene.discord.select("Budi", "stocksup:v1:history:pick", ["1"])
    again = budi.sees("steam-00", "steam-01")
    assert again["ephemeral"]
    assert len(budi.parcels()) == 1


def test_the_live_message_follows_a_purchase(scene: Scene) -> None:
    live = scene.budi.message("stocksup:v1:buy")
    assert "🟢 Steam 10" in text(live)
    assert "1 DL 20 WL (120 WL)" in text(live)
    assert "<t:" in text(live)
    rich(scene).buys("Steam 10", "2")
    scene.budi.sees("🟡 Steam 10", "stok: 3")
    assert text(scene.budi.message("stocksup:v1:history"))


def test_new_member_name_keeps_balance_and_history(scene: Scene) -> None:
    """Failure 3: a balance was wiped when a handle was entered again."""
    budi = rich(scene)
    budi.buys("Steam 10")
    opened = budi.click("register")
    assert "budi_01" in json.dumps(opened["modal"]), "the form knows the handle"
    assert "`budi_02`" in text(budi.fill(opened, handle="budi_02")["messages"][0])
    assert scene.books.balance("budi_02") == 880
    assert "#000001" in budi.ask("history")


def test_large_orders_come_as_a_file(scene: Scene) -> None:
    budi = rich(scene)
    budi.buys("Long keys", "20")
    [parcel] = budi.parcels()
    assert "#000001" in text(parcel)
    assert "kkk" not in text(parcel)
    [file] = parcel["attachments"]
    assert file["filename"] == "order-000001.txt"
    lines = fetch(file["url"]).splitlines()
    assert lines == list(GOODS[2].items)


def test_world_info(scene: Scene) -> None:
    assert "Admin belum mengisi" in scene.budi.ask("world")
    scene.books.do(shop_location.put, ShopLocation("STOCKTOWN", "Admin", "DepoBot"))
    said = scene.budi.ask("world")
    for wanted in ("STOCKTOWN", "Admin", "DepoBot"):
        assert wanted in said


def test_history_shows_own_orders_only(scene: Scene) -> None:
    rich(scene).buys("Steam 10")
    sari = scene.sari
    sari.register("sari_01")
    assert "belum membeli" in sari.ask("history")
    scene.books.deposit("sari_01", 500)
    sari.buys("Steam 10")
    history = sari.click("history")["messages"][0]
    assert [one["value"] for one in options(history)] == ["2"]
    # what no client of Discord's offers, another one could send
    with pytest.raises(refusals.NoSuchPurchase):
        scene.books.do(counter.order, MEMBERS["Sari"], 1)


def test_confirmation_of_another_member_charges_the_clicker(scene: Scene) -> None:
    budi, sari = rich(scene), scene.sari
    sari.register("sari_01")
    question = budi.orders("Steam 10")
    budi.press(question, YES)
    budi.changed(question)
    key = int(button(question, YES)["custom_id"].rpartition(":")[2])
    with pytest.raises(refusals.NoSuchPurchase):
        scene.books.do(counter.buy, Order(key, MEMBERS["Sari"], 1, 1, 120, "id"), Limits(), now_ms())


# --- what the shop refuses ---


def test_members_without_account_are_led_to_register(scene: Scene) -> None:
    answer = scene.budi.click("buy")["messages"][0]
    assert "Daftar" in text(answer)
    opened = scene.budi.press(answer, "stocksup:v1:register")
    assert "`budi_01`" in text(scene.budi.fill(opened, handle="budi_01")["messages"][0])
    for name in ("balance", "history"):
        assert "Daftar" in scene.sari.ask(name)


def test_invalid_and_taken_member_names(scene: Scene) -> None:
    assert "huruf" in scene.budi.register("a b c")
    scene.budi.register("budi_01")
    assert "orang lain" in scene.sari.register("BUDI_01")


@pytest.mark.parametrize("typed", ["0", "many", "101", "-1", "٣"])
def test_invalid_quantity_is_refused(scene: Scene, typed: str) -> None:
    budi = rich(scene)
    budi.fill(budi.choose("Steam 10"), quantity=typed)
    refused = budi.sees("1 sampai 5")  # of 5 in stock; the form says the same
    budi.fill(budi.press(refused, "stocksup:v1:buy:ask:"), quantity="1")
    budi.press(budi.message(YES), YES)
    budi.sees("Pesanan #000001")


def test_insufficient_balance_and_stock(scene: Scene) -> None:
    budi = rich(scene, 200)
    budi.fill(budi.choose("Steam 10"), quantity="2")
    budi.sees("2 DL 40 WL", "40 WL")
    budi.fill(budi.choose("Steam 10"), quantity="6")
    refused = budi.sees("Tinggal 5")
    assert button(refused, AGAIN) is not None


def test_sold_out_before_confirmation(scene: Scene) -> None:
    budi = rich(scene)
    question = budi.orders("Steam 10", "5")
    scene.sari.register("sari_01")
    scene.books.deposit("sari_01", 1000)
    scene.sari.buys("Steam 10", "5")
    budi.press(question, YES)
    refused = budi.sees("baru saja habis")
    assert scene.books.balance("budi_01") == 1000
    budi.press(refused, AGAIN)
    shown = budi.sees("🔴 Steam 10: habis")
    assert [one["label"] for one in options(shown)] == ["Long keys"]


def test_price_change_before_confirmation(scene: Scene) -> None:
    budi = rich(scene)
    question = budi.orders("Steam 10")
    scene.books.do(lambda connection: products.update_product(connection, "STEAM", price=150))
    budi.press(question, YES)
    again = budi.sees("berubah", "1 DL 50 WL")
    assert scene.books.balance("budi_01") == 1000
    budi.press(again, YES)
    budi.sees("Pesanan #000001")
    assert scene.books.balance("budi_01") == 850


def test_product_deleted_before_confirmation(scene: Scene) -> None:
    budi = rich(scene)
    message = budi.opens()
    scene.books.do(stock.withdraw, "STEAM", 5, now_ms())
    scene.books.do(products.delete, "STEAM")
    answer = budi.pick(message, "Steam 10")
    assert "tidak dijual lagi" in text(answer["messages"][0])


def test_cooldown_keeps_the_confirmation(place: Path, discord: DiscordControl) -> None:
    write_config(place, SETTINGS.replace("cooldown_s = 0", "cooldown_s = 600"), channel_id=LIVE_CHANNEL_ID)
    with BotProcess(place, discord), books(place) as opened:
        budi = Customer(discord, "Budi")
        budi.register("budi_01")
        opened.deposit("budi_01", 1000)
        budi.buys("Steam 10")
        question = budi.orders("Steam 10")
        budi.press(question, YES)
        budi.sees("⏳")
        assert budi.message(YES)["id"] == question["id"]
        assert opened.balance("budi_01") == 880


def test_database_unavailable(scene: Scene) -> None:
    budi = rich(scene)
    listed, question = budi.opens(), budi.orders("Steam 10")
    database = scene.directory / "state" / "bot" / "shop.db"
    away = database.rename(database.with_suffix(".away"))
    assert "Database toko" in text(budi.pick(listed, "Steam 10")["messages"][0])
    said = budi.press(question, YES)["interaction_id"]
    scene.discord.wait_for(lambda: "Database toko" in json.dumps(scene.discord.interaction(said)))
    away.rename(database)
    budi.press(question, YES)
    budi.sees("Pesanan #000001")
    assert scene.books.balance("budi_01") == 880


def test_cancelling_buys_nothing(scene: Scene) -> None:
    budi = rich(scene)
    budi.press(budi.orders("Steam 10"), NO)
    budi.sees("Tidak ada yang dibeli")
    assert scene.books.balance("budi_01") == 1000


def test_maintenance_and_blacklist_apply_to_buttons(scene: Scene) -> None:
    """Failure 12: maintenance and blacklist were checked for commands but never for buttons."""
    budi = rich(scene)
    chosen, question = budi.opens(), budi.orders("Steam 10")
    form = budi.click("register")
    scene.books.do(access.set_maintenance, "stocktaking")
    for name in ("register", "balance", "buy", "world", "history"):
        assert "stocktaking" in budi.ask(name), name
    assert "stocktaking" in text(budi.pick(chosen, "Steam 10")["messages"][0])
    budi.press(question, YES)
    budi.sees("stocktaking")
    assert "stocktaking" in text(budi.fill(form, handle="other_1")["messages"][0])
    scene.books.do(access.set_maintenance, None)
    question = budi.orders("Steam 10")
    scene.books.do(access.add_to_blacklist, MEMBERS["Budi"], "tricked others", actor="test", now_ms=now_ms())
    for name in ("register", "balance", "buy", "world", "history"):
        assert "hubungi admin" in budi.ask(name), name
    budi.press(question, YES)
    budi.sees("hubungi admin")
    shown = " ".join(map(text, scene.discord.view("Budi", "toko") + scene.discord.view("Budi", "dm")))
    assert "tricked others" not in shown, "the reason is for the admins"
    assert scene.books.balance("budi_01") == 1000
    assert "Admin belum" in scene.sari.ask("world"), "others are served"


# --- once, not twice ---


def test_double_click_buys_once(scene: Scene) -> None:
    """Failure 9, its other half: two handlers on one click; here two clicks on one question."""
    budi = rich(scene)
    question = budi.orders("Steam 10")
    scene.discord.faults({"method": "PATCH", "path": "/webhooks/*", "delay_s": 0.4})
    first, second = budi.begin_press(question, YES), budi.begin_press(question, YES)
    for one in (first, second):
        assert scene.discord.interaction(one, wait_s=8)["state"] == "answered"
    budi.sees("sudah Anda beli", "#000001")
    budi.sees("Pesanan #000001")
    assert scene.books.balance("budi_01") == 880
    assert len(budi.parcels()) == 1


# --- direct messages that do not arrive ---


def test_closed_direct_messages_lose_no_items(scene: Scene) -> None:
    """Failure 15: a failed direct message was lost goods."""
    budi = rich(scene)
    scene.discord.faults(dm_closed=["Budi"])
    budi.buys("Steam 10", "2")
    shown = budi.sees("📦", "#000001", "steam-00\nsteam-01")
    assert shown["ephemeral"]
    budi.sees("Pesanan #000001", "DM Anda tertutup")
    assert deliveries_of(scene) == [(1, "shown")]
    budi.buys("Long keys", "20")
    file = budi.sees("📦", "#000002")
    assert file["ephemeral"]
    assert fetch(file["attachments"][0]["url"]).splitlines() == list(GOODS[2].items)
    assert budi.parcels() == []


def test_undelivered_items_are_sent_after_a_restart(scene: Scene, discord: DiscordControl) -> None:
    budi = rich(scene)
    question = budi.orders("Steam 10")
    discord.faults(
        {"method": "POST", "path": "/webhooks/*", "status": 404, "code": 10015},
        {"method": "PATCH", "path": "/webhooks/*", "status": 404, "code": 10015},
        dm_closed=["Budi"],
    )
    budi.press(question, YES)
    discord.wait_for(lambda: "juga tidak bisa ditampilkan" in scene.bot.log)
    assert deliveries_of(scene) == [(1, "pending")]
    assert scene.bot.end() == 0
    discord.no_faults()
    with BotProcess(scene.directory, discord):
        budi.sees("📦", "steam-00", channel="dm")
        assert len(budi.parcels()) == 1


def test_lost_response_does_not_deliver_twice(scene: Scene) -> None:
    budi = rich(scene)
    question = budi.orders("Steam 10")
    fault = {"method": "POST", "path": "/channels/*/messages", "status": 502, "times": 1, "after": True}
    scene.discord.faults(fault)
    budi.press(question, YES)
    budi.sees("Pesanan #000001", "sudah ada di DM")
    assert len(budi.parcels()) == 1


@pytest.mark.parametrize(
    "route",
    [{"method": "PATCH", "path": "/webhooks/*"}, {"method": "POST", "path": "/users/@me/channels"}],
    ids=["last edit", "direct message"],
)
def test_purchase_whose_answer_fails_is_never_called_a_failure(scene: Scene, route: dict[str, str]) -> None:
    budi = rich(scene)
    question = budi.orders("Steam 10")
    scene.discord.faults({**route, "status": 400, "code": 50035})
    pressed = budi.begin_press(question, YES)
    answer = budi.sees("Pesanan #000001", "1 × Steam 10")
    assert answer["ephemeral"]
    assert "Terjadi kesalahan" not in json.dumps(scene.discord.interaction(pressed, wait_s=2))
    scene.discord.no_faults()
    assert scene.books.balance("budi_01") == 880
    if route["method"] == "PATCH":
        shown = scene.discord.interaction(budi.begin_press(answer, HISTORY), wait_s=4)
        assert "#000001" in json.dumps(shown), "it leads to the order"


def test_repeated_click_whose_answer_fails_names_the_order(scene: Scene) -> None:
    budi = rich(scene)
    question = budi.orders("Steam 10")
    scene.discord.faults({"method": "PATCH", "path": "/webhooks/*", "status": 400, "code": 50035})
    for _ in range(2):
        budi.begin_press(question, YES)
    budi.sees("sudah Anda beli", "#000001")
    assert scene.books.balance("budi_01") == 880


# --- languages ---


def test_members_are_answered_in_their_language(scene: Scene) -> None:
    english = Customer(scene.discord, "Admin")
    assert "Admin belum" in scene.budi.ask("world")
    assert "have not set" in english.ask("world")
    opened = english.click("register")
    assert "letters, digits" in json.dumps(opened["modal"])
    assert "You are registered" in text(english.fill(opened, handle="boss")["messages"][0])
    scene.books.deposit("boss", 1000)
    question = english.orders("Steam 10")
    assert "Confirm your order" in text(question)
    english.press(question, YES)
    english.sees("Order #000001")
    live = scene.budi.sees("Steam 10", "stok: 4")
    labels = [one["label"] for one in live["components"][0]["components"]]
    assert labels == ["Daftar", "Saldo", "Beli", "Info world", "Riwayat"], "the shop's own language for everybody"


# --- restarts in between ---


def test_components_work_after_a_restart(scene: Scene, discord: DiscordControl) -> None:
    """Failure 9: "This interaction failed" after each restart."""
    budi = rich(scene)
    scene.books.do(products.add, "TEA", "Tea", 5, "", now_ms())
    form = budi.choose("Steam 10")
    register = budi.click("register")
    question = budi.orders("Steam 10")
    listed = budi.opens()
    assert scene.bot.end() == 0
    with BotProcess(scene.directory, discord):
        discord.wait_for_bot()
        budi.press(question, YES)
        budi.sees("Pesanan #000001")
        budi.fill(form, quantity="1")
        budi.press(budi.message(YES), YES)
        budi.sees("Pesanan #000002")
        assert budi.pick(listed, "Steam 10")["modal"]
        assert "`budi_02`" in text(budi.fill(register, handle="budi_02")["messages"][0])
        assert len(budi.parcels()) == 2


def test_unknown_buttons_are_answered(scene: Scene) -> None:
    headers = {"Authorization": "Bot demo-token", "Content-Type": "application/json"}
    for custom_id in ("stocksup:v1:stock", "stocksup:v1:status"):
        row = {"type": 1, "components": [{"type": 2, "style": 2, "label": "Old", "custom_id": custom_id}]}
        connection = HTTPConnection("127.0.0.1", scene.discord.port)
        body = json.dumps({"content": "old", "components": [row]})
        connection.request("POST", f"/api/v10/channels/{LIVE_CHANNEL_ID}/messages", body, headers)
        assert connection.getresponse().status == 200
        connection.close()
        answer = scene.discord.interaction(scene.discord.click("Budi", custom_id), wait_s=4)
        assert "sudah tidak dipakai" in answer["messages"][0]["content"]


def deliveries_of(scene: Scene) -> list[tuple[int, str]]:
    """Return what the outbox says, by order."""
    from sqlalchemy import select

    from botapp.store.db.tables import delivery

    query = select(delivery.c.purchase_id, delivery.c.state).order_by(delivery.c.purchase_id)
    return scene.books.do(lambda connection: [(row.purchase_id, row.state) for row in connection.execute(query)])


def fetch(url: str) -> str:
    """Return the text of an attachment."""
    host, _, path = url.removeprefix("http://").partition("/")
    connection = HTTPConnection(host)
    connection.request("GET", f"/{path}")
    answer = connection.getresponse().read().decode()
    connection.close()
    return answer
