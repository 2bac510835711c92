"""The end: whoever asks for it, everything drains and nothing stays behind."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from supervisor import process
from tests.support.shop import shop


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything(tmp_path: Path, number: signal.Signals) -> None:
    with shop(tmp_path / "toko") as toko:
        toko.start()
        pids = [toko.program(name)["pid"] for name in ("bot", "discord")]
        assert toko.stop(number) == 0
        assert [process.identify(pid) for pid in pids] == [None, None]
        state = tmp_path / "toko" / "state"
        assert not (state / "stocksup.sock").exists()
        assert not list(state.glob("cache/*/temp-*"))
        assert not list(state.glob("cache/*/trash/*"))
        assert not list(state.rglob("*.new"))
        assert not list(state.rglob("*.tmp"))
        assert "🎉 Pembersihan sebelum restart selesai" in toko.log()


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
        click = toko.discord.click("Budi", "stocksup:v1:stock")
        toko.discord.interaction(click, wait_s=4, until="ack")
        report = toko.ask("restart", reason="test", wait=True)["report"]
        assert report["ok"]
        assert report["cut_off"], "what was cut off is named"
        assert report["phases"]["drain_s"] < 5
        toko.discord.no_faults()
