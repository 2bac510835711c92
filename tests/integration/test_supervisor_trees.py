"""Nothing of a life stays behind, whatever it did to stay."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.support.supervised import bot, wait_gone

WAYS = ["group", "setpgid", "setsid", "double"]


def test_what_is_deaf_to_term_is_killed(tmp_path: Path) -> None:
    with bot(tmp_path, "deaf", stop_timeout_s=0.3) as it:
        it.start()
        report = it.restart()
        assert 0.3 <= report["phases"]["stop_s"] < 2
        assert it.status()["bot"]["last_exit"]["signal"] == "SIGKILL"
        assert "did not end within 0.3 s of TERM: killed" in it.log()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("deaf", [False, True])
def test_grandchildren_are_gone_after_a_restart(tmp_path: Path, way: str, deaf: bool) -> None:
    words = ["1:deaf"] if deaf else []
    with bot(tmp_path, f"1:fork={way}", *words, stop_timeout_s=0.3) as it:
        it.start()
        pid = it.diary.wait("forked")["pid"]
        it.restart()
        assert pid not in it.left()
        assert list(it.left()) == [it.status()["bot"]["pid"]]


@pytest.mark.parametrize("way", WAYS)
def test_grandchildren_are_gone_after_a_crash(tmp_path: Path, way: str) -> None:
    with bot(tmp_path, f"1:fork={way}") as it:
        it.start()
        os.kill(it.status()["bot"]["pid"], signal.SIGKILL)
        pid = it.wait_state("RUNNING", life=2)["pid"]
        assert list(it.left()) == [pid]


@pytest.mark.parametrize("way", WAYS)
def test_grandchildren_are_gone_after_a_stop(tmp_path: Path, way: str) -> None:
    with bot(tmp_path, f"fork={way}") as it:
        it.start()
        it.ask("stop", program="bot", wait=True)
        assert it.left() == {}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_when_the_supervisor_is_told_to_end(tmp_path: Path, number: signal.Signals) -> None:
    with bot(tmp_path, "fork=double") as it:
        it.start()
        assert it.signal(number) == 0
        assert it.left() == {}
        assert not it.socket.exists()
        assert it.diary.wait("drain", life=1)["why"] == "stop"


def test_a_signal_in_the_middle_of_a_restart_ends_everything_all_the_same(tmp_path: Path) -> None:
    with bot(tmp_path, "2:hang") as it:
        it.start()
        it.ask("restart")
        it.wait_state("STARTING", life=2)
        assert it.signal(signal.SIGTERM) == 0
        assert it.left() == {}


def test_a_life_whose_grandchild_holds_its_session_does_not_hold_up_the_next(tmp_path: Path) -> None:
    with bot(tmp_path, "1:fork=setsid", "1:exit-in-stop=0") as it:
        it.start()
        pid = it.diary.wait("forked")["pid"]
        assert it.restart()["phases"]["stop_s"] < 2
        wait_gone(pid)
        assert f"left processes behind; killed [{pid}]" in it.log()
