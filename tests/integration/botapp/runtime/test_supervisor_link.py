"""The link over a real Unix socket, against a small supervisor of the test's own."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from botapp.runtime.supervisor_link import Superseded, SupervisorLink
from supervisor.client import MAX_LINE_BYTES, ControlError, LifeEnvironment

Message = dict[str, Any]


class Peer:
    """The other end of one connection: what a supervisor would read and write."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def read(self, op: str | None = None) -> Message:
        """Return the next message, or the next one with this op."""
        while True:
            line = await asyncio.wait_for(self.reader.readline(), 5)
            assert line, "the link has closed the connection"
            message: Message = json.loads(line)
            if op is None or message.get("op") == op:
                return message

    def write(self, **message: Any) -> None:
        self.writer.write(json.dumps({"v": 1, **message}).encode() + b"\n")

    async def greet(self) -> Message:
        """Grant hello."""
        hello = await self.read("hello")
        self.write(id=hello["id"], ok=True)
        return hello


class Door:
    """A listening socket; each connection is handed out by `peer`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.peers: asyncio.Queue[Peer] = asyncio.Queue()

    async def open(self) -> None:
        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.peers.put_nowait(Peer(reader, writer))

        self.path.unlink(missing_ok=True)
        directory = os.open(self.path.parent, os.O_RDONLY)
        try:
            self.server = await asyncio.start_unix_server(take, f"/proc/self/fd/{directory}/{self.path.name}")
        finally:
            os.close(directory)

    async def peer(self) -> Peer:
        return await asyncio.wait_for(self.peers.get(), 5)


@asynccontextmanager
async def knocking(path: Path, handlers: Any = None, **options: Any) -> AsyncIterator[SupervisorLink]:
    """A link that runs against the door at `path`."""
    link = SupervisorLink(LifeEnvironment(path, "bot", 7, path.parent, path.parent), handlers, **options)
    task = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def run(scene: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(scene(), 20)

    asyncio.run(limited())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stocksup.sock"


def test_says_hello_first_then_how_it_is_and_ready_once_told(path: Path) -> None:
    async def scene() -> None:
        door = Door(path)
        await door.open()
        restarts: list[Message | None] = []
        heard = asyncio.Event()

        def on_ready(restart: Message | None) -> None:
            restarts.append(restart)
            heard.set()

        options = {"health": lambda: {"mood": "fine"}, "extra_starts": lambda: 3, "on_ready": on_ready}
        async with knocking(path, **options) as link:
            peer = await door.peer()
            hello = await peer.greet()
            assert (hello["program"], hello["life"], hello["pid"]) == ("bot", 7, os.getpid())
            beat = await peer.read("heartbeat")
            assert (beat["health"], beat["extra_starts"]) == ({"mood": "fine"}, 3)
            link.report_ready()
            ready = await peer.read("ready")
            peer.write(id=ready["id"], ok=True, restart={"to_life": 7})
            await heard.wait()
            assert restarts == [{"to_life": 7}]

    run(scene)


def test_knocks_until_somebody_opens_and_says_everything_again_after_a_loss(path: Path) -> None:
    async def scene() -> None:
        changes: list[bool] = []
        async with knocking(path, on_connected=changes.append) as link:
            link.report_ready()
            door = Door(path)
            await door.open()
            for _ in range(2):
                peer = await door.peer()
                await peer.greet()
                await peer.read("ready")
                peer.writer.close()
            await (await door.peer()).greet()
        assert changes[:4] == [True, False, True, False]

    run(scene)


def test_a_supervisor_that_does_not_know_the_newest_words_is_greeted_without_them(path: Path) -> None:
    async def scene() -> None:
        door = Door(path)
        await door.open()
        async with knocking(path, writes_traceback=True):
            peer = await door.peer()
            hello = await peer.read("hello")
            assert hello["traceback"] is True
            error = {"code": "bad_request", "message": "hello: Object contains unknown field `traceback`"}
            peer.write(id=hello["id"], ok=False, error=error)
            hello = await peer.greet()
            assert "traceback" not in hello
            await peer.read("heartbeat")

    run(scene)


def test_a_stale_life_is_told_so(path: Path) -> None:
    async def scene() -> None:
        door = Door(path)
        await door.open()
        link = SupervisorLink(LifeEnvironment(path, "bot", 7, path.parent, path.parent))
        task = asyncio.create_task(link.run())
        peer = await door.peer()
        hello = await peer.read("hello")
        peer.write(id=hello["id"], ok=False, error={"code": "stale_life", "message": "the present life is 8"})
        with pytest.raises(Superseded, match="the present life is 8"):
            await task

    run(scene)


def test_other_refusals_of_hello_are_tried_again(path: Path) -> None:
    async def scene() -> None:
        door = Door(path)
        await door.open()
        async with knocking(path) as link:
            peer = await door.peer()
            hello = await peer.read("hello")
            peer.write(id=hello["id"], ok=False, error={"code": "busy", "message": "later"})
            await (await door.peer()).greet()
            assert link.environment.life == 7

    run(scene)


def test_answers_requests_by_id_and_names_what_it_does_not_know(path: Path) -> None:
    async def scene() -> None:
        async def cache(message: Message) -> Message:
            return {"removed": len(message["scope"])}

        async def broken(message: Message) -> Message:
            raise RuntimeError("no disk")

        door = Door(path)
        await door.open()
        async with knocking(path, {"cache": cache, "reopen": broken}):
            peer = await door.peer()
            await peer.greet()
            await peer.read("heartbeat")
            peer.write(id=40, op="welcome", life=7, ticket=None)
            assert await peer.read() == {"v": 1, "id": 40, "ok": True}
            peer.write(id=41, op="cache", action="clear", scope="all")
            assert await peer.read() == {"v": 1, "id": 41, "ok": True, "removed": 3}
            peer.write(id=42, op="dance")
            assert (await peer.read())["error"]["code"] == "unknown_op"
            peer.write(id=43, op="reopen")
            answer = await peer.read()
            assert (answer["id"], answer["error"]["code"]) == (43, "failed")
            assert "no disk" in answer["error"]["message"]

    run(scene)


def test_requests_get_their_own_answers_or_a_clear_error(path: Path) -> None:
    async def scene() -> None:
        door = Door(path)
        await door.open()
        async with knocking(path) as link:
            peer = await door.peer()
            await peer.greet()
            await peer.read("heartbeat")
            first = asyncio.create_task(link.request("status"))
            second = asyncio.create_task(link.request("restart", program="bot"))
            one, two = await peer.read(), await peer.read()
            error = {"code": "check_failed", "message": "line 3"}
            peer.write(id=two["id"], ok=False, error=error, report={"ok": False})
            peer.write(id=one["id"], ok=True, programs=[])
            assert (await first)["programs"] == []
            with pytest.raises(ControlError) as caught:
                await second
            assert (caught.value.code, caught.value.details) == ("check_failed", {"report": {"ok": False}})
            with pytest.raises(ControlError, match=r"within 0\.01 s"):
                await link.request("ping", timeout_s=0.01)
            lost = asyncio.create_task(link.request("ping"))
            await peer.read("ping")
            await peer.read("ping")
            peer.writer.close()
            with pytest.raises(ControlError) as caught:
                await lost
            assert caught.value.code == "closed"

    run(scene)


@pytest.mark.parametrize("line", [b"{broken\n", b"[]\n", b"x" * (2 * MAX_LINE_BYTES) + b"\n", b'{"v":1,"id":1'])
def test_nonsense_costs_the_connection_only(path: Path, line: bytes) -> None:
    async def scene() -> None:
        door = Door(path)
        await door.open()
        async with knocking(path):
            peer = await door.peer()
            await peer.greet()
            peer.writer.write(line)
            peer.writer.write_eof()
            await (await door.peer()).greet()

    run(scene)


def test_beats_at_once_when_health_changes_and_again_by_the_interval(path: Path) -> None:
    async def scene() -> None:
        door = Door(path)
        await door.open()
        count = iter(range(100))
        async with knocking(path, health=lambda: {"n": next(count)}, heartbeat_interval_s=3600) as link:
            peer = await door.peer()
            await peer.greet()
            assert (await peer.read("heartbeat"))["health"] == {"n": 0}
            link.send_heartbeat()
            assert (await peer.read("heartbeat"))["health"] == {"n": 1}
        async with knocking(path, health=lambda: {"n": next(count)}, heartbeat_interval_s=0.001):
            peer = await door.peer()
            await peer.greet()
            assert [(await peer.read("heartbeat"))["health"]["n"] for _ in range(3)] == [2, 3, 4]

    run(scene)


def test_farewell_is_heard_and_what_is_told_to_nobody_is_dropped(path: Path) -> None:
    async def scene() -> None:
        door = Door(path)
        async with knocking(path) as link:
            link.notify("draining", pending=["nobody hears"])
            with pytest.raises(ControlError, match="no connection"):
                await link.request("status")
            await door.open()
            peer = await door.peer()
            await peer.greet()
            said = asyncio.create_task(link.send_goodbye(77, "the token is refused"))
            message = await peer.read("goodbye")
            assert (message["code"], message["reason"]) == (77, "the token is refused")
            assert not said.done()
            peer.write(id=message["id"], ok=True)
            await said

    run(scene)


def test_a_long_path_with_non_ascii_works(tmp_path: Path) -> None:
    async def scene() -> None:
        directory = tmp_path / ("toko-ünïcødé-" + "x" * 120)
        directory.mkdir()
        door = Door(directory / "stocksup.sock")
        await door.open()
        async with knocking(door.path):
            await (await door.peer()).greet()

    run(scene)
