"""Alerts reach the owner without the bot: a real supervisor and sender, and a receiver on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from supervisor.alerts.incidents import OWN_PROBLEM
from tests.support.python_process import ROOT
from tests.support.supervisor.alert_receiver import Letterbox, letterbox
from tests.support.supervisor.supervised import Supervised, program, supervised, wait_gone

#: made up, of the shape of a token of Discord
TOKEN = "MTQwMDAwMDAwMDAwMDAwMDAwMg." + "GAbCdE." + "x" * 38
SECRET = "a-secret-path"
FATAL = ("exit-before-hello=1",)


@pytest.fixture
def box() -> Iterator[Letterbox]:
    with letterbox() as one:
        yield one


def told(directory: Path, box: Letterbox, *words: str, **settings: Any) -> Any:
    """Return a supervisor with the program `bot`, whose alerts go to `box`."""
    alerts_table = {"urls": [box.url(SECRET)], "disk_low_bytes": settings.pop("disk_low_bytes", 0)}
    return supervised(directory, {"bot": program(*words, **settings)}, alerts=alerts_table)


def problems(it: Supervised) -> str | None:
    """Return what `status` says about alerts."""
    found: str | None = it.ask("status")["supervisor"]["problems"].get(OWN_PROBLEM)
    return found


def sender(it: Supervised) -> psutil.Process:
    """Return the running sender."""
    (found,) = (one for one in psutil.Process(it.pid).children() if "supervisor.alerts.sender" in one.cmdline())
    return found


def state_of(it: Supervised) -> dict[str, Any]:
    """Return the state of the alerts on disk."""
    found: dict[str, Any] = json.loads((it.state / "alerts.json").read_text())
    return found


def test_a_failed_program_and_its_recovery_are_notified_once(tmp_path: Path, box: Letterbox) -> None:
    with told(tmp_path, box, *FATAL, max_crashes=1) as it:
        it.start(wait=False)
        it.wait_state("FATAL")
        (first,) = box.wait(1)
        assert first["type"] == "failure"
        assert "bot" in first["title"]
        assert "stocksup start" in first["message"]
        assert str(it.config) in first["message"]
        it.configure({"bot": program()}, alerts={"urls": [box.url(SECRET)], "disk_low_bytes": 0})
        it.ask("start")
        it.wait_state("RUNNING")
        _, second = box.wait(2)
        assert second["type"] == "success"
        assert "bot" in second["title"]
        it.end()
        assert len(box.taken) == 2
        assert state_of(it)["queue"] == []


def test_answer_without_end_is_read_with_a_limit(tmp_path: Path, box: Letterbox) -> None:
    box.is_endless = True
    with told(tmp_path, box, *FATAL, max_crashes=1) as it:
        done = it.command("alerts", "test")
        assert done.returncode == 0, done.stdout
        assert len(box.taken) == 1
        assert 0 < box.sent_bytes < 50_000_000


def test_a_refused_token_is_notified_without_the_token(tmp_path: Path, box: Letterbox) -> None:
    with told(tmp_path, box, "exit-after-hello=77", f"reason=refused {TOKEN}") as it:
        it.start(wait=False, environ={"DISCORD_TOKEN": TOKEN})
        it.wait_state("FATAL")
        (alert,) = box.wait(1)
        assert alert["type"] == "failure"
        assert "token" in alert["message"].lower()
        assert "refused ***" in alert["message"]
        it.end()
    everything = json.dumps(box.taken) + (it.state / "alerts.json").read_text()
    assert TOKEN not in everything


def test_a_failed_delivery_is_kept_shown_and_delivered_once(tmp_path: Path) -> None:
    with letterbox() as box, told(tmp_path, box, *FATAL, max_crashes=1) as it:
        box.status = 500
        it.start(wait=False)
        it.wait_state("FATAL")
        box.wait_tries(2)  # the first, and one after the backoff: what came of the first is known
        shown = problems(it)
        assert shown is not None
        assert "1: json://***" in shown
        assert "500" in shown
        assert SECRET not in json.dumps(it.ask("status"))
        assert (it.state / "alerts.json").stat().st_mode & 0o777 == 0o600
        box.close()
        with letterbox(box.port) as again:
            again.wait(1)
            it.end()
            assert (len(box.taken), len(again.taken)) == (0, 1)
        assert state_of(it)["queue"] == []
        assert SECRET not in it.log()
        assert it.log().count("1: json://***") == 2, "one line for the failure, one for the recovery"


def test_the_sender_has_no_secret_in_its_arguments_and_environment(tmp_path: Path, box: Letterbox) -> None:
    with told(tmp_path, box, *FATAL, max_crashes=1) as it:
        box.gate.clear()
        it.start(wait=False, environ={"DISCORD_TOKEN": TOKEN, "HTTPS_PROXY": ""})
        box.wait_tries(1)
        at_work = sender(it)
        assert SECRET not in " ".join(at_work.cmdline())
        assert not {"DISCORD_TOKEN", "STOCKSUP_CONFIG"} & set(at_work.environ())
        assert it.status()["bot"]["state"] == "FATAL", "the control socket works while the sender waits"
        box.gate.set()


def test_the_next_supervisor_delivers_what_a_killed_one_has_not(tmp_path: Path, box: Letterbox) -> None:
    with told(tmp_path, box, *FATAL, max_crashes=1) as it:
        box.status = 500
        it.start(wait=False)
        box.wait_tries(1)
        it.kill()
        box.status = 200
        it.start("--keep-desired", "yes", wait=False)
        box.wait(1)
        it.wait_state("FATAL")
        it.end()
        assert len(box.taken) == 1
        assert state_of(it)["queue"] == []


def test_only_the_message_being_sent_may_be_delivered_twice(tmp_path: Path, box: Letterbox) -> None:
    programs = {name: program(*FATAL, max_crashes=1) for name in ("bot", "discord")}
    with supervised(tmp_path, programs, alerts={"urls": [box.url()], "disk_low_bytes": 10**18}) as it:
        box.gate.clear()
        box.status = 500
        it.start(wait=False)
        it.wait(lambda status: all(one["state"] == "FATAL" for one in status.values()))
        box.wait_tries(1)
        assert len(state_of(it)["queue"]) == 3, "what is noticed is kept before anything comes of it"
        box.status = 200
        box.let_go()
        box.wait_tries(2)  # now there are three messages to send, and the first is held
        at_work = sender(it).pid
        it.kill()
        box.gate.set()
        wait_gone(at_work)
        assert len(box.taken) == 1, "a sender without a reader sends no more"
        it.start("--keep-desired", "yes", wait=False)
        box.wait(4)
        it.wait(lambda status: all(one["state"] == "FATAL" for one in status.values()))
        it.end()
        titles = [one["title"] for one in box.taken]
        assert titles[0] == titles[1]
        assert len(set(titles)) == 3


def test_a_supervisor_that_exits_waits_for_the_last_result(tmp_path: Path, box: Letterbox) -> None:
    with told(tmp_path, box, *FATAL, max_crashes=1) as it:
        box.gate.clear()
        it.start(wait=False)
        it.wait_state("FATAL")
        box.wait_tries(1)
        it.ask("shutdown")
        box.gate.set()
        assert it.process is not None
        assert it.process.wait(20) == 0
        assert state_of(it)["queue"] == []


def test_a_supervisor_that_exits_does_not_wait_for_ever(tmp_path: Path, box: Letterbox) -> None:
    patient = {"urls": [f"{box.url()}?rto=60"], "disk_low_bytes": 0}
    with supervised(tmp_path, {"bot": program(*FATAL, max_crashes=1)}, alerts=patient) as it:
        box.gate.clear()
        it.start(wait=False)
        it.wait_state("FATAL")
        box.wait_tries(1)
        at_work = sender(it).pid
        assert it.shut_down() == 0
        wait_gone(at_work)
        assert box.answered == 0, "it was ended, it did not wait for the answer"
        assert len(state_of(it)["queue"]) == 1


def test_a_crash_loop_and_its_end_are_notified_without_an_event(tmp_path: Path, box: Letterbox) -> None:
    words = ("1:exit-before-hello=1", "2:exit-before-hello=1")
    with told(tmp_path, box, *words, crash_window_s=4) as it:
        it.start()
        first, second = box.wait(2)
        assert (first["type"], second["type"]) == ("warning", "success")
        assert it.status()["bot"]["life"] == 3
        it.end()
        assert len(box.taken) == 2


def test_the_disk_is_checked_on_events(tmp_path: Path, box: Letterbox) -> None:
    with told(tmp_path, box, "beat=0.1", disk_low_bytes=10**18) as it:
        it.start()
        (low,) = box.wait(1)
        assert "MiB" in low["message"]
        assert str(it.state) in low["message"]
        it.configure({"bot": program("beat=0.1")}, alerts={"urls": [box.url(SECRET)], "disk_low_bytes": 1})
        it.ask("reload")
        assert box.wait(2)[1]["type"] == "success"


def test_a_corrected_url_gets_the_queue(tmp_path: Path, box: Letterbox) -> None:
    with supervised(tmp_path, {"bot": program(*FATAL, max_crashes=1)}, alerts={"urls": ["bogus://nobody"]}) as it:
        it.start(wait=False)
        it.wait_state("FATAL")
        it.configure({"bot": program()}, alerts={"urls": [box.url()]})
        it.ask("reload")
        box.wait(1)


def test_a_damaged_state_is_replaced(tmp_path: Path, box: Letterbox) -> None:
    with told(tmp_path, box, *FATAL, max_crashes=1) as it:
        it.state.mkdir(mode=0o700)
        (it.state / "alerts.json").write_text('{"queue": 7')
        it.start(wait=False)
        box.wait(1)
        assert "alerts.json" in it.log()


# --- stocksup alerts test ---


def run(it: Supervised, *words: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return it.command("alerts", "test", *words, **(environ or {}))


def test_the_command_shows_the_result_of_each_url(tmp_path: Path, box: Letterbox) -> None:
    closed = letterbox()
    with closed as gone:
        nobody = gone.url("another-secret")
    with supervised(tmp_path, {"bot": program()}, alerts={"urls": [box.url(SECRET), nobody, "bogus://s3cret"]}) as it:
        done = run(it)
        assert done.returncode == 1
        first, second, third = done.stdout.splitlines()
        assert first.startswith("ok")
        assert second.startswith("FAILED")
        assert "2: json://***" in second
        assert "3: bogus://***" in third
        assert not [one for one in (SECRET, "another-secret", "s3cret") if one in done.stdout + done.stderr]
        assert box.wait(1)[0]["type"] == "info"
        found = json.loads(run(it, "--json").stdout)
        assert [one["ok"] for one in found["addresses"]] == [True, False, False]
        assert found["ok"] is False
        it.configure({"bot": program()}, alerts={"urls": [box.url()]})
        done = run(it, "--json")
        assert (done.returncode, json.loads(done.stdout)["ok"]) == (0, True)


def test_without_apprise_the_command_shows_how_to_install_it(tmp_path: Path, box: Letterbox) -> None:
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "apprise.py").write_text("raise ImportError('no module of that name')")
    without = {"PYTHONPATH": f"{tmp_path / 'without'}:{ROOT}"}
    with told(tmp_path, box) as it:
        done = run(it, environ=without)
        assert done.returncode == 1
        assert f"{sys.executable} -m pip install apprise" in done.stdout


def test_without_a_url_the_command_shows_where_to_configure_one(tmp_path: Path) -> None:
    with supervised(tmp_path, {"bot": program()}) as it:
        done = run(it)
        assert (done.returncode, done.stdout) == (1, "")
        assert "[alerts] urls" in done.stderr


def test_an_invalid_url_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with supervised(tmp_path, {"bot": program()}, alerts={"urls": ["json://127.0.0.1", "my-secret-word"]}) as it:
        done = run(it)
        assert done.returncode == 78
        assert "[alerts] urls: " in done.stderr
        assert "2" in done.stderr
        assert "secret" not in done.stderr
