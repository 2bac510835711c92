"""Admin commands as admins give them: each once well and once wrong, typed and slash, and refused to members."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from botapp.local_discord.ids import BUDI_ID, SARI_ID
from botapp.store.domain.records import Order, Product
from botapp.store.domain.rules import Limits
from botapp.store.usecases import access, accounts, admin_log, products, purchases, shop_location
from botapp.ui import custom_ids
from tests.support.discord.control import controls
from tests.support.shop.admin_shop import AdminShop, admin_shop
from tests.support.shop.shop import text

YES = "stocksup:v1:confirm:yes"
NO = "stocksup:v1:confirm:no"
WORLD = custom_ids.build("world")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[AdminShop]:
    with admin_shop(tmp_path / "bot") as (one, _bot):
        yield one


def product(shop: AdminShop, code: str) -> Product:
    return shop.books(products.get_by_code, code)


def balance(shop: AdminShop, handle: str = "Budi") -> int:
    return shop.books(accounts.get_by_handle, handle).balance


def noted(shop: AdminShop) -> list[tuple[str, str]]:
    return [(one.action, one.detail) for one in shop.books(admin_log.list_latest, 50)]


def test_products(shop: AdminShop) -> None:
    assert "VPN 30 days" in shop.typed('!addproduct VPN "VPN 30 days" "1 DL 50 WL" Fast, and good')
    assert (product(shop, "vpn").price, product(shop, "vpn").description) == (150, "Fast, and good")
    # the order of before, without quotes: nothing is done, and the right form is told
    wrong = shop.typed("!addproduct STEAM20 50 Steam Wallet 20")
    assert "`!addproduct CODE NAME PRICE [DESCRIPTION]`" in wrong
    assert '`!addproduct STEAM10 "Steam Wallet 10" 50`' in wrong
    assert "already" in shop.typed("!addproduct vpn again 5")
    assert "`NAME` is missing" in shop.typed("!addproduct VPN2")
    assert "quotation mark" in shop.typed('!addproduct VPN2 "open 5')
    assert "no spaces" in shop.typed('!addproduct "a b" name 5')
    assert "name: `VPN` VPN 31 days" in shop.typed("!editproduct VPN name VPN 31 days")
    assert "`name`, `price`, `description`" in shop.typed("!editproduct VPN colour red")
    assert "1 to 80" in shop.typed(f"!editproduct VPN name {'x' * 81}")
    assert "costs 2 DL (200 WL) from now on; it was 1 DL 50 WL" in shop.typed("!changeprice VPN 2 DL")
    assert "is no amount" in shop.typed("!changeprice VPN cheap")
    assert "There is no product `NONE`" in shop.typed("!changeprice NONE 5")
    listed = shop.typed("!products")
    assert "`VPN` VPN 31 days · 2 DL (200 WL) · 0 in stock" in listed
    assert "12 in stock" in listed
    shop.wait_for_text("VPN 31 days (`VPN`)")  # the live message
    assert ("changeprice", "VPN 200") in noted(shop)


def test_a_product_is_deleted_after_a_yes_and_never_with_stock(shop: AdminShop) -> None:
    assert "still has 12 in stock" in shop.typed("!deleteproduct STEAM10")
    question = shop.typed("!deleteproduct ROBUX")
    assert "Robux 400" in question
    assert "30 seconds" in question
    shop.discord.say("Budi", "ya")  # somebody else
    shop.discord.say("Admin", "ya", "admin")  # elsewhere
    shop.discord.say("Admin", "tidak")
    shop.wait_for_text("Nothing was done")
    assert product(shop, "ROBUX").code == "ROBUX"
    shop.typed("!deleteproduct ROBUX")
    shop.discord.say("Admin", "yes")
    shop.wait_for_text("no longer on sale")
    assert "There is no product" in shop.typed("!deleteproduct ROBUX")
    assert [one for one in noted(shop) if one[0] == "deleteproduct"] == [("deleteproduct", "ROBUX")]


def test_a_slash_question_is_answered_by_its_buttons(shop: AdminShop) -> None:
    shop.wait_for_commands()
    begun = shop.discord.command("Admin", "deleteproduct", code="ROBUX")
    question = shop.discord.interaction(begun, wait_s=5)["messages"][0]
    assert question["ephemeral"]
    assert {one.get("custom_id") for one in controls(question)} >= {YES, NO}
    shop.discord.click("Admin", YES, message_id=question["id"])
    shop.wait_for_text("no longer on sale")


def test_a_yes_goes_to_the_newest_question_alone(shop: AdminShop) -> None:
    shop.typed("!deleteproduct ROBUX")
    shop.typed("!resetuser Budi")
    shop.discord.say("Admin", "ya")
    shop.wait_for_text("has nothing now")
    assert balance(shop) == 0
    assert product(shop, "ROBUX").code == "ROBUX"


def test_money(shop: AdminShop) -> None:
    assert "got 1 DL 50 WL and has 6 DL 50 WL" in shop.typed("!addbal budi 1 DL 50 WL")
    assert "has 6 DL 55 WL" in shop.typed('!addbal Budi "5 WL"')
    shop.wait_for_commands()
    assert "has 8 DL 55 WL" in shop.slash("addbal", handle="Budi", amount="2", unit="DL")
    assert "`!addbal HANDLE AMOUNT [UNIT]`" in shop.typed("!addbal Budi")
    assert "Nobody is registered as `Nobody`" in shop.typed("!addbal Nobody 5")
    assert "above zero" in shop.typed("!addbal Budi 0")
    assert "is no amount" in shop.typed("!addbal Budi -5")
    assert "8 DL 55 WL (855 WL)" in shop.typed("!checkbal BUDI")
    assert f"<@{BUDI_ID}>" in shop.typed("!checkbal BUDI")
    assert "Nobody is registered" in shop.typed("!checkbal x_x")
    assert "missing" in shop.typed("!removebal Budi 99 DL")
    assert "Take 55 WL from `Budi`" in shop.typed("!removebal Budi 55")
    shop.discord.say("Admin", "y")
    shop.wait_for_text("55 WL were taken from `Budi`, who has 8 DL (800 WL) now")
    history = shop.typed("!trxhistory Budi 2")
    assert "**-55 WL** · taken by an admin" in history
    assert history.count("admin") == 2
    assert "from 1 to 50" in shop.typed("!trxhistory Budi 0")
    assert "whole number" in shop.typed("!trxhistory Budi many")
    assert "`Budi`'s 8 DL" in shop.typed("!resetuser Budi")
    shop.discord.say("Admin", "y")
    shop.wait_for_text("it was 8 DL (800 WL)")
    assert "nothing was done" in shop.typed("!resetuser Budi")
    assert balance(shop) == 0
    assert [one for one in noted(shop) if one[0] == "resetuser"] == [("resetuser", "Budi 800")]


def test_an_order_is_refunded_once_and_its_buyer_told(shop: AdminShop) -> None:
    shop.typed("!changeprice STEAM10 100")
    order = Order(77, BUDI_ID, product(shop, "STEAM10").id, 2, 100, "id")
    bought = shop.books(purchases.buy, order, Limits(), 10**12).purchase.id
    assert balance(shop) == 300
    assert "no number of an order" in shop.typed("!refund soon")
    assert "no order #000999" in shop.typed("!refund 999")
    assert f"#{bought:06d}: 2 × `STEAM10`, 2 DL (200 WL)" in shop.typed(f"!refund #{bought:06d}")
    shop.discord.say("Admin", "ya")
    shop.wait_for_text("The buyer was told")
    shop.wait_for_text("Uang pesanan", by="Budi", channel="dm")  # in the language of the purchase
    assert balance(shop) == 500
    assert "was refunded before" in shop.typed(f"!refund {bought}")
    assert balance(shop) == 500


def test_the_shop_as_a_whole(shop: AdminShop) -> None:
    assert "`TOKO KITA`; owner: `Budi`, bot: `–`" in shop.typed('!setworld "TOKO KITA" Budi')
    assert shop.books(shop_location.get).world == "TOKO KITA"
    assert "`!setworld WORLD [OWNER] [BOT]`" in shop.typed("!setworld")
    assert "closed for members" in shop.typed("!maintenance on back soon")
    assert shop.books(access.maintenance_reason) == "back soon"
    assert "`!maintenance on|off [REASON]`" in shop.typed("!maintenance maybe")
    assert "is open" in shop.typed("!maintenance off")
    assert shop.books(access.maintenance_reason) is None
    assert "is missing" in shop.typed("!announcement")
    assert "Restock tonight" in shop.typed("!announcement **Restock tonight** @everyone")
    shop.discord.say("Admin", "ya")
    announced = shop.wait_for_text("📢 Announcement")
    assert "Restock tonight" in text(announced)
    assert not announced["mention_everyone"]
    shop.wait_for_text("Announced in")
    log = shop.typed("!adminlog 2")
    assert "**announcement**" in log
    assert "**maintenance** `off`" in log
    assert "from 1 to 50" in shop.typed("!adminlog 51")


def test_the_blacklist_takes_mentions_ids_and_handles(shop: AdminShop) -> None:
    for who in (f"<@{SARI_ID}>", str(SARI_ID)):
        assert f"<@{SARI_ID}> may not use" in shop.typed(f"!blacklist add {who} spam")
        listed = shop.typed("!blacklist list")
        assert f"`{SARI_ID}`" in listed
        assert "spam" in listed
        assert "may use the shop again" in shop.typed(f"!blacklist remove {who}")
    assert f"<@{BUDI_ID}> may not" in shop.typed("!blacklist add budi")
    assert shop.books(access.blacklist_reason, BUDI_ID) == ""
    assert "not on the blacklist" in shop.typed(f"!blacklist remove {SARI_ID}")
    assert "Nobody is registered" in shop.typed("!blacklist add nobody")
    wrong = shop.typed("!blacklist")
    assert "`!blacklist add WHO [REASON]`" in wrong
    assert "`!blacklist list`" in wrong


def test_livestock_posts_the_live_message_anew(shop: AdminShop) -> None:
    before = shop.discord.message_with("Admin", WORLD)["id"]
    shop.discord.say("Admin", "!livestock")
    shop.wait_for_text("posted anew")
    shop.discord.wait_for(lambda: shop.discord.message_with("Admin", WORLD)["id"] != before)
    live = [one for one in shop.discord.view("Admin") if any(part.get("custom_id") == WORLD for part in controls(one))]
    assert len(live) == 1
    # the configuration says where it is, as with /setup
    assert "live_channel_id" in shop.typed("!livestock", channel="admin")


def test_the_bot_itself(shop: AdminShop) -> None:
    status = shop.typed("!status")
    assert "Database: ✅" in status
    assert "Live stock: ✅" in status
    info = shop.typed("!systeminfo")
    assert "Python 3." in info
    assert "MiB" in info
    assert "demo-token" not in info
    assert "Cache: 0 entries" in shop.typed("!cache stats")
    assert "Taken out of the cache: 0" in shop.typed("!cache clear temporary")
    assert "`!cache clear [expired|temporary|all]`" in shop.typed("!cache clear everything")
    assert "whole cache" in shop.typed("!cache clear all")
    shop.discord.say("Admin", "ya")
    shop.discord.wait_for(lambda: noted(shop)[0] == ("cache clear", "all"))
    shop.discord.say("Admin", "!adminhelp")
    shop.wait_for_text("stand in quotes")
    said = "\n".join(text(one) for one in shop.discord.view("Admin"))
    for form in ("!addstock CODE FILE", "!refund ORDER", "!restart [REASON]", "!cache clear [expired|temporary|all]"):
        assert f"`{form}`" in said


def test_a_backup_stays_on_the_server(shop: AdminShop) -> None:
    said = shop.typed("!backup")
    assert "Backup made" in said
    [file] = (shop.place / "state" / "bot" / "backups").glob("*manual*.db")
    assert str(file) in said
    assert not any(one["attachments"] for one in shop.discord.view("Admin"))
    (shop.place / "state" / "bot" / "backups").rename(shop.place / "gone")
    (shop.place / "state" / "bot" / "backups").write_text("a file")
    assert "There is no backup" in shop.typed("!backup")


def test_a_command_is_understood_as_phones_write_it(shop: AdminShop) -> None:
    assert "has 5 DL 5 WL" in shop.typed("!Addbal budi 5")
    assert "has 5 DL 10 WL" in shop.typed("! ADDBAL budi 5")


def test_members_may_not_and_learn_nothing(shop: AdminShop) -> None:
    for command in ("!addbal Budi 500", "!adminhelp", "!addbal", "!blacklist", "!blacklist add x", "!addstock STEAM10"):
        assert shop.typed(command, by="Budi") == "⛔ Only admins may do that."
    shop.wait_for_commands()
    assert shop.slash("addbal", by="Budi", handle="Budi", amount="5") == "⛔ Hanya admin yang boleh melakukan itu."
    assert balance(shop) == 500
    assert noted(shop) == []


def test_each_admin_is_answered_in_the_language_of_the_client(shop: AdminShop) -> None:
    shop.wait_for_commands()
    assert "has 5 DL" in shop.slash("checkbal", handle="Budi")
    shop.discord.request("POST", "/control/language", {"member": "Admin", "language": "id"})
    assert "Saldo `Budi`" in shop.slash("checkbal", handle="Budi")
    names = shop.discord.request("GET", "/control/commands?member=Admin&channel=toko")["commands"]
    described = {one["name"]: one["description"] for one in names}
    assert described["products"] == "Daftar semua produk dengan harga dan stok"
    assert described["blacklist add"] == "Larang member memakai toko"


def test_a_database_that_cannot_be_used_is_said_kindly(shop: AdminShop) -> None:
    file = shop.place / "state" / "bot" / "shop.db"
    file.rename(file.with_name("elsewhere.db"))
    assert "cannot reach its books" in shop.typed("!addbal Budi 5")
    assert "Database: ❌" in shop.typed("!status")
    file.with_name("elsewhere.db").rename(file)
    assert "has 5 DL 5 WL" in shop.typed("!addbal Budi 5")
