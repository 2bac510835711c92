"""Admin commands without Discord: their forms, what is typed, what is said, and what Discord demands of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.ext import commands

from botapp import locale
from botapp.cogs.admin import AdminCog
from botapp.cogs.base import SYSTEM, ShopCog, _run_command, command_usages, help_sections
from botapp.cogs.confirmations import Confirmations
from botapp.cogs.setup import SetupCog
from botapp.cogs.shop_admin import ShopAdminCog
from botapp.discord_api import slash_commands as slash
from botapp.discord_api.http_calls import replayed_application
from botapp.shop import COGS
from botapp.store.db.errors import OutcomeUnknown, Unavailable
from botapp.store.domain import refusals
from botapp.store.domain.money import Denomination
from botapp.store.domain.records import AdminAction, Entry
from botapp.ui.admin import shop_texts as admin_texts
from botapp.ui.admin import system_texts
from botapp.ui.admin.help import PAGE_CHARS, CommandUsage, help_pages, split_pages, usage_error
from botapp.ui.admin.parsing import parse_order_id
from botapp.ui.admin.shop_texts import UploadSummary, line_numbers, upload_report
from botapp.ui.members.refusals import Answers

ADDBAL = CommandUsage("addbal", ("HANDLE", "AMOUNT", "[UNIT]"), "Budi 150", "Add money to a member's balance")


def cogs() -> list[commands.Cog]:
    nobody: Any = None
    return [AdminCog(nobody, Confirmations()), SetupCog(nobody), *(kind(nobody, nobody) for kind in COGS)]


@pytest.fixture(params=locale.LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    locale.use(request.param)
    return str(request.param)


def test_usage_error_shows_usage_and_example() -> None:
    said = usage_error([ADDBAL], "!", "❌ `AMOUNT` is missing.")
    assert said == "❌ `AMOUNT` is missing.\n`!addbal HANDLE AMOUNT [UNIT]`\nFor example: `!addbal Budi 150`"
    assert CommandUsage("products", (), "", "").sample("?") == "?products"


def test_help_fits_messages_and_names_every_command(language: str) -> None:
    pages = help_pages(help_sections(cogs()), "!")
    assert all(0 < len(page) <= PAGE_CHARS for page in pages)
    said = "\n".join(pages)
    for cog in cogs():
        for command in cog.walk_commands():
            if not isinstance(command, commands.Group):
                assert f"`!{command.qualified_name}" in said


def test_split_pages_cuts_long_lines() -> None:
    pages = list(split_pages(["a" * 6, "b" * 3, "c" * 30], 10))
    assert pages == ["a" * 6 + "\n" + "b" * 3, "c" * 10]
    assert list(split_pages([])) == []


def test_examples_have_all_required_arguments() -> None:
    for _title, forms in help_sections(cogs()):
        for form in forms:
            needed = [one for one in form.arguments if not one.startswith("[") and one != "FILE"]
            words = re.findall(r'"[^"]*"|\S+', form.example)
            assert len(words) >= len(needed), form


def test_system_chapter_is_last() -> None:
    assert [title for title, _forms in help_sections(cogs())][-1] == SYSTEM


def told() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each command, and each part of one, as Discord is told it."""
    bot = commands.Bot("!", intents=discord.Intents.none())

    async def payloads() -> list[dict[str, Any]]:
        known = cogs()
        slash.describe(command for cog in known for command in cog.walk_commands())
        for cog in known:
            for command in cog.get_commands():
                assert isinstance(command, commands.HybridCommand | commands.HybridGroup)
                assert command.app_command is not None
                bot.tree.add_command(command.app_command)
        return [
            await command.get_translated_payload(bot.tree, slash.CommandTranslator())
            for command in bot.tree.get_commands()
        ]

    rest = [(str(one["name"]), one) for one in asyncio.run(payloads())]
    while rest:
        name, one = rest.pop()
        yield name, one
        rest += [(f"{name} {part['name']}", part) for part in one.get("options") or ()]


def test_commands_meet_discord_limits_in_both_languages(language: str) -> None:
    top = 0
    for name, one in told():
        top += " " not in name
        assert re.fullmatch(r"[-_a-z0-9]{1,32}", one["name"]), name
        assert 1 <= len(one["description"]) <= 100, name
        assert one["description"] == one["description_localizations"]["id" if language == "id" else "en-US"], name
        assert {"id", "en-US"} <= one["description_localizations"].keys(), name
        for text in one["description_localizations"].values():
            assert 1 <= len(text) <= 100, (name, text)
    assert 20 < top <= 100


def test_fingerprint_of_slash_commands() -> None:
    bot = commands.Bot("!", intents=discord.Intents.none())
    before = asyncio.run(slash.fingerprint(bot.tree))

    @bot.tree.command(name="more", description=app_commands.locale_str("Show the health of the bot", english="x"))
    async def more(interaction: discord.Interaction[Any]) -> None:
        raise NotImplementedError

    assert asyncio.run(slash.fingerprint(bot.tree)) != before


def test_usage_of_a_group_lists_its_commands() -> None:
    forms = [form.usage("!") for form in command_usages(ShopAdminCog.blacklist)]
    assert forms == ["!blacklist add WHO [REASON]", "!blacklist list", "!blacklist remove WHO"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("123", 123),
        ("#000123", 123),
        (" # 7 ", 7),
        ("0", None),
        ("", None),
        ("12a", None),
        ("9" * 30, None),
        ("١", None),
    ],
)
def test_parse_order_id(typed: str, meant: int | None) -> None:
    assert parse_order_id(typed) == meant


def test_line_numbers_are_short_and_bounded() -> None:
    assert line_numbers([5, 6, 7, 2]) == "2, 5–7"
    assert line_numbers(range(0, 1000, 2)).endswith(", 38, …")
    assert len(line_numbers(range(0, 10**6, 2))) < 200


def test_upload_report_texts() -> None:
    assert upload_report(UploadSummary("VPN", 3, (), (), (), ())) == "✅ Items added to `VPN`: 3"
    report = upload_report(UploadSummary("VPN", 0, (1, 2), (4,), (3,), ()))
    assert report.startswith("⚠️ Nothing was added to `VPN`.")
    assert "2 (lines 1–2)" in report
    assert "Already sold: 1 (line 4)" in report
    assert "Too long" not in report
    assert "Another product" not in report
    report = upload_report(UploadSummary("VPN", 3, (), (), (), (), ((1, "B"), (2, "A"), (4, "B"))))
    assert "Another product has or has sold" in report
    assert "3 (lines 1–2, 4; `A`, `B`)" in report


def test_every_kind_of_transaction_has_a_label(language: str) -> None:
    units = (Denomination("World Lock", "WL", 1),)
    said = admin_texts.entry_line(Entry(-5, "purchase", "123", "1", 0), units)
    assert "**-5 WL**" in said
    assert "#000123" in said
    said = admin_texts.entry_line(Entry(5, "admin_add", "", "1", 0), units)
    assert "**+5 WL**" in said
    assert "admin_add" not in said


@pytest.mark.parametrize(("seconds", "said"), [(0, "0 s"), (59, "59 s"), (3600, "1 h"), (93_600, "1 d 2 h")])
def test_durations(seconds: float, said: str) -> None:
    assert system_texts.format_duration(seconds) == said


def test_status_texts() -> None:
    part = {"is_healthy": True, "last_error": None}
    health = {
        "livestock": part,
        "buttons": {"is_healthy": False, "last_error": "cannot answer a click"},
        "gateway": part | {"latency_ms": None},
        "database": None,
        "cache": {"problem": "the disk is full", "sealed": False},
        "loop_lag_ms": 0.5,
    }
    health["visibility"] = {
        "state": "stock_broken",
        "since": 900.0,
        "errors_last_hour": [0, 1, 7],
        "recoveries": [{"state": "buttons_broken", "at": 800.0, "lasted_s": 65.0}],
    }
    said = system_texts.status_text(health, 7, 1000.0)
    assert "process 7" in said
    assert "❌ cannot answer a click" in said
    assert "❌ the disk is full" in said
    assert "not open yet" in said
    assert "> the stock is unavailable, so the buttons are disabled, since <t:900:R>" in said
    assert "Errors in the last hour: ▁▂█ (8)" in said
    assert "recovered <t:800:R>, after 1 min 5 s: the buttons do not work" in said
    assert "without a supervisor" in system_texts.status_text(health, None, 1000.0)


class _Cog:
    """What `_run_command` uses of a cog: it keeps the answers, and which commands were finished before."""

    class shop:
        answers = Answers((Denomination("World Lock", "WL", 1),), "GrowID")

    #: what an earlier process has done
    done: AdminAction | None = None

    def __init__(self) -> None:
        self.said: list[str] = []
        self.finished: list[int] = []
        self.finished_before_answer: list[int] = []
        self.bot = SimpleNamespace(finish=self.finished.append)

    async def say(self, _ctx: object, text: str) -> None:
        self.said.append(text)
        self.finished_before_answer = self.finished.copy()

    def is_repeated(self) -> bool:
        return ShopCog.is_repeated()

    async def require_new(self, _ctx: object) -> None:
        if self.done is not None:
            raise refusals.AlreadyDone(self.done)


CTX: Any = SimpleNamespace(command="refund", author="Admin", message=SimpleNamespace(id=7))


@pytest.mark.parametrize(
    ("error", "is_changed", "answer"),
    [
        (Unavailable("gone"), False, "unavailable"),
        (Unavailable("gone"), True, "done_without_answer"),
        (OutcomeUnknown("gone"), False, "outcome_unknown_to_admin"),
        (OutcomeUnknown("gone"), True, "done_without_answer"),
        (refusals.NotBlacklisted(1), True, "done_without_answer"),
        (refusals.NotBlacklisted(1), False, None),
    ],
)
def test_failed_command_says_what_is_so(error: Exception, is_changed: bool, answer: str | None) -> None:
    """A refund whose buyer could not be told because the database failed was answered "Nothing was changed"."""
    cog: Any = _Cog()

    async def work() -> None:
        if is_changed:
            ShopCog.mark_changed(cog)
        raise error

    asyncio.run(_run_command(cog, CTX, work))
    answers = cog.shop.answers
    assert cog.said == [getattr(answers, answer)() if answer else answers.refusal(error)]
    # an admin who is asked to try again does so: no later process may execute this command
    assert cog.finished_before_answer == ([7] if isinstance(error, Unavailable) and not is_changed else [])


@pytest.mark.parametrize("is_replayed", [True, False])
@pytest.mark.parametrize("is_done", [True, False])
def test_command_that_an_earlier_process_has_done_is_only_answered(is_replayed: bool, is_done: bool) -> None:
    cog: Any = _Cog()
    cog.done = AdminAction("1", "refund", "#000123 Budi 5", 0) if is_done else None
    ran: list[bool] = []

    async def work() -> None:
        ran.append(True)

    async def replay() -> None:
        replayed_application.set(77 if is_replayed else None)
        await _run_command(cog, CTX, work)

    asyncio.run(replay())
    # what was not begun before is looked up by its own transaction
    assert ran == ([] if is_replayed and is_done else [True])
    assert len(cog.said) == (is_replayed and is_done)
