"""A bot before a local Discord whose admin gives commands: typed or slash, and what came of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from botapp.local_discord.ids import BUDI_ID, LIVE_CHANNEL_ID
from botapp.store.db.database import Database, database_url
from botapp.store.usecases import accounts
from tests.support.discord.bot_process import BotProcess, write_config
from tests.support.discord.control import DiscordControl, Json, local_discord
from tests.support.shop.shop import replied_to, text

P = ParamSpec("P")
T = TypeVar("T")

CONFIG = """
language = "en"
[store]
member_name_label = "GrowID"
[[store.currency]]
name = "World Lock"
short = "WL"
value = 1
[[store.currency]]
name = "Diamond Lock"
short = "DL"
value = 100
"""


class AdminShop:
    """What a test has of it."""

    def __init__(self, place: Path, discord: DiscordControl) -> None:
        self.place = place
        self.discord = discord
        self._database = Database(database_url("", place / "state" / "bot" / "shop.db"))

    def books(
        self, use_case: Callable[Concatenate[Connection, P], T], /, *arguments: P.args, **keywords: P.kwargs
    ) -> T:
        """Do or look at something in the shop's books, beside the bot."""
        return self._database.run_sync(use_case, *arguments, **keywords)

    def register(self, handle: str = "Budi", user_id: int = BUDI_ID, balance: int = 0) -> None:
        """Give somebody an account."""
        self.books(accounts.register, user_id, handle, 1)
        if balance:
            key, now_ms = f"test:{handle}", int(time.time() * 1000)
            self.books(accounts.adjust_balance, handle, balance, add=True, actor="test", key=key, now_ms=now_ms)

    def typed(
        self, words: str, *, by: str = "Admin", channel: str = "toko", files: dict[str, bytes] | None = None
    ) -> str:
        """Type a command; return the words of the answer to it."""
        sent = self.discord.say(by, words, channel, files=files)
        answer = self.discord.wait_for_message(by, lambda one: replied_to(one) == sent, channel=channel)
        return text(answer)

    def slash(self, name: str, *, by: str = "Admin", channel: str = "toko", **options: Any) -> str:
        """Give a slash command; return the words of its answer, which must be private."""
        answer = self.discord.interaction(self.discord.command(by, name, channel=channel, **options), wait_s=8)
        assert answer["state"] == "answered", answer
        assert all(one["ephemeral"] for one in answer["messages"])
        return "\n".join(text(one) for one in answer["messages"])

    def wait_for_text(self, wanted: str, *, by: str = "Admin", channel: str = "toko", timeout_s: float = 10.0) -> Json:
        """Return the newest message in which these words stand, as soon as there is one."""
        return self.discord.wait_for_message(by, lambda one: wanted in text(one), channel=channel, timeout_s=timeout_s)

    def wait_for_commands(self) -> None:
        """Wait until Discord knows the slash commands."""
        self.discord.wait_for(lambda: len(self.discord.world()["commands"]) > 10)


@contextmanager
def admin_shop(place: Path, *, extra: str = "") -> Iterator[tuple[AdminShop, BotProcess]]:
    """Run a bot with the test's goods; Budi has an account with 500."""
    write_config(place, CONFIG + extra, channel_id=LIVE_CHANNEL_ID)
    with local_discord() as discord:
        one = AdminShop(place, discord)
        one.register(balance=500)
        with BotProcess(place, discord) as bot:
            discord.wait_for_shop()
            try:
                yield one, bot
            finally:
                print(bot.log[-4000:])
