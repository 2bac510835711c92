"""A supervisor that fails unexpectedly, once or again and again: it re-executes itself, and takes orders meanwhile."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

from supervisor.cli import exit_codes as exits
from supervisor.client import ControlError, SupervisorNotRunning
from tests.support.supervisor.installation import Installation
from tests.support.supervisor.supervised import PATIENCE_S, Supervised, bot

FAILED = "restarting after an unexpected exception"


def _prepare(it: Supervised, point: str) -> Path:
    """Have the supervisor fail at a point as long as the returned file exists."""
    file = it.directory / "fail"
    it.faults = {"TEST_RAISE_AT": f"{point}:{file}"}
    return file


def _wait(there: Callable[[], bool], what: str) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not there():
        assert time.monotonic() < deadline_s, what
        time.sleep(0.02)


def _fail_again_and_again(it: Supervised, file: Path, *, times: int) -> None:
    """Kill the bot, which cannot be spawned again, and wait until the supervisor has failed so often."""
    file.touch()
    os.kill(it.status()["bot"]["pid"], signal.SIGKILL)
    _wait(lambda: it.log().count(FAILED) >= times, "the supervisor does not fail")


def _answer(it: Supervised, op: str, **fields: object) -> str:
    """Return "ok" or the error code of a request; try again while the supervisor is between two images."""
    while True:
        try:
            it.ask(op, **fields)
        except (SupervisorNotRunning, OSError):
            time.sleep(0.02)
        except ControlError as error:
            if error.code != "closed":
                return error.code
        else:
            return "ok"


def _assert_locked(it: Supervised) -> None:
    with (it.state / "supervisor.lock").open() as lock:
        for _ in range(50):
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.005)
            else:
                raise AssertionError("another supervisor could take the state directory")


def test_supervisor_that_fails_again_and_again_is_stopped_by_a_command(tmp_path: Path) -> None:
    with bot(tmp_path, max_crashes=0) as it:
        file = _prepare(it, "spawn")
        it.start()
        _fail_again_and_again(it, file, times=3)
        done = it.command("stop")
        assert (done.returncode, done.stderr) == (exits.FINE, "")
        assert it.process is not None
        assert it.process.wait(PATIENCE_S) == 0
        assert it.left() == {}


def test_supervisor_that_fails_again_and_again_answers_and_recovers(tmp_path: Path) -> None:
    with bot(tmp_path, max_crashes=0) as it:
        file = _prepare(it, "spawn")
        with (tmp_path / "stderr").open("w") as stderr:
            it.start(stderr=stderr)
        _fail_again_and_again(it, file, times=4)
        assert _answer(it, "status") == "ok"
        assert _answer(it, "restart", program="bot") == "recovering"
        _assert_locked(it)
        file.unlink()
        _wait(lambda: _answer(it, "ping") == "ok" and it.status()["bot"]["state"] == "RUNNING", "it does not recover")


def test_shutdown_is_continued_after_a_failure(tmp_path: Path) -> None:
    with bot(tmp_path, "endless-drain", drain_timeout_s=2) as it:
        file = _prepare(it, "terminate")
        it.start()
        file.touch()
        assert it.process is not None
        it.process.send_signal(signal.SIGTERM)
        _wait(lambda: FAILED in it.log(), "the supervisor does not fail")
        file.unlink()
        assert it.process.wait(PATIENCE_S) == 0
        assert it.left() == {}
        it.faults = {}
        it.start()
        assert it.status()["bot"]["desired"] == "up"


def test_broken_configuration_does_not_end_a_supervisor_that_re_executes_itself(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        file = _prepare(it, "bury")
        it.start()
        good = it.config.read_text()
        it.config.write_text("this is no TOML")
        file.touch()
        os.kill(it.status()["bot"]["pid"], signal.SIGKILL)
        _wait(lambda: FAILED in it.log(), "the supervisor does not fail")
        file.unlink()
        _wait(lambda: _answer(it, "ping") == "ok", "it does not come back")
        it.wait_state("RUNNING", life=2)
        assert "configuration: not read again" in it.log()
        it.config.write_text(good)
        assert it.restart()["ok"]


def test_code_that_does_not_load_is_tried_until_it_does(tmp_path: Path) -> None:
    code = Installation(tmp_path / "code")
    with bot(tmp_path / "bot") as it:
        file = _prepare(it, "bury")
        with (tmp_path / "stderr").open("w") as stderr:
            it.start(environ=code.environ, stderr=stderr)
        code.break_file("control/views.py")
        file.touch()
        os.kill(it.status()["bot"]["pid"], signal.SIGKILL)
        _wait(lambda: (tmp_path / "stderr").read_text().count("views.py") >= 3, "it does not try again")
        file.unlink()
        assert it.process is not None
        assert it.process.poll() is None
        _assert_locked(it)
        code.repair_file("control/views.py")
        it.wait_state("RUNNING", life=2)
        assert it.ask("ping")["pid"] == it.pid


def test_systemd_still_gets_its_messages(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd, bot(tmp_path / "bot") as it:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(PATIENCE_S)
        file = _prepare(it, "bury")
        it.start(environ={"NOTIFY_SOCKET": str(tmp_path / "notify"), "TZ": "Asia/Tokyo"}, fork=False)
        assert b"READY=1" in systemd.recv(65536)
        file.touch()
        os.kill(it.status()["bot"]["pid"], signal.SIGKILL)
        _wait(lambda: FAILED in it.log(), "the supervisor does not fail")
        file.unlink()
        while b"READY=1" not in systemd.recv(65536):
            continue
        shown = it.wait_state("RUNNING", life=2)
        environ = Path(f"/proc/{shown['pid']}/environ").read_bytes().split(b"\0")
        assert b"TZ=Asia/Tokyo" in environ, "programs inherit the original time zone"
