"""An outage in an Indonesian shop: no English sentence in the output of commands, in the logs or in Discord."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support import python_process
from tests.support.shop.shop import PATIENCE_S, Shop, shop, text
from tests.support.texts.english import english_in

#: names of Discord's own site, and log lines of the seed, which stay word for word
QUOTED = ("Message Content Intent", "Reset Token", "Livestock error", "Button error")
#: discord.py's own line, which is not translated
DISCORD_PY = "Attempting a reconnect in"


def said(toko: Shop, *words: str) -> str:
    """Run a command of the shop; return all it says."""
    environ = {**toko.environ(), "LANG": "id_ID.UTF-8"}
    done = python_process.run("supervisor.cli", *words, env=environ, cwd=toko.directory, timeout_s=PATIENCE_S)
    return done.stdout + done.stderr


def english(toko: Shop, *outputs: str) -> list[str]:
    lines = [line for output in outputs for line in output.splitlines() if DISCORD_PY not in line]
    return english_in("\n".join(lines), str(toko.directory), *QUOTED)


def follow_until(toko: Shop, words: str) -> None:
    """Read the bot's log as it grows until it says `words`."""
    command = ("supervisor.cli", "logs", "-f", "bot")
    with python_process.start(*command, env=toko.environ(), stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout is not None
        assert any(words in line for line in follower.stdout), "the log is not followed any more"
        follower.terminate()


def test_an_outage_is_reported_in_indonesian(tmp_path: Path) -> None:
    with shop(tmp_path / "toko", as_in_demo=True) as toko:
        toko.start()
        toko.ask("stop", program="discord", wait=True)
        follow_until(toko, DISCORD_PY)
        away = said(toko, "status")
        assert "berakhir sesuai permintaan" in away
        check = said(toko, "check")
        assert "koneksi ditolak" in check
        toko.ask("start", program="discord")
        toko.wait_for_state("discord", "RUNNING", life=2)
        toko.ask("restart", program="bot", reason="harga baru", wait=True)

        right = toko.config.read_text()
        toko.config.write_text(right + 'stop_timeout_s = "tanpa penutup\n')
        toko.restart_from_discord()
        told = toko.discord.wait_for_message("Admin", lambda one: "kutip penutup" in text(one))
        refused = said(toko, "restart")
        assert "kutip penutup" in refused
        toko.config.write_text(right)

        toko.ask("stop", program="bot", wait=True)
        (toko.directory / "token").write_text("salah\n")
        toko.ask("start", program="bot")
        toko.wait_for_state("bot", "FATAL")
        days = [said(toko, *words.split()) for words in ("status", "history", "logs bot", "logs supervisor", "stop")]
        assert english(toko, away, check, refused, text(told), *days) == []
