"""Chaos: supervisor, life and both are killed in the midst of everything; see `tests.support.chaos`."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from tests.support import chaos
from tests.support.discord_control import controls, local_discord
from tests.support.shop import Shop, shop, text
from tests.support.supervised import ROOT

#: one seed is another each time; the one that failed is in what is told
SEEDS = (1, 2, random.SystemRandom().randrange(10**6))
ROUNDS = 100


@pytest.mark.timeout(600)
def test_whatever_is_killed_whenever_it_happens() -> None:
    """Three at a time: most of it is waiting."""
    command = [sys.executable, "-m", "tests.support.chaos", "--rounds", str(ROUNDS), "--seed"]
    raging = [
        subprocess.Popen([*command, str(seed)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for seed in SEEDS
    ]
    told = [one.communicate()[0] for one in raging]
    assert [one.returncode for one in raging] == [0] * len(SEEDS), "\n".join(told)


def test_a_seed_decides_what_happens() -> None:
    assert chaos.rounds(7, 50) == chaos.rounds(7, 50)
    assert chaos.rounds(7, 50) != chaos.rounds(8, 50)
    assert chaos.rounds(7, 60)[:50] == chaos.rounds(7, 50), "more rounds begin with the same"
    found = chaos.rounds(7, 500)
    assert {one.operation for one in found} == {*chaos.OPERATIONS}
    assert {one.victim for one in found} == {*chaos.VICTIMS}


def test_a_witness_tells_of_a_second_life(tmp_path: Path) -> None:
    """What the test stands on: a life beside another one, and one that finds the cache of another, are noticed."""
    (tmp_path / "mood").write_text("")
    (tmp_path / "cache").mkdir()
    environ = {"STOCKSUP_CACHE_DIR": str(tmp_path / "cache"), "STOCKSUP_SOCKET": str(tmp_path / "nobody")}
    lives = []
    for life in ("1", "2"):
        command = [sys.executable, "-I", "-S", chaos.CHILD]
        lives.append(subprocess.Popen(command, cwd=tmp_path, env={**environ, "STOCKSUP_LIFE": life}))
        while f"of-{life}" not in os.listdir(tmp_path / "cache"):
            assert lives[-1].poll() is None
    for one in lives:
        one.kill()
        one.wait()
    told = (tmp_path / "violations").read_text().splitlines()
    assert told[0] == "life 2 beside life 1"
    assert told[1].startswith("life 2 finds ['of-1'] in its cache")


# --- the real bot ---


def _kill(toko: Shop, victim: str) -> int | None:
    """Kill who is named; return the pid of the bot if it was among them."""
    pid: int | None = toko.program()["pid"] if victim in ("bot", "both") else None
    if pid:
        os.kill(pid, signal.SIGKILL)
    if victim in ("supervisor", "both"):
        toko.kill_supervisor()
    return pid


def _serves(toko: Shop, killed: int | None) -> bool:
    """Tell whether a bot serves that was not killed: that one is said to run until somebody has seen its end."""
    one = toko.program()
    return one["state"] == "RUNNING" and one["linked"] and one["restart"] is None and one["pid"] != killed


@pytest.mark.timeout(300)
@pytest.mark.parametrize("victim", ["supervisor", "bot", "both"])
def test_the_real_bot_has_one_session_and_one_live_message_whatever_is_killed(tmp_path: Path, victim: str) -> None:
    dice = random.Random(victim)
    with local_discord() as discord, shop(tmp_path / "toko", discord=discord) as toko:
        toko.start()
        for number in range(3):
            life = toko.program()["life"]
            toko.restart_from_discord()
            # what is tried is that it happens at any moment
            time.sleep(dice.random())
            killed = _kill(toko, victim)
            if victim != "bot":
                toko.start_supervisor()
            toko.wait_for(partial(_serves, toko, killed))
            discord.wait_for(
                lambda: [one["connected"] for one in discord.sessions()["sessions"]].count(True) == 1,
                what=f"one session in round {number}",
            )
            shown = [one for one in discord.view("Budi") if "Steam 10" in text(one) and controls(one)]
            assert len(shown) == 1, "one live message"
            assert toko.program()["life"] >= life
        button = next(one["custom_id"] for one in controls(shown[0]) if one.get("custom_id"))
        assert toko.click(button)["state"] != "failed"
