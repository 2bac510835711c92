"""Live stock and buttons from the member's side, while something is broken: they always tell the same story."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from botapp.cli.demo_shop import DemoProduct
from botapp.ui import custom_ids
from botapp.ui.live import reposts
from supervisor.cli import exit_codes
from tests.support import python_process
from tests.support.discord.control import Json, controls
from tests.support.shop.products import stock_up
from tests.support.shop.shop import Shop, refused, shop, text

#: longer than the longest pause before something broken is tried again
PATIENCE_S = 40.0


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Shop]:
    with shop(tmp_path) as one:
        one.start()
        wait_open(one)
        yield one


def live(one: Shop, channel: str = "toko") -> list[Json]:
    """Return the live messages that a member sees."""
    return [
        message
        for message in one.discord.view("Budi", channel)
        if any(part.get("custom_id") == custom_ids.BUY for part in controls(message))
    ]


def is_open(message: Json) -> bool:
    """Tell whether stock is shown and buttons can be clicked; anything between is a contradiction."""
    stock = "Steam 10" in text(message)
    clickable = [not part.get("disabled") for part in controls(message) if part.get("custom_id") in custom_ids.LIVE]
    assert all(clickable) == any(clickable) == stock, text(message)
    return stock


def wait_open(one: Shop) -> None:
    one.discord.wait_for(lambda: [is_open(message) for message in live(one)] == [True], timeout_s=PATIENCE_S)


def wait_shut(one: Shop, why: str) -> None:
    """Wait for one live message that shows no stock, with its buttons off, and says why and since when."""

    def shut() -> bool:
        messages = live(one)
        return [is_open(message) for message in messages] == [False] and why in text(messages[0])

    one.discord.wait_for(shut, timeout_s=PATIENCE_S)
    assert "<t:" in text(live(one)[0])


def answer(one: Shop, custom_id: str = custom_ids.BALANCE) -> str:
    """Click a button and return what the member is told; every click is answered."""
    done = one.click(custom_id)
    assert done["state"] == "answered", done
    return " ".join(text(message) for message in done["messages"])


def wait_livestock(one: Shop, *, healthy: bool) -> None:
    """Wait until the bot has said how its live stock is; no event tells that."""
    deadline_s = time.monotonic() + PATIENCE_S
    while one.program()["health"]["livestock"]["is_healthy"] is not healthy:
        assert time.monotonic() < deadline_s
        time.sleep(0.1)


class Database:
    """The database's file, taken away and brought back."""

    def __init__(self, one: Shop) -> None:
        self.file = one.directory / "state" / "bot" / "shop.db"
        self.aside = self.file.with_suffix(".aside")

    def go(self) -> None:
        self.file.rename(self.aside)

    def come_back(self) -> None:
        self.aside.rename(self.file)


def test_database_outage(running: Shop) -> None:
    """Failure 10: one failed check set the partner aside for ever."""
    database = Database(running)
    database.go()
    # the member is told, and so are all others in the channel
    assert "Tidak ada yang berubah" in answer(running)
    wait_shut(running, "Stok tidak bisa dibaca sejak")
    assert "❌ Livestock error: Database connection failed" in running.log()
    assert running.program()["health"]["livestock"]["last_error"] == "Database connection failed"
    assert running.program()["health"]["visibility"]["state"] == "stock_broken"
    database.come_back()
    wait_open(running)
    assert "✅ Livestock kembali sehat" in running.log()
    # the next heartbeat reports it
    recoveries = running.wait_for(lambda: running.program()["health"]["visibility"]["recoveries"])
    assert recoveries[-1]["state"] == "stock_broken"
    assert "Daftar" in answer(running)


def test_refused_edit_declines_clicks_until_recovery(running: Shop) -> None:
    running.discord.faults({"method": "PATCH", "path": "/channels/*/messages/*", "status": 403, "code": 50013})
    change(running)
    wait_livestock(running, healthy=False)
    # what members see cannot be changed now, so nothing that they click has an effect
    assert "sedang tidak tersedia" in answer(running)
    running.discord.no_faults()
    wait_open(running)
    wait_livestock(running, healthy=True)
    assert "Daftar" in answer(running)


def test_discord_server_error_is_retried(running: Shop) -> None:
    running.discord.faults({"method": "PATCH", "path": "/channels/*/messages/*", "status": 500, "times": 6})
    before = text(live(running)[0])
    change(running)
    running.discord.wait_for(lambda: text(live(running)[0]) != before, timeout_s=PATIENCE_S)
    wait_open(running)


def test_newest_state_is_shown_after_rate_limit(running: Shop) -> None:
    """Failure 11: rate limits on the live message, each answered by another edit."""
    running.discord.faults(
        {"method": "PATCH", "path": "/channels/*/messages/*", "status": 429, "retry_after_s": 1.5, "times": 1}
    )
    for price in ("100", "200", "300"):
        change(running, price)
    running.discord.wait_for(lambda: "300" in text(live(running)[0]), timeout_s=PATIENCE_S)
    wait_open(running)


def test_too_many_edits_replace_the_message(running: Shop) -> None:
    [first] = live(running)
    running.discord.faults(
        {"method": "PATCH", "path": "/channels/*/messages/*", "status": 400, "code": 30046, "times": 1}
    )
    change(running)
    running.discord.wait_for(
        lambda: [one["id"] != first["id"] for one in live(running)] == [True], timeout_s=PATIENCE_S
    )
    wait_open(running)


def test_websocket_outage_disables_the_shop(running: Shop) -> None:
    running.discord.faults(refuse_gateway=True)
    running.discord.faults(drop={"reset": True})
    wait_shut(running, "Tombol bermasalah sejak")
    assert "⚠️ Button manager tidak sehat, livestock tidak akan ditampilkan" in running.log()
    running.discord.no_faults()
    wait_open(running)


def test_a_new_session_does_not_close_the_shop(running: Shop) -> None:
    """discord.py sleeps 5 s before this IDENTIFY, and then reports 5 s of latency for 41 s."""
    identifies = running.discord.sessions()["identifies"]
    running.discord.faults(drop={"code": 4000, "end": True})
    running.discord.wait_for(lambda: running.discord.sessions()["identifies"] > identifies, timeout_s=PATIENCE_S)
    running.discord.wait_for_bot()
    change(running)
    running.discord.wait_for(lambda: "777" in text(live(running)[0]), timeout_s=PATIENCE_S)
    assert is_open(live(running)[0])
    assert running.program()["health"]["visibility"]["errors_last_hour"][-1] == 0


def test_lost_database_is_shown_and_keeps_the_process(running: Shop) -> None:
    """The next process could not serve either; this one serves again as soon as the database is back."""
    database, pid = Database(running), running.program()["pid"]
    database.go()
    running.wait_for(lambda: not running.program()["health"]["database"]["is_healthy"])
    refused(running, "restart", program="bot", wait=True)
    assert running.program()["pid"] == pid
    database.come_back()
    wait_open(running)


@pytest.mark.parametrize("state", ["edit", "deleted"])
def test_restart_during_an_outage(running: Shop, state: str) -> None:
    if state == "edit":
        running.discord.faults({"method": "PATCH", "path": "/channels/*/messages/*", "status": 403, "code": 50013})
    else:
        running.discord.faults({"method": "POST", "path": "/channels/*/messages", "status": 403, "code": 50013})
        running.discord.delete_message(live(running)[0]["id"])
    life = running.program()["life"]
    running.ask("restart", program="bot", wait=True)
    assert running.program()["life"] == life + 1
    running.discord.no_faults()
    wait_open(running)
    assert len(live(running)) == 1


@pytest.mark.parametrize("fault", [{"invited": False}, {"delete_channel": "toko"}])
def test_health_knows_that_members_see_nothing(running: Shop, fault: dict[str, object]) -> None:
    [before] = live(running)
    running.discord.faults(**fault)
    running.wait_for(lambda: running.program()["health"]["visibility"]["state"] == "not_shown")
    for command in ("health", "status"):
        done = python_process.run("supervisor.cli", command, env=running.environ())
        assert done.returncode == exit_codes.FAILED
        assert done.stdout.count("1400000000000000010") == 1, "the cause, once"
    if "invited" in fault:
        running.discord.faults(invited=True)
        wait_open(running)
        running.wait_for(lambda: running.program()["health"]["visibility"]["state"] == "normal")
        assert [message["id"] for message in live(running)] == [before["id"]]
        assert python_process.run("supervisor.cli", "health", env=running.environ()).returncode == exit_codes.FINE


def test_a_live_message_that_something_deletes_is_not_posted_for_ever(running: Shop) -> None:
    for _ in range(reposts.FREE_DELETIONS):
        running.discord.wait_for(lambda: len(live(running)) == 1, timeout_s=PATIENCE_S)
        running.discord.delete_message(live(running)[0]["id"])
    running.wait_for(lambda: running.program()["health"]["visibility"]["state"] == "not_shown")
    assert live(running) == []
    assert running.log().count("dihapus 3 kali") <= 2, "said once, not at every try"


def test_duplicate_live_messages_and_further_languages(tmp_path: Path) -> None:
    """Failure 8: an id that was forgotten led to a second live message."""
    extra = '[[bot.live]]\nchannel_id = 1400000000000000010\nlanguage = "en"\n'
    with shop(tmp_path, extra=extra) as one:
        one.start()
        one.discord.wait_for(lambda: len(live(one)) == 2 and all(map(is_open, live(one))), timeout_s=PATIENCE_S)
        assert {("stok:" in text(message), "stock:" in text(message)) for message in live(one)} == {
            (True, False),
            (False, True),
        }
        ids = {message["id"] for message in live(one)}
        one.ask("restart", program="bot", wait=True)
        change(one)
        one.discord.wait_for(lambda: all("777" in text(message) for message in live(one)), timeout_s=PATIENCE_S)
        assert {message["id"] for message in live(one)} == ids


def test_more_products_than_fields(tmp_path: Path) -> None:
    many = tuple(DemoProduct(f"P{number:03d}", f"Steam 10 no. {number}", 150, "", ("x",)) for number in range(60))
    stock_up(tmp_path, many)
    with shop(tmp_path) as one:
        one.start()
        one.discord.wait_for(lambda: [is_open(message) for message in live(one)] == [True], timeout_s=PATIENCE_S)
        assert text(live(one)[0]).count("Steam 10 no.") == 60


def change(one: Shop, price: str = "777") -> None:
    """Change what the live message shows, as an admin does."""
    said = one.discord.say("Admin", f"!changeprice STEAM10 {price}")
    one.discord.wait_for_message("Admin", lambda message: message.get("reference_id") == said or "✅" in text(message))
