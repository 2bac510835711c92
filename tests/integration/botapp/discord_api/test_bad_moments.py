"""The bot while Discord drops connections, answers with pages, or sends what cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from botapp.discord_api.http_calls import MAX_LOST
from botapp.local_discord.ids import LIVE_CHANNEL_ID
from botapp.ui import custom_ids
from supervisor.client import EXIT_TRY_AGAIN
from tests.support.discord.bot_process import BotProcess, write_config
from tests.support.discord.control import DiscordControl, Json, controls, local_discord
from tests.support.shop.shop import text

PAGE = "<!DOCTYPE html>\n<html>\n" + "<p>Attention Required! | Cloudflare</p>\n" * 50 + "</html>"
#: event types whose parsers need fields
EVENTS = ("MESSAGE_CREATE", "INTERACTION_CREATE", "GUILD_CREATE", "CHANNEL_CREATE", "GUILD_MEMBER_ADD")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BotProcess, DiscordControl]]:
    place = tmp_path_factory.mktemp("bot")
    with local_discord() as discord:
        write_config(place, channel_id=LIVE_CHANNEL_ID)
        with BotProcess(place, discord) as bot:
            discord.wait_for(lambda: is_open(discord))
            yield bot, discord


@pytest.fixture
def bot(running: tuple[BotProcess, DiscordControl]) -> Iterator[BotProcess]:
    yield running[0]
    running[1].no_faults()


@pytest.fixture
def discord(running: tuple[BotProcess, DiscordControl]) -> DiscordControl:
    return running[1]


def is_open(discord: DiscordControl) -> bool:
    """Return whether a member sees a live message whose buttons are enabled."""
    buttons = [part for message in discord.view("Budi") for part in controls(message)]
    return any(part.get("custom_id") == custom_ids.BALANCE and not part.get("disabled") for part in buttons)


def click(discord: DiscordControl) -> Json:
    return discord.interaction(discord.click("Budi", custom_ids.BALANCE), wait_s=4)


def test_events_that_cannot_be_read_are_skipped(bot: BotProcess, discord: DiscordControl) -> None:
    before = [session["session_id"] for session in discord.sessions()["sessions"]]
    for event in EVENTS:
        discord.faults(event={"type": event, "data": {"id": "x"}})
        discord.faults(event={"type": event, "data": ["no", "object"]})
    assert click(discord)["state"] == "answered"
    assert [session["session_id"] for session in discord.sessions()["sessions"]] == before
    assert "GUILD_CREATE" in bot.log


@pytest.mark.parametrize("frame", ["{", "[]", '{"op": 10, "d": {}}'])
def test_a_frame_that_cannot_be_read_costs_only_the_connection(
    bot: BotProcess, discord: DiscordControl, frame: str
) -> None:
    resumes = discord.sessions()["resumes"]
    discord.faults(frame=frame)
    # each one more makes discord.py wait longer
    discord.wait_for(lambda: discord.sessions()["resumes"] > resumes, timeout_s=30.0)
    discord.wait_for(lambda: is_open(discord), timeout_s=30.0)
    assert click(discord)["state"] == "answered"


@pytest.mark.parametrize(
    "fault", [{"path": "/interactions/*", "drop": True}, {"path": "/webhooks/*", "status": 200, "html": PAGE}]
)
def test_a_click_whose_answer_fails_leaves_the_next_one_alone(
    bot: BotProcess, discord: DiscordControl, fault: dict[str, Any]
) -> None:
    discord.faults({"times": 1, **fault})
    discord.interaction(discord.click("Budi", custom_ids.BALANCE), wait_s=0.5)
    discord.no_faults()
    discord.wait_for(lambda: is_open(discord))
    assert click(discord)["state"] == "answered"
    assert "<p>" not in bot.log
    assert max(map(len, bot.log.splitlines())) < 1000, "a line of a page is enough"
    assert "Traceback" not in bot.log


@pytest.mark.parametrize("is_command", [False, True])
def test_the_loss_of_every_answer_to_an_acknowledgement_is_told(
    bot: BotProcess, discord: DiscordControl, is_command: bool
) -> None:
    """Discord shows that the bot is thinking until it gets a further answer."""
    discord.wait_for(lambda: any(one["name"] == "status" for one in discord.world()["commands"]))
    discord.wait_for(lambda: is_open(discord))
    discord.faults({"path": "/interactions/*/callback", "drop": True, "after": True, "times": MAX_LOST})
    begun = discord.command("Admin", "status") if is_command else discord.click("Budi", custom_ids.BALANCE)
    discord.wait_for(lambda: any("❌" in text(one) for one in discord.interaction(begun)["messages"]))
    assert discord.no_faults() == 0


def test_a_429_without_via_is_waited_for(bot: BotProcess, discord: DiscordControl) -> None:
    fault = {"method": "POST", "path": "/channels/*/messages", "status": 429, "retry_after_s": 0.2, "via": False}
    discord.faults({**fault, "times": 2})
    discord.say("Budi", "!restart")
    discord.wait_for_message("Budi", lambda message: "⛔" in text(message))


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 200, "html": PAGE}, {"status": 503}])
def test_a_public_stock_file_is_deleted_although_discord_fails_once(
    bot: BotProcess, discord: DiscordControl, fault: dict[str, Any]
) -> None:
    discord.faults({"method": "DELETE", "path": "/channels/*/messages/*", "times": 1, **fault})
    said = discord.say("Admin", "!addstock STEAM10", files={"keys.txt": b"AAAA-1111\n"})
    discord.wait_for(lambda: said not in [message["id"] for message in discord.view("Budi")])


@pytest.mark.parametrize(
    "fault",
    [{"status": 403, "html": PAGE}, {"status": 400}, {"status": 451}, {"status": 200, "html": PAGE}, {"drop": True}],
)
def test_log_in_waits_for_a_discord_that_is_not_itself(tmp_path: Path, fault: dict[str, Any]) -> None:
    """Only 401 means that the token is wrong."""
    write_config(tmp_path, channel_id=LIVE_CHANNEL_ID)
    with local_discord() as discord:
        discord.faults({"path": "/users/@me", **fault})
        with BotProcess(tmp_path, discord) as bot:
            assert bot.wait() == EXIT_TRY_AGAIN
            assert max(map(len, bot.log.splitlines())) < 1000
            assert "Traceback" not in bot.log
