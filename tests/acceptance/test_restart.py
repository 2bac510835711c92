"""`!restart`, from the member's side: real supervisor, real bot, the local Discord."""

from __future__ import annotations

import http.client
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.processes import procfs
from tests.support import python_process
from tests.support.discord.control import Json, controls
from tests.support.shop.shop import PATIENCE_S, Shop, free_port, shop, text
from tests.support.supervisor.socket_server import asking

#: the seed's lines, in the order in which they become true
CLEAN_UP = (
    "🧹 Memulai pembersihan sebelum restart...",
    "✅ Cache system dibersihkan",
    "✅ Livestock state dibersihkan",
    "✅ Button state dibersihkan",
    "✅ Background tasks dihentikan",
    "🎉 Pembersihan sebelum restart selesai",
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with shop(tmp_path_factory.mktemp("restart") / "toko") as one:
        one.start()
        yield one


@pytest.fixture
def toko(running: Shop) -> Iterator[Shop]:
    """A shop that earlier tests have restarted; their messages and log lines are hidden."""
    config = running.config.read_text()
    live = {message["id"] for message in live_messages(running)}
    running.discord.hide([message for message in running.discord.view("Admin") if message["id"] not in live])
    running.begin_log()
    yield running
    running.discord.no_faults()
    running.config.write_text(config)
    running.wait_for_state("bot", "RUNNING")


def live_messages(toko: Shop) -> list[Json]:
    """Return all live messages, as soon as there is one."""
    toko.discord.wait_for_message("Budi", lambda message: "Steam 10" in text(message) and controls(message))
    found = [message for message in toko.discord.view("Budi") if "Steam 10" in text(message)]
    return [message for message in found if any(one.get("custom_id") for one in controls(message))]


def test_restart_end_to_end(toko: Shop) -> None:
    """Failure 16: `!restart` did not ask, drained nothing and said nothing afterwards."""
    before = toko.program()
    live = live_messages(toko)
    assert len(live) == 1
    toko.discord.say("Admin", "!restart")
    question = toko.discord.wait_for_message("Admin", lambda message: "ya" in text(message).lower())
    assert controls(question), "it can be answered by a button too"
    toko.discord.say("Admin", "ya")
    toko.wait_for_state("bot", "RUNNING", life=before["life"] + 1)
    after = toko.program()
    assert after["life"] == before["life"] + 1
    assert after["pid"] != before["pid"]
    toko.wait_for(lambda: procfs.identify(before["pid"]) is None)
    back = toko.discord.wait_for_message("Admin", lambda message: "Bot kembali" in text(message))
    report = toko.ask("history")["history"][0]
    assert report["ok"]
    assert (report["from_life"], report["to_life"]) == (before["life"], after["life"])
    assert "Admin" in report["requested_by"]
    assert report["handover"]
    assert {name for name, seconds in report["phases"].items() if seconds is None} == {"drain_s", "stop_s", "start_s"}
    assert re.search(r"mengambil alih dalam \d", text(back))
    assert [message["id"] for message in live_messages(toko)] == [live[0]["id"]], "the same live message, once"
    assert "ERROR" not in toko.log()
    lines = [line for line in toko.log().splitlines() if any(line.endswith(wanted) for wanted in CLEAN_UP)]
    assert [next(wanted for wanted in CLEAN_UP if line.endswith(wanted)) for line in lines] == list(CLEAN_UP)


def test_cold_restart_ends_the_old_process_first(toko: Shop) -> None:
    before = toko.program()
    report = toko.ask("restart", cold=True, wait=True)["report"]
    assert procfs.identify(before["pid"]) is None
    assert (report["ok"], report["handover"], report["from_life"]) == (True, False, before["life"])
    phases = {name for name, seconds in report["phases"].items() if seconds is None}
    assert phases == {"prepare_s", "quiesce_s", "serve_s"}
    assert toko.click("stocksup:v1:world")["state"] == "answered"


@pytest.mark.parametrize("answer", ["typed", "clicked"])
def test_slash_restart(toko: Shop, answer: str) -> None:
    life = toko.program()["life"]
    toko.discord.wait_for(lambda: "restart" in [one["name"] for one in toko.discord.world()["commands"]])
    given = toko.discord.command("Admin", "restart", reason="new prices")
    question = toko.discord.interaction(given, wait_s=4)["messages"][0]
    assert not question["ephemeral"], "the next life says there that it is back"
    if answer == "typed":
        toko.discord.say("Admin", "ya")
    else:
        yes = next(one["custom_id"] for one in controls(question) if str(one.get("custom_id")).endswith("yes"))
        clicked = toko.discord.click("Admin", yes, message_id=question["id"])
        assert toko.discord.interaction(clicked, wait_s=4, until="ack")["state"] != "failed"
    toko.wait_for_state("bot", "RUNNING", life=life + 1)
    back = toko.discord.wait_for_message("Admin", lambda message: "Bot kembali" in text(message))
    assert back["id"] == question["id"]
    assert toko.ask("history")["history"][0]["reason"] == "new prices"


@pytest.mark.parametrize("yes", ["yes", "Y"])
def test_other_words_for_yes(toko: Shop, yes: str) -> None:
    life = toko.program()["life"]
    toko.restart_from_discord(answer=yes)
    toko.wait_for_state("bot", "RUNNING", life=life + 1)


def test_only_the_requester_confirms_by_button(toko: Shop) -> None:
    life = toko.program()["life"]
    toko.discord.say("Admin", "!restart", channel="toko")
    question = toko.discord.wait_for_message("Admin", lambda message: "ya" in text(message).lower())
    yes = controls(question)
    buttons = [one for one in yes if one.get("custom_id")]
    strange = toko.discord.click("Budi", buttons[0]["custom_id"], message_id=question["id"])
    answer = toko.discord.interaction(strange, wait_s=4)
    assert answer["state"] == "answered"
    assert toko.program()["life"] == life
    toko.discord.click("Admin", buttons[0]["custom_id"], message_id=question["id"])
    toko.wait_for_state("bot", "RUNNING", life=life + 1)


def test_no_changes_nothing(toko: Shop) -> None:
    before, history = toko.program(), toko.ask("history")["history"]
    toko.discord.say("Admin", "!restart")
    question = toko.discord.wait_for_message("Admin", lambda message: "ya" in text(message).lower())
    seen = len(toko.discord.view("Admin"))
    toko.discord.say("Admin", "tidak")
    toko.discord.wait_for(
        lambda: len(toko.discord.view("Admin")) > seen + 1 or _edited(toko, question), what="an answer to tidak"
    )
    assert toko.program()["pid"] == before["pid"]
    assert toko.ask("history")["history"] == history


def _edited(toko: Shop, message: Json) -> bool:
    now = next(one for one in toko.discord.view("Admin") if one["id"] == message["id"])
    return text(now) != text(message)


def test_members_are_refused_and_logged(toko: Shop) -> None:
    before = toko.program()
    toko.discord.say("Budi", "!restart")
    toko.discord.wait_for_message("Budi", lambda message: "⛔" in text(message))
    assert toko.program()["pid"] == before["pid"]
    assert "Budi" in toko.log()


def test_simultaneous_requests_are_one_restart(toko: Shop) -> None:
    life = toko.program()["life"]
    toko.discord.say("Admin", "!restart")
    toko.discord.wait_for_message("Admin", lambda message: "ya" in text(message).lower())
    toko.discord.say("Admin", "!restart")
    toko.discord.say("Admin", "ya")
    toko.discord.say("Admin", "ya")
    toko.wait_for_state("bot", "RUNNING", life=life + 1)
    toko.discord.wait_for_message("Admin", lambda message: "Bot kembali" in text(message))
    toko.discord.wait_for_message("Admin", lambda message: "pertanyaan ini ditutup" in text(message))
    assert toko.program()["life"] == life + 1
    assert [one["to_life"] for one in toko.ask("history")["history"]].count(life + 1) == 1
    assert toko.log().count("): !restart") == 1
    assert "ERROR" not in toko.log()


def test_discord_tells_that_the_bot_is_down_and_the_next_process_why(tmp_path: Path) -> None:
    """The bot cannot tell it any more, so the supervisor runs `on_failed`."""
    with shop(tmp_path / "toko", own_code=True) as toko:
        toko.config.write_text(f"{toko.config.read_text()}handover = false\n")
        toko.start()
        [live] = live_messages(toko)
        startup = toko.code / "botapp" / "startup.py"
        # the check passes, the start does not
        broken = "def run() -> int:\n    print('no luck', file=sys.stderr)\n    return EXIT_BAD_CONFIG\n"
        sound = startup.read_text()
        startup.write_text(f"{sound}\n\n{broken}")
        question = toko.restart_from_discord()
        toko.wait_for_state("bot", "FATAL")
        reason = toko.program()["reason"]
        told = toko.discord.wait_for_message("Admin", lambda message: "bot mati" in text(message))
        assert told["id"] == question["id"]
        assert not controls(told)
        closed = toko.discord.wait_for_message("Budi", lambda message: "bot tidak jalan" in text(message))
        assert closed["id"] == live["id"]
        assert all(part["disabled"] for part in controls(closed) if part.get("custom_id"))
        startup.write_text(sound)
        toko.ask("start", program="bot")
        back = toko.discord.wait_for_message("Admin", lambda message: "Bot kembali (proses 3)" in text(message))
        assert reason in text(back), "why it was down"
        assert live_messages(toko)[0]["id"] == live["id"]


def test_restart_with_broken_code_keeps_the_old_process(tmp_path: Path) -> None:
    with shop(tmp_path / "toko", own_code=True) as toko:
        toko.start()
        before = toko.program()
        broken = toko.code / "botapp" / "bot.py"
        broken.write_text(broken.read_text() + "\ndef broken(:\n")
        toko.restart_from_discord()
        told = toko.discord.wait_for_message("Admin", lambda message: "SyntaxError" in text(message))
        assert f"{broken}, baris" in text(told), "the place"
        assert "Traceback" not in text(told) + toko.log() + toko.log("supervisor")
        assert toko.program()["pid"] == before["pid"]
        assert toko.click("stocksup:v1:world")["state"] == "answered"
        report = toko.ask("history")["history"][0]
        assert (report["ok"], report["to_life"], report["phases"]["drain_s"]) == (False, None, None)


def test_restart_with_broken_configuration(toko: Shop) -> None:
    before = toko.program()
    toko.config.write_text(toko.config.read_text().replace("[bot]", "[bot]\nprefiks = '?'"))
    toko.restart_from_discord()
    told = toko.discord.wait_for_message("Admin", lambda message: "prefiks" in text(message))
    assert "prefix" in text(told), "with a near name"
    assert toko.program()["pid"] == before["pid"]


def test_buttons_work_across_restarts(toko: Shop) -> None:
    live = live_messages(toko)[0]
    before = toko.program()["life"]
    for life in (before + 1, before + 2):
        toko.ask("restart", reason="test", wait=True)
        assert toko.program()["life"] == life
    click = toko.discord.click("Budi", "stocksup:v1:world", message_id=live["id"])
    answer = toko.discord.interaction(click, wait_s=4)
    assert answer["state"] == "answered"
    assert "Info world" in json.dumps(answer)


def test_every_drain_runs_the_clean_up(toko: Shop) -> None:
    report = toko.ask("restart", reason="by hand", wait=True)["report"]
    assert report["ok"]
    log = toko.log()
    assert [wanted for wanted in CLEAN_UP if wanted in log] == list(CLEAN_UP)


def test_running_work_is_finished(toko: Shop) -> None:
    """A click is being answered when the restart comes: the member gets the answer, and the report names the work."""
    toko.discord.faults({"path": "/webhooks/*", "delay_s": 1.0})
    click = toko.discord.click("Budi", "stocksup:v1:world")
    toko.discord.interaction(click, wait_s=4, until="ack")
    report = toko.ask("restart", reason="test", wait=True)["report"]
    answer = toko.discord.interaction(click, wait_s=4)
    assert answer["state"] == "answered"
    assert report["ok"]
    assert report["cancelled"] == []


def test_an_acknowledgement_that_is_never_confirmed_is_not_waited_for(toko: Shop) -> None:
    """Discord accepts it within 3 s; after that it is useless."""
    toko.discord.faults({"path": "/interactions/*", "delay_s": 60.0})
    toko.discord.click("Budi", "stocksup:v1:world")
    report = toko.ask("restart", reason="test", wait=True)["report"]
    assert report["ok"]
    assert report["cancelled"] == []


def test_cache_directory_is_empty_after_restart(tmp_path: Path) -> None:
    with shop(tmp_path / "toko") as toko:
        toko.start()
        caches = tmp_path / "toko" / "state" / "cache" / "bot"
        (caches / "temp-1" / "left.bin").write_bytes(b"x")
        toko.ask("restart", reason="test", wait=True)
        assert not (caches / "temp-1").exists()
        assert not (caches / "temp-2" / "left.bin").exists()


def test_kill_9_of_the_bot_restarts_it(toko: Shop) -> None:
    toko.ask("restart", cold=True, wait=True)
    before = toko.program()
    os.kill(before["pid"], 9)
    toko.wait_for_state("bot", "RUNNING", life=before["life"] + 1)
    assert toko.click("stocksup:v1:world")["state"] == "answered"
    report = toko.ask("history")["history"][0]
    assert report["to_life"] == before["life"] + 1
    assert report["requested_by"] == "supervisor"
    assert "SIGKILL" in report["reason"]


def test_restart_from_the_command_line_is_announced(toko: Shop) -> None:
    life = toko.program()["life"]
    before = [one["id"] for one in toko.discord.view("Budi")]
    python_process.run("supervisor.cli", "restart", env=toko.environ(), check=True, timeout_s=PATIENCE_S)
    toko.discord.wait_for_message("Budi", lambda one: text(one) == f"✅ Bot kembali (proses {life + 1}).")
    # it goes with its life, if that ends first
    toko.restart_from_discord()
    toko.discord.wait_for_message("Admin", lambda one: f"Bot kembali (proses {life + 2})" in text(one))
    assert not [one for one in toko.discord.view("Budi") if f"(proses {life + 1})" in text(one)]
    assert set(before) <= {one["id"] for one in toko.discord.view("Budi")}


def test_kill_9_of_the_supervisor_is_invisible_to_members(toko: Shop) -> None:
    before = toko.program()
    toko.kill_supervisor()
    assert toko.click("stocksup:v1:world")["state"] == "answered"
    toko.start_supervisor()
    toko.wait_for(lambda: toko.program()["linked"])
    after = toko.program()
    assert (after["pid"], after["life"]) == (before["pid"], before["life"])
    assert toko.ask("restart", reason="adopted", wait=True)["report"]["ok"]
    assert toko.program()["life"] == before["life"] + 1


def test_no_deposit_report_is_refused_by_a_restart(toko: Shop) -> None:
    (toko.directory / "deposits.key").write_text("0123456789abcdef0123456789abcdef")
    (toko.directory / "deposits.key").chmod(0o600)
    port = free_port()
    tables = f'[store.deposits]\nhttp_secret_file = "deposits.key"\n[programs.bot]\nlisten = ["127.0.0.1:{port}"]'
    toko.config.write_text(toko.config.read_text().replace("[programs.bot]", tables))
    toko.ask("restart", wait=True)

    def ask() -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        try:
            connection.request("GET", "/deposits")
            return connection.getresponse().status
        finally:
            connection.close()

    with asking(ask, rate=10) as seen:  # no more may wait than the bot accepts at a time
        toko.ask("restart", wait=True)
        toko.kill_supervisor()
        toko.start_supervisor()
        toko.ask("restart", wait=True)
    assert (seen.errors, set(seen.answers)) == ([], {405})


def test_stop_closes_the_shop_until_the_next_start(toko: Shop) -> None:
    live, life = live_messages(toko)[0], toko.program()["life"]
    toko.ask("stop", program="bot", wait=True)
    closed = next(one for one in toko.discord.view("Budi") if one["id"] == live["id"])
    buttons = [one for one in controls(closed) if one.get("custom_id")]
    assert text(closed) != text(live)
    assert all(one.get("disabled") for one in buttons)
    toko.ask("start", program="bot")
    toko.wait_for_state("bot", "RUNNING", life=life + 1)
    reopened = toko.discord.wait_for_message(
        "Budi",
        lambda one: one["id"] == live["id"] and any(not c.get("disabled") for c in controls(one) if c.get("custom_id")),
    )
    assert "Steam 10" in text(reopened)
    assert len(live_messages(toko)) == 1
