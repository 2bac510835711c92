"""What a process does alone: without a supervisor, and when another session gets nothing."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from botapp.config.settings import Settings
from botapp.discord_api.handover.canary import GETS_NOTHING_S
from botapp.discord_api.handover.event_file import AnotherServes
from botapp.lifecycle import serving
from botapp.lifecycle.serving import Retire, Serving
from botapp.runtime import state_file
from botapp.runtime.exits import TryLater
from botapp.runtime.tasks import TaskRegistry


class Intake:
    """An intake whose lock another process has `refusals` times, and whose session gets what the other one lacks."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.missed: list[dict[int, float]] = []

    def cut(self) -> None:
        """Let another process serve."""

    def serve(self) -> int:
        """Serve, if no other process does."""
        self.refusals -= 1
        if self.refusals >= 0:
            raise AnotherServes
        return 0

    def missed_by_other(self, cut_at_s: float) -> dict[int, float]:
        """Return the next part of the story."""
        assert abs(time.time() - cut_at_s) < 10
        return self.missed.pop(0)


class Link:
    """A connection to a supervisor."""

    is_connected = True

    def withdraw_report(self) -> None:
        """Report nothing."""

    def set_heartbeat_interval(self, interval_s: float) -> None:
        """Change nothing."""


def make(directory: Path, *, is_prepared: bool = False) -> tuple[Any, Serving]:
    bot = SimpleNamespace(
        intake=Intake(),
        link=Link(),
        is_ending=False,
        tasks=TaskRegistry(),
        settings=Settings(path=directory / "x.toml"),
    )
    return bot, Serving(bot, is_prepared=is_prepared)


def test_process_that_was_cut_serves_again_when_no_supervisor_and_no_other_process_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "ALONE_INTERVAL_S", 0.01)

    async def scene() -> None:
        bot, it = make(tmp_path)
        served = asyncio.Event()
        monkeypatch.setattr(it, "_begin", lambda order, handed_over: served.set())
        bot.intake.refusals = 2
        it.cut(0.01)
        assert it.role == "retiring"
        await asyncio.sleep(0.05)
        assert bot.intake.refusals == 2, "the supervisor says when to serve"
        bot.link.is_connected = False
        it.connection_changed(False)
        bot.gateway = SimpleNamespace(opened=asyncio.Event())
        serving_again = asyncio.create_task(it._obey_orders())
        await asyncio.wait_for(served.wait(), 5)
        assert bot.intake.refusals == -1
        serving_again.cancel()

    asyncio.run(scene())


def test_prepared_process_ends_when_its_supervisor_stays_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "ALONE_TIMEOUT_S", 0.01)

    async def scene() -> None:
        _bot, it = make(tmp_path, is_prepared=True)
        it.connection_changed(False)
        it.connection_changed(True)
        obeying = asyncio.create_task(it._obey_orders())
        await asyncio.sleep(0.05)
        assert not obeying.done(), "it came back"
        it.connection_changed(False)
        with pytest.raises(TryLater):
            await asyncio.wait_for(obeying, 5)

    asyncio.run(scene())


@pytest.mark.parametrize("age_s", [GETS_NOTHING_S - 0.1, GETS_NOTHING_S + 0.1])
def test_retiring_process_remembers_that_the_new_session_gets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age_s: float
) -> None:
    monkeypatch.setattr(serving, "COMPARE_INTERVAL_S", 0.001)

    async def scene() -> None:
        bot, it = make(tmp_path)
        bot.intake.missed = [{1: 0.1}, {1: age_s}, {}]
        it.cut(10.0)
        it.order(Retire(5.0))
        await asyncio.wait_for(it._obey_orders(), 5)
        remembered = state_file.load(bot.settings.state_file).events_missed_at_s
        assert (remembered > 0) == (age_s > GETS_NOTHING_S)

    asyncio.run(scene())
