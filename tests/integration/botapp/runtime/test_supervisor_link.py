"""SupervisorLink over a real Unix socket, against a small fake supervisor."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from botapp.runtime.supervisor_link import Role, Superseded, SupervisorLink
from supervisor.client import MAX_LINE_BYTES, ControlError, LifeEnvironment, open_socket

Message = dict[str, Any]


class Peer:
    """The supervisor's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def read(self, *ops: str) -> Message:
        """Return the next message, or the next one with one of these ops."""
        while True:
            line = await asyncio.wait_for(self.reader.readline(), 5)
            assert line, "SupervisorLink closed the connection"
            message: Message = json.loads(line)
            if not ops or message.get("op") in ops:
                return message

    def write(self, **message: Any) -> None:
        self.writer.write(json.dumps({"v": 1, **message}).encode() + b"\n")

    async def greet(self) -> Message:
        """Read hello and accept it."""
        hello = await self.read("hello")
        self.write(id=hello["id"], ok=True)
        return hello


class FakeSupervisor:
    """A listening socket; `accept` returns one connection after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.peers: asyncio.Queue[Peer] = asyncio.Queue()

    async def listen(self) -> None:
        async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.peers.put_nowait(Peer(reader, writer))

        self.path.unlink(missing_ok=True)
        directory = os.open(self.path.parent, os.O_RDONLY)
        try:
            self.server = await asyncio.start_unix_server(on_connection, f"/proc/self/fd/{directory}/{self.path.name}")
        finally:
            os.close(directory)

    async def accept(self) -> Peer:
        return await asyncio.wait_for(self.peers.get(), 5)


@asynccontextmanager
async def connecting(path: Path, handlers: Any = None, **options: Any) -> AsyncIterator[SupervisorLink]:
    """Run a SupervisorLink to the socket at `path`."""
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


def test_sends_hello_then_heartbeat_then_ready(path: Path) -> None:
    async def scene() -> None:
        supervisor = FakeSupervisor(path)
        await supervisor.listen()
        restarts: list[Message | None] = []
        called = asyncio.Event()

        def on_ready(restart: Message | None) -> None:
            restarts.append(restart)
            called.set()

        options = {"health": lambda: {"loop_lag_ms": 1}, "extra_starts": lambda: 3, "on_ready": on_ready}
        async with connecting(path, **options) as link:
            peer = await supervisor.accept()
            hello = await peer.greet()
            assert (hello["program"], hello["life"], hello["pid"]) == ("bot", 7, os.getpid())
            beat = await peer.read("heartbeat")
            assert (beat["health"], beat["extra_starts"]) == ({"loop_lag_ms": 1}, 3)
            link.report_ready()
            ready = await peer.read("ready")
            peer.write(id=ready["id"], ok=True, restart={"to_life": 7})
            await called.wait()
            assert restarts == [{"to_life": 7}]

    run(scene)


def test_reconnects_and_repeats_hello_and_ready(path: Path) -> None:
    async def scene() -> None:
        changes: list[bool] = []
        async with connecting(path, on_connected=changes.append) as link:
            link.report_ready()
            supervisor = FakeSupervisor(path)
            await supervisor.listen()
            for _ in range(2):
                peer = await supervisor.accept()
                await peer.greet()
                await peer.read("ready")
                peer.writer.close()
            await (await supervisor.accept()).greet()
        assert changes[:4] == [True, False, True, False]

    run(scene)


def test_life_that_hands_over_reports_its_role_and_repeats_the_newest_report(path: Path) -> None:
    async def scene() -> None:
        role: Role = "prepared"
        supervisor = FakeSupervisor(path)
        await supervisor.listen()
        async with connecting(path, role=lambda: role, answered=lambda: 4) as link:
            link.report_prepared(alone=True)
            peer = await supervisor.accept()
            assert (await peer.greet())["role"] == "prepared"
            assert (await peer.read("prepared"))["alone"] is True
            role = "serving"
            link.report_ready(3)
            assert (await peer.read("ready"))["handed_over"] == 3
            link.set_heartbeat_interval(0.001)
            for _ in range(3):
                assert (await peer.read("heartbeat"))["answered"] == 4
            role = "retiring"
            link.withdraw_report()
            peer.writer.close()
            peer = await supervisor.accept()
            assert (await peer.greet())["role"] == "retiring"
            assert (await peer.read("heartbeat", "ready", "prepared"))["op"] == "heartbeat"

    run(scene)


def test_stale_life_raises_superseded(path: Path) -> None:
    async def scene() -> None:
        supervisor = FakeSupervisor(path)
        await supervisor.listen()
        link = SupervisorLink(LifeEnvironment(path, "bot", 7, path.parent, path.parent))
        task = asyncio.create_task(link.run())
        peer = await supervisor.accept()
        hello = await peer.read("hello")
        peer.write(id=hello["id"], ok=False, error={"code": "stale_life", "message": "the present life is 8"})
        with pytest.raises(Superseded, match="the present life is 8"):
            await task

    run(scene)


def test_refused_hello_is_retried(path: Path) -> None:
    async def scene() -> None:
        supervisor = FakeSupervisor(path)
        await supervisor.listen()
        async with connecting(path) as link:
            peer = await supervisor.accept()
            hello = await peer.read("hello")
            peer.write(id=hello["id"], ok=False, error={"code": "busy", "message": "later"})
            await (await supervisor.accept()).greet()
            assert link.environment.life == 7

    run(scene)


def test_requests_of_the_supervisor_are_answered_by_id(path: Path) -> None:
    async def scene() -> None:
        async def cache(message: Message) -> Message:
            return {"removed": len(message["scope"])}

        async def broken(message: Message) -> Message:
            raise RuntimeError("no disk")

        supervisor = FakeSupervisor(path)
        await supervisor.listen()
        async with connecting(path, {"cache": cache, "reopen": broken}):
            peer = await supervisor.accept()
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


def test_own_requests_get_their_answers_or_an_error(path: Path) -> None:
    async def scene() -> None:
        supervisor = FakeSupervisor(path)
        await supervisor.listen()
        async with connecting(path) as link:
            peer = await supervisor.accept()
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
            with pytest.raises(ControlError) as caught:
                await link.request("ping", timeout_s=0.01)
            assert caught.value.code == "timed_out"
            lost = asyncio.create_task(link.request("ping"))
            await peer.read("ping")
            await peer.read("ping")
            peer.writer.close()
            with pytest.raises(ControlError) as caught:
                await lost
            assert caught.value.code == "closed"

    run(scene)


@pytest.mark.parametrize(
    "line",
    [b"{broken\n", b"[]\n", b"[" * 50_000 + b"\n", b"x" * (2 * MAX_LINE_BYTES) + b"\n", b'{"v":1,"id":1'],
)
def test_invalid_line_closes_the_connection_only(path: Path, line: bytes) -> None:
    async def scene() -> None:
        supervisor = FakeSupervisor(path)
        await supervisor.listen()
        async with connecting(path):
            peer = await supervisor.accept()
            await peer.greet()
            peer.writer.write(line)
            peer.writer.write_eof()
            await (await supervisor.accept()).greet()

    run(scene)


def test_heartbeat_says_that_the_files_have_changed(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botapp.runtime.supervisor_link._PACKAGE", tmp_path)

    async def scene() -> None:
        supervisor = FakeSupervisor(path)
        await supervisor.listen()
        async with connecting(path, health=lambda: {"n": 1}, heartbeat_interval_s=3600) as link:
            peer = await supervisor.accept()
            await peer.greet()
            assert (await peer.read("heartbeat"))["health"] == {"n": 1}
            (tmp_path / "new.py").touch()
            link.send_heartbeat()
            assert (await peer.read("heartbeat"))["health"] == {"n": 1, "files": {"changed": True}}

    run(scene)


def test_heartbeat_on_request_and_by_interval(path: Path) -> None:
    async def scene() -> None:
        supervisor = FakeSupervisor(path)
        await supervisor.listen()
        count = iter(range(100))
        async with connecting(path, health=lambda: {"n": next(count)}, heartbeat_interval_s=3600) as link:
            peer = await supervisor.accept()
            await peer.greet()
            assert (await peer.read("heartbeat"))["health"] == {"n": 0}
            link.send_heartbeat()
            assert (await peer.read("heartbeat"))["health"] == {"n": 1}
        async with connecting(path, health=lambda: {"n": next(count)}, heartbeat_interval_s=0.001):
            peer = await supervisor.accept()
            await peer.greet()
            assert [(await peer.read("heartbeat"))["health"]["n"] for _ in range(3)] == [2, 3, 4]

    run(scene)


def test_goodbye_waits_for_a_connection_and_notifications_do_not(path: Path) -> None:
    async def scene() -> None:
        supervisor = FakeSupervisor(path)
        async with connecting(path) as link:
            link.notify("draining", pending=["dropped"])
            with pytest.raises(ControlError) as caught:
                await link.request("status")
            assert caught.value.code == "closed"
            await supervisor.listen()
            peer = await supervisor.accept()
            await peer.greet()
            goodbye = asyncio.create_task(link.send_goodbye(77, "the token is refused"))
            message = await peer.read("goodbye")
            assert (message["code"], message["reason"]) == (77, "the token is refused")
            assert not goodbye.done()
            peer.write(id=message["id"], ok=True)
            await goodbye

    run(scene)


def test_long_path_with_non_ascii(tmp_path: Path) -> None:
    async def scene() -> None:
        directory = tmp_path / ("toko-ünïcødé-" + "x" * 120)
        directory.mkdir()
        supervisor = FakeSupervisor(directory / "stocksup.sock")
        await supervisor.listen()
        async with connecting(supervisor.path):
            await (await supervisor.accept()).greet()

    run(scene)


def test_sockets_are_handed_back_behind_what_was_sent_before(path: Path) -> None:
    """The descriptors must not cut a line that still waits to be sent."""

    async def scene() -> None:
        listener = open_socket(path, listen=True)
        passed = [socket.create_server(("127.0.0.1", 0)) for _number in range(2)]
        async with connecting(path, sockets=passed) as link:
            peer, _address = await asyncio.to_thread(listener.accept)
            peer.settimeout(20)
            hello = json.loads(await asyncio.to_thread(peer.recv, 65536))
            peer.sendall(json.dumps({"v": 1, "id": hello["id"], "ok": True}).encode() + b"\n")
            for number in range(8):
                link.notify("draining", pending=[str(number) * 50_000])
            peer.sendall(b'{"v":1,"id":9,"op":"sockets"}\n')
            received, descriptors = b"", list[int]()
            while b'"id":9,"ok":true}\n' not in received:
                data, fds, _flags, _where = await asyncio.to_thread(socket.recv_fds, peer, 65536, 16)
                received, descriptors = received + data, [*descriptors, *fds]
            lines = [json.loads(line) for line in received.splitlines()]
            assert [line["op"] for line in lines if line.get("op") == "draining"] == ["draining"] * 8
            assert [os.fstat(fd).st_ino for fd in descriptors] == [os.fstat(one.fileno()).st_ino for one in passed]
        for fd in descriptors:
            os.close(fd)
        for one in (*passed, peer, listener):
            one.close()

    run(scene)


def test_without_sockets_the_answer_has_none(path: Path) -> None:
    async def scene() -> None:
        supervisor = FakeSupervisor(path)
        await supervisor.listen()
        async with connecting(path):
            peer = await supervisor.accept()
            await peer.greet()
            await peer.read("heartbeat")
            peer.write(id=40, op="sockets")
            assert await peer.read() == {"v": 1, "id": 40, "ok": True}

    run(scene)
