"""Two processes of the bot, each with a fake supervisor: one hands over to the other one, which may fail."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from botapp.local_discord.ids import LIVE_CHANNEL_ID
from tests.support.discord.bot_process import BotProcess, FakeSupervisor, write_config
from tests.support.discord.control import DiscordControl, Json, local_discord
from tests.support.shop.shop import text
from tests.support.shop.shop_database import books_of

WORLD = "stocksup:v1:world"


class Bot:
    """One process of the bot, and its supervisor."""

    def __init__(self, place: Path, discord: DiscordControl, life: int, stack: ExitStack, **welcome: Any) -> None:
        self.place = place
        self.life = life
        self.supervisor = FakeSupervisor(place / f"{life}.sock")
        is_prepared = "deadline_s" in welcome
        options: dict[str, Any] = {"supervisor": self.supervisor, "life": life, "is_prepared": is_prepared}
        self.process = stack.enter_context(BotProcess(place, discord, **options))
        self.hello = self.supervisor.greet(**welcome)

    def wait_for(self, op: str, **answer: Any) -> Json:
        """Return the next request `op`; it is granted."""
        request = self.supervisor.read(op)
        self.supervisor.grant(request, **answer)
        return request

    def serve(self, **fields: Any) -> Json:
        """Tell the process to serve, and return its report."""
        name = f"temp-{fields.pop('cache', self.life)}"
        directories = {"cache_dir": str(self.place / name), "cache_perm_dir": str(self.place / "perm")}
        fields = {"ticket": None, "probation_s": 10.0, **directories, **fields}
        assert self.supervisor.ask("serve", **fields)["ok"]
        return self.wait_for("ready", restart=None)

    def cut(self) -> Json:
        """Tell the process that another one is going to serve; return its report."""
        assert self.supervisor.ask("drain", reason="handover", deadline_s=10.0, flush="all")["ok"]
        report: Json = self.wait_for("drained")["report"]
        return report


class Scene:
    """A bot that serves, and what may follow."""

    def __init__(self, place: Path, discord: DiscordControl, stack: ExitStack) -> None:
        self.place = place
        self.discord = discord
        self._stack = stack
        self.old = Bot(place, discord, 1, stack)
        self.old.wait_for("ready", restart=None)
        discord.wait_for_shop()

    def start_next(self, **welcome: Any) -> Bot:
        """Start the next process beside the one that serves."""
        return Bot(self.place, self.discord, 2, self._stack, **{"deadline_s": 30.0, "retiring": None, **welcome})

    def click(self, custom_id: str = WORLD, by: str = "Budi") -> Json:
        """Click a button; return what became of that."""
        return self.discord.interaction(self.discord.click(by, custom_id), wait_s=4)

    def answered_by(self) -> list[int | None]:
        """Return which process has finished each interaction, oldest first."""
        entries = self.discord.interactions()["interactions"]
        return [one["finished"][0]["pid"] if one["finished"] else None for one in entries]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    write_config(tmp_path / "bot", channel_id=LIVE_CHANNEL_ID)
    with local_discord() as discord, ExitStack() as stack:
        try:
            yield Scene(tmp_path / "bot", discord, stack)
        finally:
            print((tmp_path / "bot" / "bot.log").read_text()[-6000:])


def test_next_process_serves_when_the_old_one_is_cut(scene: Scene) -> None:
    assert scene.old.hello["role"] == "serving"
    new = scene.start_next()
    assert new.hello["role"] == "prepared"
    assert new.wait_for("prepared")["alone"] is False
    assert scene.click()["state"] == "answered"
    report = scene.old.cut()
    assert set(report["steps"].values()) == {None}
    assert report["flushed_entries"] == 0
    waiting = scene.discord.click("Budi", WORLD)
    assert new.serve()["handed_over"] >= 0
    assert scene.discord.interaction(waiting, wait_s=4)["state"] == "answered"
    assert scene.click()["state"] == "answered"
    assert scene.answered_by() == [scene.old.hello["pid"], new.hello["pid"], new.hello["pid"]]
    while new.wait_for("heartbeat")["answered"] < 2:
        continue
    assert scene.old.supervisor.ask("retire", deadline_s=5.0)["ok"]
    assert scene.old.wait_for("goodbye")["code"] == scene.old.process.wait() == 0
    assert new.supervisor.ask("retired", life=1)["ok"]
    assert [one["pid"] for one in scene.discord.sessions()["sessions"]] == [new.hello["pid"]]
    assert new.process.end() == 0


def test_prepared_process_changes_nothing(scene: Scene) -> None:
    state_file = scene.place / "state" / "bot" / "state.json"
    assert scene.click()["state"] == "answered"
    before = state_file.read_bytes(), scene.discord.view("Budi")
    new = scene.start_next()
    new.wait_for("prepared")
    assert (state_file.read_bytes(), scene.discord.view("Budi")) == before
    assert not (scene.place / "cache").exists(), "no cache"
    scene.discord.say("Admin", "!status")
    assert scene.click()["state"] == "answered"
    assert scene.answered_by() == 2 * [scene.old.hello["pid"]]
    assert new.process.end() == 0
    assert scene.discord.view("Budi")[0] == before[1][0], "the shop is still open"


def test_what_was_begun_before_the_cut_is_finished_by_the_old_process(scene: Scene) -> None:
    new = scene.start_next()
    new.wait_for("prepared")
    scene.discord.faults({"path": "/webhooks/*", "delay_s": 1.0, "times": 1})
    slow = scene.discord.click("Budi", WORLD)
    scene.discord.interaction(slow, wait_s=4, until="ack")
    scene.old.cut()
    new.serve()
    assert scene.click(by="Sari")["state"] == "answered"
    assert scene.discord.interaction(slow, wait_s=4)["state"] == "answered"
    # as if the old process had sold something meanwhile
    ledger = books_of(scene.place)
    ledger.restock("STEAM10", *(f"more-{number}" for number in range(1111)))
    left = f"{ledger.left('STEAM10') / 1000:.3f}"
    scene.discord.wait_for_message("Budi", lambda one: left in text(one), timeout_s=5)
    old, other = scene.old.hello["pid"], new.hello["pid"]
    assert scene.answered_by() == [old, other]
    scene.old.supervisor.ask("retire", deadline_s=5.0)
    assert scene.old.wait_for("goodbye")["code"] == 0
    assert scene.discord.interactions()["summary"]["finished_again"] == 0


def test_old_process_serves_again_when_the_new_one_dies(scene: Scene) -> None:
    new = scene.start_next()
    new.wait_for("prepared")
    scene.old.cut()
    new.serve()
    assert scene.click()["state"] == "answered"
    new.process.end(signal.SIGKILL)
    waiting = scene.discord.click("Budi", WORLD)
    scene.old.serve(cache="again")
    assert scene.discord.interaction(waiting, wait_s=4)["state"] == "answered"
    assert scene.answered_by() == [new.hello["pid"], scene.old.hello["pid"]]
    scene.discord.delete_message(scene.discord.message_with("Budi", WORLD)["id"])
    assert scene.discord.message_with("Budi", WORLD), "it keeps the live message up to date again"
    assert (scene.place / "temp-again").is_dir()
    again = Bot(scene.place, scene.discord, 3, scene._stack, deadline_s=30.0)
    again.wait_for("prepared")
    scene.old.cut()
    again.serve()
    assert scene.click()["state"] == "answered"
    assert scene.answered_by()[-1] == again.hello["pid"]


def test_without_a_supervisor_the_old_process_serves_again_only_when_no_other_does(scene: Scene) -> None:
    scene.old.supervisor.ask("drain", reason="handover", deadline_s=0.2, flush="all")
    scene.old.wait_for("drained")
    scene.old.supervisor.vanish()
    scene.discord.wait_for(lambda: scene.click()["state"] == "answered", what="it serves again")
    new = scene.start_next()
    new.wait_for("prepared")
    serving = new.supervisor.ask("serve", ticket=None, cache_dir="/x", cache_perm_dir="/y", probation_s=1.0)
    assert serving["ok"]
    goodbye = new.wait_for("goodbye")
    assert (goodbye["code"], new.process.wait()) == (75, 75)
    assert scene.click()["state"] == "answered"


def test_prepared_process_names_what_keeps_it_from_a_hand_over(scene: Scene) -> None:
    scene.discord.faults(identifies_left=5)
    goodbye = scene.start_next().wait_for("goodbye")
    assert goodbye["code"] == 75
    assert " 5 " in goodbye["reason"]
