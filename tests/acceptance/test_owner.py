"""What the owner of a shop goes through: a token that is revoked, two shops on one machine."""

from __future__ import annotations

from pathlib import Path

from tests.support.discord.control import controls, local_discord
from tests.support.shop.shop import shop, text
from tests.support.supervisor.alert_receiver import letterbox


def test_a_token_is_revoked_and_a_new_one_brings_the_shop_back(tmp_path: Path) -> None:
    """Revoked while the bot serves: refused, given up, told by alert; then a new token and `start`."""
    with letterbox() as box, local_discord() as discord:
        alerts = f'[alerts]\nurls = ["{box.url()}"]\n'
        with shop(tmp_path / "toko", discord=discord, extra=alerts) as toko:
            toko.start()
            discord.wait_for_message("Budi", lambda message: "Steam 10" in text(message))
            discord.faults(token="of-today", drop={"code": 4000})
            given_up = toko.wait_for_state("bot", "FATAL")
            assert given_up["last_exit"]["code"] == 77
            (alert,) = box.wait(1)
            assert "demo-token" not in str(alert)
            (toko.directory / "token").write_text("of-today\n")
            toko.ask("start", program="bot")
            toko.wait_for_state("bot", "RUNNING", life=2)
            assert len(box.wait(2)) == 2, "that it is over is told too"
            message = discord.message_with("Budi", "stocksup:v1:world")
            assert not any(one.get("disabled") for one in controls(message))
            assert toko.click("stocksup:v1:world")["state"] == "answered"
        everything = [path for path in (tmp_path / "toko" / "state").rglob("*") if path.is_file()]
        assert not [path for path in everything for token in (b"of-today", b"demo-token") if token in path.read_bytes()]


def test_two_shops_on_one_machine_do_not_know_each_other(tmp_path: Path) -> None:
    with shop(tmp_path / "kopi") as kopi, shop(tmp_path / "teh") as teh:
        kopi.start()
        teh.start()
        before = teh.program()
        assert kopi.ask("restart", reason="mine alone", wait=True)["report"]["ok"]
        assert (kopi.program()["life"], teh.program()["pid"], teh.program()["life"]) == (2, before["pid"], 1)
        assert kopi.stop() == 0
        assert teh.click("stocksup:v1:world")["state"] == "answered"
        assert teh.ask("history")["history"] == []
