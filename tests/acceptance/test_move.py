"""A shop moves to another server: the same balances, and one live message, which goes on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from botapp.runtime import state_file as state
from botapp.services.backup.files import list_backups
from botapp.store.db.database import Database, database_url
from botapp.store.usecases import accounts
from tests.support import python_process
from tests.support.discord.control import DiscordControl, Json, local_discord
from tests.support.shop.databases import opened
from tests.support.shop.populated_shop import balances, member, restock
from tests.support.shop.shop import PATIENCE_S, Shop, shop, text

#: chosen there by `/setup`, so that only the shop's own memory knows it
CHANNEL = 1400000000000000010


@pytest.fixture
def discord() -> Iterator[DiscordControl]:
    with local_discord() as control:
        yield control


def command(one: Shop, *words: str) -> Json:
    done = python_process.run("supervisor.cli", *words, "--json", env=one.environ(), timeout_s=PATIENCE_S)
    assert done.returncode == 0, done.stdout + done.stderr
    told: Json = json.loads(done.stdout)
    return told


def database_of(one: Shop) -> Path:
    return one.directory / "state" / "bot" / "shop.db"


def live_messages(discord: DiscordControl) -> list[Json]:
    return [message for message in discord.view("Budi") if "Steam 10" in text(message)]


def choose_by_setup(one: Shop) -> None:
    """Have the channel known to the shop alone, as after `/setup`."""
    one.config.write_text(one.config.read_text().replace(f"live_channel_id = {CHANNEL}", ""))
    state.change(one.directory / "state" / "bot" / "state.json", live_channel_id=CHANNEL)


def fill(books: Database) -> None:
    books.run_sync(member, 900, "Budi", 1000)
    books.run_sync(member, 901, "Sari", 55)


def test_backup_another_directory_restore_start(tmp_path: Path, discord: DiscordControl) -> None:
    with shop(tmp_path / "old", discord=discord) as old:
        choose_by_setup(old)
        with opened(database_url("", database_of(old))) as books:
            fill(books)
        old.start()
        first = discord.wait_for_message("Budi", lambda message: "Steam 10" in text(message))
        # a backup is made while the bot runs; the last one when no one buys any more
        command(old, "data", "backup")
        old.stop()
        backup = Path(command(old, "data", "backup")["path"])
        with opened(database_url("", database_of(old))) as books:
            then = books.run_sync(balances)
    with shop(tmp_path / "new", discord=discord) as new:
        new.config.write_text(old.config.read_text())
        database_of(new).unlink()
        arrived = new.directory / backup.name
        shutil.copy(backup, arrived)
        assert command(new, "data", "restore", str(arrived)) == {"file": str(arrived), "kept": None, "problems": []}
        verified = command(new, "data", "verify")
        assert (verified["ok"], verified["problems"]) == (True, [])
        new.start()
        with opened(database_url("", database_of(new))) as books:
            assert books.run_sync(balances) == then == {"Budi": 1000, "Sari": 55}
            books.run_sync(restock, "ROBUX", "fresh")
        # after a restart, too, it is the old message that the new server edits
        new.ask("restart", program="bot", wait=True)
        discord.wait_for_message("Budi", lambda message: message["id"] == first["id"] and "🟡 Robux" in text(message))
        assert [message["id"] for message in live_messages(discord)] == [first["id"]]


def test_a_running_shop_is_not_replaced_and_a_stopped_bot_is_enough(tmp_path: Path) -> None:
    with shop(tmp_path / "shop") as one:
        with opened(database_url("", database_of(one))) as books:
            fill(books)
        one.start()
        backup = Path(command(one, "data", "backup")["path"])
        with opened(database_url("", database_of(one))) as books:
            balance = books.run_sync(accounts.get_by_handle, "budi").balance
            books.run_sync(accounts.reset_balance, "budi", balance, actor="admin", key="k", now_ms=1)
        words = ("supervisor.cli", "data", "restore", str(backup))
        refused = python_process.run(*words, env=one.environ())
        assert refused.returncode == 1
        assert "stocksup stop bot" in refused.stderr
        with opened(database_url("", database_of(one))) as books:
            assert books.run_sync(balances)["Budi"] == 0
        # a bot without a supervisor is one, too
        one.kill_supervisor()
        assert python_process.run(*words, env=one.environ()).returncode == 1
        one.start_supervisor()
        one.ask("stop", program="bot")
        one.wait_for_state("bot", "STOPPED")
        kept = Path(command(one, "data", "restore", str(backup))["kept"])
        assert [found.path for found in list_backups(kept.parent)] == [kept, backup]
        with opened(database_url("", database_of(one))) as books:
            assert books.run_sync(balances)["Budi"] == 1000
        one.ask("start", program="bot")
        one.wait_for_state("bot", "RUNNING", life=2)
