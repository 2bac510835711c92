"""The messages of a supervisor to systemd, received on a real datagram socket."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from supervisor.daemon import sd_notify as systemd
from tests.support.supervisor.supervised import PATIENCE_S, bot, check, program, supervised


class Listener:
    """The service manager's end of the socket."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
        self.heard: list[str] = []

    def environ(self, **more: str) -> dict[str, str]:
        return {"NOTIFY_SOCKET": self.address, **more}

    def wait(self, line: str) -> list[str]:
        """Return the lines of the message that holds `line`, or one that begins so; wait for it."""
        while True:
            assert select.select([self.sock], [], [], PATIENCE_S)[0], f"{line} was not said, but {self.heard}"
            message = self.sock.recv(65536).decode().split("\n")
            self.heard += message
            if any(one.startswith(line) for one in message):
                return message

    def flood(self) -> None:
        """Fill the socket until it takes no more."""
        one = systemd.NotifySocket(self.address)
        try:
            while True:
                one.send(["x" * 1000])
        except BlockingIOError:
            return

    def rest(self) -> list[str]:
        """Return all lines that have been said."""
        while select.select([self.sock], [], [], 0)[0]:
            self.heard += self.sock.recv(65536).decode().split("\n")
        return self.heard


@contextmanager
def listening(address: str) -> Iterator[Listener]:
    one = Listener(address)
    try:
        yield one
    finally:
        one.sock.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Listener]:
    with listening(str(tmp_path / "notify")) as one:
        yield one


@pytest.mark.parametrize("abstract", [False, True])
def test_ready_status_and_stopping(tmp_path: Path, abstract: bool) -> None:
    address = f"@stocksup-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with listening(address) as manager, bot(tmp_path / "one") as one:
        one.start(environ=manager.environ(), wait=False)
        assert manager.wait("READY=1")[0] == "READY=1"
        assert one.socket.exists()
        manager.wait("STATUS=bot RUNNING, life 1")
        one.restart()
        manager.wait("STATUS=bot RUNNING, life 2")
        assert one.process is not None
        one.process.terminate()
        stopping = manager.wait("STOPPING=1")
        assert stopping == ["STOPPING=1", "STATUS=bot DRAINING, life 2", "EXTEND_TIMEOUT_USEC=30000000"]
        assert one.process.wait(PATIENCE_S) == 0
        said = manager.rest()
        assert [said.count(line) for line in ("READY=1", "STOPPING=1", "WATCHDOG=1")] == [1, 1, 0]


def test_status_names_all_programs(tmp_path: Path, manager: Listener) -> None:
    with supervised(tmp_path / "one", {"relay": program(), "bot": program()}) as one:
        one.start(environ=manager.environ())
        manager.wait("STATUS=relay RUNNING, life 1; bot RUNNING, life 1")


def test_lives_do_not_inherit_the_variables(tmp_path: Path, manager: Listener) -> None:
    names = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
    with bot(tmp_path / "one") as one:
        given = manager.environ(WATCHDOG_USEC="60000000")
        one.start(environ=given)
        pid = one.diary.wait("spawned")["pid"]
        told = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        assert not [line for line in told if line.decode().partition("=")[0] in names]


def test_reload_by_signal_and_by_request(tmp_path: Path, manager: Listener) -> None:
    with bot(tmp_path / "one") as one:
        one.start(environ=manager.environ())
        manager.wait("STATUS=bot RUNNING")
        before_usec = time.monotonic_ns() // 1000
        assert one.process is not None
        one.process.send_signal(signal.SIGHUP)
        said = manager.wait("RELOADING=1")
        assert before_usec <= int(said[1].removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000
        manager.wait("READY=1")
        one.ask("reload")
        manager.wait("RELOADING=1")
        manager.wait("READY=1")
        one.config.write_text("nonsense = 1\n")
        assert one.refused("reload").code == "bad_config"
        manager.wait("RELOADING=1")
        manager.wait("READY=1")
        one.configure({"bot": program(check=check("open('go').read()"))})
        os.mkfifo(tmp_path / "one/go", 0o600)
        one.process.send_signal(signal.SIGHUP)
        manager.wait("RELOADING=1")
        one.ask("ping")
        manager.rest()
        assert manager.heard[-1] != "READY=1", "not before the programs' checks have passed"
        (tmp_path / "one/go").write_text("x")
        manager.wait("READY=1")


def test_watchdog_stops_when_the_loop_hangs(tmp_path: Path, manager: Listener) -> None:
    with bot(tmp_path / "one") as one:
        one.start(environ=manager.environ(WATCHDOG_USEC="200000"))
        for _ in range(3):
            manager.wait("WATCHDOG=1")
        assert one.process is not None
        one.process.send_signal(signal.SIGSTOP)
        while psutil.Process(one.pid).status() != psutil.STATUS_STOPPED:
            time.sleep(0.001)
        manager.rest()
        # nothing may come: two intervals are over without a word
        assert not select.select([manager.sock], [], [], 0.4)[0]
        one.process.send_signal(signal.SIGCONT)
        manager.wait("WATCHDOG=1")


def test_watchdog_of_another_pid_is_ignored(tmp_path: Path, manager: Listener) -> None:
    with bot(tmp_path / "one") as one:
        one.start(environ=manager.environ(WATCHDOG_USEC="1000", WATCHDOG_PID="1"))
        one.restart()
    assert "WATCHDOG=1" not in manager.rest()


def test_missing_socket_is_a_problem(tmp_path: Path) -> None:
    address = tmp_path / "notify"
    with listening(str(address)) as manager, bot(tmp_path / "one") as one:
        one.start(environ=manager.environ())
        manager.wait("STATUS=bot RUNNING, life 1")
        hidden = address.rename(tmp_path / "hidden")
        one.restart()
        problems = one.ask("status")["supervisor"]["problems"]
        assert problems == {"message to systemd": "No such file or directory"}
        hidden.rename(address)
        manager.wait("STATUS=bot RUNNING, life 2")
        assert one.ask("status")["supervisor"]["problems"] == {}


def test_full_socket_is_retried(tmp_path: Path, manager: Listener) -> None:
    with bot(tmp_path / "one") as one:
        manager.flood()
        one.start(environ=manager.environ())
        assert one.restart()["ok"]
        assert "message to systemd" in one.ask("status")["supervisor"]["problems"]
        assert manager.wait("READY=1") == ["READY=1", "STATUS=bot RUNNING, life 2"]


def test_service_restart_is_in_the_history(tmp_path: Path, manager: Listener) -> None:
    with bot(tmp_path / "one") as one:
        one.start("--keep-desired", "yes", environ=manager.environ())
        assert one.signal(signal.SIGTERM) == 0
        one.start("--keep-desired", "yes", environ=manager.environ())
        (report,) = one.history()
        assert (report["from_life"], report["to_life"], report["ok"], report["requested_by"]) == (1, 2, True, "systemd")
        assert report["reason_code"] == "service_restarted"
        # unknown durations stay unknown
        assert report["phases"]["drain_s"] is None
        assert report["downtime_s"] is None
        assert report["phases"]["start_s"] > 0


def test_stop_and_start_without_systemd_is_no_restart(tmp_path: Path) -> None:
    with bot(tmp_path / "one") as one:
        one.start()
        assert one.signal(signal.SIGTERM) == 0
        one.start()
        assert one.history() == []


def test_new_supervisor_after_a_kill_keeps_the_life(tmp_path: Path, manager: Listener) -> None:
    with bot(tmp_path / "one") as one:
        one.start("--keep-desired", "yes", environ=manager.environ())
        manager.wait("STATUS=bot RUNNING, life 1")
        pid = one.status()["bot"]["pid"]
        one.kill()
        one.start("--keep-desired", "yes", environ=manager.environ())
        assert manager.wait("READY=1")[1] == "STATUS=bot RUNNING, life 1"
        assert one.status()["bot"]["pid"] == pid
        assert one.history() == []
