"""Programs that run without a supervisor: adopted by the next one, or shown and stopped by commands."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from supervisor.cli import exit_codes as exits
from supervisor.client import encode, open_socket
from tests.support.supervisor.supervised import PATIENCE_S, Supervised, bot, program, supervised, wait_gone
from tests.support.supervisor.unkillable import unkillable


def _adopt(it: Supervised) -> dict[str, Any]:
    it.kill()
    it.start(wait=False)
    found = it.wait(lambda status: status["bot"] if status["bot"]["linked"] else None)
    assert found is not None
    return found


def _set(clock: Path, step_s: int) -> None:
    """Step the supervisor's clock, in one go."""
    clock.with_suffix(".new").write_text(str(step_s))
    clock.with_suffix(".new").replace(clock)


def test_adopted_life_that_hangs_is_replaced(tmp_path: Path) -> None:
    with bot(tmp_path, "1:traceback", "beat=0.2", heartbeat_timeout_s=3) as it:
        it.start()
        pid = _adopt(it)["pid"]
        os.kill(pid, signal.SIGSTOP)
        shown = it.wait_state("RUNNING", life=2)
        assert shown["last_exit"]["life"] == 1
        assert it.history()[0]["reason_code"] == "hung"
        assert list(it.left()) == [shown["pid"]]


def test_adopted_life_has_heartbeats_log_rotation_and_memory_limit(tmp_path: Path) -> None:
    with bot(tmp_path, "beat=0.1", logs={"max_bytes": 1}, memory_max=10**12) as it:
        it.start()
        _adopt(it)
        it.diary.wait("reopened", life=1)
        it.wait(lambda status: status["bot"]["health"])
        assert it.status()["bot"]["life"] == 1


@pytest.mark.parametrize("step_s", [3600, -3600])
def test_system_time_step_has_no_effect(tmp_path: Path, step_s: int) -> None:
    clock = tmp_path / "clock"
    with bot(tmp_path / "bot", "beat=0.2", heartbeat_timeout_s=5, restart_at="00:00") as it:
        _set(clock, 0)
        it.faults = {"TEST_CLOCK_FILE": clock}
        it.start()
        before = it.status()["bot"]
        _set(clock, step_s)
        shown = _adopt(it)
        assert (shown["pid"], shown["life"], shown["state"]) == (before["pid"], 1, "RUNNING")
        assert 0 <= shown["uptime_s"] < 60
        _set(clock, 0)
        report = it.restart()
        assert (report["from_life"], report["to_life"], report["drained"]) == (1, 2, ["cache"])
        assert 0 <= report["downtime_s"] < 60
        _set(clock, -step_s)
        assert it.status()["bot"]["life"] == 2
        assert list(it.left()) == [it.status()["bot"]["pid"]]


def test_goodbye_of_an_adopted_life_that_exits_by_itself(tmp_path: Path) -> None:
    with bot(tmp_path, "reason=somebody pulled the plug", "exit-in-stop=75") as it:
        it.start()
        pid = _adopt(it)["pid"]
        os.kill(pid, signal.SIGTERM)
        shown = it.wait_state("BACKOFF")
        assert shown["last_exit"]["code"] == 75
        assert shown["last_exit"]["reason"] == "somebody pulled the plug"


def test_status_shows_orphans(tmp_path: Path) -> None:
    with supervised(tmp_path, {"relay": program(), "bot": program("fork=setsid")}) as it:
        it.start()
        pids = {name: one["pid"] for name, one in it.status().items()}
        it.kill()
        said = it.command("status")
        assert said.returncode == exits.NOT_RUNNING
        assert "stocksup is not running" in said.stdout
        for name, pid in pids.items():
            assert f"{name} (PID {pid}" in said.stdout
        assert "Next: stocksup start · stocksup stop" in said.stdout
        as_json = it.command("status", "--json")
        assert as_json.returncode == exits.NOT_RUNNING
        view = json.loads(as_json.stdout)
        assert view["supervisor"] is None
        assert {one["name"]: (one["pid"], one["life"], one["state"]) for one in view["programs"]} == {
            name: (pid, 1, None) for name, pid in pids.items()
        }
        assert all(one["rss_bytes"] > 0 and 0 <= one["uptime_s"] < 600 for one in view["programs"])
        it.start(wait=False)
        it.wait(lambda status: all(one["linked"] for one in status.values()))


def test_stop_drains_and_stops_orphans(tmp_path: Path) -> None:
    with supervised(tmp_path, {"relay": program(), "bot": program("fork=double")}) as it:
        it.start()
        it.restart()
        cache = it.state / "cache" / "bot"
        it.kill()
        said = it.command("stop")
        assert said.returncode == exits.FINE, said
        assert "stopped the programs it had left behind: relay (PID" in said.stdout
        assert it.left() == {}
        # in the order in which they stop at other times
        assert [line["life"] for line in it.diary.all("drain", reason="stop")] == [2, 1]
        # switched as at any other restart: nothing of life 2 is in what the next one will see
        assert not list(cache.glob("temp*/of-2"))
        assert it.command("status").returncode == exits.NOT_RUNNING
        assert "live on" not in it.command("status").stdout
        # and all is as after any other stop
        it.start()
        assert it.status()["bot"]["life"] == 3


def test_stop_finishes_a_restart_without_starting(tmp_path: Path) -> None:
    programs = {"dead": program("link=no", ready=0.1, flush_cache=False), "bot": program("1:drain=a payment")}
    with supervised(tmp_path, programs) as it:
        it.start()
        dead = it.status()["dead"]["pid"]
        it.ask("restart", program="bot", reason="new texts")
        it.diary.wait("drain", life=1)
        it.kill()
        os.kill(dead, signal.SIGKILL)
        wait_gone(dead)
        it.configure({**programs, "bot": program("1:drain=a payment", drain_timeout_s=1)})
        assert it.command("stop").returncode == exits.FINE
        assert it.left() == {}
        assert {line["life"] for line in it.diary.all("spawned")} == {1}
        history = json.loads(it.command("history", "--json").stdout)
        assert [(one["reason"], one["ok"], one["error"]) for one in history] == [("new texts", False, "stopped")]


def test_service_starts_orphans_that_were_stopped(tmp_path: Path) -> None:
    with supervised(tmp_path, {"other": program(), "bot": program()}) as it:
        it.start()
        it.ask("stop", program="other", wait=True)
        it.kill()
        assert it.command("stop").returncode == exits.FINE
        it.start("--keep-desired", "yes", wait=False)
        it.wait_state("RUNNING")
        assert it.status()["other"]["state"] == "STOPPED"


def test_stop_names_processes_that_cannot_be_killed(tmp_path: Path) -> None:
    with bot(tmp_path, "deaf", stop_timeout_s=0.2) as it:
        it.start()
        pid = it.status()["bot"]["pid"]
        it.kill()
        with unkillable(pid):
            said = it.command("stop")
            assert said.returncode == exits.FAILED
            assert f"cannot stop bot (PID {pid}" in said.stderr
            assert f"PID {pid} of process 1 cannot be killed" in it.log()
        wait_gone(pid)
        said = it.command("status")
        assert "live on" not in said.stdout


def test_stop_of_a_supervisor_names_processes_that_cannot_be_killed(tmp_path: Path) -> None:
    with bot(tmp_path, "deaf", stop_timeout_s=0.2) as it:
        it.start()
        pid = it.status()["bot"]["pid"]
        with unkillable(pid):
            said = it.command("stop")
            assert said.returncode == exits.FAILED
            assert f"bot (PID {pid}" in said.stderr
        wait_gone(pid)


def test_stop_goes_on_when_the_supervisor_is_killed_meanwhile(tmp_path: Path) -> None:
    with bot(tmp_path, "endless-drain", drain_timeout_s=1) as it, ThreadPoolExecutor(1) as thread:
        it.start()
        stopping = thread.submit(it.command, "stop")
        it.diary.wait("drain")
        it.kill()
        assert stopping.result().returncode == exits.FINE
        assert it.left() == {}


def test_stop_of_one_program_needs_a_supervisor(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        pid = it.status()["bot"]["pid"]
        it.kill()
        said = it.command("stop", "bot")
        assert said.returncode == exits.NOT_RUNNING
        assert f"bot (PID {pid}" in said.stderr
        assert psutil.pid_exists(pid)
        it.start(wait=False)
        it.wait_state("RUNNING")


# --- requests that are read in one turn of the event loop ---

#: what the program does in its first lives, by the state that this leads to
_BEFORE = {"STOPPED": (), "BACKOFF": ("1:exit-when-ready=1", "2:exit-when-ready=1"), "FATAL": ("1:exit-when-ready=78",)}


def _request_in_one_turn(it: Supervised, *requests: dict[str, Any]) -> None:
    """Send requests while the supervisor is stopped, each over its own connection, and wait for the answers."""
    os.kill(it.pid, signal.SIGSTOP)
    clients = [open_socket(it.socket) for _ in requests]
    for client, request in zip(clients, requests, strict=True):
        client.sendall(encode({"v": 1, "id": 1, **request}))
    os.kill(it.pid, signal.SIGCONT)
    for client in clients:
        client.settimeout(PATIENCE_S)
        client.recv(65536)  # the answer of a shutdown is the end of the connection
        client.close()


@pytest.mark.parametrize("first", ["restart", "start"])
@pytest.mark.parametrize("state", _BEFORE)
def test_program_that_is_started_and_stopped_in_one_turn_is_down(tmp_path: Path, state: str, first: str) -> None:
    with bot(tmp_path, *_BEFORE[state], max_starts_per_day=0) as it:
        it.start(wait=False)
        if state == "STOPPED":
            it.wait_state("RUNNING")
            it.ask("stop", program="bot", wait=True)
        it.wait_state(state)
        _request_in_one_turn(
            it, {"op": first, "program": "bot"}, {"op": "stop", "program": "bot", "wait": True}
        )  # fmt: skip
        assert it.status()["bot"]["state"] == "STOPPED"
        assert it.left() == {}


def test_stop_overtakes_a_start_that_waits_for_another_program(tmp_path: Path) -> None:
    programs = {"bot": program("2:hang"), "second": program()}
    with supervised(tmp_path, programs) as it:
        it.start()
        for name in programs:
            it.ask("stop", program=name, wait=True)
        with it.client() as starting:
            reports = starting.events(timeout_s=PATIENCE_S)
            assert starting.request("start")["starting"] == ["bot", "second"]
            it.diary.wait("welcome", life=2)
            it.ask("stop", program="second", wait=True)
            os.kill(it.status()["bot"]["pid"], signal.SIGUSR2)
            it.wait_state("RUNNING")
            assert it.status()["second"]["state"] == "STOPPED"
            told = next(one for one in reports if one.get("program") == "second")
            assert told["state"] == "STOPPED", "the client that started it learns that it stays down"


def test_shutdown_in_the_turn_of_a_restart_leaves_nothing_running(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        it.ask("stop", program="bot", wait=True)
        _request_in_one_turn(it, {"op": "restart", "program": "bot"}, {"op": "shutdown", "wait": True})
        assert it.process is not None
        assert it.process.wait(PATIENCE_S) == 0
        assert it.left() == {}
