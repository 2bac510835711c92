"""What happens while the owner sleeps, from the member's side: real supervisor, real bot, the local Discord."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from supervisor.cli import exit_codes as exits
from supervisor.processes import process
from tests.support import python_process
from tests.support.shop.shop import PATIENCE_S, Shop, shop, text

#: loaded by Python itself in each process of the shop: the bot's first life hangs when it is told to
HANGS = """
import os, signal, sys, time

def hang_for_ever(number, frame):
    while True:
        time.sleep(60)

if sys.orig_argv[-1] == "botapp" and os.environ.get("STOCKSUP_LIFE") == "1":
    signal.signal(signal.SIGUSR1, hang_for_ever)
"""


def _command(toko: Shop, *words: str) -> subprocess.CompletedProcess[str]:
    return python_process.run("supervisor.cli", *words, env=toko.environ(), timeout_s=PATIENCE_S)


def test_a_bot_that_hangs_says_where_and_members_buy_from_the_next(tmp_path: Path) -> None:
    with shop(tmp_path / "toko", own_code=True) as toko:
        (toko.code / "sitecustomize.py").write_text(HANGS)
        with toko.config.open("a") as config:
            config.write("heartbeat_timeout_s = 12\n")
        toko.start()
        live = toko.discord.wait_for_message("Budi", lambda message: "Steam 10" in text(message))
        os.kill(toko.program()["pid"], signal.SIGUSR1)
        shown = toko.wait_for_state("bot", "RUNNING", life=2)
        log = toko.log()
        assert "most recent call first" in log
        assert "in hang_for_ever" in log
        assert shown["last_exit"]["signal"] == "SIGKILL"
        report = toko.ask("history")["history"][0]
        assert (report["ok"], report["requested_by"], report["to_life"]) == (True, "supervisor", 2)
        again = toko.discord.wait_for_message("Budi", lambda message: "Steam 10" in text(message))
        assert again["id"] == live["id"]
        assert toko.click("stocksup:v1:world")["state"] == "answered"


def test_a_shop_whose_supervisor_was_killed_sells_on_and_is_ended_by_stop(tmp_path: Path) -> None:
    with shop(tmp_path / "toko") as toko:
        toko.start()
        toko.discord.wait_for_message("Budi", lambda message: "Steam 10" in text(message))
        pid = toko.program()["pid"]
        toko.kill_supervisor()
        assert toko.click("stocksup:v1:world")["state"] == "answered"
        said = _command(toko, "status")
        assert said.returncode == exits.NOT_RUNNING
        assert f"bot (PID {pid}" in said.stdout
        said = _command(toko, "stop")
        assert (said.returncode, said.stderr) == (exits.FINE, "")
        assert "🎉 Pembersihan sebelum berhenti selesai" in toko.log()
        assert process.list_lives({"STOCKSUP_SOCKET": str(toko.socket)}) == []
