"""Faults of disk, directories, descriptors, memory and time: reported, without losses, and recovered from."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from supervisor.client import ControlError
from tests.support.supervisor.supervised import PATIENCE_S, Supervised, bot, wait_gone

pytestmark = pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits of another process: Linux only")


def eventually(there: Callable[[], bool], what: str) -> None:
    """Poll until the condition holds: no event reports it, because what fails here would send it."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not there():
        assert time.monotonic() < deadline_s, what
        time.sleep(0.02)


def answers(it: Supervised) -> bool:
    try:
        return bool(it.ask("ping"))
    except (ControlError, OSError):
        return False


def problems(it: Supervised) -> dict[str, str]:
    found: dict[str, str] = it.ask("status")["supervisor"]["problems"]
    return found


@contextmanager
def limited(it: Supervised, what: int, most: int) -> Iterator[None]:
    """Let the supervisor have at most so much of something."""
    before = resource.prlimit(it.pid, what)
    resource.prlimit(it.pid, what, (most, before[1]))
    try:
        yield
    finally:
        resource.prlimit(it.pid, what, before)


# --- the disk ---


def test_full_disk_is_a_problem_and_recovers(tmp_path: Path) -> None:
    with bot(tmp_path, "beat=0.2") as it:
        it.start()
        history = it.state / "history.jsonl"
        with limited(it, resource.RLIMIT_FSIZE, 300):  # less than a line of the journal
            assert it.restart(reason="on a full disk")["to_life"] == 2
            assert problems(it)["journal"] == "File too large"
            assert it.status()["bot"]["state"] == "RUNNING"
            assert it.restart()["to_life"] == 3
        eventually(lambda: not problems(it), "the problem does not end by itself")
        it.kill()
        assert not list(it.state.glob("*.new"))
        assert len(history.read_text().splitlines()) == 2
        (pid,) = it.left()
        it.start()
        assert (it.status()["bot"]["pid"], it.status()["bot"]["life"]) == (pid, 3)
        assert [one["reason"] for one in it.history()] == ["", "on a full disk"]


def test_shutdown_with_a_socket_that_cannot_be_deleted(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        assert it.process is not None
        with it.client() as client:
            it.socket.unlink()
            it.socket.mkdir()  # as on a disk that can only be read, also for root
            client.request("shutdown")
            assert it.process.wait(PATIENCE_S) == 0
        assert not it.left()
        it.socket.rmdir()


@pytest.mark.parametrize("what", ["state directory", "socket", "journal"])
def test_deleted_file_is_recreated(tmp_path: Path, what: str) -> None:
    with bot(tmp_path, "beat=0.2") as it:
        it.start()
        pid = it.status()["bot"]["pid"]
        if what == "state directory":
            shutil.rmtree(it.state)
        else:
            (it.state / {"socket": "stocksup.sock", "journal": "journal.jsonl"}[what]).unlink()
        eventually(lambda: (it.state / "journal.jsonl").exists() and answers(it), f"the {what} does not come back")
        assert (it.state.stat().st_mode & 0o777, it.socket.stat().st_mode & 0o777) == (0o700, 0o600)
        assert (it.status()["bot"]["pid"], it.status()["bot"]["life"]) == (pid, 1)
        assert problems(it) == {}
        assert it.restart()["to_life"] == 2
        it.kill()
        it.start()
        assert it.status()["bot"]["life"] == 2


def test_deleted_directory_of_logs_is_recreated(tmp_path: Path) -> None:
    with bot(tmp_path, "beat=0.2") as it:
        it.start()
        shutil.rmtree(it.state / "logs")
        eventually((it.state / "logs" / "supervisor.log").exists, "the logs do not come back")
        it.restart()
        assert "life 2 of bot starts" in it.log("bot")
        assert problems(it) == {}


def test_state_directory_that_cannot_be_recreated_is_a_problem(tmp_path: Path) -> None:
    with bot(tmp_path, "beat=0.2") as it:
        it.start()
        pid = it.status()["bot"]["pid"]
        with it.client() as client:
            shutil.rmtree(it.state)
            it.state.write_text("in the way")
            eventually(
                lambda: {"state directory", "log"} <= client.request("status")["supervisor"]["problems"].keys(),
                "the problem is not shown",
            )
            assert client.request("status")["programs"][0]["pid"] == pid
            it.state.unlink()
            eventually(lambda: not client.request("status")["supervisor"]["problems"], "it does not end by itself")
        assert it.status()["bot"]["pid"] == pid


def test_supervisor_exits_when_another_one_owns_the_state_directory(tmp_path: Path) -> None:
    with bot(tmp_path, "beat=0.2") as it:
        it.start()
        first, pid = it.process, it.status()["bot"]["pid"]
        assert first is not None
        first.send_signal(signal.SIGSTOP)
        shutil.rmtree(it.state)
        it.start()
        assert it.status()["bot"]["pid"] == pid
        first.send_signal(signal.SIGCONT)
        assert first.wait(PATIENCE_S) == 1
        assert it.status()["bot"]["pid"] == pid
        assert it.restart()["ok"]
        assert len(it.left()) == 1


# --- descriptors and memory ---


def test_no_free_descriptors(tmp_path: Path) -> None:
    with bot(tmp_path, "beat=0.2", "1:fork=setsid") as it:
        it.start()
        pid = it.status()["bot"]["pid"]
        with it.client() as client:
            highest = max(int(name) for name in os.listdir(f"/proc/{it.pid}/fd"))
            with limited(it, resource.RLIMIT_NOFILE, highest + 1):
                os.kill(pid, signal.SIGKILL)

                def shown() -> str:
                    state: str = client.request("status")["programs"][0]["state"]
                    return state

                eventually(lambda: shown() == "BACKOFF", "the lack of descriptors is not survived")
                assert "Too many open files" in client.request("status")["programs"][0]["reason"]
                assert it.left() == {}, "what the life left behind was found even so"
        assert it.wait_state("RUNNING")["last_exit"]["code"] == 75


def test_out_of_memory_re_executes_the_supervisor(tmp_path: Path) -> None:
    with bot(tmp_path, "beat=0.2") as it:
        it.start()
        pid, supervisor = it.status()["bot"]["pid"], it.pid
        size_bytes = psutil.Process(supervisor).memory_info().vms
        with limited(it, resource.RLIMIT_AS, size_bytes + 1024 * 1024):
            peers = [it.client() for _ in range(40)]
            for peer in peers:
                _say_half(peer)
            eventually(lambda: "MemoryError" in it.log(), "it had memory enough")
            for peer in peers:
                peer.close()
            eventually(lambda: answers(it), "it does not come back")
        assert it.ask("ping")["pid"] == supervisor, "the same process, as systemd knows it"
        it.wait(lambda status: status["bot"]["linked"])
        assert (it.status()["bot"]["pid"], it.status()["bot"]["life"]) == (pid, 1)
        report = it.restart()
        assert (report["ok"], report["drained"]) == (True, ["cache"])
        assert it.status()["bot"]["last_exit"]["code"] == 0, "it is still our child, so its exit is seen"


def _say_half(peer: object) -> None:
    sock = peer._sock  # type: ignore[attr-defined]
    sock.setblocking(False)
    try:
        sock.send(b"x" * 60_000)
    except OSError:
        return  # it is away already


# --- time ---


def test_stopped_supervisor_does_not_kill_programs_stopped_with_it(tmp_path: Path) -> None:
    with bot(tmp_path, "beat=0.1", heartbeat_timeout_s=2) as it:
        it.start()
        pid = it.status()["bot"]["pid"]
        it.diary.wait("ready")
        eventually(lambda: it.status()["bot"]["health"] != {}, "no heartbeat")
        for one in (it.pid, pid):
            os.kill(one, signal.SIGSTOP)
        time.sleep(4.0)  # what is tried is that time passes
        os.kill(it.pid, signal.SIGCONT)
        assert it.ask("ping")
        time.sleep(0.3)
        os.kill(pid, signal.SIGCONT)
        assert "event loop: stalled" in it.log()
        assert (it.status()["bot"]["pid"], it.history()) == (pid, [])


def test_hanging_bot_is_noticed_after_the_supervisor_was_stopped(tmp_path: Path) -> None:
    with bot(tmp_path, "1:beat=0.1", heartbeat_timeout_s=0.7) as it:
        it.start()
        pid = it.status()["bot"]["pid"]
        eventually(lambda: it.status()["bot"]["health"] != {}, "no heartbeat")
        for one in (it.pid, pid):
            os.kill(one, signal.SIGSTOP)
        time.sleep(2.5)
        os.kill(it.pid, signal.SIGCONT)
        it.wait_state("RUNNING", life=2)
        wait_gone(pid)
