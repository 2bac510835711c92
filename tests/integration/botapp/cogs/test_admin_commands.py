"""Admin commands, typed and slash: each once correct and once wrong, and refused to members."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from botapp.local_discord.ids import BUDI_ID, SARI_ID
from botapp.runtime import login_links
from botapp.store.domain import refusals
from botapp.store.domain.money import Denomination, InvalidAmount, MissingAmount, UnclearAmount
from botapp.store.domain.records import Order, Product
from botapp.store.domain.rules import Limits
from botapp.store.usecases import access, accounts, admin_log, products, purchases, shop_location
from botapp.ui import custom_ids
from botapp.ui.members.refusals import Answers
from tests.support.discord.control import Refused, controls
from tests.support.shop.admin_shop import AdminShop, admin_shop
from tests.support.shop.shop import text

YES = "stocksup:v1:confirm:yes"
NO = "stocksup:v1:confirm:no"
WORLD = custom_ids.build("world")
ANSWERS = Answers((Denomination("World Lock", "WL", 1), Denomination("Diamond Lock", "DL", 100)), "GrowID")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[AdminShop]:
    with admin_shop(tmp_path / "bot") as (one, _bot):
        yield one


def product(shop: AdminShop, code: str) -> Product:
    return shop.books(products.get_by_code, code)


def balance(shop: AdminShop, handle: str = "Budi") -> int:
    return shop.books(accounts.get_by_handle, handle).balance


def refusal(problem: refusals.Refused) -> str:
    """Return the answer to a command that the shop refuses."""
    return ANSWERS.refusal(problem)


def noted(shop: AdminShop) -> list[tuple[str, str]]:
    return [(one.action, one.detail) for one in shop.books(admin_log.list_latest, 50)]


def test_command_whose_answer_fails_is_not_called_a_failure(shop: AdminShop) -> None:
    """An admin who is told that it did not work repeats the command, and books twice."""
    shop.discord.faults({"method": "POST", "path": "/channels/*/messages", "status": 400, "code": 50035, "times": 1})
    shop.discord.say("Admin", "!addbal Budi 100")
    shop.wait_for_text("Do not repeat the command")
    assert balance(shop) == 600
    shop.discord.faults({"method": "POST", "path": "/channels/*/messages", "status": 400, "code": 50035, "times": 1})
    shop.discord.say("Admin", "!checkbal Budi")
    shop.wait_for_text("That did not work")


def test_products(shop: AdminShop) -> None:
    assert "VPN 30 days" in shop.typed('!addproduct VPN "VPN 30 days" "1 DL 50 WL" Fast, and good')
    assert (product(shop, "vpn").price, product(shop, "vpn").description) == (150, "Fast, and good")
    # without quotes nothing is done, and the usage is shown
    wrong = shop.typed("!addproduct STEAM20 50 Steam Wallet 20")
    assert "`!addproduct CODE NAME PRICE [DESCRIPTION]`" in wrong
    assert '`!addproduct STEAM10 "Steam Wallet 10" 50`' in wrong
    assert shop.typed("!addproduct vpn again 5") == refusal(refusals.CodeTaken("vpn"))
    assert "`NAME`" in shop.typed("!addproduct VPN2")
    assert "`!addproduct CODE" in shop.typed('!addproduct VPN2 "open 5')
    assert shop.typed('!addproduct "a b" name 5') == refusal(refusals.InvalidCode("a b"))
    assert ANSWERS.invalid_amount(MissingAmount("Game")) in shop.typed("!addproduct VPN2 Big Game 50")
    assert "name: `VPN` VPN 31 days" in shop.typed('!editproduct VPN name "VPN 31 days"')
    assert "`VPN` VPN 31" in shop.typed('!editproduct VPN description ""')
    assert product(shop, "VPN").description == ""
    assert "`name`, `price`, `description`" in shop.typed("!editproduct VPN colour red")
    assert shop.typed(f"!editproduct VPN name {'x' * 81}") == refusal(refusals.InvalidText("name", 80))
    assert "2 DL (200 WL)" in shop.typed("!changeprice VPN 2 DL")
    assert product(shop, "VPN").price == 200
    assert ANSWERS.invalid_amount(InvalidAmount("cheap")) in shop.typed("!changeprice VPN cheap")
    assert shop.typed("!changeprice NONE 5") == refusal(refusals.NoSuchProduct("NONE"))
    listed = shop.typed("!products")
    assert "`VPN` VPN 31 days · 2 DL (200 WL) · 0 in stock" in listed
    assert "12 in stock" in listed
    shop.wait_for_text("VPN 31 days (`VPN`)")  # the live message
    assert ("changeprice", "VPN 200") in noted(shop)


def test_product_becomes_free_only_after_yes(shop: AdminShop) -> None:
    shop.typed("!changeprice ROBUX 0 DL")
    shop.discord.say("Admin", "tidak")
    shop.wait_for_text("❌")
    assert product(shop, "ROBUX").price > 0
    shop.typed('!addproduct GIFT "A gift" 0')
    with pytest.raises(refusals.NoSuchProduct):
        product(shop, "GIFT")
    shop.discord.say("Admin", "yes")
    shop.wait_for_text("✅ Added")
    assert product(shop, "GIFT").price == 0
    shop.typed("!editproduct ROBUX price 0")
    shop.discord.say("Admin", "yes")
    shop.wait_for_text("✅ `ROBUX`")
    assert product(shop, "ROBUX").price == 0


def test_fraction_is_refused_as_a_price(shop: AdminShop) -> None:
    for price in ("0.500 DL", "0,075", "1,234.567", "1 DL 0.500 WL"):
        assert ANSWERS.invalid_amount(InvalidAmount(price.removeprefix("1 DL "))) in shop.typed(
            f"!changeprice STEAM10 {price}"
        )
        assert "!addproduct CODE" in shop.typed(f'!addproduct NEW "New" {price}')
        assert "!addbal" in shop.typed(f"!addbal Budi {price}")
    assert ANSWERS.invalid_amount(UnclearAmount("5 DL 2 weeks")) in shop.typed('!addproduct NEW "New" 5 DL 2 weeks')
    assert (balance(shop), product(shop, "STEAM10").price) == (500, 50_000)
    with pytest.raises(refusals.NoSuchProduct):
        product(shop, "NEW")


def test_product_without_stock_is_deleted_after_yes(shop: AdminShop) -> None:
    assert shop.typed("!deleteproduct STEAM10") == refusal(refusals.ProductInStock("STEAM10", 12))
    question = shop.typed("!deleteproduct ROBUX")
    assert "Robux 400" in question
    shop.discord.say("Budi", "ya")  # somebody else
    shop.discord.say("Admin", "ya", "admin")  # elsewhere
    shop.discord.say("Admin", "tidak")
    shop.wait_for_text("❌")
    assert product(shop, "ROBUX").code == "ROBUX"
    shop.typed("!deleteproduct ROBUX")
    shop.discord.say("Admin", "yes")
    shop.wait_for_text("✅ `ROBUX`")
    assert shop.typed("!deleteproduct ROBUX") == refusal(refusals.NoSuchProduct("ROBUX"))
    assert [one for one in noted(shop) if one[0] == "deleteproduct"] == [("deleteproduct", "ROBUX")]


def test_slash_question_is_answered_by_button(shop: AdminShop) -> None:
    shop.wait_for_commands()
    begun = shop.discord.command("Admin", "deleteproduct", code="ROBUX")
    question = shop.discord.interaction(begun, wait_s=5)["messages"][0]
    assert question["ephemeral"]
    assert {one.get("custom_id") for one in controls(question)} >= {YES, NO}
    shop.discord.click("Admin", YES, message_id=question["id"])
    shop.wait_for_text("✅ `ROBUX`")


def test_yes_answers_the_newest_question_only(shop: AdminShop) -> None:
    shop.typed("!deleteproduct ROBUX")
    shop.typed("!resetuser Budi")
    shop.discord.say("Admin", "ya")
    shop.discord.wait_for(lambda: balance(shop) == 0)
    assert product(shop, "ROBUX").code == "ROBUX"


def test_money(shop: AdminShop) -> None:
    added = shop.typed("!addbal budi 1 DL 50 WL")
    assert "1 DL 50 WL" in added
    assert "6 DL 50 WL (650 WL)" in added
    assert "6 DL 55 WL" in shop.typed('!addbal Budi "5 WL"')
    shop.wait_for_commands()
    assert "8 DL 55 WL" in shop.slash("addbal", member="Budi", amount="2", unit="DL")
    assert "`!addbal MEMBER AMOUNT [UNIT]`" in shop.typed("!addbal Budi")
    assert shop.typed("!addbal Ghost 5") == refusal(refusals.NoSuchAccount("Ghost"))
    assert "<@1400000000000000777>" in shop.typed("!addbal <@1400000000000000777> 5")
    assert shop.typed("!addbal Budi 0") == refusal(refusals.AmountOutOfRange(0))
    assert ANSWERS.invalid_amount(InvalidAmount("-5")) in shop.typed("!addbal Budi -5")
    assert "8 DL 55 WL (855 WL)" in shop.typed("!checkbal BUDI")
    assert f"<@{BUDI_ID}>" in shop.typed("!checkbal BUDI")
    assert "`Budi`" in shop.typed(f"!checkbal <@{BUDI_ID}>")
    assert shop.typed("!checkbal x_x") == refusal(refusals.NoSuchAccount("x_x"))
    assert shop.typed("!removebal Budi 99 DL") == refusal(refusals.InsufficientBalance(9900, 855))
    assert "55 WL from `Budi`" in shop.typed(f"!removebal <@{BUDI_ID}> 55")
    shop.discord.say("Admin", "y")
    shop.wait_for_text("8 DL (800 WL)")
    assert balance(shop) == 800
    history = shop.typed("!trxhistory Budi 2")
    assert "**-55 WL**" in history
    assert history.count("admin") == 2
    assert "from 1 to 50" in shop.typed("!trxhistory Budi 0")
    assert "`!trxhistory MEMBER [COUNT]`" in shop.typed("!trxhistory Budi many")
    assert "8 DL" in shop.typed("!resetuser Budi")
    shop.discord.say("Admin", "y")
    shop.wait_for_text("✅ ")
    shop.discord.wait_for(lambda: balance(shop) == 0)
    assert "✅" not in shop.typed("!resetuser Budi"), "there is nothing to reset"
    assert [one for one in noted(shop) if one[0] == "resetuser"] == [("resetuser", "Budi 800")]


def test_order_is_refunded_once_and_buyer_is_notified(shop: AdminShop) -> None:
    shop.typed("!changeprice STEAM10 100")
    order = Order(77, BUDI_ID, product(shop, "STEAM10").id, 2, 100, "id")
    bought = shop.books(purchases.buy, order, Limits(), 10**12).purchase.id
    assert balance(shop) == 300
    assert "`!refund ORDER`" in shop.typed("!refund soon")
    assert shop.typed("!refund 999") == refusal(refusals.NoSuchPurchase(999))
    assert f"#{bought:06d}: 2 × `STEAM10`, 2 DL (200 WL)" in shop.typed(f"!refund #{bought:06d}")
    shop.discord.say("Admin", "ya")
    shop.wait_for_text(f"✅ Order #{bought:06d}")
    shop.wait_for_text("💸", by="Budi", channel="dm")  # in the language of the purchase
    assert balance(shop) == 500
    assert shop.typed(f"!refund {bought}") == refusal(refusals.AlreadyRefunded(bought))
    assert balance(shop) == 500


def test_the_shop_as_a_whole(shop: AdminShop) -> None:
    assert "`TOKO KITA`; owner: `Budi`, bot: `–`" in shop.typed('!setworld "TOKO KITA" Budi')
    assert shop.books(shop_location.get).world == "TOKO KITA"
    assert "`!setworld WORLD [OWNER] [BOT]`" in shop.typed("!setworld")
    assert "🛠️" in shop.typed("!maintenance on back soon")
    assert shop.books(access.maintenance_reason) == "back soon"
    assert "`!maintenance on|off [REASON]`" in shop.typed("!maintenance maybe")
    assert "✅" in shop.typed("!maintenance off")
    assert shop.books(access.maintenance_reason) is None
    assert "`!announcement TEXT`" in shop.typed("!announcement")
    assert "Restock tonight" in shop.typed("!announcement **Restock tonight** @everyone")
    shop.discord.say("Admin", "ya")
    announced = shop.wait_for_text("📢 Announcement")
    assert "Restock tonight" in text(announced)
    assert not announced["mention_everyone"]
    shop.wait_for_text("✅")
    log = shop.typed("!adminlog 2")
    assert "**announcement**" in log
    assert "**maintenance** `off`" in log
    assert "from 1 to 50" in shop.typed("!adminlog 51")


def test_blacklist_accepts_mentions_ids_and_member_names(shop: AdminShop) -> None:
    for who in (f"<@{SARI_ID}>", str(SARI_ID)):
        assert f"✅ <@{SARI_ID}>" in shop.typed(f"!blacklist add {who} spam")
        listed = shop.typed("!blacklist list")
        assert f"`{SARI_ID}`" in listed
        assert "spam" in listed
        assert f"✅ <@{SARI_ID}>" in shop.typed(f"!blacklist remove {who}")
        assert shop.books(access.blacklist_reason, SARI_ID) is None
    assert f"✅ <@{BUDI_ID}>" in shop.typed("!blacklist add budi")
    assert shop.books(access.blacklist_reason, BUDI_ID) == ""
    assert shop.typed(f"!blacklist remove {SARI_ID}") == refusal(refusals.NotBlacklisted(SARI_ID))
    assert shop.typed("!blacklist add ghost") == refusal(refusals.NoSuchAccount("ghost"))
    wrong = shop.typed("!blacklist")
    assert "`!blacklist add WHO [REASON]`" in wrong
    assert "`!blacklist list`" in wrong


def test_livestock_posts_the_live_message_again(shop: AdminShop) -> None:
    before = shop.discord.message_with("Admin", WORLD)["id"]
    shop.discord.say("Admin", "!livestock")
    shop.discord.wait_for(lambda: shop.discord.message_with("Admin", WORLD)["id"] != before)
    live = [one for one in shop.discord.view("Admin") if any(part.get("custom_id") == WORLD for part in controls(one))]
    assert len(live) == 1
    # the configuration says where it is, as with /setup
    assert "live_channel_id" in shop.typed("!livestock", channel="admin")


def test_the_bot_itself(shop: AdminShop) -> None:
    status = shop.typed("!status")
    assert "Database: ✅" in status
    assert "Stock: ✅" in status
    info = shop.typed("!systeminfo")
    assert "Python 3." in info
    assert "MiB" in info
    assert "demo-token" not in info
    assert "Cache: 0 entries" in shop.typed("!cache stats")
    assert "✅" in shop.typed("!cache clear temporary")
    assert "`!cache clear [expired|temporary|all]`" in shop.typed("!cache clear everything")
    assert "⚠️" in shop.typed("!cache clear all")
    shop.discord.say("Admin", "ya")
    shop.discord.wait_for(lambda: noted(shop)[0] == ("cache clear", "all"))
    shop.discord.say("Admin", "!adminhelp")
    shop.wait_for_text("!adminhelp`")
    said = "\n".join(text(one) for one in shop.discord.view("Admin"))
    for form in ("!addstock CODE FILE", "!refund ORDER", "!restart [REASON]", "!cache clear [expired|temporary|all]"):
        assert f"`{form}`" in said


def test_backup_stays_on_the_server(shop: AdminShop) -> None:
    said = shop.typed("!backup")
    assert "✅" in said
    [file] = (shop.place / "state" / "bot" / "backups").glob("*manual*.db")
    assert str(file) in said
    assert not any(one["attachments"] for one in shop.discord.view("Admin"))
    (shop.place / "state" / "bot" / "backups").rename(shop.place / "gone")
    (shop.place / "state" / "bot" / "backups").write_text("a file")
    assert "❌" in shop.typed("!backup")


def test_the_link_to_the_dashboard_is_private(shop: AdminShop) -> None:
    assert "`enabled = true`" in shop.typed("!dashboard")
    with (shop.place / "config.toml").open("a") as file:  # the running bot reads it when it is asked
        file.write("[dashboard]\nenabled = true\n")
    shop.wait_for_commands()
    link = re.search(r"http://127.0.0.1:8210/#login=([\w-]+)", shop.slash("dashboard"))
    assert link is not None
    key = login_links.read_key(shop.place / "state" / "dashboard" / "key")
    assert login_links.read_token(key, "link", link[1], time.time())
    assert "#login=" not in shop.typed("!dashboard")
    shop.wait_for_text("#login=", channel="dm")
    assert shop.typed("!dashboard", by="Budi").startswith("⛔")


def test_commands_ignore_case_and_leading_space(shop: AdminShop) -> None:
    assert "5 DL 5 WL" in shop.typed("!Addbal budi 5")
    assert "5 DL 10 WL" in shop.typed("! ADDBAL budi 5")


def test_members_are_refused_every_command(shop: AdminShop) -> None:
    for command in ("!addbal Budi 500", "!adminhelp", "!addbal", "!blacklist", "!blacklist add x", "!addstock STEAM10"):
        assert shop.typed(command, by="Budi").startswith("⛔")
    shop.wait_for_commands()
    with pytest.raises(Refused, match="sees no command"):
        shop.slash("addbal", by="Budi", member="Budi", amount="5")
    assert balance(shop) == 500
    assert noted(shop) == []


def test_unknown_commands_are_answered_for_admins(shop: AdminShop) -> None:
    assert "`!addproduct`" in shop.typed("!addprodct X 5")
    assert "!adminhelp" in shop.typed("!help")


def test_slash_answers_use_the_language_of_the_client(shop: AdminShop) -> None:
    shop.wait_for_commands()
    assert "💰 Balance of `Budi`" in shop.slash("checkbal", member="Budi")
    shop.discord.request("POST", "/control/language", {"member": "Admin", "language": "id"})
    assert "Saldo `Budi`" in shop.slash("checkbal", member="Budi")
    names = shop.discord.request("GET", "/control/commands?member=Admin&channel=toko")["commands"]
    described = {one["name"]: one["description"] for one in names}
    assert described["products"] == "Daftar semua produk dengan harga dan stok"
    assert described["blacklist add"] == "Larang seorang member memakai toko"


def test_missing_database_is_reported(shop: AdminShop) -> None:
    file = shop.place / "state" / "bot" / "shop.db"
    file.rename(file.with_name("elsewhere.db"))
    assert shop.typed("!addbal Budi 5") == ANSWERS.unavailable()
    assert "Database: ❌" in shop.typed("!status")
    file.with_name("elsewhere.db").rename(file)
    assert "5 DL 5 WL" in shop.typed("!addbal Budi 5")
