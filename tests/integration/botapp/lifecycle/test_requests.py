"""The bot under a fake supervisor: hello, ready, heartbeats, drain, restart, goodbye."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from botapp.local_discord.ids import LIVE_CHANNEL_ID
from botapp.runtime import state_file as state
from supervisor.client import TRACEBACK_SIGNAL
from tests.support.discord.bot_process import BotProcess, FakeSupervisor, write_config
from tests.support.discord.control import DiscordControl, controls, local_discord
from tests.support.shop.shop import replied_to, text

WORLD = "stocksup:v1:world"
STEPS = {"cache": None, "livestock": None, "buttons": None, "background": None, "extensions": None}


@dataclass
class Scene:
    """A bot that is ready, between a local Discord and a fake supervisor."""

    discord: DiscordControl
    supervisor: FakeSupervisor
    bot: BotProcess

    def wait_for_livestock(self, *, healthy: bool) -> dict[str, Any]:
        """Wait for a heartbeat with this health of the stock; return its health."""
        while True:
            beat = self.supervisor.read("heartbeat")
            self.supervisor.grant(beat)
            health: dict[str, Any] = beat["health"]
            if health["livestock"]["is_healthy"] is healthy:
                return health

    def drain(self, why: str = "restart", deadline_s: float = 5.0) -> dict[str, Any]:
        """Request a drain and return its report."""
        assert self.supervisor.ask("drain", deadline_s=deadline_s, reason=why)["ok"]
        drained = self.supervisor.read("drained")
        self.supervisor.grant(drained)
        report: dict[str, Any] = drained["report"]
        return report

    def ask_for_restart(self) -> dict[str, Any]:
        """Type `!restart` and `ya`; return the bot's request to the supervisor."""
        self.discord.say("Admin", "!restart")
        self.discord.wait_for_message("Admin", lambda message: "tidak" in text(message) and controls(message))
        self.discord.say("Budi", "ya")
        self.discord.say("Admin", "ya", channel="admin")
        self.discord.say("Admin", "Ya")
        return self.supervisor.read("restart")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    write_config(tmp_path / "bot", channel_id=LIVE_CHANNEL_ID)
    with local_discord() as discord:
        supervisor = FakeSupervisor(tmp_path / "stocksup.sock")
        with BotProcess(tmp_path / "bot", discord, supervisor=supervisor) as bot:
            hello = supervisor.greet()
            assert (hello["life"], hello["traceback"]) == (1, True)
            supervisor.grant(supervisor.read("ready"), restart=None)
            discord.wait_for_message("Budi", lambda message: "Steam 10" in text(message))
            yield Scene(discord, supervisor, bot)
            supervisor.hang_up()


def test_heartbeats_report_health(scene: Scene) -> None:
    while not (health := scene.wait_for_livestock(healthy=True))["database"]:
        pass  # the shop is opening
    wanted = {"livestock", "buttons", "visibility", "gateway", "database", "cache", "clicks", "loop_lag_ms", "backups"}
    assert set(health) == wanted
    assert set(health["livestock"]) == {"is_healthy", "last_error", "error_count", "last_update"}
    assert set(health["buttons"]) == set(health["livestock"])
    assert health["database"]["is_healthy"] is True


def test_traceback_signal_writes_to_the_log(scene: Scene) -> None:
    health = scene.wait_for_livestock(healthy=True)
    scene.bot.send(TRACEBACK_SIGNAL)
    assert scene.supervisor.ask("cache", action="stats", scope="all")["ok"]
    assert "most recent call first" in scene.bot.log
    assert "botapp/startup.py" in scene.bot.log
    # a restart does not help when Discord is the cause
    assert health["gateway"]["external"] is True


def test_missing_permission_is_reported_and_recovers_without_a_restart(scene: Scene) -> None:
    scene.discord.deny("send_messages")
    scene.discord.delete_message(scene.discord.message_with("Budi", WORLD)["id"])
    health = scene.wait_for_livestock(healthy=False)
    assert "beri bot izin Send Messages" in health["livestock"]["last_error"]
    assert health["gateway"]["connected"]
    scene.discord.deny()
    health = scene.wait_for_livestock(healthy=True)
    assert health["livestock"]["last_error"] is None
    assert "Steam 10" in text(scene.discord.message_with("Budi", WORLD))
    for line in ("❌ Livestock error", "⚠️ Livestock tidak sehat", "✅ Livestock kembali sehat"):
        assert scene.bot.log.count(line) == 1


def test_forbidden_reply_is_logged_with_a_remedy(scene: Scene) -> None:
    scene.discord.message_with("Budi", WORLD)
    scene.discord.deny("send_messages")
    scene.discord.say("Admin", "!restart")
    # this click comes after the command and is answered after it
    assert scene.discord.interaction(scene.discord.click("Budi", WORLD), wait_s=4)["state"] == "answered"
    assert scene.bot.log.count("tidak boleh menjawab restart di channel") == 1
    assert "Forbidden" not in scene.bot.log


def test_drain_runs_five_steps_and_keeps_the_live_message(scene: Scene) -> None:
    report = scene.drain()
    assert report["steps"] == STEPS
    assert (report["cancelled"], report["flushed_entries"]) == ([], 0)
    live = scene.discord.message_with("Budi", WORLD)
    assert not any(one.get("disabled") for one in controls(live))
    answer = scene.discord.interaction(scene.discord.click("Budi", WORLD), wait_s=4)
    assert "sedang restart" in answer["messages"][0]["content"], "a click during the drain is answered"
    scene.bot.send(signal.SIGTERM)
    goodbye = scene.supervisor.read("goodbye")
    scene.supervisor.grant(goodbye)
    assert scene.bot.wait() == 0
    assert (goodbye["code"], goodbye["reason"]) == (0, "berakhir sesuai permintaan")
    assert not any(one.get("disabled") for one in controls(scene.discord.message_with("Budi", WORLD)))


def test_stop_closes_the_shop(scene: Scene) -> None:
    scene.drain("stop")
    assert all(one["disabled"] for one in controls(scene.discord.message_with("Budi", WORLD)) if one.get("custom_id"))


def test_command_that_a_drain_cuts_off_is_left_to_the_next_process(scene: Scene) -> None:
    scene.discord.faults({"method": "POST", "path": "/channels/*/messages", "delay_s": 60, "drop": True})
    sent = scene.discord.say("Admin", "!products")
    # this click comes after the command
    scene.discord.interaction(scene.discord.click("Budi", WORLD), wait_s=4)
    report = scene.drain(deadline_s=0.1)
    assert any("products" in name for name in report["cancelled"])
    scene.bot.send(signal.SIGTERM)
    scene.supervisor.grant(scene.supervisor.read("goodbye"))
    scene.bot.wait()
    scene.discord.no_faults()
    with BotProcess(scene.bot.directory, scene.discord):
        scene.discord.wait_for_message("Admin", lambda one: replied_to(one) == sent)


def test_drain_names_and_finishes_pending_work(scene: Scene) -> None:
    scene.discord.faults({"path": "/webhooks/*", "delay_s": 0.5})
    click = scene.discord.click("Budi", WORLD)
    scene.discord.interaction(click, wait_s=4, until="ack")
    scene.supervisor.ask("drain", deadline_s=10.0, reason="restart")
    name = "stocksup:world · Budi"
    draining = scene.supervisor.read("draining")
    assert name in draining["pending"]
    assert name in scene.supervisor.read("drained")["report"]["drained"]
    answer = scene.discord.interaction(click, wait_s=4)
    assert "Info world" in text(answer["messages"][0])


def test_drained_bot_serves_again_when_the_supervisor_is_gone(scene: Scene) -> None:
    scene.drain("stop", deadline_s=0.5)
    scene.supervisor.vanish()
    scene.discord.wait_for_message(
        "Budi", lambda one: any(part.get("custom_id") == WORLD and not part.get("disabled") for part in controls(one))
    )
    answer = scene.discord.interaction(scene.discord.click("Budi", WORLD), wait_s=4)
    assert "Info world" in text(answer["messages"][0])


def test_restart_request_carries_a_ticket_and_a_refusal_is_shown(scene: Scene) -> None:
    request = scene.ask_for_restart()
    assert (request["program"], request["wait"], request["reason"]) == ("bot", True, "!restart")
    assert request["requested_by"].startswith("Admin")
    question = scene.discord.wait_for_message("Admin", lambda message: "Restart…" in text(message))
    assert str(request["ticket"]["message_id"]) == question["id"]
    scene.discord.say("Admin", "!restart")
    scene.discord.wait_for_message("Admin", lambda message: "sedang berjalan" in text(message))
    scene.supervisor.refuse(request, "check_failed", "SyntaxError: bot.py line 3")
    told = scene.discord.wait_for_message("Admin", lambda message: "SyntaxError: bot.py line 3" in text(message))
    assert told["id"] == question["id"]
    answer = scene.discord.interaction(scene.discord.click("Budi", WORLD), wait_s=4)
    assert "Info world" in text(answer["messages"][0]), "the bot keeps serving"
    assert scene.ask_for_restart()["op"] == "restart", "and a restart can be requested again"


@pytest.mark.parametrize("is_cut", [False, True])
def test_lost_connection_is_told_by_the_process_that_serves(scene: Scene, is_cut: bool) -> None:
    scene.ask_for_restart()
    question = scene.discord.wait_for_message("Admin", lambda message: "Restart…" in text(message))
    if is_cut:
        scene.drain("handover")
    scene.supervisor.hang_up()
    assert scene.supervisor.greet()["role"] == ("retiring" if is_cut else "serving")
    if is_cut:
        scene.supervisor.ask("cache", action="stats")
        assert "Restart…" in text(next(one for one in scene.discord.view("Admin") if one["id"] == question["id"]))
    else:
        told = scene.discord.wait_for_message("Admin", lambda message: "stocksup status" in text(message))
        assert told["id"] == question["id"]


@pytest.mark.parametrize("answer", ["tidak", "the button"])
def test_declined_restart_sends_no_request(scene: Scene, answer: str) -> None:
    scene.discord.say("Admin", "!restart")
    question = scene.discord.wait_for_message("Admin", lambda message: "tidak" in text(message) and controls(message))
    wrong = scene.discord.interaction(scene.discord.click("Budi", "stocksup:v1:restart:yes"), wait_s=4)
    assert "Hanya admin" in wrong["messages"][0]["content"]
    if answer == "the button":
        scene.discord.click("Admin", "stocksup:v1:restart:no")
    else:
        scene.discord.say("Admin", answer)
    scene.discord.wait_for_message(
        "Admin", lambda message: message["id"] == question["id"] and "Tidak di-restart" in text(message)
    )
    assert "restart diminta oleh" not in scene.bot.log


def test_next_process_answers_the_ticket(tmp_path: Path) -> None:
    write_config(tmp_path / "bot", channel_id=LIVE_CHANNEL_ID)
    phases = {"check_s": 0.3, "drain_s": 0.01, "stop_s": 0.05, "flush_s": 0.001, "start_s": 0.4}
    with local_discord() as discord:
        ticket = {"channel_id": LIVE_CHANNEL_ID, "message_id": 5}
        supervisor = FakeSupervisor(tmp_path / "stocksup.sock")
        with BotProcess(tmp_path / "bot", discord, supervisor=supervisor, life=2):
            supervisor.greet(ticket)
            supervisor.grant(supervisor.read("ready"), restart={"phases": phases, "downtime_s": 0.5, "cancelled": []})
            told = discord.wait_for_message("Admin", lambda message: "Bot kembali (proses 2)" in text(message))
            assert "check 0,30 detik · drain 10,0 ms · stop 50,0 ms · flush 1,0 ms · start 0,40 detik" in text(told)
            supervisor.hang_up()


BACK = "✅ Bot kembali (proses 2)."


def test_external_restart_is_announced_until_a_drain(tmp_path: Path) -> None:
    write_config(tmp_path / "bot", channel_id=LIVE_CHANNEL_ID)
    with local_discord() as discord:
        supervisor = FakeSupervisor(tmp_path / "stocksup.sock")
        with BotProcess(tmp_path / "bot", discord, supervisor=supervisor, life=2) as bot:
            supervisor.greet()
            supervisor.grant(supervisor.read("ready"), restart={"requested_by": "systemd", "phases": {}})
            discord.wait_for_message("Budi", lambda message: text(message) == BACK)
            assert "kembali setelah restart yang diminta oleh systemd" in bot.log
            assert supervisor.ask("drain", deadline_s=5.0, reason="restart")["ok"]
            report = supervisor.read("drained")["report"]
            assert ("kembali lagi" in report["drained"], report["cancelled"]) == (True, [])
            assert BACK not in [text(message) for message in discord.view("Budi")]
            supervisor.hang_up()


def test_announcement_of_a_killed_process_is_deleted(tmp_path: Path) -> None:
    write_config(tmp_path / "bot", channel_id=LIVE_CHANNEL_ID)
    with local_discord() as discord:
        supervisor = FakeSupervisor(tmp_path / "stocksup.sock")
        with BotProcess(tmp_path / "bot", discord, supervisor=supervisor, life=2) as bot:
            supervisor.greet()
            supervisor.grant(supervisor.read("ready"), restart={"requested_by": "root (baris perintah)", "phases": {}})
            discord.wait_for_message("Budi", lambda message: text(message) == BACK)
            while state.load(tmp_path / "bot/state/bot/state.json").temporary_message is None:
                supervisor.ask("cache", action="stats")  # wait for the bot's event loop
            bot.send(signal.SIGKILL)
            bot.wait()
            supervisor.hang_up()
        with BotProcess(tmp_path / "bot", discord, supervisor=supervisor, life=3) as bot:
            supervisor.greet()
            supervisor.grant(supervisor.read("ready"), restart=None)
            discord.wait_for(lambda: BACK not in [text(message) for message in discord.view("Budi")])
            assert not [one for one in discord.view("Budi") if "Bot kembali" in text(one)], "a crash is not announced"
            supervisor.hang_up()


def test_bad_configuration_is_reported_to_the_supervisor(tmp_path: Path) -> None:
    write_config(tmp_path / "bot", "lenguage = 'id'", channel_id=LIVE_CHANNEL_ID)
    supervisor = FakeSupervisor(tmp_path / "stocksup.sock")
    with BotProcess(tmp_path / "bot", None, supervisor=supervisor) as bot:
        supervisor.greet()
        goodbye = supervisor.read("goodbye")
        supervisor.grant(goodbye)
        assert goodbye["code"] == bot.wait() == 78
        assert "maksudnya 'language'?" in goodbye["reason"]
        assert goodbye["reason"] == bot.log.strip()
        supervisor.hang_up()
