"""Unexpected exits and missing heartbeats."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from supervisor.client import ControlError
from tests.support.supervisor.supervised import bot, program, supervised


@pytest.mark.parametrize(
    ("number", "name"),
    [(signal.SIGKILL, "SIGKILL"), (signal.SIGRTMIN + 1, "SIGRTMIN+1"), (signal.SIGRTMAX - 1, "SIGRTMIN+29")],
)
def test_a_killed_process_is_replaced_at_once(tmp_path: Path, number: int, name: str) -> None:
    with bot(tmp_path) as it:
        it.start()
        os.kill(it.status()["bot"]["pid"], number)
        shown = it.wait_state("RUNNING", life=2)
        assert shown["last_exit"]["signal"] == name
        assert shown["last_exit"]["code"] is None
        report = it.history()[0]
        assert (report["ok"], report["from_life"], report["to_life"]) == (True, 1, 2)
        assert (report["requested_by"], report["reason_code"]) == ("supervisor", "crash")
        assert report["phases"]["check_s"] is None
        assert report["phases"]["drain_s"] is None
        assert 0 < report["downtime_s"] < 2


@pytest.mark.parametrize("phase", ["before-hello", "after-hello", "when-ready"])
def test_repeated_crashes_lead_to_backoff_and_then_to_fatal(tmp_path: Path, phase: str) -> None:
    with bot(tmp_path, f"exit-{phase}=1", max_crashes=2) as it:
        with_events: list[str] = []
        it.start(wait=False)
        with it.client() as listener:
            happened = listener.events(timeout_s=20)
            while it.status()["bot"]["state"] != "FATAL":
                event = next(happened)
                if event["type"] == "state":
                    with_events.append(event["state"])
        shown = it.status()["bot"]
        assert shown["life"] == 3
        assert shown["reason"] is not None
        assert (shown["reason_code"], shown["reason_params"]["count"]) == ("crash_limit", 3)
        assert "exit 1" in shown["reason"]
        assert with_events.count("BACKOFF") == 1  # the first time is at once, the third the last
        assert shown["pid"] is None
        assert "FATAL bot: failed, not started again" in it.log()


def test_a_process_that_dies_while_draining_or_stopping_is_replaced(tmp_path: Path) -> None:
    with bot(tmp_path, "1:exit-in-drain=1", "2:exit-in-stop=9", "3:exit-in-drain=kill") as it:
        it.start()
        for life in (2, 3, 4):
            report = it.restart()
            assert (report["ok"], report["to_life"]) == (True, life)
        assert it.status()["bot"]["last_exit"]["signal"] == "SIGKILL"


@pytest.mark.parametrize("code", [77, 78])
def test_fatal_exit_codes_are_not_retried_and_keep_their_reason(tmp_path: Path, code: int) -> None:
    with bot(tmp_path, f"exit-after-hello={code}", "reason=the token was refused; put a new one into token") as it:
        it.start(wait=False)
        shown = it.wait_state("FATAL")
        assert shown["reason"] == "the token was refused; put a new one into token"
        assert (shown["life"], shown["last_exit"]["code"]) == (1, code)
        assert shown["last_exit"]["reason"] == shown["reason"]
        assert shown["desired"] == "up"


def test_on_failed_is_told_what_happened(tmp_path: Path) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    script = f"env | grep STOCKSUP_FAILED > {told}"
    with bot(tmp_path, "2:exit-after-hello=78", "reason=no token", on_failed=["sh", "-c", script]) as it:
        it.start()
        ticket = {"channel_id": 5, "message_id": 6}
        it.ask("restart", program="bot", ticket=ticket)
        lines = dict(line.split("=", 1) for line in told.read_text().splitlines())
        assert lines == {
            "STOCKSUP_FAILED_LIFE": "2",
            "STOCKSUP_FAILED_CODE": "text",
            "STOCKSUP_FAILED_REASON": "no token",
            "STOCKSUP_FAILED_TICKET": json.dumps(ticket),
        }


@pytest.mark.parametrize("command", [["sh", "-c", "exit 3"], ["/nowhere/x"]])
def test_on_failed_that_fails_is_logged_and_changes_nothing(tmp_path: Path, command: list[str]) -> None:
    with bot(tmp_path, "exit-after-hello=78", on_failed=command) as it:
        it.start(wait=False)
        it.wait_state("FATAL")
        it.wait(lambda _: "on_failed" in it.log() or None)
        assert it.status()["bot"]["state"] == "FATAL"


def test_a_fatal_exit_without_a_goodbye_has_the_reason_of_its_code(tmp_path: Path) -> None:
    with bot(tmp_path, "exit-before-hello=78") as it:
        it.start(wait=False)
        assert it.wait_state("FATAL")["reason_code"] == "bad_config"


def test_start_after_fatal_reloads_the_configuration(tmp_path: Path) -> None:
    with bot(tmp_path, "exit-after-hello=77", on_failed=["sleep", "1000"]) as it:
        it.start(wait=False)
        it.wait_state("FATAL")
        it.configure({"bot": program()})
        it.ask("start", program="bot")
        assert it.wait_state("RUNNING", life=2)["reason"] is None
        assert len(it.left()) == 1, "what on_failed reports is not true any more"


def test_exit_75_is_no_crash(tmp_path: Path) -> None:
    with bot(tmp_path, "1:exit-after-hello=75", "2:exit-after-hello=75", "reason=no network", max_crashes=1) as it:
        it.start(wait=False)
        for life in (1, 2):
            shown = it.wait_state("BACKOFF", life=life)
            assert (shown["reason_code"], shown["last_exit"]["reason"]) == ("exit_with_reason", "no network")
            assert 3 < shown["retry_in_s"] < 6
            it.ask("start", program="bot")
        it.wait_state("RUNNING", life=3)


def test_exit_0_counts_as_a_crash_with_restart_always(tmp_path: Path) -> None:
    with bot(tmp_path, "1:exit-when-ready=0") as it:
        it.start(wait=False)
        it.wait_state("RUNNING", life=2)


@pytest.mark.parametrize(
    ("policy", "code", "state"),
    [("on-failure", 0, "STOPPED"), ("on-failure", 1, "RUNNING"), ("never", 0, "STOPPED"), ("never", 1, "STOPPED")],
)
def test_the_restart_policy(tmp_path: Path, policy: str, code: int, state: str) -> None:
    with bot(tmp_path, f"1:exit-when-ready={code}", restart=policy) as it:
        it.start(wait=False)
        shown = it.wait_state(state, life=2 if state == "RUNNING" else 1)
        if state == "STOPPED":
            assert shown["reason_code"] == "exited"
            assert shown["last_exit"]["code"] == code
            assert it.restart()["to_life"] == 2  # an operator may still want it


def test_a_command_that_does_not_exist(tmp_path: Path) -> None:
    with supervised(tmp_path, {"bot": {"command": ["/nowhere/bot"]}}) as it:
        it.start(wait=False)
        shown = it.wait_state("FATAL")
        assert (shown["reason_code"], shown["reason_params"]["command"]) == ("no_such_program", "/nowhere/bot")
        assert "correct [programs.bot]" in shown["reason"]
        assert (shown["life"], shown["last_exit"]["code"]) == (1, 78)
        assert it.ask("ping")["pid"] == it.pid


def test_a_missing_working_directory(tmp_path: Path) -> None:
    with bot(tmp_path, cwd="nowhere", max_crashes=1) as it:
        it.start(wait=False)
        assert str(tmp_path / "nowhere") in it.wait_state("FATAL")["reason"]


def test_the_start_limit_refuses_a_restart_while_the_old_process_serves(tmp_path: Path) -> None:
    with bot(tmp_path, max_starts_per_day=2) as it:
        it.start()
        it.restart()
        refusal = it.refused("restart", wait=True)
        assert refusal.code == "refused"
        assert "max_starts_per_day is 2" in refusal.message
        shown = it.status()["bot"]
        assert (shown["life"], shown["state"]) == (2, "RUNNING")
        assert it.diary.all("drain", life=2) == []


def test_a_hung_process_is_killed_and_replaced(tmp_path: Path) -> None:
    with bot(tmp_path, "beat=0.1", heartbeat_timeout_s=0.6) as it:
        it.start()
        pid = it.status()["bot"]["pid"]
        os.kill(pid, signal.SIGSTOP)
        shown = it.wait_state("RUNNING", life=2)
        assert shown["last_exit"]["signal"] == "SIGKILL"
        assert not psutil.pid_exists(pid)
        report = it.history()[0]
        assert (report["reason_code"], report["ok"]) == ("hung", True)
        assert report["downtime_s"] > 0


def test_a_process_that_never_connected_needs_no_heartbeat(tmp_path: Path) -> None:
    with bot(tmp_path, "link=no", ready=0.1, heartbeat_timeout_s=0.2) as it:
        it.start()
        heard: list[str] = []
        with it.client() as listener, pytest.raises(ControlError, match="no answer") as quiet:
            heard.extend(event["type"] for event in listener.events(timeout_s=0.8))
        assert quiet.value.code == "timed_out"
        assert set(heard) <= {"connection"}
        assert it.status()["bot"]["life"] == 1


def test_a_suspended_process_is_killed_on_restart(tmp_path: Path) -> None:
    with bot(tmp_path, drain_timeout_s=0.2, stop_timeout_s=0.2) as it:
        it.start()
        os.kill(it.status()["bot"]["pid"], signal.SIGSTOP)
        report = it.restart()
        assert report["cancelled"] == ["drain"]
        assert it.status()["bot"]["last_exit"]["signal"] == "SIGKILL"
