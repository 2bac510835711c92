"""An upgrade of a running supervisor, whose files are a copy that the tests change."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from supervisor.cli import exit_codes as exits
from supervisor.client import ControlError
from tests.support.supervisor.installation import Installation
from tests.support.supervisor.supervised import PATIENCE_S, Json, Supervised, program, supervised

#: each starts several processes
pytestmark = pytest.mark.sampled

#: the table of the bot: its own command
OWN: Json = {"stop_timeout_s": 5}


@pytest.fixture
def code(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "code")


@contextmanager
def running(directory: Path, code: Installation, programs: Json, **environ: str) -> Iterator[Supervised]:
    with supervised(directory, programs) as it:
        with (directory / "stderr").open("w") as stderr:
            it.start(environ={**code.environ, **environ}, stderr=stderr)
        yield it


def upgrade(it: Supervised, code: Installation, *words: str) -> tuple[int, str, str]:
    done = it.command("upgrade", *words, **code.environ)
    return done.returncode, done.stdout, done.stderr


def about(it: Supervised) -> Json:
    shown: Json = it.ask("status")["supervisor"]
    return shown


def test_new_code_takes_over(tmp_path: Path, code: Installation) -> None:
    address = str(tmp_path / "relay.sock")
    programs = {"bot": OWN, "relay": program("serve", listen=[address])}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(PATIENCE_S)
        with running(tmp_path / "shop", code, programs, NOTIFY_SOCKET=str(tmp_path / "notify")) as it:
            before = it.status()
            assert (about(it)["files_changed"], about(it)["upgraded"]) == (False, None)
            code.set_version("9.9.9")
            assert about(it)["files_changed"]
            inode = it.socket.stat().st_ino
            returned, out, err = upgrade(it, code, "--json")
            assert (returned, err) == (exits.FINE, "")
            answer = json.loads(out)
            assert answer["supervisor"] == {"pid": it.pid, "from": answer["supervisor"]["from"], "to": "9.9.9"}
            (report,) = answer["restarts"]
            assert (report["program"], report["ok"], report["from_life"], report["to_life"]) == ("bot", True, 1, 2)
            assert (report["reason_code"], report["reason_params"]) == ("upgraded", {"version": "9.9.9"})
            assert report["requested_by"]
            assert answer["left"] == ["relay"]
            now = about(it)
            assert (now["pid"], now["version"], now["files_changed"]) == (it.pid, "9.9.9", False)
            assert now["upgraded"]["restarts"] == {"bot": 1}
            assert it.socket.stat().st_ino == inode, "the control socket was never closed"
            it.wait_state("RUNNING", name="relay", life=1)
            after = it.status()
            assert after["relay"]["pid"] == before["relay"]["pid"]
            assert {psutil.Process(one["pid"]).ppid() for one in after.values()} == {it.pid}
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(PATIENCE_S)
                client.connect(address)
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                assert client.recv(100)
            assert it.ask("history", n=5)["history"][0]["reason_code"] == "upgraded"
            said = _messages(systemd)
        reloading = next(number for number, lines in enumerate(said) if "RELOADING=1" in lines)
        assert any(line.startswith("MONOTONIC_USEC=") for line in said[reloading])
        assert [lines for lines in said if "READY=1" in lines] == [said[0], said[reloading + 1]]


def _messages(systemd: socket.socket) -> list[list[str]]:
    systemd.setblocking(False)
    found = []
    while True:
        try:
            found.append(systemd.recv(65536).decode().split("\n"))
        except BlockingIOError:
            return found


def test_nothing_changes_if_the_new_code_cannot_take_over(tmp_path: Path, code: Installation) -> None:
    with running(tmp_path / "shop", code, {"bot": OWN}) as it:
        first, bot = about(it), it.status()["bot"]

        def assert_refused(code_: str, *places: str) -> None:
            error = it.refused("upgrade", requested_by="me")
            assert error.code == code_
            assert [place for place in places if place not in error.message] == [], error.message
            assert about(it)["started_at"] == first["started_at"]
            assert it.status()["bot"]["pid"] == bot["pid"]

        code.break_file("control/views.py")
        assert_refused("upgrade_failed", "control/views.py, line ", "SyntaxError")
        returned, out, err = upgrade(it, code)
        assert (returned, out, err.count("\n")) == (exits.FAILED, "", 1)
        code.repair_file("control/views.py")
        code.change("alerts/sender.py", "import resource", "import no_such_library")
        assert_refused("upgrade_failed", "alerts/sender.py, line ", "no_such_library")
        code.repair_file("alerts/sender.py")
        code.change("lifecycle/model.py", "    restarts: int = 0", "    restarts: str = ''")
        assert_refused("upgrade_failed", "journal.jsonl, line 1", "$.restarts")
        code.repair_file("lifecycle/model.py")
        code.change("client.py", "PROTOCOL_VERSION: Final = 1", "PROTOCOL_VERSION: Final = 2")
        assert_refused("upgrade_failed", "stocksup stop")
        code.repair_file("client.py")
        good = it.config.read_text()
        it.config.write_text(f'{good}[supervisor]\nstate_dir = "elsewhere"\n')
        assert_refused("upgrade_failed", "state_dir")
        it.config.write_text("this is no TOML")
        assert_refused("bad_config", "config.toml")
        it.config.write_text(good)
        code.bot.write_text("import sys; sys.exit('broken')\n")
        returned, out, err = upgrade(it, code, "--json")
        assert returned == exits.FAILED
        assert [one["error"] for one in json.loads(out)["restarts"]] == ["check_failed"]
        assert it.status()["bot"]["pid"] == bot["pid"]
        assert about(it)["upgraded"]["restarts"] == {"bot": 1}


def test_new_code_that_hangs_is_killed(tmp_path: Path, code: Installation) -> None:
    code.change("daemon/reexec/upgrader.py", "PROOF_TIMEOUT_S: Final = 60.0", "PROOF_TIMEOUT_S: Final = 1.0")
    with running(tmp_path / "shop", code, {"bot": OWN}) as it:
        code.change("processes/procfs.py", "import os", "import os, time; time.sleep(600)")
        assert it.refused("upgrade").code == "upgrade_failed"
        children = psutil.Process(it.pid).children()
        psutil.wait_procs([child for child in children if child.pid != it.status()["bot"]["pid"]], PATIENCE_S)
        assert [child.pid for child in psutil.Process(it.pid).children()] == [it.status()["bot"]["pid"]]


def test_code_that_fails_after_it_took_over_is_tried_until_it_works(tmp_path: Path, code: Installation) -> None:
    code.change("daemon/reexec/hook.py", "MAX_DELAY_S: Final = 30.0", "MAX_DELAY_S: Final = 0.2")
    with running(tmp_path / "shop", code, {"bot": OWN}) as it:
        bot = it.status()["bot"]
        code.change("daemon/startup.py", "    arguments = _parse(options)", "    raise RuntimeError('too bad')")
        assert it.ask("upgrade")["pid"] == it.pid
        deadline_s = time.monotonic() + PATIENCE_S
        while (tmp_path / "shop/stderr").read_text().count("RuntimeError: too bad") < 3:
            assert time.monotonic() < deadline_s, "it does not try again"
            time.sleep(0.02)
        assert psutil.pid_exists(bot["pid"])
        assert it.process is not None
        assert it.process.poll() is None
        code.repair_file("daemon/startup.py")
        shown = it.wait_state("RUNNING", life=2)
        assert shown["pid"] != bot["pid"]
        assert it.history()[0]["reason_code"] == "upgraded"
        assert about(it)["pid"] == it.pid


def test_upgrade_interrupts_no_restart(tmp_path: Path, code: Installation) -> None:
    with running(tmp_path / "shop", code, {"bot": OWN, "relay": program("linger=1")}) as it:
        it.ask("restart", program="relay")
        assert it.refused("upgrade").code == "busy"
        it.wait_state("RUNNING", name="relay", life=2)
        with it.client() as first, it.client() as second:
            sent = first._send("upgrade", {})
            with pytest.raises(ControlError) as refused:
                second.request("upgrade", timeout_s=PATIENCE_S)
            assert refused.value.code == "busy"
            answer = first._read(PATIENCE_S, time.monotonic() + PATIENCE_S)
            assert (answer["id"], answer["ok"]) == (sent, True)
        it.wait_state("RUNNING", life=2)
