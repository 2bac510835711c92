"""Reload by request, by command and by SIGHUP."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from supervisor.client import ControlError
from tests.support.supervisor.command_line import Instance
from tests.support.supervisor.supervised import PATIENCE_S, Supervised, bot, check, program, supervised


def run(it: Supervised, *words: str) -> subprocess.CompletedProcess[str]:
    return it.command("reload", *words)


def test_programs_are_added_and_removed(tmp_path: Path) -> None:
    with supervised(tmp_path, {"bot": program(), "relay": program()}) as it:
        it.start()
        pid = it.status()["bot"]["pid"]
        it.configure({"bot": program(), "clerk": program()})
        assert it.ask("reload")["changed"] == ["relay", "clerk"]
        status = it.wait(lambda status: status if set(status) == {"bot", "clerk"} else None)
        assert status is not None
        it.wait_state("RUNNING", "clerk")
        assert it.status()["bot"]["pid"] == pid
        it.diary.wait("drain", reason="stop")


def test_settings_that_apply_at_once(tmp_path: Path) -> None:
    with bot(tmp_path, "beat=0.01", "chatter", logs={"max_bytes": 0}) as it:
        it.start()
        it.configure({"bot": program("beat=0.01", "chatter")}, logs={"max_bytes": 5_000, "keep": 0})
        answer = it.ask("reload")
        assert (answer["settings"], answer["needs_restart"]) == (["logs"], [])
        it.diary.wait("reopened", count=2)


def test_settings_that_need_a_restart_are_reported_until_then(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        it.configure({"bot": program(env={"TEST_OF": "it"})}, bot={"prefix": "?"}, discord={"gateway": "ws://x"})
        for _ in range(2):
            answer = it.ask("reload")
            assert (answer["outdated"], answer["needs_restart"]) == (["discord", "bot"], ["bot"])
        done = run(it)
        assert done.returncode == 0
        assert done.stdout == "bot still uses the old [discord], [bot]. Next: stocksup restart bot\n"
        it.restart()
        assert it.ask("reload")["needs_restart"] == []
        assert "Nothing has changed" in run(it).stdout
        # a restart reads them by itself
        it.configure({"bot": program(env={"TEST_OF": "it"})}, bot={"prefix": "!!"})
        it.restart()
        assert it.ask("reload")["needs_restart"] == []


def test_invalid_file_changes_nothing(tmp_path: Path) -> None:
    with supervised(tmp_path, {"bot": program(), "relay": program()}) as it:
        it.start()
        before = it.status()
        it.configure({"bot": program(stop_timeout="soon")}, logs={"keep": 1})
        error = it.refused("reload")
        assert error.code == "bad_config"
        done = run(it)
        assert done.returncode == 78
        assert "[programs.bot] stop_timeout: unknown key; did you mean 'stop_timeout_s'?" in done.stderr
        assert str(it.config) in done.stderr
        assert {name: one["pid"] for name, one in it.status().items()} == {
            name: one["pid"] for name, one in before.items()
        }
        it.configure({"bot": program(), "relay": program()})
        assert it.ask("reload")["settings"] == []


#: beginnings of a file that once ended the supervisor, or made it start again and again
ONCE_FATAL = {
    "long number": f"[logs]\nkeep = {'9' * 4301}\n",
    "deep list": f"[bot]\nadmin_ids = {'[' * 500}{']' * 500}\n",
    "time zone": f'timezone = "{"x" * 300}"\n',
    "zero byte": '[supervisor]\nstate_dir = "a\\u0000"\n',
    "nan": "[bot]\nprefix = nan\n",
}


def test_whatever_is_in_the_file_the_supervisor_goes_on(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        before = it.status()
        for name, text in ONCE_FATAL.items():
            it.config.write_text(text)
            assert it.refused("reload").code == "bad_config", name
            assert it.refused("restart", program="bot", wait=True).code == "bad_config", name
            assert it.refused("start").code == "bad_config", name
        assert it.ask("ping")["pid"] == it.pid
        assert it.status()["bot"]["pid"] == before["bot"]["pid"]
        assert "unexpected exception" not in it.log()
        # a path that leads to itself is one that cannot be used, and told so at the next start
        (tmp_path / "loop").symlink_to("loop")
        it.configure({"bot": program()}, supervisor={"state_dir": "loop/state"})
        assert it.ask("reload")["needs_restart"] == ["supervisor"]


def test_a_supervisor_that_restarts_itself_waits_until_the_file_is_correct(tmp_path: Path) -> None:
    """Its programs run: without it, nothing would look after them."""
    with bot(tmp_path) as it:
        it.start()
        pid = it.status()["bot"]["pid"]
        it.kill()
        it.config.write_text("[programs\n")
        # as it executes itself after an exception
        command = [sys.executable, "-P", "-m", "supervisor", "--config", str(it.config), "--reexec-count", "1"]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as again:
            assert again.stderr is not None
            while b"ConfigError" not in (line := again.stderr.readline()):
                assert line, "it has ended"
            it.configure({"bot": program()})
            while b"listening" not in (line := again.stderr.readline()):
                assert line, "it has ended"
            assert it.wait_state("RUNNING")["pid"] == pid
            again.terminate()
            again.stderr.read()


def test_sighup_reloads_and_logs_the_outcome(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        assert it.process is not None
        it.configure({"bot": program(), "clerk": program()}, bot={"prefix": "?"})
        it.process.send_signal(signal.SIGHUP)
        it.wait(lambda status: status.get("clerk", {}).get("state") == "RUNNING")
        assert re.search(r"configuration reloaded; changed: bot, programs.clerk; .*: bot", it.log())
        it.config.write_text("[programs\n")
        it.process.send_signal(signal.SIGHUP)
        # earlier requests are done when the ping is answered
        it.ask("ping")
        it.ask("ping")
        assert "configuration: not reloaded (" in it.log()
        assert set(it.status()) == {"bot", "clerk"}


def test_command_with_json_and_without_a_supervisor(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.configure({"bot": program()})
        assert run(it).returncode == 3
        it.start()
        it.configure({"bot": program(stop_timeout_s=3)})
        done = run(it, "--json")
        assert done.returncode == 0
        assert json.loads(done.stdout) == {"changed": ["bot"], "settings": [], "outdated": [], "needs_restart": []}


def test_failed_check_changes_nothing(tmp_path: Path) -> None:
    """The supervisor does not know what stands in a program's table; the program's own check does."""
    one = Instance(tmp_path)
    (tmp_path / "check.py").write_text(
        "if 'prefx' in open('config.toml').read():\n    print('[bot] prefx: unknown key')\n    raise SystemExit(78)\n"
    )
    one.configure(check='["python", "check.py"]')
    config = tmp_path / "config.toml"
    assert one.run("start").returncode == 0
    good = config.read_text()
    config.write_text(f'{good}\n[logs]\nkeep = 3\n[bot]\nprefx = "?"\n')
    done = one.run("reload")
    assert done.returncode == 78
    assert "[bot] prefx: unknown key" in done.stderr
    config.write_text(f"{good}\n[logs]\nkeep = 3\n")
    assert "Applied: [logs]" in one.run("reload").stdout, "it did not count before"
    one.run("stop")


#: a check that says that it has begun, and ends as the test says
HELD = check("open('began', 'w').write('x'); raise SystemExit(int(open('go').read()))")


class Held:
    """A supervisor whose bot's check goes on when it is told to."""

    def __init__(self, it: Supervised) -> None:
        self.it = it
        for name in ("began", "go"):
            os.mkfifo(it.directory / name, 0o600)
        self._began = os.open(it.directory / "began", os.O_RDWR)

    def wait(self) -> None:
        """Wait until a check has begun."""
        assert select.select([self._began], [], [], PATIENCE_S)[0], "no check has begun"
        assert os.read(self._began, 1) == b"x"

    def close(self) -> None:
        """Close it."""
        os.close(self._began)

    def go_on(self, code: int = 0) -> None:
        """Let it end with `code`."""
        (self.it.directory / "go").write_text(str(code))

    def sighup(self) -> None:
        assert self.it.process is not None
        self.it.process.send_signal(signal.SIGHUP)

    def wait_log(self, line: str, *, count: int = 1) -> None:
        """Wait until the log holds a line so often."""
        until_s = time.monotonic() + PATIENCE_S
        with self.it.client() as client:
            while self.it.log().count(line) < count:
                assert time.monotonic() < until_s, f"the log does not say {line!r}"
                client.request("ping", timeout_s=PATIENCE_S)


@contextmanager
def held(tmp_path: Path, **settings: Any) -> Iterator[Held]:
    with bot(tmp_path, check=HELD, **settings) as it:
        one = Held(it)
        it.start()
        yield one
        one.close()


def test_failed_check_after_sighup_changes_nothing(tmp_path: Path) -> None:
    with held(tmp_path) as one:
        one.it.configure({"bot": program(check=HELD)}, logs={"keep": 3}, bot={"prefx": "?"})
        one.sighup()
        one.wait()
        assert one.it.ask("ping")["pid"] == one.it.pid, "the loop goes on meanwhile"
        one.go_on(78)
        one.wait_log("configuration: not reloaded (check of bot failed: ")
        one.it.configure({"bot": program(check=HELD)}, logs={"keep": 3})
        one.sighup()
        one.wait()
        one.go_on()
        one.wait_log("configuration reloaded; changed: logs")


def test_edit_during_the_check_is_checked_too(tmp_path: Path) -> None:
    with held(tmp_path) as one, one.it.client() as first, one.it.client() as second:
        one.it.configure({"bot": program(check=HELD)}, logs={"keep": 3})
        answers = ThreadPoolExecutor(2)
        asked = answers.submit(first.request, "reload", timeout_s=PATIENCE_S)
        one.wait()
        one.it.configure({"bot": program(check=HELD)}, logs={"keep": 4}, bot={"prefix": "?"})
        one.go_on()
        one.wait()
        # who asks now may have edited it since: there is one more reading
        later = answers.submit(second.request, "reload", timeout_s=PATIENCE_S)
        one.it.ask("ping")
        one.go_on()
        assert (asked.result()["settings"], asked.result()["outdated"]) == (["logs"], ["bot"])
        one.wait()
        one.go_on()
        assert later.result()["settings"] == []


@pytest.mark.parametrize(("code", "error"), [(78, "bad_config"), (1, "check_failed")])
def test_error_contains_the_output_of_the_check(tmp_path: Path, code: int, error: str) -> None:
    with bot(tmp_path) as it:
        it.start()
        refusing = check(f"print('[bot] prefx: unknown key'); raise SystemExit({code})")
        it.configure({"bot": program(check=refusing), "clerk": program()})
        refusal = it.refused("reload")
        assert refusal.code == error
        assert "[bot] prefx: unknown key" in refusal.message
        assert run(it).returncode == (78 if code == 78 else 1)
        assert set(it.status()) == {"bot"}


def test_check_that_hangs_is_killed(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        hanging = check("import signal; signal.pause()")
        it.configure({"bot": program(check=hanging, start_timeout_s=0.5), "clerk": program()})
        assert it.refused("reload").code == "check_failed"
        assert set(it.status()) == {"bot"}
        it.configure({"bot": program(), "clerk": program()})
        assert it.ask("reload")["changed"] == ["clerk"]


def test_shutdown_refuses_waiting_reloads(tmp_path: Path) -> None:
    with held(tmp_path) as one, one.it.client() as client:
        asked = ThreadPoolExecutor(1).submit(client.request, "reload", timeout_s=PATIENCE_S)
        one.wait()
        assert one.it.signal(signal.SIGTERM) == 0
        with pytest.raises(ControlError, match="shutting down"):
            asked.result()
