"""Pings reach a service that notices silence: real processes and a receiver on loopback, with a clock of the test."""

from __future__ import annotations

import json
import selectors
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from msgspec.structs import replace

from supervisor.alerts.dispatcher import AlertDispatcher
from supervisor.alerts.incidents import OWN_PROBLEM
from supervisor.alerts.pings import GRACE_S, INTERVAL_S
from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Alerts, Program, Settings
from supervisor.lifecycle.model import DesiredState, Instant, ProgramState, State
from tests.support.supervisor.alert_receiver import PATIENCE_S, Letterbox, letterbox
from tests.support.supervisor.supervised import program, supervised

SECRET = "a-secret-path"


@pytest.fixture
def box() -> Iterator[Letterbox]:
    with letterbox() as one:
        yield one


class Dispatching:
    """The alerts of a supervisor whose programs and clock the test sets."""

    def __init__(self, directory: Path, url: str) -> None:
        self.now_s = 100.0
        self.bot = ProgramState(name="bot", settings=Program(), desired=DesiredState.UP, state=State.RUNNING)
        self.programs = {"bot": self.bot}
        self.problems: dict[str, str] = {}
        self.lines: list[str] = []
        self.settings = Settings(language="en", alerts=Alerts(ping_url=url))
        self.selector = selectors.DefaultSelector()
        self.alerts = AlertDispatcher(
            InstancePaths(directory), directory / "config.toml", self.selector,
            lambda level, line: self.lines.append(line), lambda: Instant(self.now_s, self.now_s), self.programs,
            self.problems, lambda: self.settings,
        )  # fmt: skip

    def enter(self, state: State) -> None:
        self.programs["bot"] = replace(self.bot, state=state)

    def at(self, now_s: float) -> None:
        """Do what is due then, and take what comes of it."""
        self.now_s = now_s
        self.alerts.run_due()
        self.finish()

    def finish(self) -> None:
        """Wait for the process that is under way."""
        while self.selector.get_map():
            ready = self.selector.select(PATIENCE_S)
            assert ready, "the process of the ping gives no result"
            for key, mask in ready:
                key.data(mask)
        self.alerts.run_due()


def test_the_service_is_told_what_health_says(tmp_path: Path, box: Letterbox) -> None:
    it = Dispatching(tmp_path, box.ping_url(SECRET))
    it.enter(State.STARTING)
    it.at(100.0)
    assert box.taken == []
    it.enter(State.RUNNING)
    it.at(103.0)
    it.at(104.0)
    assert box.taken == [{"ping": SECRET, "body": ""}]
    assert it.alerts.next_deadline() == 103.0 + INTERVAL_S
    it.enter(State.BACKOFF)
    it.at(160.0)
    assert it.alerts.next_deadline() == 160.0 + GRACE_S
    it.at(160.0 + GRACE_S)
    assert box.taken[1:] == [{"ping": f"{SECRET}/fail", "body": "bot: not running"}]
    assert (it.lines, it.problems) == ([], {})


def test_a_service_that_refuses_is_shown_and_not_asked_again_before_the_next_minute(
    tmp_path: Path, box: Letterbox
) -> None:
    box.status = 404
    it = Dispatching(tmp_path, box.ping_url(SECRET))
    for now_s in (100.0, 101.0, 130.0, 100.0 + INTERVAL_S):
        it.at(now_s)
    box.wait_tries(2)
    assert "404" in it.problems[OWN_PROBLEM]
    assert len(it.lines) == 1
    box.status = 200
    it.at(100.0 + 2 * INTERVAL_S)
    assert (len(box.taken), it.problems, len(it.lines)) == (1, {}, 2)
    assert SECRET not in "".join(it.lines)
    assert "http://***" in it.lines[0]


def test_no_service_listens(tmp_path: Path) -> None:
    with letterbox() as gone:
        url = gone.ping_url(SECRET)
    it = Dispatching(tmp_path, url)
    it.at(100.0)
    assert "Connection refused" in it.problems[OWN_PROBLEM]
    assert SECRET not in it.problems[OWN_PROBLEM]
    # the URL is corrected
    it.settings = Settings(language="en")
    it.at(101.0)
    assert (it.problems, it.alerts.next_deadline()) == ({}, None)


def test_a_service_without_an_answer_holds_up_nothing(tmp_path: Path, box: Letterbox) -> None:
    box.gate.clear()
    it = Dispatching(tmp_path, box.ping_url(SECRET))
    it.alerts.run_due()
    box.wait_tries(1)
    running = (one for one in psutil.Process().children() if one.status() != psutil.STATUS_ZOMBIE)
    (sender,) = (one for one in running if "supervisor.alerts.ping_sender" in one.cmdline())
    assert SECRET not in " ".join([*sender.cmdline(), *sender.environ().values()])
    it.now_s = it.alerts.next_deadline() or 0.0
    it.alerts.run_due()
    assert "30" in it.problems[OWN_PROBLEM]
    sender.wait(PATIENCE_S)
    # the word before a stop does not wait for the ping before it
    it.now_s = it.alerts.next_deadline() or 0.0
    it.alerts.run_due()
    box.wait_tries(2)
    it.alerts.announce_stop()
    box.wait_tries(3)
    box.gate.set()
    it.alerts.close()
    assert not it.selector.get_map()
    assert [one["ping"] for one in box.wait(3)] == [SECRET, SECRET, f"{SECRET}/log"]


def test_a_supervisor_pings_until_it_is_stopped_with_a_word(tmp_path: Path, box: Letterbox) -> None:
    alerts = {"ping_url": box.ping_url(SECRET), "disk_low_bytes": 0}
    with supervised(tmp_path, {"bot": program()}, alerts=alerts) as it:
        it.start()
        assert box.wait(1) == [{"ping": SECRET, "body": ""}]
        shown = it.command("config", "show").stdout
        assert "ping_url" in shown
        assert SECRET not in shown
        done = it.command("check", "--json")
        (found,) = (one for one in json.loads(done.stdout)["checks"] if one["id"] == "ping")
        assert found["level"] == "fine"
        assert SECRET not in done.stdout
        assert box.wait(2)[1]["ping"] == f"{SECRET}/log"
        assert it.shut_down() == 0
        assert box.wait(3)[2]["ping"] == f"{SECRET}/log"
        box.status = 404
        done = it.command("check", "--json")
        (found,) = (one for one in json.loads(done.stdout)["checks"] if one["id"] == "ping")
        assert (found["level"], "404" in found["problem"], SECRET in done.stdout) == ("failed", True, False)
        assert len(box.taken) == 3
        assert SECRET not in it.log()
