"""Shutdown: every way of stopping drains all programs and leaves no process behind."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest

from supervisor.processes import procfs
from tests.support.discord.control import local_discord
from tests.support.shop.shop import shop, text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything(tmp_path: Path, number: signal.Signals) -> None:
    with shop(tmp_path / "toko", as_in_demo=True) as toko:
        toko.start()
        pids = [toko.program(name)["pid"] for name in ("bot", "discord")]
        assert toko.stop(number) == 0
        assert [procfs.identify(pid) for pid in pids] == [None, None]
        state = tmp_path / "toko" / "state"
        assert not (state / "stocksup.sock").exists()
        assert not list(state.glob("cache/*/temp-*"))
        assert not list(state.glob("cache/*/trash/*"))
        assert not list(state.rglob("*.new"))
        assert not list(state.rglob("*.tmp"))
        assert "🎉 Pembersihan sebelum berhenti selesai" in toko.log()


def test_a_restart_of_the_service_closes_the_shop_and_opens_it_again(tmp_path: Path) -> None:
    """As `systemctl restart` does it: TERM to the supervisor alone, then a new one. No one asked in Discord."""
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, local_discord() as discord:
        manager.bind(environ["NOTIFY_SOCKET"])
        with shop(tmp_path / "toko", discord=discord) as toko:
            toko.start_supervisor("--keep-desired", "yes", **environ)
            toko.wait_for_state("bot", "RUNNING")
            opened = discord.message_with("Budi", "stocksup:v1:world")
            before = [one["id"] for one in discord.view("Budi")]
            assert toko.stop(signal.SIGTERM) == 0
            (closed,) = (one for one in discord.view("Budi") if one["id"] == opened["id"])
            assert "🔒" in text(closed)
            toko.start_supervisor("--keep-desired", "yes", **environ)
            toko.wait_for_state("bot", "RUNNING", life=2)
            discord.wait_for_message("Budi", lambda one: one["id"] == opened["id"] and "🔒" not in text(one))
            said = discord.wait_for_message("Budi", lambda one: text(one) == "✅ Bot kembali (proses 2).")
            report = toko.ask("history")["history"][0]
            assert (report["requested_by"], report["from_life"], report["to_life"]) == ("systemd", 1, 2)
            assert "kembali setelah restart yang diminta oleh systemd" in toko.log()
            assert toko.stop(signal.SIGTERM) == 0
            assert said["id"] not in before
            assert [one["id"] for one in discord.view("Budi")] == before, "the same live message, and no other words"


def test_a_directory_with_a_long_foreign_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "C")
    monkeypatch.delenv("LC_ALL", raising=False)
    with shop(tmp_path / ("tokó-店-" + "x" * 60) / ("y" * 60)) as toko:
        assert len(bytes(toko.socket)) > 120
        toko.start()
        assert toko.ask("restart", wait=True)["report"]["ok"]


def test_a_drain_that_never_ends_is_cut_off_and_reported(tmp_path: Path) -> None:
    with shop(tmp_path / "toko", drain_timeout_s=1.5) as toko:
        toko.start()
        toko.discord.faults({"path": "/webhooks/*", "delay_s": 30.0})
        click = toko.discord.click("Budi", "stocksup:v1:world")
        toko.discord.interaction(click, wait_s=4, until="ack")
        report = toko.ask("restart", reason="test", cold=True, wait=True)["report"]
        assert report["ok"]
        assert report["cancelled"], "what was cut off is named"
        assert report["phases"]["drain_s"] < 5
        toko.discord.no_faults()
