"""No process of a life is left behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.support.supervisor.supervised import bot, wait_gone
from tests.support.supervisor.unkillable import keeper_of_zombies, unkillable

WAYS = ["group", "setpgid", "setsid", "double"]


def test_sigkill_after_stop_timeout(tmp_path: Path) -> None:
    with bot(tmp_path, "deaf", stop_timeout_s=0.3) as it:
        it.start()
        report = it.restart()
        assert 0.3 <= report["phases"]["stop_s"] < 2
        assert it.status()["bot"]["last_exit"]["signal"] == "SIGKILL"
        assert "killed (did not exit within 0.3 s of SIGTERM)" in it.log()


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
def test_nothing_is_left_after_a_signal_to_the_supervisor(tmp_path: Path, number: signal.Signals) -> None:
    with bot(tmp_path, "fork=double") as it:
        it.start()
        assert it.signal(number) == 0
        assert it.left() == {}
        assert not it.socket.exists()
        assert it.diary.wait("drain", life=1)["reason"] == "stop"


def test_signal_during_a_restart_stops_everything(tmp_path: Path) -> None:
    with bot(tmp_path, "2:hang") as it:
        it.start()
        it.ask("restart")
        it.wait_state("STARTING", life=2)
        assert it.signal(signal.SIGTERM) == 0
        assert it.left() == {}


def test_grandchild_in_the_session_does_not_delay_the_next_life(tmp_path: Path) -> None:
    with bot(tmp_path, "1:fork=setsid", "1:exit-in-stop=0") as it:
        it.start()
        pid = it.diary.wait("forked")["pid"]
        assert it.restart()["phases"]["stop_s"] < 2
        wait_gone(pid)
        assert f"left child processes (killed: [{pid}])" in it.log()


def test_process_started_during_the_kill_is_killed_too(tmp_path: Path) -> None:
    with bot(tmp_path, "1:fork-when-dying") as it:
        it.start()
        it.restart()
        pid = it.diary.wait("forked")["pid"]
        assert list(it.left()) == [it.status()["bot"]["pid"]]
        assert pid not in it.left()


def test_life_without_its_first_thread_is_running(tmp_path: Path) -> None:
    with bot(tmp_path, "1:headless", "link=no", ready=0.3) as it:
        it.start()
        it.diary.wait("headless")
        pid = it.status()["bot"]["pid"]
        it.kill()
        it.start()
        assert (it.status()["bot"]["pid"], it.status()["bot"]["life"]) == (pid, 1)
        assert it.restart()["to_life"] == 2
        assert list(it.left()) == [it.status()["bot"]["pid"]]


def test_no_second_life_beside_one_that_cannot_be_killed(tmp_path: Path) -> None:
    with bot(tmp_path, "1:deaf", stop_timeout_s=0.2) as it:
        it.start()
        pid = it.status()["bot"]["pid"]
        with unkillable(pid):
            refusal = it.refused("restart", program="bot", wait=True)
            assert refusal.code == "start_failed"
            shown = it.wait_state("FATAL")
            assert (shown["pid"], shown["life"]) == (pid, 1)
            assert (shown["reason_code"], shown["reason_params"]["pid"]) == ("unkillable", pid)
            # nor does the next supervisor, or an operator who insists, start one
            it.kill()
            it.start(wait=False)
            it.wait_state("KILLING")
            assert it.status()["bot"]["pid"] == pid
            assert list(it.left()) == [pid]
        shown = it.wait_state("RUNNING", life=2)
        assert list(it.left()) == [shown["pid"]]


@pytest.mark.parametrize("end", ["restart", "crash"])
def test_no_second_life_beside_a_descendant_that_cannot_be_killed(tmp_path: Path, end: str) -> None:
    with bot(tmp_path, "1:fork=double") as it:
        it.start()
        left = it.diary.wait("forked")["pid"]
        with unkillable(left):
            if end == "restart":
                it.ask("restart")
            else:
                os.kill(it.status()["bot"]["pid"], signal.SIGKILL)
            shown = it.wait_state("KILLING")
            assert (shown["pid"], shown["life"]) == (left, 1)
            assert (shown["reason_code"], shown["reason_params"]) == ("process_left", {"pid": left})
            it.kill()
            it.start(wait=False)
            it.wait_state("KILLING")
            assert list(it.left()) == [left]
        shown = it.wait_state("RUNNING", life=2)
        assert list(it.left()) == [shown["pid"]]
        assert shown["last_exit"]["signal" if end == "crash" else "code"] == ("SIGKILL" if end == "crash" else 0)


def test_start_after_an_unkillable_process_has_ended(tmp_path: Path) -> None:
    with bot(tmp_path, "1:fork=setsid") as it:
        it.start()
        left = it.diary.wait("forked")["pid"]
        with unkillable(left):
            assert it.refused("stop", program="bot", wait=True).code == "unkillable"
            assert it.status()["bot"]["pid"] == left
        it.wait(lambda status: status["bot"]["pid"] is None)
        assert f"PID {left} of process 1 cannot be killed" in it.log()
        assert "process 1: exited at last" in it.log()
        it.ask("start")
        it.wait_state("RUNNING", life=2)


def test_zombie_does_not_delay_the_next_life(tmp_path: Path) -> None:
    with bot(tmp_path, "1:fork=group") as it, keeper_of_zombies():
        it.start()
        pids = [it.status()["bot"]["pid"], it.diary.wait("forked")["pid"]]
        it.kill()
        it.start()
        os.kill(pids[0], signal.SIGKILL)
        shown = it.wait_state("RUNNING", life=2)
        assert [psutil.Process(pid).status() for pid in pids] == [psutil.STATUS_ZOMBIE] * 2
        # nor is it taken for a life by the next supervisor
        it.kill()
        it.start()
        assert (it.status()["bot"]["pid"], it.status()["bot"]["life"]) == (shown["pid"], 2)
