"""Deposits from webhooks, from the message to the balance, with a real bot and the local Discord."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from botapp.local_discord.ids import ADMIN_CHANNEL_ID, BUDI_ID, LIVE_CHANNEL_ID, SARI_ID, WEBHOOKS
from botapp.store.usecases import accounts
from tests.support.discord.bot_process import BotProcess, write_config
from tests.support.discord.control import DiscordControl, local_discord
from tests.support.shop.shop import text
from tests.support.shop.shop_database import Books, books_of

BUDI = "GrowID: Budi\nDeposit: 1 World Lock, 2 Diamond Lock"

CONFIG = f"""
language = "en"
[[store.currency]]
name = "World Lock"
short = "WL"
value = 1
[[store.currency]]
name = "Diamond Lock"
short = "DL"
value = 100
[store]
notice_channel_id = {ADMIN_CHANNEL_ID}
[store.deposits]
channel_ids = [{LIVE_CHANNEL_ID}]
webhook_ids = [{WEBHOOKS["Deposit"]}]
"""


@pytest.fixture
def discord() -> Iterator[DiscordControl]:
    with local_discord() as one:
        yield one


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_config(tmp_path / "bot", CONFIG, channel_id=LIVE_CHANNEL_ID)
    return tmp_path / "bot"


@pytest.fixture
def books(place: Path) -> Books:
    """The shop's database, with accounts of Budi and Sari."""
    books = books_of(place)
    books.do(accounts.register, BUDI_ID, "Budi", 1)
    books.do(accounts.register, SARI_ID, "Sari", 1)
    return books


@pytest.fixture
def bot(place: Path, books: Books, discord: DiscordControl) -> Iterator[BotProcess]:
    with BotProcess(place, discord) as one:
        discord.wait_for_bot()
        yield one


def marked(discord: DiscordControl, message_id: str, emoji: str, *, timeout_s: float = 10.0) -> Any:
    """Wait until the bot has added `emoji` to a message."""
    return discord.wait_for_message(
        "Budi",
        lambda one: one["id"] == message_id and [r["emoji"]["name"] for r in one.get("reactions", [])] == [emoji],
        timeout_s=timeout_s,
    )


def noticed(discord: DiscordControl, words: str) -> str:
    """Return the notice with these words, waiting for it."""
    return text(discord.wait_for_message("Admin", lambda one: words in text(one), channel="admin"))


def test_deposit_is_booked_once_and_the_member_is_notified(
    discord: DiscordControl, bot: BotProcess, books: Books
) -> None:
    message = discord.post(BUDI)
    marked(discord, message, "✅")
    told = discord.wait_for_message("Budi", lambda one: "has arrived" in text(one), channel="dm")
    assert "2 DL 1 WL" in text(told)
    assert books.balance("budi") == 201
    # an edited message is the same deposit; another message with the same text is a new one
    discord.edit(message, BUDI.replace("2 Diamond", "90 Diamond"))
    marked(discord, discord.post(BUDI), "✅")
    assert books.balance("budi") == 402
    assert [one.refusal for one in books.deposits()] == ["", ""]


def test_embeds_are_read_and_one_message_may_report_several_deposits(
    discord: DiscordControl, bot: BotProcess, books: Books
) -> None:
    fields = [{"name": "GrowID", "value": "**budi**"}, {"name": "Deposit:", "value": "7 WL"}]
    marked(discord, discord.post(embeds=[{"title": "Donation box", "fields": fields}]), "✅")
    marked(discord, discord.post("GrowID: sari\nDeposit: 1 DL\nGrowID: budi\nDeposit: 3"), "✅")
    assert (books.balance("budi"), books.balance("sari")) == (10, 100)
    # what the content says, the embed repeats
    repeated = discord.post("GrowID: Budi\nDeposit: 7", embeds=[{"title": "Donation box", "fields": fields}])
    marked(discord, repeated, "✅")
    assert [one.key for one in books.deposits() if repeated in one.key] == [f"message:{repeated}:0"]
    assert books.balance("budi") == 17


@pytest.mark.parametrize(
    ("content", "refusal", "words"),
    [
        ("GrowID: ghost\nDeposit: 5 WL", "handle", "no member is registered with this name"),
        ("GrowID: Budi\nDeposit: -5 WL", "amount", "not above zero"),
        ("GrowID: Budi\nDeposit: 0", "amount", "not above zero"),
        ("GrowID: Budi\nDeposit: 5 Gold", "amount", "not above zero"),
        ("GrowID: Budi\nDeposit: 0.500 DL", "amount", "not above zero"),
        (f"GrowID: Budi\nDeposit: {2**60} DL", "amount", "not above zero"),
        ("GrowID: Budi\nGrowID: Sari\nDeposit: 5 WL", "unreadable", "cannot be read as a deposit"),
        ("the format has changed", "unreadable", "cannot be read as a deposit"),
    ],
)
def test_invalid_deposit_is_refused_listed_and_reported(
    discord: DiscordControl, bot: BotProcess, books: Books, content: str, refusal: str, words: str
) -> None:
    message = discord.post(content)
    marked(discord, message, "❌")
    noticed(discord, words)
    assert [(one.refusal, message in one.key) for one in books.deposits()] == [(refusal, True)]
    assert (books.balance("budi"), books.balance("sari")) == (0, 0)


def test_deposit_from_another_sender_is_forged(discord: DiscordControl, bot: BotProcess, books: Books) -> None:
    discord.say("Sari", "is the shop open?")
    discord.say("Sari", BUDI)
    assert "by `Sari`" in noticed(discord, "not sent by an allowed webhook")
    discord.say("Sari", BUDI)
    discord.post(BUDI, webhook="Stranger")
    discord.post(BUDI, channel="admin")
    marked(discord, discord.post("GrowID: sari\nDeposit: 1 WL"), "✅")
    noticed(discord, "by `Stranger")
    assert [one.refusal for one in reversed(books.deposits())] == ["forged", "forged", "forged", ""]
    notices = [text(one) for one in discord.view("Admin", "admin") if "not sent by an allowed" in text(one)]
    assert "\n".join(notices).count("by `Sari`") == 1, "told once, not each time"
    assert books.balance("budi") == 0


def test_messages_missed_during_downtime_are_processed(discord: DiscordControl, place: Path, books: Books) -> None:
    discord.post(BUDI)  # before deposits were configured, so it is not booked
    with BotProcess(place, discord) as bot:
        discord.wait_for_bot()
        marked(discord, discord.post("GrowID: budi\nDeposit: 1 WL"), "✅")
        bot.send(signal.SIGKILL)
        bot.wait()
    for _ in range(130):
        last = discord.post("GrowID: budi\nDeposit: 1 WL")
    with BotProcess(place, discord) as bot:
        marked(discord, last, "✅", timeout_s=30)
        assert bot.end() == 0
    assert books.balance("budi") == 131
    assert len(books.deposits(500)) == 131
    with BotProcess(place, discord) as bot:
        marked(discord, discord.post("GrowID: budi\nDeposit: 1 WL"), "✅")
        assert len(books.deposits(500)) == 132, "and not once more"


def test_lost_connection_loses_no_deposit(discord: DiscordControl, bot: BotProcess, books: Books) -> None:
    marked(discord, discord.post(BUDI), "✅")
    discord.faults({"method": "GET", "path": "/channels/*/messages", "status": 500, "times": 1})
    discord.faults(drop={"reset": True, "end": True})
    # posted while the bot is disconnected; a new session does not announce it
    message = discord.post(BUDI)
    marked(discord, message, "✅", timeout_s=30)
    assert books.balance("budi") == 402


def test_received_messages_are_processed_without_history(
    discord: DiscordControl, bot: BotProcess, books: Books
) -> None:
    discord.deny("read_message_history", "add_reactions")
    discord.post(BUDI)
    discord.wait_for_message("Budi", lambda one: "has arrived" in text(one), channel="dm")
    assert "give the bot Read Message History" in bot.log
    discord.deny()
    marked(discord, discord.post(BUDI), "✅")
    assert books.balance("budi") == 402


def test_missed_messages_are_processed_without_history(discord: DiscordControl, place: Path, books: Books) -> None:
    """The next process resumes the session of the one that was killed, which still has them."""
    discord.deny("read_message_history", "add_reactions")
    with BotProcess(place, discord) as bot:
        discord.wait_for_bot()
        bot.send(signal.SIGKILL)
        bot.wait()
    discord.post(BUDI)
    with BotProcess(place, discord):
        discord.wait_for_message("Budi", lambda one: "has arrived" in text(one), channel="dm")
    discord.deny()
    with BotProcess(place, discord):
        marked(discord, discord.post(BUDI), "✅")
    assert books.balance("budi") == 402, "and not once more, now that it is in the history"


def test_deposit_despite_closed_direct_messages(discord: DiscordControl, bot: BotProcess, books: Books) -> None:
    discord.faults(dm_closed=["Budi"])
    marked(discord, discord.post(BUDI), "✅")
    assert books.balance("budi") == 201
