"""The bot serves before its shop is open: requests of the shop wait, and each one is answered."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path

from botapp.local_discord.ids import LIVE_CHANNEL_ID
from botapp.runtime import state_file as state
from botapp.shop_loader import SLOW_S, ShopLoader
from botapp.ui.custom_ids import BALANCE
from tests.support.discord.bot_process import BotProcess, write_config
from tests.support.discord.control import local_discord
from tests.support.shop.shop import text

OPENING = {"Budi": "Toko sedang dibuka", "Admin": "The shop is just opening"}


def test_requests_are_answered_while_the_database_does_not_answer(tmp_path: Path) -> None:
    write_config(tmp_path, 'language = "en"', channel_id=LIVE_CHANNEL_ID)
    with local_discord() as discord, socket.create_server(("127.0.0.1", 0)) as silent:
        with BotProcess(tmp_path, discord) as bot:
            discord.wait_for_shop()
            discord.wait_for(lambda: len(discord.world()["commands"]) > 10)
            bot.end(signal.SIGKILL)
        discord.wait_for(lambda: not any(one["connected"] for one in discord.sessions()["sessions"]))
        url = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/shop"
        write_config(tmp_path, f'language = "en"\n[store]\nurl = "{url}"', channel_id=LIVE_CHANNEL_ID)
        with BotProcess(tmp_path, discord):
            discord.wait_for_bot()
            asked = discord.say("Admin", "!status")
            clicked = {"Budi": discord.click("Budi", BALANCE), "Admin": discord.command("Admin", "products")}
            restart = discord.interaction(discord.command("Admin", "restart"), wait_s=2)
            assert "stocksup start" in restart["messages"][0]["content"], (
                "a command that does not need the shop does not wait"
            )
            for who, interaction in clicked.items():
                answer = discord.interaction(interaction, wait_s=3)
                assert answer["state"] == "answered"
                assert OPENING[who] in answer["messages"][0]["content"]
                assert answer["messages"][0]["ephemeral"]
            # a prefix command has no time limit: it waits for the shop, which opens without its database
            said = discord.wait_for_message(
                "Admin", lambda one: (one.get("message_reference") or {}).get("message_id") == asked, timeout_s=20
            )
            assert "Database: ❌" in text(said)


def test_stop_while_the_shop_opens(tmp_path: Path) -> None:
    with local_discord() as discord, socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/shop"
        write_config(tmp_path, f'language = "en"\n[store]\nurl = "{url}"', channel_id=LIVE_CHANNEL_ID)
        state.change(tmp_path / "state" / "bot" / "state.json", database_created=True)
        with BotProcess(tmp_path, discord) as bot:
            discord.wait_for_bot()
            assert bot.end() == 0
            assert "Traceback" not in bot.log


def test_slow_opening_is_unhealthy() -> None:
    async def check() -> None:
        loader = ShopLoader()
        assert loader.health() == {"database": None}
        loader._started_at_s -= SLOW_S
        database = loader.health()["database"]
        assert (database["is_healthy"], database["external"]) == (False, True)

    asyncio.run(check())
