"""`/setup` and slash commands as members meet them: a bot before a local Discord, without a configured channel."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from botapp.local_discord.ids import ADMIN_CHANNEL_ID, LIVE_CHANNEL_ID
from tests.support.discord.bot_process import BotProcess, write_config
from tests.support.discord.control import DiscordControl, Json, Refused, controls, local_discord
from tests.support.shop.shop import text

WORLD = "stocksup:v1:world"


@pytest.fixture
def discord() -> Iterator[DiscordControl]:
    with local_discord() as control:
        yield control


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_config(tmp_path / "bot", channel_id=0)
    return tmp_path / "bot"


def wait_for_commands(discord: DiscordControl) -> None:
    discord.wait_for(lambda: {one["name"] for one in discord.world()["commands"]} >= {"setup", "restart"})


def slash(discord: DiscordControl, member: str, name: str, channel: str = "toko", **options: Any) -> Json:
    """Give a slash command and return the answer, which only the member sees."""
    answer = discord.interaction(discord.command(member, name, channel=channel, **options), wait_s=5)
    assert answer["state"] == "answered"
    message: Json = answer["messages"][0]
    return message


def live_messages(discord: DiscordControl, channel: str = "toko") -> list[Json]:
    return [
        one for one in discord.view("Admin", channel) if any(part.get("custom_id") == WORLD for part in controls(one))
    ]


def is_open(message: Json) -> bool:
    return any(one.get("custom_id") == WORLD and not one.get("disabled") for one in controls(message))


def remembered(place: Path) -> Json:
    state: Json = json.loads((place / "state" / "bot" / "state.json").read_text())
    return state


def test_setup_chooses_the_channel_across_restarts(discord: DiscordControl, place: Path) -> None:
    with BotProcess(place, discord) as bot:
        wait_for_commands(discord)
        assert live_messages(discord) == []
        answer = slash(discord, "Admin", "setup")
        assert "esan live sekarang ada di channel ini" in answer["content"]
        assert answer["ephemeral"]
        [first] = live_messages(discord)
        assert "Steam 10" in text(first)
        answer = discord.interaction(discord.click("Budi", WORLD), wait_s=4)
        assert "Info world" in text(answer["messages"][0])
        assert bot.end() == 0
    with BotProcess(place, discord):
        discord.wait_for_message(
            "Budi", lambda one: any(c.get("custom_id") == WORLD and not c.get("disabled") for c in controls(one))
        )
        assert [one["id"] for one in live_messages(discord)] == [first["id"]]


def test_second_setup_moves_the_message(discord: DiscordControl, place: Path) -> None:
    with BotProcess(place, discord):
        wait_for_commands(discord)
        slash(discord, "Admin", "setup")
        # typed, as `!setup`: the answer is a reply that all may read
        discord.say("Admin", "!setup", channel="admin")
        discord.wait_for_message(
            "Admin", lambda one: "esan live sekarang ada di channel ini" in text(one), channel="admin"
        )
        assert live_messages(discord, "toko") == []
        assert len(live_messages(discord, "admin")) == 1
        assert remembered(place)["live_channel_id"] == ADMIN_CHANNEL_ID


def test_members_cannot_use_setup(discord: DiscordControl, place: Path) -> None:
    with BotProcess(place, discord):
        wait_for_commands(discord)
        with pytest.raises(Refused, match="sees no command"):
            slash(discord, "Budi", "setup")
        discord.say("Budi", "!setup")
        discord.wait_for_message("Budi", lambda message: "Hanya admin" in message["content"])
        assert live_messages(discord) == []
        assert remembered(place)["live_channel_id"] == 0


def test_missing_permissions_are_named(discord: DiscordControl, place: Path) -> None:
    with BotProcess(place, discord):
        wait_for_commands(discord)
        discord.deny("send_messages", "embed_links")
        discord.wait_for(lambda: "Kirim Pesan" in slash(discord, "Admin", "setup")["content"])
        said = slash(discord, "Admin", "setup")["content"]
        assert "Sematkan Tautan" in said
        assert "Lihat Channel" not in said
        # typed where the bot may not write: the answer comes as a direct message
        discord.say("Admin", "!setup")
        discord.wait_for_message("Admin", lambda one: "Kirim Pesan" in text(one), channel="dm")
        assert remembered(place)["live_channel_id"] == 0
        discord.deny()
        discord.wait_for(lambda: "sekarang ada di channel" in slash(discord, "Admin", "setup")["content"].lower())


def test_configured_channel_wins(discord: DiscordControl, place: Path) -> None:
    write_config(place, channel_id=LIVE_CHANNEL_ID)
    with BotProcess(place, discord):
        wait_for_commands(discord)
        said = slash(discord, "Admin", "setup", channel="admin")["content"]
        assert f"<#{LIVE_CHANNEL_ID}>" in said
        assert "live_channel_id" in said
        discord.message_with("Budi", WORLD)
        assert live_messages(discord, "admin") == []


@pytest.mark.parametrize("damage", [b"", b"\0" * 300, b'{"live_messages":[{"chan'])
def test_damaged_state_file_is_recreated_and_the_shop_opens(
    discord: DiscordControl, place: Path, damage: bytes
) -> None:
    file = place / "state" / "bot" / "state.json"
    with BotProcess(place, discord) as bot:
        wait_for_commands(discord)
        slash(discord, "Admin", "setup")
        message = discord.message_with("Budi", WORLD)
        bot.end()
    file.write_bytes(damage)
    with BotProcess(place, discord) as bot:
        discord.wait_for_message("Budi", is_open)
        # the chosen channel and the message are those of the copy
        assert [one["id"] for one in live_messages(discord)] == [message["id"]]
        assert remembered(place)["live_channel_id"] == LIVE_CHANNEL_ID
        assert file.with_name("state.json.damaged").read_bytes() == damage
        bot.end()


def test_state_file_damaged_while_the_bot_runs(discord: DiscordControl, place: Path) -> None:
    with BotProcess(place, discord):
        wait_for_commands(discord)
        (place / "state" / "bot" / "state.json").write_bytes(b"")
        slash(discord, "Admin", "setup", channel="admin")
        assert remembered(place)["live_channel_id"] == ADMIN_CHANNEL_ID


def wait_until_open(discord: DiscordControl) -> None:
    """Have something answered that only an open shop can answer."""
    asked = discord.say("Admin", "!products")
    discord.wait_for_message("Admin", lambda one: (one.get("message_reference") or {}).get("message_id") == asked)


def test_slash_commands_are_synced_only_on_change(discord: DiscordControl, place: Path) -> None:
    with BotProcess(place, discord) as bot:
        wait_for_commands(discord)
        described = {one["name"]: one["description"] for one in discord.world()["commands"]}
        assert described["setup"] == "Tampilkan pesan live di channel ini"
        assert described["restart"] == "Restart bot (minta konfirmasi)"
        bot.end()
    # a second request now would be refused with an error
    discord.faults({"method": "PUT", "path": "/applications/*/commands", "status": 400})
    with BotProcess(place, discord) as bot:
        discord.wait_for_bot()
        discord.say("Admin", "!restart")
        discord.wait_for_message("Admin", lambda one: "stocksup start" in text(one))
        wait_until_open(discord)
        bot.end()
    assert "tidak bisa disinkronkan" not in bot.log
    changed = (place / "config.toml").read_text()
    (place / "config.toml").write_text(f'language = "en"\n{changed}')
    with BotProcess(place, discord) as bot:
        discord.wait_for_bot()
        discord.say("Admin", "!setup")
        discord.wait_for_message("Admin", lambda one: "now in this channel" in text(one))
        wait_until_open(discord)
        bot.end()
    assert "cannot sync slash commands" in bot.log
    discord.no_faults()
    with BotProcess(place, discord):
        discord.wait_for(
            lambda: (
                {one["description"] for one in discord.world()["commands"]}
                >= {"Restart the bot (asks for confirmation)"}
            )
        )


def test_lost_slash_commands_are_synced_again(place: Path) -> None:
    for _life in range(2):  # each time a local Discord that begins empty
        with local_discord() as discord, BotProcess(place, discord):
            wait_for_commands(discord)
            while not remembered(place).get("commands"):
                time.sleep(0.02)  # a file of the bot's, of which the local Discord tells nothing


def test_slash_restart_without_supervisor(discord: DiscordControl, place: Path) -> None:
    with BotProcess(place, discord):
        wait_for_commands(discord)
        with pytest.raises(Refused, match="sees no command"):
            slash(discord, "Budi", "restart")
        assert "stocksup start" in slash(discord, "Admin", "restart")["content"]
