"""Automatic restarts of hung and unhealthy processes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.supervisor.supervised import bot, check

SICK = "health=" + json.dumps({"buttons": {"is_healthy": False, "last_error": "stuck", "error_count": 9}})
AWAY = "health=" + json.dumps({"gateway": {"is_healthy": False, "external": True}, "buttons": {"is_healthy": False}})
MIB = 1024 * 1024


def test_a_hung_process_writes_a_traceback_and_is_replaced(tmp_path: Path) -> None:
    with bot(tmp_path, "1:freeze", "traceback", "2:beat=0.2", heartbeat_timeout_s=2) as it:
        it.start()
        it.diary.wait("frozen", life=1)
        shown = it.wait_state("RUNNING", life=2)
        log = it.log("bot")
        assert "most recent call first" in log
        assert "in _freeze" in log
        assert log.index("in _freeze") < log.index("ended: SIGKILL")
        assert shown["last_exit"]["signal"] == "SIGKILL"
        report = it.history()[0]
        assert (report["ok"], report["requested_by"]) == (True, "supervisor")
        assert report["reason_code"] == "hung"
        assert list(it.left()) == [shown["pid"]]


def test_a_process_that_does_not_know_the_signal_is_killed_at_once(tmp_path: Path) -> None:
    with bot(tmp_path, "1:freeze", "2:beat=0.2", heartbeat_timeout_s=1) as it:
        it.start()
        it.diary.wait("frozen", life=1)
        shown = it.wait_state("RUNNING", life=2)
        assert shown["last_exit"]["signal"] == "SIGKILL"
        assert "most recent call" not in it.log("bot")


def test_a_late_heartbeat_is_shown_before_the_timeout(tmp_path: Path) -> None:
    with bot(tmp_path, "1:freeze", heartbeat_timeout_s=3) as it:
        it.start()
        it.diary.wait("frozen", life=1)
        with it.client() as client:
            while not (shown := client.request("status")["programs"][0])["heartbeat_late"]:
                assert shown["life"] == 1
        assert shown["heartbeat_age_s"] >= 1.5
        assert "not responding for" in it.command("status").stdout
        it.wait_state("RUNNING", life=2)


def test_an_unhealthy_process_is_restarted_through_every_phase(tmp_path: Path) -> None:
    with bot(tmp_path, f"1:{SICK}", "beat=0.1", check=["true"], unhealthy_timeout_s=0.5) as it:
        it.start()
        it.wait_state("RUNNING", life=2)
        report = it.history()[0]
        assert (report["ok"], report["requested_by"], report["drained"]) == (True, "supervisor", ["cache"])
        assert report["reason_code"] == "unhealthy"
        assert report["phases"]["check_s"] is not None
        assert report["phases"]["flush_s"] is not None


def test_an_external_failure_leads_to_no_restart(tmp_path: Path) -> None:
    with bot(tmp_path, f"1:{AWAY}", "beat=0.05", unhealthy_timeout_s=0.2) as it:
        it.start()
        while (shown := it.status()["bot"])["uptime_s"] < 1.5:  # through many heartbeats
            assert shown["heartbeat_late"] is False
        assert shown["unhealthy"] == ["gateway", "buttons"]
        assert it.status()["bot"]["life"] == 1
        assert it.history() == []


def test_repeated_restarts_that_do_not_help_are_fatal(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"unhealthy_timeout_s": 0.2, "max_recoveries_per_hour": 2, "check": ["true"]}
    with bot(tmp_path, SICK, "beat=0.05", **settings) as it:
        it.start()
        shown = it.wait_state("FATAL")
        assert shown["life"] == 3
        assert (shown["reason_code"], shown["reason_params"]["count"]) == ("recovery_limit", 2)
        assert [one["requested_by"] for one in it.history()] == ["supervisor"] * 2
        assert [line["reason"] for line in it.diary.all("drain")] == ["restart", "restart", "stop"]
        assert it.left() == {}
        assert "FATAL" in it.command("status").stdout


def test_the_count_of_recoveries_survives_the_supervisor(tmp_path: Path) -> None:
    with bot(tmp_path, SICK, "beat=0.05", unhealthy_timeout_s=0.3, max_recoveries_per_hour=1) as it:
        it.start()
        it.wait(lambda status: status["bot"]["life"] == 2 and status["bot"]["linked"])
        it.kill()
        it.start(wait=False)
        assert it.wait_state("FATAL")["life"] == 2


def test_memory_above_the_limit_leads_to_a_restart(tmp_path: Path) -> None:
    with bot(tmp_path, "1:eat=120", memory_max=100 * MIB) as it:
        it.start()
        it.wait_state("RUNNING", life=2)
        assert it.history()[0]["requested_by"] == "supervisor"
        assert it.history()[0]["reason_code"] == "memory"
        assert it.history()[0]["drained"] == ["cache"]


def test_the_memory_limit_works_without_a_connection(tmp_path: Path) -> None:
    with bot(tmp_path, "1:eat=120", "link=no", ready=0.1, memory_max=100 * MIB) as it:
        it.start()
        it.wait_state("RUNNING", life=2)
        assert it.history()[0]["reason_code"] == "memory"


def test_an_unhealthy_process_keeps_serving_if_the_check_fails(tmp_path: Path) -> None:
    with bot(tmp_path, "eat=120", memory_max=100 * MIB, check=check("raise SystemExit('half an edit')")) as it:
        it.start()
        it.wait(lambda status: it.history())
        report = it.history()[0]
        assert (report["ok"], report["error"], report["requested_by"]) == (False, "check_failed", "supervisor")
        assert (it.status()["bot"]["state"], it.status()["bot"]["life"]) == ("RUNNING", 1)
