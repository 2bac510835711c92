"""The supervisor is killed, the programs keep running, and the next supervisor adopts them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.supervisor.supervised import PATIENCE_S, Supervised, bot, program, supervised, wait_gone


def _again(it: Supervised) -> dict[str, Any]:
    """Start the next supervisor and wait until the running process has connected to it."""
    welcomes = len(it.diary.all("welcome"))
    it.start(wait=False)
    it.diary.wait("welcome", count=welcomes + 1)
    return it.wait_state("RUNNING")


def test_a_running_process_is_adopted(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        before = it.status()["bot"]
        it.kill()
        assert psutil.pid_exists(before["pid"])
        shown = _again(it)
        assert (shown["pid"], shown["life"]) == (before["pid"], 1)
        report = it.restart()
        assert (report["from_life"], report["to_life"], report["drained"]) == (1, 2, ["cache"])
        assert before["pid"] not in it.left()
        it.kill()
        _again(it)
        it.ask("stop", program="bot", wait=True)
        assert it.left() == {}


def test_a_process_is_adopted_from_the_journal_of_an_earlier_version(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        before = it.status()["bot"]
        it.kill()
        journal = it.state / "journal.jsonl"
        record = json.loads(journal.read_text().splitlines()[-1])
        life = record.pop("life")
        number, goodbye, linked = life.pop("number"), life.pop("goodbye"), life.pop("was_linked")
        life |= {"release": life.pop("version"), "tells_traceback": life.pop("writes_traceback")}
        renamed = {"wish": record.pop("desired"), "then": record.pop("after_flush"), "owed_ticket": None}
        del record["undelivered_ticket"]
        old = {**record, **life, **renamed, "life": number, "farewell": goodbye, "greeted": linked, "program": {}}
        (it.state / "journal.json").write_text(json.dumps(old) + "\n")
        journal.unlink()
        shown = _again(it)
        assert (shown["pid"], shown["life"]) == (before["pid"], 1)
        assert not (it.state / "journal.json").exists()
        assert it.restart()["drained"] == ["cache"]


def test_an_adopted_process_is_drained_even_before_it_has_reconnected(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        it.kill()
        it.start(wait=False)
        assert it.restart()["drained"] == ["cache"]


def test_the_exit_of_an_adopted_process_is_detected(tmp_path: Path) -> None:
    with bot(tmp_path, "1:fork=double") as it:
        it.start()
        it.kill()
        pid = _again(it)["pid"]
        os.kill(pid, signal.SIGKILL)
        shown = it.wait_state("RUNNING", life=2)
        assert shown["last_exit"]["life"] == 1
        assert (shown["last_exit"]["code"], shown["last_exit"]["signal"]) == (None, None)
        assert it.history()[0]["reason_code"] == "crash"
        assert list(it.left()) == [shown["pid"]]


def test_the_goodbye_of_an_adopted_process_is_its_exit_code(tmp_path: Path) -> None:
    with bot(tmp_path, "exit-in-drain=77", "reason=the token was refused") as it:
        it.start()
        it.kill()
        _again(it)
        it.ask("restart")
        it.wait_state("RUNNING", life=2)
        assert it.status()["bot"]["last_exit"]["code"] == 77


def test_a_process_that_exited_without_a_supervisor_is_replaced(tmp_path: Path) -> None:
    with bot(tmp_path, "1:fork=setsid") as it:
        it.start()
        pid = it.status()["bot"]["pid"]
        it.kill()
        os.kill(pid, signal.SIGKILL)
        wait_gone(pid)
        it.start(wait=False)
        shown = it.wait_state("RUNNING", life=2)
        assert list(it.left()) == [shown["pid"]]


def test_killed_during_the_check_the_restart_is_reported_as_interrupted(tmp_path: Path) -> None:
    slow = ["python", "-c", "open('checking', 'w').close(); import time; time.sleep(600)"]
    with bot(tmp_path, "ask-restart=x", check=slow) as it:
        it.start()
        pid = it.status()["bot"]["pid"]
        it.ask("restart", reason="new texts")
        it.wait(lambda status: (status["bot"]["restart"] or {}).get("phase") == "check")
        checks = [child.pid for child in psutil.Process(it.pid).children() if child.pid != pid]
        it.kill()
        _again(it)
        assert it.status()["bot"]["pid"] == pid
        report = it.history()[0]
        assert (report["ok"], report["reason"], report["to_life"]) == (False, "new texts", None)
        assert report["error"] == "interrupted"
        assert checks
        for check in checks:
            wait_gone(check)


def test_killed_during_the_drain_the_restart_continues(tmp_path: Path) -> None:
    with bot(tmp_path, "1:drain=a payment", drain_timeout_s=3) as it:
        it.start()
        it.ask("restart", ticket={"a": 1}, reason="new texts")
        it.diary.wait("drain", life=1)
        it.wait(lambda status: status["bot"]["pending"])
        it.kill()
        it.start(wait=False)
        it.wait_state("RUNNING", life=2)
        report = it.history()[0]
        assert (report["ok"], report["from_life"], report["to_life"]) == (True, 1, 2)
        assert (report["reason"], report["cancelled"]) == ("new texts", ["a payment"])
        assert it.diary.wait("welcome", life=2)["ticket"] == {"a": 1}
        assert len(it.diary.all("drain", life=1)) == 2


def test_killed_during_the_stop_the_restart_continues(tmp_path: Path) -> None:
    with bot(tmp_path, "1:deaf", stop_timeout_s=0.5) as it:
        it.start()
        it.ask("restart", ticket={"a": 1})
        it.wait_state("STOPPING")
        it.diary.wait("terminated", life=1)
        it.kill()
        it.start(wait=False)
        it.wait_state("RUNNING", life=2)
        assert it.diary.wait("welcome", life=2)["ticket"] == {"a": 1}
        assert len(it.left()) == 1


def test_killed_during_the_start_the_restart_is_finished(tmp_path: Path) -> None:
    with bot(tmp_path, "2:hang") as it:
        it.start()
        it.ask("restart", ticket={"a": 1})
        it.diary.wait("welcome", life=2)
        pid = it.wait_state("STARTING", life=2)["pid"]
        it.kill()
        it.start(wait=False)
        it.diary.wait("welcome", count=2, life=2, ticket={"a": 1})
        os.kill(pid, signal.SIGUSR2)
        assert it.wait_state("RUNNING")["pid"] == pid
        assert (it.history()[0]["ok"], it.history()[0]["to_life"]) == (True, 2)


def test_killed_during_a_hung_start_the_process_is_replaced(tmp_path: Path) -> None:
    with bot(tmp_path, "2:hang", start_timeout_s=1) as it:
        it.start()
        it.ask("restart", ticket={"a": 1})
        it.diary.wait("welcome", life=2)
        it.kill()
        it.start(wait=False)
        it.wait_state("RUNNING", life=3)
        assert it.diary.wait("welcome", life=3)["ticket"] == {"a": 1}
        assert (it.history()[0]["from_life"], it.history()[0]["to_life"]) == (1, 3)


def test_killed_during_a_start_with_ready_seconds_they_are_counted_again(tmp_path: Path) -> None:
    with bot(tmp_path, "link=no", ready=2) as it:
        it.start(wait=False)
        pid = it.diary.wait("serving", life=1)["pid"]
        it.kill()
        it.start()
        assert it.status()["bot"]["pid"] == pid


def test_killed_during_a_stop_command_the_stop_continues(tmp_path: Path) -> None:
    with bot(tmp_path, "endless-drain", drain_timeout_s=0.5) as it:
        it.start()
        it.ask("stop", program="bot")
        it.diary.wait("drain", life=1)
        it.kill()
        it.start("--keep-desired", "yes", wait=False)
        it.wait_state("STOPPED")
        assert it.left() == {}


def test_a_journal_cut_anywhere_does_not_prevent_adoption(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        pid = it.status()["bot"]["pid"]
        it.kill()
        journal = it.state / "journal.jsonl"
        whole = journal.read_bytes()
        last = whole[:-1].rfind(b"\n") + 1
        cuts = [0, 1, last, last + 1, (last + len(whole)) // 2, len(whole) - 2, len(whole) - 1]
        for contents in [*(whole[:cut] for cut in cuts), whole[:last] + b"\0" * 600, b"\xff\xfe{}[]\n" * 9]:
            journal.write_bytes(contents)
            it.start(wait=False)
            shown = it.wait_state("RUNNING")
            assert (shown["pid"], shown["life"]) == (pid, 1), contents
            it.kill()
        it.start(wait=False)


def test_a_lost_journal_does_not_lead_to_a_second_process(tmp_path: Path) -> None:
    programs = {"relay": program("link=no", ready=0.1, heartbeat_timeout_s=0.3), "bot": program()}
    with supervised(tmp_path, programs) as it:
        it.start()
        it.restart()
        before = {name: (one["pid"], one["life"]) for name, one in it.status().items()}
        it.kill()
        (it.state / "journal.jsonl").unlink()
        (it.state / "history.jsonl").write_bytes(b"\xff\xfe\n{")
        it.start()
        assert {name: (one["pid"], one["life"]) for name, one in it.status().items()} == before
        assert it.restart()["to_life"] == 3
        # silence of one that never spoke is no fault after this either
        assert it.restart("relay")["to_life"] == 2


def test_an_outdated_journal_does_not_lead_to_a_second_process(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        journal = it.state / "journal.jsonl"
        older = journal.read_bytes()
        it.restart()
        before = it.status()["bot"]["pid"]
        it.kill()
        journal.write_bytes(older)
        it.start()
        shown = it.status()["bot"]
        assert (shown["pid"], shown["life"]) == (before, 2)
        assert list(it.left()) == [before]
        assert it.restart()["to_life"] == 3


def test_the_downtime_after_an_unseen_exit_is_unknown(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        pid = it.status()["bot"]["pid"]
        it.kill()
        os.kill(pid, signal.SIGKILL)
        wait_gone(pid)
        it.start()
        report = it.history()[0]
        assert (report["ok"], report["to_life"], report["downtime_s"]) == (True, 2, None)


def test_changing_state_dir_does_not_lead_to_a_second_process(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        text = it.config.read_text()
        it.config.write_text(f'{text}\n[supervisor]\nstate_dir = "elsewhere"\n')
        second = it.launch(stderr=subprocess.PIPE, text=True)
        _, said = second.communicate(timeout=PATIENCE_S)
        assert second.returncode == 1
        assert f"with the state directory {it.state}" in said
        assert len(it.left()) == 1
        it.config.write_text(text)


def test_a_second_supervisor_names_the_running_one(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        second = it.launch(stderr=subprocess.PIPE)
        _, told = second.communicate(timeout=PATIENCE_S)
        assert second.returncode == 1
        assert str(it.pid) in told.decode()
        assert "stocksup status" in told.decode()
        assert told.count(b"\n") == 1
        assert it.ask("ping")["pid"] == it.pid


def test_a_reboot_is_no_crash(tmp_path: Path) -> None:
    with bot(tmp_path, max_crashes=1) as it:
        it.start()
        for life in (2, 3, 4):
            pid = it.status()["bot"]["pid"]
            it.kill()
            os.kill(pid, signal.SIGKILL)
            wait_gone(pid)
            _edit_journal(it, lambda record: record["child"].update(boot_id="another", ticks=1))
            it.start(wait=False)
            it.wait_state("RUNNING", life=life)
            assert _journaled(it)["crashes_s"] == []
        assert it.history() == []


def test_a_reused_pid_is_left_alone(tmp_path: Path) -> None:
    with bot(tmp_path) as it, subprocess.Popen(["sleep", "600"], start_new_session=True) as stranger:
        it.start()
        pid = it.status()["bot"]["pid"]
        it.kill()
        os.kill(pid, signal.SIGKILL)
        wait_gone(pid)
        _edit_journal(it, lambda record: record["child"].update(pid=stranger.pid))
        it.start(wait=False)
        it.wait_state("RUNNING", life=2)
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("keep", [False, True])
def test_desired_states_are_kept_on_request(tmp_path: Path, keep: bool) -> None:
    with supervised(tmp_path, {"other": program(), "bot": program()}) as it:
        it.start()
        it.ask("stop", program="other", wait=True)
        assert it.shut_down() == 0
        it.start(*(["--keep-desired", "yes"] if keep else []), wait=False)
        it.wait_state("RUNNING", "bot")
        if keep:
            assert it.status()["other"]["state"] == "STOPPED"
        else:
            it.wait_state("RUNNING", "other")


def test_a_program_that_was_removed_from_the_configuration_is_stopped(tmp_path: Path) -> None:
    with supervised(tmp_path, {"other": program(), "bot": program()}) as it:
        it.start()
        pid = it.status()["other"]["pid"]
        it.kill()
        it.configure({"bot": program()})
        it.start(wait=False)
        it.wait(lambda status: "other" not in status)
        wait_gone(pid)
        assert it.status()["bot"]["life"] == 1


def test_every_path_of_a_configuration_means_the_same_instance(tmp_path: Path) -> None:
    with bot(tmp_path / "real", "1:fork=setsid") as it:
        (tmp_path / "link").symlink_to(tmp_path / "real")
        it.start()
        pid = it.status()["bot"]["pid"]
        it.kill()
        (it.state / "journal.jsonl").unlink()
        it.config = tmp_path / "link" / "config.toml"
        it.start(wait=False)
        assert it.wait_state("RUNNING")["pid"] == pid
        it.restart()
        assert len(it.left()) == 1


def _journaled(it: Supervised) -> dict[str, Any]:
    lines = (it.state / "journal.jsonl").read_text().splitlines()
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def _edit_journal(it: Supervised, edit: Any) -> None:
    record = _journaled(it)
    edit(record)
    with (it.state / "journal.jsonl").open("a") as journal:
        journal.write(json.dumps(record) + "\n")


@pytest.mark.parametrize("evidence", ["cache", "history", "broken line"])
def test_number_of_a_life_is_not_used_again_after_the_journal_has_lost_lines(tmp_path: Path, evidence: str) -> None:
    with bot(tmp_path, flush_cache=evidence == "cache") as it:
        it.start()
        if evidence == "history":
            it.restart()
        else:
            it.ask("stop", program="bot", wait=True)
            it.ask("start", program="bot")
        pid = it.wait_state("RUNNING", life=2)["pid"]
        it.kill()
        os.kill(pid, signal.SIGKILL)
        wait_gone(pid)
        journal = it.state / "journal.jsonl"
        lines = journal.read_bytes().splitlines(keepends=True)
        first = [line for line in lines if json.loads(line)["life"]["number"] == 1]
        torn = lines[-1][:-30] if evidence == "broken line" else b""
        journal.write_bytes(b"".join(first) + torn)
        it.start(wait=False)
        it.wait_state("RUNNING", life=3)
