"""A restart hands over, from the member's side: real supervisor, two processes of the bot, the local Discord."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from botapp.local_discord.ids import LIVE_CHANNEL_ID, WEBHOOKS
from botapp.runtime import state_file
from botapp.store.db.schema import get_version
from botapp.ui.custom_ids import BALANCE
from supervisor.client import ControlError
from tests.support.discord.control import DiscordControl, Json, local_discord
from tests.support.shop.member import Customer
from tests.support.shop.shop import Shop, refused, shop, text
from tests.support.shop.shop_database import Books, books

pytestmark = pytest.mark.sampled

WORLD = "stocksup:v1:world"
CONFIG = f"""
[[store.currency]]
name = "World Lock"
short = "WL"
value = 1
[store]
member_name_label = "GrowID"
cooldown_s = 0
[store.deposits]
channel_ids = [{LIVE_CHANNEL_ID}]
webhook_ids = [{WEBHOOKS["Deposit"]}]
"""


@pytest.fixture(scope="module")
def discord() -> Iterator[DiscordControl]:
    with local_discord() as one:
        yield one


@pytest.fixture(scope="module")
def running(discord: DiscordControl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with shop(tmp_path_factory.mktemp("handover") / "toko", discord=discord, extra=CONFIG) as one:
        one.start()
        discord.wait_for_shop()
        Customer(discord, "Budi").register("Budi")
        yield one


@pytest.fixture
def toko(running: Shop) -> Iterator[Shop]:
    """A shop that one process serves, and a Discord without faults."""
    yield running
    running.discord.no_faults()
    running.wait_for_state("bot", "RUNNING")
    running.wait_until_alone()


def restart(toko: Shop, **fields: object) -> Json:
    report: Json = toko.ask("restart", program="bot", wait=True, **fields)["report"]
    return report


def report_why_not(toko: Shop) -> Json:
    """Restart the bot, which must be a cold restart; return its report."""
    before = toko.program()
    report = restart(toko)
    assert (report["ok"], report["handover"]) == (True, False)
    assert report["cold_problem"]
    assert toko.program()["pid"] != before["pid"]
    assert toko.click(WORLD)["state"] == "answered"
    return report


@contextmanager
def configured(toko: Shop, line: str) -> Iterator[None]:
    """Change the table of the bot meanwhile."""
    before = toko.config.read_text()
    changed = re.sub(rf"^{line.split()[0]} .*$", line, before, flags=re.MULTILINE)
    toko.config.write_text(changed if changed != before else f"{before}{line}\n")
    toko.ask("reload")
    yield
    toko.config.write_text(before)
    toko.ask("reload")


# --- the way back ---


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_old_process_serves_again_when_the_new_one_dies_or_hangs(toko: Shop, number: signal.Signals) -> None:
    old = toko.program()
    with configured(toko, "probation_s = 10"):
        assert restart(toko)["handover"]
        new = toko.program()
        os.kill(new["pid"], number)
        press = toko.discord.start_press("Budi", BALANCE, rate_per_s=10)
        toko.wait_for_other_process(new)
    assert toko.program()["pid"] == old["pid"]
    toko.discord.wait_for(lambda: toko.discord.press(press)["finished"] >= 20)
    toko.discord.stop_press(press)
    ended = toko.discord.press(press, wait_s=10)
    assert (ended["unfinished"], ended["finished_again"]) == (0, 0)
    assert toko.ask("history")["history"][0]["requested_by"] == "supervisor"
    if number is signal.SIGKILL:
        assert ended["failed"] == 0


# --- what cancels a restart ---


def test_exception_while_it_loads_cancels_the_restart(tmp_path: Path) -> None:
    """What the check does not find: it imports every module, but does not run the bot."""
    with shop(tmp_path / "toko", own_code=True) as toko:
        toko.start()
        before = toko.program()
        code = toko.code / "botapp" / "bot.py"
        broken = "async def _fail(bot):\n    raise RuntimeError('no luck')\nShopBot.setup_hook = _fail\n"
        code.write_text(f"{code.read_text()}\n{broken}")
        question = toko.restart_from_discord()
        told = toko.discord.wait_for_message("Admin", lambda message: "no luck" in text(message))
        assert told["id"] == question["id"]
        assert "Traceback" not in text(told)
        assert toko.program()["pid"] == before["pid"]
        assert toko.click(WORLD)["state"] == "answered"


def test_refused_intent_cancels_the_restart(toko: Shop) -> None:
    before = toko.program()
    toko.discord.faults(forbid_intents=["message_content"])
    error: ControlError = refused(toko, "restart", program="bot", wait=True)
    assert error.code == "prepare_failed"
    assert "Message Content Intent" in error.message
    assert toko.program()["pid"] == before["pid"]
    assert toko.click(WORLD)["state"] == "answered"


# --- what makes a restart a cold one ---


def test_few_sessions_left_for_today(toko: Shop) -> None:
    toko.discord.faults(identifies_left=10)
    assert " 10 " in report_why_not(toko)["cold_problem"]


def test_session_that_is_refused_until_the_deadline(toko: Shop) -> None:
    toko.discord.faults(identify_fault={"how": "silent", "times": 1})
    with configured(toko, "start_timeout_s = 5"):
        report_why_not(toko)


def test_session_that_gets_no_events(toko: Shop) -> None:
    number = toko.discord.sessions()["identifies"] + 1
    toko.discord.faults(deliveries=[{"number": number, "deaf": True}])
    press = toko.discord.start_press("Budi", BALANCE, rate_per_s=2)
    report_why_not(toko)
    toko.discord.stop_press(press)
    assert toko.discord.press(press, wait_s=10)["failed"] == 0


def test_session_that_got_no_events_is_remembered(toko: Shop) -> None:
    state = toko.directory / "state" / "bot" / "state.json"
    state_file.change(state, events_missed_at_s=time.time())
    try:
        report_why_not(toko)
    finally:
        state_file.change(state, events_missed_at_s=0.0)


def test_migration_that_the_old_process_cannot_use_waits_for_its_end(tmp_path: Path) -> None:
    with shop(tmp_path / "toko", own_code=True) as toko:
        toko.start()
        before = toko.program()
        toko.discord.wait_for_shop()
        directory = toko.code / "botapp" / "store" / "db"
        schema = directory / "schema.py"
        schema.write_text(re.sub(r"^(VERSIONS: Final = .*)\)$", r'\1, "next")', schema.read_text(), flags=re.MULTILINE))
        newest = sorted((directory / "migrations" / "versions").glob("r*.py"))[-1]
        head = f'revision = "next"\ndown_revision = "{newest.name[1:5]}"\nUSABLE_BY_PREVIOUS = False\n'
        newest.with_name("rnext.py").write_text(f"{head}\n\ndef upgrade() -> None:\n    pass\n")
        report = restart(toko)
        assert (report["ok"], report["to_life"]) == (True, before["life"] + 1)
        assert report["phases"]["drain_s"] is not None, "the old process has ended before"
        assert toko.click(WORLD)["state"] == "answered"
        with books(toko.directory) as ledger:
            assert ledger.do(get_version) == "next"
        assert len(list((toko.directory / "state" / "bot" / "backups").iterdir())) == 1


# --- exactly once, in any order ---


@pytest.fixture(scope="module")
def ledger(running: Shop) -> Iterator[Books]:
    with books(running.directory) as one:
        yield one


@pytest.mark.parametrize("late", ["old", "new"])
def test_commands_and_deposits_are_done_once_whichever_session_gets_them_first(
    toko: Shop, ledger: Books, late: str
) -> None:
    before, sent = ledger.balance("Budi"), 0
    number = toko.discord.sessions()["identifies"] + (late == "new")
    toko.discord.faults(deliveries=[{"number": number, "delay_s": 0.3}])
    with ThreadPoolExecutor() as threads:
        restarting = threads.submit(restart, toko)
        while not restarting.done():
            toko.discord.say("Admin", "!addbal Budi 7")
            toko.discord.post("GrowID: Budi\nDeposit: 1 World Lock")
            sent += 1
            time.sleep(0.9)  # so that the new session is in step now and then
    assert restarting.result()["handover"]
    toko.wait_for(lambda: ledger.balance("Budi") >= before + 8 * sent)
    toko.wait_until_alone()
    assert ledger.balance("Budi") == before + 8 * sent
    assert ledger.problems() == []
