"""Commands whose process is killed in the middle: the next one executes them, and what was done is only answered."""

from __future__ import annotations

import contextlib
import functools
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from botapp.store.usecases import access, accounts, admin_log
from botapp.ui import custom_ids
from tests.support.discord.bot_process import PATIENCE_S, BotProcess
from tests.support.discord.control import Json, controls
from tests.support.shop.admin_shop import AdminShop, admin_shop
from tests.support.shop.shop import replied_to, text

DONE_BEFORE = "already done"
#: the answers to typed commands do not arrive, nor those to slash commands
NO_ANSWERS = [
    {"method": "POST", "path": path, "delay_s": 60, "drop": True} for path in ("/channels/*/messages", "/webhooks/*")
]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[AdminShop, BotProcess]]:
    with admin_shop(tmp_path / "bot") as (shop, bot):
        shop.wait_for_commands()
        yield shop, bot


def kill(bot: BotProcess) -> None:
    bot.send(signal.SIGKILL)
    bot.wait()


@contextmanager
def next_process(shop: AdminShop) -> Iterator[BotProcess]:
    shop.discord.no_faults()
    with BotProcess(shop.place, shop.discord) as process:
        try:
            yield process
        finally:
            print(process.log[-4000:])


@contextmanager
def locked(shop: AdminShop) -> Iterator[None]:
    """Let no process change the database."""
    with contextlib.closing(sqlite3.connect(shop.place / "state" / "bot" / "shop.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


def answers(shop: AdminShop, sent: str) -> list[str]:
    """Return the answers to a typed command."""
    replies = [one for one in shop.discord.view("Admin") if replied_to(one) == sent]
    return [text(one) for one in replies]


def last_answer(shop: AdminShop, sent: str) -> str:
    return "".join(answers(shop, sent)[-1:])


def wait_for_books(shop: AdminShop, is_so: Callable[[Connection], bool]) -> None:
    """Wait until the database is so. No event announces it: the answer does not arrive."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not shop.books(is_so):
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def balance(connection: Connection) -> int:
    return accounts.get_by_handle(connection, "Budi").balance


def log_of(shop: AdminShop) -> list[str]:
    """Return what the admin log has, oldest first."""
    return [f"{one.action} {one.detail}" for one in reversed(shop.books(admin_log.list_latest, 50))]


def test_what_was_done_is_only_answered(pair: tuple[AdminShop, BotProcess]) -> None:
    shop, bot = pair
    taken = shop.discord.say("Admin", "!removebal Budi 300")
    shop.discord.wait_for(lambda: answers(shop, taken))
    shop.discord.faults(*NO_ANSWERS)
    shop.discord.say("Admin", "ya")
    added = shop.discord.say("Admin", "!addbal Budi 5")
    slash = shop.discord.command("Admin", "addbal", member="Budi", amount="7")
    wait_for_books(shop, lambda connection: balance(connection) == 212)
    kill(bot)
    with next_process(shop):
        shop.discord.wait_for(lambda: DONE_BEFORE in last_answer(shop, added))
        # the balance is too small by now for what was taken
        shop.discord.wait_for(lambda: DONE_BEFORE in last_answer(shop, taken))
        ended = shop.discord.interaction(slash, wait_s=8)
        assert DONE_BEFORE in text(ended["messages"][0]), ended
    assert shop.books(balance) == 212
    assert sorted(log_of(shop)) == ["addbal Budi 5", "addbal Budi 7", "removebal Budi 300"]


def test_what_was_not_done_is_done(pair: tuple[AdminShop, BotProcess]) -> None:
    shop, bot = pair
    # these are finished, well or badly
    shop.typed("!checkbal Budi")
    shop.typed("!addbal Budi")
    shop.slash("checkbal", member="Budi")
    with locked(shop):
        typed = shop.discord.say("Admin", "!maintenance on back soon")
        slash = shop.discord.command("Admin", "addbal", member="Budi", amount="7")
        shop.discord.interaction(slash, wait_s=8, until="ack")
        kill(bot)
    # these come while no process runs
    typed_later = shop.discord.say("Admin", "!addbal Budi 1")
    slash_later = shop.discord.command("Admin", "addbal", member="Budi", amount="2")
    with next_process(shop) as process:
        for sent in (typed, typed_later):
            shop.discord.wait_for(functools.partial(last_answer, shop, sent))
        for begun in (slash, slash_later):
            ended = shop.discord.interaction(begun, wait_s=8)
            assert "✅ Added" in text(ended["messages"][0]), ended
        assert shop.books(access.maintenance_reason) == "back soon"
        assert shop.books(balance) == 510
        assert "2 events in progress, 2 events not received" in process.log
        assert [len(answers(shop, sent)) for sent in (typed, typed_later)] == [1, 1]


def test_an_open_question_is_asked_again(pair: tuple[AdminShop, BotProcess]) -> None:
    shop, bot = pair
    typed = shop.discord.say("Admin", "!deleteproduct ROBUX")
    shop.discord.wait_for(lambda: answers(shop, typed))
    slash = shop.discord.command("Admin", "resetuser", member="Budi")
    first = shop.discord.interaction(slash, wait_s=5)["messages"][0]
    kill(bot)
    with next_process(shop):
        shop.discord.wait_for(lambda: len(answers(shop, typed)) == 2)
        asked = next(one for one in shop.discord.view("Admin") if replied_to(one) == typed)
        # the question of a slash command is asked again in its place
        shop.discord.wait_for_message(
            "Admin", lambda one: is_question(one) and one["id"] == first["id"] and bool(one["edited_timestamp"])
        )
        late = shop.discord.click("Admin", custom_ids.CONFIRM_YES, message_id=asked["id"])
        assert "no longer open" in text(shop.discord.interaction(late, wait_s=5)["messages"][0])
        assert shop.books(balance) == 500
        shop.discord.click("Admin", custom_ids.CONFIRM_YES, message_id=first["id"])
        shop.wait_for_text("is now zero")
        shop.discord.say("Admin", "ya")
        shop.wait_for_text("was deleted")
    assert log_of(shop) == ["resetuser Budi 500", "deleteproduct ROBUX"]


def test_an_announcement_is_posted_once(pair: tuple[AdminShop, BotProcess]) -> None:
    shop, bot = pair
    shop.typed("!announcement Restock tonight!")
    with locked(shop):
        shop.discord.say("Admin", "ya")
        shop.wait_for_text("📢 Announcement")
        kill(bot)
    with next_process(shop):
        shop.discord.wait_for(lambda: any(map(is_question, shop.discord.view("Admin"))))
        shop.discord.say("Admin", "ya")
        shop.wait_for_text("✅ The announcement was posted")
    assert sum("📢 Announcement" in text(one) for one in shop.discord.view("Budi")) == 1
    assert log_of(shop) == ["announcement Restock tonight!"]


def is_question(message: Json) -> bool:
    return any(one.get("custom_id") == custom_ids.CONFIRM_YES for one in controls(message))
