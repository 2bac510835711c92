"""The temporary message: posted, stored, deleted and forgotten, in that order."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from botapp.discord_api.http_calls import DiscordUnreachable
from botapp.runtime import state_file as state
from botapp.services.live_message.restart_notice import SHOWN_S, TemporaryMessage


class Channel:
    """A channel that records what happens in it."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.refuses: Exception | None = None

    async def send(self, text: str) -> Any:
        self.done.append(text)
        return SimpleNamespace(id=5)

    def get_partial_message(self, message_id: int) -> Any:
        async def delete() -> None:
            if self.refuses is not None:
                raise self.refuses
            self.done.append(("deleted", message_id))

        return SimpleNamespace(delete=delete)


class Scene:
    def __init__(self, tmp_path: Path) -> None:
        self.file = tmp_path / "state.json"
        self.channel = Channel()
        given: Any = lambda channel_id: self.channel  # noqa: E731
        self.message = TemporaryMessage(given, self.file, self.rest)

    async def rest(self, time_s: float) -> None:
        self.channel.done.append((time_s, state.load(self.file).temporary_message))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_message_is_stored_while_it_is_shown(scene: Scene) -> None:
    asyncio.run(scene.message.show(7, "back"))
    assert scene.channel.done == ["back", (SHOWN_S, state.TemporaryMessageState(7, 5)), ("deleted", 5)]
    assert state.load(scene.file).temporary_message is None


def test_message_from_before_a_restart_is_deleted_first(scene: Scene) -> None:
    state.change(scene.file, temporary_message=state.TemporaryMessageState(7, 4))
    asyncio.run(scene.message.show(7, "back"))
    assert scene.channel.done[:2] == [("deleted", 4), "back"]


def test_failed_deletion_is_retried_after_the_next_start(scene: Scene) -> None:
    scene.channel.refuses = DiscordUnreachable("no net")
    asyncio.run(scene.message.show(7, "back"))
    assert state.load(scene.file).temporary_message == state.TemporaryMessageState(7, 5)
    scene.channel.refuses = None
    asyncio.run(scene.message.remove())
    assert scene.channel.done[-1] == ("deleted", 5)


def test_message_deleted_by_others_is_forgotten(scene: Scene) -> None:
    answer: Any = SimpleNamespace(status=404, reason="Not Found")
    scene.channel.refuses = discord.NotFound(answer, "Unknown Message")
    asyncio.run(scene.message.show(7, "back"))
    assert state.load(scene.file).temporary_message is None
