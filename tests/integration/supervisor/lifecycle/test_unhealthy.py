"""What hangs or is unwell gets a new life by itself, a few times; an owner who sleeps finds it serving, or is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.supervisor.supervised import bot, check

SICK = "health=" + json.dumps({"buttons": {"is_healthy": False, "last_error": "stuck", "error_count": 9}})
AWAY = "health=" + json.dumps({"gateway": {"is_healthy": False, "external": True}, "buttons": {"is_healthy": False}})
MIB = 1024 * 1024


def test_what_hangs_says_where_and_is_followed(tmp_path: Path) -> None:
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


def test_who_does_not_know_the_signal_is_ended_without_it(tmp_path: Path) -> None:
    with bot(tmp_path, "1:freeze", "2:beat=0.2", heartbeat_timeout_s=1) as it:
        it.start()
        it.diary.wait("frozen", life=1)
        shown = it.wait_state("RUNNING", life=2)
        assert shown["last_exit"]["signal"] == "SIGKILL"
        assert "most recent call" not in it.log("bot")


def test_a_hung_life_is_suspicious_first(tmp_path: Path) -> None:
    with bot(tmp_path, "1:freeze", heartbeat_timeout_s=3) as it:
        it.start()
        it.diary.wait("frozen", life=1)
        with it.client() as client:
            while not (shown := client.request("status")["programs"][0])["heartbeat_late"]:
                assert shown["life"] == 1
        assert shown["heartbeat_age_s"] >= 1.5
        assert "suspicious: silent for" in it.command("status").stdout
        it.wait_state("RUNNING", life=2)


def test_what_is_unwell_for_too_long_is_checked_drained_flushed_and_followed(tmp_path: Path) -> None:
    with bot(tmp_path, f"1:{SICK}", "beat=0.1", check=["true"], unhealthy_timeout_s=0.5) as it:
        it.start()
        it.wait_state("RUNNING", life=2)
        report = it.history()[0]
        assert (report["ok"], report["requested_by"], report["drained"]) == (True, "supervisor", ["cache"])
        assert report["reason_code"] == "unhealthy"
        assert report["phases"]["check_s"] is not None
        assert report["phases"]["flush_s"] is not None


def test_while_only_the_outside_is_broken_it_is_left_alone(tmp_path: Path) -> None:
    with bot(tmp_path, f"1:{AWAY}", "beat=0.05", unhealthy_timeout_s=0.2) as it:
        it.start()
        while (shown := it.status()["bot"])["uptime_s"] < 1.5:  # through many heartbeats
            assert shown["heartbeat_late"] is False
        assert shown["unhealthy"] == ["gateway", "buttons"]
        assert it.status()["bot"]["life"] == 1
        assert it.history() == []


def test_if_a_new_life_does_not_help_it_is_given_up(tmp_path: Path) -> None:
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


def test_how_often_it_was_tried_survives_the_supervisor(tmp_path: Path) -> None:
    with bot(tmp_path, SICK, "beat=0.05", unhealthy_timeout_s=0.3, max_recoveries_per_hour=1) as it:
        it.start()
        it.wait(lambda status: status["bot"]["life"] == 2 and status["bot"]["linked"])
        it.kill()
        it.start(wait=False)
        assert it.wait_state("FATAL")["life"] == 2


def test_more_memory_than_it_may_use_leads_to_a_new_life(tmp_path: Path) -> None:
    with bot(tmp_path, "1:eat=120", memory_max=100 * MIB) as it:
        it.start()
        it.wait_state("RUNNING", life=2)
        assert it.history()[0]["requested_by"] == "supervisor"
        assert it.history()[0]["reason_code"] == "memory"
        assert it.history()[0]["drained"] == ["cache"]


def test_also_of_a_program_that_never_speaks(tmp_path: Path) -> None:
    with bot(tmp_path, "1:eat=120", "link=no", ready=0.1, memory_max=100 * MIB) as it:
        it.start()
        it.wait_state("RUNNING", life=2)
        assert it.history()[0]["reason_code"] == "memory"


def test_a_sick_life_whose_successor_does_not_pass_its_check_serves_on(tmp_path: Path) -> None:
    with bot(tmp_path, "eat=120", memory_max=100 * MIB, check=check("raise SystemExit('half an edit')")) as it:
        it.start()
        it.wait(lambda status: it.history())
        report = it.history()[0]
        assert (report["ok"], report["error"], report["requested_by"]) == (False, "check_failed", "supervisor")
        assert (it.status()["bot"]["state"], it.status()["bot"]["life"]) == ("RUNNING", 1)
