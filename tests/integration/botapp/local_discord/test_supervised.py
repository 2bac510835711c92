"""The local Discord as a supervised program, against a control socket of the test."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from supervisor.client import open_socket
from tests.support import python_process
from tests.support.discord.control import DiscordControl
from tests.support.python_process import Process

Message = dict[str, Any]


class Door:
    """The supervisor's side of one connection, played by the test."""

    def __init__(self, listening: socket.socket) -> None:
        listening.settimeout(10)
        self._sock, _ = listening.accept()
        self._sock.settimeout(10)
        self._lines = self._sock.makefile("rb")

    def close(self) -> None:
        self._lines.close()
        self._sock.close()

    def hear(self, op: str) -> Message:
        """Return the next request of the life that is `op`; heartbeats and its subscription to events are skipped."""
        while True:
            message = self.read()
            if message.get("op") == op:
                return message
            assert message.get("op") in ("heartbeat", "events"), f"waited for {op}, got {message}"

    def read(self) -> Message:
        line = self._lines.readline()
        assert line, "the life closed the connection"
        message: Message = json.loads(line)
        return message

    def send(self, **message: Any) -> None:
        self._sock.sendall(json.dumps({"v": 1, **message}).encode() + b"\n")

    def grant(self, op: str, **fields: Any) -> Message:
        """Hear `op` and answer it."""
        message = self.hear(op)
        self.send(id=message["id"], ok=True, **fields)
        return message

    def ask(self, op: str, **fields: Any) -> Message:
        """Ask the life for `op`; return its answer."""
        self.send(id=99, op=op, **fields)
        while (message := self.read()).get("id") != 99 or "op" in message:
            assert message.get("op") == "heartbeat"
        return message


@contextmanager
def life(directory: Path, *arguments: str) -> Iterator[tuple[Process, socket.socket]]:
    door = open_socket(directory / "door", listen=True)
    env = os.environ | {
        "STOCKSUP_SOCKET": str(directory / "door"),
        "STOCKSUP_PROGRAM": "discord",
        "STOCKSUP_LIFE": "7",
        "STOCKSUP_CACHE_DIR": str(directory),
        "STOCKSUP_CACHE_PERM_DIR": str(directory),
        "STOCKSUP_LOG_FILE": str(directory / "log"),
    }
    process = python_process.start(
        "botapp.local_discord", *arguments, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process, door
    finally:
        door.close()
        process.kill()
        process.communicate()


def test_hello_ready_goodbye_and_exit_code_0(tmp_path: Path) -> None:
    with life(tmp_path, "--port", "0") as (process, listening):
        door = Door(listening)
        hello = door.grant("hello")
        assert (hello["program"], hello["life"], hello["pid"]) == ("discord", 7, process.pid)
        door.grant("ready", restart=None)
        assert door.ask("welcome", life=7, ticket=None)["ok"]
        assert door.ask("drain", deadline_s=5.0, reason="restart")["ok"]
        assert door.hear("drained")["report"]["cancelled"] == []
        process.send_signal(signal.SIGTERM)
        goodbye = door.grant("goodbye")
        assert goodbye["code"] == 0
        assert process.wait(10) == 0
        door.close()


def test_what_the_supervisor_says_is_passed_on_to_the_page(tmp_path: Path) -> None:
    with life(tmp_path, "--port", "0") as (process, listening):
        door = Door(listening)
        door.grant("hello")
        door.grant("events")
        door.grant("ready", restart=None)
        assert process.stdout is not None
        town = DiscordControl(int(process.stdout.readline().strip("/\n").rpartition(":")[2]))
        since = town.world()["last_seq"]
        door.send(event={"type": "state", "program": "bot", "state": "DRAINING"})
        event = next(town.events(since=since))
        assert (event["type"], event["what"]) == ("supervisor", "state")
        with ThreadPoolExecutor() as pool:
            asked = pool.submit(town.request, "GET", "/control/supervisor")
            door.grant("status", supervisor={"pid": 1}, programs=[{"name": "bot"}])
            door.grant("history", history=[])
            seen = {"state": "here", "status": {"supervisor": {"pid": 1}, "programs": [{"name": "bot"}]}, "history": []}
            assert asked.result(10) == seen
        door.close()
        listening.close()
        town.wait_for(lambda: town.request("GET", "/control/supervisor")["state"] == "away")


def test_it_writes_to_a_new_log_file_when_asked(tmp_path: Path) -> None:
    with life(tmp_path, "--port", "0") as (process, listening):
        door = Door(listening)
        door.grant("hello")
        door.grant("ready", restart=None)
        assert process.stdout is not None
        port = process.stdout.readline().strip("/\n").rpartition(":")[2]
        assert door.ask("reopen")["ok"]
        with socket.create_connection(("127.0.0.1", int(port))) as http:
            http.sendall(b"GET /api/v10/users/@me HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert http.recv(100).startswith(b"HTTP/1.1 401")
        process.send_signal(signal.SIGTERM)
        door.grant("goodbye")
        assert process.wait(10) == 0
        door.close()
    assert "401" in (tmp_path / "log").read_text()
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("hears", [True, False])
def test_a_taken_port_is_reported_to_the_supervisor_and_on_stderr(tmp_path: Path, hears: bool) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        life(tmp_path, "--port", str(taken.getsockname()[1])) as (process, listening),
    ):
        if hears:
            door = Door(listening)
            door.grant("hello")
            goodbye = door.grant("goodbye")
            assert goodbye["code"] == 78
            assert "dipakai program lain" in goodbye["reason"]
            door.close()
        _, said = process.communicate(timeout=10)
        assert process.returncode == 78
        assert said.count("\n") == 1


def test_a_newer_life_ends_this_one_with_0(tmp_path: Path) -> None:
    with life(tmp_path, "--port", "0") as (process, listening):
        door = Door(listening)
        hello = door.hear("hello")
        door.send(id=hello["id"], ok=False, error={"code": "stale_life", "message": "life 8 exists"})
        assert process.wait(10) == 0
        door.close()
