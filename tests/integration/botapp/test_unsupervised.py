"""The bot as a process without a supervisor: live message, exit codes, `!restart`."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from botapp.local_discord.ids import LIVE_CHANNEL_ID
from tests.support.discord.bot_process import BotProcess, free_port, write_config
from tests.support.discord.control import DiscordControl, Json, controls, local_discord
from tests.support.shop.shop import text

WORLD = "stocksup:v1:world"


@pytest.fixture
def discord() -> Iterator[DiscordControl]:
    with local_discord() as control:
        yield control


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_config(tmp_path / "bot", channel_id=LIVE_CHANNEL_ID)
    return tmp_path / "bot"


def live_messages(discord: DiscordControl) -> list[Json]:
    return [one for one in discord.view("Budi") if any(part.get("custom_id") == WORLD for part in controls(one))]


def open_message(discord: DiscordControl) -> Json:
    """Wait for a live message with working buttons."""

    def is_open(message: Json) -> bool:
        return any(one.get("custom_id") == WORLD and not one.get("disabled") for one in controls(message))

    return discord.wait_for_message("Budi", is_open)


def test_one_live_message_with_buttons_that_answer(discord: DiscordControl, place: Path) -> None:
    with BotProcess(place, discord):
        message = open_message(discord)
        assert "Steam 10" in text(message)
        assert "50.000" in text(message)
        answer = discord.interaction(discord.click("Sari", WORLD), wait_s=4)
        assert "Info world" in text(answer["messages"][0])
        assert len(live_messages(discord)) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_closes_the_shop_and_the_next_start_opens_it(
    discord: DiscordControl, place: Path, number: signal.Signals
) -> None:
    with BotProcess(place, discord) as bot:
        first = open_message(discord)
        assert bot.end(number) == 0
    [closed] = live_messages(discord)
    assert closed["id"] == first["id"]
    assert all(one["disabled"] for one in controls(closed) if one.get("custom_id"))
    assert "🎉 Pembersihan sebelum berhenti selesai" in bot.log
    assert discord.sessions()["sessions"] == [], "the session is over"
    with BotProcess(place, discord):
        assert open_message(discord)["id"] == first["id"]


def test_deleted_live_message_is_posted_again(discord: DiscordControl, place: Path) -> None:
    with BotProcess(place, discord):
        first = open_message(discord)
        discord.delete_message(first["id"])
        second = open_message(discord)
        assert second["id"] != first["id"]
    discord.delete_message(second["id"])
    with BotProcess(place, discord):
        assert open_message(discord)["id"] not in (first["id"], second["id"])
        assert len(live_messages(discord)) == 1


def test_lost_state_file_causes_no_second_message(discord: DiscordControl, place: Path) -> None:
    with BotProcess(place, discord) as bot:
        first = open_message(discord)
        bot.end()
    (place / "state" / "bot" / "state.json").unlink()
    with BotProcess(place, discord):
        assert open_message(discord)["id"] == first["id"]
        assert len(live_messages(discord)) == 1


def test_missing_channel_is_logged_and_the_bot_stays_up(discord: DiscordControl, place: Path) -> None:
    write_config(place, channel_id=123)
    with BotProcess(place, discord) as bot:
        discord.wait_for_bot()
        discord.say("Admin", "!restart")
        discord.wait_for_message("Admin", lambda message: "stocksup start" in text(message))
        assert bot.end() == 0
        assert "channel 123 tidak ditemukan; jalankan /setup di channel lain" in bot.log


def test_restart_without_a_supervisor_changes_nothing(discord: DiscordControl, place: Path) -> None:
    with BotProcess(place, discord) as bot:
        discord.wait_for_bot()
        discord.say("Budi", "!restart")
        discord.wait_for_message("Budi", lambda message: "Hanya admin" in text(message))
        discord.say("Admin", "!restart")
        discord.wait_for_message("Admin", lambda message: "stocksup start" in text(message))
        open_message(discord)
        assert "bukan admin" in bot.log
        assert "Budi" in bot.log
        assert discord.sessions()["identifies"] == 1


def test_unknown_button_is_answered(discord: DiscordControl, place: Path) -> None:
    button = {"type": 2, "style": 2, "label": "Old", "custom_id": "stocksup:v0:gone"}
    body = {"content": "of an old version", "components": [{"type": 1, "components": [button]}]}
    headers = {"Authorization": "Bot demo-token", "Content-Type": "application/json"}
    connection = HTTPConnection("127.0.0.1", discord.port)
    connection.request("POST", f"/api/v10/channels/{LIVE_CHANNEL_ID}/messages", json.dumps(body), headers)
    assert connection.getresponse().status == 200
    connection.close()
    with BotProcess(place, discord):
        discord.wait_for_bot()
        answer = discord.interaction(discord.click("Budi", "stocksup:v0:gone"), wait_s=4)
        assert "sudah tidak dipakai" in answer["messages"][0]["content"]


def test_refused_token_exits_with_77(discord: DiscordControl, place: Path) -> None:
    write_config(place, channel_id=LIVE_CHANNEL_ID, token="not-the-token")
    with BotProcess(place, discord) as bot:
        assert bot.wait() == 77
        assert "Discord menolak token" in bot.log
        assert "not-the-token" not in bot.log


def test_missing_intent_exits_with_77(discord: DiscordControl, place: Path) -> None:
    discord.faults(forbid_intents=["message_content"])
    with BotProcess(place, discord) as bot:
        assert bot.wait() == 77
        assert "Message Content Intent" in bot.log


def test_unreachable_discord_exits_with_75(place: Path) -> None:
    port = free_port()
    with BotProcess(place, DiscordControl(port)) as bot:
        assert bot.wait() == 75
        assert f"http://127.0.0.1:{port}/api/v10 tidak bisa dijangkau" in bot.log


def test_unreachable_gateway_exits_with_75(discord: DiscordControl, place: Path) -> None:
    discord.gateway = f"ws://127.0.0.1:{free_port()}/gateway"
    with BotProcess(place, discord) as bot:
        assert bot.wait() == 75
        assert "sesi tidak bisa dibuka" in bot.log


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("config.toml", "lenguage = 'id'", "maksudnya 'language'?"),
        ("token", "", "tidak berisi token"),
    ],
)
def test_bad_configuration_exits_with_78_and_one_line(place: Path, file: str, content: str, expected: str) -> None:
    (place / file).write_text(content)
    with BotProcess(place, None) as bot:
        assert bot.wait() == 78
    [line] = bot.log.splitlines()
    assert expected in line
