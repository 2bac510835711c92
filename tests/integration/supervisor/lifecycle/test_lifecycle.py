"""Start, restart and stop of programs, with real processes."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from supervisor.client import Client, ControlError, encode, open_socket
from tests.support.supervisor.supervised import PATIENCE_S, Json, bot, check, program, supervised, wait_gone

PHASES = ["check_s", "drain_s", "stop_s", "flush_s", "start_s"]


def test_a_program_becomes_ready_and_exits_on_shutdown(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        shown = it.status()["bot"]
        assert (shown["state"], shown["desired"], shown["life"], shown["linked"]) == ("RUNNING", "up", 1, True)
        assert psutil.pid_exists(shown["pid"])
        assert it.shut_down() == 0
        assert not psutil.pid_exists(shown["pid"])
        assert not it.socket.exists()
        assert it.diary.all("drain") == [it.diary.wait("drain", life=1, reason="stop", deadline_s=30.0)]


def test_a_process_has_its_own_session_and_environment(tmp_path: Path) -> None:
    with bot(tmp_path, env={"TEST_OF_IT": "é"}, cwd="below") as it:
        (tmp_path / "below").mkdir()
        it.start(environ={"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "1", "STOCKSUP_LIFE": "77"})
        it.restart()
        for life in (1, 2):
            told = it.diary.wait("spawned", life=life)
            assert told["session"] == told["group"] == told["pid"]
            assert told["cwd"] == str(tmp_path / "below")
            for own in ("TEST_ALL_MARKED", "TEST_DEPTH", "TEST_SEED"):  # of the test run itself
                told["environ"].pop(own, None)
            assert told["environ"] == {
                "STOCKSUP_SOCKET": str(it.socket),
                "STOCKSUP_PROGRAM": "bot",
                "STOCKSUP_LIFE": str(life),
                "STOCKSUP_CACHE_DIR": str(it.state / "cache/bot" / f"temp-{life}"),
                "STOCKSUP_CACHE_PERM_DIR": str(it.state / "cache/bot/perm"),
                "STOCKSUP_CONFIG": str(it.config),
                "STOCKSUP_LOG_FILE": str(it.state / "logs/bot.log"),
                "TEST_OF_IT": "é",
            }


def test_files_of_the_instance_are_private(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        it.restart()
        it.end()  # nothing is deleted while we look
        for path in (it.state, *it.state.rglob("*")):
            mode = path.stat().st_mode & 0o777
            assert mode & 0o077 == 0, f"{path}: {mode:o}"


def test_a_restart_replaces_the_process_and_times_its_phases(tmp_path: Path) -> None:
    with bot(tmp_path, check=check("pass")) as it:
        it.start()
        before = it.status()["bot"]
        report = it.restart(reason="new texts", requested_by="Ani")
        after = it.status()["bot"]
        assert (after["life"], after["restarts"], after["state"]) == (2, 1, "RUNNING")
        assert after["pid"] != before["pid"]
        assert not psutil.pid_exists(before["pid"])
        assert (report["ok"], report["from_life"], report["to_life"]) == (True, 1, 2)
        assert (report["reason"], report["requested_by"], report["program"]) == ("new texts", "Ani", "bot")
        assert [phase for phase, value in report["phases"].items() if value is not None] == PHASES
        assert all(report["phases"][phase] > 0 for phase in PHASES)
        down_s = sum(report["phases"][phase] for phase in PHASES[1:])
        assert report["downtime_s"] == pytest.approx(down_s, abs=1e-4)
        assert (report["drained"], report["cancelled"], report["flushed_entries"]) == (["cache"], [], 3)
        assert it.history() == [report]
        assert it.diary.wait("ready", life=2)["restart"] == report


def test_events_of_a_restart_come_in_order(tmp_path: Path) -> None:
    with bot(tmp_path, check=check("pass")) as it:
        it.start()
        with it.client() as listener:
            happened = listener.events(timeout_s=20)
            it.ask("restart")
            seen: list[str] = []
            while "restart" not in seen:
                event = next(happened)
                if event["type"] != "connection":
                    seen.append(event.get("phase") or event.get("state") or event["type"])
        assert seen == ["check", "DRAINING", "drain", "STOPPING", "stop", "FLUSHING", "flush", "STARTING", "start",
                        "restart"]  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "temp", "perm"),
    [("all", [], []), ("temporary", [], ["of-1"]), ("expired", ["of-1"], ["of-1"]), ("none", ["of-1"], ["of-1"])],
)
@pytest.mark.parametrize("crash", [False, True])
def test_the_flush_policies(tmp_path: Path, policy: str, temp: list[str], perm: list[str], crash: bool) -> None:
    other = "none" if policy == "all" else "all"
    cache = {"flush_on_restart": other if crash else policy, "flush_on_crash": policy if crash else other}
    with bot(tmp_path, cache=cache) as it:
        it.start()
        if crash:
            os.kill(it.status()["bot"]["pid"], signal.SIGKILL)
            it.wait_state("RUNNING", life=2)
        else:
            it.restart()
        told = it.diary.wait("spawned", life=2)
        assert (told["temp"], told["perm"]) == (temp, perm)
        assert [path.name for path in (it.state / "cache/bot").glob("temp-*")] == ["temp-2"]


def test_late_cache_writes_of_the_old_process_are_not_visible(tmp_path: Path) -> None:
    with bot(tmp_path, "late", "deaf", cache={"flush_on_restart": "all"}, stop_timeout_s=0.3) as it:
        it.start()
        for life in (2, 3):
            it.restart()
            told = it.diary.wait("spawned", life=life)
            assert (told["temp"], told["perm"]) == ([], [])
            assert [path.name for path in (it.state / "cache/bot").glob("temp-*")] == [f"temp-{life}"]
        it.shut_down()
        assert list((it.state / "cache/bot").glob("trash/*")) == []


def test_without_flush_cache_the_directory_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "state/cache/bot/temp-0"
    with bot(tmp_path, flush_cache=False, cache={"flush_on_restart": "all"}) as it:
        mine.mkdir(parents=True)
        it.start()
        it.restart()
        assert it.diary.wait("spawned", life=2)["temp"] == ["of-1"]
        assert it.diary.wait("spawned", life=2)["environ"]["STOCKSUP_CACHE_DIR"] == str(mine)


def test_the_next_process_gets_the_ticket(tmp_path: Path) -> None:
    ticket = {"channel": 1234567890123456789, "words": "é"}
    with bot(tmp_path) as it:
        it.start()
        assert it.diary.wait("welcome", life=1)["ticket"] is None
        it.restart(ticket=ticket)
        assert it.diary.wait("welcome", life=2)["ticket"] == ticket
        it.restart()
        assert it.diary.wait("welcome", life=3)["ticket"] is None


@pytest.mark.parametrize("death", ["exit-before-hello=1", "exit-after-hello=1", "exit-after-hello=kill"])
def test_the_ticket_is_repeated_after_a_failed_start(tmp_path: Path, death: str) -> None:
    ticket = {"message": 7}
    with bot(tmp_path, f"2:{death}") as it:
        it.start()
        report = it.restart(ticket=ticket)
        assert (report["from_life"], report["to_life"], report["ok"]) == (1, 3, True)
        assert it.diary.wait("welcome", life=3)["ticket"] == ticket


def test_a_program_requests_its_own_restart(tmp_path: Path) -> None:
    with bot(tmp_path, "ask-restart=!restart") as it:
        it.start()
        os.kill(it.status()["bot"]["pid"], signal.SIGUSR1)
        it.wait_state("RUNNING", life=2)
        assert it.diary.wait("welcome", life=2)["ticket"] == {"asked_in_life": 1}
        assert (it.history()[0]["requested_by"], it.history()[0]["reason"]) == ("a member", "!restart")


def test_a_failed_check_changes_nothing_and_is_reported(tmp_path: Path) -> None:
    with bot(tmp_path, "ask-restart=x", check=check("import sys; sys.exit('line 3: no colon')")) as it:
        it.start()
        before = it.status()["bot"]
        refusal = it.refused("restart", wait=True)
        assert (refusal.code, refusal.message) == ("check_failed", "line 3: no colon")
        report = refusal.details["report"]
        assert (report["ok"], report["to_life"], report["downtime_s"]) == (False, None, None)
        assert report["phases"]["check_s"] > 0
        os.kill(before["pid"], signal.SIGUSR1)
        answer = it.diary.wait("answer")
        assert answer["error"] == {"code": "check_failed", "message": "line 3: no colon"}
        after = it.status()["bot"]
        assert (after["pid"], after["life"], after["state"]) == (before["pid"], 1, "RUNNING")
        assert it.diary.all("drain") == []
        assert len(it.history()) == 2


def test_a_check_without_output_and_one_that_cannot_run(tmp_path: Path) -> None:
    with bot(tmp_path, check=check("raise SystemExit(3)")) as it:
        it.start()
        assert "exit 3" in it.refused("restart", wait=True).message
        it.configure({"bot": program(check=["/nowhere/checker"])})
        assert "/nowhere/checker" in it.refused("restart", wait=True).message
        assert it.status()["bot"]["life"] == 1


def test_a_command_that_cannot_be_executed_does_not_cost_the_process_that_serves(tmp_path: Path) -> None:
    with bot(tmp_path, restart_at="04:00") as it:
        it.start()
        before = it.status()["bot"]
        (tmp_path / "script").write_text("#!/bin/sh\r\n")
        (tmp_path / "script").chmod(0o755)
        wrong: dict[str, Json] = {
            "no_such_program": {"command": ["pyhton", "-m", "bot"]},
            "not_executable": {"command": ["./config.toml"]},
            "not_a_program": {"command": ["./state"]},
            "windows_line_end": {"command": ["./script"]},
            "no_directory": {"cwd": "nowhere"},
        }
        for code, changes in wrong.items():
            it.configure({"bot": program(**changes)})
            report = it.refused("restart", wait=True).details["report"]
            assert (report["error"], report["error_params"]["problem"]["code"]) == ("check_failed", code)
            assert it.refused("reload").code == "check_failed"
        after = it.status()["bot"]
        assert (after["pid"], after["life"], after["state"]) == (before["pid"], 1, "RUNNING")
        assert it.diary.all("drain") == []
        it.configure({"bot": program()})
        assert it.restart()["phases"]["check_s"] is not None


def test_the_token_is_in_the_environment_of_the_bot_alone(tmp_path: Path) -> None:
    names = "import os; print(*os.environ, flush=True); "
    tells = program(command=["python", "-c", f"{names}import signal; signal.pause()"], check=check(f"{names}exit(1)"))
    with supervised(tmp_path, {"bot": tells | {"ready": 0.1}, "relay": tells | {"ready": 0.1}}) as it:
        it.start(environ={"DISCORD_TOKEN": "secret"})
        assert "DISCORD_TOKEN" in it.log("bot")
        assert "PATH" in it.log("relay")
        assert "DISCORD_TOKEN" not in it.log("relay")
        assert "DISCORD_TOKEN" in it.refused("restart", program="bot", wait=True).message
        assert "DISCORD_TOKEN" not in it.refused("restart", program="relay", wait=True).message


def test_a_hung_check_is_killed(tmp_path: Path) -> None:
    hang = "import os, time; open('checking', 'w').write(str(os.getpid())); time.sleep(600)"
    with bot(tmp_path, check=check(hang), start_timeout_s=1.5) as it:
        it.start()
        refusal = it.refused("restart", wait=True)
        assert refusal.code == "check_failed"
        assert refusal.message == "the check did not end within 1.5 s"
        assert it.status()["bot"]["life"] == 1
        wait_gone(int((tmp_path / "checking").read_text()))


def test_descendants_of_a_check_are_killed(tmp_path: Path) -> None:
    forks = "import os, time; os.fork() or (os.setsid(), os.fork() or time.sleep(60), os._exit(0))"
    with bot(tmp_path, check=check(forks)) as it:
        it.start()
        assert it.restart()["ok"]
        assert list(it.left()) == [it.status()["bot"]["pid"]]


def test_requests_of_a_closed_connection_are_served(tmp_path: Path) -> None:
    """The answer to the first request cannot be sent any more; the second one is heard nevertheless."""
    with bot(tmp_path) as it:
        it.start()
        os.kill(it.pid, signal.SIGSTOP)
        with open_socket(it.socket) as sock:
            sock.sendall(encode({"v": 1, "id": 1, "op": "ping"}) + encode({"v": 1, "id": 2, "op": "restart"}))
        os.kill(it.pid, signal.SIGCONT)
        it.wait_state("RUNNING", life=2)


def test_two_concurrent_restarts_are_one(tmp_path: Path) -> None:
    with bot(tmp_path, check=check("pass")) as it:
        it.start()
        with it.client() as one, it.client() as other:
            # both are asked before either is answered
            answers = _both(one, other)
        assert answers[0] == answers[1]
        assert it.status()["bot"]["life"] == 2
        assert len(it.history()) == 1


def _both(one: Client, other: Client) -> list[Json]:
    def ask(client: Client) -> Json:
        report: Json = client.request("restart", wait=True, timeout_s=20)["report"]
        return report

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(ask, (one, other)))


def test_a_restart_without_waiting(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        assert it.ask("restart")["to_life"] == 2
        it.wait_state("RUNNING", life=2)


def test_drain_timeout_is_reported(tmp_path: Path) -> None:
    with bot(tmp_path, "1:drain=payment of Budi", "2:silent-drain", drain_timeout_s=0.3) as it:
        it.start()
        report = it.restart()
        assert (report["cancelled"], report["drained"]) == (["payment of Budi"], [])
        assert report["flushed_entries"] is None
        assert 0.3 <= report["phases"]["drain_s"] < 2
        assert it.restart()["cancelled"] == ["drain"]
        assert it.diary.wait("drain", life=1)["deadline_s"] == 0.3


def test_without_drain_a_program_is_stopped_at_once(tmp_path: Path) -> None:
    with bot(tmp_path, drain=False) as it:
        it.start()
        report = it.restart()
        assert report["phases"]["drain_s"] is None
        assert it.diary.all("drain") == []
        assert it.diary.wait("terminated", life=1)


def test_sigkill_after_start_timeout(tmp_path: Path) -> None:
    with bot(tmp_path, "1:hang", start_timeout_s=1) as it:
        it.start(wait=False)
        shown = it.wait_state("RUNNING", life=2)
        assert shown["last_exit"]["signal"] == "SIGKILL"
        assert "not ready within 1 s" in it.log()


def test_a_program_with_ready_seconds_is_ready_after_that_time(tmp_path: Path) -> None:
    with bot(tmp_path, "link=no", ready=0.2) as it:
        it.start()
        report = it.restart()
        assert report["phases"]["start_s"] >= 0.2
        assert report["phases"]["drain_s"] is None
        assert it.status()["bot"]["linked"] is False


def test_stop_and_start_again(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        it.ask("stop", program="bot", wait=True)
        shown = it.status()["bot"]
        assert (shown["state"], shown["desired"], shown["pid"]) == ("STOPPED", "down", None)
        assert it.left() == {}
        assert it.ask("start", program="bot")["starting"] == ["bot"]
        it.wait_state("RUNNING", life=2)


def test_start_during_a_stop_starts_it_again(tmp_path: Path) -> None:
    with bot(tmp_path, "1:endless-drain", drain_timeout_s=1) as it:
        it.start()
        it.ask("stop", program="bot")
        it.diary.wait("drain", life=1)
        assert it.ask("start", program="bot")["starting"] == ["bot"]
        it.wait_state("RUNNING", life=2)


@pytest.mark.parametrize("state", ["STOPPED", "FATAL", "BACKOFF"])
def test_restart_of_a_program_that_is_not_running_starts_it(tmp_path: Path, state: str) -> None:
    words = {"STOPPED": [], "FATAL": ["1:exit-after-hello=78"], "BACKOFF": ["1:exit-after-hello=75"]}[state]
    with bot(tmp_path, *words) as it:
        it.start(wait=False)
        if state == "STOPPED":
            it.wait_state("RUNNING")
            it.ask("stop", program="bot", wait=True)
        it.wait_state(state)
        report = it.restart(ticket={"a": 1})
        assert (report["ok"], report["to_life"]) == (True, 2)
        assert it.diary.wait("welcome", life=2)["ticket"] == {"a": 1}


def test_programs_start_in_order_and_stop_in_reverse(tmp_path: Path) -> None:
    with supervised(tmp_path, {"first": program(), "second": program(), "bot": program()}) as it:
        it.start()
        pids = {name: one["pid"] for name, one in it.status().items()}
        assert it.shut_down() == 0
        names = {pid: name for name, pid in pids.items()}
        told = [(line["what"], names[line["pid"]]) for line in it.diary.all_lines() if line["what"] in ORDERED]
        up = [("spawned", "first"), ("ready", "first"), ("spawned", "second"), ("ready", "second"),
              ("spawned", "bot"), ("ready", "bot")]  # fmt: skip
        down = [("drain", "bot"), ("terminated", "bot"), ("drain", "second"), ("terminated", "second"),
                ("drain", "first"), ("terminated", "first")]  # fmt: skip
        assert _without_ready(told) == _without_ready([*up, *down])


ORDERED = ("spawned", "ready", "drain", "terminated")


def _without_ready(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    # a life hears the answer to its "ready" after the next program may have been spawned
    return [one for one in told if one[0] != "ready"]


def test_a_stop_that_is_overtaken_by_a_start_is_refused(tmp_path: Path) -> None:
    with bot(tmp_path, "1:endless-drain", drain_timeout_s=1) as it:
        it.start()
        with it.client() as waits, ThreadPoolExecutor(1) as beside:
            asked = beside.submit(waits.request, "stop", program="bot", wait=True, timeout_s=PATIENCE_S)
            it.diary.wait("drain", life=1)
            it.ask("start", program="bot")
            with pytest.raises(ControlError) as caught:
                asked.result(PATIENCE_S)
        assert caught.value.code == "overtaken"
        it.wait_state("RUNNING", life=2)
