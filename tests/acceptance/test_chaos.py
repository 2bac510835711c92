"""Chaos: supervisor, life and both are killed in the midst of everything; see `tests.support.chaos.rounds`."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from botapp.ui.custom_ids import BUY
from tests.support import depth
from tests.support.chaos import rounds as chaos
from tests.support.discord.control import DiscordControl, Json, Refused, local_discord
from tests.support.python_process import ROOT
from tests.support.shop.member import YES, Customer, button
from tests.support.shop.shop import Shop, shop, text
from tests.support.shop.shop_database import books

#: the seed of a failure is in its message
SEEDS = (1, 2, depth.choose_seed())
ROUNDS = depth.count(400, 12)


@pytest.mark.timeout(3600 if depth.IS_FULL else 120)
def test_whatever_is_killed_whenever_it_happens(tmp_path: Path) -> None:
    """Three at a time: most of it is waiting."""
    command = [sys.executable, "-m", "tests.support.chaos.rounds", "--rounds", str(ROUNDS), "--seed"]
    outputs = [tmp_path / f"{number}.log" for number in range(len(SEEDS))]
    raging = []
    for seed, output in zip(SEEDS, outputs, strict=True):
        with output.open("w") as file:
            raging.append(subprocess.Popen([*command, str(seed)], cwd=ROOT, stdout=file, stderr=subprocess.STDOUT))
    codes = [one.wait() for one in raging]
    told = [output.read_text()[-5000:] for output, code in zip(outputs, codes, strict=True) if code]
    assert not told, "\n".join(told)


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

#: with one kill a round, more than `max_crashes` would leave the bot FATAL
ROUNDS_OF_THE_SHOP = depth.count(5, 2)
PRICE = 50_000
NO_COOLDOWN = "\n[store]\ncooldown_s = 0\n"


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


def _one_session_and_one_live_message(discord: DiscordControl) -> None:
    discord.wait_for(
        lambda: [one["connected"] for one in discord.sessions()["sessions"]].count(True) == 1, what="one session"
    )
    shown = [one for one in discord.view("Budi") if "ROBUX" in text(one) and button(one, BUY)]
    assert len(shown) == 1, "one live message"


def _insist(budi: Customer, question: Json) -> None:
    """Click as a member does who has seen no answer, until the question has become one."""
    while button(next(one for one in budi.discord.view("Budi") if one["id"] == question["id"]), YES) is not None:
        with contextlib.suppress(Refused):  # the answer has come between the look and the click
            budi.press(question, YES)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("victim", ["supervisor", "bot", "both"])
def test_whatever_is_killed_the_real_bot_is_one_and_no_sale_is_lost_or_doubled(tmp_path: Path, victim: str) -> None:
    dice = random.Random(victim)
    with local_discord() as discord, shop(tmp_path / "toko", discord=discord, extra=NO_COOLDOWN) as toko:
        toko.start()
        budi = Customer(discord, "Budi")
        budi.register("budi_01")
        with books(toko.directory) as ledger:
            ledger.deposit("budi_01", ROUNDS_OF_THE_SHOP * PRICE)
            pieces = ledger.left("STEAM10")
            for number in range(1, ROUNDS_OF_THE_SHOP + 1):
                question, life = budi.orders("Steam 10"), toko.program()["life"]
                toko.restart_from_discord()
                # what is tried is that a click and a death happen at any moment, in any order
                clicked_first = dice.random() < 0.5
                time.sleep(dice.random() / 2)
                if clicked_first:
                    budi.begin_press(question, YES)
                    time.sleep(dice.random() / 4)
                killed = _kill(toko, victim)
                if victim != "bot":
                    toko.start_supervisor()
                if not clicked_first:
                    budi.begin_press(question, YES)
                toko.wait_for(partial(_serves, toko, killed))
                _insist(budi, question)
                _one_session_and_one_live_message(discord)
                assert toko.program()["life"] >= life
                assert ledger.left("STEAM10") == pieces - number, "bought once, however often it was confirmed"
                assert ledger.problems() == []
            assert ledger.balance("budi_01") == 0
        for number in range(1, ROUNDS_OF_THE_SHOP + 1):
            budi.sees(f"#{number:06}", channel="dm")
        assert len(budi.parcels()) == ROUNDS_OF_THE_SHOP, "each has come, and none twice"
