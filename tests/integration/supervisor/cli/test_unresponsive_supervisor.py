"""The commands in front of a supervisor that does not answer as it should."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from supervisor import client
from supervisor.cli import exit_codes
from supervisor.cli.bootstrap import launch
from supervisor.cli.commands import start, stop
from supervisor.cli.errors import CommandError
from supervisor.cli.instance import Instance
from supervisor.client import Client, ControlError, Message, SupervisorNotRunning, decode, encode, open_socket
from supervisor.storage import state_dir
from tests.support import python_process

PATIENCE_S = 30.0

Answer = Callable[[Message], bytes]


#: sent instead of an answer by a supervisor that hangs
SILENCE = b" "


@contextmanager
def listening(directory: Path, answer: Answer) -> Iterator[None]:
    """Listen on the control socket: `answer` returns bytes for a request; an unfinished line closes the connection."""
    (directory / "config.toml").write_text('language = "en"\n')
    state = directory / "state"
    state.mkdir(mode=0o700)
    listener = open_socket(state / "stocksup.sock", listen=True)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # the test is over
            with connection, connection.makefile("rb") as requests:
                for line in requests:
                    reply = answer(decode(line))
                    connection.sendall(reply)
                    if reply != SILENCE and not reply.endswith(b"\n"):
                        break

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def run(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STOCKSUP")}
    return python_process.run("supervisor.cli", *words, cwd=directory, env=environ, timeout_s=PATIENCE_S)


def grant(request: Message, **fields: object) -> bytes:
    return encode({"v": 1, "id": request["id"], "ok": True, **fields})


def refuse(request: Message, code: str, message: str) -> bytes:
    return encode({"v": 1, "id": request["id"], "ok": False, "error": {"code": code, "message": message}})


def test_one_that_does_not_answer(tmp_path: Path) -> None:
    with listening(tmp_path, lambda request: encode({"v": 1, "event": {}})):
        done = run(tmp_path, "restart", "--timeout", "0.2")
    assert done.returncode == 4
    assert "no answer from the supervisor" in done.stderr
    assert "stocksup logs supervisor" in done.stderr


@pytest.mark.parametrize("words", [("status",), ("history",), ("restart",), ("start",), ("stop", "bot")])
def test_one_that_closes_at_once(tmp_path: Path, words: tuple[str, ...]) -> None:
    with listening(tmp_path, lambda request: b""):
        done = run(tmp_path, *words)
    assert done.returncode == 1
    assert done.stderr.startswith("stocksup: the supervisor closed the connection")
    assert done.stderr.count("\n") == 1


def test_one_that_talks_nonsense(tmp_path: Path) -> None:
    with listening(tmp_path, lambda request: b"hello\n"):
        done = run(tmp_path, "status")
    assert done.returncode == 1
    assert "not valid JSON" in done.stderr


@pytest.mark.parametrize(("code", "number"), [("shutting_down", 1), ("bad_config", 78), ("busy", 1)])
def test_one_that_refuses(tmp_path: Path, code: str, number: int) -> None:
    with listening(tmp_path, lambda request: refuse(request, code, "not now")):
        done = run(tmp_path, "restart")
    assert done.returncode == number
    assert "not now" in done.stderr


def test_the_reports_of_others_are_not_taken_for_ours(tmp_path: Path) -> None:
    """While a restart of the bot is waited for, one of another program may end."""
    report = {
        "from_life": 1,
        "to_life": 2,
        "ok": True,
        "reason": "",
        "phases": {},
        "downtime_s": 0.1,
        "drained": [],
        "cancelled": [],
        "flushed_entries": None,
    }

    def answer(request: Message) -> bytes:
        if request["op"] != "restart":
            return grant(request)
        assert request["program"] == "bot"
        assert request["wait"] is False
        lines = [grant(request, to_life=2)]
        for name in ("relay", "bot"):
            lines.append(encode({"v": 1, "event": {"type": "phase", "program": name, "phase": "start", "life": 2}}))
            lines.append(encode({"v": 1, "event": {"type": "restart", "report": {"program": name, **report}}}))
        lines.append(encode({"v": 1, "event": {"type": "something new"}}))
        return b"".join(lines)

    with listening(tmp_path, answer):
        done = run(tmp_path, "restart")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("bot: process 1 → 2, down for 0.10 s")


def test_one_that_ends_in_the_middle_of_a_line(tmp_path: Path) -> None:
    with listening(tmp_path, lambda request: grant(request)[:-5]):
        done = run(tmp_path, "status")
    assert done.returncode == 1
    assert done.stderr.startswith("stocksup: the supervisor closed the connection")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a client wait for tenths of a second only."""
    for name in ("_QUIET_S", "_PING_TIMEOUT_S"):
        monkeypatch.setattr(client, name, 0.2)


def silent_after(*ops: str) -> Answer:
    """Return the answers of a supervisor that grants each of `ops` once, and then hangs: it sends nothing."""
    left = list(ops)

    def answer(request: Message) -> bytes:
        if request["op"] not in left:
            return SILENCE
        left.remove(request["op"])
        return grant(request, pid=os.getpid(), programs=[])

    return answer


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("granted", [(), ("events",)])
def test_start_does_not_wait_for_one_that_hangs(tmp_path: Path, granted: tuple[str, ...]) -> None:
    with listening(tmp_path, silent_after(*granted)):
        instance = Instance(tmp_path / "config.toml")
        with instance.connect() as connection, pytest.raises(ControlError) as caught:
            start.await_all(connection, instance.place, None, end=None)
    assert caught.value.code == "timed_out"


@pytest.mark.usefixtures("impatient")
def test_stop_does_not_wait_for_one_that_hangs(tmp_path: Path) -> None:
    with listening(tmp_path, silent_after("ping", "events", "shutdown")):
        instance = Instance(tmp_path / "config.toml")
        with instance.connect() as connection, pytest.raises(ControlError) as caught:
            stop.shut_down(connection)
    assert caught.value.code == "timed_out"


@pytest.mark.usefixtures("impatient")
def test_one_that_is_busy_is_waited_for(tmp_path: Path) -> None:
    """It answers nothing but pings, and at last the request."""
    pings: list[Message] = []

    def answer(request: Message) -> bytes:
        if request["op"] == "ping":
            pings.append(request)
        return grant({"id": 1} if len(pings) == 3 else request) if pings else b"{}\n"

    with listening(tmp_path, answer), Client(tmp_path / "state/stocksup.sock") as connection:
        assert connection.request("reload")["ok"]
    assert len(pings) == 3


@pytest.mark.usefixtures("impatient")
def test_one_that_accepts_no_clients(tmp_path: Path) -> None:
    listener = open_socket(tmp_path / "sock", listen=True, backlog=0)
    with open_socket(tmp_path / "sock"), pytest.raises(ControlError) as caught:
        Client(tmp_path / "sock")
    assert caught.value.code == "timed_out"
    listener.close()


def test_one_that_does_not_start_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "START_TIMEOUT_S", 0.0)
    config = tmp_path / "config.toml"
    config.touch()
    instance = Instance(config)
    with pytest.raises(CommandError) as caught:
        launch.launch(config, instance.place)
    assert caught.value.code == exit_codes.TIMED_OUT
    os.close(state_dir.lock(instance.place))


def test_one_without_a_socket_is_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supervisor.cli.instance.SOCKET_TIMEOUT_S", 0.2)
    (tmp_path / "config.toml").touch()
    instance = Instance(tmp_path / "config.toml")
    state_dir.make(instance.place)
    lock = state_dir.lock(instance.place)
    with pytest.raises(CommandError, match=str(os.getpid())) as caught:
        instance.connect()
    assert caught.value.code == exit_codes.TIMED_OUT
    os.close(lock)
    with pytest.raises(SupervisorNotRunning):
        instance.connect()
